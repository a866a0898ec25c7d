// Events of nodes: what operators hear of them, and what is told to a node itself.

import * as z from 'zod'
import { defineEvent } from './event.ts'

const text = z.string().min(1)
const count = z.int().min(0)

const surface = {
  clientId: text,
  clientMode: text,
  displayName: text.optional(),
  platform: text,
  version: text,
  deviceFamily: text.optional(),
  caps: z.array(text),
  commands: z.array(text),
  permissions: z.record(z.string(), z.boolean()).optional(),
}

/** A node asks to do more than was approved. */
export const nodePairRequest = z.strictObject({
  requestId: text,
  nodeId: text,
  ...surface,
  requiredApproveScopes: z.array(text),
  silent: z.literal(true).optional(),
  ts: count,
})
export type NodePairRequest = z.output<typeof nodePairRequest>

export const nodePairRequested = defineEvent({
  name: 'node.pair.requested',
  scope: 'operator.pairing',
  reach: 'all',
  summary: 'A node asks for capabilities that nobody has approved yet.',
  payload: nodePairRequest,
})

const resolution = z.strictObject({
  /** Empty when a node was removed. */
  requestId: z.string(),
  nodeId: text,
  decision: z.enum(['approved', 'rejected', 'removed']),
  ts: count,
})

export const nodePairResolved = defineEvent({
  name: 'node.pair.resolved',
  scope: 'operator.pairing',
  reach: 'all',
  summary: 'Capabilities of a node were approved or rejected, or it was removed.',
  payload: resolution,
})

/** The same, to the node that it is about. */
export const nodePairResolvedForNode = defineEvent({ ...nodePairResolved, scope: null, reach: 'direct' })

export const nodePresence = defineEvent({
  name: 'node.presence',
  scope: 'operator.read',
  reach: 'all',
  summary: 'When a person last used the machine of a node; null when it is no longer known.',
  payload: z.strictObject({ nodeId: text, lastActiveAtMs: count.nullable(), presenceUpdatedAtMs: count.nullable() }),
})

export const hostStats = z.strictObject({
  cpuCount: z.int().min(1).max(4096),
  loadAverage: z.array(z.number().min(0)).max(8).optional(),
  memoryTotalBytes: count,
  memoryFreeBytes: count,
  diskTotalBytes: count.optional(),
  diskAvailableBytes: count.optional(),
})
export type HostStats = z.output<typeof hostStats>

export const nodeHostStats = defineEvent({
  name: 'node.hostStats',
  scope: 'operator.read',
  reach: 'all',
  dropIfSlow: true,
  summary: 'How the machine of a node fares.',
  payload: z.strictObject({ nodeId: text, hostStats: hostStats.extend({ updatedAtMs: count }) }),
})

export const nodeRunnerInventoryChanged = defineEvent({
  name: 'node.runnerInventory.changed',
  scope: 'operator.read',
  reach: 'all',
  summary: 'What a node can run has changed, it being gone included.',
  payload: z.strictObject({ nodeId: text }),
})

export const nodeInvokeRequest = defineEvent({
  name: 'node.invoke.request',
  scope: null,
  reach: 'direct',
  summary: 'To a node: do this, and answer with node.invoke.result.',
  payload: z.strictObject({
    id: text,
    nodeId: text,
    command: text,
    paramsJSON: z.string().optional(),
    timeoutMs: count.optional(),
    idempotencyKey: text.optional(),
  }),
})

export const nodeInvokeCancel = defineEvent({
  name: 'node.invoke.cancel',
  scope: null,
  reach: 'direct',
  summary: 'To a node: nobody waits for this any more.',
  payload: z.strictObject({ invokeId: text, nodeId: text }),
})

/** Those that hello-ok lists; the others are the same ones, addressed to a node. */
export const NODE_EVENTS = [
  nodePairRequested,
  nodePairResolved,
  nodePresence,
  nodeHostStats,
  nodeRunnerInventoryChanged,
  nodeInvokeRequest,
  nodeInvokeCancel,
]
