// Nodes: who they are, what they may do, what they are asked and what they tell.

import type { Ground } from '../ground.ts'
import type { Agents } from '../conversation/agents.ts'
import type { IdentityServices } from '../identity/services.ts'
import type { ConfigService } from '../operations/config.ts'
import { createAdmission } from './invoke-admission.ts'
import { createNodeChat } from './node-chat.ts'
import { createNodeEvents, type NodeEvents } from './node-events.ts'
import { createInvokeTable } from './node-invoke-table.ts'
import { createNodeInvokes, type NodeInvokes } from './node-invokes.ts'
import { createNodePairing, type NodePairing } from './node-pairing.ts'
import { createNodePending, type NodePending } from './node-pending.ts'
import { createNodePolicy } from './node-policy.ts'
import { createNodeSurface, type NodeSurface } from './node-surface.ts'
import { createNodeTable } from './node-table.ts'
import { createNodes, type Nodes } from './nodes.ts'

export interface NodeServices {
  readonly nodes: Nodes
  readonly nodePairing: NodePairing
  readonly nodeInvokes: NodeInvokes
  readonly nodePending: NodePending
  readonly nodeSurface: NodeSurface
  readonly nodeEvents: NodeEvents
}

/** How long one can ask again, under the same key, what became of an invoke. */
const KEEP_INVOKES_MS = 24 * 60 * 60 * 1000

export function createNodeServices(
  { platform, commit, bus, log, upkeep }: Pick<Ground, 'commit' | 'bus' | 'log' | 'upkeep'> & { readonly platform: Pick<Ground['platform'], 'sql' | 'clock'> },
  config: Pick<ConfigService, 'current'>,
  { connections, devices, setupCodes }: Pick<IdentityServices, 'connections' | 'devices' | 'setupCodes'>,
  agents: Pick<Agents, 'sessionKey'>,
): NodeServices {
  const { sql, clock } = platform
  const configured = () => config.current.gateway?.nodes
  const table = createNodeTable(sql)
  const policy = createNodePolicy(() => configured()?.commands ?? {})
  const nodePairing = createNodePairing({ table, commit, clock, bus, connectionOf: (nodeId) => nodes.connectionOf(nodeId)?.id ?? null })
  const autoApproveLocal = () => configured()?.pairing?.autoApproveLocal ?? true
  const nodes: Nodes = createNodes({ table, pairing: nodePairing, policy, connections, devices, setupCodes, commit, clock, bus, autoApproveLocal })
  const nodePending = createNodePending({ sql, commit, clock })
  const admission = createAdmission({ nodes, pairing: nodePairing, policy })
  const invokeTable = createInvokeTable(sql)
  const nodeInvokes = createNodeInvokes({ table: invokeTable, nodes, admission, pending: nodePending, commit, clock, bus, log: log.child('nodes') })
  const nodeSurface = createNodeSurface({ sql, table, nodes, commit, bus })
  const nodeEvents = createNodeEvents({ table, nodes, invokes: nodeInvokes, commit, clock, bus })
  createNodeChat({ bus, events: nodeEvents, connections, agents })

  nodes.onRemoved((nodeId) => {
    nodePending.forget(nodeId)
    nodeSurface.clear(nodeId)
  })
  connections.onJoin((connection, said) => {
    const { role, deviceId } = connection.session!
    if (role !== 'node' || deviceId === undefined) return
    if (said) nodeSurface.clear(deviceId)
    nodes.join(connection, said)
  })
  connections.onLeave((connection) => nodes.leave(connection))
  upkeep.add((now) => {
    invokeTable.prune(now - KEEP_INVOKES_MS)
    nodePending.prune(now)
  })
  return { nodes, nodePairing, nodeInvokes, nodePending, nodeSurface, nodeEvents }
}
