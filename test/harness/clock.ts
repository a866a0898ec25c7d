// A clock that stands still until it is told to advance.

import type { Clock } from '../../src/index.ts'

export interface FakeClock extends Clock {
  /** Moves time and runs what falls due, in order; lets promises settle between. */
  advance(ms: number): Promise<void>
  /** Timers that are set. */
  readonly pending: number
}

export function fakeClock(start = Date.UTC(2026, 0, 1)): FakeClock {
  let now = start
  let order = 0
  const timers = new Set<{ at: number; order: number; work: () => void }>()

  const nextDue = (limit: number) =>
    [...timers].filter((timer) => timer.at <= limit).toSorted((a, b) => a.at - b.at || a.order - b.order)[0]

  return {
    now: () => now,
    after(ms, work) {
      const timer = { at: now + Math.max(0, ms), order: order++, work }
      timers.add(timer)
      return () => void timers.delete(timer)
    },
    turn: (work) => void setImmediate(work),
    async advance(ms) {
      const until = now + ms
      for (let due = nextDue(until); due; due = nextDue(until)) {
        now = Math.max(now, due.at)
        timers.delete(due)
        due.work()
        await settled()
      }
      now = until
      await settled()
    },
    get pending() {
      return timers.size
    },
  }
}

/** Resolves when everything that needs no time to pass has happened. */
export async function settled(): Promise<void> {
  for (let round = 0; round < 20; round++) await new Promise((resolve) => setImmediate(resolve))
}
