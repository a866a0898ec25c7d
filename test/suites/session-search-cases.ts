// What was said, found again.

import { expect, it } from 'vitest'
import type { Client, Data } from '../harness/client.ts'
import { freshKey, script, type Reach } from './target.ts'

/** A word that nobody else says. */
const word = (): string => `w${crypto.randomUUID().replaceAll('-', '')}`

async function say(client: Client, sessionKey: string, text: string): Promise<string> {
  const idempotencyKey = crypto.randomUUID()
  await client.call('chat.send', { sessionKey, message: text, idempotencyKey })
  await client.ended(idempotencyKey)
  return idempotencyKey
}

const find = async (client: Client, query: string, more: Data = {}): Promise<Data[]> => (await client.call('sessions.search', { query, ...more })).results

/** Of users: the built-in model repeats what it is asked. */
const search = async (client: Client, query: string, more: Data = {}): Promise<Data[]> =>
  (await find(client, query, more)).filter(({ role }) => role === 'user')

export function searchCases(at: Reach): void {
  it('finds what users and assistants said', async () => {
    const { client } = await at.join()
    const [key, asked, answered] = [freshKey(), word(), word()]
    await say(client, key, script({ text: `the answer is ${answered} indeed` }))
    const found = await find(client, answered)
    expect(found.map(({ role }) => role).toSorted()).toEqual(['assistant', 'user'])
    expect(found.find(({ role }) => role === 'assistant')).toMatchObject({ sessionKey: key, snippet: `the answer is ${answered} indeed` })
    await client.call('chat.inject', { sessionKey: key, message: `noted: ${asked}` })
    const { messages } = await client.call('chat.history', { sessionKey: key, limit: 1 })
    const { session } = await client.call('sessions.describe', { key })
    expect(await find(client, asked)).toEqual([
      {
        sessionKey: key,
        sessionId: session.sessionId,
        messageId: messages[0].__openclaw.id,
        role: 'assistant',
        timestamp: messages[0].timestamp,
        snippet: `noted: ${asked}`,
        score: expect.any(Number),
      },
    ])
  })

  it('wants all words, whole, in any case and without accents', async () => {
    const { client } = await at.join()
    const [key, one, two] = [freshKey(), word(), word()]
    await say(client, key, `${one} été ${two}`)
    expect(await search(client, `${two.toUpperCase()} ete ${one}`)).toHaveLength(1)
    expect(await search(client, `${one} ${word()}`)).toEqual([])
    expect(await search(client, one.slice(0, -1))).toEqual([])
  })

  it('finds phrases in quotes', async () => {
    const { client } = await at.join()
    const [key, mark] = [freshKey(), word()]
    await say(client, key, `${mark} red green blue`)
    expect(await search(client, `${mark} "red green"`)).toHaveLength(1)
    expect(await search(client, `${mark} "green red"`)).toEqual([])
  })

  it('takes nothing of a query for more than words', async () => {
    const { client } = await at.join()
    for (const query of ['AND ( * "', 'a" OR "b', 'NEAR(x y)', '^x', 'text:x', '-x', '"', "'; DROP TABLE sessions; --"]) {
      expect((await client.request('sessions.search', { query })).ok).toBe(true)
    }
    expect((await client.request('sessions.search', { query: '  ' })).error!.message).toBe('query must not be empty')
    expect((await client.request('sessions.search', { query: 'x', limit: 26 })).error!.message).toContain('limit')
    expect((await client.request('sessions.search', {})).error!.message).toContain('query')
  })

  it('finds words of scripts that write no spaces', async () => {
    const { client } = await at.join()
    const [key, mark] = [freshKey(), word()]
    await say(client, key, `${mark} 我喜欢吃苹果`)
    expect(await search(client, `${mark} 苹果`)).toHaveLength(1)
    expect(await search(client, `${mark} 香蕉`)).toEqual([])
  })

  it('is narrowed to sessions and agents, and says when there is more', async () => {
    const { client } = await at.join()
    const [here, there, mark] = [freshKey(), freshKey('second'), word()]
    await say(client, here, `${mark} one`)
    await say(client, there, `${mark} two`)
    expect(new Set((await search(client, mark)).map(({ sessionKey }) => sessionKey))).toEqual(new Set([here, there]))
    expect((await search(client, mark, { agentId: 'second' })).map(({ sessionKey }) => sessionKey)).toEqual([there])
    expect((await search(client, mark, { sessionKeys: [here] })).map(({ sessionKey }) => sessionKey)).toEqual([here])
    expect(await client.call('sessions.search', { query: mark, limit: 1 })).toMatchObject({ truncated: true, results: [{}] })
  })

  it('finds only what is a part of a conversation still', async () => {
    const { client } = await at.join()
    const [key, first, second] = [freshKey(), word(), word()]
    await say(client, key, `first ${first}`)
    await say(client, key, `second ${second}`)
    const { messages } = await client.call('chat.history', { sessionKey: key })
    const leafEntryId = messages.at(-1).__openclaw.id
    await client.call('sessions.rewind', { sessionKey: key, entryId: messages[2].__openclaw.id })
    expect(await search(client, second)).toEqual([])
    expect(await search(client, first)).toHaveLength(1)
    await client.call('sessions.branches.switch', { sessionKey: key, leafEntryId })
    expect(await search(client, second)).toHaveLength(1)
    await client.call('sessions.reset', { key })
    expect(await search(client, first)).toEqual([])
  })

  it('finds what a fork took along, also when the other is gone', async () => {
    const { client } = await at.join()
    const [key, mark] = [freshKey(), word()]
    await say(client, key, `taken along: ${mark}`)
    await say(client, key, 'next')
    const { messages } = await client.call('chat.history', { sessionKey: key })
    const { sessionKey: forked } = await client.call('sessions.fork', { sessionKey: key, entryId: messages[2].__openclaw.id })
    expect(new Set((await search(client, mark)).map(({ sessionKey }) => sessionKey))).toEqual(new Set([key, forked]))
    await client.call('sessions.delete', { key })
    expect((await search(client, mark)).map(({ sessionKey }) => sessionKey)).toEqual([forked])
    await client.call('sessions.delete', { key: forked })
    expect(await find(client, mark)).toEqual([])
  })

  it('does not look into conversations that HTTP clients bring along', async () => {
    const { client } = await at.join()
    const mark = word()
    const answer = await at.http('/v1/chat/completions', { model: 'openclaw', messages: [{ role: 'user', content: `only once: ${mark}` }] })
    expect(answer.status).toBe(200)
    expect(await find(client, mark)).toEqual([])
  })

  it('is what an agent can remember', async () => {
    const { client } = await at.join()
    const [key, mark] = [freshKey(), word()]
    await say(client, key, `remember ${mark}`)
    const { results, ...facts } = await client.call('memory.search', { query: mark })
    expect(facts).toEqual({ agentId: 'main', provider: 'none', searchMode: 'fts-only' })
    expect(results[0]).toMatchObject({ source: 'sessions', path: `sessions/${key}`, sessionKey: key, startLine: 1, snippet: `remember ${mark}` })
    expect(await client.call('memory.search', { query: mark, limit: 1, minScore: 1000 })).toMatchObject({ results: [] })
    expect((await client.call('memory.search', { query: mark, agentId: 'second' })).results).toEqual([])
    expect((await client.call('memory.search', { query: mark, sources: ['memory'] })).results).toEqual([])
    expect((await client.call('memory.search', { query: word() })).results).toEqual([])
    expect((await client.request('memory.search', {})).error!.message).toBe('query must be a non-empty string')
    expect((await client.request('memory.search', { query: 'x', agentId: 'nobody' })).error!.message).toBe('unknown agentId')
  })
}
