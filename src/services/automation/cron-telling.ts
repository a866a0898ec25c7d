// What the world hears of jobs.

import { cron as cronEvent } from '../../protocol/cron-events.ts'
import type { Bus } from '../bus.ts'
import type { CronRecord } from './cron-job.ts'
import type { CronRuns, RowEnd } from './cron-runs.ts'
import { toFullView } from './cron-view.ts'

export interface CronTelling {
  changed(action: 'added' | 'updated' | 'removed', job: CronRecord): void
  started(job: CronRecord, at: number, runId: string): void
  finished(job: CronRecord, end: RowEnd, runId?: string): void
  /** When the run that is under way began. */
  runningAt(job: CronRecord): number | null
}

export function createCronTelling(deps: { bus: Bus; rows: CronRuns }): CronTelling {
  const { bus, rows } = deps

  const runningAt = (job: CronRecord) => (job.running === null ? null : (rows.open(job.id).find(({ n }) => n === job.running)?.claimedAt ?? null))

  return {
    runningAt,
    changed(action, job) {
      const next = action === 'removed' || job.nextAt === null ? {} : { nextRunAtMs: job.nextAt }
      const view = toFullView(job, runningAt(job))
      bus.publish(cronEvent, { jobId: job.id, action, job: view, ...next })
    },
    started: (job, at, runId) => bus.publish(cronEvent, { jobId: job.id, action: 'started' as const, job: toFullView(job, at), runAtMs: at, runId }),
    finished(job, end, runId) {
      const view = toFullView(job, runningAt(job))
      const { ts: _, ...told } = end
      bus.publish(cronEvent, { jobId: job.id, action: 'finished' as const, job: view, ...told, ...(runId !== undefined && { runId }) })
    },
  }
}
