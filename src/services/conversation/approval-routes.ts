// Who is told of approvals: clients that can answer them, and those that follow the session.

import {
  APPROVALS_CAPABILITY,
  execApprovalRequested,
  execApprovalResolved,
  pluginApprovalRequested,
  pluginApprovalResolved,
  sessionApproval,
} from '../../protocol/approval-events.ts'
import type { Bus } from '../bus.ts'
import { approvalsTopic } from '../identity/topics.ts'
import type { Approval } from './approval-table.ts'
import { toEnded, toPending, toRequestRow } from './approval-view.ts'

export interface ApprovalRoutes {
  /** Whether anybody is there who could answer; `except` is the connection that asks. */
  exist(except: string | null): boolean
  requested(approval: Approval): void
  /** `by`: who decided, for people; null when nobody did. */
  resolved(approval: Approval, by: string | null): void
}

export function createApprovalRoutes(bus: Bus): ApprovalRoutes {
  const audience = { capability: APPROVALS_CAPABILITY }

  function tellSession(approval: Approval) {
    const { sessionKey } = approval
    if (sessionKey === null) return
    const about = { sessionKey, sourceSessionKey: sessionKey, updatedAtMs: approval.resolvedAtMs ?? approval.createdAtMs }
    const payload =
      approval.status === 'pending'
        ? { ...about, phase: 'pending' as const, approval: toPending(approval) }
        : { ...about, phase: 'terminal' as const, approval: toEnded(approval, true) }
    bus.publish(sessionApproval, payload, { topic: approvalsTopic(sessionKey) })
  }

  return {
    exist: (except) => bus.isHeard(execApprovalRequested, except === null ? audience : { ...audience, except }),
    requested(approval) {
      tellSession(approval)
      const event = approval.kind === 'exec' ? execApprovalRequested : pluginApprovalRequested
      bus.publish(event, () => toRequestRow(approval), audience)
    },
    resolved(approval, by) {
      tellSession(approval)
      const event = approval.kind === 'exec' ? execApprovalResolved : pluginApprovalResolved
      const { id, decision, request } = approval
      bus.publish(event, () => ({ id, decision: decision ?? ('deny' as const), resolvedBy: by, ts: approval.resolvedAtMs!, request }), audience)
    },
  }
}
