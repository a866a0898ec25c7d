// Sees to it that jobs run when they are due. A slot has a row before its run begins, written in the transaction that
// moves the job to its next slot: it starts at most once, and each slot is accounted for as run, skipped or missed.
// Times stand in the database; the one alarm of the gateway rings for the earliest of them.

import { messageOf, type Logger } from '../../kit/log.ts'
import { unavailable } from '../../protocol/errors.ts'
import type { CatchUp } from '../../protocol/cron-shapes.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Commit } from '../../store/commit.ts'
import type { Wakeups } from '../operations/wakeups.ts'
import { isOneByOne, passedBy, planSlots, type Plan, type Span } from './catch-up.ts'
import type { CronExecution } from './cron-execution.ts'
import type { CronRecord } from './cron-job.ts'
import type { CronRuns } from './cron-runs.ts'
import type { CronTable } from './cron-table.ts'
import type { CronTelling } from './cron-telling.ts'
import { timetableOf, type Timetable } from './schedule.ts'

export type RunMode = 'due' | 'force' | 'if-enabled'
export type Ran = { readonly runId: string } | { readonly reason: 'not-due' | 'already-running' | 'disabled' }

export interface Scheduler {
  /** Sets the alarm. What the last process left is settled when it rings, after runs were recovered. */
  begin(): void
  /** Starts nothing more. */
  end(): void
  /** Something has changed: the alarm is set anew. */
  arm(): void
  /** A run that a person asks for. */
  run(job: CronRecord, mode: RunMode): Ran
  timetable(job: CronRecord): Timetable
  /** When the next job is due; null: never. */
  readonly nextAt: number | null
}

export interface SchedulerDeps {
  readonly table: CronTable
  readonly rows: CronRuns
  readonly execution: CronExecution
  readonly telling: CronTelling
  readonly commit: Commit
  readonly clock: Clock
  readonly wakeups: Wakeups
  readonly log: Logger
  readonly hibernates: boolean
  readonly settings: () => { readonly enabled: boolean; readonly maxConcurrent: number; readonly skipMissed: boolean }
}

/** Jobs that are looked at in one go. */
const BATCH = 50
/** On a process a timer may sleep with its machine, or a clock be set: it is looked again after this time. */
const MAX_WAIT_MS = 60_000
/** How long it waits after the database failed. */
const BACKOFF_MS = 5000
const MAX_TIMETABLES = 1000

const MISSED = 'missed: the gateway could not run it in time'
const OVERLAP = 'skipped: the run before it had not ended'

