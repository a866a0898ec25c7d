// Days of a gateway with many jobs, in seconds: it dies at any moment, in the middle of a write too, its clock jumps, and
// its runs take their time and fail. Afterwards every slot must be accounted for once, and none may have started twice.

import { ModelError } from '../../../src/ports/model.ts'
import type { CatchUp } from '../../../src/protocol/cron-shapes.ts'
import type { CronRecord } from '../../../src/services/automation/cron-job.ts'
import type { Schedule } from '../../../src/services/automation/schedule.ts'
import { timetableOf } from '../../../src/services/automation/schedule.ts'
import { createRandom, type Random } from '../../chaos/random.ts'
import { fakeClock, settled, type FakeClock } from '../../harness/clock.ts'
import { memorySql, type TestSql } from '../../harness/sql.ts'
import { answer, PLAYED, playedProvider, OPERATOR } from '../conversation/conversation.ts'
import { createAutomation, jobOf, rowsOf, type Automation } from './automation.ts'

export interface SimulationChoice {
  readonly jobs: number
  readonly hours: number
  readonly restarts: number
  readonly seed: number
}

export interface SimulationSummary extends SimulationChoice {
  readonly slots: number
  readonly runs: number
  readonly failed: number
  readonly interrupted: number
  readonly skipped: number
  readonly missed: number
  /** Deaths in the middle of a write. */
  readonly deathsWhileWriting: number
  readonly clockJumps: number
  readonly doubleStarts: number
  readonly unaccounted: number
  readonly accountedTwice: number
  readonly stillOpen: number
}

const MINUTE = 60_000
const HOUR = 60 * MINUTE
/** The night before clocks go forward in Europe: the day has one hour less there. */
const BEGIN = Date.UTC(2026, 2, 28, 18)

class Dead extends Error {}

/** A database that is gone for this process when it dies, and keeps what was committed. */
function mortal(sql: TestSql) {
  let left = Number.POSITIVE_INFINITY
  let dead = false
  let open = false
  const step = () => {
    if (dead || --left < 0) {
      dead = true
      throw new Dead('the process is dead')
    }
  }
  const guarded: TestSql = {
    ...sql,
    sync: () => sql.sync(),
    all: (query, ...params) => (step(), sql.all(query, ...params)),
    get: (query, ...params) => (step(), sql.get(query, ...params)),
    run: (query, ...params) => (step(), sql.run(query, ...params)),
    tx: (work) => (dead ? step() : undefined, sql.tx(work)),
    group: {
      begin() {
        step()
        sql.group!.begin()
        open = true
      },
      async commit() {
        step()
        open = false
        await sql.group!.commit()
      },
      rollback() {
        if (open) sql.group!.rollback()
        open = false
      },
    },
  }
  return {
    sql: guarded,
    dieWithin: (statements: number) => void (left = statements),
    get isDead() {
      return dead
    },
    end() {
      dead = true
      if (open) sql.group!.rollback()
      open = false
    },
  }
}

/** The clock of the world, as one process sees it: set wrong perhaps, and silent once the process is dead. */
function clockOf(world: FakeClock, skew: { ms: number }, isDead: () => boolean): FakeClock {
  return {
    now: () => world.now() + skew.ms,
    after: (ms, work) => world.after(ms, () => void (isDead() || work())),
    turn: (work) => world.turn(() => void (isDead() || work())),
    advance: (ms) => world.advance(ms),
    get pending() {
      return world.pending
    },
  }
}

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

