// Nodes: the list of them, and the approval of what they may do.

import * as z from 'zod'
import { defined } from '../kit/json.ts'
import { hostStats, nodePairRequest } from '../protocol/node-events.ts'
import { defineMethod } from '../rpc/method.ts'
import type { ListedNode } from '../services/fleet/nodes.ts'
import type { PairedNode } from '../services/fleet/node-pairing.ts'
import type { NodeSurface } from '../services/fleet/node-surface.ts'
import { askerOf } from './devices.ts'

const text = z.string().min(1)
const at = z.int().min(0)
const permissions = z.record(z.string(), z.boolean())
const stats = hostStats.extend({ updatedAtMs: at })

/** As `node.pluginTools.update` names them. */
export const pluginTool = z.strictObject({
  pluginId: text,
  name: text,
  description: text,
  parameters: z.record(z.string(), z.unknown()),
  command: text,
  mcp: z.strictObject({ server: text, tool: text }).optional(),
})

const facts = {
  nodeId: text,
  displayName: text.optional(),
  platform: text,
  version: text,
  clientId: text,
  clientMode: text,
  deviceFamily: text.optional(),
}

const nodeRow = z.strictObject({
  ...facts,
  modelIdentifier: text.optional(),
  remoteIp: text.optional(),
  caps: z.array(text),
  commands: z.array(text),
  permissions: permissions.optional(),
  pathEnv: z.string().optional(),
  sessionHost: z.literal(false),
  hostStats: stats.optional(),
  nodePluginTools: z.array(pluginTool).optional(),
  approvalState: z.enum(['approved', 'pending-approval', 'pending-reapproval', 'unapproved']),
  pendingRequestId: text.optional(),
  pendingDeclaredCaps: z.array(text).optional(),
  pendingDeclaredCommands: z.array(text).optional(),
  pendingDeclaredPermissions: permissions.optional(),
  connectedAtMs: at.optional(),
  lastConnectedAtMs: at,
  lastActiveAtMs: at.optional(),
  presenceUpdatedAtMs: at.optional(),
  lastSeenAtMs: at,
  lastSeenReason: text,
  approvedAtMs: at.optional(),
  paired: z.boolean(),
  connected: z.boolean(),
  active: z.literal(true).optional(),
})

const pairedNode = z.strictObject({
  ...facts,
  caps: z.array(text),
  commands: z.array(text),
  permissions: permissions.optional(),
  createdAtMs: at,
  approvedAtMs: at,
  lastConnectedAtMs: at,
  lastSeenAtMs: at,
  lastSeenReason: text,
})

function toRow(node: ListedNode, surface: NodeSurface): z.output<typeof nodeRow> {
  const { row, caps, commands, permissions: granted, activity, connected } = node
  const { pending } = row
  return defined({
    nodeId: row.nodeId,
    displayName: row.displayName,
    platform: row.platform,
    version: row.version,
    clientId: row.clientId,
    clientMode: row.clientMode,
    deviceFamily: row.deviceFamily,
    modelIdentifier: row.modelIdentifier,
    remoteIp: row.remoteIp,
    caps: caps.toSorted(),
    commands: commands.toSorted(),
    permissions: granted,
    pathEnv: row.pathEnv,
    sessionHost: false as const,
    hostStats: row.hostStats,
    nodePluginTools: connected ? surface.toolsOf(row.nodeId).map((tool) => ({ ...tool })) : undefined,
    approvalState: node.approvalState,
    pendingRequestId: pending?.requestId,
    pendingDeclaredCaps: pending?.caps.toSorted(),
    pendingDeclaredCommands: pending?.commands.toSorted(),
    pendingDeclaredPermissions: pending?.permissions,
    connectedAtMs: node.connectedAtMs,
    lastConnectedAtMs: row.lastConnectedAtMs,
    lastActiveAtMs: activity === null ? undefined : Math.max(0, activity.lastActiveAtMs),
    presenceUpdatedAtMs: activity?.presenceUpdatedAtMs,
    lastSeenAtMs: row.lastSeenAtMs,
    lastSeenReason: row.lastSeenReason,
    approvedAtMs: node.approvedAtMs,
    paired: node.paired,
    connected,
    active: node.isActive ? (true as const) : undefined,
  })
}

