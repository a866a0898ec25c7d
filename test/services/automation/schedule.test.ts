// When jobs are due: slots depend on the schedule alone, whatever the calendar does.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { GatewayError } from '../../../src/protocol/errors.ts'
import { settleSchedule, timetableOf, type Schedule } from '../../../src/services/automation/schedule.ts'

const NOW = Date.UTC(2026, 0, 1)
const HOUR = 3_600_000
const DAY = 24 * HOUR
const iso = (moment: number | null) => (moment === null ? null : new Date(moment).toISOString())
const cron = (expr: string, tz = 'UTC'): Schedule => ({ kind: 'cron', expr, tz })
const chain = (schedule: Schedule, from: number, count: number) => {
  const slots: number[] = []
  const timetable = timetableOf(schedule, 'seed')
  for (let at = timetable.next(from); at !== null && slots.length < count; at = timetable.next(at)) slots.push(at)
  return slots
}
const refusal = (schedule: Schedule) => {
  try {
    settleSchedule(schedule, NOW)
    return null
  } catch (error) {
    expect(error).toBeInstanceOf(GatewayError)
    return (error as GatewayError).message
  }
}

describe('at', () => {
  const at = (text: string) => settleSchedule({ kind: 'at', at: text }, NOW)

  it.each([
    ['2026-02-28', '2026-02-28T00:00:00.000Z'],
    ['2026-02-28T10:30', '2026-02-28T10:30:00.000Z'],
    [' 2026-02-28T10:30:05Z ', '2026-02-28T10:30:05.000Z'],
    ['2026-06-01T10:00:00+02:00', '2026-06-01T08:00:00.000Z'],
    ['2028-02-29T00:00:00Z', '2028-02-29T00:00:00.000Z'],
    [String(NOW + HOUR), '2026-01-01T01:00:00.000Z'],
  ])('%s is %s', (given, expected) => expect(at(given)).toEqual({ kind: 'at', at: expected }))

  it.each(['', 'garbage', '20m', '2026-02-30T00:00:00Z', '2026-02-29', '2026-13-01', '2026-01-01T25:00', '2026-01-02 10:00', 'Jan 2 2026', '99999999999999999999'])(
    'refuses %j',
    (given) => expect(refusal({ kind: 'at', at: given })).toContain('Invalid schedule.at: expected ISO-8601 timestamp'),
  )

  it('refuses the past, this moment, and what is too far away', () => {
    expect(refusal({ kind: 'at', at: '2020-01-01T00:00:00Z' })).toMatch(/^schedule.at is in the past: 2020-01-01T00:00:00.000Z \(\d+ minutes ago\). Current time: 2026-01-01/)
    expect(refusal({ kind: 'at', at: String(NOW) })).toContain('is in the past')
    expect(refusal({ kind: 'at', at: '2300-01-01T00:00:00Z' })).toContain('too far in the future')
  })

  it('is due once', () => {
    const timetable = timetableOf(at('2026-01-02'), '')
    expect([timetable.next(NOW), timetable.next(NOW + DAY)]).toEqual([NOW + DAY, null])
    expect(timetable.latest(NOW + 2 * DAY, NOW, 5)).toEqual([NOW + DAY])
    expect(timetable.count(NOW, NOW + DAY - 1)).toBe(0)
  })
})

