// How long a run may take. The time during which it waits for a person does not count.

import type { Clock } from '../../ports/clock.ts'

export interface RunLimit {
  pause(): void
  go(): void
  end(): void
}

export function startLimit(clock: Clock, ms: number, onOver: () => void): RunLimit {
  let left = ms
  let since = clock.now()
  let cancel: (() => void) | null = clock.after(left, onOver)

  const stop = () => {
    cancel?.()
    cancel = null
  }

  return {
    pause() {
      if (!cancel) return
      left = Math.max(0, left - (clock.now() - since))
      stop()
    },
    go() {
      if (cancel) return
      since = clock.now()
      cancel = clock.after(left, onOver)
    },
    end: stop,
  }
}
