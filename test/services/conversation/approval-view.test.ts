import { expect, it } from 'vitest'
import { endedApproval, pendingApproval, type Presentation } from '../../../src/protocol/approval-shapes.ts'
import type { Approval } from '../../../src/services/conversation/approval-table.ts'
import { fromCursor, toCursor, toEnded, toPending, toRequestRow, toSnapshot, toVerdict } from '../../../src/services/conversation/approval-view.ts'

const presentation: Presentation = { kind: 'exec', commandText: 'ls', commandPreview: null, warningText: null, host: null, nodeId: null, agentId: null, allowedDecisions: ['deny'] }
const base = { id: 'plugin:ä/1', kind: 'exec', agentId: 'main', sessionKey: null, request: { command: 'ls' }, presentation, createdAtMs: 1, expiresAtMs: 2, decision: null, reason: null, resolver: null } as const
const approval = (more: Partial<Approval> = {}) => ({ ...base, status: 'pending', resolvedAtMs: null, ...more }) as Approval

it('shows one that waits', () => {
  expect(toSnapshot(approval())).toEqual(toPending(approval()))
  expect(pendingApproval.parse(toPending(approval()))).toMatchObject({ status: 'pending', urlPath: '/approve/plugin%3A%C3%A4%2F1' })
  expect(toRequestRow(approval())).toEqual({ id: base.id, request: base.request, createdAtMs: 1, expiresAtMs: 2, approvalKind: 'exec' })
})

it.each([
  [{ status: 'allowed', decision: 'allow-once', reason: 'user' }, { decision: 'allow-once', reason: 'user' }],
  [{ status: 'allowed', decision: 'allow-always', reason: 'user' }, { decision: 'allow-always' }],
  [{ status: 'denied', decision: 'deny', reason: 'user' }, { decision: 'deny', reason: 'user' }],
  [{ status: 'denied', decision: 'deny', reason: 'no-route' }, { reason: 'no-route' }],
  [{ status: 'denied', decision: 'deny', reason: 'malformed-verdict' }, { reason: 'malformed-verdict' }],
  [{ status: 'expired', reason: 'timeout' }, { reason: 'timeout' }],
  [{ status: 'cancelled', reason: 'run-aborted' }, { reason: 'run-aborted' }],
  [{ status: 'cancelled', reason: 'gateway-restart' }, { reason: 'gateway-restart' }],
] as const)('shows one that has ended: %j', (ending, shown) => {
  const ended = approval({ ...ending, resolvedAtMs: 5, resolver: { kind: 'device', id: 'd' } })
  const snapshot = endedApproval.parse(toSnapshot(ended))
  expect(snapshot).toMatchObject({ status: ending.status, resolvedAtMs: 5, source: { agentId: 'main' }, resolver: { kind: 'device', id: 'd' }, ...shown })
  expect(toEnded(ended, true)).not.toHaveProperty('resolver')
  expect(toEnded(ended, true)).not.toHaveProperty('source')
})

it('tells decisions of persons alone', () => {
  const decision = (more: Partial<Approval>) => toVerdict(approval(more)).decision
  expect(decision({ status: 'denied', decision: 'deny', reason: 'user' })).toBe('deny')
  expect(decision({ status: 'denied', decision: 'deny', reason: 'malformed-verdict' })).toBe('deny')
  expect(decision({ status: 'denied', decision: 'deny', reason: 'no-route' })).toBeNull()
  expect(decision({ status: 'expired', decision: null, reason: 'timeout' })).toBeNull()
})

it('marks a place in the history, and refuses what is none', () => {
  expect(fromCursor(toCursor(approval({ resolvedAtMs: 7 })))).toEqual({ resolvedAtMs: 7, id: 'plugin:ä/1' })
  for (const cursor of ['x', '!!', '', 'bnVsbA', 'e30', 'W10']) expect(() => fromCursor(cursor), cursor).toThrow('invalid approval.history cursor')
})
