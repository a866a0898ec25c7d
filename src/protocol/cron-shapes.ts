// Shapes of jobs: what they are made of, and what clients are told of them. Field names are the published schema's.

import * as z from 'zod'

const text = z.string().min(1)
const visible = z.string().min(1).regex(/\S/)
const moment = z.int().min(0).max(8_640_000_000_000_000)

// --- schedules ---

const stream = z.strictObject({
  kind: z.literal('stream'),
  command: z.array(text).min(1),
  cwd: text.optional(),
  mode: z.enum(['line', 'match']).optional(),
  match: z.string().optional(),
  batchMs: z.int().optional(),
  maxBatchBytes: z.int().optional(),
})

export const cronSchedule = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('at'), at: text }),
  z.strictObject({ kind: z.literal('every'), everyMs: moment.min(1), anchorMs: moment.optional() }),
  z.strictObject({ kind: z.literal('cron'), expr: text, tz: z.string().optional(), staggerMs: moment.optional() }),
  z.strictObject({ kind: z.literal('on-exit'), command: text, cwd: text.optional() }),
  stream,
])

export const pacing = z.strictObject({ min: visible.optional(), max: visible.optional() })
export const trigger = z.strictObject({ script: text.max(65_536), once: z.boolean().optional() })
export const sessionTarget = z.union([z.enum(['main', 'isolated', 'current']), z.string().regex(/^session:.+/)])
export const wakeMode = z.enum(['next-heartbeat', 'now'])

/** edgeclaw's own: what becomes of slots that passed while the gateway could not run. */
export const catchUp = z
  .strictObject({
    policy: z.enum(['skip', 'once', 'all', 'window']),
    /** Of `all` and `window`: how many slots are made up for at most. */
    max: z.int().min(1).max(100).optional(),
    /** Of `window`: how old a slot may be. */
    windowMs: moment.min(1000).optional(),
  })
  .refine((value) => value.policy !== 'window' || value.windowMs !== undefined, 'a window needs windowMs')
export type CatchUp = z.output<typeof catchUp>

// --- what a job does ---

const toolsOfJob = { toolsAllow: z.array(z.string()).optional(), toolsAllowIsDefault: z.boolean().optional() }

export const command = {
  kind: z.literal('command'),
  cwd: text.optional(),
  env: z.record(z.string(), z.string()).optional(),
  input: z.string().optional(),
  timeoutSeconds: z.number().min(0).optional(),
  noOutputTimeoutSeconds: z.number().min(0).optional(),
  outputMaxBytes: z.int().min(1).optional(),
}
export const script = { kind: z.literal('script'), timeoutSeconds: z.number().min(1).optional(), toolBudget: z.int().min(1).optional() }
export const agentTurn = {
  kind: z.literal('agentTurn'),
  timeoutSeconds: z.number().min(0).optional(),
  allowUnsafeExternalContent: z.boolean().optional(),
  lightContext: z.boolean().optional(),
}

export const cronPayload = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('systemEvent'), text, ...toolsOfJob }),
  z.strictObject({
    ...agentTurn,
    message: text,
    model: z.string().optional(),
    fallbacks: z.array(z.string()).optional(),
    thinking: z.string().optional(),
    ...toolsOfJob,
  }),
  z.strictObject({ ...command, argv: z.array(text).min(1), ...toolsOfJob }),
  z.strictObject({ ...script, script: text.max(65_536), ...toolsOfJob }),
])

// --- where its answer goes ---

export const threadId = z.union([z.string(), z.number()])
export const alertMode = z.enum(['announce', 'webhook'])
const destination = z.strictObject({ channel: visible.optional(), to: visible.optional(), accountId: text.optional(), mode: alertMode.optional() })
export const webhook = z.strictObject({ mode: z.literal('webhook'), to: visible })
const route = {
  channel: visible.optional(),
  threadId: threadId.optional(),
  accountId: text.optional(),
  bestEffort: z.boolean().optional(),
  failureDestination: destination.optional(),
}

export const cronDelivery = z.discriminatedUnion('mode', [
  z.strictObject({ mode: z.literal('none'), ...route, to: visible.optional() }),
  z.strictObject({ mode: z.literal('announce'), ...route, completionDestination: webhook.optional(), to: visible.optional() }),
  z.strictObject({ mode: z.literal('webhook'), ...route, to: visible }),
])

export const failureAlert = z.union([
  z.literal(false),
  z.strictObject({
    after: z.int().min(1).optional(),
    channel: visible.optional(),
    to: visible.optional(),
    cooldownMs: z.int().min(0).optional(),
    includeSkipped: z.boolean().optional(),
    mode: alertMode.optional(),
    accountId: text.optional(),
  }),
])
// --- whose it is, and how it went ---

export const owner = z.strictObject({ agentId: text.optional(), sessionKey: text.optional(), accountId: text.optional() })
export const label = visible.max(200)

