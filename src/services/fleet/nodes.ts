// The nodes: which are paired, which are connected and by which connection, and when each was last seen. What each may
// do is in `node-pairing.ts`.

import { isDangerousKey } from '../../kit/keys.ts'
import { invalid } from '../../protocol/errors.ts'
import { nodePairResolved, nodePresence } from '../../protocol/node-events.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Commit } from '../../store/commit.ts'
import type { Bus } from '../bus.ts'
import { mayTouch, type Asker } from '../identity/asker.ts'
import type { Connection, Connections, Said } from '../identity/connections.ts'
import type { Devices } from '../identity/devices.ts'
import type { SetupCodes } from '../identity/setup-codes.ts'
import type { NodePairing } from './node-pairing.ts'
import type { NodePolicy } from './node-policy.ts'
import { approvalStateOf, effectiveSurface, type ApprovalState, type NodeRow, type NodeTable, type Surface } from './node-table.ts'

const MAX_PATH_CHARS = 8 * 1024
/** Names of caps, commands and permissions are cut; more permissions than these are not kept. */
const MAX_NAME_CHARS = 128
const MAX_PERMISSIONS = 64

/** A node as operators see it. */
export interface ListedNode extends Surface {
  readonly row: NodeRow
  readonly approvalState: ApprovalState
  readonly paired: boolean
  readonly connected: boolean
  readonly approvedAtMs: number | undefined
  readonly connectedAtMs: number | undefined
  readonly activity: Activity | null
  readonly isActive: boolean
}

/** When a person last used its machine. */
export interface Activity {
  readonly lastActiveAtMs: number
  readonly presenceUpdatedAtMs: number
}

/** `removed`: it may not come back. */
export type LeaveReason = 'closed' | 'removed'
export type NodeJoinListener = (nodeId: string, connection: Connection) => void
export type NodeLeaveListener = (nodeId: string, connection: Connection, reason: LeaveReason) => void

export interface Nodes {
  /** Takes up a connection, if it is one of a node. */
  join(connection: Connection, said: Said | null): void
  leave(connection: Connection): void
  /** Told when a node has joined and has its hello-ok: what is directed at it now arrives. Not after a sleep. */
  onJoin(listener: NodeJoinListener): void
  onLeave(listener: NodeLeaveListener): void
  /** Told when a node is gone for good, or was revoked. */
  onRemoved(listener: (nodeId: string) => void): void
  /** The connection that speaks for a node: its newest. */
  connectionOf(nodeId: string): Connection | null
  /** The ids of those that are connected. */
  connected(): string[]
  list(): ListedNode[]
  /** Throws for an unknown one. */
  get(nodeId: string): ListedNode
  rename(nodeId: string, displayName: string, asker: Asker): void
  remove(nodeId: string, asker: Asker): void
  /** It gave a sign of life. */
  seen(nodeId: string, reason: string): void
  /** Null: no longer known. False when nothing has changed. */
  setActivity(nodeId: string, lastActiveAtMs: number | null): boolean
}

interface Live {
  /** The newest is the last. */
  readonly connections: Connection[]
  connectedAtMs: number
  activity: Activity | null
}

