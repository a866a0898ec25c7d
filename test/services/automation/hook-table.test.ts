// Calls, on disk.

import { expect, it } from 'vitest'
import { createHookTable, hooksMigration, type HookTurn } from '../../../src/services/automation/hook-table.ts'
import { memorySql } from '../../harness/sql.ts'

const TURN: HookTurn = { agentId: 'main', sessionKey: 'agent:main:h', message: 'm', name: 'n' }

function make() {
  const sql = memorySql()
  sql.exec(hooksMigration.script)
  const table = createHookTable(sql)
  const add = (id: string, more: Partial<Parameters<typeof table.insert>[0]> = {}) =>
    table.insert({ id, hook: 'h', address: null, receivedAt: 1, status: 'queued', sessionKey: TURN.sessionKey, turn: TURN, delivery: null, proof: null, ...more })
  return { sql, table, add, ids: () => table.list({ limit: 99 }).map(({ id, status }) => `${id} ${status}`) }
}

it('are done in the order in which they came', () => {
  const { table, add, ids } = make()
  for (const id of ['c', 'a', 'b']) add(id)
  add('w', { status: 'woken', turn: null })
  expect(table.open('queued', 2)).toEqual(['c', 'a'].map((id) => ({ id, hook: 'h', status: 'queued', turn: TURN })))
  table.start('c', 5)
  expect(table.open('started', 9).map(({ id }) => id)).toEqual(['c'])
  expect(table.countOpen()).toBe(3)
  table.end('c', 'done', 'ok', 9)
  table.start('a', 6)
  table.requeue('a')
  expect(ids()).toEqual(['w woken', 'b queued', 'a queued', 'c done'])
  expect(table.list({ limit: 1, before: 2 })).toEqual([
    { seq: 1, id: 'c', hook: 'h', address: null, receivedAt: 1, status: 'done', sessionKey: TURN.sessionKey, startedAt: 5, endedAt: 9, outcome: 'ok' },
  ])
})

it('of one delivery are one', () => {
  const { table, add } = make()
  add('a', { delivery: 'd1' })
  add('b', { delivery: 'd1', hook: 'other' })
  add('c')
  add('d')
  const known = (hook: string, delivery: string | null, proof: string | null = null) => table.known(hook, { delivery, proof })
  expect([known('h', 'd1'), known('other', 'd1'), known('h', 'd2'), known('h', null)]).toEqual(['a', 'b', null, null])
  expect(() => add('e', { delivery: 'd1' })).toThrow('UNIQUE')
  add('p', { delivery: 'd3', proof: 's1' })
  expect([known('h', null, 's1'), known('h', 'd4', 's1'), known('h', 'd3', 's2'), known('other', 'd4', 's1')]).toEqual(['p', 'p', 'p', null])
  expect(() => add('q', { proof: 's1' })).toThrow('UNIQUE')
})

it('are forgotten when they are old, and nothing is to be done', () => {
  const { table, add, ids } = make()
  add('open', { receivedAt: 1 })
  add('done', { receivedAt: 1 })
  table.end('done', 'done', 'ok', 2)
  add('new', { receivedAt: 9, status: 'woken', turn: null })
  table.prune(5)
  expect(ids()).toEqual(['new woken', 'open queued'])
})

it('are kept up to a number', () => {
  const { sql, table, add, ids } = make()
  add('first', { status: 'woken', turn: null })
  add('open')
  sql.run(`INSERT INTO hook_requests (seq, id, hook, received_at, status) VALUES (100002, 'last', 'h', 1, 'woken')`)
  table.prune(0)
  expect(ids()).toEqual(['last woken', 'open queued'])
})