export const CRON_STATUSES = ['ok', 'error', 'skipped'] as const
export const DELIVERY_STATUSES = ['delivered', 'not-delivered', 'unknown', 'not-requested'] as const
export const ERROR_REASONS = [
  'auth', 'auth_permanent', 'format', 'rate_limit', 'overloaded', 'billing', 'server_error', 'timeout', 'tls_certificate',
  'context_overflow', 'model_not_found', 'session_expired', 'empty_response', 'no_error_details', 'unclassified', 'unknown',
] as const // prettier-ignore

export type CronStatus = (typeof CRON_STATUSES)[number]
export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number]
export type ErrorReason = (typeof ERROR_REASONS)[number]

// --- what clients are told ---

export const cronState = z.strictObject({
  nextRunAtMs: moment.optional(),
  scheduleActivatedAtMs: moment.optional(),
  runningAtMs: moment.optional(),
  lastRunAtMs: moment.optional(),
  lastRunStatus: z.enum(CRON_STATUSES).optional(),
  lastStatus: z.enum(CRON_STATUSES).optional(),
  lastError: z.string().optional(),
  lastErrorReason: z.enum(ERROR_REASONS).optional(),
  lastDurationMs: z.int().min(0).optional(),
  consecutiveErrors: z.int().min(0).optional(),
  consecutiveSkipped: z.int().min(0).optional(),
  lastDelivered: z.boolean().optional(),
  lastDeliveryStatus: z.enum(DELIVERY_STATUSES).optional(),
  lastDeliveryError: z.string().optional(),
  lastFailureNotificationDeliveryStatus: z.enum(DELIVERY_STATUSES).optional(),
  lastFailureNotificationDeliveryError: z.string().optional(),
})
export type CronState = z.output<typeof cronState>

export const jobFields = {
  id: text,
  declarationKey: label.optional(),
  displayName: label.optional(),
  owner: owner.optional(),
  agentId: text.optional(),
  sessionKey: text.optional(),
  name: text,
  description: z.string().optional(),
  enabled: z.boolean(),
  deleteAfterRun: z.boolean().optional(),
  createdAtMs: moment,
  updatedAtMs: moment,
  configRevision: text.max(128).optional(),
  schedule: cronSchedule,
  sessionTarget,
  wakeMode,
  payload: cronPayload,
  delivery: cronDelivery.optional(),
  failureAlert: failureAlert.optional(),
  state: cronState,
  nextRunAtMs: moment.optional(),
  lastRunAtMs: moment.optional(),
  lastRunStatus: z.enum(CRON_STATUSES).optional(),
  lastRunError: z.string().optional(),
  lastDelivered: z.boolean().optional(),
  lastDeliveryStatus: z.enum(DELIVERY_STATUSES).optional(),
  lastDeliveryError: z.string().optional(),
  lastFailureNotificationDeliveryStatus: z.enum(DELIVERY_STATUSES).optional(),
  lastFailureNotificationDeliveryError: z.string().optional(),
}

export const deliveryPreview = z.strictObject({ label: z.string(), detail: z.string() })
export type DeliveryPreview = z.output<typeof deliveryPreview>

export const cronJob = z.strictObject(jobFields)
export type CronJobView = z.output<typeof cronJob>

/** Results whose shape is not published also say `catchUp`, when it was set. */
export const cronJobMore = z.strictObject({ ...jobFields, catchUp: catchUp.optional() })

const target = { channel: z.string().optional(), to: z.string().nullable().optional(), source: z.enum(['explicit', 'last']).optional() }

export const cronRunEntry = z.strictObject({
  ts: z.int().min(0),
  jobId: text,
  action: z.literal('finished'),
  status: z.enum(CRON_STATUSES),
  completionStatus: z.enum(['succeeded', 'failed', 'unknown']).optional(),
  error: z.string().optional(),
  errorReason: z.enum(ERROR_REASONS).optional(),
  summary: z.string().optional(),
  delivered: z.boolean().optional(),
  deliveryStatus: z.enum(DELIVERY_STATUSES).optional(),
  deliveryError: z.string().optional(),
  delivery: z
    .strictObject({
      intended: z.strictObject(target),
      resolved: z.strictObject({ ...target, ok: z.boolean(), error: z.string().optional() }).optional(),
      fallbackUsed: z.boolean(),
      delivered: z.boolean(),
    })
    .optional(),
  sessionId: text.optional(),
  sessionKey: text.optional(),
  runId: text.optional(),
  runAtMs: z.int().min(0).optional(),
  durationMs: z.int().min(0).optional(),
  nextRunAtMs: z.int().min(0).optional(),
  model: z.string().optional(),
  provider: z.string().optional(),
  usage: z
    .strictObject({
      input_tokens: z.number(),
      output_tokens: z.number(),
      total_tokens: z.number(),
      cache_read_tokens: z.number().optional(),
      cache_write_tokens: z.number().optional(),
    })
    .optional(),
  jobName: z.string().optional(),
})
export type CronRunEntry = z.output<typeof cronRunEntry>
