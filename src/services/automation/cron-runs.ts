// The rows of slots and runs: each slot of a job has exactly one, claimed before its run, or one of a span that nobody
// ran. Rows of a job are numbered from 1; the oldest are forgotten.

import type { CronRunsQuery } from '../../protocol/cron-params.ts'
import type { CronRunEntry, CronStatus, DeliveryStatus } from '../../protocol/cron-shapes.ts'
import type { Sql, SqlValue } from '../../ports/sql.ts'
import type { Migration } from '../../store/migrate.ts'
import type { Span } from './catch-up.ts'

/** The unique index is the first fence against a second start of a slot; the key of the run in the run table is the second. */
export const cronRunsMigration: Migration = {
  name: 'cron/runs',
  script: `CREATE TABLE cron_runs (
    job_id TEXT NOT NULL, n INTEGER NOT NULL, slot_at INTEGER, last_slot_at INTEGER, slots INTEGER,
    run_id TEXT, agent_id TEXT NOT NULL, job_name TEXT NOT NULL, claimed_at INTEGER NOT NULL,
    ended_at INTEGER, status TEXT, delivery TEXT, said TEXT, entry TEXT,
    PRIMARY KEY (job_id, n)
  );
  CREATE UNIQUE INDEX cron_runs_slot ON cron_runs (job_id, slot_at) WHERE slot_at IS NOT NULL;
  CREATE INDEX cron_runs_ended ON cron_runs (ended_at, job_id, n) WHERE ended_at IS NOT NULL;
  CREATE INDEX cron_runs_open ON cron_runs (job_id) WHERE ended_at IS NULL;
  CREATE INDEX cron_runs_of_job ON cron_runs (job_id, n) WHERE ended_at IS NOT NULL;
  CREATE INDEX cron_runs_run ON cron_runs (run_id) WHERE run_id IS NOT NULL`,
}

/** What a row is about. */
export interface RowHead {
  readonly jobId: string
  readonly n: number
  readonly agentId: string
  readonly jobName: string
  readonly at: number
}

/** How a run ended, as it is told. */
export type RowEnd = Omit<CronRunEntry, 'jobId' | 'action' | 'jobName' | 'runId'>

/** A run that has not ended. */
export interface OpenRow {
  readonly jobId: string
  readonly n: number
  readonly runId: string
  readonly claimedAt: number
}

export interface CronRuns {
  /** Throws when the slot has a row. `slotAt` is null for a run that a person asked for. */
  claim(head: RowHead, runId: string, slotAt: number | null): void
  finish(jobId: string, n: number, end: RowEnd): void
  /** Slots that nobody runs. Adds to the row before it when that says the same; returns how many rows were made. */
  giveUp(head: RowHead, span: Span, reason: string, end: RowEnd): 0 | 1
  /** Of one job, or of all. */
  open(jobId?: string): OpenRow[]
  page(query: CronRunsQuery, jobId: string | undefined): { entries: CronRunEntry[]; total: number }
  has(jobId: string): boolean
  /** Keeps the newest rows of a job; part of what writes a new one. */
  trim(jobId: string, lastRow: number): void
  /** Forgets some of what ended before `before`. */
  prune(before: number): void
}

/** Rows that a job keeps. */
export const KEPT_ROWS = 2000
/** Rows that one call of `prune` takes away at most. */
const PRUNE_STEP = 5000

interface Row {
  job_id: string
  job_name: string
  run_id: string | null
  entry: string
}

