// How long the client waits before it connects again: twice as long each time, and never all clients at once.

export interface TrySettings {
  readonly minMs: number
  readonly maxMs: number
}

export interface Tries {
  /** null: no more. `expectedMs`: what the gateway said of its return. */
  next(expectedMs: number | null): number | null
  succeeded(): void
}

const MIN_MS = 500
const MAX_MS = 30_000

export function createTries(settings: Partial<TrySettings> | null, random: () => number = fraction): Tries {
  let count = 0
  return {
    next(expectedMs) {
      if (!settings) return null
      const { minMs = MIN_MS, maxMs = MAX_MS } = settings
      const wholeMs = Math.min(maxMs, minMs * 2 ** Math.min(count++, 20))
      return Math.max(expectedMs ?? 0, Math.round(wholeMs * (0.5 + random() / 2)))
    },
    succeeded: () => void (count = 0),
  }
}

const fraction = (): number => crypto.getRandomValues(new Uint32Array(1))[0]! / 2 ** 32
