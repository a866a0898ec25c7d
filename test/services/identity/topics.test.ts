// Topics: no session can be taken for another topic, or for another session.

import { expect, it } from 'vitest'
import { HEALTH_TOPIC, SESSIONS_TOPIC, sessionTopic } from '../../../src/services/identity/topics.ts'

it('gives every session a topic of its own', () => {
  const keys = ['', 'sessions', 'health', 'agent:main:main', 'agent:main:main2', 'session:x']
  const topics = [SESSIONS_TOPIC, HEALTH_TOPIC, ...keys.map(sessionTopic)]
  expect(new Set(topics).size).toBe(topics.length)
})