export function createCronRuns(sql: Sql): CronRuns {
  const insert = ({ jobId, n, agentId, jobName, at }: RowHead, slot: readonly [number | null, number | null, number | null], runId: string | null) =>
    sql.run(
      `INSERT INTO cron_runs (job_id, n, slot_at, last_slot_at, slots, run_id, agent_id, job_name, claimed_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      jobId,
      n,
      ...slot,
      runId,
      agentId,
      jobName.slice(0, 200),
      at,
    )

  function finish(jobId: string, n: number, end: RowEnd) {
    const { ts, status, deliveryStatus = 'not-requested', summary = '', error = '' } = end
    const said = `${summary}\n${error}`.toLowerCase()
    sql.run(
      'UPDATE cron_runs SET ended_at = ?, status = ?, delivery = ?, said = ?, entry = ? WHERE job_id = ? AND n = ?',
      ts,
      status,
      deliveryStatus,
      said,
      JSON.stringify(end),
      jobId,
      n,
    )
  }

  /** A run of an hour on a job of each second makes one row, not an hour of them. */
  function extend({ jobId, n, at }: RowHead, span: Span, reason: string): boolean {
    const last = sql.get<{ n: number; slots: number | null; entry: string }>(
      `SELECT n, slots, entry FROM cron_runs WHERE job_id = ? AND n = ? AND status = 'skipped' AND run_id IS NULL`,
      jobId,
      n - 1,
    )
    if (!last) return false
    const end = JSON.parse(last.entry) as RowEnd
    if (end.summary !== reason) return false
    const slots = last.slots === null || span.slots === null ? null : last.slots + span.slots
    sql.run('UPDATE cron_runs SET last_slot_at = ?, slots = ? WHERE job_id = ? AND n = ?', span.to, slots, jobId, last.n)
    finish(jobId, last.n, { ...end, ts: at, error: toldOf(reason, slots) })
    return true
  }

  return {
    claim: (head, runId, slotAt) => insert(head, [slotAt, slotAt, slotAt === null ? null : 1], runId),
    finish,
    giveUp(head, span, reason, end) {
      if (extend(head, span, reason)) return 0
      insert(head, [span.from, span.to, span.slots], null)
      finish(head.jobId, head.n, { ...end, status: 'skipped', summary: reason, error: toldOf(reason, span.slots) })
      return 1
    },
    open: (jobId) =>
      sql.all<OpenRow>(
        `SELECT job_id AS jobId, n, run_id AS runId, claimed_at AS claimedAt FROM cron_runs
         WHERE ended_at IS NULL ${jobId === undefined ? '' : 'AND job_id = ?'} ORDER BY job_id, n`,
        ...(jobId === undefined ? [] : [jobId]),
      ),
    page(query, jobId) {
      const { where, values } = narrow(query, jobId)
      const down = query.sortDir === 'desc' ? 'DESC' : 'ASC'
      const order = jobId === undefined ? `ended_at ${down}, job_id ${down}, n ${down}` : `n ${down}`
      const rows = sql.all<Row>(`SELECT job_id, job_name, run_id, entry FROM cron_runs ${where} ORDER BY ${order} LIMIT ? OFFSET ?`, ...values, query.limit, query.offset)
      return { entries: rows.map(toEntry), total: sql.get<{ n: number }>(`SELECT count(*) AS n FROM cron_runs ${where}`, ...values)!.n }
    },
    has: (jobId) => sql.get('SELECT 1 FROM cron_runs WHERE job_id = ? LIMIT 1', jobId) !== undefined,
    trim: (jobId, lastRow) => sql.run('DELETE FROM cron_runs WHERE job_id = ? AND n <= ? AND ended_at IS NOT NULL', jobId, lastRow - KEPT_ROWS),
    prune: (before) =>
      sql.run(
        'DELETE FROM cron_runs WHERE rowid IN (SELECT rowid FROM cron_runs WHERE ended_at IS NOT NULL AND ended_at < ? ORDER BY ended_at LIMIT ?)',
        before,
        PRUNE_STEP,
      ),
  }
}

/** `missed: the gateway was not running (3 slots)`. */
const toldOf = (reason: string, slots: number | null): string => {
  if (slots === 1) return reason
  return `${reason} (${slots === null ? 'many' : slots} slots)`
}

const toEntry = ({ job_id: jobId, job_name: jobName, run_id: runId, entry }: Row): CronRunEntry => ({
  ...(JSON.parse(entry) as RowEnd),
  jobId,
  action: 'finished',
  jobName,
  ...(runId !== null && { runId }),
})

function narrow(query: CronRunsQuery, jobId: string | undefined): { where: string; values: SqlValue[] } {
  const parts: string[] = ['ended_at IS NOT NULL']
  const values: SqlValue[] = []
  const equals = (column: string, value: string | undefined) => {
    if (value === undefined) return
    parts.push(`${column} = ?`)
    values.push(value)
  }
  const within = (column: string, wanted: readonly string[]) => {
    if (wanted.length === 0) return
    parts.push(`${column} IN (${wanted.map(() => '?').join(', ')})`)
    values.push(...wanted)
  }
  equals('job_id', jobId)
  equals('agent_id', query.agentId)
  equals('run_id', query.runId)
  within('status', query.statuses ?? statusesOf(query.status))
  within('delivery', query.deliveryStatuses ?? deliveriesOf(query.deliveryStatus))
  const wanted = query.query?.trim().toLowerCase()
  if (wanted) {
    parts.push('(instr(said, ?) > 0 OR instr(lower(job_name), ?) > 0)')
    values.push(wanted, wanted)
  }
  return { where: `WHERE ${parts.join(' AND ')}`, values }
}

const statusesOf = (status: CronRunsQuery['status']): readonly CronStatus[] => (status === undefined || status === 'all' ? [] : [status])
const deliveriesOf = (status: DeliveryStatus | undefined): readonly DeliveryStatus[] => (status === undefined ? [] : [status])
