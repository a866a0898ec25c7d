// The policies that say which commands wait for a person: that of this gateway, and those of nodes.

import * as z from 'zod'
import { approvalsFile, approvalsSnapshot, resolvedPolicy } from '../protocol/approval-shapes.ts'
import { unavailable } from '../protocol/errors.ts'
import { defineMethod } from '../rpc/method.ts'

const text = z.string().min(1)
const action = z.enum(['allow', 'deny', 'prompt'])
const rule = z.strictObject({
  pattern: text,
  action,
  shells: z.array(text).optional(),
  description: z.string().optional(),
  enabled: z.boolean().optional(),
})

export const execApprovalsGet = defineMethod({
  name: 'exec.approvals.get',
  scope: 'operator.admin',
  summary: 'The policy of this gateway for commands of agents, and its hash.',
  params: z.strictObject({}),
  result: approvalsSnapshot,
  uses: ['approvalPolicy'],
  handler: (_, { approvalPolicy }) => approvalPolicy.get(),
})

export const execApprovalsSet = defineMethod({
  name: 'exec.approvals.set',
  scope: 'operator.admin',
  summary: 'Replaces the policy of this gateway. Refused when it was changed since the caller read it.',
  params: z.strictObject({ file: approvalsFile, baseHash: text.optional() }),
  result: approvalsSnapshot,
  uses: ['approvalPolicy'],
  handler: ({ file, baseHash }, { approvalPolicy }) => approvalPolicy.set(file, baseHash),
})

/** As a node answers: its own file, or rules of its own kind. */
const nodeSnapshot = z.strictObject({
  path: z.string().optional(),
  exists: z.boolean().optional(),
  hash: z.string().optional(),
  file: approvalsFile.optional(),
  resolvedDefaults: resolvedPolicy.optional(),
  enabled: z.boolean().optional(),
  baseHash: text.optional(),
  defaultAction: action.optional(),
  rules: z.array(rule).optional(),
  constraints: z
    .strictObject({
      baseHashRequired: z.boolean().optional(),
      defaultAllowAllowed: z.boolean().optional(),
      broadAllowRulesAllowed: z.boolean().optional(),
      dangerousAllowRulesAllowed: z.boolean().optional(),
    })
    .optional(),
  message: z.string().optional(),
})

/** A node may say more than is known here: that is left out. */
function readSnapshot(answer: unknown): z.input<typeof nodeSnapshot> {
  const parsed = z.object(nodeSnapshot.shape).safeParse(answer)
  if (!parsed.success) throw unavailable('the node answered in a form that is not known here: is it of another version?', { retryable: false })
  return parsed.data
}

export const execApprovalsNodeGet = defineMethod({
  name: 'exec.approvals.node.get',
  scope: 'operator.admin',
  summary: 'The policy of a node for commands, as the node tells it.',
  params: z.strictObject({ nodeId: text }),
  result: nodeSnapshot,
  uses: ['approvals'],
  handler: async ({ nodeId }, { approvals, caller }) =>
    readSnapshot(await approvals.onNode({ nodeId, command: 'system.execApprovals.get', params: {}, caller })),
})

export const execApprovalsNodeSet = defineMethod({
  name: 'exec.approvals.node.set',
  scope: 'operator.admin',
  summary: 'Replaces the policy of a node.',
  params: z
    .strictObject({
      nodeId: text,
      file: approvalsFile.optional(),
      native: z.strictObject({ defaultAction: action.optional(), rules: z.array(rule) }).optional(),
      baseHash: text.optional(),
    })
    .refine(({ file, native }) => (file === undefined) !== (native === undefined), 'exactly one of file and native is required'),
  result: nodeSnapshot,
  uses: ['approvals'],
  handler: async ({ nodeId, ...params }, { approvals, caller }) =>
    readSnapshot(await approvals.onNode({ nodeId, command: 'system.execApprovals.set', params, caller })),
})
