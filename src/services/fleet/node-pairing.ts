// What nodes may do is approved apart from the pairing of their devices: a node that asks for more than was approved
// makes a request, and until somebody who holds enough approves it, only what was approved before counts.

import { uuid } from '../../kit/ids.ts'
import { GatewayError, invalid, unavailable } from '../../protocol/errors.ts'
import { nodePairRequested, nodePairResolved, nodePairResolvedForNode, type NodePairRequest } from '../../protocol/node-events.ts'
import type { Principal } from '../../protocol/scopes.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Commit } from '../../store/commit.ts'
import type { Bus } from '../bus.ts'
import { scopesToApprove } from './node-policy.ts'
import { isWider, type NodeRow, type NodeTable, type Surface } from './node-table.ts'

export interface PairedNode extends Surface {
  readonly nodeId: string
  readonly clientId: string
  readonly clientMode: string
  readonly displayName?: string
  readonly platform: string
  readonly version: string
  readonly deviceFamily?: string
  readonly createdAtMs: number
  readonly approvedAtMs: number
  readonly lastConnectedAtMs: number
  readonly lastSeenAtMs: number
  readonly lastSeenReason: string
}

interface NamedSurface {
  readonly displayName?: string
  readonly version: string
}

/** How a node came to connect: what it needs no new approval for. */
export interface Arrival {
  /** From this machine, which the configuration trusts to pair. */
  readonly isLocal: boolean
  /** It was just paired with a setup code of an admin, who gave it this much. */
  readonly access: 'full' | 'limited' | 'node' | null
}

export interface NodePairing {
  /** Keeps what a node declares, with a request when that is more than was approved. */
  declare(row: NodeRow, arrival: Arrival): NodeRow
  list(): { pending: NodePairRequest[]; paired: PairedNode[] }
  approve(requestId: string, approver: Principal): PairedNode
  /** Returns the node. */
  reject(requestId: string): string
  /** For the row of its device. */
  surfacesOf(nodeId: string): {
    readonly nodeSurface?: NamedSurface & NonNullable<NodeRow['approved']>
    readonly pendingNodeSurface?: NamedSurface & NonNullable<NodeRow['pending']>
  }
  /** The row of a node that may act. Throws while nobody has approved anything of it. */
  approved(nodeId: string): NodeRow
  /** Told after capabilities were approved or rejected. */
  onResolved(listener: (nodeId: string) => void): void
}

