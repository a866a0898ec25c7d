// Append-only streams: transcripts now, events and audit later. Entries of a stream are numbered without gaps, from
// 1 or from where a copy begins.

import type { Sql } from '../ports/sql.ts'
import type { Migration } from './migrate.ts'

/** `data` is JSON text and comes back as it was written. */
export interface Entry {
  readonly seq: number
  readonly id: string
  readonly data: string
}

export interface Log {
  /** The number of the last entry; 0 for an empty stream. */
  last(stream: string): number
  /** Adds the entry `seq`, which MUST be the one after the last. Throws when there is one with this number. */
  append(stream: string, seq: number, id: string, data: string): void
  /** Entries `after < seq <= upTo` in order; the last `limit` of them when `newest`, else the first. */
  read(stream: string, range: { after?: number; upTo?: number; limit: number; newest?: boolean }): Entry[]
  /** The entry with this id, looked for from the newest. */
  find(stream: string, id: string): Entry | null
  /** The entry with this number. */
  at(stream: string, seq: number): Entry | null
  /** Begins the stream `to`, which MUST be empty, with the entries `after < seq <= upTo` of another, under their numbers. */
  copy(from: string, to: string, range: { after: number; upTo: number }): void
  delete(stream: string): void
}

export const logMigration = (name: string): Migration => ({
  name: `log/${name}`,
  script: `CREATE TABLE log_${name} (
    stream TEXT NOT NULL, seq INTEGER NOT NULL, id TEXT NOT NULL, data TEXT NOT NULL,
    PRIMARY KEY (stream, seq)
  ) WITHOUT ROWID`,
})

export function createLog(sql: Sql, name: string): Log {
  const table = `log_${name}`

  return {
    last: (stream) => sql.get<{ seq: number | null }>(`SELECT max(seq) AS seq FROM ${table} WHERE stream = ?`, stream)?.seq ?? 0,
    append: (stream, seq, id, data) =>
      sql.run(`INSERT INTO ${table} (stream, seq, id, data) VALUES (?, ?, ?, ?)`, stream, seq, id, data),
    read(stream, { after = 0, upTo = Number.MAX_SAFE_INTEGER, limit, newest = false }) {
      const rows = sql.all<Entry>(
        `SELECT seq, id, data FROM ${table} WHERE stream = ? AND seq > ? AND seq <= ?
         ORDER BY seq ${newest ? 'DESC' : 'ASC'} LIMIT ?`,
        stream,
        after,
        upTo,
        limit,
      )
      return newest ? rows.reverse() : rows
    },
    find: (stream, id) =>
      sql.get<Entry>(`SELECT seq, id, data FROM ${table} WHERE stream = ? AND id = ? ORDER BY seq DESC LIMIT 1`, stream, id) ?? null,
    at: (stream, seq) => sql.get<Entry>(`SELECT seq, id, data FROM ${table} WHERE stream = ? AND seq = ?`, stream, seq) ?? null,
    copy: (from, to, { after, upTo }) =>
      sql.run(
        `INSERT INTO ${table} (stream, seq, id, data)
         SELECT ?, seq, id, data FROM ${table} WHERE stream = ? AND seq > ? AND seq <= ?`,
        to,
        from,
        after,
        upTo,
      ),
    delete: (stream) => sql.run(`DELETE FROM ${table} WHERE stream = ?`, stream),
  }
}
