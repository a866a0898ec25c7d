// Shapes of approvals that methods and events share. Field names are the published schema's.

import * as z from 'zod'

const text = z.string().min(1)
const count = z.int().min(0)

export const APPROVAL_KINDS = ['exec', 'plugin', 'system-agent'] as const
export type ApprovalKind = (typeof APPROVAL_KINDS)[number]

export const DECISIONS = ['allow-once', 'allow-always', 'deny'] as const
export type Decision = (typeof DECISIONS)[number]
export const isDecision = (value: string): value is Decision => (DECISIONS as readonly string[]).includes(value)

/** Why an approval has ended. */
export const ENDINGS = ['user', 'timeout', 'malformed-verdict', 'no-route', 'run-aborted', 'gateway-restart'] as const
export type EndReason = (typeof ENDINGS)[number]

export const SEVERITIES = ['info', 'warning', 'critical'] as const

// --- what is asked ---

const target = text.max(128)

export const approvalScope = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('message-send'),
    target,
    recipientCount: z.int().min(1).max(1_000_000),
    recipients: z.array(target).max(5).optional(),
    audience: z.enum(['internal', 'external']).optional(),
  }),
  z.strictObject({ kind: z.literal('payment'), amount: text.max(40), currency: text.max(12), target }),
  z.strictObject({ kind: z.literal('external-post'), target, visibility: z.enum(['public', 'restricted']) }),
  z.strictObject({
    kind: z.literal('standing-grant'),
    automation: target,
    command: text.max(256),
    expiresInDays: z.int().min(1).max(3650).optional(),
  }),
])
export type ApprovalScope = z.output<typeof approvalScope>

const execPresentation = z.strictObject({
  kind: z.literal('exec'),
  commandText: text,
  commandPreview: z.string().nullable(),
  warningText: z.string().nullable(),
  host: z.string().nullable(),
  nodeId: text.nullable(),
  agentId: text.nullable(),
  scope: approvalScope.optional(),
  allowedDecisions: z.array(z.enum(DECISIONS)).min(1).max(3),
})

export const MAX_TITLE_CHARS = 80
export const MAX_DESCRIPTION_CHARS = 512
export const MAX_DETAIL_CHARS = 16_384

const pluginPresentation = z.strictObject({
  kind: z.literal('plugin'),
  title: text.max(MAX_TITLE_CHARS),
  description: text.max(MAX_DESCRIPTION_CHARS),
  detail: text.max(MAX_DETAIL_CHARS).optional(),
  severity: z.enum(SEVERITIES),
  pluginId: text.nullable(),
  toolName: text.nullable(),
  agentId: text.nullable(),
  scope: approvalScope.optional(),
  allowedDecisions: z.array(z.enum(DECISIONS)).min(1).max(3),
})

export const presentation = z.discriminatedUnion('kind', [execPresentation, pluginPresentation])
/** What a person is shown: nothing in it is hidden or cut. */
export type Presentation = z.output<typeof presentation>

// --- what became of it ---

const facts = { id: text, urlPath: text, createdAtMs: count, expiresAtMs: count, presentation }

export const RESOLVERS = ['device', 'channel', 'runtime', 'system'] as const
export const resolver = z.strictObject({ kind: z.enum(RESOLVERS), id: text.optional() })
export type Resolver = z.output<typeof resolver>

const ended = {
  ...facts,
  resolvedAtMs: count,
  source: z.strictObject({ agentId: text.optional(), sessionKey: text.optional() }).optional(),
  resolver: resolver.optional(),
}

export const pendingApproval = z.strictObject({ ...facts, status: z.literal('pending') })
export const endedApproval = z.discriminatedUnion('status', [
  z.strictObject({ ...ended, status: z.literal('allowed'), decision: z.enum(['allow-once', 'allow-always']), reason: z.literal('user') }),
  z.strictObject({
    ...ended,
    status: z.literal('denied'),
    decision: z.literal('deny'),
    reason: z.enum(['user', 'malformed-verdict', 'no-route']),
  }),
  z.strictObject({ ...ended, status: z.literal('expired'), reason: z.literal('timeout') }),
  z.strictObject({ ...ended, status: z.literal('cancelled'), reason: z.enum(['run-aborted', 'gateway-restart']) }),
])
export const approvalSnapshot = z.union([pendingApproval, endedApproval])
export type PendingApproval = z.output<typeof pendingApproval>
export type EndedApproval = z.output<typeof endedApproval>

// --- the policy of a host ---

export const SECURITIES = ['deny', 'allowlist', 'full'] as const
export const ASKS = ['off', 'on-miss', 'always'] as const

const policy = {
  security: z.string().optional(),
  ask: z.string().optional(),
  askFallback: z.string().optional(),
  autoAllowSkills: z.boolean().optional(),
}
const solid = z.string().min(1).regex(/\S/)

const allowlistEntry = z.strictObject({
  id: text.optional(),
  pattern: z.string().max(4096),
  source: z.literal('allow-always').optional(),
  commandText: z.string().optional(),
  argPattern: z.string().max(4096).optional(),
  lastUsedAt: z.number().min(0).optional(),
  lastUsedCommand: z.string().optional(),
  lastResolvedPath: z.string().optional(),
})
const mcpToolEntry = z.strictObject({
  server: solid,
  tool: solid,
  source: z.literal('allow-always'),
  addedAt: z.number().min(0),
  lastUsedAt: z.number().min(0).optional(),
})

/** `exec-approvals` of version 1, as clients send and receive it. */
export const approvalsFile = z.strictObject({
  version: z.literal(1),
  socket: z.strictObject({ path: z.string().optional(), token: z.string().optional() }).optional(),
  defaults: z.strictObject(policy).optional(),
  agents: z
    .record(z.string(), z.strictObject({ ...policy, allowlist: z.array(allowlistEntry).optional(), mcpTools: z.array(mcpToolEntry).optional() }))
    .optional(),
})
export type ApprovalsFile = z.output<typeof approvalsFile>

export const resolvedPolicy = z.strictObject({
  security: z.enum(SECURITIES),
  ask: z.enum(ASKS),
  askFallback: z.enum(SECURITIES),
  autoAllowSkills: z.boolean(),
})
export type ResolvedPolicy = z.output<typeof resolvedPolicy>

export const approvalsSnapshot = z.strictObject({
  path: text,
  exists: z.boolean(),
  hash: text,
  file: approvalsFile,
  resolvedDefaults: resolvedPolicy,
})
export type ApprovalsSnapshot = z.output<typeof approvalsSnapshot>
