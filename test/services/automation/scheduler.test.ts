// Jobs run when they are due: once for each slot, over gaps, clocks that jump, and each other.

import { describe, expect, it } from 'vitest'
import { fakeClock, settled, type FakeClock } from '../../harness/clock.ts'
import { memorySql } from '../../harness/sql.ts'
import { OPERATOR } from '../conversation/conversation.ts'
import { createAutomation, eventJobOf, jobOf, rowsOf } from './automation.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const NOW = Date.UTC(2026, 0, 1)
const slotsOf = (a: Awaited<ReturnType<typeof createAutomation>>, id: string) =>
  rowsOf(a.sql, id).map(({ slot_at, last_slot_at, status, slots, run_id }) => [(slot_at! - NOW) / MINUTE, (last_slot_at! - NOW) / MINUTE, slots, run_id === null ? 'none' : status])

const hanging = (ms: number) => ({ payload: { kind: 'agentTurn' as const, message: `script:[{"delayMs":${ms}},{"text":"done"}]` } })

describe('the alarm', () => {
  it('is set for the next slot, and looked after each minute on a process', async () => {
    const a = await createAutomation()
    expect(a.alarmAt()).toBeNull()
    const soon = a.cron.add(jobOf({ schedule: { kind: 'every', everyMs: 5000 } }), OPERATOR).job
    expect(a.alarmAt()).toBe(NOW + 5000)
    a.cron.remove(soon.id)
    a.cron.add(jobOf({ schedule: { kind: 'every', everyMs: 5 * HOUR } }), OPERATOR)
    expect(a.alarmAt()).toBe(NOW + MINUTE)
  })

  it('does not ring before that on a gateway that sleeps', async () => {
    const a = await createAutomation({ hibernates: true })
    const { job } = a.cron.add(jobOf({ schedule: { kind: 'every', everyMs: 5 * HOUR } }), OPERATOR)
    expect(a.alarmAt()).toBe(NOW + 5 * HOUR)
    a.cron.remove(job.id)
    expect(a.alarmAt()).toBeNull()
  })

  it('rings at the start for what passed meanwhile', async () => {
    const sql = memorySql()
    const clock = fakeClock()
    const first = await createAutomation({ sql, clock })
    const { job } = first.cron.add(jobOf(), OPERATOR)
    await clock.advance(5 * MINUTE)
    const second = await createAutomation({ sql, clock, hibernates: true })
    await second.start()
    expect(slotsOf(second, job.id)).toEqual([[1, 4, 4, 'none'], [5, 5, 1, 'ok']])
    expect(second.alarmAt()).toBe(NOW + 6 * MINUTE)
  })
})

it('runs a job at each slot', async () => {
  const a = await createAutomation()
  const { job } = a.cron.add(jobOf(), OPERATOR)
  await a.pass(5 * MINUTE)
  expect(slotsOf(a, job.id)).toEqual([1, 2, 3, 4, 5].map((n) => [n, n, 1, 'ok']))
  expect(a.cron.get(job.id)).toMatchObject({ nextAt: NOW + 6 * MINUTE, state: { lastRunAtMs: NOW + 5 * MINUTE } })
  expect(a.heard('chat').filter(({ state }) => state === 'final')).toHaveLength(5)
})

