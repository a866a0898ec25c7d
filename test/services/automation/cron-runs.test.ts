// Rows of slots and runs.

import { describe, expect, it } from 'vitest'
import type { CronRunsQuery } from '../../../src/protocol/cron-params.ts'
import { createCronRuns, KEPT_ROWS } from '../../../src/services/automation/cron-runs.ts'
import { createAutomation, rowsOf } from './automation.ts'

async function setUp() {
  const { sql } = await createAutomation()
  const rows = createCronRuns(sql)
  const head = (n: number, at = n, jobId = 'j') => ({ jobId, n, agentId: 'main', jobName: `name of ${jobId}`, at })
  const ran = (n: number, more: Partial<Parameters<typeof rows.finish>[2]> = {}, jobId = 'j') => {
    rows.claim(head(n, n, jobId), `run ${jobId} ${n}`, n * 100)
    rows.finish(jobId, n, { ts: n * 10, status: 'ok', summary: `answer ${n}`, ...more })
  }
  const query = (more: Partial<CronRunsQuery> = {}): CronRunsQuery => ({ limit: 50, offset: 0, sortDir: 'desc', ...more })
  return { sql, rows, head, ran, query }
}

it('has one row for each slot', async () => {
  const { rows, head } = await setUp()
  rows.claim(head(1), 'a', 100)
  expect(() => rows.claim(head(2), 'b', 100)).toThrow()
  expect(() => rows.claim(head(2, 2, 'other'), 'b', 100)).not.toThrow()
  rows.claim(head(3), 'manual 1', null)
  rows.claim(head(4), 'manual 2', null)
  expect(rows.open('j').map(({ n, runId }) => [n, runId])).toEqual([[1, 'a'], [3, 'manual 1'], [4, 'manual 2']])
  expect(rows.open()).toHaveLength(4)
  rows.finish('j', 1, { ts: 9, status: 'ok' })
  expect(rows.open('j').map(({ n }) => n)).toEqual([3, 4])
})

describe('slots that nobody runs', () => {
  const end = { ts: 5, status: 'skipped' as const }

  it('make one row as long as the reason is the same', async () => {
    const { sql, rows, head, query } = await setUp()
    expect(rows.giveUp(head(1), { from: 100, to: 300, slots: 3 }, 'busy', end)).toBe(1)
    expect(rows.giveUp(head(2, 7), { from: 400, to: 400, slots: 1 }, 'busy', end)).toBe(0)
    expect(rows.giveUp(head(2, 8), { from: 500, to: 500, slots: 1 }, 'away', end)).toBe(1)
    expect(rowsOf(sql, 'j').map(({ slot_at, last_slot_at, slots }) => [slot_at, last_slot_at, slots])).toEqual([[100, 400, 4], [500, 500, 1]])
    expect(rows.page(query(), 'j').entries).toEqual([
      { jobId: 'j', jobName: 'name of j', action: 'finished', ts: 5, status: 'skipped', summary: 'away', error: 'away' },
      { jobId: 'j', jobName: 'name of j', action: 'finished', ts: 7, status: 'skipped', summary: 'busy', error: 'busy (4 slots)' },
    ])
  })

  it('are many when nobody has counted them', async () => {
    const { rows, head, query } = await setUp()
    rows.giveUp(head(1), { from: 1, to: 9, slots: null }, 'away', end)
    rows.giveUp(head(2), { from: 10, to: 10, slots: 1 }, 'away', end)
    expect(rows.page(query(), 'j').entries).toMatchObject([{ error: 'away (many slots)' }])
  })

  it('do not add to a run', async () => {
    const { rows, head, ran } = await setUp()
    ran(1, { status: 'skipped', summary: 'busy' })
    expect(rows.giveUp(head(2), { from: 200, to: 200, slots: 1 }, 'busy', end)).toBe(1)
  })
})

