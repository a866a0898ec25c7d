// Pages of a conversation: their limits, and that the stored text stays as it is.

import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Message } from '../../../src/protocol/shapes.ts'
import { readHistory, type HistoryRequest } from '../../../src/services/conversation/history.ts'
import { createConversation, KEY } from './conversation.ts'

const user = (content: string): Message => ({ role: 'user', content, timestamp: 1 })

async function conversation(...texts: readonly string[]) {
  const { sessions, transcripts } = await createConversation()
  sessions.create({ key: KEY, via: 'operator' })
  for (const text of texts) sessions.append(KEY, user(text))
  const page = (request: Partial<HistoryRequest> = {}) => {
    const { messages, ...rest } = readHistory(transcripts, sessions.get(KEY), { limit: 100, offset: 0, maxBytes: 1_000_000, ...request })
    return { ...rest, raw: messages, texts: messages.map((json) => (JSON.parse(json) as { content: string }).content) }
  }
  return { sessions, transcripts, page }
}

it('has nothing where there is no session', async () => {
  const { transcripts } = await createConversation()
  expect(readHistory(transcripts, null, { limit: 10, offset: 0, maxBytes: 10 })).toEqual({ messages: [], total: 0, hasMore: false })
})

it('gives out the stored JSON, character for character', async () => {
  const { sessions, transcripts, page } = await conversation('{"a": "b"}\n🦀')
  const { sessionId } = sessions.get(KEY)!
  expect(page().raw).toEqual(transcripts.page(sessionId, { after: 0, upTo: 1, limit: 1 }).map((entry) => entry.data))
})

describe('limits', () => {
  it('counts messages from the newest, those that are skipped included', async () => {
    const { page } = await conversation('1', '2', '3', '4', '5')
    expect(page({ limit: 2 })).toMatchObject({ texts: ['4', '5'], total: 5, hasMore: true })
    expect(page({ limit: 2, offset: 3 })).toMatchObject({ texts: ['1', '2'], total: 5, hasMore: false })
    expect(page({ limit: 2, offset: 4 })).toMatchObject({ texts: ['1'], hasMore: false })
    expect(page({ offset: 5 })).toMatchObject({ texts: [], total: 5, hasMore: false })
    expect(page({ offset: 500 })).toMatchObject({ texts: [], total: 5, hasMore: false })
  })

  it('stops before the message that would be too much, and always has one', async () => {
    const { page } = await conversation('a'.repeat(50), 'b'.repeat(50), 'c'.repeat(50))
    const each = page().raw[0]!.length
    expect(page({ maxBytes: 2 * each })).toMatchObject({ texts: ['b'.repeat(50), 'c'.repeat(50)], hasMore: true })
    expect(page({ maxBytes: 2 * each - 1 })).toMatchObject({ texts: ['c'.repeat(50)], hasMore: true })
    expect(page({ maxBytes: 1 })).toMatchObject({ texts: ['c'.repeat(50)], hasMore: true })
  })

  it('counts bytes, not characters', async () => {
    const { page } = await conversation('é'.repeat(500), 'é'.repeat(500))
    const bytes = page({ maxBytes: 1500 }).raw.reduce((sum, json) => sum + Buffer.byteLength(json), 0)
    expect(bytes).toBeLessThanOrEqual(1500)
  })

  it('cuts the text of each message, and says that it did', async () => {
    const { page } = await conversation('short', 'x'.repeat(300))
    expect(page({ maxChars: 200 }).texts).toEqual(['short', `${'x'.repeat(200)}…`])
    expect(page({ maxChars: 300 }).texts[1]).toBe('x'.repeat(300))
  })

  it('cuts each text of a message of parts, and nothing else in it', async () => {
    const { sessions, page } = await conversation()
    const call = { type: 'toolCall' as const, id: 'c', name: 'act', arguments: { long: 'y'.repeat(50) } }
    const facts = { api: 'a', provider: 'p', model: 'm', stopReason: 'stop', timestamp: 1 }
    const usage = { input: 1, output: 1, cacheRead: 0, cacheWrite: 0, reasoning: 0, totalTokens: 2 }
    sessions.append(KEY, { role: 'assistant', content: [{ type: 'text', text: 'z'.repeat(50) }, call], usage, ...facts }, { id: 'm1' })
    expect(JSON.parse(page({ maxChars: 10 }).raw[0]!)).toEqual({
      role: 'assistant',
      content: [{ type: 'text', text: `${'z'.repeat(10)}…` }, call],
      usage,
      ...facts,
      __openclaw: { id: 'm1', seq: 1 },
    })
  })

  it('cuts no character in half', async () => {
    const { page } = await conversation('🦀'.repeat(100))
    for (const maxChars of [99, 100]) expect(page({ maxChars }).texts[0]!.isWellFormed()).toBe(true)
  })

  it('makes room by cutting before it counts', async () => {
    const { page } = await conversation('x'.repeat(1000), 'y'.repeat(1000))
    expect(page({ maxBytes: 500, maxChars: 10 }).texts).toHaveLength(2)
  })
})

it('begins behind the last reset', async () => {
  const { sessions, page } = await conversation('old 1', 'old 2')
  sessions.reset(KEY)
  sessions.append(KEY, user('new'))
  expect(page()).toMatchObject({ total: 2, hasMore: false })
  expect(page().texts.at(-1)).toBe('new')
  expect(page({ limit: 1, offset: 1 }).raw[0]).toContain('Reset')
  expect(page({ limit: 1, offset: 2 })).toMatchObject({ texts: [], hasMore: false })
})

it('has pages that fit together, whatever their size', async () => {
  const all = Array.from({ length: 17 }, (_, n) => 'w'.repeat(1 + ((n * 7) % 40)) + String(n))
  const { page } = await conversation(...all)
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 100, max: 2000 }), (limit, maxBytes) => {
      const seen: string[] = []
      for (let more = true; more; ) {
        const { texts, hasMore } = page({ limit, maxBytes, offset: seen.length })
        expect(texts.length).toBeGreaterThan(0)
        seen.unshift(...texts)
        more = hasMore
      }
      expect(seen).toEqual(all)
    }),
  )
})
