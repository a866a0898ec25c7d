// The table of sessions: pages, counts and memory, and that a list costs the same however many there are.

import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { SqlValue } from '../../../src/index.ts'
import type { SessionFilter, SessionRecord } from '../../../src/services/conversation/session-table.ts'
import { sessionRecord } from '../../harness/foundation.ts'
import { memorySql } from '../../harness/sql.ts'
import { createConversation } from './conversation.ts'

const record = (key: string, changes: Partial<SessionRecord> = {}): SessionRecord =>
  sessionRecord(key, { agentId: 'main', createdAt: 1, updatedAt: 1, ...changes })

/** A table, and every query that it makes. */
async function make() {
  const sql = memorySql()
  const queries: { query: string; params: SqlValue[] }[] = []
  const noting = <A extends [string, ...SqlValue[]], R>(ask: (...args: A) => R) => (...args: A) => {
    queries.push({ query: args[0], params: args.slice(1) as SqlValue[] })
    return ask(...args)
  }
  const { commit, table } = await createConversation({ sql: Object.assign(sql, { all: noting(sql.all), get: noting(sql.get), run: noting(sql.run) }) })
  queries.length = 0
  const insert = (...records: readonly SessionRecord[]) => commit.tx(() => records.forEach((each) => table.insert(each)))
  const keys = (filter: SessionFilter, limit = 100, offset = 0) => table.page(filter, limit, offset).map((row) => row.key)
  return { sql, commit, table, queries, insert, keys }
}

describe('a record', () => {
  it('comes back as it was, from memory and from the database', async () => {
    const { sql, table, insert } = await make()
    const full = record('a', { label: 'l', archived: true, interactedAt: 2, parentKey: 'p', title: 't', status: 'done', settings: { pinned: true, category: 'k' } })
    insert(full, record('b'))
    expect([table.get('a'), table.get('b')]).toEqual([full, record('b')])
    const { table: later } = await createConversation({ sql })
    expect([later.get('a'), later.get('b')]).toEqual([full, record('b')])
    expect(later.findBy('sessionId', 'id of a')).toEqual(full)
    expect(later.findBy('label', 'l', 'main')).toEqual(full)
    expect(later.findBy('label', 'l', 'other')).toBeNull()
    expect(later.get('c')).toBeNull()
  })

  it('is written once for each transaction, with the members that changed', async () => {
    const { commit, table, queries, insert } = await make()
    insert(record('a'))
    queries.length = 0
    commit.tx(() => {
      table.update('a', { messages: 1 })
      table.update('a', { messages: 2, title: 't' })
      table.update('a', { title: 't' })
    })
    const writes = queries.filter(({ query }) => query.startsWith('UPDATE sessions'))
    expect(writes).toEqual([{ query: 'UPDATE sessions SET messages = ?, title = ? WHERE key = ?', params: [2, 't', 'a'] }])
    queries.length = 0
    commit.tx(() => table.update('a', { messages: 2 }))
    expect(queries.filter(({ query }) => query.startsWith('UPDATE sessions'))).toEqual([])
  })

  it('is found while the transaction that makes it still runs', async () => {
    const { commit, table } = await make()
    commit.tx(() => {
      table.insert(record('a', { label: 'l' }))
      expect(table.get('a')).toMatchObject({ key: 'a' })
      expect(table.findBy('label', 'l', 'main')).toMatchObject({ key: 'a' })
      expect(table.page({}, 10, 0)).toHaveLength(1)
      expect(table.count({})).toBe(1)
    })
  })

  it('that is not there is not changed', async () => {
    const { commit, table } = await make()
    commit.tx(() => table.update('nothing', { messages: 1 }))
    expect(table.get('nothing')).toBeNull()
    expect(table.count({})).toBe(0)
  })

  it('can be made and deleted in one transaction', async () => {
    const { commit, table } = await make()
    commit.tx(() => {
      table.insert(record('a'))
      table.delete(table.get('a')!)
    })
    expect(table.get('a')).toBeNull()
    expect(table.count({})).toBe(0)
  })
})

