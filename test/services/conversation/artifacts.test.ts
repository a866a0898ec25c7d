// Files that agents made.

import { expect, it } from 'vitest'
import type { Message } from '../../../src/protocol/shapes.ts'
import { createConversation, KEY } from './conversation.ts'

it('are those that stand in what agents said; what people sent is theirs', async () => {
  const { artifacts, sessions } = await createConversation()
  const file = { type: 'image', mimeType: 'image/png', mediaId: 'made', sizeBytes: 3 }
  const made = { role: 'toolResult', toolCallId: 'x', toolName: 'draw', content: [{ type: 'text', text: 'here' }, file], isError: false, timestamp: 0 }
  sessions.ensure(KEY, 'operator')
  sessions.append(KEY, { role: 'user', content: [{ type: 'image', mimeType: 'image/png', mediaId: 'sent', sizeBytes: 3 }], timestamp: 0 })
  sessions.append(KEY, made as unknown as Message, { runId: 'run' })
  const session = sessions.get(KEY)!
  const artifact = { mediaId: 'made', mimeType: 'image/png', sizeBytes: 3, sessionKey: KEY, messageSeq: 2, runId: 'run' }
  expect(artifacts.list(session)).toEqual([artifact])
  expect(artifacts.list(session, 'run')).toEqual([artifact])
  expect(artifacts.list(session, 'other')).toEqual([])
  sessions.reset(KEY)
  expect(artifacts.list(sessions.get(KEY)!)).toEqual([])
})
