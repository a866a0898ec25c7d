// The record of what nodes were asked to do: accepted under the key of whoever asked, given to a node, and its one
// outcome.

import type { Sql } from '../../ports/sql.ts'
import type { Migration } from '../../store/migrate.ts'
import type { InvokeOutcome } from './invoke-outcome.ts'

export const nodeInvokesMigration: Migration = {
  name: 'fleet/node-invokes',
  script: `CREATE TABLE node_invokes (
    id TEXT PRIMARY KEY, principal TEXT NOT NULL, key TEXT NOT NULL, hash TEXT NOT NULL,
    node_id TEXT NOT NULL, command TEXT NOT NULL,
    accepted_at INTEGER NOT NULL, dispatched_at INTEGER, ended_at INTEGER, outcome TEXT
  ) WITHOUT ROWID;
  CREATE UNIQUE INDEX node_invokes_key ON node_invokes (principal, key);
  CREATE INDEX node_invokes_open ON node_invokes (accepted_at) WHERE ended_at IS NULL;
  CREATE INDEX node_invokes_ended ON node_invokes (ended_at) WHERE ended_at IS NOT NULL`,
}

export interface InvokeRow {
  readonly id: string
  readonly principal: string
  readonly key: string
  /** Of everything that must be equal for a repetition to be one. */
  readonly hash: string
  readonly nodeId: string
  readonly command: string
  readonly acceptedAt: number
}

export interface KnownInvoke {
  readonly id: string
  readonly hash: string
  /** null while it is open; `lost` when it had become too large to be kept. */
  readonly outcome: InvokeOutcome | 'lost' | null
}

export interface InvokeTable {
  find(principal: string, key: string): KnownInvoke | null
  /** Accepted, and about to be given to the node. */
  insert(row: InvokeRow): void
  /** False when it has ended already. */
  end(id: string, outcome: InvokeOutcome, at: number): boolean
  /** Some of those that have not ended. */
  open(limit: number): { readonly id: string; readonly dispatched: boolean }[]
  /** Forgets some of those that ended before `before`. */
  prune(before: number): void
}

/** Characters of an outcome that is kept for repetitions: a recording of a screen is not. */
const MAX_KEPT_CHARS = 256 * 1024
/** Rows that one call of `prune` deletes. */
const PRUNE_STEP = 5000

export function createInvokeTable(sql: Sql): InvokeTable {
  return {
    find(principal, key) {
      const row = sql.get<{ id: string; hash: string; ended_at: number | null; outcome: string | null }>(
        'SELECT id, hash, ended_at, outcome FROM node_invokes WHERE principal = ? AND key = ?',
        principal,
        key,
      )
      if (!row) return null
      const kept = row.outcome === null ? 'lost' : (JSON.parse(row.outcome) as InvokeOutcome)
      return { id: row.id, hash: row.hash, outcome: row.ended_at === null ? null : kept }
    },
    insert: ({ id, principal, key, hash, nodeId, command, acceptedAt }) =>
      sql.run(
        `INSERT INTO node_invokes (id, principal, key, hash, node_id, command, accepted_at, dispatched_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
        id,
        principal,
        key,
        hash,
        nodeId,
        command,
        acceptedAt,
        acceptedAt,
      ),
    end(id, outcome, at) {
      if (!sql.get('SELECT 1 AS open FROM node_invokes WHERE id = ? AND ended_at IS NULL', id)) return false
      const text = JSON.stringify(outcome)
      sql.run('UPDATE node_invokes SET ended_at = ?, outcome = ? WHERE id = ?', at, text.length > MAX_KEPT_CHARS ? null : text, id)
      return true
    },
    open: (limit) =>
      sql
        .all<{ id: string; dispatched_at: number | null }>(
          'SELECT id, dispatched_at FROM node_invokes WHERE ended_at IS NULL ORDER BY accepted_at LIMIT ?',
          limit,
        )
        .map(({ id, dispatched_at }) => ({ id, dispatched: dispatched_at !== null })),
    prune: (before) =>
      sql.run(
        'DELETE FROM node_invokes WHERE id IN (SELECT id FROM node_invokes WHERE ended_at IS NOT NULL AND ended_at < ? LIMIT ?)',
        before,
        PRUNE_STEP,
      ),
  }
}
