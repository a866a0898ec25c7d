// Models that failed are left alone for a while, so that a run with fallbacks does not wait for them again. What the
// account is at fault for rests all its models; what a model is at fault for rests that one. A success ends both.

import type { Clock } from '../../ports/clock.ts'
import { ModelError, type Model, type ModelErrorKind } from '../../ports/model.ts'

interface Rest {
  until: number
  /** Failures in a row. */
  strikes: number
}

/** The first pause; the next ones are twice as long as the one before. */
const FIRST_MS: Partial<Readonly<Record<ModelErrorKind, number>>> = { auth: 60_000, rate_limit: 30_000, server: 15_000, network: 15_000, timeout: 15_000 }
const MAX_MS = 15 * 60_000
/** As an upstream may ask for it itself. */
const MAX_ASKED_MS = 60 * 60_000
const MAX_KEPT = 1000

export interface Cooldowns {
  /** The model, which tells from now on how long it is to be left alone. `account`: which credential it is asked under. */
  watch(model: Model, account: string): Model
}

export function createCooldowns(clock: Clock): Cooldowns {
  const rests = new Map<string, Rest>()

  const restOf = (key: string) => Math.max(0, (rests.get(key)?.until ?? 0) - clock.now())

  function failed(key: string, first: number, askedMs: number | null) {
    const now = clock.now()
    const known = rests.get(key)
    const strikes = known && now - known.until < MAX_ASKED_MS ? known.strikes + 1 : 1
    const ms = askedMs === null ? Math.min(first * 2 ** Math.min(strikes - 1, 20), MAX_MS) : Math.min(askedMs, MAX_ASKED_MS)
    rests.delete(key) // so that the order is that of the last failures
    rests.set(key, { until: Math.max(now + ms, known?.until ?? 0), strikes })
    if (rests.size > MAX_KEPT) rests.delete(rests.keys().next().value!)
  }

  return {
    watch(model, account) {
      const whole = JSON.stringify([model.provider, account])
      const own = JSON.stringify([model.provider, account, model.model])
      async function* stream(...[request, io]: Parameters<Model['stream']>): ReturnType<Model['stream']> {
        try {
          yield* model.stream(request, io)
        } catch (error) {
          const first = error instanceof ModelError ? FIRST_MS[error.kind] : undefined
          if (first !== undefined && !io.signal.aborted) {
            const { kind, retryAfterMs } = error as ModelError
            failed(kind === 'auth' || kind === 'network' ? whole : own, first, retryAfterMs)
          }
          throw error
        }
        rests.delete(whole)
        rests.delete(own)
      }
      return { ...model, rest: () => Math.max(restOf(whole), restOf(own)), stream }
    },
  }
}

/** In the order in which they are tried: those that need no rest; if all do, the one that is ready soonest first. */
export function inTurn(models: readonly Model[]): readonly Model[] {
  const rests = models.map((model) => ({ model, ms: model.rest?.() ?? 0 }))
  const ready = rests.filter(({ ms }) => ms <= 0)
  return (ready.length > 0 ? ready : rests.toSorted((a, b) => a.ms - b.ms)).map(({ model }) => model)
}
