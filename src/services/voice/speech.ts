// Speaks: with the provider that was chosen, else with the first that can.

import { messageOf } from '../../kit/log.ts'
import { GatewayError, invalid, unavailable } from '../../protocol/errors.ts'
import { within, type Clock } from '../../ports/clock.ts'
import type { Audio, SpeechProvider, SpeechWish } from './speech-provider.ts'
import type { SpeechSettings } from './speech-settings.ts'

export interface Spoken extends Audio {
  readonly provider: string
}

export interface SpeakRequest extends SpeechWish {
  /** This one and no other. Absent: the chosen one, and when it fails the next that can. */
  readonly provider?: string | undefined
}

export interface Speech {
  /** As they are configured now, in the order in which they are tried when none is chosen. */
  providers(): readonly SpeechProvider[]
  /** The one that would speak; null when none can. */
  active(): SpeechProvider | null
  /** Those that would speak if it failed. */
  fallbacks(): readonly SpeechProvider[]
  /** Throws for one that does not exist. */
  assertKnown(id: string): void
  speak(text: string, request: SpeakRequest, signal: AbortSignal): Promise<Spoken>
}

/** Texts that are spoken at once. */
const MAX_AT_ONCE = 8

export function createSpeech(deps: { settings: SpeechSettings; providers: () => readonly SpeechProvider[]; clock: Clock }): Speech {
  const { settings, providers, clock } = deps
  let running = 0

  const ready = () => providers().filter(({ missing }) => missing === null)
  /** The chosen one even if it cannot speak: the error says what it lacks. */
  const chosen = () => providers().find(({ id }) => id === settings.provider) ?? null
  const active = () => (settings.provider === null ? (ready()[0] ?? null) : chosen())

  function find(id: string): SpeechProvider {
    const provider = providers().find((each) => each.id === id)
    if (!provider) throw invalid('Invalid provider. Use a registered TTS provider id.')
    return provider
  }

  function fallbacks(): SpeechProvider[] {
    const first = active()
    return ready().filter(({ id }) => id !== first?.id)
  }

  function candidates(provider: string | undefined): readonly SpeechProvider[] {
    if (provider !== undefined) return [find(provider)]
    const first = active()
    return first ? [first, ...fallbacks()] : providers()
  }

  async function attempt(provider: SpeechProvider, text: string, request: SpeakRequest, isFirst: boolean, signal: AbortSignal): Promise<Audio> {
    const { voice, model, format, instructions, ...rest } = request
    // Names of voices and models mean something to the provider that they were meant for.
    const wish = isFirst ? { ...rest, voice, model, format, instructions } : rest
    if (provider.missing !== null) throw new Error(provider.missing)
    return within(clock, settings.timeoutMs, signal, (limited) => provider.speak(text, wish, limited))
  }

  async function speakWithOne(text: string, request: SpeakRequest, signal: AbortSignal): Promise<Spoken> {
    const failures: string[] = []
    for (const [index, provider] of candidates(request.provider).entries()) {
      try {
        return { ...(await attempt(provider, text, request, index === 0, signal)), provider: provider.id }
      } catch (error) {
        signal.throwIfAborted()
        failures.push(`${provider.id}: ${messageOf(error)}`)
      }
    }
    throw unavailable(`TTS conversion failed: ${failures.join('; ')}`, { retryable: false })
  }

  return {
    providers,
    active,
    fallbacks,
    assertKnown: (id) => void find(id),
    async speak(given, request, signal) {
      const text = given.trim()
      if (text === '') throw invalid('there is nothing to say in this text')
      if (text.length > settings.maxChars) throw invalid(`the text is too long: ${settings.maxChars} characters are the most (tts.maxTextLength)`)
      if (running >= MAX_AT_ONCE) throw new GatewayError('RATE_LIMITED', 'too much is being spoken at once: try again in a moment', { retryAfterMs: 1000 })
      running++
      try {
        return await speakWithOne(text, request, signal)
      } finally {
        running--
      }
    },
  }
}
