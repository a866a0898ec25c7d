// Rows of jobs: what is due, what comes next, and lists.

import { describe, expect, it } from 'vitest'
import type { CronRecord } from '../../../src/services/automation/cron-job.ts'
import { createCronTable } from '../../../src/services/automation/cron-table.ts'
import { OPERATOR } from '../conversation/conversation.ts'
import { createAutomation, eventJobOf, jobOf } from './automation.ts'

async function setUp() {
  const a = await createAutomation({ config: { agents: { list: [{ id: 'main' }, { id: 'second' }] } } })
  const table = createCronTable(a.sql)
  const add = (more: Parameters<typeof jobOf>[0] = {}, changes: Partial<CronRecord> = {}) => {
    const { job } = a.cron.add(more.sessionTarget === 'main' ? eventJobOf(more) : jobOf(more), OPERATOR)
    const changed = { ...job, ...changes }
    table.put(changed)
    return changed
  }
  return { ...a, table, add }
}

const names = (jobs: readonly CronRecord[]) => jobs.map(({ definition }) => definition.name)

it('gives back what was put, and forgets what was deleted', async () => {
  const { table, add } = await setUp()
  const job = add({ description: 'd', catchUp: { policy: 'skip' } }, { state: { lastRunStatus: 'error', lastError: 'x' }, held: true, running: 3, lastRow: 9 })
  expect(table.get(job.id)).toEqual(job)
  const before = table.revision
  table.delete(job.id)
  expect([table.get(job.id), table.count(), table.revision === before]).toEqual([null, 0, false])
})

it('has each declaration once', async () => {
  const { table, add } = await setUp()
  const job = add({ declarationKey: 'a:b' })
  expect(table.declared('a:b')!.id).toBe(job.id)
  expect(() => table.put({ ...job, id: 'another' })).toThrow()
  expect(table.get(job.id)).toEqual(job)
})

it('knows what is due, the longest first, and what comes next', async () => {
  const { table, add } = await setUp()
  add({ name: 'b' }, { nextAt: 200 })
  add({ name: 'a' }, { nextAt: 100 })
  add({ name: 'later' }, { nextAt: 900 })
  add({ name: 'never' }, { nextAt: null })
  add({ name: 'held' }, { nextAt: 50, held: true })
  add({ name: 'event', sessionTarget: 'main' }, { nextAt: 150 })
  add({ name: 'busy' }, { nextAt: 160, running: 1 })
  expect(names(table.due(500, 10, false))).toEqual(['a', 'event', 'busy', 'b'])
  expect(names(table.due(500, 2, false))).toEqual(['a', 'event'])
  expect(names(table.due(500, 10, true))).toEqual(['event', 'busy'])
  expect([table.nextAfter(-1), table.nextAfter(200), table.nextAfter(900)]).toEqual([100, 900, null])
})

it('finds what is due by its index', async () => {
  const { sql } = await setUp()
  const plan = sql.all<{ detail: string }>('EXPLAIN QUERY PLAN SELECT * FROM cron_jobs WHERE next_at IS NOT NULL AND held = 0 AND next_at <= 5 ORDER BY next_at, id LIMIT 5')
  expect(plan.map(({ detail }) => detail).join()).toContain('cron_jobs_due')
})

describe('lists', () => {
  async function filled() {
    const a = await setUp()
    a.add({ name: 'Zebra', description: 'stripes' }, { nextAt: 300, updatedAt: 1 })
    a.add({ name: 'apple', agentId: 'second', schedule: { kind: 'cron', expr: '0 9 * * *' } }, { nextAt: 100, updatedAt: 3, state: { lastRunStatus: 'ok' } })
    a.add({ name: 'mango', enabled: false }, { nextAt: null, updatedAt: 2, state: { lastRunStatus: 'error' } })
    const list = (query: Parameters<typeof a.table.page>[0], limit = 10, offset = 0) => names(a.table.page(query, 'main', limit, offset))
    return { ...a, list }
  }

  it('sorts, what is never due last', async () => {
    const { list } = await filled()
    expect(list({ includeDisabled: true })).toEqual(['apple', 'Zebra', 'mango'])
    expect(list({ includeDisabled: true, sortDir: 'desc' })).toEqual(['Zebra', 'apple', 'mango'])
    expect(list({ includeDisabled: true, sortBy: 'name' })).toEqual(['apple', 'mango', 'Zebra'])
    expect(list({ includeDisabled: true, sortBy: 'updatedAtMs', sortDir: 'desc' })).toEqual(['apple', 'mango', 'Zebra'])
    expect(list({ includeDisabled: true }, 1, 1)).toEqual(['Zebra'])
  })

  it('narrows', async () => {
    const { list, table } = await filled()
    expect(list({})).toEqual(['apple', 'Zebra'])
    expect(list({ enabled: 'disabled' })).toEqual(['mango'])
    expect(list({ enabled: 'all', scheduleKind: 'cron' })).toEqual(['apple'])
    expect(list({ enabled: 'all', lastRunStatus: 'error' })).toEqual(['mango'])
    expect(list({ enabled: 'all', lastRunStatus: 'unknown' })).toEqual(['Zebra'])
    expect(list({ agentId: 'main' })).toEqual(['Zebra'])
    expect(list({ agentId: 'second' })).toEqual(['apple'])
    expect(list({ query: 'STRIPES' })).toEqual(['Zebra'])
    expect(list({ query: '%' })).toEqual([])
    expect(list({ trigger: 'conditional' })).toEqual([])
    expect([table.total({}, 'main'), table.total({ enabled: 'all' }, 'main')]).toEqual([2, 3])
  })
})
