// The output gate: nothing leaves the gateway before the writes it may speak of are durable. Everything that goes out
// passes here, in the order in which it was produced. (A Durable Object has such a gate of its own; there, this one
// lets everything through.)

import type { Commit } from './commit.ts'

export interface Gate {
  /**
   * Calls `send` at once when nothing waits for disk, else after the flush. When a flush fails after `since`
   * (`gate.mark()`, taken before the writes), `refuse` is called instead.
   */
  pass(send: () => void, refuse?: () => void, since?: number): void
  /** As `pass`, as a promise. Rejects when what was written since `since` could not be kept. */
  passed(since?: number): Promise<void>
  /** Marks the moment before some writes. */
  mark(): number
}

interface Waiting {
  readonly send: () => void
  readonly refuse: (() => void) | undefined
  readonly since: number
}

export function createGate(commit: Commit, onError: (error: unknown) => void): Gate {
  let queue: Waiting[] = []
  let draining = false

  async function drain() {
    draining = true
    while (queue.length > 0) {
      await commit.durable()?.catch(() => {})
      const ready = queue
      queue = []
      for (const waiting of ready) release(waiting)
    }
    draining = false
  }

  function release({ send, refuse, since }: Waiting) {
    try {
      if (commit.failures === since) send()
      else refuse?.()
    } catch (error) {
      onError(error)
    }
  }

  function pass(send: () => void, refuse?: () => void, since = commit.failures) {
    const waiting = { send, refuse, since }
    if (!draining && commit.durable() === null) return release(waiting)
    queue.push(waiting)
    if (!draining) void drain()
  }

  return {
    pass,
    passed: (since) =>
      new Promise((resolve, reject) => {
        pass(resolve, () => reject(new Error('the change could not be written to disk')), since)
      }),
    mark: () => commit.failures,
  }
}
