// A platform in memory, and a gateway on it.

import { createStorage } from 'unstorage'
import { METHODS } from '../../src/methods/all.gen.ts'
import { createGateway, type Gateway, type GatewayOptions, type LogRecord, type Platform } from '../../src/index.ts'
import { fakeClock, type FakeClock } from './clock.ts'
import { memorySql, type TestSql } from './sql.ts'

export const TOKEN = 'a token for tests'

export interface TestPlatform extends Platform {
  readonly clock: FakeClock
  readonly sql: TestSql
  readonly logged: LogRecord[]
  /** What the alarm is set to. */
  readonly alarmAt: () => number | null
  readonly secrets: Map<string, string>
  readonly told: string[]
}

/** `changes` replace members; `env` is added to what is there. */
export function testPlatform(changes: Partial<TestPlatform> & { env?: Record<string, string> } = {}): TestPlatform {
  const logged: LogRecord[] = []
  const secrets = new Map<string, string>()
  const told: string[] = []
  let alarmAt: number | null = null
  return {
    name: 'test',
    sql: memorySql(),
    files: createStorage(),
    clock: fakeClock(),
    alarm: { set: (at) => void (alarmAt = at) },
    peers: () => [],
    config: { path: '/test/openclaw.json', read: async () => null },
    fetch: () => Promise.reject(new Error('no network in this test')),
    log: (record) => void logged.push(record),
    waitUntil: () => {},
    host: {
      secrets: { get: (name) => secrets.get(name) ?? null, set: (name, value) => void secrets.set(name, value) },
      tell: (text) => void told.push(text),
    },
    logged,
    secrets,
    told,
    alarmAt: () => alarmAt,
    ...changes,
    env: { OPENCLAW_GATEWAY_TOKEN: TOKEN, ...changes.env },
  }
}

export interface Started {
  readonly gateway: Gateway
  readonly platform: TestPlatform
  readonly clock: FakeClock
}

/** A gateway that has started, without a port. */
export async function startGateway(options: GatewayOptions & { platform?: TestPlatform } = {}): Promise<Started> {
  const { platform = testPlatform(), ...rest } = options
  // A test runner takes its time to load what is loaded when it is first used, and clocks here stand still.
  await Promise.all([...METHODS.map((method) => method.load()), import('../../src/services/tools/builtin.ts')])
  const gateway = createGateway(platform, rest)
  await gateway.start()
  return { gateway, platform, clock: platform.clock }
}
