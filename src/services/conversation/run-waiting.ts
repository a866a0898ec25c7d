// Those who wait for the end of a run, also of one that has not come yet.

import type { Clock } from '../../ports/clock.ts'
import type { RunResult } from './run-table.ts'

interface Running {
  readonly id: string
  readonly done: Promise<RunResult>
}

export interface RunWaiting {
  /** Tells those who wait for a run of this id that it is here. */
  arrived(run: Running): void
  /** Resolves when the run has ended; null after `timeoutMs`, also for a run that never came. */
  wait(runId: string, timeoutMs: number): Promise<RunResult | null>
}

/** Calls of `wait` for runs that nobody has sent yet. */
const MAX_EXPECTED = 1000

export function createRunWaiting(deps: {
  clock: Clock
  live: (runId: string) => Running | undefined
  /** Of a run that has ended. */
  resultOf: (runId: string) => RunResult | null
}): RunWaiting {
  const { clock, live, resultOf } = deps
  const expected = new Map<string, Set<(run: Running) => void>>()

  function expect(runId: string, follow: (run: Running) => void): void {
    if (expected.size < MAX_EXPECTED) expected.set(runId, (expected.get(runId) ?? new Set()).add(follow))
  }

  function forget(runId: string, follow: (run: Running) => void): void {
    const waiting = expected.get(runId)
    waiting?.delete(follow)
    if (waiting?.size === 0) expected.delete(runId)
  }

  return {
    arrived(run) {
      for (const follow of expected.get(run.id) ?? []) follow(run)
    },
    async wait(runId, timeoutMs) {
      const ended = resultOf(runId)
      const running = live(runId)
      if (ended && !running) return ended
      const { promise, resolve } = Promise.withResolvers<RunResult | null>()
      const follow = (run: Running) => void run.done.then(resolve)
      if (running) follow(running)
      else expect(runId, follow)
      const cancel = clock.after(timeoutMs, () => resolve(null))
      const result = await promise
      cancel()
      forget(runId, follow)
      return result
    },
  }
}
