// The system's clock.

import type { Clock } from '../../src/index.ts'

/** Not every runtime has it. */
const { setImmediate: afterInput } = globalThis as { setImmediate?: (work: () => void) => unknown }

/** Longer delays overflow the 32 bits of a timer and would fire at once. */
const MAX_DELAY_MS = 2 ** 31 - 1

export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, work) {
    const timer = setTimeout(work, Math.min(Math.max(0, ms), MAX_DELAY_MS))
    return () => clearTimeout(timer)
  },
  // After the input that has arrived: setImmediate where there is one, else the shortest timer.
  turn: (work) => void (afterInput ? afterInput(work) : setTimeout(work, 0)),
}

/** The system's clock for one gateway of a process that may have several, one after the other. */
export function createEndingClock(): Clock & { /** No timer that was set fires any more. */ end(): void } {
  const timers = new Set<() => void>()
  let ended = false
  return {
    now: systemClock.now,
    after(ms, work) {
      if (ended) return () => {}
      const cancelTimer = systemClock.after(ms, () => {
        timers.delete(cancel)
        work()
      })
      const cancel = () => {
        timers.delete(cancel)
        cancelTimer()
      }
      timers.add(cancel)
      return cancel
    },
    turn: systemClock.turn,
    end() {
      ended = true
      for (const cancel of timers) cancel()
    },
  }
}
