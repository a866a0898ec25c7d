// Group commit: the writes of one turn of the event loop share one transaction and one flush to disk. Whoever
// acknowledges something waits for `durable()` first; the doors do so for every answer and every event.

import type { Clock } from '../ports/clock.ts'
import type { Sql } from '../ports/sql.ts'

/** How long writes that nobody waits for may stay in memory. */
const LAZY_MS = 25

export interface Commit {
  /** Runs `work` atomically. What it wrote is durable once `durable()` has resolved. */
  tx<T>(work: () => T): T
  /** As `tx`, for writes that nobody is told of: they are flushed with the next others, or within 25 ms. */
  lazily<T>(work: () => T): T
  /** Resolves when everything written so far is on disk, rejects when it could not be. null: nothing waits. */
  durable(): Promise<void> | null
  /** How many flushes have failed; what was written in them is gone. */
  readonly failures: number
  /** Flushes now. Throws when that fails. */
  flush(): void
}

export function createCommit(sql: Sql, clock: Clock, onFailure: (error: unknown) => void): Commit {
  const { group } = sql
  if (!group) {
    return { tx: (work) => sql.tx(work), lazily: (work) => sql.tx(work), durable: () => null, failures: 0, flush() {} }
  }

  let open = false
  let scheduled = false
  let waiting: PromiseWithResolvers<void> | null = null
  let cancelLazy: (() => void) | null = null
  let failures = 0

  function begin<T>(work: () => T): T {
    if (!open) {
      group!.begin()
      open = true
    }
    return sql.tx(work)
  }

  function schedule() {
    if (scheduled) return
    scheduled = true
    clock.turn(settle)
  }

  function settle() {
    try {
      flush()
    } catch {
      // Whoever waited was told by its promise; the rest learns from `failures`.
    }
  }

  function flush() {
    scheduled = false
    cancelLazy?.()
    cancelLazy = null
    if (!open) return
    open = false
    const waiters = waiting
    waiting = null
    try {
      group!.commit()
    } catch (error) {
      failures++
      group!.rollback()
      onFailure(error)
      waiters?.reject(error)
      throw error
    }
    waiters?.resolve()
  }

  return {
    tx(work) {
      const result = begin(work)
      schedule()
      return result
    },
    lazily(work) {
      const result = begin(work)
      cancelLazy ??= clock.after(LAZY_MS, settle)
      return result
    },
    durable() {
      if (!open) return null
      if (!waiting) {
        waiting = Promise.withResolvers()
        waiting.promise.catch(() => {}) // a flush may fail with nobody left to hear it
        schedule()
      }
      return waiting.promise
    },
    get failures() {
      return failures
    },
    flush,
  }
}
