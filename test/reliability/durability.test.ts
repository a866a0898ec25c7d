// An acknowledged message is on disk: when the power goes, when the disk is full. A repeated one runs once: from two
// sockets at once, over restarts, for a day.

import { appendFileSync, copyFileSync, mkdtempSync, rmSync, statSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join as joinPath } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openDatabase } from '../../runtimes/node/database.ts'
import { createSql, PRAGMAS } from '../../runtimes/shared/sqlite.ts'
import { createWalSync } from '../../runtimes/shared/wal-sync.ts'
import { createGateway, type Sql } from '../../src/index.ts'
import type { Client, Data } from '../harness/client.ts'
import { fakeClock, settled } from '../harness/clock.ts'
import { join } from '../harness/peer.ts'
import { startGateway, testPlatform } from '../harness/platform.ts'
import { memorySql, type TestSql } from '../harness/sql.ts'
import { script } from '../suites/target.ts'
import { createRandom } from '../chaos/random.ts'

const CONFIG = { agents: { defaults: { model: 'builtin/operator' } } }
const DAY = 24 * 60 * 60 * 1000

const inputsOf = (sql: Sql): string[] =>
  sql.all<{ data: string }>('SELECT data FROM log_transcript').flatMap(({ data }) => {
    const message = JSON.parse(data) as Data
    return message.role === 'user' ? [message.idempotencyKey.replace(/:user$/, '') as string] : []
  })

describe('R1 when the power goes', () => {
  const SENDS = 80
  let dir: string
  /** What was acknowledged, and how much of the log was on disk by then. */
  const acknowledged: { readonly key: string; readonly onDisk: number }[] = []

  beforeAll(async () => {
    dir = mkdtempSync(joinPath(tmpdir(), 'edgeclaw-power-'))
    const path = joinPath(dir, 'state.sqlite')
    const wal = createWalSync(path)
    const driver = { ...openDatabase(path), sync: wal.sync }
    driver.exec(PRAGMAS)
    const sql = createSql(driver)
    const { begin, commit, rollback } = sql.group!
    let onDisk = 0
    const watched = async () => {
      const flushed = commit()
      const { size } = statSync(`${path}-wal`)
      await flushed
      onDisk = Math.max(onDisk, size)
    }
    const gateway = createGateway({ ...testPlatform(), sql: { ...sql, group: { begin, commit: watched, rollback } } }, { config: CONFIG })
    const clients = await Promise.all(Array.from({ length: 4 }, async () => (await join(gateway)).client))
    const send = async (client: Client, n: number) => {
      const sent = { sessionKey: `agent:main:${n % 7}`, message: script({ text: `answer ${n}` }), idempotencyKey: `k${n}` }
      await client.call('chat.send', sent)
      acknowledged.push({ key: sent.idempotencyKey, onDisk })
    }
    for (let n = 0; n < SENDS; n += clients.length) await Promise.all(clients.map((client, index) => send(client, n + index)))
    await gateway.close()
    for (const file of ['state.sqlite', 'state.sqlite-wal']) copyFileSync(joinPath(dir, file), joinPath(dir, `left-${file}`))
    wal.close()
    driver.close()
  })
  afterAll(() => rmSync(dir, { recursive: true, force: true }))

  /** What the next process finds: the log as far as it had got, and a torn end. */
  function restore(onDisk: number, more: number, torn: Uint8Array): { sql: Sql; close: () => void } {
    const path = joinPath(dir, 'found.sqlite')
    for (const end of ['', '-wal', '-shm']) rmSync(path + end, { force: true })
    copyFileSync(joinPath(dir, 'left-state.sqlite'), path)
    copyFileSync(joinPath(dir, 'left-state.sqlite-wal'), `${path}-wal`)
    truncateSync(`${path}-wal`, Math.min(onDisk + more, statSync(`${path}-wal`).size))
    appendFileSync(`${path}-wal`, torn)
    const database = openDatabase(path)
    return { sql: createSql({ ...database, sync: async () => {} }), close: database.close }
  }

  it('everything that was acknowledged by then is there, wherever the log ends', () => {
    expect(acknowledged).toHaveLength(SENDS)
    expect(new Set(acknowledged.map(({ onDisk }) => onDisk)).size, 'flushes').toBeGreaterThanOrEqual(SENDS / 4)
    const moment = fc.record({ last: fc.nat(SENDS - 1), more: fc.nat(20_000), torn: fc.uint8Array({ maxLength: 9000 }) })
    fc.assert(
      fc.property(moment, ({ last, more, torn }) => {
        const { sql, close } = restore(acknowledged[last]!.onDisk, more, torn)
        const known = new Set(sql.all<{ id: string }>('SELECT id FROM runs').map(({ id }) => id))
        const lost = acknowledged.slice(0, last + 1).filter(({ key }) => !known.has(key))
        const [check] = sql.all<{ integrity_check: string }>('PRAGMA integrity_check')
        close()
        expect([lost, check!.integrity_check]).toEqual([[], 'ok'])
      }),
      { numRuns: 60 },
    )
  })

  it('each of them is answered by the next process, once', async () => {
    const last = Math.floor(SENDS / 2)
    const { sql, close } = restore(acknowledged[last]!.onDisk, 0, new Uint8Array(100))
    const { gateway } = await startGateway({ config: CONFIG, platform: { ...testPlatform(), sql: sql as TestSql } })
    const { client } = await join(gateway)
    for (const { key } of acknowledged.slice(0, last + 1)) {
      expect(await client.call('agent.wait', { runId: key, timeoutMs: 1000 }), key).toMatchObject({ status: 'ok', terminalReply: { text: key.replace('k', 'answer ') } })
    }
    const inputs = inputsOf(sql)
    expect(new Set(inputs).size).toBe(inputs.length)
    await gateway.close()
    close()
  })
})

