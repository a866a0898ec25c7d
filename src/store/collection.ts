// Typed rows by id, each with a version for compare-and-set. For records that are found by id; where a list needs an
// index of its own, the owner has a table of its own.

import type * as z from 'zod'
import { GatewayError } from '../protocol/errors.ts'
import type { Sql } from '../ports/sql.ts'
import type { Migration } from './migrate.ts'

export const collectionMigration: Migration = {
  name: 'store/collections',
  script: `CREATE TABLE collections (
    name TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (name, id)
  ) WITHOUT ROWID`,
}

export interface Collection<T> {
  get(id: string): { value: T; version: number } | null
  /** Writes and returns the new version. `expect` is the version that must stand there (0: none); else CONFLICT. */
  put(id: string, value: T, expect?: number): number
  delete(id: string): void
  /** A page in order of id, `after` exclusive. */
  list(page: { prefix?: string; after?: string; limit: number }): { id: string; value: T; version: number }[]
}

interface Row {
  id: string
  version: number
  value: string
}

export function createCollection<S extends z.ZodType>(sql: Sql, name: string, schema: S): Collection<z.output<S>> {
  const parse = (row: Row) => ({ id: row.id, value: schema.parse(JSON.parse(row.value)), version: row.version })

  const find = (id: string) =>
    sql.get<Row>('SELECT id, version, value FROM collections WHERE name = ? AND id = ?', name, id)

  return {
    get(id) {
      const row = find(id)
      return row ? parse(row) : null
    },
    put: (id, value, expect) =>
      sql.tx(() => {
        const current = find(id)?.version ?? 0
        if (expect !== undefined && expect !== current) {
          throw new GatewayError('CONFLICT', `${name} "${id}" was changed by someone else: read it again and retry`, {
            details: { code: 'CONFLICT', expected: expect, current },
          })
        }
        const version = current + 1
        sql.run(
          `INSERT INTO collections (name, id, version, value) VALUES (?, ?, ?, ?)
           ON CONFLICT (name, id) DO UPDATE SET version = excluded.version, value = excluded.value`,
          name,
          id,
          version,
          JSON.stringify(schema.parse(value)),
        )
        return version
      }),
    delete: (id) => sql.run('DELETE FROM collections WHERE name = ? AND id = ?', name, id),
    list({ prefix = '', after = '', limit }) {
      const rows = sql.all<Row>(
        `SELECT id, version, value FROM collections
         WHERE name = ? AND id >= ? AND id < ? AND id > ? ORDER BY id LIMIT ?`,
        name,
        prefix,
        `${prefix}\u{10ffff}`,
        after,
        limit,
      )
      return rows.map(parse)
    },
  }
}
