// The sessions of runs, and that of a job.

import { describe, expect, it } from 'vitest'
import { createCronSessions } from '../../../src/services/automation/cron-sessions.ts'
import { OPERATOR } from '../conversation/conversation.ts'
import { createAutomation, jobOf } from './automation.ts'

async function setUp(more: Parameters<typeof jobOf>[0] = {}) {
  const a = await createAutomation()
  const cronSessions = createCronSessions(a)
  const { job } = a.cron.add(jobOf(more), OPERATOR)
  return { ...a, cronSessions, job, own: `agent:main:cron:${job.id}` }
}

describe('a run that works by itself', () => {
  it('has a session of its own, put away at its end', async () => {
    const { cronSessions, sessions, job, own } = await setUp({ name: 'Brief' })
    const { sessionKey, sessionId } = cronSessions.open(job, 'one')
    expect(sessionKey).toBe(`${own}:run:one`)
    expect(sessions.get(sessionKey)).toMatchObject({ sessionId, createdVia: 'cron', parentKey: own, archived: false, settings: { displayName: 'Automation: Brief' } })
    cronSessions.close(job, sessionKey, null, 5)
    expect(sessions.get(sessionKey)).toMatchObject({ archived: true })
    expect(sessions.get(own)).toBeNull()
  })

  it('leaves its answer in the session of the job', async () => {
    const { cronSessions, sessions, said, job, own } = await setUp()
    for (const [n, answer] of ['first', 'second'].entries()) cronSessions.close(job, cronSessions.open(job, `${n}`).sessionKey, answer, n)
    expect(said(own)).toEqual(['assistant: first', 'assistant: second'])
    expect(sessions.get(own)).toMatchObject({ createdVia: 'cron', archived: false })
  })

  it('begins that session anew when it is long', async () => {
    const { cronSessions, said, job, own } = await setUp()
    for (let n = 0; n < 201; n++) cronSessions.close(job, cronSessions.open(job, `${n}`).sessionKey, `answer ${n}`, n)
    expect(said(own)).toEqual(['assistant: answer 200'])
  })

  it('is kept a hundred times', async () => {
    const { cronSessions, sessions, job, own } = await setUp()
    for (let n = 0; n < 103; n++) cronSessions.close(job, cronSessions.open(job, `${n}`).sessionKey, null, n)
    expect([0, 1, 2, 3].map((n) => sessions.get(`${own}:run:${n}`) !== null)).toEqual([false, false, false, true])
  })
})

it('forgets sessions of long ago, but not what a person has taken up', async () => {
  const { cronSessions, sessions, job, own } = await setUp()
  for (const [mark, at] of [['old', 10], ['mine', 10], ['new', 50]] as const) cronSessions.close(job, cronSessions.open(job, mark).sessionKey, null, at)
  sessions.patch(`${own}:run:mine`, { archived: false })
  cronSessions.prune(50)
  cronSessions.prune(50)
  expect(['old', 'mine', 'new'].map((mark) => sessions.get(`${own}:run:${mark}`) !== null)).toEqual([false, true, true])
})

it('works in a session that was named, and leaves it as it is', async () => {
  const { cronSessions, sessions, job } = await setUp({ sessionTarget: 'session:Some Notes' })
  const { sessionKey } = cronSessions.open(job, 'one')
  expect(sessionKey).toBe('agent:main:some notes')
  cronSessions.close(job, sessionKey, 'answer', 5)
  expect(sessions.get(sessionKey)).toMatchObject({ archived: false, messages: 0 })
})

it('brings an answer to the conversation that the job belongs to', async () => {
  const { cronSessions, said, job, own } = await setUp({ sessionTarget: 'current', sessionKey: 'notes', delivery: { mode: 'announce' } })
  cronSessions.close(job, cronSessions.open(job, 'one').sessionKey, 'answer', 5)
  expect([said('agent:main:notes'), said(own)]).toEqual([['assistant: answer'], ['assistant: answer']])
})

it('throws when its agent is gone, and closes what there was', async () => {
  const { cronSessions, job } = await setUp()
  const orphan = { ...job, definition: { ...job.definition, agentId: 'gone' } }
  expect(() => cronSessions.open(orphan, 'one')).toThrow('no longer exists')
  expect(() => cronSessions.close(orphan, `agent:gone:cron:${job.id}:run:one`, 'answer', 5)).not.toThrow()
})
