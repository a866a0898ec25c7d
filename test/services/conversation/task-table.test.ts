// Tasks as rows.

import { describe, expect, it } from 'vitest'
import { migrate } from '../../../src/store/migrate.ts'
import { createTaskTable, tasksMigration, type Task } from '../../../src/services/conversation/task-table.ts'
import { memorySql } from '../../harness/sql.ts'

function open() {
  const sql = memorySql()
  migrate(sql, [tasksMigration])
  return { sql, table: createTaskTable(sql) }
}

const task = (id: string, createdAt: number, more: Partial<Task> = {}): Task => ({
  id, runId: `run ${id}`, origin: 'agent', sourceId: 's', status: 'queued', title: 't', prompt: 'p', agentId: 'main', sessionKey: 'a', createdAt, updatedAt: createdAt, startedAt: null, endedAt: null, error: null, ...more,
}) // prettier-ignore

describe('tasks', () => {
  it('come back as they were put, and are changed by their runs', () => {
    const { table } = open()
    table.insert(task('1', 5))
    expect(table.get('1')).toEqual(task('1', 5))
    expect(table.update('run 1', { status: 'running', startedAt: 6, updatedAt: 6 })).toEqual(task('1', 5, { status: 'running', startedAt: 6, updatedAt: 6 }))
    expect(table.update('run 2', { status: 'failed' })).toBeNull()
    expect(table.get('2')).toBeNull()
  })

  it('are listed in pages, also those of one moment', () => {
    const { table } = open()
    for (const [id, at] of [['a', 1], ['b', 2], ['c', 2], ['d', 3]] as const) table.insert(task(id, at))
    const ids = (found: readonly Task[]) => found.map(({ id }) => id)
    expect(ids(table.page({}, 3))).toEqual(['d', 'c', 'b'])
    expect(ids(table.page({ before: { createdAt: 2, id: 'c' } }, 3))).toEqual(['b', 'a'])
  })

  it('are narrowed', () => {
    const { table } = open()
    table.insert(task('1', 1, { status: 'failed' }))
    table.insert(task('2', 2, { agentId: 'second', sessionKey: 'b' }))
    const ids = (filter: Parameters<typeof table.page>[0]) => table.page(filter, 9).map(({ id }) => id)
    expect([ids({ statuses: ['failed', 'running'] }), ids({ statuses: [] }), ids({ agentId: 'second' }), ids({ sessionKey: 'a' })]).toEqual([['1'], [], ['2'], ['1']])
  })

  it('are forgotten when they are old, or too many; those that go on are not', () => {
    const { table } = open()
    table.insert(task('old', 1, { endedAt: 2 }))
    table.insert(task('open', 2))
    for (let n = 10; n < 20; n++) table.insert(task(String(n), n, { endedAt: n }))
    table.prune(5, 3)
    expect(table.page({}, 99).map(({ id }) => id)).toEqual(['19', '18', '17', '16', 'open'])
  })
})
