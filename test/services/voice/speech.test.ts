// Speaking: who does it, and who does it instead.

import { describe, expect, it } from 'vitest'
import { createSpeech } from '../../../src/services/voice/speech.ts'
import { createSpeechSettings } from '../../../src/services/voice/speech-settings.ts'
import { settled } from '../../harness/clock.ts'
import { foundation } from '../../harness/foundation.ts'
import { audio, configOf, NEVER, provider, type FakeProvider } from './voice.ts'

function make(providers: FakeProvider[], tts: unknown = {}) {
  const base = foundation()
  const settings = createSpeechSettings({ ...base, config: configOf({ tts }), place: 'here' })
  return { ...base, settings, speech: createSpeech({ settings, providers: () => providers, clock: base.clock }) }
}

const fails = (id: string) => provider(id, () => Promise.reject(new Error('hoarse')))
const speaks = (id: string, missing: string | null = null) => provider(id, () => audio(), missing)

describe('who speaks', () => {
  it('is the first that can', async () => {
    const { speech } = make([speaks('a', 'a key'), speaks('b'), speaks('c')])
    expect(speech.active()?.id).toBe('b')
    expect(speech.fallbacks().map(({ id }) => id)).toEqual(['c'])
    expect(await speech.speak('x', {}, NEVER)).toMatchObject({ provider: 'b', format: 'mp3' })
  })

  it('is the chosen one', async () => {
    const { speech, settings } = make([speaks('a'), speaks('b')])
    settings.choose({ provider: 'b' })
    expect(await speech.speak('x', {}, NEVER)).toMatchObject({ provider: 'b' })
  })

  it('is the next when the chosen one fails, with a voice of its own', async () => {
    const next = speaks('b')
    const { speech } = make([fails('a'), next])
    expect(await speech.speak('x', { voice: 'ann', model: 'm', format: 'wav', speed: 2 }, NEVER)).toMatchObject({ provider: 'b' })
    expect(next.asked).toEqual([{ text: 'x', wish: { speed: 2 } }])
  })

  it('is the named one and nobody else', async () => {
    const { speech } = make([fails('a'), speaks('b')])
    await expect(speech.speak('x', { provider: 'a' }, NEVER)).rejects.toMatchObject({ code: 'UNAVAILABLE', message: 'TTS conversion failed: a: hoarse' })
    await expect(speech.speak('x', { provider: 'nobody' }, NEVER)).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
    expect(() => speech.assertKnown('nobody')).toThrow('Invalid provider')
  })

  it('is nobody, and the answer says what each of them lacks', async () => {
    const { speech } = make([speaks('a', 'set a key'), speaks('b', 'install it')])
    expect(speech.active()).toBeNull()
    await expect(speech.speak('x', {}, NEVER)).rejects.toThrow('TTS conversion failed: a: set a key; b: install it')
  })
})

describe('limits', () => {
  it.each([['', 'nothing to say'], ['  \n', 'nothing to say'], ['xxxx', '3 characters are the most']])('refuses %j', async (text, message) => {
    await expect(make([speaks('a')], { maxTextLength: 3 }).speech.speak(text, {}, NEVER)).rejects.toThrow(message)
  })

  it('gives up a provider that does not answer, and asks the next', async () => {
    const { speech, clock } = make([provider('a', () => new Promise(() => {})), speaks('b')], { timeoutMs: 5000 })
    const spoken = speech.speak('x', {}, NEVER)
    await settled()
    await clock.advance(5000)
    expect(await spoken).toMatchObject({ provider: 'b' })
    expect(clock.pending).toBe(0)
  })

  it('ends when whoever asked is gone, and asks nobody else', async () => {
    const next = speaks('b')
    const { speech } = make([provider('a', () => new Promise(() => {})), next])
    const aborter = new AbortController()
    const spoken = speech.speak('x', {}, aborter.signal)
    aborter.abort(new Error('gone'))
    await expect(spoken).rejects.toThrow('gone')
    expect(next.asked).toEqual([])
  })

  it('speaks eight texts at once, and refuses more for now', async () => {
    const { promise, resolve } = Promise.withResolvers<ReturnType<typeof audio>>()
    const { speech } = make([provider('a', () => promise)])
    const spoken = Array.from({ length: 8 }, () => speech.speak('x', {}, NEVER))
    await expect(speech.speak('x', {}, NEVER)).rejects.toMatchObject({ code: 'RATE_LIMITED' })
    resolve(audio())
    await Promise.all(spoken)
    expect(await speech.speak('x', {}, NEVER)).toMatchObject({ provider: 'a' })
  })
})
