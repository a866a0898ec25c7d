// The configuration with everything that reads and writes it, on a file that is a variable, a clock that stands still,
// and a database in memory. Made twice on one database and file, it is a gateway that died and came back.

import { createStorage } from 'unstorage'
import type { Host } from '../../../src/ports/host.ts'
import type { ConfigSource, Platform } from '../../../src/ports/platform.ts'
import { createIdempotency } from '../../../src/store/idempotency.ts'
import { migrate } from '../../../src/store/migrate.ts'
import type { Ground } from '../../../src/services/ground.ts'
import { MIGRATIONS } from '../../../src/services/migrations.ts'
import { createLogs } from '../../../src/services/operations/logs.ts'
import { createSettings } from '../../../src/services/operations/settings-services.ts'
import { createUpkeep } from '../../../src/services/operations/upkeep.ts'
import { createAudit } from '../../../src/services/operations/audit.ts'
import { createFigures } from '../../../src/services/operations/figures.ts'
import { createStability } from '../../../src/services/operations/stability.ts'
import { createTracing } from '../../../src/services/operations/tracing.ts'
import { createVitals } from '../../../src/services/operations/vitals.ts'
import { createWakeups } from '../../../src/services/operations/wakeups.ts'
import { settled, type FakeClock } from '../../harness/clock.ts'
import { foundation } from '../../harness/foundation.ts'
import type { TestSql } from '../../harness/sql.ts'

export const PATH = '/test/openclaw.json'
export const TOKEN = 'a token of these tests'

/** A file that somebody can change, and how often it was written. */
export interface FakeFile {
  text: string | null
  backup: string | null
  readonly written: string[]
  /** Why it cannot be written, or read. */
  refuses: Error | null
  unreadable: Error | null
}

export const fakeFile = (text: string | null = null): FakeFile => ({ text, backup: null, written: [], refuses: null, unreadable: null })

function toSource(file: FakeFile, isWritable: boolean): ConfigSource {
  const read = async () => {
    if (file.unreadable) throw file.unreadable
    return file.text
  }
  if (!isWritable) return { path: 'OPENCLAW_CONFIG', read }
  return {
    path: PATH,
    read,
    async write(text) {
      if (file.refuses) throw file.refuses
      file.written.push(text)
      file.text = text
    },
    backup: { path: `${PATH}.bak`, exists: () => file.backup !== null, keep: async (text) => void (file.backup = text) },
  }
}

export interface ConfigurationOptions {
  readonly file?: FakeFile
  /** It is a variable: nothing can be written where it stands. */
  readonly variable?: boolean
  readonly given?: unknown
  readonly env?: Readonly<Record<string, string>>
  readonly host?: Host
  readonly sql?: TestSql
  readonly clock?: FakeClock
}

export type Configuration = Awaited<ReturnType<typeof createConfiguration>>

export function createConfiguration(options: ConfigurationOptions = {}) {
  const { file = fakeFile('{}'), variable = false, given, env = {} } = options
  const base = foundation(options.sql, options.clock)
  const { sql, clock, commit, gate, bus, log } = base
  const restarts: string[] = []
  const watching: (() => void)[] = []
  const host: Host = {
    watch(_, onChange) {
      watching.push(onChange)
      return () => void watching.splice(watching.indexOf(onChange), 1)
    },
    ...(!variable && { restart: (reason) => void restarts.push(reason) }),
    ...options.host,
  }
  let alarmAt: number | null = null
  const wakeups = createWakeups({ alarm: { set: (at) => void (alarmAt = at) }, clock, log })
  const platform: Platform = {
    name: 'test',
    sql,
    files: createStorage(),
    clock,
    alarm: { set: () => {} },
    peers: () => [],
    env: { OPENCLAW_GATEWAY_TOKEN: TOKEN, ...env },
    config: toSource(file, !variable),
    fetch: () => Promise.reject(new Error('no network in this test')),
    log: () => {},
    waitUntil: () => {},
  }
  const upkeep = createUpkeep()
  const ground: Ground = { platform, host, log, commit, gate, idempotency: createIdempotency(sql), bus, wakeups, upkeep, vitals: createVitals(), audit: createAudit({ sql, commit, clock, log }), stability: createStability(clock), figures: createFigures(), tracing: createTracing('1'), place: 'test', hibernates: variable }
  const settings = createSettings(ground, createLogs(() => {}), given)

  return {
    ...base,
    ...settings,
    ground,
    file,
    host,
    wakeups,
    upkeep,
    restarts,
    /** Who watches the file. */
    watching,
    alarmAt: () => alarmAt,
    /** As a start does it. */
    async start() {
      await settings.config.load()
      settings.runtime.resolve()
      migrate(sql, MIGRATIONS)
      settings.configConfirm.begin()
      settings.reload.begin()
      settings.reload.keep()
      await settled()
    },
    /** Somebody writes the file. */
    async write(text: string | null, ms = 200) {
      file.text = text
      for (const onChange of watching) onChange()
      await clock.advance(ms)
      await settings.reload.run({ by: 'test', how: 'test' }) // its turn comes after what the watcher has begun
    },
    hash: () => settings.config.snapshot().hash,
    errors: () => base.logged.filter(({ level }) => level === 'error').map(({ message }) => message),
  }
}

export async function startConfiguration(options: ConfigurationOptions = {}): Promise<Configuration> {
  const configuration = await createConfiguration(options)
  await configuration.start()
  return configuration
}
