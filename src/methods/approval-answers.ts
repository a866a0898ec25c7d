// What the methods of all kinds of approvals have in common.

import * as z from 'zod'
import { DECISIONS, ENDINGS, isDecision, type Decision, type Resolver } from '../protocol/approval-shapes.ts'
import { invalid, type GatewayError } from '../protocol/errors.ts'
import type { Call } from '../rpc/method.ts'
import { toVerdict } from '../services/conversation/approval-view.ts'
import type { Approval, AskedKind } from '../services/conversation/approval-table.ts'
import type { Approvals } from '../services/conversation/approvals.ts'

const text = z.string().min(1)

export const requestRow = z.strictObject({
  id: text,
  request: z.record(z.string(), z.unknown()),
  createdAtMs: z.int(),
  expiresAtMs: z.int(),
  approvalKind: z.enum(['exec', 'plugin']),
})

const span = { createdAtMs: z.int(), expiresAtMs: z.int() }

export const accepted = z.strictObject({ status: z.literal('accepted'), id: text, deliveryRoute: text, ...span })
export const verdict = z.strictObject({ id: text, decision: z.enum(DECISIONS).nullable(), ...span })
export const waited = z.strictObject({ ...verdict.shape, terminalReason: z.enum(ENDINGS).optional() })

/** A missing id is refused with the protocol's own words. */
export const waitParams = z.looseObject({ id: z.string().optional() })
/** Who decided, where a channel says so. The caller answers for it. */
export const reviewer = z.strictObject({ channel: text, accountId: text, senderId: text })

export const named = ({ id, createdAtMs, expiresAtMs }: Approval) => ({
  status: 'accepted' as const,
  id,
  deliveryRoute: 'approval-client',
  createdAtMs,
  expiresAtMs,
})

export const unknownApproval = (): GatewayError =>
  invalid('unknown or expired approval id', {
    details: { reason: 'APPROVAL_NOT_FOUND', remediation: 'Re-request the action; approvals end when nobody answers in time.' },
  })

export async function waitFor(approvals: Approvals, kind: AskedKind, id: string | undefined, signal: AbortSignal): Promise<z.output<typeof waited>> {
  if (!id?.trim()) throw invalid('id is required')
  if (approvals.get(id)?.kind !== kind) throw invalid('approval expired or not found')
  const approval = await approvals.wait(id, signal)
  return { ...toVerdict(approval), ...(approval.reason && { terminalReason: approval.reason }) }
}

/** Who acts, for records and for people. A client may call itself anything: it is not asked. */
export function toResolver({ caller: { id, deviceId } }: Pick<Call, 'caller'>): { resolver: Resolver; by: string } {
  return { resolver: deviceId === undefined ? { kind: 'runtime', id } : { kind: 'device', id: deviceId }, by: id }
}

const BEFORE: Readonly<Record<AskedKind, { error: string; reason?: string }>> = {
  exec: { error: 'command', reason: 'APPROVAL_ALLOW_ALWAYS_UNAVAILABLE' },
  plugin: { error: 'plugin approval' },
}

/** `exec.approval.resolve` and `plugin.approval.resolve`: what cannot be decided so is refused, and goes on waiting. */
export function decide(
  approvals: Approvals,
  kind: AskedKind,
  params: { id: string; decision: string; grantExpiresInDays?: number | undefined },
  call: Pick<Call, 'caller'>,
): { ok: true } {
  const { id, decision, grantExpiresInDays } = params
  if (!isDecision(decision)) throw invalid('invalid decision')
  const known = approvals.get(id)
  if (known?.kind !== kind) throw unknownApproval()
  if (known.status === 'pending') {
    assertAllowed(known, decision)
    const { applied, approval } = approvals.resolve(id, { kind, decision, grantExpiresInDays, ...toResolver(call) })
    if (applied) return { ok: true }
    return assertSame(approval, decision)
  }
  return assertSame(known, decision)
}

function assertAllowed({ kind, presentation: { allowedDecisions } }: Approval, decision: Decision) {
  if (allowedDecisions.includes(decision)) return
  const { error, reason } = BEFORE[kind]
  const details = reason === undefined ? { allowedDecisions } : { reason }
  throw invalid(`${decision} is unavailable for this ${error}`, { details })
}

/** A repetition of the decision that stands is no error. */
function assertSame({ status, decision, reason }: Approval, wanted: Decision): { ok: true } {
  const wasDecided = (status === 'allowed' || status === 'denied') && reason !== 'no-route'
  if (!wasDecided) throw unknownApproval()
  if (decision === wanted) return { ok: true }
  throw invalid('approval already resolved', { details: { reason: 'APPROVAL_ALREADY_RESOLVED' } })
}
