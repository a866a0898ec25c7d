// One attempt to get an answer of an upstream, whatever its wire: how often it is tried, how long it may be silent, and
// how it ends.

import { messageOf } from '../kit/log.ts'
import { sleep, type Clock } from '../ports/clock.ts'
import { ModelError, type ModelIo, type ModelRequest, type ModelSpec } from '../ports/model.ts'

/** Pauses before another attempt. Once an answer has begun, none is made: what was said cannot be taken back. */
const BACK_OFF_MS = [500, 2000]
const MAX_RETRY_AFTER_MS = 30_000
/** Nobody is kept waiting longer than this where another model would answer. */
const MAX_WITH_OTHERS_MS = 2000
/** An answer in one piece is silent until it is complete. */
const WHOLE_MS = 10 * 60 * 1000

export const silenceOf = (spec: ModelSpec, request: ModelRequest): number => (request.whole ? Math.max(spec.timeoutMs, WHOLE_MS) : spec.timeoutMs)

/** A controller of its own, so that the attempt can be ended for reasons of its own too. */
export function follow(signal: AbortSignal): { upstream: AbortController; release: () => void } {
  const upstream = new AbortController()
  const stop = () => upstream.abort(signal.reason)
  signal.addEventListener('abort', stop, { once: true })
  if (signal.aborted) stop()
  return { upstream, release: () => signal.removeEventListener('abort', stop) }
}

/** What the transport throws is a failure of the network, in words that say where. */
export const toModelError = (error: unknown, where: string): ModelError =>
  error instanceof ModelError ? error : new ModelError('network', `${where}: ${messageOf(error)}`)

/** What `once` resolves to, after as many attempts as the upstream's failures deserve. */
export async function withAttempts<T>(
  clock: Clock,
  io: ModelIo & { readonly upstream: AbortSignal; readonly silence: Silence },
  once: () => Promise<T>,
  toFailure: (error: unknown) => ModelError,
): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    io.silence.reset()
    try {
      return await once()
    } catch (error) {
      io.upstream.throwIfAborted()
      io.silence.cancel() // in the pause it is ours
      const failure = toFailure(error)
      const pause = BACK_OFF_MS[attempt]
      if (!failure.transient || pause === undefined) throw failure
      const wait = Math.min(failure.retryAfterMs ?? pause, MAX_RETRY_AFTER_MS)
      if (io.others && wait > MAX_WITH_OTHERS_MS) throw failure
      await sleep(clock, wait, io.signal)
    }
  }
}

export interface Silence {
  /** Set once it was too long. */
  readonly failure: ModelError | null
  /** Counts anew from now on. */
  reset(): void
  cancel(): void
}

/** Ends the attempt when the upstream says nothing for too long. To hear something is cheap: one timer looks back when it rings. */
export function watchSilence(clock: Clock, spec: ModelSpec, ms: number, upstream: AbortController): Silence {
  let heardAt = 0
  let cancelTimer: (() => void) | null = null
  const watch = { failure: null as ModelError | null, reset, cancel }

  function reset() {
    heardAt = clock.now()
    if (cancelTimer === null) wait(ms)
  }

  function wait(left: number) {
    cancelTimer = clock.after(left, () => {
      const rest = heardAt + ms - clock.now()
      if (rest > 0) return wait(rest)
      cancelTimer = null
      watch.failure = new ModelError('timeout', `${spec.provider} was silent for ${Math.round(ms / 1000)} s`)
      upstream.abort(watch.failure)
    })
  }

  function cancel() {
    cancelTimer?.()
    cancelTimer = null
  }
  return watch
}
