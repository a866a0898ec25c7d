// The SQLite of Node, in memory: what services and whole gateways are tested on.

import { DatabaseSync } from 'node:sqlite'
import { createSql } from '../../runtimes/shared/sqlite.ts'
import type { Sql } from '../../src/index.ts'

export interface TestSql extends Sql {
  /** What a flush to disk does from now on: a test can hold it back, or let it fail. */
  sync: () => Promise<void>
  /** Another one in memory, with all that was committed here. */
  copy(): TestSql
}

export function memorySql(path = ':memory:'): TestSql {
  return sqlOn(new DatabaseSync(path))
}

function sqlOn(database: DatabaseSync): TestSql {
  const driver = {
    prepare: (query: string) => database.prepare(query),
    exec: (script: string) => database.exec(script),
    sync: () => sql.sync(),
  }
  const copy = () => {
    const other = new DatabaseSync(':memory:')
    other.deserialize(database.serialize())
    return sqlOn(other)
  }
  const sql: TestSql = { ...createSql(driver), sync: async () => {}, copy }
  return sql
}
