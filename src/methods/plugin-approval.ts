// Anything else than a command that waits for a person: what tools and plugins ask.

import * as z from 'zod'
import { approvalScope, DECISIONS, MAX_DESCRIPTION_CHARS, MAX_DETAIL_CHARS, MAX_TITLE_CHARS, SEVERITIES } from '../protocol/approval-shapes.ts'
import { defineMethod } from '../rpc/method.ts'
import { toRequestRow, toVerdict } from '../services/conversation/approval-view.ts'
import { accepted, decide, named, requestRow, reviewer, verdict, waited, waitFor, waitParams } from './approval-answers.ts'

const text = z.string().min(1)
const optionalText = z.string().nullable().optional()
const solid = z.string().min(1).regex(/\S/)
const MAX_WAIT_MS = 600_000

export const pluginApprovalRequest = defineMethod({
  name: 'plugin.approval.request',
  scope: 'operator.approvals',
  summary: 'Asks whether something may be done. Answers with the decision; with twoPhase once before, as soon as it is stored.',
  params: z.strictObject({
    pluginId: text.nullable().optional(),
    title: text.max(MAX_TITLE_CHARS),
    description: text.max(MAX_DESCRIPTION_CHARS),
    detail: text.max(MAX_DETAIL_CHARS).nullable().optional(),
    severity: z.enum(SEVERITIES).nullable().optional(),
    scope: approvalScope.nullable().optional(),
    toolName: optionalText,
    toolCallId: optionalText,
    mcpTool: z.strictObject({ server: solid, tool: solid }).optional(),
    allowedDecisions: z.array(z.enum(DECISIONS)).min(1).max(3).nullable().optional(),
    agentId: optionalText,
    sessionKey: optionalText,
    /** Bound only by the gateway's own runs. */
    approvalReviewerDeviceIds: z.array(text).nullable().optional(),
    turnSourceChannel: optionalText,
    turnSourceTo: optionalText,
    turnSourceAccountId: optionalText,
    turnSourceThreadId: z.union([z.string(), z.number()]).nullable().optional(),
    timeoutMs: z.int().min(1).max(MAX_WAIT_MS).optional(),
    twoPhase: z.boolean().optional(),
  }),
  result: z.union([accepted, verdict]),
  uses: ['approvals'],
  async handler({ twoPhase, ...wish }, { approvals, caller, connection, interim, signal }) {
    const approval = await approvals.ask({ kind: 'plugin', ...wish }, { principal: caller.id, connection: connection?.id ?? null })
    if (approval.status !== 'pending') return toVerdict(approval)
    if (twoPhase) interim(named(approval))
    return toVerdict(await approvals.wait(approval.id, signal))
  },
})

export const pluginApprovalWaitDecision = defineMethod({
  name: 'plugin.approval.waitDecision',
  scope: 'operator.approvals',
  summary: 'The decision on what a tool or plugin asks, once there is one.',
  params: waitParams,
  result: waited,
  uses: ['approvals'],
  handler: ({ id }, { approvals, signal }) => waitFor(approvals, 'plugin', id, signal),
})

export const pluginApprovalResolve = defineMethod({
  name: 'plugin.approval.resolve',
  scope: 'operator.approvals',
  summary: 'Decides on what a tool or plugin asks. The first decision stands.',
  params: z.strictObject({ id: text, decision: text, reviewer: reviewer.optional() }),
  result: z.strictObject({ ok: z.literal(true) }),
  uses: ['approvals'],
  handler: (params, { approvals, ...call }) => decide(approvals, 'plugin', params, call),
})

export const pluginApprovalList = defineMethod({
  name: 'plugin.approval.list',
  scope: 'operator.approvals',
  summary: 'What tools and plugins ask a person, the oldest first.',
  params: z.looseObject({}),
  result: z.array(requestRow),
  uses: ['approvals'],
  handler: (_, { approvals }) => approvals.pending({ kind: 'plugin' }).map(toRequestRow),
})

export const openclawApprovalList = defineMethod({
  name: 'openclaw.approval.list',
  scope: 'operator.approvals',
  summary: 'What the setup helper asks a person. There is none here, so it asks nothing.',
  params: z.looseObject({}),
  result: z.array(z.never()),
  uses: [],
  handler: () => [],
})
