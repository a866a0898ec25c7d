// Time. Everything in the core that waits or looks at a clock does it here, so that tests can play time.

export interface Clock {
  /** Epoch milliseconds. */
  now(): number
  /** Runs `work` after `ms`, unless cancelled. Lives only as long as the process: see Alarm for what must survive. */
  after(ms: number, work: () => void): Cancel
  /** Runs `work` once the input that has already arrived was handled: the end of this turn of the event loop. */
  turn(work: () => void): void
}

export type Cancel = () => void

/** A pause that ends early, by rejecting with the signal's reason, when the signal aborts. */
export function sleep(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason as Error)
    const onAbort = () => {
      cancel()
      reject(signal.reason as Error)
    }
    const cancel = clock.after(ms, () => {
      signal.removeEventListener('abort', onAbort)
      resolve()
    })
    signal.addEventListener('abort', onAbort, { once: true })
  })
}
