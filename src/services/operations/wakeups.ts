// Many wake-ups on the one alarm of the platform. The times live in memory: whoever needs one sets it again at the
// start, out of what it keeps on disk.

import { messageOf, type Logger } from '../../kit/log.ts'
import type { Alarm } from '../../ports/alarm.ts'
import type { Clock } from '../../ports/clock.ts'

export interface Wakeups {
  /** What to do when the wake-up `name` is due. */
  on(name: string, work: () => void | Promise<void>): void
  /** Sets or, with null, cancels one. `at` in epoch milliseconds. */
  set(name: string, at: number | null): void
  /** The alarm rang: sets it for what comes next, and does what is due. Never rejects. */
  ring(): Promise<void>
}

export function createWakeups(deps: { alarm: Alarm; clock: Clock; log: Logger }): Wakeups {
  const { alarm, clock, log } = deps
  const work = new Map<string, () => void | Promise<void>>()
  const times = new Map<string, number>()
  let armed: number | null = null

  function arm() {
    const next = times.size === 0 ? null : Math.min(...times.values())
    if (next === armed) return
    armed = next
    alarm.set(next)
  }

  /** One that fails, or does not end, keeps none of the others from what they are due to do. */
  async function run(name: string) {
    try {
      await work.get(name)?.()
    } catch (error) {
      log.error(`the wake-up "${name}" failed`, { error: messageOf(error) })
    }
  }

  return {
    on: (name, task) => void work.set(name, task),
    set(name, at) {
      if (at === null) times.delete(name)
      else times.set(name, at)
      arm()
    },
    async ring() {
      armed = null // an alarm that rang is used up
      const due = [...times].filter(([, at]) => at <= clock.now()).map(([name]) => name)
      for (const name of due) times.delete(name)
      arm() // before the work: what it sets arms again, and what comes next does not depend on its end
      await Promise.all(due.map(run))
    },
  }
}
