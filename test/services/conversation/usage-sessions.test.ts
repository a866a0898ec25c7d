// The report by session.

import { describe, expect, it } from 'vitest'
import { script } from '../../suites/target.ts'
import { createConversation, KEY, requestOf } from './conversation.ts'

const DAY_MS = 24 * 60 * 60 * 1000

async function open() {
  const conversation = await createConversation()
  const { runs, clock } = conversation
  const say = async (sessionKey: string) => void (await runs.start(requestOf(script({ text: 'x' }), { sessionKey })).run!.done)
  await say(KEY)
  await clock.advance(10 * DAY_MS)
  await say(KEY)
  await clock.advance(1)
  await say('agent:main:other')
  return conversation
}

describe('the report', () => {
  it('has the sessions of the days, the latest first', async () => {
    const { usage } = await open()
    const report = await usage.sessions({ mode: 'utc', range: '7d', limit: 10 })
    expect(report.sessions.map(({ key, usage: used }) => [key, used?.messageCounts.user])).toEqual([['agent:main:other', 1], [KEY, 1]])
    expect(report).toMatchObject({ startDate: '2026-01-05', endDate: '2026-01-11', aggregates: { sessionCount: 2, messages: { user: 2 } } })
    expect((await usage.sessions({ mode: 'utc', range: '30d', limit: 1 })).aggregates.messages.user).toBe(3)
  })

  it('of one session has nothing of others', async () => {
    const { usage, sessions } = await open()
    const report = await usage.sessions({ mode: 'utc', range: '30d', limit: 10, key: KEY })
    expect(report.sessions).toMatchObject([{ key: KEY, usage: { messageCounts: { user: 2 }, durationMs: 10 * DAY_MS } }])
    expect(report.totals.totalTokens).toBe(sessions.get(KEY)!.totalTokens)
    expect((await usage.sessions({ mode: 'utc', range: '30d', limit: 10, key: 'agent:main:none' })).totals.totalTokens).toBe(0)
  })

  it('of an agent has its own', async () => {
    const { usage } = await open()
    const report = await usage.sessions({ mode: 'utc', range: '30d', limit: 10, agentId: 'nobody' })
    expect(report).toMatchObject({ sessions: [], totals: { totalTokens: 0 }, aggregates: { sessionCount: 0 } })
  })

  it('says of a session that used nothing that it did not', async () => {
    const { usage, sessions } = await open()
    sessions.ensure('agent:main:silent', 'operator')
    const report = await usage.sessions({ mode: 'utc', range: '7d', limit: 10, key: 'agent:main:silent' })
    expect(report.sessions).toMatchObject([{ usage: null }])
  })
})
