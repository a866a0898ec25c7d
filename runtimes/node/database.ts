// node:sqlite. Older versions of Node do not have it; they are told so instead of failing on an import.

import type { SqliteDriver } from '../shared/sqlite.ts'

export function openDatabase(path: string): Omit<SqliteDriver, 'sync'> & { close(): void } {
  const sqlite = process.getBuiltinModule?.('node:sqlite')
  if (!sqlite) {
    throw new Error(`edgeclaw needs Node 22.18 or later, and this is ${process.version}: use "npm start", which brings its own`)
  }
  const database = new sqlite.DatabaseSync(path)
  return { prepare: (query) => database.prepare(query), exec: (script) => database.exec(script), close: () => database.close() }
}
