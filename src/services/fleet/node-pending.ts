// What waits for a node until it comes back: requests that operators enqueue, which it drains, and commands that its app
// could not do in the background, which it pulls and acknowledges. On disk, with a time to live each.

import { uuid } from '../../kit/ids.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Sql } from '../../ports/sql.ts'
import type { Commit } from '../../store/commit.ts'
import type { Migration } from '../../store/migrate.ts'

export const nodePendingMigration: Migration = {
  name: 'fleet/node-pending',
  script: `CREATE TABLE node_pending (
    node_id TEXT NOT NULL, id TEXT NOT NULL, kind TEXT NOT NULL, what TEXT NOT NULL,
    priority INTEGER NOT NULL, params TEXT, created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL,
    PRIMARY KEY (node_id, id)
  ) WITHOUT ROWID;
  CREATE INDEX node_pending_expiry ON node_pending (expires_at);
  CREATE TABLE node_pending_revisions (node_id TEXT PRIMARY KEY, revision INTEGER NOT NULL) WITHOUT ROWID`,
}

export const WORK_TYPES = ['status.request', 'location.request'] as const
export type WorkType = (typeof WORK_TYPES)[number]
/** By what they count; `default` is what a node is always asked for. */
export const PRIORITIES = ['default', 'normal', 'high'] as const
export type Priority = (typeof PRIORITIES)[number]

const WORK_MS = 24 * 60 * 60 * 1000
const ACTION_MS = 10 * 60 * 1000
/** Commands that wait for one node at most. */
const MAX_ACTIONS = 64
const MAX_PARAMS_CHARS = 64 * 1024
const MAX_DRAINED = 10
const PRUNE_STEP = 1000

export interface PendingWork {
  readonly id: string
  readonly type: WorkType
  readonly priority: Priority
  readonly createdAtMs: number
  readonly expiresAtMs: number | null
}

export interface PendingAction {
  readonly id: string
  readonly command: string
  readonly paramsJSON?: string
  readonly enqueuedAtMs: number
}

export interface NodePending {
  /** One of each type waits at a time: a second one is the first. */
  enqueue(nodeId: string, work: { type: WorkType; priority: Exclude<Priority, 'default'>; ttlMs?: number | undefined }): { revision: number; queued: PendingWork }
  /** Takes what waits, the most urgent first. */
  drain(nodeId: string, maxItems?: number): { revision: number; items: PendingWork[]; hasMore: boolean }
  /** Keeps a command for later. Returns its id; null when too much waits already, or it is too large. */
  addAction(nodeId: string, command: string, paramsJSON: string | undefined): string | null
  actions(nodeId: string): PendingAction[]
  /** Returns how many still wait. */
  ack(nodeId: string, ids: readonly string[]): number
  forget(nodeId: string): void
  prune(now: number): void
}

interface Row {
  id: string
  what: string
  priority: number
  params: string | null
  created_at: number
  expires_at: number
}

export function createNodePending(deps: { sql: Sql; commit: Commit; clock: Clock }): NodePending {
  const { sql, commit, clock } = deps

  const live = (nodeId: string, kind: 'work' | 'action') =>
    sql.all<Row>(
      `SELECT id, what, priority, params, created_at, expires_at FROM node_pending
       WHERE node_id = ? AND kind = ? AND expires_at > ? ORDER BY priority DESC, created_at, id`,
      nodeId,
      kind,
      clock.now(),
    )

  function put(nodeId: string, kind: 'work' | 'action', row: Row) {
    sql.run(
      'INSERT OR REPLACE INTO node_pending (node_id, id, kind, what, priority, params, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
      nodeId,
      row.id,
      kind,
      row.what,
      row.priority,
      row.params,
      row.created_at,
      row.expires_at,
    )
  }

  const remove = (nodeId: string, id: string) => sql.run('DELETE FROM node_pending WHERE node_id = ? AND id = ?', nodeId, id)

  const revisionOf = (nodeId: string) =>
    sql.get<{ revision: number }>('SELECT revision FROM node_pending_revisions WHERE node_id = ?', nodeId)?.revision ?? 0

  function grow(nodeId: string): number {
    const revision = revisionOf(nodeId) + 1
    sql.run('INSERT OR REPLACE INTO node_pending_revisions (node_id, revision) VALUES (?, ?)', nodeId, revision)
    return revision
  }

  return {
    enqueue: (nodeId, { type, priority, ttlMs = WORK_MS }) =>
      commit.tx(() => {
        const now = clock.now()
        const rank = PRIORITIES.indexOf(priority)
        const known = live(nodeId, 'work').find(({ what }) => what === type)
        if (known && known.priority >= rank) return { revision: revisionOf(nodeId), queued: toWork(known) }
        const made = { id: known?.id ?? uuid(), what: type, priority: rank, params: null, created_at: known?.created_at ?? now, expires_at: now + ttlMs }
        put(nodeId, 'work', made)
        return { revision: grow(nodeId), queued: toWork(made) }
      }),

    drain: (nodeId, maxItems = MAX_DRAINED) =>
      commit.tx(() => {
        const waiting = live(nodeId, 'work').map(toWork)
        const items = waiting.slice(0, maxItems)
        for (const { id } of items) remove(nodeId, id)
        const revision = items.length > 0 ? grow(nodeId) : revisionOf(nodeId)
        const isAsked = waiting.some(({ type }) => type === 'status.request')
        const all = isAsked || items.length >= maxItems ? items : [...items, baseline(clock.now())]
        return { revision, items: all, hasMore: waiting.length > items.length }
      }),

    addAction: (nodeId, command, paramsJSON) =>
      commit.tx(() => {
        if (live(nodeId, 'action').length >= MAX_ACTIONS || (paramsJSON?.length ?? 0) > MAX_PARAMS_CHARS) return null
        const now = clock.now()
        const id = uuid()
        put(nodeId, 'action', { id, what: command, priority: 0, params: paramsJSON ?? null, created_at: now, expires_at: now + ACTION_MS })
        return id
      }),

    actions: (nodeId) => live(nodeId, 'action').map(toAction),

    ack: (nodeId, ids) =>
      commit.tx(() => {
        for (const id of new Set(ids)) remove(nodeId, id)
        return live(nodeId, 'action').length
      }),

    forget: (nodeId) =>
      commit.tx(() => {
        sql.run('DELETE FROM node_pending WHERE node_id = ?', nodeId)
        sql.run('DELETE FROM node_pending_revisions WHERE node_id = ?', nodeId)
      }),

    prune: (now) =>
      sql.run(
        'DELETE FROM node_pending WHERE (node_id, id) IN (SELECT node_id, id FROM node_pending WHERE expires_at <= ? LIMIT ?)',
        now,
        PRUNE_STEP,
      ),
  }
}

const toWork = ({ id, what, priority, created_at, expires_at }: Row): PendingWork => ({
  id,
  type: what as WorkType,
  priority: PRIORITIES[priority] ?? 'normal',
  createdAtMs: created_at,
  expiresAtMs: expires_at,
})

const toAction = ({ id, what, params, created_at }: Row): PendingAction => ({
  id,
  command: what,
  ...(params !== null && { paramsJSON: params }),
  enqueuedAtMs: created_at,
})

/** A node that looks in is asked how it is, whether or not anybody enqueued that. */
const baseline = (now: number): PendingWork => ({ id: 'baseline-status', type: 'status.request', priority: 'default', createdAtMs: now, expiresAtMs: null })
