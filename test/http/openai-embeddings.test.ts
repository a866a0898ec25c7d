// Embeddings: by which model, in which form, and on whose account.

import { describe, expect, it } from 'vitest'
import { embeddingList } from '../../src/protocol/openai-media.ts'
import type { EmbeddingWish, Embeddings } from '../../src/ports/model.ts'
import { errorOf } from './door.ts'
import { openMedia } from './media-door.ts'

const PATH = '/v1/embeddings'

async function open(config = {}, tokens: number | null = null) {
  const wishes: EmbeddingWish[] = []
  const embed = async (wish: EmbeddingWish): Promise<Embeddings> => {
    wishes.push(wish)
    return { vectors: wish.texts.map((text) => [text.length, -0.5, 1e-3]), tokens }
  }
  return { ...(await openMedia({ embed }, config)), wishes }
}

describe('embeddings', () => {
  it('are those of the model that is named, or configured, here or as OpenClaw has it', async () => {
    for (const [config, model] of [
      [{}, 'played/one'],
      [{ models: { embeddings: 'played/two' } }, 'openclaw'],
      [{ models: { embeddings: 'played/two' } }, 'two'],
      [{ agents: { defaults: { memorySearch: { provider: 'played', model: 'two' } } } }, 'openclaw/main'],
    ] as const) {
      const { ask } = await open(config)
      const answer = embeddingList.parse(await (await ask(PATH, { body: { model, input: 'four' } })).json())
      expect(answer).toEqual({ object: 'list', model, data: [{ object: 'embedding', index: 0, embedding: [4, -0.5, 1e-3] }], usage: { prompt_tokens: 1, total_tokens: 1 } })
    }
  })

  it('are base64 of little-endian floats where that is asked for', async () => {
    const { ask } = await open()
    const { data } = embeddingList.parse(await (await ask(PATH, { body: { model: 'played/one', input: ['a'], encoding_format: 'base64' } })).json())
    const bytes = Uint8Array.from(atob(data[0]!.embedding as string), (char) => char.charCodeAt(0))
    const view = new DataView(bytes.buffer)
    expect([0, 4, 8].map((at) => view.getFloat32(at, true))).toEqual([1, -0.5, Math.fround(1e-3)])
  })

  it('pass on what is asked for, and tell the tokens that the provider tells', async () => {
    const { ask, wishes } = await open({}, 42)
    const answer = await ask(PATH, { body: { model: 'played/one', input: ['a', 'b'], dimensions: 3, encoding_format: null, dimension: 'unread' } })
    expect(((await answer.json()) as { usage: unknown }).usage).toEqual({ prompt_tokens: 42, total_tokens: 42 })
    expect(wishes).toEqual([{ texts: ['a', 'b'], dimensions: 3 }])
  })

  it('count for the key that asks, and are not for those that may not', async () => {
    const { ask, holder, usageOf } = await open({}, 1000)
    const body = { model: 'played/one', input: 'x' }
    const { headers, id } = await holder({ models: ['played/one'], budget: { usd: 1, period: 'total' } })
    expect((await ask(PATH, { body, headers })).status).toBe(200)
    expect(await usageOf(id)).toEqual({ requests: 1, inputTokens: 1000, outputTokens: 0, totalTokens: 1000, usd: 1 })
    expect(await errorOf(await ask(PATH, { body, headers }))).toMatchObject({ status: 429, code: 'insufficient_quota' })
    expect(await errorOf(await ask(PATH, { body: { ...body, model: 'played/other' }, headers }))).toMatchObject({ status: 403, details: { code: 'MODEL_NOT_ALLOWED' } })
  })

  it('are refused where a provider has none, or answers too few', async () => {
    const without = await openMedia()
    expect(await errorOf(await without.ask(PATH, { body: { model: 'played/one', input: 'x' } }))).toMatchObject({ status: 400, message: expect.stringContaining('has no embedding here') })
    const broken = await openMedia({ embed: async () => ({ vectors: [], tokens: null }) })
    expect(await errorOf(await broken.ask(PATH, { body: { model: 'played/one', input: 'x' } }))).toMatchObject({ status: 502 })
  })
})
