// Jobs as clients see them.

import { expect, it } from 'vitest'
import { cronJob } from '../../../src/protocol/cron-shapes.ts'
import { previewOf, revisionOf, toCompactView, toFullView, toJobView } from '../../../src/services/automation/cron-view.ts'
import { OPERATOR } from '../conversation/conversation.ts'
import { createAutomation, jobOf } from './automation.ts'

const make = async (more: Parameters<typeof jobOf>[0] = {}) => (await createAutomation()).cron.add(jobOf(more), OPERATOR).job

it('has the published shape, and what is ours only where that is not published', async () => {
  const job = await make({ catchUp: { policy: 'skip' }, description: 'd', declarationKey: 'k' })
  const view = cronJob.parse(toJobView(job, null))
  expect(view).toMatchObject({ id: job.id, declarationKey: 'k', configRevision: revisionOf(job), state: { nextRunAtMs: job.nextAt }, nextRunAtMs: job.nextAt })
  expect(view).not.toHaveProperty('catchUp')
  expect(toFullView(job, null)).toMatchObject({ catchUp: { policy: 'skip' } })
})

it('repeats the state of the last run, and says that one is under way', async () => {
  const job = { ...(await make()), nextAt: null, state: { lastRunStatus: 'error' as const, lastError: 'x', lastRunAtMs: 5, lastDelivered: false } }
  expect(toJobView(job, 7)).toMatchObject({ lastRunStatus: 'error', lastRunError: 'x', lastRunAtMs: 5, lastDelivered: false, state: { runningAtMs: 7, lastError: 'x' } })
  expect(toJobView(job, null)).not.toHaveProperty('nextRunAtMs')
})

it('can be short', async () => {
  const job = await make()
  expect(toCompactView(job)).toEqual({
    id: job.id,
    name: 'a job',
    updatedAtMs: job.updatedAt,
    enabled: true,
    nextRunAt: new Date(job.nextAt!).toISOString(),
    nextRunAtMs: job.nextAt,
    scheduleKind: 'every',
    schedule: job.definition.schedule,
    lastRunAt: null,
    lastRunError: null,
  })
})

it.each([
  [{}, 'not requested', 'not requested'],
  [{ delivery: { mode: 'announce' as const } }, 'announce -> last', 'no channel is connected'],
  [{ delivery: { mode: 'announce' as const, channel: 'telegram', to: '12' } }, 'announce -> telegram:12', 'no channel is connected'],
  [{ delivery: { mode: 'announce' as const }, sessionTarget: 'current' as const, sessionKey: 'notes' }, 'announce -> current session', 'commits to this conversation'],
])('says where answers will go: %j', async (more, label, detail) => {
  const preview = previewOf((await make(more)).definition)
  expect(preview.label).toBe(label)
  expect(preview.detail).toContain(detail)
})
