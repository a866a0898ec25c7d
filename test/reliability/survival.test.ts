// What survives: devices, their tokens and what waits for a person, over restarts and over the sleep of a Durable Object;
// and how much a start looks at.

import { describe, expect, it } from 'vitest'
import { createGateway, type Gateway, type SqlValue } from '../../src/index.ts'
import type { Client, Data } from '../harness/client.ts'
import { fakeClock, settled } from '../harness/clock.ts'
import { connectDevice, createDevice, type Device } from '../harness/device.ts'
import { dial, join, type Dialed } from '../harness/peer.ts'
import { startGateway, testPlatform } from '../harness/platform.ts'
import { memorySql, type TestSql } from '../harness/sql.ts'

const DEVICES = 50
const RESTARTS = 50
const EVICTIONS = 50
const HOUR = 60 * 60 * 1000
/** What a proxy in front of it would say: nobody is let in for being on this machine. */
const FROM_AFAR = { address: '203.0.113.7', headers: { host: 'gateway.example' } }

interface Paired {
  readonly device: Device
  readonly token: string
}

async function pair(gateway: Gateway, admin: Client): Promise<Paired> {
  const device = await createDevice()
  const auth = { token: 'a token for tests' }
  const first = await connectDevice((await dial(gateway, FROM_AFAR)).client, device, { auth })
  await admin.call('device.pair.approve', { requestId: first.error!.details.requestId })
  const { payload } = await connectDevice((await dial(gateway, FROM_AFAR)).client, device, { auth })
  return { device, token: payload.auth.deviceToken }
}

const ask = (client: Client, id: string, timeoutMs: number) =>
  client.call('exec.approval.request', { id, command: `run ${id}`, timeoutMs, twoPhase: true, requireDeliveryRoute: false })

describe('R9 pairing, tokens and approvals survive', () => {
  it(`R9 ${RESTARTS} restarts: nobody pairs again, what waits can be decided, and what ends does so in its time`, async () => {
    let { gateway, platform, clock } = await startGateway()
    const began = clock.now()
    let admin = (await join(gateway)).client
    const paired = await Promise.all(Array.from({ length: DEVICES }, () => pair(gateway, admin)))
    for (let n = 0; n < RESTARTS; n++) await ask(admin, `decided-${n}`, HOUR)
    for (let n = 0; n < RESTARTS; n++) await ask(admin, `late-${n}`, (n + 1) * 10_000 + 5000) // in the middle between two restarts
    const decided: string[] = []
    const inTime: number[] = []

    for (let n = 0; n < RESTARTS; n++) {
      await gateway.close()
      ;({ gateway, platform, clock } = await startGateway({ platform: testPlatform({ sql: platform.sql.copy(), clock: fakeClock(began + (n + 1) * 10_000) }) }))
      await clock.advance(platform.alarmAt()! - clock.now())
      await gateway.wake() // nobody has asked for anything yet
      const late = platform.sql.get<{ at: number; due: number }>('SELECT resolved_at AS at, expires_at AS due FROM approvals WHERE id = ?', `late-${n}`)!
      inTime.push(late.at - late.due)
      admin = (await join(gateway)).client
      for (const each of [paired[n % DEVICES]!, paired[(n * 7) % DEVICES]!]) {
        const answer = await connectDevice((await dial(gateway, FROM_AFAR)).client, each.device, { auth: { deviceToken: each.token } })
        expect(answer.ok, JSON.stringify(answer.error)).toBe(true)
      }
      expect((await admin.call('exec.approval.resolve', { id: `decided-${n}`, decision: 'allow-once' })).ok).toBe(true)
      decided.push((await admin.call('approval.get', { id: `decided-${n}` })).approval.status)
    }
    expect(decided.filter((status) => status === 'allowed')).toHaveLength(RESTARTS)
    expect(inTime.filter((ms) => Math.abs(ms) > 2000), 'milliseconds beside the time').toEqual([])
    expect((await admin.call('device.pair.list', {})).pending).toEqual([])
    await gateway.close()
  })

  it(`R9 ${EVICTIONS} evictions: who is connected stays who it is`, async () => {
    const platform = testPlatform({ hibernates: true })
    let { gateway } = await startGateway({ platform })
    const { client: admin, peer } = await join(gateway)
    const { device, token } = await pair(gateway, admin)
    const held: Dialed = await dial(gateway, FROM_AFAR)
    expect((await connectDevice(held.client, device, { auth: { deviceToken: token } })).ok).toBe(true)
    await ask(admin, 'waits', 24 * HOUR)
    const say = async (dialed: Dialed, id: string, method: string, params: Data = {}) => {
      await gateway.socket.message(dialed.peer, JSON.stringify({ type: 'req', id, method, params }))
      return dialed.client.next((frame) => frame.id === id)
    }
    for (let n = 0; n < EVICTIONS; n++) {
      await settled()
      gateway = createGateway({ ...platform, peers: () => [peer, held.peer] })
      expect((await say({ client: admin, peer }, `a${n}`, 'device.pair.list')).payload.pending).toEqual([])
      expect((await say(held, `d${n}`, 'sessions.list')).ok).toBe(true)
      expect((await say(held, `x${n}`, 'device.pair.list')).error!.details).toMatchObject({ code: 'MISSING_SCOPE' })
    }
    expect((await say({ client: admin, peer }, 'last', 'exec.approval.resolve', { id: 'waits', decision: 'deny' })).ok).toBe(true)
  })
})

describe('R13 a start', () => {
  /** The statements of a start, and the rows that they gave. */
  async function costOf(sql: TestSql): Promise<{ statements: number; rows: number }> {
    let [statements, rows] = [0, 0]
    const counted: TestSql = {
      ...sql,
      all<Row>(query: string, ...params: SqlValue[]) {
        const found = sql.all<Row>(query, ...params)
        statements++
        rows += found.length
        return found
      },
    }
    await startGateway({ platform: testPlatform({ sql: counted }) })
    return { statements, rows }
  }

  async function keep(sessions: number): Promise<TestSql> {
    const sql = memorySql()
    const { gateway } = await startGateway({ platform: testPlatform({ sql }) })
    const { client } = await join(gateway)
    for (let n = 0; n < sessions; n += 100) await Promise.all(Array.from({ length: 100 }, (_, m) => client.call('sessions.create', { key: `agent:main:${n + m}` })))
    await settled()
    return sql.copy()
  }

  it('R13 looks at no more when there are many sessions than when there are few', async () => {
    const [few, many] = [await keep(100), await keep(3000)]
    expect(many.get<{ n: number }>('SELECT count(*) AS n FROM sessions')!.n).toBeGreaterThanOrEqual(3000)
    expect(await costOf(many)).toEqual(await costOf(few))
  })
})