export async function simulate(choice: SimulationChoice): Promise<SimulationSummary> {
  const random = createRandom(choice.seed)
  const world = fakeClock(BEGIN)
  const disk = memorySql()
  const skew = { ms: 0 }
  /** How often a run was handed to the table of runs. */
  const starts = new Map<string, number>()
  const until = BEGIN + choice.hours * HOUR
  const known = new Map<string, { job: CronRecord; createdAt: number }>()
  let deathsWhileWriting = 0
  let clockJumps = 0

  const play = (clock: FakeClock) =>
    playedProvider(async function* (_, signal) {
      await new Promise<void>((resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
        clock.after(random.below(20) === 0 ? random.below(20 * MINUTE) : random.below(30_000), resolve)
      })
      if (random.below(15) === 0) throw new ModelError('server', 'it failed')
      yield answer('done')
    })

  async function boot(): Promise<{ process: Automation; life: ReturnType<typeof mortal> }> {
    const life = mortal(disk)
    const clock = clockOf(world, skew, () => life.isDead)
    const config = { ...PLAYED, cron: { maxConcurrentRuns: 20 } }
    const process = await createAutomation({ sql: life.sql, clock, config, providers: [play(clock)] })
    const { start } = process.runs
    Object.assign(process.runs, {
      start(request: Parameters<typeof start>[0]) {
        if (request.origin === 'cron' && !life.isDead) starts.set(request.runId, (starts.get(request.runId) ?? 0) + 1)
        return start(request)
      },
    })
    await process.start()
    return { process, life }
  }

  function addJob({ cron, clock }: Automation, n: number) {
    const isEvent = random.below(10) === 0
    const catchUp = random.pick(POLICIES)
    const base = isEvent ? { sessionTarget: `main` as const, payload: { kind: 'systemEvent' as const, text: `event ${n}` } } : {}
    const { delivery, ...job } = jobOf({ ...base, name: `job ${n}`, schedule: scheduleOf(random, clock.now()), ...(catchUp && { catchUp }), deleteAfterRun: false })
    const added = cron.add({ ...job, ...(!isEvent && { delivery }), wakeMode: isEvent && random.below(2) === 0 ? 'now' : 'next-heartbeat' }, OPERATOR)
    known.set(added.job.id, { job: added.job, createdAt: added.job.createdAt })
  }

  let { process, life } = await boot()
  for (let n = 0; n < choice.jobs; n++) addJob(process, n)
  await settled()
  const deaths = Array.from({ length: choice.restarts }, () => BEGIN + Math.floor(random.next() * choice.hours * HOUR)).toSorted((a, b) => a - b)
  for (const at of [...deaths, until]) {
    await process.pass(Math.max(0, at - world.now())).catch(ignoreDeath)
    if (at === until) break
    if (random.below(2) === 0) {
      life.dieWithin(random.below(200)) // somewhere in what comes next
      await process.pass(random.below(5 * MINUTE)).catch(ignoreDeath)
      deathsWhileWriting += Number(life.isDead)
    }
    life.end()
    await settled()
    if (random.below(3) > 0) await world.advance(random.below(random.below(4) === 0 ? 2 * HOUR : 3 * MINUTE)) // it was down
    if (random.below(10) === 0) {
      skew.ms += random.below(2) === 0 ? HOUR : -HOUR
      clockJumps++
    }
    ;({ process, life } = await boot())
  }
  await process.pass(90 * MINUTE)
  process.scheduler.end()
  await process.pass(30 * MINUTE) // what runs, ends
  return { ...choice, ...check(disk, known, starts, process), deathsWhileWriting, clockJumps }
}

function ignoreDeath(error: unknown) {
  if (!(error instanceof Dead)) throw error
}

function check(disk: TestSql, known: ReadonlyMap<string, { job: CronRecord; createdAt: number }>, starts: ReadonlyMap<string, number>, process: Automation) {
  const sum = { slots: 0, runs: 0, failed: 0, interrupted: 0, skipped: 0, missed: 0, unaccounted: 0, accountedTwice: 0, stillOpen: 0 }
  for (const { job, createdAt } of known.values()) {
    const now = process.cron.get(job.id)
    const rows = rowsOf(disk, job.id)
    const timetable = timetableOf(job.definition.schedule, job.id)
    const end = now.nextAt ?? Number.MAX_SAFE_INTEGER
    const last = Math.max(0, ...rows.map((row) => row.last_slot_at ?? 0))
    for (let slot = timetable.next(createdAt); slot !== null && slot < end && slot <= Math.max(last, process.clock.now()); slot = timetable.next(slot)) {
      const moment = slot
      const holders = rows.filter(({ slot_at, last_slot_at }) => slot_at !== null && moment >= slot_at && moment <= last_slot_at!)
      sum.slots++
      if (holders.length === 0) sum.unaccounted++
      if (holders.length > 1) sum.accountedTwice++
    }
    for (const { status, run_id, slots } of rows) {
      if (run_id === null) continue
      sum.runs++
      if (status === null) sum.stillOpen++
      if (status === 'error') sum.failed++
      if (slots !== 1) sum.accountedTwice++
    }
  }
  const count = (text: string) => disk.get<{ n: number | null }>(`SELECT sum(coalesce(slots, 1)) AS n FROM cron_runs WHERE run_id IS NULL AND said LIKE ?`, `${text}%`)!.n ?? 0
  sum.skipped = count('skipped')
  sum.missed = count('missed')
  sum.interrupted = disk.get<{ n: number }>(`SELECT count(*) AS n FROM cron_runs WHERE said LIKE '%interrupted%'`)!.n
  const twice = [...starts.values()].filter((times) => times > 1).length
  const begunAgain = disk.get<{ n: number }>(`SELECT count(*) AS n FROM runs WHERE origin = 'cron' AND attempts > 1`)!.n
  return { ...sum, doubleStarts: twice + begunAgain }
}
