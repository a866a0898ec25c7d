// A day of a Durable Object with many jobs, in a real workerd whose time goes fast. The object dies again and again, at
// any moment and in the middle of a write too, and workerd is killed; the alarm brings the object back. Every slot must
// be accounted for once, and none may have started twice: neither in its tables, nor as the model has heard it.
//   node test/chaos/cron-object.ts --jobs 200 --hours 24 --restarts 100 [--seed 1] [--speed 360]

import { setTimeout as pause } from 'node:timers/promises'
import type { Client } from '../harness/client.ts'
import { connect } from '../harness/ws.ts'
import { BEGIN, drawAbsence, drawJob, HOUR, MINUTE } from '../services/automation/job-mix.ts'
import { accountFor, type Account, type KnownJob } from '../services/automation/slot-account.ts'
import type { DeathWish } from './cron-worker/death.ts'
import { createFastTime, type FastTime } from './cron-worker/fast-time.ts'
import { countExcess, startJobModel, type JobModel, type KeptRun } from './job-model.ts'
import { addJobs, endJobs } from './object-jobs.ts'
import { readNumbers } from './numbers.ts'
import { createObjectVictim, type ObjectVictim } from './object-victim.ts'
import { createRandom, type Random } from './random.ts'

export interface ObjectDay {
  readonly jobs: number
  readonly hours: number
  readonly restarts: number
  readonly seed: number
  /** How many times as fast time goes by. */
  readonly speed: number
}

export interface ObjectDaySummary extends ObjectDay, Omit<Account, 'begunAgain'> {
  /** How often the object died by itself, and how often workerd was killed. */
  readonly deaths: number
  readonly kills: number
  /** How often the object came up. */
  readonly starts: number
  /** In the end, by its alarm alone. */
  readonly cameBack: boolean
  /** How often the model was asked by a run of a job. */
  readonly heard: number
  readonly doubleStarts: number
  readonly seconds: number
}

const TOKEN = 'token-of-the-object'
/** The share of restarts in which workerd is killed. */
const KILLS = 0.2
/** Real time within which an object dies that is to die later, and statements of SQL after which it does. */
const LATER_MS = 40
const STATEMENTS = 300
/** Without a death, at the end: what waits has its chance. */
const CALM_MS = 75 * MINUTE
/** So that jobs which are due once are not over before they are made. */
const AHEAD_MS = 10 * MINUTE
/** The gateway's own limit would be over at once. */
const HANDSHAKE_MS = 24 * HOUR
/** An object that hangs must not hang the day. */
const LIMIT_MS = 2 * MINUTE

export async function liveObjectDay(day: ObjectDay): Promise<ObjectDaySummary> {
  const victim = await createObjectVictim()
  try {
    return await inTime(victim, day)
  } finally {
    await victim.remove()
  }
}

async function inTime(victim: ObjectVictim, day: ObjectDay): Promise<ObjectDaySummary> {
  const time = createFastTime({ begin: BEGIN, since: Date.now(), speed: day.speed })
  const model = await startJobModel(createRandom(day.seed + 1), time.shrink)
  const late = new AbortController()
  const limitMs = LIMIT_MS + 2 * time.shrink(day.hours * HOUR)
  try {
    const limit = pause(limitMs, undefined, { signal: late.signal }).then(() => {
      throw new Error(`not done after ${limitMs / 1000} s: ${victim.output().slice(-2000)}`)
    })
    return await Promise.race([live(victim, model, time, day), limit])
  } finally {
    late.abort()
    await model.close()
  }
}

async function live(victim: ObjectVictim, model: JobModel, time: FastTime, day: ObjectDay): Promise<ObjectDaySummary> {
  const begun = performance.now()
  const random = createRandom(day.seed)
  const start = () => victim.start(varsOf(model, time))
  await start()
  const jobs = await withClient(victim, (client) => addJobs(client, day.jobs, (n) => drawJob(random, n, time.now() + AHEAD_MS), time))
  const kills = await suffer(victim, start, time, day, random)
  await time.until(BEGIN + day.hours * HOUR)
  const cameBack = await victim.comesUp()
  await time.until(time.now() + CALM_MS)
  const endedAt = await withClient(victim, (client) => endJobs(client, time))
  await victim.kill()
  const { deaths, births } = victim.counts()
  return {
    ...day,
    ...account(victim, model, jobs, endedAt),
    deaths,
    kills,
    starts: births,
    cameBack,
    seconds: Math.round((performance.now() - begun) / 100) / 10,
  }
}

/** Restarts at random moments. Resolves with how often workerd was killed for one. */
async function suffer(victim: ObjectVictim, start: () => Promise<void>, time: FastTime, { hours, restarts }: ObjectDay, random: Random): Promise<number> {
  const moments = Array.from({ length: restarts }, () => BEGIN + Math.floor(random.next() * hours * HOUR)).toSorted((a, b) => a - b)
  let kills = 0
  for (const moment of moments) {
    await time.until(moment)
    const wish = random.chance(KILLS) ? null : drawDeath(random)
    if (wish && (await victim.die(wish))) continue
    await victim.kill()
    kills++
    if (random.below(3) > 0) await pause(time.shrink(drawAbsence(random)))
    await start()
  }
  return kills
}

function drawDeath(random: Random): DeathWish {
  switch (random.below(3)) {
    case 0:
      return { kind: 'now' }
    case 1:
      return { kind: 'later', ms: random.below(LATER_MS) }
    default:
      return { kind: 'statement', n: random.below(STATEMENTS) }
  }
}

function varsOf(model: JobModel, { settings }: FastTime): Record<string, string> {
  return {
    OPENCLAW_CONFIG: JSON.stringify({ ...model.config, cron: { maxConcurrentRuns: 20 } }),
    OPENCLAW_GATEWAY_TOKEN: TOKEN,
    OPENCLAW_HANDSHAKE_TIMEOUT_MS: String(HANDSHAKE_MS),
    FAST_TIME: JSON.stringify(settings),
  }
}

async function withClient<T>({ url }: ObjectVictim, work: (client: Client) => Promise<T>): Promise<T> {
  const { client } = await connect(url, { token: TOKEN })
  try {
    return await work(client)
  } finally {
    client.close()
  }
}

function account(victim: ObjectVictim, { heard }: JobModel, jobs: readonly KnownJob[], endedAt: number) {
  return victim.read((sql) => {
    const { begunAgain, ...found } = accountFor(sql, jobs, endedAt)
    const runs = sql.all<KeptRun>('SELECT job_name AS job, claimed_at AS begin, ended_at AS "end" FROM cron_runs WHERE run_id IS NOT NULL')
    return { ...found, heard: heard.length, doubleStarts: begunAgain + countExcess(heard, runs) }
  })
}

async function main(): Promise<void> {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
  const summary = await liveObjectDay(readNumbers({ jobs: 200, hours: 24, restarts: 100, seed: 1, speed: 360 }))
  process.stdout.write(`${JSON.stringify(summary, null, 2)}\n`)
  const { doubleStarts, unaccounted, accountedTwice, stillOpen, cameBack } = summary
  if (doubleStarts + unaccounted + accountedTwice + stillOpen > 0 || !cameBack) process.exitCode = 1
}

if (import.meta.main) await main()
