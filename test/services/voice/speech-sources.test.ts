// The providers of speech that there are.

import { expect, it } from 'vitest'
import { createSpeechSettings } from '../../../src/services/voice/speech-settings.ts'
import { createSpeechSources } from '../../../src/services/voice/speech-sources.ts'
import { foundation } from '../../harness/foundation.ts'
import { configOf, NEVER, vendor } from './voice.ts'

function make(given: Record<string, unknown> = {}, env: Record<string, string> = {}) {
  const config = configOf(given)
  const { fetch, asked } = vendor()
  const spoken: unknown[] = []
  const local = { program: 'speaker', voices: async () => [], speak: async (text: string, wish: object) => (spoken.push({ text, ...wish }), new Uint8Array([1])) }
  const settings = createSpeechSettings({ ...foundation(), config, place: 'here' })
  return { sources: createSpeechSources({ config, settings, env, fetch, local }), asked, spoken }
}

it('are OpenAI and the machine, and those that are configured before them', () => {
  expect(make().sources().map(({ id }) => id)).toEqual(['openai', 'espeak'])
  expect(make({ tts: { providers: { mine: { baseUrl: 'http://a.test/v1' }, openai: {}, espeak: {} } } }).sources().map(({ id }) => id)).toEqual(['mine', 'openai', 'espeak'])
})

it.each([
  ['its own', { tts: { providers: { openai: { apiKey: 'own' } } }, models: { providers: { openai: { apiKey: 'of the model' } } } }, { OPENAI_API_KEY: 'of the environment' }, 'own'],
  ['that of the model', { models: { providers: { openai: { apiKey: 'of the model' } } } }, { OPENAI_API_KEY: 'of the environment' }, 'of the model'],
  ['that of the environment', { talk: { providers: { openai: { apiKey: 'of talk' } } } }, { OPENAI_API_KEY: 'of the environment' }, 'of the environment'],
  ['that of talking', { talk: { providers: { openai: { apiKey: 'of talk' } } } }, {}, 'of talk'],
])('use a key: %s', async (_, given, env, key) => {
  const { sources, asked } = make(given, env)
  await sources()[0]!.speak('x', {}, NEVER)
  expect(asked[0]).toMatchObject({ url: 'https://api.openai.com/v1/audio/speech', init: { headers: { authorization: `Bearer ${key}` } } })
})

it('lack what nobody configured', () => {
  expect(make().sources()[0]!.missing).toContain('OPENAI_API_KEY')
  expect(make({}, { OPENAI_API_KEY: '' }).sources()[0]!.missing).toContain('OPENAI_API_KEY')
  expect(make({ tts: { providers: { mine: {} } } }).sources()[0]!.missing).toContain('tts.providers.mine.baseUrl')
  expect(make({ tts: { providers: { groq: {} } } }).sources()[0]!.missing).toContain('tts.providers.groq.apiKey')
})

it('speak with the voice of the machine that is configured, unless another is wished', async () => {
  const { sources, spoken } = make({ tts: { providers: { espeak: { voice: 'de', speed: 2 } } } })
  await sources().at(-1)!.speak('x', {}, NEVER)
  await sources().at(-1)!.speak('x', { voice: 'en', speed: 1 }, NEVER)
  expect(spoken).toEqual([{ text: 'x', voice: 'de', wordsPerMinute: 350 }, { text: 'x', voice: 'en', wordsPerMinute: 175 }])
})
