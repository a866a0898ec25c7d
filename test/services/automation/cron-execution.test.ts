// From the claim of a run to its end, whatever dies in between.

import { describe, expect, it } from 'vitest'
import { fakeClock, settled } from '../../harness/clock.ts'
import { memorySql } from '../../harness/sql.ts'
import { OPERATOR } from '../conversation/conversation.ts'
import { createAutomation, eventJobOf, jobOf, rowsOf } from './automation.ts'

const hanging = { payload: { kind: 'agentTurn' as const, message: 'script:[{"hang":true}]' } }
const ALL = { limit: 50, offset: 0, sortDir: 'desc' as const }

/** A gateway and the one that follows it on the same database. */
async function lives() {
  const sql = memorySql()
  const clock = fakeClock()
  return { sql, clock, boot: () => createAutomation({ sql, clock }) }
}

describe('a run that was under way when the process died', () => {
  it('is told as interrupted, and not begun again', async () => {
    const { boot, clock, sql } = await lives()
    const first = await boot()
    const { job } = first.cron.add(jobOf(hanging), OPERATOR)
    await first.pass(60_000)
    expect(first.runs.active).toBe(1)
    const second = await boot()
    await second.start()
    await settled()
    expect(second.runs.active).toBe(0)
    const [entry] = second.cron.runs(ALL).entries
    expect(entry).toMatchObject({ status: 'error', error: expect.stringContaining('interrupted'), runAtMs: clock.now() })
    expect(second.cron.get(job.id)).toMatchObject({ running: null, state: { lastRunStatus: 'error', consecutiveErrors: 1 } })
    expect(rowsOf(sql, job.id)).toHaveLength(1)
  })

  it('is told as interrupted when it was claimed and never began', async () => {
    const { boot, sql } = await lives()
    const first = await boot()
    const { job } = first.cron.add(jobOf(), OPERATOR)
    await settled()
    sql.sync = () => new Promise(() => {}) // it dies while it waits for the disk
    first.cron.run(job.id, 'force')
    await settled()
    sql.sync = async () => {}
    const second = await boot()
    await second.start()
    expect(second.cron.runs(ALL).entries).toMatchObject([{ status: 'error', error: expect.stringContaining('stopped before this run began') }])
    expect(second.cron.get(job.id).running).toBeNull()
  })

  it('has ended well when only its row was not written yet', async () => {
    const { boot, sql } = await lives()
    const first = await boot()
    const { job } = first.cron.add(jobOf(), OPERATOR)
    first.cron.run(job.id, 'force')
    await settled()
    sql.exec("UPDATE cron_runs SET ended_at = NULL, status = NULL, entry = NULL; UPDATE cron_jobs SET running = 1")
    const second = await boot()
    await second.start()
    expect(second.cron.runs(ALL).entries).toMatchObject([{ status: 'ok', summary: 'done' }])
    expect(second.cron.get(job.id)).toMatchObject({ running: null })
  })

  it('is closed also when its job is gone', async () => {
    const { boot } = await lives()
    const first = await boot()
    const { job } = first.cron.add(jobOf(hanging), OPERATOR)
    first.cron.run(job.id, 'force')
    await settled()
    first.cron.remove(job.id)
    const second = await boot()
    await second.start()
    expect(second.cron.runs({ ...ALL, id: job.id }).entries).toMatchObject([{ status: 'error' }])
  })
})

it('begins when its row is on disk, and not before', async () => {
  const a = await createAutomation()
  const { job } = a.cron.add(jobOf(), OPERATOR)
  await settled()
  const disk = Promise.withResolvers<void>()
  a.sql.sync = () => disk.promise
  a.cron.run(job.id, 'force')
  await settled()
  expect([a.runs.active, a.cron.get(job.id).running]).toEqual([0, 1])
  a.sql.sync = async () => {}
  disk.resolve()
  await settled()
  expect(a.cron.get(job.id).state).toMatchObject({ lastRunStatus: 'ok' })
})

it('does not begin when its row could not be written', async () => {
  const a = await createAutomation()
  const { job } = a.cron.add(jobOf(), OPERATOR)
  await settled()
  a.sql.sync = () => Promise.reject(new Error('the disk is gone'))
  a.cron.run(job.id, 'force')
  await settled()
  a.sql.sync = async () => {}
  await settled()
  expect(a.runTable.open()).toEqual([])
  expect(a.errors).toEqual([[expect.stringContaining('did not begin'), undefined]])
})

