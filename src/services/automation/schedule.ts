// When a job is due. Pure: from a schedule to its slots, which are moments in epoch milliseconds. croner computes the
// slots of expressions; it runs nothing here. A slot depends on the schedule alone, never on when it is asked for.

import { Cron } from 'croner'
import { messageOf } from '../../kit/log.ts'
import { isZone, zoneHere } from '../../kit/zone.ts'
import { invalid } from '../../protocol/errors.ts'

export type Schedule =
  | { readonly kind: 'at'; readonly at: string }
  | { readonly kind: 'every'; readonly everyMs: number; readonly anchorMs?: number | undefined }
  | { readonly kind: 'cron'; readonly expr: string; readonly tz?: string | undefined; readonly staggerMs?: number | undefined }

/** The slots of a schedule, in order. */
export interface Timetable {
  /** The first slot after `moment`; null when there is none. */
  next(moment: number): number | null
  /** The last `count` slots that are not after `moment` and not before `from`, in order. */
  latest(moment: number, from: number, count: number): number[]
  /** How many slots there are in `from..to`, both included; null when there are too many to be counted. */
  count(from: number, to: number): number | null
}

/** What a calendar can hold. */
export const MAX_MOMENT = 8_640_000_000_000_000
/** A job that is due more often than this would do nothing but be due. */
const MIN_EVERY_MS = 1000
const MAX_AHEAD_MS = 10 * 365.25 * 24 * 60 * 60 * 1000
const MAX_EXPRESSION_CHARS = 200
/** Slots of an expression that are counted one by one. */
const MAX_COUNTED = 300
/** Expressions of each hour are spread over this time, so that not all gateways call the same model in one second. */
const HOURLY_STAGGER_MS = 5 * 60 * 1000

/**
 * The schedule as it is kept: what it left open is filled in. Throws for one that cannot be, or would never be due.
 * `now` is when it begins.
 */
export function settleSchedule(schedule: Schedule, now: number): Schedule {
  switch (schedule.kind) {
    case 'at':
      return { kind: 'at', at: new Date(readMoment(schedule.at, now)).toISOString() }
    case 'every':
      if (schedule.everyMs < MIN_EVERY_MS) throw invalid(`schedule.everyMs is ${schedule.everyMs}: use at least ${MIN_EVERY_MS} (a second)`)
      return due({ ...schedule, anchorMs: schedule.anchorMs ?? now }, now)
    case 'cron':
      return due(withStagger(schedule), now)
  }
}

function due(schedule: Schedule, now: number): Schedule {
  if (timetableOf(schedule, '').next(now) !== null) return schedule
  const what = schedule.kind === 'cron' ? `cron expression "${schedule.expr}"` : 'schedule.everyMs'
  throw invalid(`${what} has no upcoming run time and would never fire`)
}

/** `seed` spreads the slots of staggered expressions: the same job always has the same ones. */
export function timetableOf(schedule: Schedule, seed: string): Timetable {
  switch (schedule.kind) {
    case 'at':
      return listed([Date.parse(schedule.at)])
    case 'every':
      return regular(schedule.anchorMs ?? 0, schedule.everyMs)
    case 'cron':
      return expressed(schedule, seed)
  }
}

// --- at ---

const ISO = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?)?$/i

function readMoment(given: string, now: number): number {
  const moment = toMoment(given.trim())
  if (moment === null) throw invalid(`Invalid schedule.at: expected ISO-8601 timestamp (got ${given.slice(0, 100)})`)
  const at = new Date(moment).toISOString()
  if (moment <= now) {
    const minutes = Math.floor((now - moment) / 60_000)
    throw invalid(`schedule.at is in the past: ${at} (${minutes} minutes ago). Current time: ${new Date(now).toISOString()}`)
  }
  if (moment - now <= MAX_AHEAD_MS) return moment
  const years = Math.floor((moment - now) / (365.25 * 24 * 60 * 60 * 1000))
  throw invalid(`schedule.at is too far in the future: ${at} (${years} years ahead). Maximum allowed: 10 years`)
}

