// Approvals as clients see them.

import type { EndedApproval, PendingApproval } from '../../protocol/approval-shapes.ts'
import { invalid } from '../../protocol/errors.ts'
import { fromBase64Url, toBase64Url, toUtf8 } from '../../kit/bytes.ts'
import { parseJson } from '../../kit/json.ts'
import type { Approval, HistoryPosition } from './approval-table.ts'

const factsOf = ({ id, presentation, createdAtMs, expiresAtMs }: Approval) => ({
  id,
  urlPath: `/approve/${encodeURIComponent(id)}`,
  createdAtMs,
  expiresAtMs,
  presentation,
})

export const toPending = (approval: Approval): PendingApproval => ({ ...factsOf(approval), status: 'pending' })

/** `isPublic`: without who asked and who decided. */
export function toEnded(approval: Approval, isPublic = false): EndedApproval {
  const { agentId, sessionKey, resolver } = approval
  const source = { ...(agentId !== null && { agentId }), ...(sessionKey !== null && { sessionKey }) }
  const facts = {
    ...factsOf(approval),
    resolvedAtMs: approval.resolvedAtMs!,
    ...(!isPublic && { source, ...(resolver && { resolver }) }),
  }
  switch (approval.status) {
    case 'allowed':
      return { ...facts, status: 'allowed', decision: approval.decision === 'allow-always' ? 'allow-always' : 'allow-once', reason: 'user' }
    case 'expired':
      return { ...facts, status: 'expired', reason: 'timeout' }
    case 'cancelled':
      return { ...facts, status: 'cancelled', reason: approval.reason === 'gateway-restart' ? 'gateway-restart' : 'run-aborted' }
    default: {
      const reason = approval.reason === 'no-route' || approval.reason === 'malformed-verdict' ? approval.reason : 'user'
      return { ...facts, status: 'denied', decision: 'deny', reason }
    }
  }
}

export const toSnapshot = (approval: Approval): PendingApproval | EndedApproval =>
  approval.status === 'pending' ? toPending(approval) : toEnded(approval)

/** A row of a list of those that wait. */
export const toRequestRow = ({ id, request, createdAtMs, expiresAtMs, kind }: Approval) => ({ id, request, createdAtMs, expiresAtMs, approvalKind: kind })

/** What whoever asked is told. A decision is one of a person: an end without one is null. */
export const toVerdict = ({ id, decision, reason, createdAtMs, expiresAtMs }: Approval) => ({
  id,
  decision: reason === 'no-route' ? null : decision,
  createdAtMs,
  expiresAtMs,
})

// --- places in the history ---

export const toCursor = ({ resolvedAtMs, id }: Approval): string => toBase64Url(toUtf8(JSON.stringify({ v: 1, resolvedAtMs, id })))

export function fromCursor(cursor: string): HistoryPosition {
  const bytes = fromBase64Url(cursor)
  const parsed = bytes ? parseJson(new TextDecoder().decode(bytes)) : { ok: false as const }
  const value = parsed.ok ? (parsed.value as Partial<HistoryPosition> | null) : null
  if (typeof value?.resolvedAtMs !== 'number' || typeof value.id !== 'string') throw invalid('invalid approval.history cursor')
  return { resolvedAtMs: value.resolvedAtMs, id: value.id }
}