export function createNodes(deps: {
  table: NodeTable
  pairing: NodePairing
  policy: NodePolicy
  connections: Connections
  devices: Devices
  setupCodes: SetupCodes
  commit: Commit
  clock: Clock
  bus: Bus
  autoApproveLocal: () => boolean
}): Nodes {
  const { table, pairing, policy, devices, setupCodes, commit, clock, bus } = deps
  const live = new Map<string, Live>()
  const joins: NodeJoinListener[] = []
  const leaves: NodeLeaveListener[] = []
  const removals: ((nodeId: string) => void)[] = []

  devices.onRemoved((deviceId, role) => {
    if (role !== 'operator') forget(deviceId)
  })

  function join(connection: Connection, said: Said | null) {
    const nodeId = nodeOf(connection)
    if (nodeId === null) return
    const known = live.get(nodeId)
    if (said) declare(nodeId, connection, said)
    live.set(nodeId, { connections: [...(known?.connections ?? []), connection], connectedAtMs: said ? clock.now() : connection.openedAt, activity: known?.activity ?? null })
    if (!said) return
    clock.turn(() => {
      if (!live.get(nodeId)?.connections.includes(connection)) return
      for (const listener of joins) listener(nodeId, connection)
    })
  }

  function declare(nodeId: string, connection: Connection, said: Said) {
    const { facts } = connection
    const isLocal = facts.direct && facts.origin === null && deps.autoApproveLocal()
    const access = setupCodes.accessOf(nodeId)
    pairing.declare(toRow(table.get(nodeId), nodeId, connection, said, policy, clock.now()), { isLocal, access })
  }

  function leave(connection: Connection) {
    const nodeId = nodeOf(connection)
    const node = nodeId === null ? undefined : live.get(nodeId)
    const index = node?.connections.indexOf(connection) ?? -1
    if (nodeId === null || !node || index === -1) return
    node.connections.splice(index, 1)
    if (node.connections.length === 0) {
      setActivity(nodeId, null)
      live.delete(nodeId)
      commit.lazily(() => table.change(nodeId, { lastSeenAtMs: clock.now(), lastSeenReason: 'disconnect' }))
    }
    for (const listener of leaves) listener(nodeId, connection, 'closed')
  }

  const isRevoked = (nodeId: string) => devices.find(nodeId)?.revokedAtMs?.node !== undefined

  /** Whatever it was asked, and may do, is over. One that was revoked is still shown. */
  function forget(nodeId: string) {
    const gone = live.get(nodeId)?.connections ?? []
    live.delete(nodeId)
    const row = table.get(nodeId)
    if (!row) return
    commit.tx(() => (isRevoked(nodeId) ? table.put(withoutApproval(row)) : table.delete(nodeId)))
    for (const connection of gone) for (const listener of leaves) listener(nodeId, connection, 'removed')
    for (const listener of removals) listener(nodeId)
    bus.publish(nodePairResolved, { requestId: '', nodeId, decision: 'removed', ts: clock.now() })
  }

  function setActivity(nodeId: string, lastActiveAtMs: number | null): boolean {
    const node = live.get(nodeId)
    if (!node || (lastActiveAtMs === null && node.activity === null)) return false
    node.activity = lastActiveAtMs === null ? null : { lastActiveAtMs, presenceUpdatedAtMs: clock.now() }
    bus.publish(nodePresence, { nodeId, lastActiveAtMs, presenceUpdatedAtMs: node.activity?.presenceUpdatedAtMs ?? null })
    return true
  }

  /** The node whose person was active last. */
  function mostActive(): string | null {
    let found: { nodeId: string; at: number } | null = null
    for (const [nodeId, { activity }] of live) {
      if (activity && (!found || activity.lastActiveAtMs > found.at)) found = { nodeId, at: activity.lastActiveAtMs }
    }
    return found?.nodeId ?? null
  }

  function toListed(row: NodeRow, active = mostActive()): ListedNode {
    const node = live.get(row.nodeId)
    return {
      row,
      ...effectiveSurface(row),
      approvalState: approvalStateOf(row),
      paired: devices.grantOf(row.nodeId, 'node') !== null,
      connected: node !== undefined,
      approvedAtMs: row.approved?.approvedAtMs ?? devices.find(row.nodeId)?.approvedAtMs,
      connectedAtMs: node?.connectedAtMs,
      activity: node?.activity ?? null,
      isActive: active === row.nodeId,
    }
  }

  function find(nodeId: string): NodeRow {
    const row = table.get(nodeId)
    if (!row) throw invalid('unknown nodeId')
    return row
  }

  return {
    join,
    leave,
    onJoin: (listener) => void joins.push(listener),
    onLeave: (listener) => void leaves.push(listener),
    onRemoved: (listener) => void removals.push(listener),
    connected: () => [...live.keys()],
    connectionOf: (nodeId) => live.get(nodeId)?.connections.at(-1) ?? null,
    list() {
      const active = mostActive()
      const all = table.list().map((row) => toListed(row, active))
      return all.toSorted((a, b) => Number(b.connected) - Number(a.connected))
    },
    get: (nodeId) => toListed(find(nodeId)),

    rename(nodeId, displayName, { caller }) {
      if (!mayTouch(caller, nodeId)) throw invalid('node rename denied')
      const row = find(nodeId)
      commit.tx(() => table.put({ ...row, displayName }))
    },

    remove(nodeId, asker) {
      if (!mayTouch(asker.caller, nodeId)) throw invalid('node removal denied')
      find(nodeId)
      if (!devices.removeRole(nodeId, 'node', asker)) forget(nodeId)
    },

    seen: (nodeId, reason) => commit.lazily(() => table.change(nodeId, { lastSeenAtMs: clock.now(), lastSeenReason: reason })),
    setActivity,
  }
}

function withoutApproval(known: NodeRow): NodeRow {
  const { approved: _, pending: __, ...row } = known
  return row
}

/** The node that a connection is of: devices that connected as one. */
const nodeOf = ({ session }: Connection): string | null => (session?.role === 'node' ? (session.deviceId ?? null) : null)

const names = (given: readonly string[]): string[] => [...new Set(given.map((name) => name.slice(0, MAX_NAME_CHARS)))]

/** What a node says of itself, without what its platform may not do. The name by which it was first known stays. */
function toRow(known: NodeRow | null, nodeId: string, { session, facts }: Connection, said: Said, policy: NodePolicy, now: number): NodeRow {
  const { client, caps } = session!
  const { platform, version, id: clientId, mode: clientMode, deviceFamily, modelIdentifier } = client
  const machine = { platform, deviceFamily }
  const name = known?.displayName ?? client.displayName
  const permissions = Object.entries(said.permissions ?? {}).filter(([key]) => !isDangerousKey(key)).slice(0, MAX_PERMISSIONS)
  return {
    nodeId,
    ...(name !== undefined && { displayName: name }),
    platform,
    version,
    clientId,
    clientMode,
    ...(deviceFamily !== undefined && { deviceFamily }),
    ...(modelIdentifier !== undefined && { modelIdentifier }),
    ...(facts.address !== null && !facts.direct && { remoteIp: facts.address }),
    ...(said.pathEnv !== undefined && { pathEnv: said.pathEnv.slice(0, MAX_PATH_CHARS) }),
    declared: {
      caps: names(caps),
      commands: names(said.commands ?? []).filter((command) => policy.allows(command, machine)),
      ...(permissions.length > 0 && { permissions: Object.fromEntries(permissions.map(([key, isOn]) => [key.slice(0, MAX_NAME_CHARS), isOn])) }),
    },
    ...(known?.approved && { approved: known.approved }),
    ...(known?.pending && { pending: known.pending }),
    lastConnectedAtMs: now,
    lastSeenAtMs: now,
    lastSeenReason: 'connect',
    ...(known?.hostStats && { hostStats: known.hostStats }),
    ...(known?.runnerInventory && { runnerInventory: known.runnerInventory }),
  }
}