describe('slots that passed', () => {
  async function gap(catchUp: NonNullable<Parameters<typeof jobOf>[0]>['catchUp'], config: object = {}) {
    const a = await createAutomation({ config })
    const { job } = a.cron.add(jobOf({ ...(catchUp && { catchUp }) }), OPERATOR)
    await a.clock.advance(10 * MINUTE + 1) // nothing rang
    await a.ringIfDue()
    await a.pass(0)
    return { a, job, slots: slotsOf(a, job.id) }
  }

  it('are made up for once', async () => {
    expect((await gap(undefined)).slots).toEqual([[1, 9, 9, 'none'], [10, 10, 1, 'ok']])
  })

  it('are given up', async () => {
    const a = await createAutomation()
    const { job } = a.cron.add(jobOf({ schedule: { kind: 'every', everyMs: HOUR }, catchUp: { policy: 'skip' } }), OPERATOR)
    await a.clock.advance(150 * MINUTE)
    await a.ringIfDue()
    expect(slotsOf(a, job.id)).toEqual([[60, 120, 2, 'none']])
    expect(a.cron.get(job.id)).toMatchObject({ nextAt: NOW + 180 * MINUTE, enabled: true, state: { consecutiveSkipped: 2 } })
    expect(a.heard('cron').at(-1)).toMatchObject({ action: 'finished', status: 'skipped', error: expect.stringContaining('missed') })
  })

  it('are given up where the configuration says so, but not what is due once', async () => {
    const config = { cron: { skipMissedJobs: true } }
    const a = await createAutomation({ config })
    const often = a.cron.add(jobOf({ schedule: { kind: 'every', everyMs: HOUR } }), OPERATOR).job
    const once = a.cron.add(jobOf({ schedule: { kind: 'at', at: '2026-01-01T00:30:00Z' }, deleteAfterRun: false }), OPERATOR).job
    await a.clock.advance(90 * MINUTE)
    await a.ringIfDue()
    expect([slotsOf(a, often.id), slotsOf(a, once.id)]).toEqual([[[60, 60, 1, 'none']], [[30, 30, 1, 'ok']]])
  })

  it('are made up for one after the other', async () => {
    const { slots, a, job } = await gap({ policy: 'all', max: 3 })
    expect(slots).toEqual([[1, 7, 7, 'none'], [8, 8, 1, 'ok'], [9, 9, 1, 'ok'], [10, 10, 1, 'ok']])
    expect(a.cron.get(job.id)).toMatchObject({ held: false, nextAt: NOW + 11 * MINUTE })
  })

  it('are made up for within a window', async () => {
    expect((await gap({ policy: 'window', windowMs: 2 * MINUTE })).slots).toEqual([[1, 8, 8, 'none'], [9, 9, 1, 'ok'], [10, 10, 1, 'ok']])
  })

  it('end a job that was due once and is not made up for', async () => {
    const a = await createAutomation()
    const { job } = a.cron.add(jobOf({ schedule: { kind: 'at', at: '2026-01-01T00:30:00Z' }, catchUp: { policy: 'skip' } }), OPERATOR)
    await a.clock.advance(2 * HOUR)
    await a.ringIfDue()
    expect(a.cron.get(job.id)).toMatchObject({ enabled: false, nextAt: null })
    expect(slotsOf(a, job.id)).toEqual([[30, 30, 1, 'none']])
  })

  it('take no time to be counted, however many there were', async () => {
    const a = await createAutomation()
    const { job } = a.cron.add(jobOf({ schedule: { kind: 'every', everyMs: 1000 } }), OPERATOR)
    const minutely = a.cron.add(jobOf({ schedule: { kind: 'cron', expr: '* * * * *', tz: 'Europe/Berlin' } }), OPERATOR).job
    await a.clock.advance(10 * 365 * 24 * HOUR)
    const startedAt = performance.now()
    await a.ringIfDue()
    expect(performance.now() - startedAt).toBeLessThan(2000)
    expect(rowsOf(a.sql, job.id)[0]!.slots).toBe(10 * 365 * 24 * 3600 - 1)
    expect(rowsOf(a.sql, minutely.id)[0]!.slots).toBeNull()
  })
})

describe('a run that takes longer than its schedule', () => {
  it('is not joined by another: what comes due is skipped, in one row', async () => {
    const a = await createAutomation()
    const { job } = a.cron.add(jobOf(hanging(3.5 * MINUTE)), OPERATOR)
    await a.pass(5 * MINUTE)
    expect(slotsOf(a, job.id)).toEqual([[1, 1, 1, 'ok'], [2, 4, 3, 'none'], [5, 5, 1, null]])
    expect(a.cron.runs({ limit: 5, offset: 0, sortDir: 'desc' }).entries.map(({ error }) => error)).toContain('skipped: the run before it had not ended (3 slots)')
  })

  it('is waited for where slots are made up for one by one', async () => {
    const a = await createAutomation()
    const { job } = a.cron.add(jobOf({ ...hanging(2.5 * MINUTE), catchUp: { policy: 'all', max: 5 } }), OPERATOR)
    await a.pass(4 * MINUTE)
    expect(slotsOf(a, job.id)).toEqual([[1, 1, 1, 'ok'], [2, 2, 1, null]])
    expect(a.cron.get(job.id)).toMatchObject({ held: true, nextAt: NOW + 3 * MINUTE })
  })
})

