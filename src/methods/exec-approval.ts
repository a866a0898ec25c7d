// Commands that wait for a person: asking, waiting, deciding; and what was allowed for good.

import * as z from 'zod'
import { approvalScope, DECISIONS } from '../protocol/approval-shapes.ts'
import { invalid } from '../protocol/errors.ts'
import { defineMethod } from '../rpc/method.ts'
import { toRequestRow, toVerdict } from '../services/conversation/approval-view.ts'
import { accepted, decide, named, requestRow, reviewer, unknownApproval, verdict, waited, waitFor, waitParams } from './approval-answers.ts'

const text = z.string().min(1)
const optionalText = z.string().nullable().optional()

const securities = z.enum(['deny', 'allowlist', 'full'])
const policySnapshot = z.strictObject({
  security: securities,
  ask: z.enum(['off', 'on-miss', 'always']),
  askFallback: securities,
  autoAllowSkills: z.boolean(),
  allowlistRules: z.array(z.strictObject({ pattern: z.string(), argPattern: z.string().optional(), source: z.literal('allow-always').optional() })),
})
const plan = z.strictObject({
  argv: z.array(z.string()),
  cwd: z.string().nullable(),
  commandText: z.string(),
  commandPreview: optionalText,
  agentId: z.string().nullable(),
  sessionKey: z.string().nullable(),
  policySnapshot: policySnapshot.optional(),
  mutableFileOperand: z.strictObject({ argvIndex: z.int().min(0), path: z.string(), sha256: z.string() }).nullable().optional(),
})

const requestParams = z.strictObject({
  id: text.optional(),
  command: text.optional(),
  commandArgv: z.array(z.string()).optional(),
  systemRunPlan: plan.optional(),
  env: z.record(z.string(), z.string()).optional(),
  cwd: optionalText,
  nodeId: text.nullable().optional(),
  host: optionalText,
  security: optionalText,
  ask: optionalText,
  warningText: optionalText,
  scope: approvalScope.nullable().optional(),
  unavailableDecisions: z.array(z.literal('allow-always')).min(1).max(1).optional(),
  commandSpans: z.array(z.strictObject({ startIndex: z.int().min(0), endIndex: z.int().min(1) })).optional(),
  agentId: optionalText,
  resolvedPath: optionalText,
  sessionKey: optionalText,
  sessionId: optionalText,
  runId: optionalText,
  toolCallId: optionalText,
  turnSourceChannel: optionalText,
  turnSourceTo: optionalText,
  turnSourceAccountId: optionalText,
  turnSourceThreadId: z.union([z.string(), z.number()]).nullable().optional(),
  /** Bound only by the gateway's own runs. */
  approvalReviewerDeviceIds: z.array(text).optional(),
  requireDeliveryRoute: z.boolean().optional(),
  suppressDelivery: z.boolean().optional(),
  deliverToApprovalClientsOnly: z.boolean().optional(),
  timeoutMs: z.int().min(1).optional(),
  twoPhase: z.boolean().optional(),
})

const ID = /^[A-Za-z0-9._:-]{1,128}$/

function assertId(id: string | undefined) {
  if (id === undefined) return
  if (!ID.test(id) || id === '.' || id === '..') {
    throw invalid("approval id must be 1-128 characters using only letters, numbers, '.', '_', ':', or '-', and cannot be '.' or '..'", {
      details: { code: 'EXEC_APPROVAL_ID_INVALID', reason: 'INVALID_APPROVAL_ID' },
    })
  }
  if (id.startsWith('plugin:')) throw invalid('approval ids starting with plugin: are reserved')
}

export const execApprovalRequest = defineMethod({
  name: 'exec.approval.request',
  scope: 'operator.approvals',
  summary: 'Asks whether a command may be run. Answers with the decision; with twoPhase once before, as soon as it is stored.',
  params: requestParams,
  result: z.union([accepted, verdict]),
  uses: ['approvals'],
  async handler({ twoPhase, id, requireDeliveryRoute, suppressDelivery, ...wish }, { approvals, caller, connection, interim, signal }) {
    assertId(id)
    const asking = { id, principal: caller.id, connection: connection?.id ?? null, requireRoute: requireDeliveryRoute, isSilent: suppressDelivery }
    const approval = await approvals.ask({ kind: 'exec', ...wish }, asking)
    if (approval.status !== 'pending') return toVerdict(approval)
    if (twoPhase) interim(named(approval))
    return toVerdict(await approvals.wait(approval.id, signal))
  },
})

