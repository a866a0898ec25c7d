// The record of invokes.

import { expect, it } from 'vitest'
import { createInvokeTable, type InvokeRow } from '../../../src/services/fleet/node-invoke-table.ts'
import { failure } from '../../../src/services/fleet/invoke-outcome.ts'
import { foundation } from '../../harness/foundation.ts'

const row = (id: string, changes: Partial<InvokeRow> = {}): InvokeRow => ({
  id,
  principal: 'operator',
  key: `key of ${id}`,
  hash: 'h',
  nodeId: 'n',
  command: 'location.get',
  acceptedAt: 1000,
  ...changes,
})

it('finds an invoke by who asked and under which key', () => {
  const { sql } = foundation()
  const table = createInvokeTable(sql)
  table.insert(row('a'))
  expect(table.find('operator', 'key of a')).toEqual({ id: 'a', hash: 'h', outcome: null })
  expect(table.find('somebody else', 'key of a')).toBeNull()
  expect(table.find('operator', 'another')).toBeNull()
  expect(() => table.insert(row('b', { key: 'key of a' }))).toThrow(/UNIQUE/)
})

it('ends each once', () => {
  const { sql } = foundation()
  const table = createInvokeTable(sql)
  table.insert(row('a'))
  expect(table.open(10)).toEqual([{ id: 'a', dispatched: true }])
  expect(table.end('a', { state: 'ok', payload: { n: 1 }, payloadJSON: null }, 2000)).toBe(true)
  expect(table.end('a', failure('timeout', 'TIMEOUT', 'late'), 3000)).toBe(false)
  expect(table.end('nothing', failure('timeout', 'TIMEOUT', 'late'), 3000)).toBe(false)
  expect(table.find('operator', 'key of a')!.outcome).toEqual({ state: 'ok', payload: { n: 1 }, payloadJSON: null })
  expect(table.open(10)).toEqual([])
})

it('keeps no outcome that is too large', () => {
  const { sql } = foundation()
  const table = createInvokeTable(sql)
  table.insert(row('a'))
  table.end('a', { state: 'ok', payloadJSON: 'x'.repeat(300_000) }, 2000)
  expect(table.find('operator', 'key of a')!.outcome).toBe('lost')
})

it('forgets what ended long ago, and nothing that is open', () => {
  const { sql } = foundation()
  const table = createInvokeTable(sql)
  for (const id of ['old', 'new', 'open']) table.insert(row(id))
  table.end('old', { state: 'ok', payloadJSON: null }, 1000)
  table.end('new', { state: 'ok', payloadJSON: null }, 5000)
  table.prune(3000)
  expect(['old', 'new', 'open'].map((id) => table.find('operator', `key of ${id}`)?.id)).toEqual([undefined, 'new', 'open'])
})
