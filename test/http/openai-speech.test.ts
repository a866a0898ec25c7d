// Speech: who speaks, in which format, and what is said when nobody can.

import { describe, expect, it } from 'vitest'
import type { SpokenWish } from '../../src/ports/model.ts'
import { errorOf } from './door.ts'
import { openMedia } from './media-door.ts'

const PATH = '/v1/audio/speech'
const BYTES = new Uint8Array([1, 2, 3])

async function open(config = {}) {
  const wishes: SpokenWish[] = []
  const speak = async (wish: SpokenWish) => {
    wishes.push(wish)
    return { bytes: BYTES, mimeType: wish.format === 'flac' ? 'audio/flac' : 'audio/mpeg' }
  }
  return { ...(await openMedia({ speak }, config)), wishes }
}

describe('speech', () => {
  it('of a model of a provider is what that makes', async () => {
    const { ask, wishes } = await open()
    const response = await ask(PATH, { body: { model: 'played/one', input: 'say this', voice: { id: 'ann' }, response_format: 'flac', speed: 2 } })
    expect([response.headers.get('content-type'), response.headers.get('content-length'), [...new Uint8Array(await response.arrayBuffer())]]).toEqual(['audio/flac', '3', [1, 2, 3]])
    expect(wishes).toEqual([{ text: 'say this', voice: 'ann', format: 'flac', speed: 2 }])
  })

  it('of the gateway says what to configure when nobody can speak', async () => {
    const { ask } = await open()
    for (const model of ['openclaw', 'tts-1']) {
      const response = await ask(PATH, { body: { model, input: 'x', voice: 'alloy' } })
      expect(response.headers.get('x-should-retry')).toBe('false')
      expect(await errorOf(response)).toMatchObject({ status: 503, message: expect.stringContaining('tts.providers.openai.apiKey') })
    }
  })

  it.each([
    [{ input: '' }, 'input'],
    [{ response_format: 'midi' }, 'response_format'],
    [{ speed: 0.1 }, 'speed'],
    [{ stream_format: 'sse' }, 'stream_format'],
    [{ model: 5 }, 'model'],
  ])('refuses %j', async (more, param) => {
    const { ask } = await open()
    expect(await errorOf(await ask(PATH, { body: { model: 'played/one', input: 'x', voice: 'v', ...more } }))).toMatchObject({ status: 400, param })
  })

  it('counts for the key that asks', async () => {
    const { ask, holder, usageOf } = await open()
    const { headers, id } = await holder({ models: ['played/*'] })
    expect((await ask(PATH, { body: { model: 'played/one', input: 'x'.repeat(40), voice: 'v' }, headers })).status).toBe(200)
    expect(await usageOf(id)).toMatchObject({ requests: 1, totalTokens: 10 })
    expect(await errorOf(await ask(PATH, { body: { model: 'other/one', input: 'x', voice: 'v' }, headers }))).toMatchObject({ status: 404 })
    expect(await errorOf(await ask(PATH, { body: { model: 'openai/tts-1', input: 'x', voice: 'v' }, headers }))).toMatchObject({ status: 403 })
  })
})
