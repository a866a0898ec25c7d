// Work that must not overlap: one at a time, in the order in which it came.

export interface Turns {
  /** Runs `work` when its turn has come; resolves, or rejects, as it does. */
  take<T>(work: () => Promise<T>): Promise<T>
}

export function createTurns(): Turns {
  let last: Promise<unknown> = Promise.resolve()
  return {
    take(work) {
      const result = last.then(work)
      last = result.catch(() => {})
      return result
    },
  }
}
