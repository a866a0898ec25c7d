// The records of the audit.

import { describe, expect, it } from 'vitest'
import { createAuditTable, type Activity } from '../../../src/services/operations/audit-table.ts'
import { foundation } from '../../harness/foundation.ts'

const RUN: Activity = { kind: 'agent_run', status: 'started', agentId: 'main', sessionKey: 'agent:main:a', runId: 'r' }
const CALL = { method: 'm', principal: 'p', role: 'operator', deviceId: null, client: null, address: null, outcome: 'ok' }

function make() {
  const base = foundation()
  const table = createAuditTable(base.sql)
  const add = (id: string, at: number, more: Partial<Activity> = {}) => table.addActivities([{ ...RUN, ...more, id, at }])
  return { ...base, table, add }
}

const ids = (rows: readonly { id: string }[]) => rows.map(({ id }) => id)

describe('activity', () => {
  it('comes back as it was written, the newest first', () => {
    const { table, add } = make()
    add('a', 1)
    add('b', 2, { kind: 'tool_action', status: 'blocked', sessionId: 's', toolCallId: 'c', toolName: 't' })
    expect(table.activity({}, { limit: 9 })).toEqual([
      { seq: 2, id: 'b', at: 2, ...RUN, kind: 'tool_action', status: 'blocked', sessionId: 's', toolCallId: 'c', toolName: 't' },
      { seq: 1, id: 'a', at: 1, ...RUN, sessionId: null, toolCallId: null, toolName: null },
    ])
  })

  it.each([
    [{ runId: 'q' }, ['b']],
    [{ agentId: 'other' }, ['c']],
    [{ sessionKey: "x' OR 1=1 --" }, []],
    [{ status: 'failed' as const, kind: 'agent_run' as const }, ['d']],
    [{ runId: undefined }, ['d', 'c', 'b', 'a']],
  ])('is filtered by %j', (filter, expected) => {
    const { table, add } = make()
    add('a', 1)
    add('b', 2, { runId: 'q' })
    add('c', 3, { agentId: 'other' })
    add('d', 4, { status: 'failed' })
    expect(ids(table.activity(filter, { limit: 9 }))).toEqual(expected)
  })

  it('comes in pages, and between two times', () => {
    const { table, add } = make()
    for (const [n, id] of ['a', 'b', 'c', 'd'].entries()) add(id, n * 10)
    expect(ids(table.activity({}, { limit: 2 }))).toEqual(['d', 'c'])
    expect(ids(table.activity({}, { limit: 2, below: 3 }))).toEqual(['b', 'a'])
    expect(ids(table.activity({}, { limit: 9, since: 10, until: 20 }))).toEqual(['c', 'b'])
  })
})

it('keeps calls', () => {
  const { table } = make()
  table.addCall({ at: 1, ...CALL })
  table.addCall({ at: 2, ...CALL, method: 'n', deviceId: 'd', client: 'c', address: '::1', outcome: 'FORBIDDEN' })
  expect(table.calls({}, { limit: 9 })).toEqual([
    { seq: 2, at: 2, ...CALL, method: 'n', deviceId: 'd', client: 'c', address: '::1', outcome: 'FORBIDDEN' },
    { seq: 1, at: 1, ...CALL },
  ])
  expect(table.calls({ outcome: 'FORBIDDEN', principal: 'p', method: 'n' }, { limit: 9 })).toHaveLength(1)
})

describe('forgetting', () => {
  it('takes what is old, and what is too much, from the old end alone', () => {
    const { table, add } = make()
    for (let n = 1; n <= 10; n++) add(`${n}`, n)
    table.prune(4, 100)
    expect(ids(table.activity({}, { limit: 99 }))).toEqual(['10', '9', '8', '7', '6', '5', '4'])
    table.prune(0, 3)
    expect(ids(table.activity({}, { limit: 99 }))).toEqual(['10', '9', '8'])
  })

  it('never gives a number twice', () => {
    const { table, add } = make()
    add('a', 1)
    table.prune(100, 0)
    add('b', 2)
    expect(table.activity({}, { limit: 9 }).map(({ seq }) => seq)).toEqual([2, 1])
  })

  it('takes a bounded number at a time', () => {
    const { table, add } = make()
    for (let n = 1; n <= 2500; n++) add(`${n}`, n)
    table.prune(9999, 9999)
    expect(table.activity({}, { limit: 9999 })).toHaveLength(500)
  })

  it('has nothing to do on an empty table', () => {
    expect(() => make().table.prune(1, 1)).not.toThrow()
  })
})
