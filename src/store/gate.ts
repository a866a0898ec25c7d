// The output gate: nothing leaves the gateway before the writes it may speak of are on disk. Everything that goes out
// passes here, in the order in which it was produced. (A Durable Object has such a gate of its own; there, this one
// lets everything through.)

import { StorageError } from '../ports/sql.ts'
import type { Commit } from './commit.ts'

export interface Gate {
  /**
   * Calls `send` at once when nothing waits for disk, else when it is there. When writes since `since`
   * (`gate.mark()`, taken before them) have failed, `refuse` is called instead. Within a transaction this is decided
   * at its end: when it is taken back, what it had to say is refused.
   */
  pass(send: () => void, refuse?: () => void, since?: number): void
  /** As `pass`, as a promise. Rejects when what was written since `since` could not be kept. */
  passed(since?: number): Promise<void>
  /** Marks the moment before some writes. */
  mark(): number
}

interface Waiting {
  readonly position: number
  readonly send: () => void
  readonly refuse: (() => void) | undefined
  readonly since: number
}

/** The mark of what speaks of a transaction that was taken back: no number of failures fits it. */
const ROLLED_BACK = -1

export function createGate(commit: Commit, onError: (error: unknown) => void): Gate {
  let queue: Waiting[] = []

  async function drain() {
    while (queue.length > 0) {
      await commit.reached(queue[0]!.position)
      const blocked = queue.findIndex((waiting) => waiting.position > commit.settled)
      const ready = queue.slice(0, blocked === -1 ? queue.length : blocked) // a copy: more may come meanwhile
      for (const waiting of ready) release(waiting)
      queue = queue.slice(ready.length)
    }
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
    commit.afterwards((kept) => enqueue({ position: commit.position, send, refuse, since: kept ? since : ROLLED_BACK }))
  }

  function enqueue(waiting: Waiting) {
    if (queue.length === 0 && waiting.position <= commit.settled) return release(waiting)
    queue.push(waiting)
    if (queue.length === 1) void drain()
  }

  return {
    pass,
    passed: (since) =>
      new Promise((resolve, reject) => {
        pass(resolve, () => reject(new StorageError('the change could not be written to disk')), since)
      }),
    mark: () => commit.failures,
  }
}