describe('R1 when the disk is full', () => {
  it('what was acknowledged is there and is answered, and what was refused can be sent again', async () => {
    const sql = memorySql()
    const { gateway, clock } = await startGateway({ config: CONFIG, platform: testPlatform({ sql }) })
    const { client } = await join(gateway)
    const send = (n: number) =>
      client.request('chat.send', { sessionKey: `agent:main:${n % 3}`, message: script({ text: `${n} ${'x'.repeat(9000)}` }), idempotencyKey: `k${n}` })
    await send(0)
    const { page_count: pages } = sql.get<{ page_count: number }>('PRAGMA page_count')!
    sql.exec(`PRAGMA max_page_count = ${pages + 180}`)
    const acknowledged: string[] = ['k0']
    const refused: number[] = []
    for (let n = 1; n <= 80; n++) {
      const { ok, error } = await send(n)
      await settled()
      if (ok) acknowledged.push(`k${n}`)
      else refused.push(n)
      if (!ok) expect(error).toMatchObject({ code: 'UNAVAILABLE', retryable: true, details: { code: 'STORAGE_FAILED' } })
    }
    expect([acknowledged.length, refused.length].every((count) => count > 10), `${acknowledged.length} and ${refused.length}`).toBe(true)
    expect((await client.request('health')).ok, 'it still answers').toBe(true)

    sql.exec('PRAGMA max_page_count = 100000')
    for (const n of refused) expect(await send(n)).toMatchObject({ ok: true, payload: { status: 'started' } })
    await clock.advance(10_000)
    const after = await startGateway({ config: CONFIG, platform: testPlatform({ sql, clock: fakeClock(clock.now()) }) })
    await settled()
    const inputs = inputsOf(sql).toSorted()
    expect(inputs).toEqual([...acknowledged, ...refused.map((n) => `k${n}`)].toSorted())
    const again = await join(after.gateway)
    for (const runId of inputs) expect((await again.client.call('agent.wait', { runId, timeoutMs: 1000 })).endedAt, runId).toBeGreaterThan(0)
  })
})

describe('R2 a repeated send', () => {
  const SENDS = 100

  it('runs once, from two sockets at once, over restarts, for a day; another body is refused', async () => {
    const random = createRandom(2)
    /** The next process, on what the one before it has written by now. */
    const lives = async (sql: TestSql, now: number) => {
      const { gateway, clock } = await startGateway({ config: CONFIG, platform: testPlatform({ sql, clock: fakeClock(now) }) })
      return { sql, clock, clients: [(await join(gateway)).client, (await join(gateway)).client] as [Client, Client] }
    }
    let life = await lives(memorySql(), Date.UTC(2026, 0, 1))
    const began = life.clock.now()
    const sends = Array.from({ length: SENDS }, (_, n) => {
      const steps = random.pick([[{ text: `${n}` }], [{ delayMs: random.below(40) }, { text: `${n}` }], [{ tool: { name: 'gateway_status' } }, { text: `${n}` }]])
      return { sessionKey: `agent:main:${n % 9}`, message: script(...steps), idempotencyKey: `k${n}`, queueMode: 'followup' }
    })
    let repeats = 0
    for (const [n, sent] of sends.entries()) {
      const answers = Array.from({ length: 1 + random.below(5) }, (_, index) => life.clients[index % 2]!.call('chat.send', sent))
      repeats += answers.length - 1
      const started = (await Promise.all(answers)).filter(({ status }) => status === 'started')
      expect(started, sent.idempotencyKey).toHaveLength(1)
      if (n % 10 === 9) {
        await life.clock.advance(25) // so that no group is open
        life = await lives(life.sql.copy(), life.clock.now() + 1000)
        await settled()
        for (const early of sends.slice(0, n)) if (random.chance(0.2)) expect((await life.clients[0].call('chat.send', early)).status).not.toBe('started')
      }
      await life.clock.advance(random.below(30))
    }
    await life.clock.advance(5000)
    life = await lives(life.sql.copy(), began + DAY - 60_000)
    for (const [index, sent] of sends.entries()) {
      const client = life.clients[index % 2]!
      expect(await client.call('chat.send', sent), sent.idempotencyKey).toEqual({ runId: sent.idempotencyKey, status: 'ok' })
      const { error } = await client.request('chat.send', { ...sent, message: 'another' })
      expect(error!.details).toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' })
    }
    expect(repeats).toBeGreaterThan(SENDS)
    const { sql } = life
    expect(inputsOf(sql).toSorted()).toEqual(sends.map((sent) => sent.idempotencyKey).toSorted())
    const answered = sql.all<{ data: string }>('SELECT data FROM log_transcript').flatMap(({ data }) => {
      const message = JSON.parse(data) as Data
      return message.role === 'assistant' && message.stopReason === 'stop' ? [message.content[0].text as string] : []
    })
    expect(new Set(answered).size).toBe(answered.length)
  })
})