it('is told as failed when it cannot begin', async () => {
  const a = await createAutomation({ config: { agents: { list: [{ id: 'main' }, { id: 'gone' }] } } })
  const { job } = a.cron.add(jobOf({ agentId: 'gone' }), OPERATOR)
  Object.assign(a.config.current, { agents: { list: [{ id: 'main' }] } })
  a.cron.run(job.id, 'force')
  await settled()
  expect(a.cron.runs(ALL).entries).toMatchObject([{ status: 'error', error: expect.stringContaining('could not be started: Agent "gone" no longer exists') }])
  expect(a.cron.get(job.id).running).toBeNull()
})

it('ends also when its job was removed meanwhile', async () => {
  const a = await createAutomation()
  const { job } = a.cron.add(jobOf({ payload: { kind: 'agentTurn', message: 'script:[{"delayMs":1000},{"text":"late"}]' } }), OPERATOR)
  a.cron.run(job.id, 'force')
  await settled()
  a.cron.remove(job.id)
  await a.clock.advance(1000)
  expect(a.cron.runs({ ...ALL, id: job.id }).entries).toMatchObject([{ status: 'ok', summary: 'late' }])
  expect(() => a.cron.get(job.id)).toThrow('not found')
  expect(a.deferred.map((count) => count())).toEqual([0])
})

describe('a job without a turn', () => {
  it('is over when its text stands in the queue', async () => {
    const a = await createAutomation()
    const { job } = a.cron.add(eventJobOf(), OPERATOR)
    a.cron.run(job.id, 'force')
    expect(a.systemEvents.texts(5)).toEqual(['it is time'])
    expect(a.cron.get(job.id)).toMatchObject({ running: null, state: { lastRunStatus: 'ok' } })
    await settled()
    expect(a.heard('heartbeat')).toEqual([])
    expect(a.heard('cron').map(({ action }) => action)).toEqual(['added', 'started', 'finished'])
  })

  it('wakes the agent when it is to be heard now', async () => {
    const a = await createAutomation({ config: { agents: { defaults: { heartbeat: { prompt: 'script:[{"text":"HEARTBEAT_OK"}]' } } } } })
    const { job } = a.cron.add(eventJobOf({ wakeMode: 'now' }), OPERATOR)
    a.cron.run(job.id, 'force')
    await settled()
    expect(a.heard('heartbeat')).toMatchObject([{ status: 'ok-token' }])
    expect(a.systemEvents.texts(5)).toEqual([])
  })

  it('fails when too much is waiting, and stays', async () => {
    const a = await createAutomation()
    for (let n = 0; n < 50; n++) a.systemEvents.add('agent:main:main', `event ${n}`)
    const { job } = a.cron.add(eventJobOf({ deleteAfterRun: true }), OPERATOR)
    a.cron.run(job.id, 'force')
    expect(a.cron.get(job.id)).toMatchObject({ enabled: true, state: { lastRunStatus: 'error', lastError: expect.stringContaining('too many system events') } })
  })

  it('goes with its first good run, if it is to', async () => {
    const a = await createAutomation()
    const { job } = a.cron.add(eventJobOf({ schedule: { kind: 'at', at: '2026-01-02' } }), OPERATOR)
    await a.pass(24 * 3_600_000)
    expect(() => a.cron.get(job.id)).toThrow('not found')
    expect(a.heard('cron').map(({ action }) => action)).toEqual(['added', 'started', 'finished', 'removed'])
    expect(a.cron.runs({ ...ALL, id: job.id }).total).toBe(1)
  })
})

it('switches a job off that is over, and keeps it when it failed', async () => {
  const a = await createAutomation()
  const at = { schedule: { kind: 'at' as const, at: '2026-01-01T00:01:00Z' } }
  const good = a.cron.add(jobOf({ ...at, deleteAfterRun: false }), OPERATOR).job
  const bad = a.cron.add(jobOf({ ...at, payload: { kind: 'agentTurn', message: 'script:[{"error":{"message":"no"}}]' } }), OPERATOR).job
  await a.pass(60_000)
  expect(a.cron.get(good.id)).toMatchObject({ enabled: false, nextAt: null, state: { lastRunStatus: 'ok' } })
  expect(a.cron.get(bad.id)).toMatchObject({ enabled: false, nextAt: null, state: { lastRunStatus: 'error', lastError: 'no' } })
})
