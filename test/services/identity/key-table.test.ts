// Keys in the database, and what was used under each.

import { expect, it } from 'vitest'
import { createKeyTable, type KeyRow } from '../../../src/services/identity/key-table.ts'
import { foundation } from '../../harness/foundation.ts'

const row = (id: string, more: Partial<KeyRow> = {}): KeyRow => ({ id, kind: 'opaque', name: `the ${id}`, scopes: ['operator.read'], madeBy: 'operator', createdAtMs: 1, ...more })
const used = (n: number) => ({ requests: 1, input: n, output: n, tokens: 2 * n, micros: n })

it('keeps rows as they were given, and hashes apart from them', () => {
  const table = createKeyTable(foundation().sql)
  const full = row('a', { agents: ['main'], models: ['m/x'], requestsPerMinute: 5, budget: { usd: 1.5, period: 'week' }, expiresAtMs: 9 })
  table.insert(full, 'hash of a')
  table.insert(row('b', { kind: 'signed' }), null)
  expect(table.get('a')).toEqual(full)
  expect([table.hashOf('a'), table.hashOf('b'), table.hashOf('c'), table.get('c')]).toEqual(['hash of a', null, null, null])
  expect(() => table.insert(full, 'again')).toThrow()
  expect(table.count()).toBe(2)
})

it('lists page by page, and by who made them', () => {
  const table = createKeyTable(foundation().sql)
  for (const id of ['c', 'a', 'b']) table.insert(row(id, { madeBy: id === 'a' ? 'key:c' : 'operator' }), id)
  expect(table.list({ limit: 2 }).map(({ id }) => id)).toEqual(['a', 'b'])
  expect(table.list({ after: 'b', limit: 2 }).map(({ id }) => id)).toEqual(['c'])
  expect(table.madeBy('key:c').map(({ id }) => id)).toEqual(['a'])
})

it('revokes once', () => {
  const table = createKeyTable(foundation().sql)
  table.insert(row('a', { madeBy: 'key:z' }), 'x')
  table.revoke('a', 5)
  table.revoke('a', 9)
  expect(table.get('a')).toMatchObject({ revokedAtMs: 5 })
  expect([table.revoked(), table.madeBy('key:z')]).toEqual([['a'], []])
})

it('adds up what is used, by day', () => {
  const table = createKeyTable(foundation().sql)
  for (const [day, n] of [[1, 10], [2, 1], [2, 2]] as const) table.addUsage('a', day, used(n))
  table.addUsage('b', 2, used(100))
  expect(table.usage('a', 0)).toEqual({ requests: 3, input: 13, output: 13, tokens: 26, micros: 13 })
  expect(table.usage('a', 2)).toEqual({ requests: 2, input: 3, output: 3, tokens: 6, micros: 3 })
  expect(table.usage('a', 3)).toEqual({ requests: 0, input: 0, output: 0, tokens: 0, micros: 0 })
})

it('forgets what has long ended, and keeps what was revoked until it would have ended', () => {
  const table = createKeyTable(foundation().sql)
  table.insert(row('expired', { expiresAtMs: 10 }), 'x')
  table.insert(row('revoked'), 'x')
  table.insert(row('signed', { kind: 'signed', expiresAtMs: 1000 }), null)
  table.insert(row('alive'), 'x')
  for (const id of ['revoked', 'signed']) table.revoke(id, 20)
  table.addUsage('expired', 7, used(1))
  table.addUsage('alive', 3, used(1))
  table.prune(100, 5)
  expect(table.list({ limit: 10 }).map(({ id }) => id)).toEqual(['alive', 'signed'])
  expect([table.usage('expired', 0).requests, table.usage('alive', 0).requests]).toEqual([0, 0])
})