describe('memory', () => {
  it('answers for what was read or written without asking the database', async () => {
    const { table, queries, insert } = await make()
    insert(record('a'))
    queries.length = 0
    for (let n = 0; n < 5; n++) table.get('a')
    expect(queries).toEqual([])
  })

  it('holds 2000 records, and forgets the oldest', async () => {
    const { table, queries, insert } = await make()
    insert(...Array.from({ length: 2001 }, (_, n) => record(`k${n}`)))
    queries.length = 0
    expect(table.get('k1')).toMatchObject({ key: 'k1' })
    expect(queries).toHaveLength(0)
    expect(table.get('k0')).toMatchObject({ key: 'k0' })
    expect(queries).toHaveLength(1)
  })

  it('is worth nothing after a change was taken back', async () => {
    const { commit, table, insert } = await make()
    insert(record('a', { title: 'kept' }))
    expect(table.count({})).toBe(1)
    const failing = () =>
      commit.tx(() => {
        table.update('a', { title: 'lost', archived: true })
        table.insert(record('b'))
        table.delete(table.get('a')!)
        throw new Error('no')
      })
    expect(failing).toThrow('no')
    expect(table.get('a')).toEqual(record('a', { title: 'kept' }))
    expect(table.get('b')).toBeNull()
    expect(table.count({ archived: false })).toBe(1)
    expect(table.count({ archived: true })).toBe(0)
  })

  it('does not write later what was taken back', async () => {
    const { commit, table, insert, keys } = await make()
    insert(record('a'))
    const failing = () =>
      commit.tx(() => {
        table.insert(record('b'))
        throw new Error('no')
      })
    expect(failing).toThrow('no')
    expect(keys({})).toEqual(['a'])
    expect(table.get('b')).toBeNull()
  })

  it('does not write with the next transaction what was taken back in the last', async () => {
    const { commit, sql, table, insert } = await make()
    insert(record('a', { title: 'kept' }))
    const failing = () =>
      commit.tx(() => {
        table.update('a', { title: 'lost' })
        throw new Error('no')
      })
    expect(failing).toThrow('no')
    commit.tx(() => sql.run("INSERT INTO collections (name, id, version, value) VALUES ('n', 'i', 1, '1')"))
    expect(sql.get<{ title: string }>("SELECT title FROM sessions WHERE key = 'a'")!.title).toBe('kept')
  })
})

describe('pages', () => {
  it('are in the order of the last change, newest first', async () => {
    const { commit, table, insert, keys } = await make()
    insert(...[3, 1, 4, 2].map((at) => record(`k${at}`, { updatedAt: at })))
    expect(keys({})).toEqual(['k4', 'k3', 'k2', 'k1'])
    commit.tx(() => table.update('k1', { updatedAt: 9 }))
    expect(keys({})).toEqual(['k1', 'k4', 'k3', 'k2'])
  })

  it('fit together over agents, archives and equal times', async () => {
    const row = fc.record({ agent: fc.constantFrom('main', 'second', 'third'), archived: fc.boolean(), at: fc.integer({ min: 1, max: 4 }) })
    await fc.assert(
      fc.asyncProperty(fc.array(row, { maxLength: 25 }), fc.integer({ min: 1, max: 7 }), fc.constantFrom(undefined, true, false), async (rows, limit, archived) => {
        const { table, insert, keys } = await make()
        insert(...rows.map(({ agent, archived: away, at }, n) => record(`agent:${agent}:${n}`, { agentId: agent, archived: away, updatedAt: at })))
        const filter: SessionFilter = archived === undefined ? {} : { archived }
        const whole = table.page(filter, 1000, 0)
        const expected = rows.filter((each) => archived === undefined || each.archived === archived)
        expect(whole).toHaveLength(expected.length)
        expect(table.count(filter)).toBe(expected.length)
        const times = whole.map((each) => each.updatedAt)
        expect(times).toEqual(times.toSorted((a, b) => b - a))
        const joined = Array.from({ length: Math.ceil(rows.length / limit) + 1 }, (_, page) => keys(filter, limit, page * limit)).flat()
        expect(joined).toEqual(whole.map((each) => each.key))
      }),
      { numRuns: 40 },
    )
  })

  it('hold what the filter says, and the count agrees', async () => {
    const { table, insert, keys } = await make()
    insert(
      record('agent:main:cron:0b0b0b0b-0000-4000-8000-00000000000e', { updatedAt: 1 }),
      record('a', { label: '100%', parentKey: 'p', settings: { category: 'work', pinned: true }, updatedAt: 5 }),
      record('b', { title: 'A Title_x', settings: { displayName: 'Shown' }, updatedAt: 4 }),
      record('c', { settings: { pinned: false }, updatedAt: 3 }),
      record('d', { agentId: 'second', archived: true, updatedAt: 2 }),
    )
    const cases: readonly (readonly [SessionFilter, string])[] = [
      [{ uuid: '0b0b0b0b-0000' }, 'e'],
      [{ uuid: '0b0b0b0c' }, ''],
      [{ cron: false }, 'abcd'],
      [{}, 'abcde'],
      [{ archived: false }, 'abce'],
      [{ agentIds: ['second'] }, 'd'],
      [{ agentIds: ['main', 'second'] }, 'abcde'],
      [{ agentIds: [] }, ''],
      [{ agentIds: ['nobody'] }, ''],
      [{ label: '100%' }, 'a'],
      [{ parentKey: 'p' }, 'a'],
      [{ category: 'work' }, 'a'],
      [{ pinned: true }, 'a'],
      [{ pinned: false }, 'bcde'],
      [{ updatedSince: 4 }, 'ab'],
      [{ search: 'TITLE' }, 'b'],
      [{ search: 'shown' }, 'b'],
      [{ search: '%' }, 'a'],
      [{ search: '_' }, 'b'],
      [{ search: '\\' }, ''],
      [{ search: "' OR 1=1 --" }, ''],
      [{ pinned: true, archived: true }, ''],
    ]
    for (const [filter, expected] of cases) {
      expect(keys(filter).map((key) => key.at(-1)).join(''), JSON.stringify(filter)).toBe(expected)
      expect(table.count(filter), JSON.stringify(filter)).toBe(expected.length)
    }
  })
})

