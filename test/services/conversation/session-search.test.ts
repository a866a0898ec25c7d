// Finding what was said in conversations that go on.

import { expect, it } from 'vitest'
import { createConversation, KEY } from './conversation.ts'

const said = (content: string) => ({ role: 'user' as const, content, timestamp: 7 })

it('finds nothing below the floor, in a branch that is set aside, or of a session that is gone', async () => {
  const { sessions, search, branches } = await createConversation()
  const found = () => search.search({ query: 'plum', limit: 10 }).hits.map(({ seq }) => seq)
  sessions.ensure(KEY, 'operator')
  sessions.append(KEY, said('plum one'))
  const { id } = sessions.append(KEY, said('plum two'))
  expect(found()).toEqual([2, 1])
  branches.rewind(KEY, id)
  expect(found()).toEqual([1])
  sessions.append(KEY, said('plum three'))
  expect(found()).toEqual([2, 1])
  sessions.reset(KEY)
  expect(found()).toEqual([])
  sessions.append(KEY, said('plum four'))
  sessions.delete(KEY)
  expect(found()).toEqual([])
})

it('tells what was found, and that there is more', async () => {
  const { sessions, search } = await createConversation()
  sessions.ensure(KEY, 'operator')
  const { id } = sessions.append(KEY, said('one plum'))
  const { sessionId } = sessions.get(KEY)!
  const hit = { sessionKey: KEY, sessionId, messageId: id, seq: 1, role: 'user', timestamp: 7, snippet: 'one plum', score: expect.any(Number) }
  expect(search.search({ query: 'PLUM', limit: 1 })).toEqual({ hits: [hit], truncated: false, indexing: false })
  sessions.append(KEY, said('two plums and a plum'))
  expect(search.search({ query: 'plum', limit: 1 }).truncated).toBe(true)
  expect(search.search({ query: 'plum', limit: 9, agentId: 'other' }).hits).toEqual([])
  expect(search.search({ query: 'plum', limit: 9, sessionKeys: [] }).hits).toEqual([])
})

it('writes nothing when it is up to date', async () => {
  const { sql, search } = await createConversation()
  const before = sql.get<{ n: number }>('SELECT total_changes() AS n')!.n
  search.search({ query: 'x', limit: 1 })
  search.catchUp()
  expect(sql.get<{ n: number }>('SELECT total_changes() AS n')!.n).toBe(before)
})
