// The branches of conversations that are not the one that goes on. Each is a transcript of its own, whole from its first
// message, so that a page of any branch costs what a page of a transcript costs.

import type { Sql } from '../../ports/sql.ts'
import type { Migration } from '../../store/migrate.ts'

export const branchesMigration: Migration = {
  name: 'sessions/branches',
  script: `CREATE TABLE session_branches (
    session_key TEXT NOT NULL, stream TEXT NOT NULL, open INTEGER NOT NULL,
    leaf_id TEXT NOT NULL, floor INTEGER NOT NULL, messages INTEGER NOT NULL,
    title TEXT, preview TEXT, updated_at INTEGER NOT NULL,
    PRIMARY KEY (session_key, stream)
  ) WITHOUT ROWID`,
}

export interface Branch {
  /** Its transcript: the id of the session while it goes on in this branch. */
  readonly stream: string
  /** The id of its last message. */
  readonly leafId: string
  readonly floor: number
  readonly messages: number
  readonly title: string | null
  readonly preview: string | null
  readonly updatedAt: number
}

export interface BranchTable {
  /** Those of the conversation that goes on, the latest first. */
  list(sessionKey: string): Branch[]
  put(sessionKey: string, branch: Branch): void
  remove(sessionKey: string, stream: string): void
  /** The conversation begins anew: its branches stay on disk, and are no longer part of it. */
  close(sessionKey: string): void
  /** Forgets all branches, and returns their streams. */
  clear(sessionKey: string): string[]
}

export function createBranchTable(sql: Sql): BranchTable {
  return {
    list: (sessionKey) =>
      sql.all<Branch>(
        `SELECT stream, leaf_id AS leafId, floor, messages, title, preview, updated_at AS updatedAt FROM session_branches
         WHERE session_key = ? AND open = 1 ORDER BY updated_at DESC`,
        sessionKey,
      ),
    put: (sessionKey, { stream, leafId, floor, messages, title, preview, updatedAt }) =>
      sql.run(
        `INSERT OR REPLACE INTO session_branches (session_key, stream, open, leaf_id, floor, messages, title, preview, updated_at)
         VALUES (?, ?, 1, ?, ?, ?, ?, ?, ?)`,
        sessionKey,
        stream,
        leafId,
        floor,
        messages,
        title,
        preview,
        updatedAt,
      ),
    remove: (sessionKey, stream) => sql.run('DELETE FROM session_branches WHERE session_key = ? AND stream = ?', sessionKey, stream),
    close: (sessionKey) => sql.run('UPDATE session_branches SET open = 0 WHERE session_key = ?', sessionKey),
    clear(sessionKey) {
      const streams = sql.all<{ stream: string }>('SELECT stream FROM session_branches WHERE session_key = ?', sessionKey)
      sql.run('DELETE FROM session_branches WHERE session_key = ?', sessionKey)
      return streams.map(({ stream }) => stream)
    },
  }
}
