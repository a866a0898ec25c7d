// What waits for a node until it comes back.

import * as z from 'zod'
import { defineMethod } from '../rpc/method.ts'
import { PRIORITIES, WORK_TYPES } from '../services/fleet/node-pending.ts'
import { callingNode } from './node-invoke.ts'

const text = z.string().min(1)
const count = z.int().min(0)

const work = z.strictObject({
  id: text,
  type: z.enum(WORK_TYPES),
  priority: z.enum(PRIORITIES),
  createdAtMs: count,
  expiresAtMs: count.nullable(),
})

const action = z.strictObject({ id: text, command: text, paramsJSON: z.string().optional(), enqueuedAtMs: count })

export const nodePendingEnqueue = defineMethod({
  name: 'node.pending.enqueue',
  scope: 'operator.write',
  summary: 'Leaves a request for a node that it takes up when it next looks. One of each type waits at a time.',
  params: z.strictObject({
    nodeId: text,
    type: z.enum(WORK_TYPES),
    priority: z.enum(['normal', 'high']).optional(),
    expiresInMs: z.int().min(1000).max(86_400_000).optional(),
    wake: z.boolean().optional(),
  }),
  result: z.strictObject({ nodeId: text, revision: count, queued: work, wakeTriggered: z.boolean() }),
  uses: ['nodePairing', 'nodePending', 'nodes'],
  handler({ nodeId, type, priority = 'normal', expiresInMs: ttlMs }, { nodePairing, nodePending, nodes }) {
    nodes.get(nodeId)
    nodePairing.approved(nodeId)
    return { nodeId, ...nodePending.enqueue(nodeId, { type, priority, ttlMs }), wakeTriggered: false }
  },
})

export const nodePendingDrain = defineMethod({
  name: 'node.pending.drain',
  scope: null,
  role: 'node',
  summary: 'Takes the requests that operators left for this node, the most urgent first.',
  params: z.strictObject({ maxItems: z.int().min(1).max(10).optional() }),
  result: z.strictObject({ nodeId: text, revision: count, items: z.array(work), hasMore: z.boolean() }),
  uses: ['nodePairing', 'nodePending'],
  handler({ maxItems }, { nodePairing, nodePending, caller, connection }) {
    const { nodeId } = callingNode(caller, connection)
    nodePairing.approved(nodeId)
    return { nodeId, ...nodePending.drain(nodeId, maxItems) }
  },
})

export const nodePendingPull = defineMethod({
  name: 'node.pending.pull',
  scope: null,
  role: 'node',
  summary: 'Commands that this node could not do in the background. They wait until it acknowledges them.',
  params: z.strictObject({}),
  result: z.strictObject({ nodeId: text, actions: z.array(action) }),
  uses: ['nodePairing', 'nodePending', 'nodes'],
  handler(_, { nodePairing, nodePending, nodes, caller, connection }) {
    const { nodeId } = callingNode(caller, connection)
    nodePairing.approved(nodeId)
    const { commands } = nodes.get(nodeId)
    return { nodeId, actions: nodePending.actions(nodeId).filter(({ command }) => commands.includes(command)) }
  },
})

export const nodePendingAck = defineMethod({
  name: 'node.pending.ack',
  scope: null,
  role: 'node',
  summary: 'Says that this node has taken up commands which node.pending.pull gave it.',
  params: z.strictObject({ ids: z.array(text).min(1) }),
  result: z.strictObject({ nodeId: text, ackedIds: z.array(text), remainingCount: count }),
  uses: ['nodePairing', 'nodePending'],
  handler({ ids }, { nodePairing, nodePending, caller, connection }) {
    const { nodeId } = callingNode(caller, connection)
    nodePairing.approved(nodeId)
    return { nodeId, ackedIds: [...ids], remainingCount: nodePending.ack(nodeId, ids) }
  },
})
