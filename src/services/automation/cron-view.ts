// A job as clients see it. Pure.

import { defined } from '../../kit/json.ts'
import type { CatchUp, CronJobView, DeliveryPreview } from '../../protocol/cron-shapes.ts'
import type { CronDefinition, CronRecord } from './cron-job.ts'

export const revisionOf = ({ version }: CronRecord): string => `v${version}`

export function toJobView(record: CronRecord, runningAt: number | null): CronJobView {
  const { catchUp: _, ...definition } = record.definition
  const { state } = record
  const nextRunAtMs = record.nextAt ?? undefined
  return defined({
    id: record.id,
    declarationKey: record.declarationKey ?? undefined,
    ...definition,
    enabled: record.enabled,
    createdAtMs: record.createdAt,
    updatedAtMs: record.updatedAt,
    configRevision: revisionOf(record),
    state: defined({ nextRunAtMs, ...state, runningAtMs: runningAt ?? undefined }),
    nextRunAtMs,
    lastRunAtMs: state.lastRunAtMs,
    lastRunStatus: state.lastRunStatus,
    lastRunError: state.lastError,
    lastDelivered: state.lastDelivered,
    lastDeliveryStatus: state.lastDeliveryStatus,
    lastDeliveryError: state.lastDeliveryError,
    lastFailureNotificationDeliveryStatus: state.lastFailureNotificationDeliveryStatus,
    lastFailureNotificationDeliveryError: state.lastFailureNotificationDeliveryError,
  }) as CronJobView
}

/** For results whose shape is not published: with what is edgeclaw's own. */
export function toFullView(record: CronRecord, runningAt: number | null): CronJobView & { catchUp?: CatchUp } {
  const { catchUp } = record.definition
  return { ...toJobView(record, runningAt), ...(catchUp && { catchUp }) }
}

/** What a list shows when it is to be short. */
export function toCompactView(record: CronRecord) {
  const { definition, state, nextAt } = record
  const iso = (at: number | null | undefined) => (at === null || at === undefined ? null : new Date(at).toISOString())
  return defined({
    id: record.id,
    name: definition.name,
    description: definition.description,
    updatedAtMs: record.updatedAt,
    enabled: record.enabled,
    nextRunAt: iso(nextAt),
    nextRunAtMs: nextAt ?? undefined,
    scheduleKind: definition.schedule.kind,
    schedule: definition.schedule,
    lastRunAt: iso(state.lastRunAtMs),
    lastRunAtMs: state.lastRunAtMs,
    lastRunStatus: state.lastRunStatus,
    lastRunError: state.lastError ?? null,
    lastDelivered: state.lastDelivered,
    lastDeliveryStatus: state.lastDeliveryStatus,
    lastDeliveryError: state.lastDeliveryError,
  })
}

/** Why an answer stays where it is. */
export const NO_CHANNEL = 'no channel is connected to this gateway: read the answer in the session of the run, or set delivery.mode to "none"'

/** Where the answers of a job will go. */
export function previewOf({ delivery, sessionTarget }: CronDefinition): DeliveryPreview {
  if (!delivery || delivery.mode === 'none') return { label: 'not requested', detail: 'not requested' }
  const { channel = 'last', to } = delivery
  if (sessionTarget === 'current' && channel === 'last') {
    return { label: 'announce -> current session', detail: 'commits to this conversation (no external channel route)' }
  }
  return { label: `announce -> ${channel}${to === undefined ? '' : `:${to}`}`, detail: `${channel} -> no route: ${NO_CHANNEL}` }
}
