// Days of time zones.

import { describe, expect, it } from 'vitest'
import { toDays, type DaysWish } from '../../../src/services/conversation/usage-days.ts'

const HOUR_MS = 60 * 60 * 1000
const NOW = Date.UTC(2026, 2, 30, 22, 30)
const days = (wish: DaysWish, firstAt: number | null = null) => toDays(wish, NOW, firstAt)
const dates = (wish: DaysWish, firstAt: number | null = null) => days(wish, firstAt).map(({ date }) => date)

describe('days', () => {
  it('are the last thirty, or as many as are asked for', () => {
    expect(days({ mode: 'utc' })).toHaveLength(30)
    expect(dates({ mode: 'utc', days: 2 })).toEqual(['2026-03-29', '2026-03-30'])
    expect(dates({ mode: 'utc', days: 0 })).toEqual(['2026-03-30'])
    expect(days({ mode: 'utc', range: '7d' })).toHaveLength(7)
    expect(days({ mode: 'utc', range: '1y' })).toHaveLength(365)
  })

  it('are all since the first', () => {
    expect(dates({ mode: 'utc', range: 'all' }, Date.UTC(2026, 2, 29, 23))).toEqual(['2026-03-29', '2026-03-30'])
    expect(dates({ mode: 'utc', range: 'all' })).toEqual(['2026-03-30'])
  })

  it('are those between two dates', () => {
    expect(dates({ mode: 'utc', startDate: '2028-02-28', endDate: '2028-03-01' })).toEqual(['2028-02-28', '2028-02-29', '2028-03-01'])
  })

  it('follow each other without a gap, through the change of the clocks', () => {
    const spring = days({ timeZone: 'Europe/Stockholm', startDate: '2026-03-28', endDate: '2026-03-30' })
    expect(spring.map(({ from, to }) => (to - from) / HOUR_MS)).toEqual([24, 23, 24])
    expect(spring[0]!.from).toBe(Date.UTC(2026, 2, 27, 23))
    expect(spring.slice(1).map(({ from }) => from)).toEqual(spring.slice(0, -1).map(({ to }) => to))
    const autumn = days({ timeZone: 'America/New_York', startDate: '2026-11-01', endDate: '2026-11-01' })
    expect((autumn[0]!.to - autumn[0]!.from) / HOUR_MS).toBe(25)
  })

  it('begin where the zone is', () => {
    expect(dates({ timeZone: 'Asia/Kolkata', days: 1 })).toEqual(['2026-03-31'])
    expect(days({ timeZone: 'Asia/Kolkata', days: 1 })[0]!.from).toBe(Date.UTC(2026, 2, 30, 18, 30))
    expect(days({ mode: 'specific', utcOffset: 'UTC+5:45', days: 1 })[0]!.from).toBe(Date.UTC(2026, 2, 30, 18, 15))
    expect(days({ utcOffset: 'UTC-3', days: 1 })[0]!.from).toBe(Date.UTC(2026, 2, 30, 3))
    expect(days({ mode: 'gateway', days: 1 })).toHaveLength(1)
  })

  it.each<[DaysWish, string]>([
    [{ startDate: '2026-01-01' }, 'must be provided together'],
    [{ startDate: '2026-01-02', endDate: '2026-01-01' }, 'must not be after'],
    [{ startDate: '2026-13-01', endDate: '2026-13-02' }, 'there is no day'],
    [{ startDate: '1990-01-01', endDate: '2026-01-01' }, 'at most 1100'],
    [{ mode: 'specific' }, 'needs timeZone or utcOffset'],
    [{ timeZone: 'Mars/Olympus' }, 'unknown time zone'],
  ])('are refused: %j', (wish, message) => {
    expect(() => days(wish)).toThrow(message)
  })
})
