// How a run of a job ended: from the result of its turn, and of the delivery of its answer, to what is kept and told of
// it. Pure.

import type { CronState, ErrorReason } from '../../protocol/cron-shapes.ts'
import type { RunResult } from '../conversation/run-table.ts'
import type { CronRecord } from './cron-job.ts'
import type { RowEnd } from './cron-runs.ts'
import { NO_CHANNEL } from './cron-view.ts'

const MAX_SUMMARY_CHARS = 2000

/** Where the turn took place. */
export interface Place {
  readonly sessionKey: string
  readonly sessionId?: string | undefined
}

/** A turn that said nothing on purpose. */
export const SILENT = 'NO_REPLY'

export function endOfTurn(job: CronRecord, result: RunResult, place: Place, claimedAt: number, now: number): RowEnd {
  const failure = failureOf(result)
  const said = result.text.trim()
  const delivery = deliveryOf(job, failure === null && said !== '' && said !== SILENT)
  const error = failure?.error ?? (delivery.deliveryStatus === 'not-delivered' && !isBestEffort(job) ? delivery.deliveryError : undefined)
  const { usage, model, provider } = result
  return {
    ts: now,
    status: error === undefined ? 'ok' : 'error',
    completionStatus: error === undefined ? 'succeeded' : 'failed',
    ...(error !== undefined && { error }),
    ...(failure && { errorReason: failure.reason }),
    ...(said !== '' && { summary: said.slice(0, MAX_SUMMARY_CHARS) }),
    ...delivery,
    sessionKey: place.sessionKey,
    ...(place.sessionId !== undefined && { sessionId: place.sessionId }),
    runAtMs: claimedAt,
    durationMs: Math.max(0, now - claimedAt),
    ...(job.nextAt !== null && { nextRunAtMs: job.nextAt }),
    ...(model !== '' && { model, provider }),
    ...(usage.totalTokens > 0 && { usage: { input_tokens: usage.input, output_tokens: usage.output, total_tokens: usage.totalTokens } }),
  }
}

/** Of a job without a turn: its text stands in the queue of the session. */
export const endOfEvent = (job: CronRecord, sessionKey: string, text: string, now: number): RowEnd => ({
  ts: now,
  status: 'ok',
  completionStatus: 'succeeded',
  summary: text.slice(0, MAX_SUMMARY_CHARS),
  deliveryStatus: 'not-requested',
  sessionKey,
  runAtMs: now,
  durationMs: 0,
  ...(job.nextAt !== null && { nextRunAtMs: job.nextAt }),
})

/** Of a run that never began, or of which nobody knows how it ended. */
export const endOfFailure = (job: CronRecord, error: string, claimedAt: number, now: number): RowEnd => ({
  ts: now,
  status: 'error',
  completionStatus: 'unknown',
  error,
  errorReason: 'unclassified',
  deliveryStatus: 'not-requested',
  runAtMs: claimedAt,
  durationMs: Math.max(0, now - claimedAt),
  ...(job.nextAt !== null && { nextRunAtMs: job.nextAt }),
})

function failureOf({ state, stopReason, error }: RunResult): { readonly error: string; readonly reason: ErrorReason } | null {
  if (state === 'ok') return null
  if (state === 'aborted') return { error: `the run was aborted (${stopReason})`, reason: 'unclassified' }
  const said = (error?.message ?? 'the run failed').slice(0, MAX_SUMMARY_CHARS)
  if (state === 'interrupted') return { error: `interrupted: ${said}`, reason: 'unclassified' }
  return { error: said, reason: REASONS[error?.kind ?? ''] ?? 'unclassified' }
}

const REASONS: Readonly<Record<string, ErrorReason>> = {
  auth: 'auth',
  rate_limit: 'rate_limit',
  context_length: 'context_overflow',
  timeout: 'timeout',
  server: 'server_error',
  network: 'server_error',
}

const isBestEffort = ({ definition: { delivery } }: CronRecord): boolean => delivery?.bestEffort === true

type Delivered = Pick<RowEnd, 'delivered' | 'deliveryStatus' | 'deliveryError' | 'delivery'>

function deliveryOf({ definition }: CronRecord, hasAnswer: boolean): Delivered {
  const { delivery, sessionTarget } = definition
  if (!delivery || delivery.mode === 'none' || !hasAnswer) return { delivered: false, deliveryStatus: 'not-requested' }
  const { channel = 'last', to = null } = delivery
  const intended = { channel, to, source: delivery.channel === undefined ? ('last' as const) : ('explicit' as const) }
  if (sessionTarget === 'current' && channel === 'last') {
    return { delivered: true, deliveryStatus: 'delivered', delivery: { intended, fallbackUsed: false, delivered: true } }
  }
  const resolved = { ok: false, to, source: intended.source, error: NO_CHANNEL }
  return {
    delivered: false,
    deliveryStatus: 'not-delivered',
    deliveryError: NO_CHANNEL,
    delivery: { intended, resolved, fallbackUsed: false, delivered: false },
  }
}

/** The state of a job after a run. */
export function stateAfter({ state, definition }: CronRecord, end: RowEnd): CronRecord['state'] {
  const { status, error, errorReason, runAtMs, durationMs, delivered, deliveryStatus, deliveryError } = end
  const { lastError: _, lastErrorReason: __, lastDelivered: ___, lastDeliveryError: ____, lastFailureNotificationDeliveryError: _____, ...kept } = state
  const consecutiveErrors = status === 'error' ? (state.consecutiveErrors ?? 0) + 1 : 0
  return {
    ...kept,
    ...(runAtMs !== undefined && { lastRunAtMs: runAtMs }),
    lastRunStatus: status,
    lastStatus: status,
    ...(durationMs !== undefined && { lastDurationMs: durationMs }),
    ...(error !== undefined && { lastError: error }),
    ...(status === 'error' && { lastErrorReason: errorReason ?? 'unclassified' }),
    ...(delivered !== undefined && { lastDelivered: delivered }),
    ...(deliveryStatus !== undefined && { lastDeliveryStatus: deliveryStatus }),
    ...(deliveryError !== undefined && { lastDeliveryError: deliveryError }),
    ...alertOf(definition.failureAlert, consecutiveErrors),
    consecutiveErrors,
    consecutiveSkipped: 0,
  }
}

const DEFAULT_ALERT_AFTER = 3

/** Somebody wants to be told of failures, and cannot be. */
function alertOf(alert: CronRecord['definition']['failureAlert'], errors: number): Partial<CronState> {
  if (!alert || errors < (alert.after ?? DEFAULT_ALERT_AFTER)) return { lastFailureNotificationDeliveryStatus: 'not-requested' }
  return { lastFailureNotificationDeliveryStatus: 'not-delivered', lastFailureNotificationDeliveryError: NO_CHANNEL }
}