export function createNodePairing(deps: {
  table: NodeTable
  commit: Commit
  clock: Clock
  bus: Bus
  /** The connection that speaks for a node now. */
  connectionOf: (nodeId: string) => string | null
}): NodePairing {
  const { table, commit, clock, bus } = deps
  const listeners: ((nodeId: string) => void)[] = []

  function tell(nodeId: string, requestId: string, decision: 'approved' | 'rejected') {
    const resolution = { requestId, nodeId, decision, ts: clock.now() }
    bus.publish(nodePairResolved, resolution)
    const connection = deps.connectionOf(nodeId)
    if (connection !== null) bus.publish(nodePairResolvedForNode, resolution, { connection })
  }

  const requestIn = (requestId: string) => {
    const row = table.list().find(({ pending }) => pending?.requestId === requestId)
    if (!row?.pending) throw invalid('unknown requestId')
    return { row, pending: row.pending }
  }

  function grant(row: NodeRow, surface: Surface): NodeRow {
    const now = clock.now()
    const { pending: _, ...rest } = row
    return { ...rest, approved: { ...only(surface), createdAtMs: row.approved?.createdAtMs ?? now, approvedAtMs: now } }
  }

  function declare(row: NodeRow, { isLocal, access }: Arrival): NodeRow {
    const { pending, ...rest } = row
    const isGranted = access === 'full' || (access === 'limited' && !scopesToApprove(row.declared.commands).includes('operator.admin'))
    const isRepeated = pending !== undefined && isWider(row) && sameSurface(pending, row.declared)
    if (isRepeated) {
      commit.tx(() => table.put(row))
      return row
    }
    const made: NodeRow = isGranted && !row.approved ? grant(row, row.declared) : isWider(row) ? { ...rest, pending: toPending(row, isLocal) } : rest
    commit.tx(() => table.put(made))
    if (pending) tell(row.nodeId, pending.requestId, 'rejected') // it no longer asks for that
    if (made.pending) bus.publish(nodePairRequested, toRequest(made, made.pending))
    return made
  }

  const toPending = (row: NodeRow, isLocal: boolean): NonNullable<NodeRow['pending']> => ({
    requestId: uuid(),
    ...only(row.declared),
    ...(isLocal && !row.approved && { silent: true as const }),
    ts: clock.now(),
  })

  return {
    declare,

    list() {
      const rows = table.list()
      return {
        pending: rows.flatMap((row) => (row.pending ? [toRequest(row, row.pending)] : [])),
        paired: rows.flatMap((row) => (row.approved ? [toPaired(row, row.approved)] : [])),
      }
    },

    approve(requestId, approver) {
      const { row, pending } = requestIn(requestId)
      const required = scopesToApprove(pending.commands)
      const missing = required.find((scope) => !approver.scopes.has(scope))
      if (missing) {
        throw new GatewayError('FORBIDDEN', `missing scope: ${missing}`, {
          details: { code: 'MISSING_SCOPE', missingScope: missing, requiredScopes: [...required] },
        })
      }
      const granted = grant(row, pending)
      commit.tx(() => table.put(granted))
      tell(row.nodeId, requestId, 'approved')
      for (const listener of listeners) listener(row.nodeId)
      return toPaired(granted, granted.approved!)
    },

    reject(requestId) {
      const { row } = requestIn(requestId)
      const { pending: _, ...rest } = row
      commit.tx(() => table.put(rest))
      tell(row.nodeId, requestId, 'rejected')
      for (const listener of listeners) listener(row.nodeId)
      return row.nodeId
    },

    surfacesOf(nodeId) {
      const row = table.get(nodeId)
      if (!row) return {}
      const shown = { ...(row.displayName !== undefined && { displayName: row.displayName }), version: row.version }
      return {
        ...(row.approved && { nodeSurface: { ...shown, ...row.approved } }),
        ...(row.pending && { pendingNodeSurface: { ...shown, ...row.pending } }),
      }
    },

    approved(nodeId) {
      const row = table.get(nodeId)
      if (row?.approved) return row
      throw unavailable(
        row?.pending
          ? `node capability surface is awaiting operator approval; run \`openclaw nodes approve ${row.pending.requestId}\` (see \`openclaw nodes pending\`), then this node retries automatically`
          : 'nothing of what this node can do was approved: connect it again, and approve its request with node.pair.approve',
        { details: { code: 'PAIRING_CHANGED' } },
      )
    },

    onResolved: (listener) => void listeners.push(listener),
  }
}

const only = ({ caps, commands, permissions }: Surface): Surface => ({ caps, commands, ...(permissions && { permissions }) })

function sameSurface(a: Surface, b: Surface): boolean {
  const text = ({ caps, commands, permissions = {} }: Surface) =>
    JSON.stringify([caps.toSorted(), commands.toSorted(), Object.entries(permissions).toSorted(([x], [y]) => (x < y ? -1 : 1))])
  return text(a) === text(b)
}

const facts = ({ nodeId, clientId, clientMode, displayName, platform, version, deviceFamily }: NodeRow) => ({
  nodeId,
  clientId,
  clientMode,
  ...(displayName !== undefined && { displayName }),
  platform,
  version,
  ...(deviceFamily !== undefined && { deviceFamily }),
})

function toRequest(row: NodeRow, { requestId, silent, ts, ...surface }: NonNullable<NodeRow['pending']>): NodePairRequest {
  const requiredApproveScopes = [...scopesToApprove(surface.commands)]
  return { requestId, ...facts(row), ...surface, requiredApproveScopes, ...(silent && { silent }), ts }
}

function toPaired(row: NodeRow, approved: NonNullable<NodeRow['approved']>): PairedNode {
  const { lastConnectedAtMs, lastSeenAtMs, lastSeenReason } = row
  return { ...facts(row), ...approved, lastConnectedAtMs, lastSeenAtMs, lastSeenReason }
}
