// Jobs as people have them, drawn at random: of all kinds of schedules, over several time zones, with each way to make up
// for what was missed.

import type { CronAdd } from '../../../src/protocol/cron-params.ts'
import type { CatchUp } from '../../../src/protocol/cron-shapes.ts'
import type { Schedule } from '../../../src/services/automation/schedule.ts'
import type { Random } from '../../chaos/random.ts'
import { jobOf } from './automation.ts'

export const MINUTE = 60_000
export const HOUR = 60 * MINUTE
/** The night before clocks go forward in Europe: the day has one hour less there. */
export const BEGIN = Date.UTC(2026, 2, 28, 18)

const CRON = ['*/5 * * * *', '*/15 * * * *', '30 2 * * *', '0 3 * * *', '0 * * * *', '10,40 1-4 * * *', '*/20 2 * * *', '0 0 * * *']
const ZONES = ['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Africa/Cairo']
const POLICIES: readonly (CatchUp | undefined)[] = [
  undefined,
  { policy: 'once' },
  { policy: 'skip' },
  { policy: 'all', max: 5 },
  { policy: 'window', windowMs: 30 * MINUTE },
]

function scheduleOf(random: Random, now: number): Schedule {
  switch (random.below(4)) {
    case 0:
      return { kind: 'cron', expr: random.pick(CRON), tz: random.pick(ZONES) }
    case 1:
      return { kind: 'at', at: new Date(now + (1 + random.below(300)) * MINUTE).toISOString() }
    default:
      return { kind: 'every', everyMs: (2 + random.below(58)) * MINUTE }
  }
}

/** One of ten puts a text into the queue of the main session; the others are turns, in which `job <n>` is said. */
export function drawJob(random: Random, n: number, now: number): CronAdd {
  const isEvent = random.below(10) === 0
  const catchUp = random.pick(POLICIES)
  const payload = isEvent ? { kind: 'systemEvent' as const, text: `event ${n}` } : { kind: 'agentTurn' as const, message: `job ${n}` }
  const { delivery, ...job } = jobOf({
    ...(isEvent && { sessionTarget: 'main' }),
    payload,
    name: `job ${n}`,
    schedule: scheduleOf(random, now),
    ...(catchUp && { catchUp }),
    deleteAfterRun: false,
  })
  return { ...job, ...(!isEvent && { delivery }), wakeMode: isEvent && random.below(2) === 0 ? 'now' : 'next-heartbeat' }
}

/** How long a turn takes: mostly less than half a minute, sometimes longer than a run may. */
export const drawSpan = (random: Random): number => (random.below(20) === 0 ? random.below(20 * MINUTE) : random.below(30_000))

export const drawFailure = (random: Random): boolean => random.below(15) === 0

/** How long a gateway that died stays away, when it does not come back at once. */
export const drawAbsence = (random: Random): number => random.below(random.below(4) === 0 ? 2 * HOUR : 3 * MINUTE)
