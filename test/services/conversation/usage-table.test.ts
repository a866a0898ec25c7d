// What runs used, as rows and as sums.

import { describe, expect, it } from 'vitest'
import { migrate } from '../../../src/store/migrate.ts'
import { createUsageTable, QUARTER_MS, quarterOf, usageMigration, type RunUsage } from '../../../src/services/conversation/usage-table.ts'
import { memorySql } from '../../harness/sql.ts'

const HOUR_MS = 4 * QUARTER_MS

function open() {
  const sql = memorySql()
  migrate(sql, [usageMigration])
  return { sql, table: createUsageTable(sql) }
}

const run = (runId: string, endedAt: number, more: Partial<RunUsage> = {}): RunUsage => ({
  runId, sessionKey: 'a', provider: 'p', model: 'm', endedAt, latency: 10, runs: 1, input: 1, output: 2, cacheRead: 3, cacheWrite: 4, total: 10, userMessages: 1, answers: 1, toolCalls: 0, errors: 0, ...more,
}) // prettier-ignore

describe('sums', () => {
  it('are by agent and model, of a span', () => {
    const { table } = open()
    table.add('main', run('1', HOUR_MS))
    table.add('main', run('2', HOUR_MS + 1, { latency: 30, errors: 1 }))
    table.add('main', run('3', HOUR_MS, { model: 'other' }))
    table.add('second', run('4', HOUR_MS))
    table.add('main', run('5', 2 * HOUR_MS))
    const sums = table.sums({ from: HOUR_MS, to: 2 * HOUR_MS })
    expect(sums.map(({ agentId, model, runs }) => [agentId, model, runs])).toEqual([['main', 'm', 2], ['main', 'other', 1], ['second', 'm', 1]])
    expect(sums[0]).toMatchObject({ input: 2, output: 4, cacheRead: 6, cacheWrite: 8, total: 20, userMessages: 2, errors: 1, latencySum: 40, latencyMin: 10, latencyMax: 30 })
    expect(table.sums({ from: 0, to: 9 * HOUR_MS }, 'second')).toHaveLength(1)
    expect(table.sums({ from: 0, to: HOUR_MS })).toEqual([])
    expect(table.firstAt()).toBe(HOUR_MS)
  })

  it('are one row for all runs of a quarter of an hour', () => {
    const { sql, table } = open()
    for (let n = 0; n < 50; n++) table.add('main', run(String(n), n))
    expect(sql.get<{ n: number }>('SELECT count(*) AS n FROM usage_quarters')!.n).toBe(1)
    expect(quarterOf(QUARTER_MS - 1)).toBe(0)
  })

  it('of tools count calls', () => {
    const { table } = open()
    for (const tool of ['look', 'look', 'touch']) table.addToolCall('main', tool, 0)
    table.addToolCall('second', 'look', 0)
    expect(table.toolCalls({ from: 0, to: HOUR_MS })).toEqual([{ name: 'look', count: 3 }, { name: 'touch', count: 1 }])
    expect(table.toolCalls({ from: 0, to: HOUR_MS }, 'second')).toEqual([{ name: 'look', count: 1 }])
  })
})

describe('runs', () => {
  it('of a session come back, the newest of them in order', () => {
    const { table } = open()
    for (const at of [1, 2, 3]) table.addRun(run(`r${at}`, at))
    table.addRun(run('other', 2, { sessionKey: 'b' }))
    expect(table.runsOf('a', { from: 0, to: 10 }, 2)).toEqual([run('r2', 2), run('r3', 3)])
    expect(table.runsOf('a', { from: 2, to: 3 }, 9).map(({ runId }) => runId)).toEqual(['r2'])
    table.drop('a')
    expect([table.runsOf('a', { from: 0, to: 10 }, 9), table.runsOf('b', { from: 0, to: 10 }, 9)]).toMatchObject([[], [{}]])
  })
})

it('forgets what is old, step by step', () => {
  const { sql, table } = open()
  for (let n = 0; n < 6000; n++) table.addRun(run(`r${n}`, n % 2 === 0 ? 1 : 1000, { sessionKey: `s${String(n).padStart(5, '0')}` }))
  table.add('main', run('old', 0))
  table.add('main', run('new', 9 * HOUR_MS))
  const left = () => sql.get<{ n: number }>('SELECT count(*) AS n FROM usage_runs')!.n
  table.prune(500, HOUR_MS)
  expect(left()).toBe(3500)
  table.prune(500, HOUR_MS)
  expect(left()).toBe(3000)
  expect(table.firstAt()).toBe(9 * HOUR_MS)
})