describe('the limit of runs at once', () => {
  it('lets jobs wait for a place, but not those without a turn', async () => {
    const a = await createAutomation({ config: { cron: { maxConcurrentRuns: 2 } } })
    const at = { schedule: { kind: 'at' as const, at: '2026-01-01T00:01:00Z' }, deleteAfterRun: false }
    const ids = [1, 2, 3].map((n) => a.cron.add(jobOf({ ...at, ...hanging(20_000), name: `job ${n}` }), OPERATOR).job.id)
    const event = a.cron.add(eventJobOf(at), OPERATOR).job
    await a.pass(MINUTE + 1000)
    const ran = () => ids.filter((id) => rowsOf(a.sql, id).length > 0).length
    expect([ran(), rowsOf(a.sql, event.id).length, a.runs.active]).toEqual([2, 1, 2])
    await a.pass(20_000)
    expect([ran(), a.runs.active]).toEqual([3, 1])
    await a.pass(20_000)
    expect(ids.flatMap((id) => slotsOf(a, id))).toEqual(ids.map(() => [1, 1, 1, 'ok']))
  })

  it('holds for persons too', async () => {
    const a = await createAutomation({ config: { cron: { maxConcurrentRuns: 1 } } })
    const [one, two] = [1, 2].map(() => a.cron.add(jobOf(hanging(1000)), OPERATOR).job)
    a.cron.run(one!.id, 'force')
    expect(() => a.cron.run(two!.id, 'force')).toThrow('as many jobs are running as may at once')
  })
})

describe('a run that a person asks for', () => {
  it('is one beside the slots', async () => {
    const a = await createAutomation()
    const { job } = a.cron.add(jobOf({ schedule: { kind: 'every', everyMs: HOUR } }), OPERATOR)
    expect(a.cron.run(job.id, 'due')).toEqual({ reason: 'not-due' })
    expect(a.cron.run(job.id, 'force')).toEqual({ runId: `manual:${job.id}:${NOW}:1` })
    expect(a.cron.run(job.id, 'force')).toEqual({ reason: 'already-running' })
    await settled()
    expect(a.cron.get(job.id).nextAt).toBe(NOW + HOUR)
    expect(a.cron.run(job.id, 'if-enabled')).toMatchObject({ runId: expect.stringContaining('manual:') })
    await settled()
    a.cron.update(job.id, { enabled: false }, undefined, OPERATOR)
    expect(a.cron.run(job.id, 'if-enabled')).toEqual({ reason: 'disabled' })
    expect(a.cron.run(job.id, 'force')).toHaveProperty('runId')
  })

  it('may be that of a slot', async () => {
    const a = await createAutomation()
    const { job } = a.cron.add(jobOf(), OPERATOR)
    await a.clock.advance(MINUTE)
    expect(a.cron.run(job.id, 'due')).toEqual({ runId: `cron:${job.id}:${NOW + MINUTE}` })
    await settled()
    await a.pass(0)
    expect(slotsOf(a, job.id)).toEqual([[1, 1, 1, 'ok']])
  })
})

describe('a clock that jumps', () => {
  function skewed() {
    const clock = fakeClock()
    const skew = { ms: 0 }
    return { skew, clock: { ...clock, now: () => clock.now() + skew.ms, advance: clock.advance, get pending() { return clock.pending } } as FakeClock } // prettier-ignore
  }

  it('back: no slot runs twice', async () => {
    const { clock, skew } = skewed()
    const a = await createAutomation({ clock })
    const { job } = a.cron.add(jobOf(), OPERATOR)
    await a.pass(5 * MINUTE)
    skew.ms -= 3 * MINUTE
    await a.pass(5 * MINUTE)
    expect(slotsOf(a, job.id)).toEqual([1, 2, 3, 4, 5, 6, 7].map((n) => [n, n, 1, 'ok']))
  })

  it('forth: what it jumped over is accounted for', async () => {
    const { clock, skew } = skewed()
    const a = await createAutomation({ clock })
    const { job } = a.cron.add(jobOf(), OPERATOR)
    await a.pass(2 * MINUTE)
    skew.ms += HOUR
    await a.pass(2 * MINUTE)
    expect(slotsOf(a, job.id)).toEqual([[1, 1, 1, 'ok'], [2, 2, 1, 'ok'], [3, 61, 59, 'none'], [62, 62, 1, 'ok'], [63, 63, 1, 'ok'], [64, 64, 1, 'ok']])
  })
})