/** Without an offset it is UTC. A number is epoch milliseconds. */
function toMoment(text: string): number | null {
  if (/^\d{1,16}$/.test(text)) return Number(text) <= MAX_MOMENT ? Number(text) : null
  if (!ISO.test(text)) return null
  const isDay = text.length === 10
  const hasOffset = /(Z|[+-]\d{2}:?\d{2})$/i.test(text) && !isDay
  const moment = Date.parse(hasOffset || isDay ? text : `${text}Z`)
  if (Number.isNaN(moment)) return null
  // What no calendar has, such as February 31, is moved on by some engines.
  const day = Number(text.slice(8, 10))
  const days = new Date(Date.UTC(Number(text.slice(0, 4)), Number(text.slice(5, 7)), 0)).getUTCDate()
  return day >= 1 && day <= days ? moment : null
}

function listed(slots: readonly number[]): Timetable {
  const within = (from: number, to: number) => slots.filter((slot) => slot >= from && slot <= to)
  return {
    next: (moment) => slots.find((slot) => slot > moment) ?? null,
    latest: (moment, from, count) => within(from, moment).slice(-count),
    count: (from, to) => within(from, to).length,
  }
}

// --- every ---

function regular(anchor: number, every: number): Timetable {
  const indexOf = (moment: number) => Math.floor((moment - anchor) / every)
  const firstFrom = (moment: number) => Math.max(0, Math.ceil((moment - anchor) / every))
  return {
    next(moment) {
      const slot = anchor + Math.max(0, indexOf(moment) + 1) * every
      return slot <= MAX_MOMENT ? slot : null
    },
    latest(moment, from, count) {
      const last = indexOf(moment)
      const first = Math.max(firstFrom(from), last - count + 1)
      return Array.from({ length: Math.max(0, last - first + 1) }, (_, n) => anchor + (first + n) * every)
    },
    count: (from, to) => Math.max(0, indexOf(to) - firstFrom(from) + 1),
  }
}

// --- cron ---

function withStagger(schedule: Extract<Schedule, { kind: 'cron' }>): Schedule {
  const fields = schedule.expr.trim().split(/\s+/)
  const [minute, hour] = fields.length >= 6 ? fields.slice(1) : fields
  const isHourly = minute === '0' && hour !== undefined && hour.includes('*') && (fields.length < 6 || fields[0] === '0')
  return isHourly && schedule.staggerMs === undefined ? { ...schedule, staggerMs: HOURLY_STAGGER_MS } : schedule
}

function expressed({ expr, tz, staggerMs = 0 }: Extract<Schedule, { kind: 'cron' }>, seed: string): Timetable {
  const cron = read(expr, tz)
  const shift = staggerMs > 0 ? hash(seed) % staggerMs : 0

  function next(moment: number): number | null {
    if (moment - shift > MAX_MOMENT) return null
    const found = cron.nextRun(new Date(Math.max(0, moment - shift)))
    return found ? found.getTime() + shift : null
  }

  return {
    next,
    latest: (moment, from, count) =>
      cron
        .previousRuns(count, new Date(moment - shift + 1))
        .map((slot) => slot.getTime() + shift)
        .filter((slot) => slot >= from)
        .toSorted((a, b) => a - b),
    count(from, to) {
      let found = 0
      for (let slot = next(from - 1); slot !== null && slot <= to; slot = next(slot)) {
        if (++found > MAX_COUNTED) return null
      }
      return found
    },
  }
}

/** Five fields, or six with seconds first, or seven with years last; or a nickname, such as `@daily`. */
function read(expr: string, tz: string | undefined): Cron {
  if (expr.length > MAX_EXPRESSION_CHARS) throw invalid(`cron expression is too long: at most ${MAX_EXPRESSION_CHARS} characters`)
  if (/^\d{4}-/.test(expr.trim())) throw invalid('cron expression is a date: use schedule {kind: "at", at}')
  const timezone = tz === undefined || tz.trim() === '' ? zoneHere() : tz.trim()
  if (!isZone(timezone)) throw invalid(`time zone "${timezone.slice(0, 100)}" is not known: use an IANA name, such as "Europe/Stockholm" or "UTC"`)
  try {
    return new Cron(expr.trim(), { timezone, paused: true })
  } catch (error) {
    throw invalid(messageOf(error).replace(/^TypeError: /, '').slice(0, 500))
  }
}

/** FNV-1a: spreads, and hides nothing. */
function hash(text: string): number {
  let sum = 0x811c9dc5
  for (let i = 0; i < text.length; i++) sum = Math.imul(sum ^ text.charCodeAt(i), 0x01000193) >>> 0
  return sum
}
