// Sql on a synchronous SQLite driver: node:sqlite and bun:sqlite have the same form.

import type { Sql, SqlValue } from '../../src/index.ts'

export interface SqliteStatement {
  all(...params: SqlValue[]): unknown[]
  get(...params: SqlValue[]): unknown
  run(...params: SqlValue[]): unknown
}

export interface SqliteDriver {
  prepare(query: string): SqliteStatement
  exec(script: string): void
  /** Resolves when everything committed so far is on disk. */
  sync(): Promise<void>
}

/**
 * `synchronous = NORMAL` writes a commit to the log without waiting for the disk; `sync`, which every group of commits
 * waits for, is what `FULL` would do, without blocking the event loop. The log is copied into the database each 16 MiB:
 * pages that are written again and again are copied once. Writers of other processes are waited for.
 */
export const PRAGMAS = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  PRAGMA wal_autocheckpoint = 4000;
  PRAGMA busy_timeout = 5000;
  PRAGMA temp_store = MEMORY;
`

export function createSql(driver: SqliteDriver): Sql {
  const statements = new Map<string, SqliteStatement>()
  let depth = 0
  let inGroup = false

  function prepare(query: string): SqliteStatement {
    let statement = statements.get(query)
    if (!statement) {
      statement = driver.prepare(query)
      statements.set(query, statement)
    }
    return statement
  }

  const begin = () => prepare('BEGIN IMMEDIATE').run()

  /** An inner transaction is part of the one around it: if it fails, so does all. */
  function tx<T>(work: () => T): T {
    if (depth > 0) return work()
    const [open, done, undo] = inGroup
      ? ['SAVEPOINT work', 'RELEASE work', 'ROLLBACK TO work']
      : ['BEGIN IMMEDIATE', 'COMMIT', 'ROLLBACK']
    prepare(open!).run()
    depth++
    try {
      const result = work()
      depth--
      prepare(done!).run()
      return result
    } catch (error) {
      depth = 0
      prepare(undo!).run()
      if (inGroup) prepare('RELEASE work').run()
      throw error
    }
  }

  return {
    all: <Row>(query: string, ...params: SqlValue[]) => prepare(query).all(...params) as Row[],
    get: <Row>(query: string, ...params: SqlValue[]) => (prepare(query).get(...params) ?? undefined) as Row | undefined,
    run: (query, ...params) => void prepare(query).run(...params),
    exec: (script) => driver.exec(script),
    tx,
    group: {
      begin() {
        begin()
        inGroup = true
      },
      commit() {
        inGroup = false
        prepare('COMMIT').run()
        return driver.sync()
      },
      rollback() {
        inGroup = false
        try {
          prepare('ROLLBACK').run()
        } catch {
          // SQLite has rolled back by itself already: on a full disk, for example.
        }
      },
    },
  }
}
