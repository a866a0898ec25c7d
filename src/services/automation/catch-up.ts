// What becomes of slots that are due: one runs now, those before it are given up or wait. Pure. Every slot up to now is
// in exactly one of the three.

import type { CatchUp } from '../../protocol/cron-shapes.ts'
import type { Timetable } from './schedule.ts'

/** Slots that nobody will run; `slots` is null when they are too many to be counted. */
export interface Span {
  readonly from: number
  readonly to: number
  readonly slots: number | null
}

export interface Plan {
  readonly run: number | null
  readonly missed: Span | null
  /** The next slot: after now, unless slots are made up for one by one. */
  readonly next: number | null
}

/** A slot that is no older than this is on time: a process is busy, an alarm rings late. */
export const GRACE_MS = 60_000
const DEFAULT_MAX = 10

interface Due {
  readonly timetable: Timetable
  /** The first slot that is not accounted for; not after `now`. A person may have set it to any moment. */
  readonly due: number
  readonly now: number
}

export function planSlots({ catchUp, ...at }: Due & { readonly catchUp: CatchUp }): Plan {
  const { policy, max = DEFAULT_MAX, windowMs = 0 } = catchUp
  const { timetable, now } = at
  const oldest = now - Math.max(GRACE_MS, policy === 'window' ? windowMs : 0)
  const slots = latest(at, policy === 'all' || policy === 'window' ? max : 1)
  const kept = policy === 'skip' || policy === 'window' ? slots.filter((slot) => slot >= oldest) : slots
  const run = kept[0] ?? null
  const oneByOne = policy === 'all' || policy === 'window'
  return { run, missed: run === null ? passedBy(at) : before(at, run), next: timetable.next(run !== null && oneByOne ? run : now) }
}

/** All slots up to now, when none of them is to run. */
export function passedBy(at: Due): Span {
  const [last] = latest(at, 1)
  return spanOf(at, last!)
}

/** Whether the rest of the slots waits until a run has ended. */
export const isOneByOne = ({ policy }: CatchUp): boolean => policy === 'all' || policy === 'window'

/** The last `count` slots up to now, the first one included whatever it is. */
function latest({ timetable, due, now }: Due, count: number): number[] {
  const later = timetable.latest(now, due + 1, count)
  return later.length < count ? [due, ...later] : later
}

function before(at: Due, slot: number): Span | null {
  if (slot <= at.due) return null
  const [last] = latest({ ...at, now: slot - 1 }, 1)
  return spanOf(at, last!)
}

function spanOf({ timetable, due }: Due, to: number): Span {
  const later = to > due ? timetable.count(due + 1, to) : 0
  return { from: due, to, slots: later === null ? null : later + 1 }
}
