// The runs of jobs, from the row that claims one to the row that says how it ended. A run begins once its row is on
// disk, and under a key that is made of its slot: the table of runs is the second fence against a second start.

import { messageOf, type Logger } from '../../kit/log.ts'
import { GatewayError } from '../../protocol/errors.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Commit } from '../../store/commit.ts'
import type { Gate } from '../../store/gate.ts'
import type { RunResult } from '../conversation/run-table.ts'
import type { CronDefinition, CronRecord } from './cron-job.ts'
import { endOfEvent, endOfFailure, endOfTurn, SILENT, stateAfter, type Place } from './cron-outcome.ts'
import type { CronRuns, OpenRow, RowEnd, RowHead } from './cron-runs.ts'
import type { CronSessions } from './cron-sessions.ts'
import type { CronTable } from './cron-table.ts'
import type { CronTelling } from './cron-telling.ts'
import type { CronTurns } from './cron-turns.ts'

export interface CronExecution {
  /** Claims a run and begins it. `work` makes the job as it is with the claim, in the same transaction; null: nothing is claimed. */
  run(runId: string, slot: number | null, work: () => CronRecord | null): string | null
  head(job: CronRecord, n: number): RowHead
  /** Takes up what the last process left open. Call it after runs were recovered. */
  settle(): void
  readonly settled: boolean
  /** Told whenever a run has ended. */
  onEnd(listener: () => void): void
  readonly active: number
}

export interface CronExecutionDeps {
  readonly table: CronTable
  readonly rows: CronRuns
  readonly turns: CronTurns
  readonly sessions: CronSessions
  readonly telling: CronTelling
  readonly commit: Commit
  readonly gate: Gate
  readonly clock: Clock
  readonly log: Logger
  /** The text of a job without a turn; part of the transaction that claims its slot. */
  readonly queueEvent: (sessionKey: string, text: string) => void
  /** It stands in the queue, and is to be heard now. */
  readonly wake: (definition: CronDefinition, sessionKey: string) => void
}

const INTERRUPTED = 'interrupted: the gateway stopped before this run began'

/** What a claim has led to. */
interface Claimed {
  readonly job: CronRecord
  readonly row: OpenRow
  /** Of a job without a turn. */
  readonly end: RowEnd | null
}

