// What clients may ask of jobs. Field names are the published schema's.

import * as z from 'zod'
import {
  agentTurn, alertMode, catchUp, command, CRON_STATUSES, cronDelivery, cronJob, cronPayload, cronSchedule, cronState, DELIVERY_STATUSES, deliveryPreview,
  failureAlert, jobFields, label, owner, pacing, script, sessionTarget, threadId, trigger, wakeMode, webhook,
} from './cron-shapes.ts' // prettier-ignore

const text = z.string().min(1)
const visible = z.string().min(1).regex(/\S/)
const moment = z.int().min(0).max(8_640_000_000_000_000)
const nullable = <T extends z.ZodType>(shape: T) => shape.nullable().optional()

// --- a new job ---

export const cronAddParams = z.strictObject({
  name: text,
  declarationKey: label.optional(),
  displayName: label.optional(),
  owner: owner.optional(),
  agentId: nullable(text),
  sessionKey: nullable(text),
  description: z.string().optional(),
  enabled: z.boolean().optional(),
  deleteAfterRun: z.boolean().optional(),
  schedule: cronSchedule,
  pacing: pacing.optional(),
  trigger: trigger.optional(),
  sessionTarget,
  wakeMode,
  payload: cronPayload,
  delivery: cronDelivery.optional(),
  failureAlert: failureAlert.optional(),
  catchUp: catchUp.optional(),
})
export type CronAdd = z.output<typeof cronAddParams>

export const cronAddResult = z.union([
  z.strictObject({ ...jobFields, deliveryPreview }),
  z.strictObject({ created: z.boolean(), updated: z.boolean().optional(), job: cronJob, deliveryPreview }),
])

// --- a change of one ---

const toolsPatch = { toolsAllow: nullable(z.array(z.string())), toolsAllowIsDefault: z.boolean().optional() }

const payloadPatch = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('systemEvent'), text: text.optional(), ...toolsPatch }),
  z.strictObject({
    ...agentTurn,
    message: text.optional(),
    model: nullable(z.string()),
    fallbacks: nullable(z.array(z.string())),
    thinking: nullable(z.string()),
    ...toolsPatch,
  }),
  z.strictObject({ ...command, argv: z.array(text).min(1).optional(), ...toolsPatch }),
  z.strictObject({ ...script, script: text.max(65_536).optional(), ...toolsPatch }),
])

const destinationPatch = z.strictObject({ channel: nullable(visible), to: nullable(visible), accountId: nullable(text), mode: nullable(alertMode) })

const deliveryPatch = z.strictObject({
  mode: z.enum(['none', 'announce', 'webhook']).optional(),
  channel: nullable(visible),
  threadId: nullable(threadId),
  accountId: nullable(text),
  bestEffort: z.boolean().optional(),
  failureDestination: nullable(destinationPatch),
  completionDestination: nullable(webhook),
  to: nullable(visible),
})

const failureAlertPatch = z.union([
  z.literal(false),
  z.strictObject({
    after: nullable(z.int().min(1)),
    channel: nullable(visible),
    to: nullable(visible),
    cooldownMs: nullable(z.int().min(0)),
    includeSkipped: nullable(z.boolean()),
    mode: nullable(alertMode),
    accountId: nullable(text),
  }),
])

const streamStatus = z.enum(['starting', 'running', 'restarting', 'stopped', 'disabled', 'error'])

/** What the published patch lets a client say of a job's state; the gateway acts on `nextRunAtMs` alone. */
const statePatch = z.strictObject({
  ...cronState.omit({ scheduleActivatedAtMs: true }).shape,
  lastFailureNotificationDelivered: z.boolean().optional(),
  lastFailureAlertAtMs: moment.optional(),
  lastTriggerEvalAtMs: moment.optional(),
  triggerEvalCount: z.int().min(0).optional(),
  lastTriggerFireAtMs: moment.optional(),
  triggerState: z.unknown().optional(),
  streamStatus: streamStatus.optional(),
  streamError: z.string().optional(),
  streamConsecutiveFailures: z.int().min(0).optional(),
  streamRestartExhausted: z.boolean().optional(),
  streamDroppedBatches: z.int().min(0).optional(),
  streamCoalescedBatches: z.int().min(0).optional(),
  streamLastStartedAtMs: moment.optional(),
  streamLastExitAtMs: moment.optional(),
})

export const cronPatch = z.strictObject({
  name: text.optional(),
  displayName: nullable(label),
  agentId: nullable(text),
  sessionKey: nullable(text),
  description: z.string().optional(),
  enabled: z.boolean().optional(),
  deleteAfterRun: z.boolean().optional(),
  schedule: cronSchedule.optional(),
  pacing: nullable(pacing),
  trigger: nullable(trigger),
  sessionTarget: sessionTarget.optional(),
  wakeMode: wakeMode.optional(),
  payload: payloadPatch.optional(),
  delivery: deliveryPatch.optional(),
  failureAlert: nullable(failureAlertPatch),
  state: statePatch.optional(),
  catchUp: nullable(catchUp),
})
export type CronPatch = z.output<typeof cronPatch>

// --- which ones ---

/** A job is named `id`, or `jobId` as older clients do. */
export const jobNamed = <S extends z.ZodRawShape>(rest: S) =>
  z.union([z.strictObject({ id: text, ...rest }), z.strictObject({ jobId: text, ...rest })])

export const idOf = (params: { readonly id: string } | { readonly jobId: string }): string => ('id' in params ? params.id : params.jobId)

export const cronListParams = z.strictObject({
  sessionKey: text.optional(),
  sessionAgentId: text.optional(),
  includeDisabled: z.boolean().optional(),
  limit: z.int().min(1).max(200).optional(),
  offset: z.int().min(0).optional(),
  query: z.string().optional(),
  enabled: z.enum(['all', 'enabled', 'disabled']).optional(),
  scheduleKind: z.enum(['all', 'at', 'every', 'cron', 'on-exit', 'stream']).optional(),
  lastRunStatus: z.enum(['all', 'ok', 'error', 'skipped', 'unknown']).optional(),
  trigger: z.enum(['all', 'conditional', 'unconditional']).optional(),
  sortBy: z.enum(['nextRunAtMs', 'updatedAtMs', 'name']).optional(),
  sortDir: z.enum(['asc', 'desc']).optional(),
  agentId: text.optional(),
  compact: z.boolean().optional(),
  includeDeliveryPreviews: z.boolean().optional(),
})
export type CronListQuery = z.output<typeof cronListParams>

const runName = text.regex(/^[^/\\]+$/)

export const cronRunsParams = z.strictObject({
  agentId: text.optional(),
  scope: z.enum(['job', 'all']).optional(),
  id: runName.optional(),
  jobId: runName.optional(),
  runId: text.optional(),
  limit: z.int().min(1).max(200).default(50),
  offset: z.int().min(0).default(0),
  statuses: z.array(z.enum(CRON_STATUSES)).min(1).max(3).optional(),
  status: z.enum(['all', ...CRON_STATUSES]).optional(),
  deliveryStatuses: z.array(z.enum(DELIVERY_STATUSES)).min(1).max(4).optional(),
  deliveryStatus: z.enum(DELIVERY_STATUSES).optional(),
  query: z.string().optional(),
  sortDir: z.enum(['asc', 'desc']).default('desc'),
})
export type CronRunsQuery = z.output<typeof cronRunsParams>
