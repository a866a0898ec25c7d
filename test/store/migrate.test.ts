// Migrations: each once, in one order, wholly or not at all.

import { describe, expect, it } from 'vitest'
import { collectionMigration } from '../../src/store/collection.ts'
import { idempotencyMigration } from '../../src/store/idempotency.ts'
import { logMigration } from '../../src/store/log.ts'
import { migrate, type Migration } from '../../src/store/migrate.ts'
import type { Sql } from '../../src/index.ts'
import { memorySql } from '../harness/sql.ts'

const A: Migration = { name: 'test/a', script: 'CREATE TABLE a (n INTEGER); INSERT INTO a VALUES (1)' }
const B: Migration = { name: 'test/b', script: 'ALTER TABLE a ADD COLUMN more TEXT; CREATE TABLE b (n INTEGER)' }
const C: Migration = { name: 'test/c', script: 'CREATE TABLE c (n INTEGER)' }

const tables = (sql: Sql) =>
  sql.all<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").map(({ name }) => name)
const applied = (sql: Sql) => sql.all<{ n: number; name: string }>('SELECT n, name FROM schema_migrations ORDER BY n').map(({ n, name }) => `${n} ${name}`)

describe('migrations', () => {
  it('are applied in their order, and recorded', () => {
    const sql = memorySql()
    expect(migrate(sql, [A, B])).toEqual({ from: 0, to: 2 })
    expect([tables(sql), applied(sql)]).toEqual([['a', 'b', 'schema_migrations'], ['1 test/a', '2 test/b']])
    expect(sql.all('SELECT * FROM a')).toEqual([{ n: 1, more: null }])
  })

  it('are applied once', () => {
    const sql = memorySql()
    migrate(sql, [A, B])
    expect(migrate(sql, [A, B])).toEqual({ from: 2, to: 2 })
    expect(sql.all('SELECT n FROM a')).toEqual([{ n: 1 }])
  })

  it('go on where the last version of the program has ended', () => {
    const sql = memorySql()
    migrate(sql, [A])
    sql.run('INSERT INTO a (n) VALUES (2)')
    expect(migrate(sql, [A, B, C])).toEqual({ from: 1, to: 3 })
    expect([sql.all('SELECT n FROM a'), applied(sql)]).toEqual([[{ n: 1 }, { n: 2 }], ['1 test/a', '2 test/b', '3 test/c']])
  })

  it('may be none', () => {
    expect(migrate(memorySql(), [])).toEqual({ from: 0, to: 0 })
  })

  it('of the store are such', () => {
    const sql = memorySql()
    expect(migrate(sql, [collectionMigration, idempotencyMigration, logMigration('audit')])).toEqual({ from: 0, to: 3 })
    expect(tables(sql)).toEqual(['collections', 'idempotency', 'log_audit', 'schema_migrations'])
  })
})

describe('a database of another program', () => {
  it('that is newer is refused by name, and left as it is', () => {
    const sql = memorySql()
    migrate(sql, [A, B])
    expect(() => migrate(sql, [A])).toThrow(/migration 2 "test\/b".*does not know/)
    expect(applied(sql)).toEqual(['1 test/a', '2 test/b'])
  })

  it('whose order is another is refused before anything is applied', () => {
    for (const order of [[B, A, C], [A, C, B], [A, { ...B, name: 'test/renamed' }, C], [C, A, B]]) {
      const sql = memorySql()
      migrate(sql, [A, B])
      expect(() => migrate(sql, order)).toThrow(/^the database has migration [12] "test\/[ab]"/)
      expect(tables(sql)).toEqual(['a', 'b', 'schema_migrations'])
    }
  })
})

describe('a migration that fails', () => {
  const broken: Migration = { name: 'test/b', script: 'CREATE TABLE b (n INTEGER); INSERT INTO a VALUES (9); INSERT INTO nowhere VALUES (1)' }

  it('is undone wholly, and those before it stay', () => {
    const sql = memorySql()
    expect(() => migrate(sql, [A, broken, C])).toThrow('nowhere')
    expect([tables(sql), applied(sql), sql.all('SELECT n FROM a')]).toEqual([['a', 'schema_migrations'], ['1 test/a'], [{ n: 1 }]])
  })

  it('can be mended and applied by the next start', () => {
    const sql = memorySql()
    expect(() => migrate(sql, [A, broken, C])).toThrow('nowhere')
    expect(migrate(sql, [A, B, C])).toEqual({ from: 1, to: 3 })
    expect(tables(sql)).toEqual(['a', 'b', 'c', 'schema_migrations'])
  })
})