describe('every', () => {
  it('begins now, or where it is anchored', () => {
    expect(settleSchedule({ kind: 'every', everyMs: HOUR }, NOW)).toEqual({ kind: 'every', everyMs: HOUR, anchorMs: NOW })
    expect(timetableOf({ kind: 'every', everyMs: HOUR, anchorMs: NOW }, '').next(NOW)).toBe(NOW + HOUR)
    expect(timetableOf({ kind: 'every', everyMs: HOUR, anchorMs: NOW + 5 * DAY }, '').next(NOW)).toBe(NOW + 5 * DAY)
    expect(timetableOf({ kind: 'every', everyMs: HOUR, anchorMs: 7 }, '').next(NOW)).toBe(NOW + 7)
  })

  it('refuses what would do nothing but be due, and what would never be', () => {
    expect(refusal({ kind: 'every', everyMs: 999 })).toContain('use at least 1000')
    expect(refusal({ kind: 'every', everyMs: 8_640_000_000_000_000 })).toContain('would never fire')
  })

  it('slots are the multiples of the interval, over any gap', () => {
    const moments = fc.integer({ min: 0, max: 4_000_000_000_000 })
    fc.assert(
      fc.property(fc.integer({ min: 1000, max: 10 * DAY }), moments, moments, (everyMs, anchorMs, moment) => {
        const timetable = timetableOf({ kind: 'every', everyMs, anchorMs }, '')
        const next = timetable.next(moment)!
        expect(next).toBeGreaterThan(moment)
        expect((next - anchorMs) % everyMs).toBe(0)
        if (moment >= anchorMs) expect(next - moment).toBeLessThanOrEqual(everyMs)
        const from = next
        const to = next + 5 * everyMs
        expect(timetable.count(from, to)).toBe(6)
        expect(timetable.latest(to, from, 3)).toEqual([to - 2 * everyMs, to - everyMs, to])
        expect(timetable.latest(to, to + 1, 3)).toEqual([])
      }),
    )
  })

  it('counts a very large gap at once', () => {
    expect(timetableOf({ kind: 'every', everyMs: 1000, anchorMs: 0 }, '').count(0, 1_800_000_000_000)).toBe(1_800_000_001)
  })
})

