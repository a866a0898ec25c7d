// Who has changed the configuration, when, and what: the last changes, without values.

import type { Sql } from '../../ports/sql.ts'
import type { Migration } from '../../store/migrate.ts'

export const configHistoryMigration: Migration = {
  name: 'config/history',
  script: `CREATE TABLE config_history (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, hash TEXT NOT NULL, at INTEGER NOT NULL,
    actor TEXT NOT NULL, how TEXT NOT NULL, paths TEXT NOT NULL, note TEXT
  )`,
}

/** A change of the configuration. */
export interface ConfigRevision {
  readonly hash: string
  readonly at: number
  /** The principal who made it; `file`: somebody who wrote the file itself. */
  readonly by: string
  /** The method by which it was made, or `file`, or `rollback`. */
  readonly how: string
  readonly paths: readonly string[]
  readonly note: string | null
}

export interface ConfigHistory {
  add(revision: ConfigRevision): void
  /** The latest first. */
  list(limit: number): readonly ConfigRevision[]
}

const KEEP = 100
const MAX_PATHS = 50
const MAX_NOTE_CHARS = 500

interface Row {
  hash: string
  at: number
  actor: string
  how: string
  paths: string
  note: string | null
}

export function createConfigHistory(sql: Sql): ConfigHistory {
  return {
    add: ({ hash, at, by, how, paths, note }) =>
      sql.tx(() => {
        const shown = JSON.stringify(paths.slice(0, MAX_PATHS).map((path) => path.slice(0, 200)))
        const text = note?.slice(0, MAX_NOTE_CHARS) ?? null
        sql.run('INSERT INTO config_history (hash, at, actor, how, paths, note) VALUES (?, ?, ?, ?, ?, ?)', hash, at, by, how, shown, text)
        sql.run('DELETE FROM config_history WHERE seq <= (SELECT max(seq) FROM config_history) - ?', KEEP)
      }),
    list: (limit) =>
      sql
        .all<Row>('SELECT hash, at, actor, how, paths, note FROM config_history ORDER BY seq DESC LIMIT ?', limit)
        .map(({ actor, paths, ...row }) => ({ ...row, by: actor, paths: JSON.parse(paths) as string[] })),
  }
}
