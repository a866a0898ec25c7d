// Conversations by voice.

import { describe, expect, it } from 'vitest'
import { createSpeech } from '../../../src/services/voice/speech.ts'
import { createSpeechSettings } from '../../../src/services/voice/speech-settings.ts'
import { createTalk } from '../../../src/services/voice/talk.ts'
import { settled } from '../../harness/clock.ts'
import { foundation } from '../../harness/foundation.ts'
import { audio, configOf, NEVER, provider } from './voice.ts'

function make(given: Record<string, unknown> = {}, missing: string | null = null) {
  const base = foundation()
  const config = configOf(given)
  const settings = createSpeechSettings({ ...base, config, place: 'here' })
  const providers = [provider('vendor', () => audio(), missing), provider('espeak', () => audio('wav'))]
  const speech = createSpeech({ settings, providers: () => providers, clock: base.clock })
  return { ...base, settings, talk: createTalk({ ...base, config, speech, settings }) }
}

describe('who speaks', () => {
  it('is a vendor before the machine, and the machine when somebody asks for it', async () => {
    expect((await make().talk.speak('x', {}, NEVER)).provider).toBe('vendor')
    expect((await make({ talk: { provider: 'espeak' } }).talk.speak('x', {}, NEVER)).provider).toBe('espeak')
    const { talk, settings } = make()
    settings.choose({ provider: 'espeak' })
    expect(talk.provider()).toBe('espeak')
  })

  it('is the client itself when no vendor is set up, or one that is not spoken here', async () => {
    const unconfigured = { code: 'UNAVAILABLE', options: { details: { reason: 'talk_unconfigured', fallbackEligible: true } } }
    await expect(make({}, 'a key').talk.speak('x', {}, NEVER)).rejects.toMatchObject(unconfigured)
    await expect(make({ talk: { provider: 'elevenlabs' } }).talk.speak('x', {}, NEVER)).rejects.toMatchObject(unconfigured)
  })
})

it('shows secrets to those only who may read them', () => {
  const { talk } = make({ talk: { provider: 'x', providers: { x: { apiKey: 'sk', voiceId: 'v' } } } })
  expect(talk.section(false)).toEqual({ provider: 'x', providers: { x: { apiKey: '__OPENCLAW_REDACTED__', voiceId: 'v' } } })
  expect(talk.section(true)).toMatchObject({ providers: { x: { apiKey: 'sk' } } })
  expect(make().talk.section(true)).toBeNull()
})

it('tells that somebody talks', async () => {
  const { talk, heard, clock } = make()
  const change = talk.setMode(true, 'speaking')
  expect(change).toEqual({ enabled: true, phase: 'speaking', ts: clock.now() })
  await settled()
  expect(heard).toMatchObject([{ event: 'talk.mode', payload: change }])
})
