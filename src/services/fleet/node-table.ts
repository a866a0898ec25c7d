// The rows of nodes: what each says that it can do, what of it was approved, and what waits for approval. Larger than
// the record of a connection may be, and kept over sleeps and restarts.

import * as z from 'zod'
import { hostStats } from '../../protocol/node-events.ts'
import type { Sql } from '../../ports/sql.ts'
import { createCollection, type Collection } from '../../store/collection.ts'

const texts = z.array(z.string())
const permissions = z.record(z.string(), z.boolean())
const surface = { caps: texts, commands: texts, permissions: permissions.optional() }

/** Caps, commands and permissions: what a node can do. */
export type Surface = z.output<z.ZodObject<typeof surface>>

const nodeRow = z.strictObject({
  nodeId: z.string(),
  displayName: z.string().optional(),
  platform: z.string(),
  version: z.string(),
  clientId: z.string(),
  clientMode: z.string(),
  deviceFamily: z.string().optional(),
  modelIdentifier: z.string().optional(),
  remoteIp: z.string().optional(),
  pathEnv: z.string().optional(),
  /** As of its last connect, without what its platform may not do. */
  declared: z.strictObject(surface),
  approved: z.strictObject({ ...surface, createdAtMs: z.int(), approvedAtMs: z.int() }).optional(),
  pending: z.strictObject({ ...surface, requestId: z.string(), silent: z.literal(true).optional(), ts: z.int() }).optional(),
  lastConnectedAtMs: z.int(),
  lastSeenAtMs: z.int(),
  lastSeenReason: z.string(),
  hostStats: hostStats.extend({ updatedAtMs: z.int() }).optional(),
  runnerInventory: z.record(z.string(), z.unknown()).optional(),
})
export type NodeRow = z.output<typeof nodeRow>

export interface NodeTable extends Pick<Collection<NodeRow>, 'delete'> {
  get(nodeId: string): NodeRow | null
  put(row: NodeRow): void
  /** Changes members of a row; nothing when there is none. */
  change(nodeId: string, members: Partial<NodeRow>): void
  list(): NodeRow[]
}

/** Nodes that a list shows. */
const MAX_LISTED = 1000

export function createNodeTable(sql: Sql): NodeTable {
  const rows = createCollection(sql, 'nodes', nodeRow)
  const get = (nodeId: string) => rows.get(nodeId)?.value ?? null
  const put = (row: NodeRow) => void rows.put(row.nodeId, row)
  return {
    get,
    put,
    change(nodeId, members) {
      const row = get(nodeId)
      if (row) put({ ...row, ...members })
    },
    list: () => rows.list({ limit: MAX_LISTED }).map(({ value }) => value),
    delete: rows.delete,
  }
}

/** What of its declared surface was approved: the only part that counts. */
export function effectiveSurface({ declared, approved }: NodeRow): Surface {
  if (!approved) return { caps: [], commands: [] }
  const granted = approved.permissions ?? {}
  const kept = Object.entries(declared.permissions ?? {}).filter(([name, isOn]) => !isOn || granted[name] === true)
  return {
    caps: declared.caps.filter((cap) => approved.caps.includes(cap)),
    commands: declared.commands.filter((command) => approved.commands.includes(command)),
    ...(kept.length > 0 && { permissions: Object.fromEntries(kept) }),
  }
}

/** Whether the node asks for something that was not approved. */
export function isWider({ declared, approved }: NodeRow): boolean {
  if (!approved) return true
  const effective = effectiveSurface({ declared, approved } as NodeRow)
  const count = (surface: Surface) => surface.caps.length + surface.commands.length + Object.keys(surface.permissions ?? {}).length
  return count(effective) < count(declared)
}

export type ApprovalState = 'approved' | 'pending-approval' | 'pending-reapproval' | 'unapproved'

export function approvalStateOf({ approved, pending }: NodeRow): ApprovalState {
  if (pending) return approved ? 'pending-reapproval' : 'pending-approval'
  return approved ? 'approved' : 'unapproved'
}
