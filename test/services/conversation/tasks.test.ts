// Background work: written with its run, told of, ended.

import { describe, expect, it } from 'vitest'
import { toSummary } from '../../../src/services/conversation/tasks.ts'
import { script } from '../../suites/target.ts'
import { settled } from '../../harness/clock.ts'
import { createConversation, KEY, requestOf } from './conversation.ts'

const work = (message: string, runId = 'run') => requestOf(message, { origin: 'agent', runId })

describe('a task', () => {
  it('waits, runs and ends as its run does', async () => {
    const { runs, tasks, heard } = await createConversation()
    const first = runs.start(work(script({ text: 'one' }, { delayMs: 10 }), 'first'))
    const second = runs.start(work('two', 'second'))
    expect(tasks.page({}, 9).map(({ runId, status }) => [runId, status]).toSorted()).toEqual([['first', 'running'], ['second', 'queued']])
    await runs.abort([second.run!, first.run!], 'rpc')
    expect(tasks.page({}, 9).map(({ status }) => status)).toEqual(['cancelled', 'cancelled'])
    expect(heard('task').filter(({ task }) => task.runId === 'second').map(({ task }) => task.status)).toEqual(['queued', 'cancelled'])
  })

  it('has the end of its run: an answer, an error, or no time left', async () => {
    const { runs, tasks, clock } = await createConversation()
    const end = async (message: string, runId: string, timeoutMs?: number) => {
      const { run } = runs.start({ ...work(message, runId), sessionKey: `agent:main:${runId}`, ...(timeoutMs && { timeoutMs }) })
      await settled()
      await clock.advance(1000)
      await run!.done
      return tasks.page({ sessionKey: `agent:main:${runId}` }, 1)[0]!
    }
    const done = await end(script({ text: 'answer' }), 'ok')
    expect([toSummary(done).terminalSummary, tasks.resultOf(done)]).toEqual(['completed', 'answer'])
    expect(toSummary(await end(script({ error: { message: 'broke' } }), 'bad'))).toMatchObject({ status: 'failed', error: 'broke' })
    expect(await end(script({ hang: true }), 'slow', 500)).toMatchObject({ status: 'timed_out' })
  })

  it('is none for a conversation', async () => {
    const { runs, tasks } = await createConversation()
    await runs.start(requestOf(script({ text: 'x' }))).run!.done
    expect(tasks.page({}, 9)).toEqual([])
  })

  it('of a job names the job', async () => {
    const { runs, tasks } = await createConversation()
    await runs.start(requestOf(script({ text: 'x' }), { origin: 'cron', runId: 'cron:job-1:123' })).run!.done
    expect(toSummary(tasks.page({}, 1)[0]!)).toMatchObject({ kind: 'automation_run', runtime: 'cron', sourceId: 'job-1', sessionKey: KEY })
  })

  it('is ended, once', async () => {
    const { runs, tasks } = await createConversation()
    runs.start(work(script({ hang: true })))
    await settled()
    const [task] = tasks.page({}, 1)
    expect(tasks.resultOf(task!)).toBeNull()
    expect(await tasks.cancel(task!)).toBe(true)
    expect(await tasks.cancel(task!)).toBe(false)
    expect(tasks.get(task!.id)).toMatchObject({ status: 'cancelled' })
  })

  it('is closed by the next process', async () => {
    const first = await createConversation()
    first.runs.start(work(script({ text: 'seen' }, { hang: true })))
    await first.clock.advance(1000)
    const next = await createConversation({ sql: first.sql, clock: first.clock })
    next.runs.recover()
    await settled()
    expect(next.tasks.page({}, 1)[0]).toMatchObject({ status: 'failed', error: expect.stringContaining('stopped') })
  })
})
