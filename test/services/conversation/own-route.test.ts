// Messages that go into the session.

import { expect, it } from 'vitest'
import { createIdempotency } from '../../../src/store/idempotency.ts'
import { createOwnRoute } from '../../../src/services/conversation/own-route.ts'
import { settled } from '../../harness/clock.ts'
import { createConversation, KEY, type Conversation } from './conversation.ts'

const routeOf = (c: Conversation) => createOwnRoute({ ...c, idempotency: createIdempotency(c.sql) })
const key = (name: string, hash = 'h') => ({ principal: 'p', method: 'send', key: name, hash })

it('adds a message of the assistant, and tells whoever reads', async () => {
  const c = await createConversation()
  c.sessions.ensure(KEY, 'operator')
  const { messageId } = routeOf(c).send(KEY, 'news', key('a'))
  await settled()
  expect(c.said(KEY)).toEqual(['assistant: news'])
  expect(c.heard('chat')).toMatchObject([{ state: 'final', sessionKey: KEY, agentId: 'main', runId: `send-${messageId}`, message: { role: 'assistant' } }])
  expect(c.heard('session.message')).toMatchObject([{ messageId }])
})

it('adds it once for a key, over a restart, too', async () => {
  const c = await createConversation()
  c.sessions.ensure(KEY, 'operator')
  const first = routeOf(c).send(KEY, 'news', key('a'))
  const after = await createConversation({ sql: c.sql, clock: c.clock })
  expect(routeOf(after).send(KEY, 'news', key('a'))).toEqual(first)
  expect(() => routeOf(after).send(KEY, 'other', key('a', 'another'))).toThrow('already used for a different request')
  await settled()
  expect(after.said(KEY)).toEqual(['assistant: news'])
  expect(after.heard('chat')).toEqual([])
})

it('keeps no key for what could not be added', async () => {
  const c = await createConversation()
  expect(() => routeOf(c).send(KEY, 'news', key('a'))).toThrow('session not found')
  c.sessions.ensure(KEY, 'operator')
  routeOf(c).send(KEY, 'news', key('a'))
  expect(c.said(KEY)).toEqual(['assistant: news'])
})
