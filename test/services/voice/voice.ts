// What the tests of voices stand on: a configuration, providers that speak as they are told, and a vendor behind `fetch`.

import type { Fetch } from '../../../src/index.ts'
import type { ConfigService } from '../../../src/services/operations/config.ts'
import { configSchema } from '../../../src/services/operations/config-schema.ts'
import type { Audio, SpeechProvider, SpeechWish } from '../../../src/services/voice/speech-provider.ts'

/** A configuration that does not change. */
export function configOf(given: unknown): ConfigService {
  const current = configSchema.parse(given)
  return { current, providers: () => current.models?.providers ?? {}, onChange: () => {} } as unknown as ConfigService
}

export const NEVER: AbortSignal = new AbortController().signal

export interface FakeProvider extends SpeechProvider {
  readonly asked: { text: string; wish: SpeechWish }[]
}

export function provider(id: string, answer: (text: string, signal: AbortSignal) => Promise<Audio> | Audio, missing: string | null = null): FakeProvider {
  const asked: FakeProvider['asked'] = []
  return {
    id,
    label: id,
    models: [],
    voices: async () => [],
    missing,
    asked,
    async speak(text, wish, signal) {
      asked.push({ text, wish })
      return answer(text, signal)
    },
  }
}

export const audio = (format = 'mp3'): Audio => ({ bytes: new Uint8Array([1, 2, 3]), format })

export interface Asked {
  readonly url: string
  readonly init: Parameters<Fetch>[1]
}

async function* piecesOf(parts: readonly Uint8Array[]) {
  yield* parts
}

/** A transport with one answer for everything. */
export function vendor(answer: { status?: number; parts?: readonly Uint8Array[]; text?: string } = {}) {
  const asked: Asked[] = []
  const { status = 200, parts = [new Uint8Array([7])], text = '' } = answer
  const fetch: Fetch = async (url, init) => {
    asked.push({ url, init })
    return { status, headers: { get: () => null }, body: piecesOf(parts), text: async () => text }
  }
  return { fetch, asked }
}
