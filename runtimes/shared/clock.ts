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
