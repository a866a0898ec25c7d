import { expect, it } from 'vitest'
import { modelInSession } from '../../../src/services/conversation/session-model.ts'
import { createConversation, KEY } from './conversation.ts'

it('is that of the session, else that of the agent, and none where the agent is gone', async () => {
  const c = await createConversation({ config: { agents: { defaults: { model: 'one/general' } }, models: { providers: { one: { baseUrl: 'http://one.test' } } } } })
  expect(modelInSession(c, KEY)).toBe('one/general')
  c.sessions.patch(KEY, { settings: { model: 'one/special' } })
  expect(modelInSession(c, KEY)).toBe('one/special')
  expect(modelInSession(c, 'agent:nobody:main')).toBeUndefined()
})
