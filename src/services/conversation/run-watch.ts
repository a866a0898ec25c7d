// Sees to it that runs go on where the gateway may be put to sleep, or thrown out of memory, in the middle of one: as
// long as any is in the works an alarm is set, and the start that it causes takes up what was left.

import type { Clock } from '../../ports/clock.ts'
import type { Wakeups } from '../operations/wakeups.ts'

const WATCH_MS = 30_000

export interface RunWatch {
  /** Told how many runs are in the works whenever that changes. */
  onActivity(active: number): void
}

export function createRunWatch(deps: { wakeups: Wakeups; clock: Clock; hibernates: boolean }): RunWatch {
  const { wakeups, clock } = deps
  let watching = 0

  const set = (active: number) => wakeups.set('runs', active > 0 ? clock.now() + WATCH_MS : null)
  wakeups.on('runs', () => set(watching))

  return {
    onActivity(active) {
      if (!deps.hibernates) return
      if (active > 0 !== watching > 0) set(active)
      watching = active
    },
  }
}
