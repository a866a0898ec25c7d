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
}

/** Every commit is flushed to disk before it returns; writers of other processes are waited for. */
export const PRAGMAS = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
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
