// Speech behind the OpenAI wire: POST /audio/speech, at OpenAI itself or wherever a configured provider has it.

import { abortable } from '../../kit/async.ts'
import { joinBytes } from '../../kit/bytes.ts'
import { parseJson } from '../../kit/json.ts'
import { clean } from '../../kit/log.ts'
import type { Fetch, FetchResponse } from '../../ports/platform.ts'
import { toFormat, type Audio, type SpeechProvider, type SpeechWish } from './speech-provider.ts'

/** Where it is, as far as that is configured. */
export interface SpeechSource {
  readonly baseUrl: string | null
  readonly apiKey: string | null
  readonly headers: Readonly<Record<string, string>>
  /** No key is needed there: a server of one's own. */
  readonly isOpen: boolean
  readonly model: string | null
  readonly voice: string | null
  readonly format: string | null
  readonly speed: number | null
  readonly instructions: string | null
}

const MODELS: readonly string[] = ['gpt-4o-mini-tts', 'tts-1', 'tts-1-hd']
const VOICES: readonly string[] = ['alloy', 'ash', 'ballad', 'cedar', 'coral', 'echo', 'fable', 'marin', 'nova', 'onyx', 'sage', 'shimmer', 'verse']
/** Audio of one text at most: as base64, it must fit into a message. */
const MAX_AUDIO_BYTES = 16 * 1024 * 1024
const MAX_COMPLAINT_CHARS = 300

export function createOpenaiSpeech(id: string, label: string, source: SpeechSource, fetch: Fetch): SpeechProvider {
  const { baseUrl, apiKey, isOpen } = source
  const ofOpenai = id === 'openai'

  function missing(): string | null {
    if (baseUrl === null) return `set tts.providers.${id}.baseUrl, the address up to /v1`
    if (apiKey === null && !isOpen) return `set tts.providers.${id}.apiKey${ofOpenai ? ', or OPENAI_API_KEY' : ''}`
    return null
  }

  function toBody(text: string, wish: SpeechWish, format: string) {
    const { speed = source.speed ?? undefined, instructions = source.instructions ?? undefined } = wish
    return {
      model: wish.model ?? source.model ?? MODELS[0],
      voice: wish.voice ?? source.voice ?? VOICES[0],
      input: text,
      response_format: format,
      ...(speed !== undefined && { speed }),
      ...(instructions !== undefined && { instructions }),
    }
  }

  return {
    id,
    label,
    models: [...new Set([...(source.model === null ? [] : [source.model]), ...(ofOpenai ? MODELS : [])])],
    voices: async () => [...new Set([...(source.voice === null ? [] : [source.voice]), ...(ofOpenai ? VOICES : [])])],
    get missing() {
      return missing()
    },
    async speak(text, wish, signal): Promise<Audio> {
      const first = missing()
      if (first !== null) throw new Error(first)
      const asked = wish.format ?? source.format ?? 'mp3'
      const format = toFormat(asked)
      if (format === null) throw new Error(`the format "${clean(asked).slice(0, 40)}" is not known: use mp3, opus, aac, flac, wav or pcm`)
      const response = await fetch(`${baseUrl!.replace(/\/+$/, '')}/audio/speech`, {
        method: 'POST',
        headers: { ...source.headers, 'content-type': 'application/json', ...(apiKey !== null && { authorization: `Bearer ${apiKey}` }) },
        body: JSON.stringify(toBody(text, wish, format)),
        signal,
      })
      if (response.status !== 200) throw new Error(await toComplaint(response, apiKey))
      const bytes = await readAudio(response, signal)
      if (bytes.byteLength === 0) throw new Error('the answer has no audio in it')
      return { bytes, format }
    },
  }
}

async function toComplaint(response: FetchResponse, apiKey: string | null): Promise<string> {
  const text = await response.text().catch(() => '')
  const parsed = parseJson(text)
  const said = parsed.ok ? (parsed.value as { error?: { message?: unknown } } | null)?.error?.message : undefined
  const shown = typeof said === 'string' && apiKey !== null ? said.replaceAll(apiKey, '…') : said
  return typeof shown === 'string' ? `${response.status} ${clean(shown).slice(0, MAX_COMPLAINT_CHARS)}` : `the answer was ${response.status}`
}

async function readAudio(response: FetchResponse, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = []
  let size = 0
  const read = async () => {
    for await (const part of response.body ?? []) {
      size += part.byteLength
      if (size > MAX_AUDIO_BYTES) throw new Error('the audio is larger than 16 MiB: send a shorter text')
      parts.push(part)
    }
  }
  await abortable(read(), signal)
  return joinBytes(parts)
}