describe('pages', () => {
  it('have the ended ones, the latest first, and fit together', async () => {
    const { rows, head, ran, query } = await setUp()
    for (let n = 1; n <= 5; n++) ran(n)
    rows.claim(head(6), 'open', 600)
    const first = rows.page(query({ limit: 2 }), 'j')
    expect(first.total).toBe(5)
    expect(first.entries.map(({ runId }) => runId)).toEqual(['run j 5', 'run j 4'])
    expect(rows.page(query({ limit: 2, offset: 4 }), 'j').entries.map(({ runId }) => runId)).toEqual(['run j 1'])
    expect(rows.page(query({ limit: 1, sortDir: 'asc' }), 'j').entries.map(({ runId }) => runId)).toEqual(['run j 1'])
  })

  it('go over all jobs by time', async () => {
    const { ran, rows, query } = await setUp()
    ran(1)
    ran(2, { ts: 15 }, 'other')
    ran(2)
    expect(rows.page(query(), undefined).entries.map(({ jobId, ts }) => [jobId, ts])).toEqual([['j', 20], ['other', 15], ['j', 10]])
    expect([rows.has('other'), rows.has('none')]).toEqual([true, false])
  })

  it('are narrowed', async () => {
    const { ran, rows, query } = await setUp()
    ran(1)
    ran(2, { status: 'error', error: 'The DISK is full', deliveryStatus: 'not-delivered' })
    ran(3, { status: 'skipped', summary: '100%' })
    const found = (more: Partial<CronRunsQuery>) => rows.page(query(more), 'j').entries.map(({ ts }) => ts / 10)
    expect(found({ status: 'error' })).toEqual([2])
    expect(found({ status: 'all' })).toEqual([3, 2, 1])
    expect(found({ statuses: ['ok', 'skipped'] })).toEqual([3, 1])
    expect(found({ deliveryStatus: 'not-delivered' })).toEqual([2])
    expect(found({ deliveryStatuses: ['not-requested'] })).toEqual([3, 1])
    expect(found({ runId: 'run j 2' })).toEqual([2])
    expect(found({ query: 'disk' })).toEqual([2])
    expect(found({ query: 'NAME OF' })).toEqual([3, 2, 1])
    expect(found({ query: '%' })).toEqual([3])
    expect(found({ agentId: 'other' })).toEqual([])
  })
})

it('keeps the newest rows of a job, and forgets what is old', async () => {
  const { sql, rows, head, ran } = await setUp()
  for (let n = 1; n <= 5; n++) ran(n)
  rows.claim(head(6), 'open', 600)
  rows.trim('j', KEPT_ROWS + 2)
  expect(rowsOf(sql, 'j').map(({ n }) => n)).toEqual([3, 4, 5, 6])
  rows.trim('j', KEPT_ROWS + 6)
  expect(rowsOf(sql, 'j').map(({ n }) => n)).toEqual([6])
  ran(7)
  rows.prune(70)
  expect(rowsOf(sql, 'j').map(({ n }) => n)).toEqual([6, 7])
  rows.prune(71)
  expect(rowsOf(sql, 'j').map(({ n }) => n)).toEqual([6])
})

it('costs the same for a page among a hundred thousand rows', async () => {
  const { sql, rows, query } = await setUp()
  const measure = () => {
    const times = Array.from({ length: 20 }, () => {
      const startedAt = performance.now()
      rows.page(query({ limit: 50 }), 'job 7')
      rows.page(query({ limit: 50 }), undefined)
      return performance.now() - startedAt
    }).toSorted((a, b) => a - b)
    return times[10]!
  }
  const fill = (from: number, to: number) =>
    sql.tx(() => {
      for (let n = from; n < to; n++) {
        sql.run(
          `INSERT INTO cron_runs (job_id, n, slot_at, last_slot_at, slots, run_id, agent_id, job_name, claimed_at, ended_at, status, delivery, said, entry)
           VALUES (?, ?, ?, ?, 1, ?, 'main', 'a job', ?, ?, 'ok', 'not-requested', 'said', '{"ts":1,"status":"ok"}')`,
          `job ${n % 100}`, n, n, n, `run ${n}`, n, n,
        ) // prettier-ignore
      }
    })
  fill(0, 1000)
  measure()
  const few = measure()
  fill(1000, 100_000)
  const many = measure()
  expect(many).toBeLessThan(few + 40) // reading all of them takes longer
  expect(rows.page(query(), undefined).total).toBe(100_000)
})
