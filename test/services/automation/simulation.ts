// Days of a gateway with many jobs, in seconds: it dies at any moment, in the middle of a write too, its clock jumps, and
// its runs take their time and fail. Afterwards every slot must be accounted for once, and none may have started twice.

import { ModelError } from '../../../src/ports/model.ts'
import { createRandom } from '../../chaos/random.ts'
import { fakeClock, settled, type FakeClock } from '../../harness/clock.ts'
import { memorySql, type TestSql } from '../../harness/sql.ts'
import { answer, PLAYED, playedProvider, OPERATOR } from '../conversation/conversation.ts'
import { createAutomation, type Automation } from './automation.ts'
import { BEGIN, drawAbsence, drawFailure, drawJob, drawSpan, HOUR, MINUTE } from './job-mix.ts'
import { accountFor, type Account, type KnownJob } from './slot-account.ts'

export interface SimulationChoice {
  readonly jobs: number
  readonly hours: number
  readonly restarts: number
  readonly seed: number
}

export interface SimulationSummary extends SimulationChoice, Omit<Account, 'begunAgain'> {
  /** Deaths in the middle of a write. */
  readonly deathsWhileWriting: number
  readonly clockJumps: number
  readonly doubleStarts: number
}

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

export async function simulate(choice: SimulationChoice): Promise<SimulationSummary> {
  const random = createRandom(choice.seed)
  const world = fakeClock(BEGIN)
  const disk = memorySql()
  const skew = { ms: 0 }
  /** How often a run was handed to the table of runs. */
  const starts = new Map<string, number>()
  const until = BEGIN + choice.hours * HOUR
  const known: KnownJob[] = []
  let deathsWhileWriting = 0
  let clockJumps = 0

  const play = (clock: FakeClock) =>
    playedProvider(async function* (_, signal) {
      await new Promise<void>((resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
        clock.after(drawSpan(random), resolve)
      })
      if (drawFailure(random)) throw new ModelError('server', 'it failed')
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
    const { job } = cron.add(drawJob(random, n, clock.now()), OPERATOR)
    known.push({ id: job.id, createdAt: job.createdAt, schedule: job.definition.schedule })
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
    if (random.below(3) > 0) await world.advance(drawAbsence(random)) // it was down
    if (random.below(10) === 0) {
      skew.ms += random.below(2) === 0 ? HOUR : -HOUR
      clockJumps++
    }
    ;({ process, life } = await boot())
  }
  await process.pass(90 * MINUTE)
  process.scheduler.end()
  await process.pass(30 * MINUTE) // what runs, ends
  const { begunAgain, ...account } = accountFor(disk, known, process.clock.now())
  const twice = [...starts.values()].filter((times) => times > 1).length
  return { ...choice, ...account, doubleStarts: twice + begunAgain, deathsWhileWriting, clockJumps }
}

function ignoreDeath(error: unknown) {
  if (!(error instanceof Dead)) throw error
}