export function createCronExecution(deps: CronExecutionDeps): CronExecution {
  const { table, rows, turns, sessions, telling, commit, gate, clock, log } = deps
  /** Jobs whose run this process follows. */
  const active = new Set<string>()
  const listeners: (() => void)[] = []
  let settled = false

  const head = (job: CronRecord, n: number): RowHead => {
    return { jobId: job.id, n, agentId: turns.agentOf(job.definition), jobName: job.definition.name, at: clock.now() }
  }

  // --- the beginning ---

  function claim(job: CronRecord, runId: string, slot: number | null): Claimed {
    const n = job.lastRow + 1
    const row = { jobId: job.id, n, runId, claimedAt: clock.now() }
    rows.claim(head(job, n), runId, slot)
    rows.trim(job.id, n)
    const taken = { ...job, lastRow: n, running: n }
    if (job.definition.payload.kind === 'agentTurn') {
      table.put(taken)
      return { job: taken, row, end: null }
    }
    const end = queue(taken, job.definition.payload.text)
    return { job: conclude(taken, n, end), row, end }
  }

  function queue(job: CronRecord, text: string): RowEnd {
    try {
      const key = turns.eventKeyOf(job.definition)
      deps.queueEvent(key, text)
      return endOfEvent(job, key, text, clock.now())
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error
      return endOfFailure(job, error.message, clock.now(), clock.now())
    }
  }

  function run(runId: string, slot: number | null, work: () => CronRecord | null): string | null {
    const since = gate.mark()
    const claimed = commit.tx(() => {
      const job = work()
      return job && claim(job, runId, slot)
    })
    if (!claimed) return null
    const { job, row, end } = claimed
    telling.started({ ...job, running: row.n }, row.claimedAt, runId)
    if (end) {
      tell(job, end, runId)
      if (end.status === 'ok' && job.definition.wakeMode === 'now') deps.wake(job.definition, end.sessionKey!)
      return runId
    }
    active.add(job.id)
    void gate.passed(since).then(
      () => start(job, row),
      () => forsake(row),
    )
    return runId
  }

  function start(job: CronRecord, row: OpenRow) {
    try {
      const { place, done } = turns.start(job, row.runId)
      void done.then((result) => finish(row, result, place, job))
    } catch (error) {
      fail(row, `could not be started: ${messageOf(error)}`, job)
    }
  }

  /** Nothing of it stands on disk: it is due again when the alarm rings next. */
  function forsake(row: OpenRow) {
    active.delete(row.jobId)
    settled = false
    log.error(`the run ${row.runId} did not begin: its row could not be written`)
  }

  // --- the end ---

  /** `known`: the job as it was when the run began, for one that is gone meanwhile. */
  function finish(row: OpenRow, result: RunResult, place: Place, known?: CronRecord) {
    const answer = result.text.trim()
    const heard = result.state === 'ok' && answer !== '' && answer !== SILENT ? answer : null
    end(row, known, (job) => {
      sessions.close(job, place.sessionKey, heard, clock.now())
      return endOfTurn(job, result, place, row.claimedAt, clock.now())
    })
  }

  const fail = (row: OpenRow, error: string, known?: CronRecord) => end(row, known, (job) => endOfFailure(job, error, row.claimedAt, clock.now()))

  /** Never throws: what cannot be written now is settled later. */
  function end(row: OpenRow, known: CronRecord | undefined, outcome: (job: CronRecord) => RowEnd) {
    active.delete(row.jobId)
    try {
      const told = commit.tx(() => {
        const job = table.get(row.jobId) ?? known
        if (!job) return rows.finish(row.jobId, row.n, endOfFailure(GONE, INTERRUPTED, row.claimedAt, clock.now()))
        const ended = outcome(job)
        return { job: conclude(job, row.n, ended), ended }
      })
      if (told) tell(told.job, told.ended, row.runId)
    } catch (error) {
      settled = false
      log.error(`the end of the run ${row.runId} could not be written`, { error: messageOf(error) })
    }
    for (const listener of listeners) listener()
  }

  /** Writes the end of a run: its row, and the job after it. */
  function conclude(job: CronRecord, n: number, end: RowEnd): CronRecord {
    rows.finish(job.id, n, end)
    const isOver = job.definition.schedule.kind === 'at' && job.nextAt === null
    const after = { ...job, running: null, held: false, enabled: job.enabled && !isOver, state: stateAfter(job, end) }
    if (table.get(job.id) === null) return after // it was removed meanwhile
    if (isDone(job, end)) table.delete(job.id)
    else table.put(after)
    return after
  }

  const isDone = ({ definition }: CronRecord, end: RowEnd) => end.status === 'ok' && definition.deleteAfterRun === true

  function tell(job: CronRecord, end: RowEnd, runId: string) {
    telling.finished(job, end, runId)
    if (isDone(job, end)) telling.changed('removed', job)
  }

  // --- over a restart ---

  /** Runs go on, have ended, or never began. */
  function settle() {
    if (settled) return
    settled = true
    for (const row of rows.open()) {
      if (active.has(row.jobId)) continue
      const found = turns.find(row.runId)
      if (!found) fail(row, INTERRUPTED)
      else if ('result' in found) finish(row, found.result, found.place)
      else {
        active.add(row.jobId)
        void found.done.then((result) => finish(row, result, found.place))
      }
    }
  }

  return {
    run,
    head,
    settle,
    get settled() {
      return settled
    },
    onEnd: (listener) => void listeners.push(listener),
    get active() {
      return active.size
    },
  }
}

/** Stands for a job that is gone. */
const GONE = { nextAt: null } as CronRecord