it('starts each slot once, though two gateways look at the same database', async () => {
  const a = await createAutomation()
  const twin = a.twin()
  const { job } = a.cron.add(jobOf(), OPERATOR)
  for (let n = 0; n < 5; n++) {
    await a.clock.advance(MINUTE)
    await Promise.all([twin.look(), a.ringIfDue(), twin.look()])
    await settled()
  }
  expect(slotsOf(a, job.id)).toEqual([1, 2, 3, 4, 5].map((n) => [n, n, 1, 'ok']))
  expect(a.sql.all('SELECT id FROM runs')).toHaveLength(5)
})

it('rests when jobs are switched off, and goes on when they are switched on', async () => {
  const a = await createAutomation({ config: { cron: { enabled: false } } })
  const { job } = a.cron.add(jobOf(), OPERATOR)
  expect([a.alarmAt(), a.scheduler.nextAt]).toEqual([null, null])
  await a.pass(5 * MINUTE)
  expect(rowsOf(a.sql, job.id)).toEqual([])
  Object.assign(a.config.current, { cron: {} })
  a.changed('cron')
  await a.pass(0)
  expect(slotsOf(a, job.id)).toEqual([[1, 4, 4, 'none'], [5, 5, 1, 'ok']])
})

it('goes through many jobs in bounded steps', async () => {
  const a = await createAutomation({ config: { cron: { maxConcurrentRuns: 1000 } } })
  for (let n = 0; n < 120; n++) a.cron.add(jobOf({ name: `job ${n}` }), OPERATOR)
  await a.clock.advance(MINUTE)
  await a.wakeups.ring()
  expect(a.sql.all('SELECT 1 FROM cron_runs')).toHaveLength(50)
  await a.pass(0)
  expect(a.sql.all('SELECT 1 FROM cron_runs')).toHaveLength(120)
})

it('switches a job off that cannot be looked at, and runs the others', async () => {
  const a = await createAutomation()
  const { job } = a.cron.add(jobOf(), OPERATOR)
  const good = a.cron.add(jobOf(), OPERATOR).job
  a.sql.run(`UPDATE cron_jobs SET definition = json_set(definition, '$.schedule', json('{"kind":"cron","expr":"nonsense"}')), version = 9 WHERE id = ?`, job.id)
  await a.pass(MINUTE)
  expect(a.cron.get(job.id)).toMatchObject({ enabled: false, nextAt: null, state: { lastError: expect.stringContaining('switched off') } })
  expect(slotsOf(a, good.id)).toEqual([[1, 1, 1, 'ok']])
})

it('tries again when the database fails', async () => {
  const a = await createAutomation()
  const { job } = a.cron.add(jobOf(), OPERATOR)
  await a.clock.advance(MINUTE)
  const { all } = a.sql
  a.sql.all = () => {
    throw new Error('disk I/O error')
  }
  await a.ringIfDue()
  expect(a.alarmAt()).toBe(NOW + MINUTE + 5000)
  a.sql.all = all
  await a.pass(5000)
  expect(slotsOf(a, job.id)).toEqual([[1, 1, 1, 'ok']])
})

it('starts nothing more once it has ended', async () => {
  const a = await createAutomation()
  const { job } = a.cron.add(jobOf(), OPERATOR)
  a.scheduler.end()
  expect(a.alarmAt()).toBeNull()
  await a.pass(5 * MINUTE)
  await a.wakeups.ring()
  expect(rowsOf(a.sql, job.id)).toEqual([])
})
