// Conversations by voice: the client listens, an agent answers, and what it says is spoken here.

import { unavailable, type GatewayError } from '../../protocol/errors.ts'
import { talkMode, type talkModeChange } from '../../protocol/voice-events.ts'
import type * as z from 'zod'
import type { Clock } from '../../ports/clock.ts'
import type { Bus } from '../bus.ts'
import { redact } from '../operations/config-parse.ts'
import type { ConfigService } from '../operations/config.ts'
import type { Config } from '../operations/config-schema.ts'
import { LOCAL_PROVIDER } from './local-speech.ts'
import type { SpeakRequest, Speech, Spoken } from './speech.ts'
import type { SpeechSettings } from './speech-settings.ts'

type TalkSection = NonNullable<Config['talk']>

export interface Talk {
  /** What the configuration says; secrets are shown to those only who may read them. */
  section(withSecrets: boolean): TalkSection | null
  /** The provider that speaks in conversations; null when none is set up for that. */
  provider(): string | null
  speak(text: string, request: SpeakRequest, signal: AbortSignal): Promise<Spoken>
  /** Tells everybody that somebody talks, or does so no more. */
  setMode(enabled: boolean, phase: string | null): z.output<typeof talkModeChange>
}

export function createTalk(deps: { config: ConfigService; speech: Speech; settings: SpeechSettings; bus: Bus; clock: Clock }): Talk {
  const { config, speech, settings, bus, clock } = deps

  /** Clients have a voice of their own, which is better than that of this machine: it is used when somebody asks for it. */
  function provider(): string | null {
    const named = config.current.talk?.provider ?? settings.provider
    if (named !== null) return named
    return speech.providers().find(({ id, missing }) => missing === null && id !== LOCAL_PROVIDER)?.id ?? null
  }

  return {
    section(withSecrets) {
      const { talk } = config.current
      if (!talk) return null
      return withSecrets ? talk : (redact({ talk }) as { talk: TalkSection }).talk
    },
    provider,
    async speak(text, request, signal) {
      const id = provider()
      if (id === null) throw unconfigured('talk provider not configured; set tts.providers.openai.apiKey, or talk.provider to one of tts.providers')
      if (!speech.providers().some((each) => each.id === id)) throw unconfigured(`talk.provider "${id}" is none of tts.providers`)
      return speech.speak(text, { ...request, provider: id }, signal)
    },
    setMode(enabled, phase) {
      const change = { enabled, phase, ts: clock.now() }
      bus.publish(talkMode, change)
      return change
    },
  }
}

/** A client that can speak by itself does so then. */
const unconfigured = (what: string): GatewayError =>
  unavailable(`talk.speak unavailable: ${what}`, { retryable: false, details: { reason: 'talk_unconfigured', fallbackEligible: true } })
