// bun:sqlite.

import { Database } from 'bun:sqlite'
import type { SqliteDriver } from '../shared/sqlite.ts'

export function openDatabase(path: string): Omit<SqliteDriver, 'sync'> & { close(): void } {
  const database = new Database(path, { create: true })
  return { prepare: (query) => database.prepare(query), exec: (script) => void database.run(script), close: () => database.close() }
}
