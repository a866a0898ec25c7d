import { expect, it } from 'vitest'
import { settled } from '../../harness/clock.ts'
import { holdDisk } from '../../harness/foundation.ts'
import { createConversation, KEY, requestOf } from './conversation.ts'

it('is a run that has begun and ended, with its answer in the transcript', async () => {
  const c = await createConversation()
  c.replies.record(requestOf('/help', { runId: 'r' }), 'Here it is.')
  await settled()
  expect(c.said(KEY)).toEqual(['user: /help', 'assistant: Here it is.'])
  expect(c.runs.find('r')).toMatchObject({ state: 'ok', result: { text: 'Here it is.', stopReason: 'stop' } })
  expect(c.heard('chat')).toMatchObject([{ runId: 'r', state: 'final', message: { model: 'gateway-injected', idempotencyKey: 'r' } }])
  expect(c.runs.start(requestOf('/help', { runId: 'r' }))).toMatchObject({ status: 'ok', run: null })
  expect(await c.runs.wait('r', 10)).toMatchObject({ state: 'ok' })
})

it('does what comes before in the same transaction: all of it or nothing', async () => {
  const c = await createConversation()
  c.sessions.ensure(KEY, 'operator')
  c.sessions.append(KEY, { role: 'user', content: 'before', timestamp: 0 })
  const fails = () => {
    c.sessions.reset(KEY)
    throw new Error('no')
  }
  expect(() => c.replies.record(requestOf('/new', { runId: 'r' }), 'x', fails)).toThrow('no')
  expect(c.said(KEY)).toEqual(['user: before'])
  expect(c.runs.find('r')).toBeNull()
  c.replies.record(requestOf('/new', { runId: 'r' }), 'New.', () => void c.sessions.reset(KEY))
  expect(c.said(KEY)).toEqual(['system: Reset', 'user: /new', 'assistant: New.'])
})

it('is not told before it is on disk', async () => {
  const c = await createConversation()
  c.sessions.ensure(KEY, 'operator')
  await settled()
  const disk = holdDisk(c.sql)
  c.replies.record(requestOf('/help', { runId: 'r' }), 'x')
  await settled()
  expect(c.heard('chat')).toEqual([])
  await disk.release()
  expect(c.heard('chat')).toHaveLength(1)
})