describe('cron', () => {
  it.each(['', 'nope', '99 * * * *', '* * * *', '* * * * * * * *', '0 0 32 1 *', '@reboot'])('refuses the expression %j', (expr) => {
    expect(refusal(cron(expr))).toMatch(/^CronPattern: /)
  })

  it('refuses dates, zones that are none, endless texts, and what never comes', () => {
    expect(refusal(cron('2030-01-01T00:00:00'))).toContain('is a date')
    expect(refusal(cron('0 9 * * *', 'Mars/Base'))).toContain('time zone "Mars/Base" is not known')
    expect(refusal(cron(`0 ${'1,'.repeat(200)}1 * * *`))).toContain('too long')
    expect(refusal(cron('0 0 30 2 *'))).toBe('cron expression "0 0 30 2 *" has no upcoming run time and would never fire')
    expect(refusal(cron('0 0 0 1 1 ? 2020'))).toContain('would never fire')
  })

  it('keeps leap days', () => {
    expect(chain(cron('0 0 29 2 *'), NOW, 3).map(iso)).toEqual(['2028-02-29T00:00:00.000Z', '2032-02-29T00:00:00.000Z', '2036-02-29T00:00:00.000Z'])
    expect(chain(cron('0 0 L 2 *'), NOW, 3).map(iso)).toEqual(['2026-02-28T00:00:00.000Z', '2027-02-28T00:00:00.000Z', '2028-02-29T00:00:00.000Z'])
  })

  it('runs once on the day on which its hour is missing, and once on the day that has it twice', () => {
    const night = cron('30 2 * * *', 'Europe/Berlin')
    expect(chain(night, Date.UTC(2026, 2, 28), 3).map(iso)).toEqual(['2026-03-28T01:30:00.000Z', '2026-03-29T01:00:00.000Z', '2026-03-30T00:30:00.000Z'])
    expect(chain(night, Date.UTC(2026, 9, 24), 3).map(iso)).toEqual(['2026-10-24T00:30:00.000Z', '2026-10-25T00:30:00.000Z', '2026-10-26T01:30:00.000Z'])
  })

  it('runs each quarter of an hour on both of these days', () => {
    for (const day of [Date.UTC(2026, 2, 28, 23), Date.UTC(2026, 9, 24, 22)]) {
      const slots = chain(cron('*/15 * * * *', 'Europe/Berlin'), day, 100)
      expect(slots).toEqual(slots.map((_, n) => day + (n + 1) * 15 * 60_000))
    }
  })

  it('spreads what is due each hour, always in the same way', () => {
    const settled = settleSchedule(cron('0 */2 * * *'), NOW)
    expect(settled).toMatchObject({ staggerMs: 300_000 })
    const [one, two] = [timetableOf(settled, 'one').next(NOW)!, timetableOf(settled, 'two').next(NOW)!]
    expect(one).not.toBe(two)
    for (const at of [one, two]) expect(at % (2 * HOUR)).toBeLessThan(300_000)
    expect(timetableOf(settled, 'one').next(one)).toBe(one + 2 * HOUR)
    expect(settleSchedule({ ...cron('0 * * * *'), staggerMs: 0 } as Schedule, NOW)).toMatchObject({ staggerMs: 0 })
    expect(settleSchedule(cron('0 9 * * *'), NOW)).not.toHaveProperty('staggerMs')
    expect(settleSchedule(cron('5 * * * *'), NOW)).not.toHaveProperty('staggerMs')
    expect(settleSchedule(cron('0 0 * * * *'), NOW)).toMatchObject({ staggerMs: 300_000 })
  })

  it('gives up counting where there is too much to count', () => {
    expect(timetableOf(cron('* * * * * *'), '').count(NOW, NOW + DAY)).toBeNull()
    expect(timetableOf(cron('0 * * * *'), '').count(NOW, NOW + DAY)).toBe(25)
  })

  const ZONES = ['UTC', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Africa/Cairo', 'Asia/Kolkata', 'America/Santiago', 'Pacific/Chatham', 'America/Havana']
  const expression = fc.tuple(
    fc.constantFrom('0', '*/7', '*/15', '30', '1-3', '59', '*'),
    fc.constantFrom('*', '2', '0', '1-3', '*/6', '23', '3'),
    fc.constantFrom('*', '*', '1', '15', 'L', '29'),
    fc.constantFrom('*', '*', '3', '10-11', '2'),
    fc.constantFrom('*', '*', '0', '1-5', '5L'),
  )

  it('slots do not depend on when one asks for them, on any day of the year', () => {
    const around = fc.constantFrom(Date.UTC(2026, 2, 8), Date.UTC(2026, 2, 29), Date.UTC(2026, 3, 5), Date.UTC(2026, 9, 25), Date.UTC(2026, 10, 1), Date.UTC(2026, 3, 24), Date.UTC(2028, 1, 29))
    fc.assert(
      fc.property(expression, fc.constantFrom(...ZONES), around, fc.integer({ min: -3 * DAY, max: 3 * DAY }), fc.integer({ min: 0, max: 1000 }), (fields, tz, day, offset, part) => {
        const timetable = timetableOf(cron(fields.join(' '), tz), '')
        const from = day + offset
        const first = timetable.next(from)
        if (first === null) return
        expect(first).toBeGreaterThan(from)
        const second = timetable.next(first)
        if (second === null) return
        expect(second).toBeGreaterThan(first)
        const between = first + Math.floor(((second - first - 1) * part) / 1000)
        expect(timetable.next(between)).toBe(second)
        expect(timetable.latest(between, from + 1, 2)).toEqual([first]) // the moment that one asks at may be a slot itself
        expect(timetable.latest(second, first, 5)).toEqual([first, second])
        expect(timetable.count(first, second)).toBe(2)
      }),
      { numRuns: 300 },
    )
  })

  it('is what the wall clock of the zone says, but for hours that are missing', () => {
    fc.assert(
      fc.property(fc.constantFrom(...ZONES), fc.integer({ min: 0, max: 59 }), fc.integer({ min: 4, max: 22 }), fc.integer({ min: 0, max: 364 }), (tz, minute, hour, day) => {
        const slot = timetableOf(cron(`${minute} ${hour} * * *`, tz), '').next(NOW + day * DAY)!
        const parts = new Intl.DateTimeFormat('en-GB', { timeZone: tz, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(slot)
        expect(parts).toBe(`${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`)
        expect(slot - (NOW + day * DAY)).toBeLessThanOrEqual(25 * HOUR)
      }),
      { numRuns: 200 },
    )
  })
})
