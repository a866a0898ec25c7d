// How answers are spoken: what is configured, and what was chosen over it.

import { describe, expect, it } from 'vitest'
import { createSpeechSettings } from '../../../src/services/voice/speech-settings.ts'
import { foundation } from '../../harness/foundation.ts'
import { configOf } from './voice.ts'

const PERSONAS = { calm: { label: 'Calm', provider: 'b', providers: { a: { voice: 'soft' } } }, plain: {} }

const make = (tts: unknown = {}, base = foundation()) => createSpeechSettings({ ...base, config: configOf({ tts }), place: 'here' })

describe('before anybody chose', () => {
  it('are off, with whoever can speak', () => {
    expect(make()).toMatchObject({ enabled: false, provider: null, persona: null, maxChars: 4096, timeoutMs: 30_000, place: 'here' })
  })

  it.each([
    [{ enabled: true }, true],
    [{ auto: 'always' }, true],
    [{ auto: 'off' }, false],
    [{ auto: 'always', enabled: false }, false],
  ])('are as configured: %j', (tts, enabled) => {
    expect(make(tts).enabled).toBe(enabled)
  })

  it('take provider and persona from the configuration', () => {
    expect(make({ provider: 'a', persona: 'plain', personas: PERSONAS })).toMatchObject({ provider: 'a', persona: 'plain' })
    expect(make({ provider: 'a', persona: 'calm', personas: PERSONAS })).toMatchObject({ provider: 'b', persona: 'calm' })
    expect(make({ persona: 'gone', personas: PERSONAS }).persona).toBeNull()
    expect(make({ persona: 'constructor', personas: PERSONAS }).persona).toBeNull()
  })
})

it('forgets what was chosen in something that was taken back', () => {
  const base = foundation()
  const settings = make({ provider: 'a' }, base)
  const [before] = [settings.chosen, settings.provider]
  expect(() =>
    base.commit.tx(() => {
      settings.choose({ provider: 'b' })
      expect(settings.provider).toBe('b')
      throw new Error('no')
    }),
  ).toThrow('no')
  expect(settings.provider).toBe('a')
  settings.choose({ provider: 'c' })
  expect([settings.provider, settings.chosen === before]).toEqual(['c', false])
})

it('keeps what was chosen over a restart', () => {
  const base = foundation()
  const tts = { provider: 'a', persona: 'calm', personas: PERSONAS }
  make(tts, base).choose({ enabled: true })
  make(tts, base).choose({ persona: null })
  make(tts, base).choose({ provider: 'c' })
  expect(make(tts, foundation(base.sql))).toMatchObject({ enabled: true, persona: null, provider: 'c' })
})

it('says of a provider what is configured, and over it what the persona says', () => {
  const tts = { personas: PERSONAS, providers: { a: { voice: 'loud', model: 'm' } } }
  const settings = make(tts)
  expect(settings.bindingOf('a')).toEqual({ voice: 'loud', model: 'm' })
  settings.choose({ persona: 'calm' })
  expect(settings.bindingOf('a')).toEqual({ voice: 'soft', model: 'm' })
  expect(settings.bindingOf('other')).toEqual({})
})

it('lists personas', () => {
  expect(make({ personas: PERSONAS }).personas()).toEqual([{ id: 'calm', label: 'Calm', provider: 'b' }, { id: 'plain', label: 'plain' }])
})
