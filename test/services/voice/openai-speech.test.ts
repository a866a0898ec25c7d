// Speech behind the OpenAI wire.

import { describe, expect, it } from 'vitest'
import { createOpenaiSpeech, type SpeechSource } from '../../../src/services/voice/openai-speech.ts'
import { NEVER, vendor } from './voice.ts'

const SOURCE: SpeechSource = { baseUrl: 'https://api.test/v1/', apiKey: 'sk-x', headers: {}, isOpen: false, model: null, voice: null, format: null, speed: null, instructions: null }

const make = (source: Partial<SpeechSource> = {}, answer: Parameters<typeof vendor>[0] = {}, id = 'openai') => {
  const { fetch, asked } = vendor(answer)
  return { provider: createOpenaiSpeech(id, 'A label', { ...SOURCE, ...source }, fetch), asked }
}

const bodyOf = (asked: ReturnType<typeof vendor>['asked']) => JSON.parse(String(asked[0]!.init.body)) as unknown

describe('what it asks', () => {
  it('is the usual model and voice, with the key', async () => {
    const { provider, asked } = make()
    expect(await provider.speak('hi', {}, NEVER)).toEqual({ bytes: new Uint8Array([7]), format: 'mp3' })
    expect(asked).toMatchObject([{ url: 'https://api.test/v1/audio/speech', init: { method: 'POST', headers: { authorization: 'Bearer sk-x', 'content-type': 'application/json' } } }])
    expect(bodyOf(asked)).toEqual({ model: 'gpt-4o-mini-tts', voice: 'alloy', input: 'hi', response_format: 'mp3' })
  })

  it('is what is configured, and what is wished over it', async () => {
    const source = { model: 'm', voice: 'v', format: 'opus', speed: 0.5, instructions: 'Slowly.', apiKey: null, isOpen: true, headers: { 'x-team': 'crabs' } }
    const first = make(source)
    await first.provider.speak('hi', {}, NEVER)
    expect(bodyOf(first.asked)).toEqual({ model: 'm', voice: 'v', input: 'hi', response_format: 'opus', speed: 0.5, instructions: 'Slowly.' })
    expect(first.asked[0]!.init.headers).toEqual({ 'x-team': 'crabs', 'content-type': 'application/json' })
    const second = make(source)
    await second.provider.speak('hi', { model: 'n', voice: 'w', format: 'wav', speed: 2, instructions: 'Fast.' }, NEVER)
    expect(bodyOf(second.asked)).toEqual({ model: 'n', voice: 'w', input: 'hi', response_format: 'wav', speed: 2, instructions: 'Fast.' })
  })
})

describe('what it lacks', () => {
  it.each([
    [{ baseUrl: null }, 'set tts.providers.openai.baseUrl, the address up to /v1'],
    [{ apiKey: null }, 'set tts.providers.openai.apiKey, or OPENAI_API_KEY'],
    [{}, null],
  ])('%j: %j', (source, missing) => {
    expect(make(source).provider.missing).toBe(missing)
  })

  it('asks nobody then', async () => {
    const { provider, asked } = make({ apiKey: null })
    await expect(provider.speak('hi', {}, NEVER)).rejects.toThrow('set tts.providers.openai.apiKey')
    expect(asked).toEqual([])
  })

  it('is no key, for a server of one’s own', () => {
    expect(make({ apiKey: null, isOpen: true }, {}, 'mine').provider.missing).toBeNull()
  })
})

describe('what it is answered', () => {
  it.each([
    [{ status: 429, text: '{"error":{"message":"slow down, sk-x"}}' }, '429 slow down, …'],
    [{ status: 500, text: '<html>' }, 'the answer was 500'],
    [{ status: 500, text: '{"error":{"message":7}}' }, 'the answer was 500'],
    [{ parts: [] }, 'the answer has no audio in it'],
    [{ parts: [new Uint8Array(20 * 1024 * 1024), new Uint8Array(20 * 1024 * 1024)] }, 'larger than 16 MiB'],
  ])('%#: fails with words', async (answer, message) => {
    await expect(make({}, answer).provider.speak('hi', {}, NEVER)).rejects.toThrow(message)
  })

  it('is joined', async () => {
    const { provider } = make({}, { parts: [new Uint8Array([1, 2]), new Uint8Array([3])] })
    expect((await provider.speak('hi', {}, NEVER)).bytes).toEqual(new Uint8Array([1, 2, 3]))
  })

  it('cannot be of a format that nobody knows', async () => {
    await expect(make().provider.speak('hi', { format: 'wax\u0007' }, NEVER)).rejects.toThrow('the format "wax " is not known')
  })
})

it('lists models and voices of OpenAI, and of others what is configured', async () => {
  expect(make({ voice: 'mine' }).provider.models).toContain('tts-1')
  expect(await make({ voice: 'mine' }).provider.voices()).toEqual(expect.arrayContaining(['mine', 'alloy']))
  const other = make({ model: 'm', voice: 'v' }, {}, 'other').provider
  expect([other.models, await other.voices()]).toEqual([['m'], ['v']])
})
