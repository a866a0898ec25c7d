// How fast calls are taken in: a few in each turn of the event loop, and one in a while where somebody waits for an answer,
// so that whatever a person waits for comes in between.

import { GatewayError } from '../../protocol/errors.ts'
import type { Clock } from '../../ports/clock.ts'

export interface HookPace {
  /** Resolves when the next call may be taken in. Rejects when too many wait. */
  enter(): Promise<void>
}

/** In one turn of the event loop. */
const AT_ONCE = 2
/** While somebody waits for an answer: so many together, for which the disk is asked once, and then none for a while. */
const TOGETHER = 8
const GAP_MS = 20
const MAX_WAITING = 10_000

export function createHookPace({ clock, yields }: { clock: Clock; yields: () => boolean }): HookPace {
  let waiting: (() => void)[] = []
  let left = 0
  let scheduled = false

  function turned() {
    scheduled = false
    if (waiting.length === 0) return
    schedule()
    const next = waiting.slice(0, left)
    waiting = waiting.slice(next.length)
    left -= next.length
    for (const resolve of next) resolve()
  }

  /** So many may come now, and the next when the turn, or the while, is over. */
  function schedule() {
    if (scheduled) return
    scheduled = true
    const isSlow = yields()
    left = isSlow ? TOGETHER : AT_ONCE
    if (isSlow) clock.after(GAP_MS, turned)
    else clock.turn(turned)
  }

  return {
    enter() {
      schedule()
      const isFree = left > 0 && waiting.length === 0
      if (!isFree && waiting.length >= MAX_WAITING) return Promise.reject(new GatewayError('RATE_LIMITED', 'too many hooks come at once: send it again later', { retryAfterMs: 10_000 }))
      if (isFree) left--
      return isFree ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve))
    },
  }
}