it('leaves out sub-agents, and nothing that is only called so', async () => {
  const { insert, keys } = await make()
  insert(record('agent:main:subagent:1'), record('agent:main:subagents'), record('agent:main:x'))
  expect(keys({ subagents: false }).toSorted()).toEqual(['agent:main:subagents', 'agent:main:x'])
})

describe('with 10,000 sessions', async () => {
  const { sql, commit, table, queries, insert, keys } = await make()
  insert(...Array.from({ length: 10_000 }, (_, n) => record(`agent:${n % 3 === 0 ? 'second' : 'main'}:${n}`, { agentId: n % 3 === 0 ? 'second' : 'main', updatedAt: n })))

  /** What SQLite does for each query that `work` makes. */
  function plansOf(work: () => unknown): string[] {
    queries.length = 0
    work()
    const asked = queries.splice(0).filter(({ query }) => query.startsWith('SELECT'))
    return asked.flatMap(({ query, params }) => sql.all<{ detail: string }>(`EXPLAIN QUERY PLAN ${query}`, ...params).map((row) => row.detail))
  }

  it('a list reads the index, sorts nothing, and reads no more than the page', () => {
    table.count({}) // is counted once
    for (const filter of [{ archived: false }, {}, { archived: false, agentIds: ['main'] }, { updatedSince: 9000 }]) {
      const plans = plansOf(() => expect(keys(filter, 50)).toHaveLength(50))
      expect(plans.length).toBeGreaterThan(0)
      expect(plans.filter((plan) => !plan.startsWith('SEARCH sessions USING INDEX sessions_recent'))).toEqual([])
    }
  })

  it('a count asks the database once, and is kept up from then on', () => {
    expect(table.count({})).toBe(10_000)
    expect(plansOf(() => expect(table.count({ agentIds: ['second'], archived: false })).toBe(3334))).toEqual([])
    insert(record('agent:main:new'))
    commit.tx(() => table.update('agent:main:1', { archived: true }))
    commit.tx(() => table.delete(table.get('agent:main:2')!))
    expect(plansOf(() => expect(table.count({})).toBe(10_000))).toEqual([])
    expect([table.count({ archived: true }), table.count({ agentIds: ['main'], archived: false })]).toEqual([1, 6665])
  })

  it('one is found by its key, id or label without reading others', async () => {
    const { table: later } = await createConversation({ sql })
    const plans = plansOf(() => {
      later.get('agent:main:7')
      table.findBy('sessionId', 'id of agent:main:7')
      table.findBy('label', 'l', 'main')
    })
    expect(plans.filter((plan) => /\bSCAN\b/.test(plan))).toEqual([])
  })
})
