// Branches: what is cut off stays whole, what is no branch of its own is dropped, and streams are never left behind.

import { describe, expect, it } from 'vitest'
import { createConversation, KEY } from './conversation.ts'

const user = (content: string) => ({ role: 'user' as const, content, timestamp: 7 })

async function open(texts: readonly string[] = ['one', 'two', 'three']) {
  const conversation = await createConversation()
  const { sql, sessions } = conversation
  sessions.ensure(KEY, 'operator')
  const ids = texts.map((text) => sessions.append(KEY, user(text)).id)
  const streams = () => sql.all<{ stream: string }>('SELECT DISTINCT stream FROM log_transcript').length
  return { ...conversation, ids, streams }
}

describe('going back', () => {
  it('keeps the order, the numbers and the ids of what stays', async () => {
    const { branches, sessions, transcripts, said, ids } = await open()
    expect(branches.rewind(KEY, ids[2]!)).toMatchObject({ content: 'three' })
    expect(said(KEY)).toEqual(['user: one', 'user: two'])
    const { sessionId } = sessions.get(KEY)!
    expect([1, 2, 3].map((seq) => transcripts.at(sessionId, seq)?.id)).toEqual([ids[0], ids[1], undefined])
    expect(sessions.append(KEY, user('else')).seq).toBe(3)
  })

  it('says of the session what is true of it then', async () => {
    const { branches, sessions, ids } = await open()
    branches.rewind(KEY, ids[1]!)
    expect(sessions.get(KEY)).toMatchObject({ title: 'one', preview: 'one', messages: 1 })
    branches.rewind(KEY, ids[0]!)
    expect(sessions.get(KEY)).toMatchObject({ title: null, preview: null, messages: 0 })
  })

  it('goes not below the floor, and nowhere while a run writes', async () => {
    const { branches, sessions, activity, ids } = await open()
    sessions.reset(KEY)
    expect(() => branches.rewind(KEY, ids[0]!)).toThrow('message entry not found')
    const { id } = sessions.append(KEY, user('anew'))
    activity.begin(KEY, 'run')
    expect(() => branches.rewind(KEY, id)).toThrow('has queued work')
    activity.end(KEY, 'run')
    branches.rewind(KEY, id)
    expect(sessions.get(KEY)!.messages).toBe(4)
  })

  it('keeps a hundred branches of a conversation, and says so', async () => {
    const { branches, sessions, said, ids } = await open(['one'])
    for (let n = 0; n < 100; n++) {
      const { id } = sessions.append(KEY, user(`branch ${n}`))
      branches.rewind(KEY, id)
    }
    expect(branches.list(KEY)).toHaveLength(101)
    const { id } = sessions.append(KEY, user('one too many'))
    expect(() => branches.rewind(KEY, id)).toThrow('has 100 branches')
    expect(said(KEY)).toEqual(['user: one', 'user: one too many'])
    expect(ids).toHaveLength(1)
  })
})

describe('branches', () => {
  it('are transcripts of their own, and only those that are needed', async () => {
    const { branches, sessions, streams, ids } = await open()
    branches.rewind(KEY, ids[2]!)
    branches.rewind(KEY, ids[1]!)
    expect(streams()).toBe(2)
    const [, other] = branches.list(KEY)
    branches.switch(KEY, other!.leafEntryId)
    expect(streams()).toBe(1)
    branches.rewind(KEY, ids[1]!)
    sessions.append(KEY, user('else'))
    branches.switch(KEY, other!.leafEntryId)
    expect(streams()).toBe(2)
    sessions.delete(KEY)
    expect(streams()).toBe(0)
  })

  it('of before a reset are closed', async () => {
    const { branches, sessions, ids } = await open()
    branches.rewind(KEY, ids[1]!)
    sessions.reset(KEY)
    expect(branches.list(KEY).map(({ active }) => active)).toEqual([true])
    expect(() => branches.switch(KEY, ids[2]!)).toThrow('branch entry not found')
  })

  it('tell where they end', async () => {
    const { branches, ids } = await open()
    expect(branches.list(KEY)).toEqual([{ leafEntryId: ids[2], headline: 'three', messageCount: 3, updatedAt: 7, active: true }])
    expect(() => branches.assertLeaf(KEY, ids[2]!)).not.toThrow()
    expect(() => branches.assertLeaf(KEY, ids[1]!)).toThrow('active branch changed')
    expect(() => branches.assertLeaf('agent:main:none', null)).not.toThrow()
    expect(() => branches.assertLeaf(KEY, null)).toThrow('active branch changed')
  })

  it('are changed as a whole, or not at all', async () => {
    const { branches, sessions, sql, ids, said } = await open()
    sql.exec("CREATE TRIGGER broken BEFORE INSERT ON session_branches BEGIN SELECT raise(ABORT, 'disk full'); END")
    expect(() => branches.rewind(KEY, ids[1]!)).toThrow('disk full')
    expect(said(KEY)).toHaveLength(3)
    expect(sessions.get(KEY)!.messages).toBe(3)
  })
})

describe('a fork', () => {
  it('takes the choices of a session along, and not its name', async () => {
    const { branches, sessions, said, ids } = await open()
    sessions.patch(KEY, { label: 'named', settings: { model: 'builtin/operator', category: 'group', pinned: true } })
    const { session, message } = branches.fork(KEY, ids[1]!)
    expect(message.content).toBe('two')
    expect(said(session.key)).toEqual(['user: one'])
    expect(session).toMatchObject({ label: null, parentKey: KEY, title: 'one', settings: { model: 'builtin/operator' } })
    sessions.delete(KEY)
    expect(said(session.key)).toEqual(['user: one'])
  })
})
