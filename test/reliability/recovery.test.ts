// A start on what another gateway left in the middle of everything, while the database fails at one statement after the
// other: whatever of the past is lost by that, each session answers the next message, and no run is forgotten.

import { setTimeout as pause } from 'node:timers/promises'
import { beforeAll, describe, expect, it } from 'vitest'
import type { SqlValue } from '../../src/index.ts'
import { fakeClock, settled } from '../harness/clock.ts'
import { join } from '../harness/peer.ts'
import { startGateway, testPlatform, type Started } from '../harness/platform.ts'
import type { TestSql } from '../harness/sql.ts'
import { script } from '../suites/target.ts'
import { CONFIG, leaveBehind, SESSIONS, type LeftBehind } from './left-behind.ts'

/** R4 gives the next message this long. */
const LIMIT_MS = 5000
const STEP_MS = 1000

/** Throws before a statement that `fails` says so of; it is told the number of the statement and its text. */
function failing(sql: TestSql, fails: (n: number, query: string) => boolean): TestSql {
  let n = 0
  const check = (query: string) => {
    if (fails(n++, query)) throw new Error('disk I/O error')
  }
  return {
    ...sql,
    all: (query: string, ...params: SqlValue[]) => (check(query), sql.all(query, ...params)),
    get: (query: string, ...params: SqlValue[]) => (check(query), sql.get(query, ...params)),
    run: (query: string, ...params: SqlValue[]) => (check(query), sql.run(query, ...params)),
  }
}

let left: LeftBehind
/** The statements of a start that has no trouble, up to where nothing more happens by itself. */
let statements: readonly string[]
/** Runs that go on: their models say nothing, and they are nobody's next message. */
let lasting: ReadonlySet<string>

async function startOn(sql: TestSql): Promise<Started> {
  const started = await startGateway({ config: CONFIG, platform: testPlatform({ sql, clock: fakeClock(left.at + 100) }) })
  await settled()
  return started
}

/** Answers what waits for a person, sends one more message into each session, and says which were not answered in time. */
async function unanswered({ gateway, platform, clock }: Started): Promise<string[]> {
  const { client } = await join(gateway)
  for (const { id } of platform.sql.all<{ id: string }>('SELECT id FROM approvals WHERE resolved_at IS NULL')) {
    await client.request('plugin.approval.resolve', { id, decision: 'allow-once' })
  }
  const ended = new Set<string>()
  for (const sessionKey of SESSIONS) {
    const sent = { sessionKey, message: script({ text: 'answered' }), idempotencyKey: `next in ${sessionKey}` }
    await client.call('chat.send', sent)
    const waits = client.call('agent.wait', { runId: sent.idempotencyKey, timeoutMs: LIMIT_MS })
    void waits.then(({ status }) => void (status === 'ok' && ended.add(sessionKey)))
  }
  for (let ms = 0; ms < LIMIT_MS && ended.size < SESSIONS.length; ms += STEP_MS) {
    for (let round = 0; round < 20 && ended.size < SESSIONS.length; round++) await pause(1)
    await clock.advance(STEP_MS)
  }
  return SESSIONS.filter((key) => !ended.has(key))
}

const openRuns = (sql: TestSql) => sql.all<{ id: string }>('SELECT id FROM runs WHERE ended_at IS NULL').map(({ id }) => id)

beforeAll(async () => {
  left = await leaveBehind()
  const said: string[] = []
  const sql = left.sql.copy()
  const started = await startOn(failing(sql, (_, query) => said.push(query) < 0))
  statements = [...said]
  expect(await unanswered(started)).toEqual([])
  lasting = new Set(openRuns(sql))
})

/** Starts on a copy of what is left, with a fault. Says what is wrong with the gateway then. */
async function suffer(sql: TestSql, fails: (n: number, query: string, isAsked: boolean) => boolean): Promise<string[]> {
  let isAsked = false
  const started = await startOn(failing(sql, (n, query) => fails(n, query, isAsked)))
  isAsked = true
  const mute = await unanswered(started)
  await started.clock.advance(10_000)
  return [...mute.map((key) => `${key} was not answered`), ...(await unended(started))]
}

/** Those of the runs that were left of which nothing is known yet. */
async function unended({ gateway, clock }: Started): Promise<string[]> {
  const { client } = await join(gateway)
  const waiting = new Set(openRuns(left.sql).filter((runId) => !lasting.has(runId)))
  for (const runId of waiting) {
    void client.call('agent.wait', { runId, timeoutMs: LIMIT_MS }).then(({ status }) => void (status !== 'timeout' && waiting.delete(runId)))
  }
  for (let ms = 0; ms < LIMIT_MS && waiting.size > 0; ms += STEP_MS) {
    for (let round = 0; round < 100 && waiting.size > 0; round++) await pause(1) // hashing takes its time, and on a busy machine more
    await clock.advance(STEP_MS)
  }
  return [...waiting].map((runId) => `${runId} has not ended`)
}

/** The first and the last of each text, as the numbers of statements. */
function pointsFrom(first: number): number[] {
  const isPoint = (query: string, n: number) => statements.indexOf(query, first) === n || statements.lastIndexOf(query) === n
  return [...statements.keys()].filter((n) => n >= first && isPoint(statements[n]!, n))
}

it('R4 answers the next message in each session, at whichever statement the taking up of the last process fails', { timeout: 40_000 }, async () => {
  const points = pointsFrom(statements.findLastIndex((query) => query.includes('schema_migrations')) + 2) // behind the identity of the gateway
  expect(points.length).toBeGreaterThan(80)
  for (const [index, at] of points.entries()) {
    // Once, or each time until somebody asks for something.
    const once = (n: number) => n === at
    const again = (n: number, query: string, isAsked: boolean) => !isAsked && n >= at && query === statements[at]
    expect(await suffer(left.sql.copy(), index % 2 === 0 ? once : again).catch(String), `${at}: ${statements[at]}`).toEqual([])
  }
})

describe('R4 what cannot be read of the last process', () => {
  it.each([
    ['a run', `UPDATE runs SET request = '{"broken' WHERE id = 'seen 0'`],
    ['all runs', `UPDATE runs SET request = 'null' WHERE ended_at IS NULL`],
    ['where runs wait', `UPDATE run_suspensions SET calls = '['`],
    ['an approval', `UPDATE approvals SET presentation = '{'`],
    ['a sub-agent', `UPDATE sub_agents SET principal = '{'`],
    ['a hook', `UPDATE hook_requests SET turn = '{'`],
    ['a job', `UPDATE cron_jobs SET definition = '{'`],
  ])('is no hindrance: %s', async (_, damage) => {
    const sql = left.sql.copy()
    sql.exec(damage)
    expect(await suffer(sql, () => false)).toEqual([])
  })
})
