// Days of a time zone as spans of time. Pure.

import { invalid } from '../../protocol/errors.ts'
import { isZone, zoneHere } from '../../kit/zone.ts'
import type { Span } from './usage-table.ts'

export interface Day extends Span {
  /** `2026-11-24`. */
  readonly date: string
}

export interface DaysWish {
  readonly startDate?: string | undefined
  readonly endDate?: string | undefined
  readonly range?: '7d' | '30d' | '90d' | '1y' | 'all' | undefined
  readonly days?: number | undefined
  /** Whose days: those of UTC, of the gateway, or of the zone that is named. */
  readonly mode?: 'utc' | 'gateway' | 'specific' | undefined
  readonly timeZone?: string | undefined
  /** `UTC+5:30`. */
  readonly utcOffset?: string | undefined
}

const DAY_MS = 24 * 60 * 60 * 1000
const DEFAULT_DAYS = 30
/** Days that one answer covers at most: sums are kept as long. */
export const MAX_DAYS = 1100
const RANGES = { '7d': 7, '30d': 30, '90d': 90, '1y': 365 } as const

/** How far the local time of a zone is ahead of UTC at a moment. */
type OffsetAt = (at: number) => number

export function toDays(wish: DaysWish, now: number, firstAt: number | null): readonly Day[] {
  const offsetAt = zoneOf(wish)
  const today = dateAt(now + offsetAt(now))
  const { startDate, endDate } = wish
  if ((startDate === undefined) !== (endDate === undefined)) throw invalid('startDate and endDate must be provided together')
  if (startDate !== undefined && endDate !== undefined) {
    const [first, last] = [timeOf(startDate), timeOf(endDate)]
    if (first > last) throw invalid('startDate must not be after endDate')
    return daysFrom(first, 1 + (last - first) / DAY_MS, offsetAt)
  }
  const last = timeOf(today)
  if (wish.range === 'all') {
    const first = firstAt === null ? last : timeOf(dateAt(firstAt + offsetAt(firstAt)))
    return daysFrom(first, 1 + (last - first) / DAY_MS, offsetAt)
  }
  const count = wish.range === undefined ? Math.max(1, wish.days ?? DEFAULT_DAYS) : RANGES[wish.range]
  return daysFrom(last - (count - 1) * DAY_MS, count, offsetAt)
}

/** `first` is midnight UTC of the first date. */
function daysFrom(first: number, count: number, offsetAt: OffsetAt): Day[] {
  if (count > MAX_DAYS) throw invalid(`the range has ${count} days, at most ${MAX_DAYS} are answered at once`)
  const starts = Array.from({ length: count + 1 }, (_, index) => startOf(first + index * DAY_MS, offsetAt))
  return starts.slice(0, count).map((from, index) => ({ date: dateAt(first + index * DAY_MS), from, to: starts[index + 1]! }))
}

/** When the day begins of which `local` is midnight, read as UTC. */
function startOf(local: number, offsetAt: OffsetAt): number {
  const guess = local - offsetAt(local)
  return local - offsetAt(guess)
}

export const dateAt = (local: number): string => new Date(local).toISOString().slice(0, 10)

function timeOf(date: string): number {
  const at = Date.parse(`${date}T00:00:00Z`)
  if (Number.isNaN(at) || dateAt(at) !== date) throw invalid(`there is no day "${date}"`)
  return at
}

function zoneOf({ mode, timeZone, utcOffset }: DaysWish): OffsetAt {
  if (mode === 'utc') return () => 0
  const isNamed = timeZone !== undefined || utcOffset !== undefined
  if (mode === 'gateway' || (mode === undefined && !isNamed)) return offsetsOf(zoneHere())
  if (timeZone !== undefined) {
    if (!isZone(timeZone)) throw invalid(`unknown time zone "${timeZone}": use an IANA name, such as "Europe/Stockholm"`)
    return offsetsOf(timeZone)
  }
  const given = /^UTC([+-])(\d{1,2})(?::([0-5]\d))?$/.exec(utcOffset ?? '')
  if (!given) throw invalid('mode "specific" needs timeZone or utcOffset')
  const minutes = Number(given[2]) * 60 + Number(given[3] ?? 0)
  const offset = (given[1] === '-' ? -minutes : minutes) * 60_000
  return () => offset
}

function offsetsOf(timeZone: string): OffsetAt {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
  })
  return (at) => {
    const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]))
    const local = Date.UTC(parts['year']!, parts['month']! - 1, parts['day']!, parts['hour']!, parts['minute']!)
    return local - Math.floor(at / 60_000) * 60_000
  }
}
