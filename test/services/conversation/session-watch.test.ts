// Those who hear of changes of sessions.

import { describe, expect, it } from 'vitest'
import { createConversation, KEY } from './conversation.ts'

const said = (text: string) => ({ role: 'user' as const, content: text, timestamp: 0 })

describe('a watcher', () => {
  it('hears what happens, with the session as it was', async () => {
    const { sessions } = await createConversation()
    const heard: string[] = []
    sessions.watch({
      appended: ({ messages }, { seq }) => void heard.push(`appended ${seq} behind ${messages}`),
      changed: ({ label }) => void heard.push(`changed ${label}`),
      reset: ({ messages }) => void heard.push(`reset ${messages}`),
      deleted: ({ key }) => void heard.push(`deleted ${key}`),
    })
    sessions.ensure(KEY, 'operator')
    sessions.append(KEY, said('one'))
    sessions.patch(KEY, { label: 'named' })
    sessions.reset(KEY)
    sessions.delete(KEY)
    expect(heard).toEqual(['changed null', 'appended 1 behind 0', 'changed named', 'reset 1', `deleted ${KEY}`])
  })

  it('is inside the transaction: what it throws takes the change back', async () => {
    const { sessions } = await createConversation()
    sessions.ensure(KEY, 'operator')
    sessions.watch({
      appended() {
        throw new Error('no room')
      },
    })
    expect(() => sessions.append(KEY, said('lost'))).toThrow('no room')
    expect(sessions.get(KEY)!.messages).toBe(0)
  })

  it('need not listen to everything', async () => {
    const { sessions } = await createConversation()
    sessions.watch({})
    sessions.ensure(KEY, 'operator')
    expect(sessions.append(KEY, said('one')).seq).toBe(1)
  })
})