const toPaired = (node: PairedNode): z.output<typeof pairedNode> => ({ ...node, caps: [...node.caps], commands: [...node.commands] })

export const nodeList = defineMethod({
  name: 'node.list',
  scope: 'operator.read',
  summary: 'All nodes: what each may do, whether it is connected, and what waits for approval.',
  params: z.strictObject({}),
  result: z.strictObject({ ts: at, activeNodeId: text.optional(), nodes: z.array(nodeRow) }),
  uses: ['clock', 'nodes', 'nodeSurface'],
  handler(_, { clock, nodes, nodeSurface }) {
    const all = nodes.list()
    const active = all.find(({ isActive }) => isActive)
    return { ts: clock.now(), ...(active && { activeNodeId: active.row.nodeId }), nodes: all.map((node) => toRow(node, nodeSurface)) }
  },
})

export const nodeDescribe = defineMethod({
  name: 'node.describe',
  scope: 'operator.read',
  summary: 'One node.',
  params: z.strictObject({ nodeId: text }),
  result: nodeRow.extend({ ts: at }),
  uses: ['clock', 'nodes', 'nodeSurface'],
  handler: ({ nodeId }, { clock, nodes, nodeSurface }) => ({ ts: clock.now(), ...toRow(nodes.get(nodeId), nodeSurface) }),
})

export const nodeRename = defineMethod({
  name: 'node.rename',
  scope: 'operator.pairing',
  summary: 'Says what a node is called.',
  params: z.strictObject({ nodeId: text, displayName: text }),
  result: z.strictObject({ nodeId: text, displayName: text }),
  uses: ['nodes'],
  handler({ nodeId, displayName: given }, { nodes, caller, connection }) {
    const displayName = given.trim().slice(0, 128) || given.slice(0, 128)
    nodes.rename(nodeId, displayName, askerOf(caller, connection))
    return { nodeId, displayName }
  },
})

export const nodePairList = defineMethod({
  name: 'node.pair.list',
  scope: 'operator.pairing',
  summary: 'What was approved of nodes, and what they ask for.',
  params: z.strictObject({}),
  result: z.strictObject({ pending: z.array(nodePairRequest), paired: z.array(pairedNode) }),
  uses: ['nodePairing'],
  handler(_, { nodePairing }) {
    const { pending, paired } = nodePairing.list()
    return { pending, paired: paired.map(toPaired) }
  },
})

export const nodePairApprove = defineMethod({
  name: 'node.pair.approve',
  scope: 'operator.pairing',
  summary: 'Approves what a node asks for. Running programs and reading files needs an admin, any other command operator.write.',
  params: z.strictObject({ requestId: text }),
  result: z.strictObject({ requestId: text, node: pairedNode }),
  uses: ['nodePairing'],
  handler: ({ requestId }, { nodePairing, caller }) => ({ requestId, node: toPaired(nodePairing.approve(requestId, caller)) }),
})

export const nodePairReject = defineMethod({
  name: 'node.pair.reject',
  scope: 'operator.pairing',
  summary: 'Rejects what a node asks for. What was approved before stays.',
  params: z.strictObject({ requestId: text }),
  result: z.strictObject({ requestId: text, nodeId: text }),
  uses: ['nodePairing'],
  handler: ({ requestId }, { nodePairing }) => ({ requestId, nodeId: nodePairing.reject(requestId) }),
})

export const nodePairRemove = defineMethod({
  name: 'node.pair.remove',
  scope: 'operator.pairing',
  summary: 'Removes a node: its tokens are dead, its sockets are closed, and what it was asked to do is cancelled.',
  params: z.strictObject({ nodeId: text }),
  result: z.strictObject({ nodeId: text }),
  uses: ['nodes'],
  handler({ nodeId }, { nodes, caller, connection }) {
    nodes.remove(nodeId, askerOf(caller, connection))
    return { nodeId }
  },
})
