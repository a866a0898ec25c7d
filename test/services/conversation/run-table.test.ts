// The record of runs: what comes back after a restart, in which order, and what is forgotten.

import { describe, expect, it } from 'vitest'
import { noUsage } from '../../../src/protocol/shapes.ts'
import { createRunTable, runsMigration, type RunRequest, type RunResult } from '../../../src/services/conversation/run-table.ts'
import { migrate } from '../../../src/store/migrate.ts'
import { memorySql } from '../../harness/sql.ts'
import { OPERATOR, requestOf } from './conversation.ts'

function make() {
  const sql = memorySql()
  migrate(sql, [runsMigration])
  return { sql, table: createRunTable(sql) }
}

const RESULT: RunResult = { state: 'ok', text: 'said', stopReason: 'stop', toolCalls: [], usage: noUsage(), provider: 'p', model: 'm', startedAt: 1, endedAt: 50 }
const request = (runId: string, more: Partial<RunRequest> = {}) => requestOf('hello', { runId, ...more })

describe('a record', () => {
  it('holds all that is needed to begin again, the scopes included', () => {
    const { sql, table } = make()
    const given = request('r', {
      settings: { temperature: 0.5 },
      turns: [{ role: 'user', content: 'turn' }],
      clientTools: [{ name: 't', parameters: {} }],
      model: 'p/m',
      timeoutMs: 7,
      instructions: 'be brief',
    })
    table.insert(given, false, 10)
    const later = createRunTable(sql).get('r')!
    expect(later).toMatchObject({ id: 'r', sessionKey: given.sessionKey, hash: 'hello', state: 'queued', acceptedAt: 10, attempts: 0, result: null })
    expect(later.request).toEqual(given)
    expect(later.request!.principal.scopes).toEqual(OPERATOR.scopes)
  })

  it('of an HTTP run does not hold its conversation: it is not begun again', () => {
    const { table } = make()
    const bulk = { turns: [{ role: 'user' as const, content: 'long' }], clientTools: [{ name: 't', parameters: {} }] }
    table.insert(request('r', { origin: 'http', ...bulk }), true, 10)
    const stored = table.get('r')!.request!
    expect(stored).not.toHaveProperty('turns')
    expect(stored).not.toHaveProperty('clientTools')
    expect(stored.input).toHaveLength(1)
  })

  it('counts how often it was begun', () => {
    const { table } = make()
    table.insert(request('waits'), false, 1)
    table.insert(request('begins'), true, 1)
    expect(table.get('waits')).toMatchObject({ state: 'queued', attempts: 0 })
    expect(table.get('begins')).toMatchObject({ state: 'running', attempts: 1 })
    table.begin('waits')
    table.begin('waits')
    expect(table.get('waits')).toMatchObject({ state: 'running', attempts: 2 })
  })

  it('of an ended run is its result', () => {
    const { table } = make()
    table.insert(request('r'), true, 1)
    table.addOutput('r', 0, 'said')
    table.end('r', RESULT, true)
    expect(table.get('r')).toMatchObject({ state: 'ok', result: RESULT, request: null })
    expect(table.output('r')).toBe('')
    expect(table.open()).toEqual([])
  })

  it('is there once', () => {
    const { table } = make()
    table.insert(request('r'), true, 1)
    expect(() => table.insert(request('r'), true, 1)).toThrow()
    expect(table.get('another')).toBeNull()
  })
})

describe('the order of acceptance', () => {
  const open = (table: ReturnType<typeof make>['table']) => table.open()

  it('is kept within a millisecond', () => {
    const { table } = make()
    const ids = Array.from({ length: 30 }, (_, n) => `r${(n * 7) % 30}`)
    for (const id of ids) table.insert(request(id), false, 1000)
    expect(open(table)).toEqual(ids)
  })

  it('is kept when the clock goes back while a process runs', () => {
    const { table } = make()
    for (const [id, at] of [['c', 1000], ['a', 900], ['b', 950]] as const) table.insert(request(id), false, at)
    expect(open(table)).toEqual(['c', 'a', 'b'])
  })

  it('is kept when the clock went back between two processes', () => {
    const { sql, table } = make()
    table.insert(request('first'), false, 1000)
    createRunTable(sql).insert(request('second'), false, 900)
    expect(open(table)).toEqual(['first', 'second'])
  })

  it('is that of the queue of a session', () => {
    const { table } = make()
    table.insert(request('running'), true, 1)
    for (const id of ['b', 'a', 'c']) table.insert(request(id), false, 2)
    table.insert(request('other', { sessionKey: 'agent:main:other' }), false, 2)
    const queued = (limit: number) => table.queuedIn('agent:main:here', limit).map((record) => record.id)
    expect(queued(10)).toEqual(['b', 'a', 'c'])
    expect(queued(2)).toEqual(['b', 'a'])
    table.begin('b')
    expect(queued(10)).toEqual(['a', 'c'])
  })
})

describe('kept text', () => {
  it('is put together in order, and goes when it is cleared', () => {
    const { table } = make()
    table.insert(request('r'), true, 1)
    table.addOutput('r', 1, 'two ')
    table.addOutput('r', 0, 'one ')
    table.addOutput('r', 10, 'three')
    table.addOutput('other', 0, 'not this')
    expect(table.output('r')).toBe('one two three')
    table.clearOutput('r')
    expect(table.output('r')).toBe('')
    expect(table.output('other')).toBe('not this')
  })
})

describe('forgetting', () => {
  it('takes ended runs of the past, and no others', () => {
    const { table } = make()
    for (const id of ['old', 'new', 'open']) table.insert(request(id), true, 1)
    table.end('old', { ...RESULT, endedAt: 99 }, false)
    table.end('new', { ...RESULT, endedAt: 100 }, false)
    table.prune(100)
    expect(table.get('old')).toBeNull()
    expect(table.get('new')).not.toBeNull()
    expect(table.get('open')).not.toBeNull()
  })

  it('goes through all of them, some with each call, and begins anew', () => {
    const { sql, table } = make()
    const count = () => sql.get<{ n: number }>('SELECT count(*) AS n FROM runs')!.n
    const addOld = (from: number, n: number) =>
      sql.tx(() => {
        for (let i = from; i < from + n; i++) {
          table.insert(request(`r${String(i).padStart(6, '0')}`), true, 1)
          table.end(`r${String(i).padStart(6, '0')}`, RESULT, false)
        }
      })
    addOld(0, 5001)
    table.prune(100)
    expect(count()).toBe(1)
    table.prune(100)
    expect(count()).toBe(0)
    addOld(0, 3)
    table.prune(100)
    expect(count()).toBe(0)
    table.prune(100)
    expect(count()).toBe(0)
  })
})
