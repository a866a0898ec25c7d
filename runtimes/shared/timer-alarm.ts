// The alarm of a process: one timer.

import type { Alarm, Clock } from '../../src/index.ts'

/** `ring` is called when the time has come; `onRing` MUST end up in `gateway.wake()`. */
export function createTimerAlarm(clock: Clock, onRing: () => void): Alarm {
  let cancel = () => {}
  return {
    set(at) {
      cancel()
      cancel = at === null ? () => {} : clock.after(at - clock.now(), onRing)
    },
  }
}
