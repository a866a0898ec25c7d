// Compactions: from which message on a model is given a conversation, and what it is told of everything before. The
// messages themselves stay where they are.

import type { Sql } from '../../ports/sql.ts'
import type { Migration } from '../../store/migrate.ts'

export const compactionsMigration: Migration = {
  name: 'sessions/compactions',
  script: `CREATE TABLE session_compactions (
    stream TEXT NOT NULL, seq INTEGER NOT NULL, id TEXT NOT NULL, kept_after INTEGER NOT NULL,
    summary TEXT, first_kept_id TEXT, leaf_id TEXT NOT NULL, marker_id TEXT NOT NULL,
    tokens_before INTEGER NOT NULL, tokens_after INTEGER NOT NULL, created_at INTEGER NOT NULL,
    PRIMARY KEY (stream, seq)
  ) WITHOUT ROWID`,
}

export interface Compaction {
  /** The number of the message that marks it. */
  readonly seq: number
  readonly id: string
  /** Messages up to this number are not given to a model any more. */
  readonly keptAfter: number
  /** What a model is told of them; null: nothing. */
  readonly summary: string | null
  readonly firstKeptId: string | null
  /** The last message before it. */
  readonly leafId: string
  readonly markerId: string
  /** What a model was given, about, and what it is given instead. */
  readonly tokensBefore: number
  readonly tokensAfter: number
  readonly createdAt: number
}

export interface CompactionTable {
  put(stream: string, compaction: Compaction): void
  /** The last one among the messages `after < seq <= upTo`. */
  latest(stream: string, range: { after: number; upTo: number }): Compaction | null
  /** The newest `limit` among the messages behind `after`. */
  list(stream: string, after: number, limit: number): Compaction[]
  /** A transcript was copied, up to message `upTo`. */
  copy(from: string, to: string, upTo: number): void
  delete(stream: string): void
}

const COLUMNS = [
  'seq',
  'id',
  'kept_after AS keptAfter',
  'summary',
  'first_kept_id AS firstKeptId',
  'leaf_id AS leafId',
  'marker_id AS markerId',
  'tokens_before AS tokensBefore',
  'tokens_after AS tokensAfter',
  'created_at AS createdAt',
].join(', ')

export function createCompactionTable(sql: Sql): CompactionTable {
  return {
    put: (stream, { seq, id, keptAfter, summary, firstKeptId, leafId, markerId, tokensBefore, tokensAfter, createdAt }) =>
      sql.run(
        `INSERT INTO session_compactions
         (stream, seq, id, kept_after, summary, first_kept_id, leaf_id, marker_id, tokens_before, tokens_after, created_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        stream,
        seq,
        id,
        keptAfter,
        summary,
        firstKeptId,
        leafId,
        markerId,
        tokensBefore,
        tokensAfter,
        createdAt,
      ),
    latest: (stream, { after, upTo }) =>
      sql.get<Compaction>(
        `SELECT ${COLUMNS} FROM session_compactions WHERE stream = ? AND seq > ? AND seq <= ? ORDER BY seq DESC LIMIT 1`,
        stream,
        after,
        upTo,
      ) ?? null,
    list: (stream, after, limit) =>
      sql.all<Compaction>(
        `SELECT ${COLUMNS} FROM session_compactions WHERE stream = ? AND seq > ? ORDER BY seq DESC LIMIT ?`,
        stream,
        after,
        limit,
      ),
    copy: (from, to, upTo) =>
      sql.run(
        `INSERT INTO session_compactions
         SELECT ?, seq, id, kept_after, summary, first_kept_id, leaf_id, marker_id, tokens_before, tokens_after, created_at
         FROM session_compactions WHERE stream = ? AND seq <= ?`,
        to,
        from,
        upTo,
      ),
    delete: (stream) => sql.run('DELETE FROM session_compactions WHERE stream = ?', stream),
  }
}
