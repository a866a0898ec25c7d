// Small tools for promises.

/** Resolves as `work` does, or rejects with the signal's reason as soon as it aborts. */
export function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const onAbort = () => reject(signal.reason as Error)
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}

/**
 * Lanes: work of one lane runs in order, one at a time; different lanes run side by side, at most `width()` at once.
 * `run` returns at once; `start` is called when the turn of the work has come and MUST NOT throw.
 */
export interface Lanes {
  /** What it returns takes the work out again, unless its turn has come. */
  run(lane: string, start: () => Promise<void>): () => void
  /** Whether work for `lane` would start at once. */
  isFree(lane: string): boolean
  /** Starts what fits now: call it when `width()` has grown. */
  widened(): void
  /** Work that waits or runs in `lane`. */
  depth(lane: string): number
  /** Work that waits or runs anywhere, and of it what runs. */
  readonly size: number
  readonly running: number
}

export function createLanes(width: () => number): Lanes {
  const lanes = new Map<string, (() => Promise<void>)[]>()
  const ready: string[] = []
  let running = 0
  let size = 0

  function pump() {
    while (running < width()) {
      const lane = ready.shift()
      if (lane === undefined) return
      const start = lanes.get(lane)?.[0]
      if (!start) continue
      running++
      void start().finally(() => finish(lane))
    }
  }

  function finish(lane: string) {
    running--
    size--
    const queue = lanes.get(lane)
    queue?.shift()
    if (queue?.length) ready.push(lane)
    else lanes.delete(lane)
    pump()
  }

  /** A lane that is ready has not started its first work yet; in any other lane that one runs. */
  function leave(lane: string, start: () => Promise<void>) {
    const queue = lanes.get(lane) ?? []
    const at = queue.indexOf(start)
    if (at === -1 || (at === 0 && !ready.includes(lane))) return
    size--
    queue.splice(at, 1)
    if (queue.length > 0) return
    lanes.delete(lane)
    ready.splice(ready.indexOf(lane), 1)
  }

  return {
    run(lane, start) {
      size++
      const queue = lanes.get(lane)
      if (queue) queue.push(start)
      else {
        lanes.set(lane, [start])
        ready.push(lane)
        pump()
      }
      return () => leave(lane, start)
    },
    isFree: (lane) => running < width() && ready.length === 0 && !lanes.has(lane),
    widened: pump,
    depth: (lane) => lanes.get(lane)?.length ?? 0,
    get size() {
      return size
    },
    get running() {
      return running
    },
  }
}
