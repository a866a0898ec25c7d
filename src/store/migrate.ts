// Ordered migrations. Each owner of tables exports its own; `services/migrations.ts` puts them in the one order.
// The number of applied migrations is the version of the database.

import type { Sql } from '../ports/sql.ts'

export interface Migration {
  /** `owner/what`; kept in the database so that a changed order is noticed instead of half applied. */
  readonly name: string
  readonly script: string
}

/** Applies what is missing, each in a transaction of its own. Throws when the database is newer than the program. */
export function migrate(sql: Sql, migrations: readonly Migration[]): { from: number; to: number } {
  sql.exec('CREATE TABLE IF NOT EXISTS schema_migrations (n INTEGER PRIMARY KEY, name TEXT NOT NULL)')
  const applied = sql.all<{ n: number; name: string }>('SELECT n, name FROM schema_migrations ORDER BY n')
  for (const { n, name } of applied) {
    if (migrations[n - 1]?.name === name) continue
    throw new Error(
      `the database has migration ${n} "${name}", which this version of edgeclaw does not know: ` +
        'start the version that wrote it, or use another state directory',
    )
  }
  for (const [index, migration] of migrations.entries()) {
    if (index < applied.length) continue
    sql.tx(() => {
      sql.exec(migration.script)
      sql.run('INSERT INTO schema_migrations (n, name) VALUES (?, ?)', index + 1, migration.name)
    })
  }
  return { from: applied.length, to: migrations.length }
}