export const execApprovalWaitDecision = defineMethod({
  name: 'exec.approval.waitDecision',
  scope: 'operator.approvals',
  summary: 'The decision on a command, once there is one.',
  params: waitParams,
  result: waited,
  uses: ['approvals'],
  handler: ({ id }, { approvals, signal }) => waitFor(approvals, 'exec', id, signal),
})

export const execApprovalResolve = defineMethod({
  name: 'exec.approval.resolve',
  scope: 'operator.approvals',
  summary: 'Decides on a command. The first decision stands.',
  params: z.strictObject({ id: text, decision: text, reviewer: reviewer.optional(), grantExpiresInDays: z.int().min(1).max(3650).optional() }),
  result: z.strictObject({ ok: z.literal(true) }),
  uses: ['approvals'],
  handler: (params, { approvals, ...call }) => decide(approvals, 'exec', params, call),
})

export const execApprovalList = defineMethod({
  name: 'exec.approval.list',
  scope: 'operator.approvals',
  summary: 'Commands that wait for a person, the oldest first.',
  params: z.looseObject({}),
  result: z.array(requestRow),
  uses: ['approvals'],
  handler: (_, { approvals }) => approvals.pending({ kind: 'exec' }).map(toRequestRow),
})

export const execApprovalGet = defineMethod({
  name: 'exec.approval.get',
  scope: 'operator.approvals',
  summary: 'A command that waits for a person.',
  params: z.strictObject({ id: text }),
  result: z.strictObject({
    id: text,
    commandText: text,
    commandPreview: z.string().nullable(),
    allowedDecisions: z.array(z.enum(DECISIONS)),
    host: z.string().nullable(),
    nodeId: z.string().nullable(),
    agentId: z.string().nullable(),
    expiresAtMs: z.int(),
  }),
  uses: ['approvals'],
  handler({ id }, { approvals }) {
    const approval = approvals.get(id)
    if (approval?.status !== 'pending' || approval.presentation.kind !== 'exec') throw unknownApproval()
    const { commandText, commandPreview, allowedDecisions, host, nodeId, agentId } = approval.presentation
    return { id, commandText, commandPreview, allowedDecisions, host, nodeId, agentId, expiresAtMs: approval.expiresAtMs }
  },
})

// --- standing grants ---

const grant = z.strictObject({
  grantId: text,
  mintedByApprovalId: text,
  agentId: text,
  cronJobId: text,
  cronJobName: text.nullable(),
  command: text.max(512),
  cwd: text.max(512).nullable(),
  createdAtMs: z.int(),
  expiresAtMs: z.int().nullable(),
  revokedAtMs: z.int().nullable(),
  revokedBy: text.nullable(),
  lastUsedAtMs: z.int().nullable(),
  useCount: z.int(),
})

/** What the published shape says where a grant has no agent or no job. */
const NONE = 'none'
const short = (value: string) => (value.length > 512 ? `${value.slice(0, 511)}…` : value)

export const execApprovalGrantsList = defineMethod({
  name: 'exec.approval.grants.list',
  scope: 'operator.approvals',
  summary: 'What was allowed for good, the latest first.',
  params: z.strictObject({ limit: z.int().min(1).max(500).default(100) }),
  result: z.strictObject({ grants: z.array(grant) }),
  uses: ['grants'],
  handler: ({ limit }, { grants }) => ({
    grants: grants.list(limit).map(({ jobId, agentId, command, cwd, ...rest }) => ({
      ...rest,
      agentId: agentId ?? NONE,
      cronJobId: jobId ?? NONE,
      cronJobName: null,
      command: short(command),
      cwd: cwd ? short(cwd) : null,
    })),
  }),
})

export const execApprovalGrantsRevoke = defineMethod({
  name: 'exec.approval.grants.revoke',
  scope: 'operator.approvals',
  summary: 'Takes back what was allowed for good: it is asked for again.',
  params: z.strictObject({ grantId: text }),
  result: z.strictObject({ outcome: z.enum(['revoked', 'already-revoked', 'not-found']) }),
  uses: ['clock', 'commit', 'grants'],
  handler: ({ grantId }, { clock, commit, grants, caller }) => ({
    outcome: commit.tx(() => grants.revoke(grantId, caller.id, clock.now())),
  }),
})