export function createScheduler(deps: SchedulerDeps): Scheduler {
  const { table, rows, execution, telling, commit, clock, wakeups, log, settings } = deps
  const timetables = new Map<string, { readonly version: number; readonly timetable: Timetable }>()
  let state: 'idle' | 'looking' | 'ended' = 'idle'
  let failing = false

  wakeups.on('cron', look)
  execution.onEnd(look)

  function timetable(job: CronRecord): Timetable {
    const known = timetables.get(job.id)
    if (known?.version === job.version) return known.timetable
    const made = timetableOf(job.definition.schedule, job.id)
    if (timetables.size >= MAX_TIMETABLES) timetables.clear()
    timetables.set(job.id, { version: job.version, timetable: made })
    return made
  }

  const isFull = () => execution.active >= settings().maxConcurrent

  // --- the alarm ---

  /** What waits for a place is looked at when one is free. */
  const nextAt = () => (settings().enabled ? table.nextAfter(isFull() ? clock.now() : -1) : null)

  function alarmAt(): number | null {
    if (state === 'ended') return null
    const now = clock.now()
    if (failing) return now + BACKOFF_MS
    if (!execution.settled && rows.open().length > 0) return now
    const next = nextAt()
    return next === null || deps.hibernates ? next : Math.min(next, now + MAX_WAIT_MS)
  }

  const arm = () => wakeups.set('cron', alarmAt())

  function look() {
    if (state !== 'idle') return // a run that ended at once
    state = 'looking'
    try {
      failing = false
      execution.settle()
      const due = settings().enabled ? table.due(clock.now(), BATCH, isFull()) : []
      for (const job of due) attempt(job)
      state = 'idle'
      if (due.length === BATCH) wakeups.set('cron', clock.now())
      else arm()
    } catch (error) {
      log.error('jobs could not be looked at: it is tried again', { error: messageOf(error) })
      state = 'idle'
      failing = true
      arm()
    }
  }

  /** A job that fails by itself is switched off: it must not hold up the others. */
  function attempt(job: CronRecord) {
    try {
      handle(job)
    } catch (error) {
      log.error(`the job ${job.id} is switched off`, { error: messageOf(error) })
      const lastError = `switched off: ${messageOf(error)}`
      const off = { ...(table.get(job.id) ?? job), enabled: false, nextAt: null, updatedAt: clock.now(), state: { ...job.state, lastError } }
      commit.tx(() => table.put(off))
      telling.changed('updated', off)
    }
  }

  // --- slots ---

  function catchUpOf({ definition: { catchUp, schedule } }: CronRecord): CatchUp {
    if (catchUp) return catchUp
    return { policy: settings().skipMissed && schedule.kind !== 'at' ? 'skip' : 'once' }
  }

  /** Accounts for what is due of a job. Returns the id of the run that began. */
  function handle({ id }: CronRecord): string | null {
    const now = clock.now()
    const job = table.get(id) // what happened in the same batch may have changed it
    if (job?.nextAt === null || job?.nextAt === undefined || job.nextAt > now || job.held) return null
    const at = { timetable: timetable(job), due: job.nextAt, now }
    if (job.running !== null) {
      giveUp(job, { run: null, missed: passedBy(at), next: at.timetable.next(now) }, OVERLAP)
      return null
    }
    const plan = planSlots({ ...at, catchUp: catchUpOf(job) })
    if (plan.run !== null) return claim(job, plan, plan.run)
    giveUp(job, plan, MISSED)
    return null
  }

  /** Another process may have been faster: it has moved the job on. */
  const isCurrent = (job: CronRecord) => table.get(job.id)?.nextAt === job.nextAt

  function claim(job: CronRecord, plan: Plan, slot: number): string | null {
    if (job.definition.payload.kind === 'agentTurn' && isFull()) return null
    let missed: CronRecord | null = null
    const runId = execution.run(`cron:${job.id}:${slot}`, slot, () => {
      if (!isCurrent(job)) return null
      const before = plan.missed ? withSpan(job, plan.missed, MISSED, plan.next) : { job, isNew: false }
      if (before.isNew) missed = before.job
      return { ...before.job, nextAt: plan.next, held: isOneByOne(catchUpOf(job)) }
    })
    if (missed) skipped(missed, MISSED)
    return runId
  }

  const skipped = (job: CronRecord, error: string) => telling.finished(job, { ts: clock.now(), status: 'skipped', error })

  function giveUp(job: CronRecord, plan: Plan, reason: string) {
    const told = commit.tx(() => {
      if (!isCurrent(job)) return null
      const { job: after, isNew } = withSpan(job, plan.missed!, reason, plan.next)
      const done = { ...after, nextAt: plan.next, enabled: plan.next !== null || after.running !== null }
      table.put(done)
      return isNew ? done : null
    })
    if (told) skipped(told, reason)
  }

  function withSpan(job: CronRecord, span: Span, reason: string, next: number | null): { job: CronRecord; isNew: boolean } {
    const end = { ts: clock.now(), status: 'skipped' as const, runAtMs: span.from, ...(next !== null && { nextRunAtMs: next }) }
    const made = rows.giveUp(execution.head(job, job.lastRow + 1), span, reason, end)
    const consecutiveSkipped = (job.state.consecutiveSkipped ?? 0) + (span.slots ?? 1)
    return { job: { ...job, lastRow: job.lastRow + made, state: { ...job.state, consecutiveSkipped } }, isNew: made === 1 }
  }

  function force(job: CronRecord): Ran {
    if (job.definition.payload.kind === 'agentTurn' && isFull()) {
      throw unavailable('as many jobs are running as may at once: try again when one has ended', { retryAfterMs: 5000 })
    }
    const runId = `manual:${job.id}:${clock.now()}:${job.lastRow + 1}`
    execution.run(runId, null, () => ({ ...job, held: isOneByOne(catchUpOf(job)) }))
    return { runId }
  }

  function run(job: CronRecord, mode: RunMode): Ran {
    if (job.running !== null) return { reason: 'already-running' }
    if (mode === 'if-enabled' && !job.enabled) return { reason: 'disabled' }
    if (mode !== 'due') return force(job)
    const runId = handle(job)
    return runId === null ? { reason: 'not-due' } : { runId }
  }

  return {
    begin: arm,
    end() {
      state = 'ended'
      arm()
    },
    arm,
    run(job, mode) {
      const ran = run(job, mode)
      arm()
      return ran
    },
    timetable,
    get nextAt() {
      return nextAt()
    },
  }
}
