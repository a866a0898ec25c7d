// Speech by a program of the machine.

import { expect, it } from 'vitest'
import type { LocalSpeech } from '../../../src/index.ts'
import { createLocalProvider } from '../../../src/services/voice/local-speech.ts'
import { NEVER } from './voice.ts'

function program() {
  const asked: unknown[] = []
  const speech: LocalSpeech = {
    program: 'speaker',
    voices: async () => ['en', 'de'],
    async speak(text, wish) {
      asked.push({ text, ...wish })
      return new Uint8Array([1])
    },
  }
  return { speech, asked }
}

it('speaks at the speed that is wished, within what the program can', async () => {
  const { speech, asked } = program()
  const provider = createLocalProvider(speech)
  expect(provider).toMatchObject({ id: 'espeak', missing: null })
  expect(await provider.voices()).toEqual(['en', 'de'])
  expect(await provider.speak('hi', {}, NEVER)).toEqual({ bytes: new Uint8Array([1]), format: 'wav' })
  for (const speed of [2, 0.01, 100]) await provider.speak('hi', { voice: 'de', speed }, NEVER)
  expect(asked).toEqual([{ text: 'hi' }, { text: 'hi', voice: 'de', wordsPerMinute: 350 }, { text: 'hi', voice: 'de', wordsPerMinute: 80 }, { text: 'hi', voice: 'de', wordsPerMinute: 450 }])
})

it('makes no other format', async () => {
  await expect(createLocalProvider(program().speech).speak('hi', { format: 'mp3' }, NEVER)).rejects.toThrow('speaker makes wav only')
})

it('says what to install where there is none', async () => {
  const provider = createLocalProvider(undefined)
  expect(provider.missing).toContain('install espeak-ng')
  expect(await provider.voices()).toEqual([])
  await expect(provider.speak('hi', {}, NEVER)).rejects.toThrow('install espeak-ng')
})
