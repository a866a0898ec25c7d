// Events of approvals. Only clients with the capability `approvals` receive the requests themselves; those that follow a
// session with its approvals receive what concerns it.

import * as z from 'zod'
import { DECISIONS, endedApproval, pendingApproval } from './approval-shapes.ts'
import { defineEvent } from './event.ts'

const text = z.string().min(1)
const count = z.int().min(0)
const request = z.record(z.string(), z.unknown())

/** Clients that name it are asked, and their presence is what makes asking worthwhile. */
export const APPROVALS_CAPABILITY = 'approvals'

const requested = z.strictObject({ approvalKind: z.enum(['exec', 'plugin']), id: text, request, createdAtMs: count, expiresAtMs: count })
const resolved = z.strictObject({ id: text, decision: z.enum(DECISIONS), resolvedBy: text.nullable(), ts: count, request })

export const execApprovalRequested = defineEvent({
  name: 'exec.approval.requested',
  scope: 'operator.approvals',
  reach: 'all',
  summary: 'A command waits for a person.',
  payload: requested,
})

export const execApprovalResolved = defineEvent({
  name: 'exec.approval.resolved',
  scope: 'operator.approvals',
  reach: 'all',
  summary: 'A command waits no longer: somebody decided, or nobody did in time.',
  payload: resolved,
})

export const pluginApprovalRequested = defineEvent({
  name: 'plugin.approval.requested',
  scope: 'operator.approvals',
  reach: 'all',
  summary: 'Something else than a command waits for a person.',
  payload: requested,
})

export const pluginApprovalResolved = defineEvent({
  name: 'plugin.approval.resolved',
  scope: 'operator.approvals',
  reach: 'all',
  summary: 'What waited for a person waits no longer.',
  payload: resolved,
})

const aboutSession = { sessionKey: text, sourceSessionKey: text, updatedAtMs: count }

export const sessionApproval = defineEvent({
  name: 'session.approval',
  scope: 'operator.approvals',
  reach: 'topic',
  summary: 'An approval of a session waits, or has ended.',
  payload: z.discriminatedUnion('phase', [
    z.strictObject({ ...aboutSession, phase: z.literal('pending'), approval: pendingApproval }),
    z.strictObject({ ...aboutSession, phase: z.literal('terminal'), approval: endedApproval }),
  ]),
})

export const APPROVAL_EVENTS = [execApprovalRequested, execApprovalResolved, pluginApprovalRequested, pluginApprovalResolved, sessionApproval] as const
