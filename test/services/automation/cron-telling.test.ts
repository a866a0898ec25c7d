// What the world hears of jobs.

import { expect, it } from 'vitest'
import { settled } from '../../harness/clock.ts'
import { OPERATOR } from '../conversation/conversation.ts'
import { createAutomation, jobOf } from './automation.ts'

const actions = (a: Awaited<ReturnType<typeof createAutomation>>) => a.heard('cron').map(({ action }) => action as string)

it('tells of a job from its making to its end', async () => {
  const a = await createAutomation()
  const { job } = a.cron.add(jobOf(), OPERATOR)
  a.cron.update(job.id, { name: 'other' }, undefined, OPERATOR)
  a.cron.run(job.id, 'force')
  await settled()
  a.cron.remove(job.id)
  await settled()
  expect(actions(a)).toEqual(['added', 'updated', 'started', 'finished', 'removed'])
  const [added, updated, started, finished, removed] = a.heard('cron')
  expect(added).toMatchObject({ jobId: job.id, job: { name: 'a job' }, nextRunAtMs: job.nextAt })
  expect(updated).toMatchObject({ job: { name: 'other', configRevision: 'v2' } })
  expect(started).toMatchObject({ runAtMs: a.clock.now(), job: { state: { runningAtMs: a.clock.now() } } })
  expect(finished).toMatchObject({ status: 'ok', summary: 'done', runId: started!.runId, job: { state: { lastRunStatus: 'ok' } } })
  expect(finished!.job.state).not.toHaveProperty('runningAtMs')
  expect(removed).toMatchObject({ job: { id: job.id } })
  expect(removed).not.toHaveProperty('nextRunAtMs')
})

it('knows since when a run is under way', async () => {
  const a = await createAutomation()
  const { job } = a.cron.add(jobOf({ payload: { kind: 'agentTurn', message: 'script:[{"hang":true}]' } }), OPERATOR)
  expect(a.cronTelling.runningAt(job)).toBeNull()
  const startedAt = a.clock.now()
  a.cron.run(job.id, 'force')
  await a.clock.advance(5000)
  expect(a.cronTelling.runningAt(a.cron.get(job.id))).toBe(startedAt)
})
