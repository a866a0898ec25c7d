// Time. Everything in the core that waits or looks at a clock does it here, so that tests can play time.

import { abortable } from '../kit/async.ts'

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

/** As `work`, whose signal aborts when `signal` does or when it takes longer than `ms`: then this rejects, whatever `work` does. */
export async function within<T>(clock: Clock, ms: number, signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const aborter = new AbortController()
  const follow = () => aborter.abort(signal.reason)
  signal.addEventListener('abort', follow, { once: true })
  if (signal.aborted) follow()
  const cancel = clock.after(ms, () => aborter.abort(new Error(`no answer within ${ms} ms`)))
  try {
    return await abortable(work(aborter.signal), aborter.signal)
  } finally {
    cancel()
    signal.removeEventListener('abort', follow)
  }
}
