// The account of all slots of all jobs, from what stands in the database: each must be in one row, as a run, skipped or
// missed, and nothing may be open.

import type { Sql } from '../../../src/index.ts'
import { timetableOf, type Schedule } from '../../../src/services/automation/schedule.ts'
import { rowsOf } from './automation.ts'

export interface KnownJob {
  readonly id: string
  readonly createdAt: number
  readonly schedule: Schedule
}

export interface Account {
  readonly slots: number
  readonly runs: number
  readonly failed: number
  readonly interrupted: number
  readonly skipped: number
  readonly missed: number
  readonly unaccounted: number
  readonly accountedTwice: number
  readonly stillOpen: number
  /** Runs that a later process began again. */
  readonly begunAgain: number
}

/** What has been due for so long must be in a row by now; what is younger may still wait. */
const PATIENCE_MS = 60 * 60_000

/** `now`: when the account is made; slots behind it are not due, unless they have a row. */
export function accountFor(sql: Pick<Sql, 'all' | 'get'>, jobs: Iterable<KnownJob>, now: number): Account {
  const sum = { slots: 0, runs: 0, failed: 0, unaccounted: 0, accountedTwice: 0, stillOpen: 0 }
  for (const job of jobs) {
    const rows = rowsOf(sql, job.id)
    const timetable = timetableOf(job.schedule, job.id)
    const next = sql.get<{ next_at: number | null }>('SELECT next_at FROM cron_jobs WHERE id = ?', job.id)?.next_at ?? Number.MAX_SAFE_INTEGER
    const end = Math.max(next, now - PATIENCE_MS)
    const last = Math.max(now, ...rows.map((row) => row.last_slot_at ?? 0))
    for (let slot = timetable.next(job.createdAt); slot !== null && slot < end && slot <= last; slot = timetable.next(slot)) {
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
  const given = (reason: string) =>
    sql.get<{ n: number | null }>('SELECT sum(coalesce(slots, 1)) AS n FROM cron_runs WHERE run_id IS NULL AND said LIKE ?', `${reason}%`)!.n ?? 0
  const count = (what: string) => sql.get<{ n: number }>(`SELECT count(*) AS n FROM ${what}`)!.n
  return {
    ...sum,
    skipped: given('skipped'),
    missed: given('missed'),
    interrupted: count(`cron_runs WHERE said LIKE '%interrupted%'`),
    begunAgain: count(`runs WHERE origin = 'cron' AND attempts > 1`),
  }
}
