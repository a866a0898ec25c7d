// The providers of speech that there are: those of the configuration, OpenAI, and the program of this machine.

import type { Fetch } from '../../ports/platform.ts'
import type { LocalSpeech } from '../../ports/speech.ts'
import type { ConfigService } from '../operations/config.ts'
import type { SpeechProviderConfig } from '../operations/config-schema.ts'
import { KNOWN_PROVIDERS } from '../conversation/known-providers.ts'
import { createLocalProvider, LOCAL_PROVIDER } from './local-speech.ts'
import { createOpenaiSpeech, type SpeechSource } from './openai-speech.ts'
import type { SpeechProvider, SpeechWish } from './speech-provider.ts'
import type { SpeechSettings } from './speech-settings.ts'

type Env = Readonly<Record<string, string | undefined>>

const OPENAI = 'openai'
const LABELS: Readonly<Record<string, string>> = { [OPENAI]: 'OpenAI' }

export function createSpeechSources(deps: {
  config: ConfigService
  settings: SpeechSettings
  env: Env
  fetch: Fetch
  local: LocalSpeech | undefined
}): () => readonly SpeechProvider[] {
  const { config, settings, env, fetch } = deps
  const local = createLocalProvider(deps.local)

  /** Where a model of the same name is reached, its voice is, too, unless something else is said of it. */
  function sourceOf(id: string): SpeechSource {
    const own = settings.bindingOf(id) as SpeechProviderConfig
    const models = config.providers()[id]
    const known = KNOWN_PROVIDERS.find((each) => each.id === id && each.api === undefined)
    const key = own.apiKey ?? models?.apiKey ?? (known && env[known.env]) ?? config.current.talk?.providers?.[id]?.apiKey
    return {
      baseUrl: own.baseUrl ?? models?.baseUrl ?? known?.baseUrl ?? null,
      apiKey: key ? key : null,
      headers: models?.headers ?? {},
      isOpen: known === undefined,
      model: own.model ?? null,
      voice: own.voice ?? null,
      format: own.format ?? null,
      speed: own.speed ?? null,
      instructions: own.instructions ?? null,
    }
  }

  /** What the configuration says of the voice of this machine. */
  function withDefaults(provider: SpeechProvider): SpeechProvider {
    const { voice, speed } = settings.bindingOf(provider.id) as SpeechProviderConfig
    const speak = (text: string, wish: SpeechWish, signal: AbortSignal) => provider.speak(text, { ...wish, voice: wish.voice ?? voice, speed: wish.speed ?? speed }, signal)
    return { ...provider, speak }
  }

  function make(): readonly SpeechProvider[] {
    const named = Object.keys(config.current.tts?.providers ?? {}).filter((id) => id !== OPENAI && id !== LOCAL_PROVIDER)
    return [...[...named, OPENAI].map((id) => createOpenaiSpeech(id, LABELS[id] ?? id, sourceOf(id), fetch)), withDefaults(local)]
  }

  /** Each turn of an agent asks whether it has a voice: they are made anew only after a change. */
  let made: { readonly config: object; readonly chosen: object; readonly providers: readonly SpeechProvider[] } | null = null
  return () => {
    if (made?.config !== config.current || made.chosen !== settings.chosen) made = { config: config.current, chosen: settings.chosen, providers: make() }
    return made.providers
  }
}
