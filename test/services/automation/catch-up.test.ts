// Every slot up to now is run, missed or still to come, and in only one of these.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { CatchUp } from '../../../src/protocol/cron-shapes.ts'
import { GRACE_MS, isOneByOne, passedBy, planSlots } from '../../../src/services/automation/catch-up.ts'
import { timetableOf, type Schedule } from '../../../src/services/automation/schedule.ts'

const NOW = Date.UTC(2026, 0, 1, 12)
const MINUTE = 60_000
const minutely = timetableOf({ kind: 'every', everyMs: MINUTE, anchorMs: NOW }, '')
const plan = (catchUp: CatchUp, due: number, now: number) => planSlots({ timetable: minutely, catchUp, due: NOW + due * MINUTE, now: NOW + now * MINUTE })
const at = (minute: number) => NOW + minute * MINUTE

describe('one slot that is due', () => {
  it.each(['skip', 'once', 'all', 'window'] as const)('runs, by the policy %s', (policy) => {
    const catchUp = { policy, ...(policy === 'window' && { windowMs: 1000 }) }
    expect(plan(catchUp, 1, 1)).toEqual({ run: at(1), missed: null, next: at(2) })
  })

  it('is on time for a minute', () => {
    const late = (ms: number) => planSlots({ timetable: timetableOf({ kind: 'every', everyMs: 3_600_000, anchorMs: NOW }, ''), catchUp: { policy: 'skip' }, due: NOW, now: NOW + ms })
    expect(late(GRACE_MS).run).toBe(NOW)
    expect(late(GRACE_MS + 1)).toMatchObject({ run: null, missed: { from: NOW, to: NOW, slots: 1 } })
  })
})

describe('several slots that are due', () => {
  it('once: the last runs', () => {
    expect(plan({ policy: 'once' }, 1, 5.5)).toEqual({ run: at(5), missed: { from: at(1), to: at(4), slots: 4 }, next: at(6) })
  })

  it('skip: the last runs if it is on time', () => {
    expect(plan({ policy: 'skip' }, 1, 5.5)).toMatchObject({ run: at(5) })
    const hourly = timetableOf({ kind: 'every', everyMs: 60 * MINUTE, anchorMs: NOW }, '')
    expect(planSlots({ timetable: hourly, catchUp: { policy: 'skip' }, due: NOW, now: at(150) })).toEqual({ run: null, missed: { from: NOW, to: at(120), slots: 3 }, next: at(180) })
  })

  it('all: one by one, from the first that is not too many', () => {
    expect(plan({ policy: 'all', max: 3 }, 1, 5)).toEqual({ run: at(3), missed: { from: at(1), to: at(2), slots: 2 }, next: at(4) })
    expect(plan({ policy: 'all', max: 3 }, 4, 5)).toEqual({ run: at(4), missed: null, next: at(5) })
    expect([isOneByOne({ policy: 'all' }), isOneByOne({ policy: 'once' })]).toEqual([true, false])
  })

  it('window: one by one, from the first that is not too old', () => {
    expect(plan({ policy: 'window', windowMs: 2 * MINUTE }, 1, 9)).toEqual({ run: at(7), missed: { from: at(1), to: at(6), slots: 6 }, next: at(8) })
    expect(plan({ policy: 'window', windowMs: 10 * MINUTE, max: 2 }, 1, 9)).toMatchObject({ run: at(8), missed: { slots: 7 } })
    const daily = timetableOf({ kind: 'every', everyMs: 1440 * MINUTE, anchorMs: NOW }, '')
    expect(planSlots({ timetable: daily, catchUp: { policy: 'window', windowMs: 5 * MINUTE }, due: NOW, now: at(30) })).toMatchObject({ run: null, missed: { slots: 1 }, next: at(1440) })
  })

  it('counts a moment that a person has set, though it is no slot', () => {
    expect(planSlots({ timetable: minutely, catchUp: { policy: 'once' }, due: NOW + 500, now: at(2) })).toEqual({ run: at(2), missed: { from: NOW + 500, to: at(1), slots: 2 }, next: at(3) })
    expect(planSlots({ timetable: minutely, catchUp: { policy: 'once' }, due: NOW + 500, now: NOW + 700 })).toEqual({ run: NOW + 500, missed: null, next: at(1) })
  })

  it('gives all of them up', () => {
    expect(passedBy({ timetable: minutely, due: at(1), now: at(5.5) })).toEqual({ from: at(1), to: at(5), slots: 5 })
    expect(passedBy({ timetable: minutely, due: at(1), now: at(1) })).toEqual({ from: at(1), to: at(1), slots: 1 })
  })
})

it('accounts for every slot, whatever the schedule, the policy and the gap', () => {
  const schedule: fc.Arbitrary<Schedule> = fc.oneof(
    fc.record({ kind: fc.constant('every' as const), everyMs: fc.integer({ min: 30_000, max: 7_200_000 }), anchorMs: fc.integer({ min: 0, max: NOW }) }),
    fc.record({ kind: fc.constant('cron' as const), expr: fc.constantFrom('*/5 * * * *', '*/20 2 * * *', '0 */2 * * *', '30 2 * * *'), tz: fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York') }),
  )
  const policy: fc.Arbitrary<CatchUp> = fc.record({ policy: fc.constantFrom('skip' as const, 'once' as const, 'all' as const, 'window' as const), max: fc.integer({ min: 1, max: 20 }), windowMs: fc.integer({ min: 1000, max: 20_000_000 }) })
  const moments = fc.constantFrom(Date.UTC(2026, 2, 28, 20), Date.UTC(2026, 9, 24, 20), Date.UTC(2026, 10, 1), NOW)
  fc.assert(
    fc.property(schedule, policy, moments, fc.integer({ min: 0, max: 20 * 3_600_000 }), (given, catchUp, begin, gap) => {
      const timetable = timetableOf(given, 'seed')
      const due = timetable.next(begin)!
      const now = due + gap
      const { run, missed, next } = planSlots({ timetable, catchUp, due, now })
      const slots: number[] = []
      for (let slot: number | null = due; slot !== null && slot <= now; slot = timetable.next(slot)) slots.push(slot)
      const accounted = slots.filter((slot) => slot === run || (missed !== null && slot >= missed.from && slot <= missed.to))
      const waiting = slots.filter((slot) => next !== null && slot >= next)
      expect([...accounted, ...waiting].toSorted((a, b) => a - b)).toEqual(slots)
      if (missed && run !== null) expect(missed.to).toBeLessThan(run)
      if (missed?.slots) expect(missed.slots).toBe(slots.filter((slot) => slot <= missed.to).length)
      if (!isOneByOne(catchUp)) expect(waiting).toEqual([])
      if (run !== null) expect(next).toBe(isOneByOne(catchUp) ? timetable.next(run) : timetable.next(now))
    }),
    { numRuns: 400 },
  )
})
