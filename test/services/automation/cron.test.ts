// Jobs as people manage them.

import { describe, expect, it } from 'vitest'
import { expandScopes } from '../../../src/protocol/scopes.ts'
import { OPERATOR } from '../conversation/conversation.ts'
import { createAutomation, eventJobOf, jobOf } from './automation.ts'

const HOUR = 3_600_000
const NOW = Date.UTC(2026, 0, 1)
const refusal = (work: () => unknown) => {
  try {
    work()
  } catch (error) {
    return error as Error & { options: { details?: unknown } }
  }
  throw new Error('it was accepted')
}

it('makes a job, with the scopes of whoever makes it', async () => {
  const { cron } = await createAutomation()
  const caller = { ...OPERATOR, scopes: expandScopes(['operator.write']) }
  const { job, created } = cron.add(jobOf(), caller)
  expect(created).toBe(true)
  expect(job).toMatchObject({ enabled: true, nextAt: NOW + 60_000, version: 1, lastRow: 0, running: null, createdAt: NOW })
  expect(new Set(job.scopes)).toEqual(caller.scopes)
  expect([cron.get(job.id), cron.count, cron.place]).toEqual([job, 1, 'test'])
  expect(cron.add(jobOf({ enabled: false }), OPERATOR).job.nextAt).toBeNull()
})

it('has a bounded number of them', async () => {
  const { cron, sql } = await createAutomation()
  const { job } = cron.add(jobOf(), OPERATOR)
  const columns = 'enabled, next_at, held, light, running, last_row, name, agent_id, kind, last_status, search, version, created_at, updated_at, definition, state, scopes'
  for (let n = 1; n < 2000; n++) sql.run(`INSERT INTO cron_jobs (id, ${columns}) SELECT ?, ${columns} FROM cron_jobs WHERE id = ?`, `copy ${n}`, job.id)
  expect(() => cron.add(jobOf(), OPERATOR)).toThrow('there are 2000 jobs already')
})

describe('a declared job', () => {
  it('is made once, stays as it is, and changes', async () => {
    const { cron, clock } = await createAutomation()
    const declared = (more: Parameters<typeof jobOf>[0] = {}) => cron.add(jobOf({ declarationKey: 'app:brief', ...more }), OPERATOR)
    const first = declared()
    await clock.advance(HOUR)
    expect(declared()).toEqual({ job: first.job, created: false, updated: false })
    const changed = declared({ name: 'other' })
    expect(changed).toMatchObject({ created: false, updated: true, job: { id: first.job.id, version: 2, createdAt: NOW, nextAt: first.job.nextAt } })
    expect(declared({ name: 'other', enabled: false })).toMatchObject({ updated: true, job: { enabled: false, nextAt: null } })
    expect(declared({ name: 'other' })).toMatchObject({ updated: false, job: { enabled: false } })
    expect(cron.count).toBe(1)
  })
})

describe('a change', () => {
  it('moves the next slot only when times change', async () => {
    const { cron, clock } = await createAutomation()
    const { job } = cron.add(jobOf({ schedule: { kind: 'every', everyMs: HOUR } }), OPERATOR)
    await clock.advance(HOUR / 2)
    expect(cron.update(job.id, { name: 'x' }, undefined, OPERATOR)).toMatchObject({ nextAt: NOW + HOUR, state: {} })
    const moved = cron.update(job.id, { schedule: { kind: 'every', everyMs: 2 * HOUR } }, undefined, OPERATOR)
    expect(moved).toMatchObject({ nextAt: NOW + 2.5 * HOUR, state: { scheduleActivatedAtMs: NOW + HOUR / 2 } })
    expect(cron.update(job.id, { enabled: false }, undefined, OPERATOR)).toMatchObject({ enabled: false, nextAt: null })
    expect(cron.update(job.id, { enabled: true }, undefined, OPERATOR)).toMatchObject({ nextAt: NOW + 2.5 * HOUR })
    expect(cron.update(job.id, { state: { nextRunAtMs: NOW + 9 * HOUR } }, undefined, OPERATOR).nextAt).toBe(NOW + 9 * HOUR)
    expect(cron.update(job.id, { state: { nextRunAtMs: 5 } }, undefined, OPERATOR).nextAt).toBe(clock.now())
  })

  it('is refused when somebody else was faster', async () => {
    const { cron } = await createAutomation()
    const { job } = cron.add(jobOf(), OPERATOR)
    expect(cron.update(job.id, { name: 'x' }, 'v1', OPERATOR).version).toBe(2)
    expect(refusal(() => cron.update(job.id, { name: 'y' }, 'v1', OPERATOR)).options.details).toEqual({ code: 'CRON_JOB_CHANGED', expectedConfigRevision: 'v1', actualConfigRevision: 'v2' })
    expect(cron.get(job.id).definition.name).toBe('x')
  })

  it('is refused when it cannot be, and nothing has changed', async () => {
    const { cron, clock } = await createAutomation()
    const { job } = cron.add(jobOf({ schedule: { kind: 'at', at: String(NOW + HOUR) } }), OPERATOR)
    cron.update(job.id, { enabled: false }, undefined, OPERATOR)
    await clock.advance(2 * HOUR)
    const before = cron.get(job.id)
    expect(() => cron.update(job.id, { enabled: true }, undefined, OPERATOR)).toThrow('no upcoming run time')
    expect(() => cron.update(job.id, { agentId: 'nobody' }, undefined, OPERATOR)).toThrow('no longer exists')
    expect(() => cron.update(job.id, { state: { nextRunAtMs: NOW } }, undefined, OPERATOR)).toThrow('the job is disabled')
    expect(cron.get(job.id)).toEqual(before)
  })
})

it('says which job is not there', async () => {
  const { cron } = await createAutomation()
  for (const work of [() => cron.get('x'), () => cron.remove('x'), () => cron.run('x', 'force'), () => cron.update('x', {}, undefined, OPERATOR)]) {
    expect(refusal(work).options.details).toEqual({ code: 'CRON_JOB_NOT_FOUND', jobId: 'x' })
  }
})

it('lists in pages', async () => {
  const { cron } = await createAutomation()
  expect(cron.list({})).toMatchObject({ jobs: [], total: 0, offset: 0, limit: 50 })
  for (let n = 0; n < 3; n++) cron.add(n === 0 ? eventJobOf() : jobOf({ name: `job ${n}` }), OPERATOR)
  const { revision } = cron.list({})
  expect(cron.list({ limit: 2, offset: 2 })).toMatchObject({ total: 3, offset: 2, limit: 2, revision })
  expect(cron.list({ offset: 9 })).toMatchObject({ jobs: [], offset: 3, limit: 3 })
  cron.remove(cron.list({}).jobs[0]!.id)
  expect(cron.list({}).revision).not.toBe(revision)
})

it('shows the runs of one job, of all, and of one that is gone', async () => {
  const { cron, pass } = await createAutomation()
  const { job } = cron.add(jobOf(), OPERATOR)
  await pass(60_000)
  const query = { limit: 5, offset: 0, sortDir: 'desc' as const }
  expect([cron.runs({ ...query, id: job.id }).total, cron.runs({ ...query, jobId: job.id }).total, cron.runs(query).total]).toEqual([1, 1, 1])
  expect(cron.runs({ ...query, scope: 'all', id: 'whatever' }).total).toBe(1)
  cron.remove(job.id)
  expect(cron.runs({ ...query, id: job.id }).total).toBe(1)
  expect(() => cron.runs({ ...query, id: 'never' })).toThrow('not found')
  expect(() => cron.runs({ ...query, scope: 'job' })).toThrow('missing id')
})
