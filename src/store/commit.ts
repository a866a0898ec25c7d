// Group commit. The writes of one turn of the event loop are one transaction, a group; groups that end while a flush
// to disk is under way share the next one. Nothing blocks: whoever acknowledges something waits until its group has
// settled, and the output gate does so for every answer and every event.

import type { Clock } from '../ports/clock.ts'
import type { Sql } from '../ports/sql.ts'

/** How long writes that nobody waits for may stay in an open group. */
const LAZY_MS = 25

export interface Commit {
  /** Runs `work` atomically. What it wrote is on disk once `settled` has reached the `position` behind it. */
  tx<T>(work: () => T): T
  /** As `tx`, for writes that nobody waits for: they end with the next others, or within 25 ms if nobody is told of them. */
  lazily<T>(work: () => T): T
  /** The number that `settled` must reach before anything that is known now may be told. */
  readonly position: number
  /** Groups up to this number are on disk, or have failed. */
  readonly settled: number
  /** Resolves when `settled` has reached `position`. */
  reached(position: number): Promise<void>
  /** How many groups have failed. What was written in them may be gone. */
  readonly failures: number
  /** Grows with everything that was taken back. What was remembered of the database before is worth nothing then. */
  readonly rollbacks: number
  /** Calls `work` when the running transaction is over, with whether it was kept; at once when none is running. */
  afterwards(work: (kept: boolean) => void): void
  /** Calls `work` at the end of each transaction, inside it: for writes that were put off until then. */
  beforeEnd(work: () => void): void
  /** Ends the open group and waits for the disk. */
  flush(): Promise<void>
}

/** `onFlush` is told how long each flush took. */
export function createCommit(sql: Sql, clock: Clock, onFailure: (error: unknown) => void, onFlush: (ms: number) => void = () => {}): Commit {
  const { group } = sql
  const endings: (() => void)[] = []
  const waiting: { readonly position: number; readonly resolve: () => void }[] = []
  let after: ((kept: boolean) => void)[] = []
  let nested = false
  let rollbacks = 0
  let failures = 0
  /** The number of the group that is open, or was the last. */
  let current = 0
  let settled = 0
  let open = false
  /** Somebody may be told of what the open group holds. */
  let owed = false
  let scheduled = false
  let cancelLazy: (() => void) | null = null

  /** A transaction inside another is part of it, and waited for as that one is. */
  function attempt<T>(work: () => T): T {
    nested = true
    try {
      return sql.tx(() => {
        const result = work()
        for (const ending of endings) ending()
        return result
      })
    } catch (error) {
      rollbacks++
      throw error
    } finally {
      nested = false
    }
  }

  function write<T>(work: () => T, isOwed: boolean): T {
    if (group && !open) {
      group.begin()
      open = true
      owed = false
      current++
    }
    let kept = false
    try {
      const result = attempt(work)
      kept = true
      return result
    } finally {
      const told = after
      after = []
      if (kept && (isOwed || told.length > 0)) owed = true
      if (group && (owed || !kept)) schedule() // also when it failed: the group that it opened must end
      for (const each of told) each(kept)
    }
  }

  function schedule() {
    if (scheduled) return
    scheduled = true
    clock.turn(end)
  }

  function end() {
    scheduled = false
    cancelLazy?.()
    cancelLazy = null
    if (!group || !open) return
    open = false
    const ended = current
    const endedAt = clock.now()
    try {
      group.commit().then(
        () => {
          onFlush(clock.now() - endedAt)
          settle(ended)
        },
        (error: unknown) => fail(ended, error),
      )
    } catch (error) {
      rollbacks++
      group.rollback()
      fail(ended, error)
    }
  }

  function fail(ended: number, error: unknown) {
    failures++
    onFailure(error)
    settle(ended)
  }

  function settle(ended: number) {
    settled = Math.max(settled, ended)
    while (waiting[0] && waiting[0].position <= settled) waiting.shift()!.resolve()
  }

  const commit: Commit = {
    tx(work) {
      if (nested) return work()
      return write(work, true)
    },
    lazily(work) {
      if (nested) return work()
      if (group) cancelLazy ??= clock.after(LAZY_MS, end)
      return write(work, false)
    },
    get position() {
      return open && !owed ? current - 1 : current
    },
    get settled() {
      return settled
    },
    // Positions only grow, so those who wait are in order.
    reached: (position) =>
      position <= settled ? Promise.resolve() : new Promise((resolve) => void waiting.push({ position, resolve })),
    get failures() {
      return failures
    },
    get rollbacks() {
      return rollbacks
    },
    afterwards: (work) => (nested ? void after.push(work) : work(true)),
    beforeEnd: (work) => void endings.push(work),
    flush() {
      end()
      return commit.reached(current)
    },
  }
  return commit
}
