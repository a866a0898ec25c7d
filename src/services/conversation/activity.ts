// Which sessions have a run in the works right now. Lives in memory: runs that a crash interrupted are taken up again
// at the start, and marked here again.

export interface Activity {
  begin(sessionKey: string, runId: string): void
  end(sessionKey: string, runId: string): void
  runsOf(sessionKey: string): string[]
  readonly count: number
}

export function createActivity(): Activity {
  const active = new Map<string, Set<string>>()
  let count = 0
  return {
    begin(sessionKey, runId) {
      const runs = active.get(sessionKey) ?? new Set()
      active.set(sessionKey, runs.add(runId))
      count++
    },
    end(sessionKey, runId) {
      const runs = active.get(sessionKey)
      if (!runs?.delete(runId)) return
      count--
      if (runs.size === 0) active.delete(sessionKey)
    },
    runsOf: (sessionKey) => [...(active.get(sessionKey) ?? [])],
    get count() {
      return count
    },
  }
}
