// Groups: an order of names, and the sessions in them.

import { describe, expect, it } from 'vitest'
import { createConversation, KEY } from './conversation.ts'

const keyOf = (n: number) => `agent:main:s${n}`

async function open(members = 3) {
  const conversation = await createConversation()
  const { sessions } = conversation
  for (let n = 0; n < members; n++) sessions.create({ key: keyOf(n), via: 'operator', settings: { category: 'red', pinned: true } })
  return conversation
}

describe('groups', () => {
  it('come into being with the first session that names one', async () => {
    const { groups, sessions } = await open()
    sessions.patch(KEY, { settings: { category: 'blue' } })
    sessions.patch(KEY, { settings: { category: 'red' } })
    expect(groups.list()).toEqual({ names: ['red', 'blue'], sections: [] })
  })

  it('are put in an order, trimmed, each once', async () => {
    const { groups } = await open()
    expect(groups.put([' blue ', 'red', 'blue', ' '], ['ungrouped', 'category:blue', 'category:none'])).toEqual({
      names: ['blue', 'red'],
      sections: ['ungrouped', 'category:blue'],
    })
    expect(groups.put(['red'])).toEqual({ names: ['red'], sections: ['ungrouped'] })
    expect(() => groups.put([])).toThrow('"red" (3)')
    expect(() => groups.put(Array.from({ length: 501 }, (_, n) => `g${n}`))).toThrow('at most 500')
  })

  it('are renamed with their sessions, however many they are', async () => {
    const { groups, sessions } = await open(1201)
    groups.put(['red', 'blue'], ['category:red'])
    expect(groups.rename('red', ' green ')).toBe(1201)
    expect(groups.list()).toEqual({ names: ['green', 'blue'], sections: ['category:green'] })
    expect(sessions.get(keyOf(1200))!.settings).toEqual({ category: 'green', pinned: true })
    expect(groups.rename('green', 'blue')).toBe(1201)
    expect(groups.list().names).toEqual(['blue'])
    expect(groups.rename('blue', 'blue')).toBe(0)
    expect(() => groups.rename('blue', ' ')).toThrow('needs a name')
  })

  it('are deleted, and their sessions stay', async () => {
    const { groups, sessions, heard, commit } = await open()
    expect(groups.delete('red')).toBe(3)
    expect(sessions.get(keyOf(0))!.settings).toEqual({ pinned: true })
    expect(groups.list().names).toEqual([])
    expect(groups.delete('none')).toBe(0)
    await commit.flush()
    expect(heard('sessions.changed').filter(({ reason }) => reason === 'groups')).toEqual([{ reason: 'groups', ts: expect.any(Number) }])
  })
})
