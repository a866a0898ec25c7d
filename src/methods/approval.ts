// Approvals of all kinds: one of them, the decision, the history.

import * as z from 'zod'
import { APPROVAL_KINDS, approvalSnapshot, endedApproval } from '../protocol/approval-shapes.ts'
import { defineMethod } from '../rpc/method.ts'
import { fromCursor, toCursor, toEnded, toSnapshot } from '../services/conversation/approval-view.ts'
import { notFound } from '../services/conversation/approvals.ts'
import { reviewer, toResolver } from './approval-answers.ts'

const text = z.string().min(1)
const DEFAULT_PAGE = 50

export const approvalGet = defineMethod({
  name: 'approval.get',
  scope: 'operator.approvals',
  summary: 'An approval, and what became of it.',
  params: z.strictObject({ id: text }),
  result: z.strictObject({ approval: approvalSnapshot }),
  uses: ['approvals'],
  handler({ id }, { approvals }) {
    const approval = approvals.get(id)
    if (!approval) throw notFound()
    return { approval: toSnapshot(approval) }
  },
})

export const approvalResolve = defineMethod({
  name: 'approval.resolve',
  scope: 'operator.approvals',
  summary: 'Decides. The first decision stands; one that does not fit what was asked is a no.',
  params: z.strictObject({
    id: text,
    kind: text,
    decision: text,
    reviewer: reviewer.optional(),
    grantExpiresInDays: z.int().min(1).max(3650).optional(),
  }),
  result: z.strictObject({ applied: z.boolean(), approval: endedApproval }),
  uses: ['approvals'],
  handler({ id, kind, decision, grantExpiresInDays }, { approvals, ...call }) {
    const { applied, approval } = approvals.resolve(id, { kind, decision, grantExpiresInDays, ...toResolver(call) })
    return { applied, approval: toEnded(approval) }
  },
})

export const approvalHistory = defineMethod({
  name: 'approval.history',
  scope: 'operator.approvals',
  summary: 'Approvals that have ended within the last 30 days, the latest first.',
  params: z.strictObject({
    cursor: text.max(512).optional(),
    limit: z.int().min(1).max(100).default(DEFAULT_PAGE),
    kind: z.enum(APPROVAL_KINDS).optional(),
  }),
  result: z.strictObject({ items: z.array(endedApproval), nextCursor: text.max(512).optional() }),
  uses: ['approvals'],
  handler({ cursor, limit, kind }, { approvals }) {
    const before = cursor === undefined ? {} : { before: fromCursor(cursor) }
    const found = approvals.history({ ...before, ...(kind !== undefined && { kind }), limit: limit + 1 })
    const items = found.slice(0, limit)
    return { items: items.map((approval) => toEnded(approval)), ...(found.length > limit && { nextCursor: toCursor(items.at(-1)!) }) }
  },
})
