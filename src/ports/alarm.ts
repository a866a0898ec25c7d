// The one wake-up of a gateway. On a Durable Object it outlives eviction; `gateway.wake()` is called when it rings.

export interface Alarm {
  /** Replaces the previous setting; null switches it off. `at` in epoch milliseconds. */
  set(at: number | null): void
}
