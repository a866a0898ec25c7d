// Files of a gateway as rows of its database: in chunks, because a row can have 2 MB at most.

import { defineDriver } from 'unstorage'
import type { Sql } from '../../src/index.ts'

const CHUNK_BYTES = 1024 * 1024

export const sqlFiles = defineDriver((sql: Sql) => {
  sql.exec('CREATE TABLE IF NOT EXISTS files (key TEXT, n INTEGER, data BLOB NOT NULL, PRIMARY KEY (key, n)) WITHOUT ROWID')

  const has = (key: string) => sql.get('SELECT 1 AS found FROM files WHERE key = ? AND n = 0', key) !== undefined

  function read(key: string): Uint8Array | null {
    const rows = sql.all<{ data: ArrayBuffer }>('SELECT data FROM files WHERE key = ? ORDER BY n', key)
    if (rows.length === 0) return null
    const bytes = new Uint8Array(rows.reduce((sum, { data }) => sum + data.byteLength, 0))
    let at = 0
    for (const { data } of rows) {
      bytes.set(new Uint8Array(data), at)
      at += data.byteLength
    }
    return bytes
  }

  function write(key: string, bytes: Uint8Array) {
    sql.tx(() => {
      remove(key)
      for (let n = 0; n === 0 || n * CHUNK_BYTES < bytes.byteLength; n++) {
        sql.run('INSERT INTO files (key, n, data) VALUES (?, ?, ?)', key, n, bytes.slice(n * CHUNK_BYTES, (n + 1) * CHUNK_BYTES))
      }
    })
  }

  const remove = (key: string) => sql.run('DELETE FROM files WHERE key = ?', key)

  return {
    name: 'durable-object-files',
    hasItem: has,
    getItem: (key) => {
      const bytes = read(key)
      return bytes && new TextDecoder().decode(bytes)
    },
    getItemRaw: (key) => read(key),
    setItem: (key, value) => write(key, new TextEncoder().encode(value)),
    setItemRaw: (key, value: Uint8Array | ArrayBuffer) => write(key, new Uint8Array(value)),
    removeItem: remove,
    getKeys: (base) =>
      sql
        .all<{ key: string }>('SELECT DISTINCT key FROM files WHERE substr(key, 1, length(?)) = ? ORDER BY key', base, base)
        .map((row) => row.key),
  }
})
