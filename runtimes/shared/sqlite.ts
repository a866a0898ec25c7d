// Sql on a synchronous SQLite driver: node:sqlite and bun:sqlite have the same form.

import { StorageError, type Sql, type SqlValue } from '../../src/index.ts'

export interface SqliteStatement {
  all(...params: SqlValue[]): unknown[]
  get(...params: SqlValue[]): unknown
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

/** Statements that are kept ready; some have as many forms as there are sets of columns to write. */
const MAX_STATEMENTS = 1000

export function createSql(driver: SqliteDriver): Sql {
  const statements = new Map<string, SqliteStatement>()
  let depth = 0
  let inGroup = false

  function prepare(query: string): SqliteStatement {
    let statement = statements.get(query)
    if (!statement) {
      statement = driver.prepare(query)
      if (statements.size >= MAX_STATEMENTS) statements.delete(statements.keys().next().value!)
      statements.set(query, statement)
    }
    return statement
  }

  function all<Row>(query: string, ...params: SqlValue[]): Row[] {
    try {
      return prepare(query).all(...params) as Row[]
    } catch (error) {
      throw toStorageError(error)
    }
  }

  function get<Row>(query: string, ...params: SqlValue[]): Row | undefined {
    try {
      return (prepare(query).get(...params) ?? undefined) as Row | undefined
    } catch (error) {
      throw toStorageError(error)
    }
  }

  /**
   * Not with `run` of the driver: that tells the last rowid, and node:sqlite throws when a number cannot hold it. Those
   * of a full-text index are such.
   */
  const run = (query: string, ...params: SqlValue[]) => void get(query, ...params)

  /** An inner transaction is part of the one around it: if it fails, so does all. */
  function tx<T>(work: () => T): T {
    if (depth > 0) return work()
    const [open, done, undo] = inGroup
      ? ['SAVEPOINT work', 'RELEASE work', 'ROLLBACK TO work']
      : ['BEGIN IMMEDIATE', 'COMMIT', 'ROLLBACK']
    run(open!)
    depth++
    try {
      const result = work()
      depth--
      run(done!)
      return result
    } catch (error) {
      depth = 0
      takeBack(undo!, ...(inGroup ? ['RELEASE work'] : []))
      throw error
    }
  }

  /** On a full disk, for example, SQLite has taken back all by itself already, and knows of no transaction any more. */
  function takeBack(...steps: readonly string[]): void {
    try {
      for (const step of steps) run(step)
    } catch {
      // What went wrong before is what there is to tell.
    }
  }

  return {
    all,
    get,
    run,
    exec: (script) => driver.exec(script),
    tx,
    group: {
      begin() {
        run('BEGIN IMMEDIATE')
        inGroup = true
      },
      commit() {
        inGroup = false
        run('COMMIT')
        return driver.sync()
      },
      rollback() {
        inGroup = false
        takeBack('ROLLBACK')
      },
    },
  }
}

/** SQLite's numbers for a disk that cannot be written or read: READONLY, IOERR, FULL, CANTOPEN. */
const STORAGE_CODES: readonly number[] = [8, 10, 13, 14]

/** A query that is wrong stays what it is. Node and Bun name the number differently; its low byte is the kind. */
function toStorageError(error: unknown): unknown {
  const { errcode, errno = errcode } = error as { errcode?: number; errno?: number }
  if (errno === undefined || !STORAGE_CODES.includes(errno & 0xff)) return error
  return new StorageError((error as Error).message, { cause: error })
}
