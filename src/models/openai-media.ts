// Vectors, speech and transcripts on the OpenAI wire: /embeddings, /audio/speech and /audio/transcriptions.

import { fromBase64, joinBytes } from '../kit/bytes.ts'
import { parseJson } from '../kit/json.ts'
import { within } from '../ports/clock.ts'
import {
  ModelError,
  type EmbeddingModel,
  type Embeddings,
  type ImageModel,
  type ModelDeps,
  type ModelSpec,
  type SpeechModel,
  type Transcription,
  type TranscriptionModel,
  type TranscriptionWish,
} from '../ports/model.ts'
import type { FetchResponse } from '../ports/platform.ts'
import { toConnectFailure, toFailure } from './openai-failure.ts'

/** Of one answer at most. */
const MAX_BYTES = 64 * 1024 * 1024

export function openaiEmbedding(spec: ModelSpec, deps: ModelDeps): EmbeddingModel {
  return {
    ...named(spec),
    embed: ({ texts, dimensions }, { signal }) =>
      post(spec, deps, signal, 'embeddings', JSON.stringify({ model: spec.model, input: texts, encoding_format: 'float', dimensions }), JSON_TYPE, async (response) =>
        toEmbeddings(spec, texts.length, await readJson(spec, response)),
      ),
  }
}

export function openaiSpeech(spec: ModelSpec, deps: ModelDeps): SpeechModel {
  return {
    ...named(spec),
    speak: ({ text, voice = 'alloy', format = 'mp3', speed, instructions }, { signal }) =>
      post(spec, deps, signal, 'audio/speech', JSON.stringify({ model: spec.model, input: text, voice, response_format: format, speed, instructions }), JSON_TYPE, async (response) => {
        const bytes = await readBytes(spec, response)
        if (bytes.byteLength === 0) throw new ModelError('server', `${spec.provider} answered without any audio`)
        const type = response.headers.get('content-type')?.split(';')[0]
        return { bytes, mimeType: type?.startsWith('audio/') ? type : toMimeType(format) }
      }),
  }
}

export function openaiTranscription(spec: ModelSpec, deps: ModelDeps): TranscriptionModel {
  return {
    ...named(spec),
    async transcribe(wish, { signal }) {
      const form = new Response(toForm(spec, wish))
      const type = form.headers.get('content-type')! // Bun forgets it with the body
      const body = new Uint8Array(await form.arrayBuffer())
      return post(spec, deps, signal, 'audio/transcriptions', body, type, async (response) => toTranscription(spec, await readJson(spec, response)))
    },
  }
}

export function openaiImage(spec: ModelSpec, deps: ModelDeps): ImageModel {
  return {
    ...named(spec),
    draw: ({ prompt, size }, { signal }) =>
      // The newer models always answer with the bytes, and refuse to be told so.
      post(spec, deps, signal, 'images/generations', JSON.stringify({ model: spec.model, prompt, n: 1, size, ...(spec.model.startsWith('dall-e') && { response_format: 'b64_json' }) }), JSON_TYPE, async (response) => {
        const { data } = (await readJson(spec, response)) as { data?: { b64_json?: unknown }[] }
        const base64 = data?.[0]?.b64_json
        if (typeof base64 !== 'string' || base64 === '') throw new ModelError('server', `${spec.provider} answered without a picture`)
        return { base64, mimeType: base64.startsWith('/9j/') ? 'image/jpeg' : base64.startsWith('UklGR') ? 'image/webp' : 'image/png' }
      }),
  }
}

const JSON_TYPE = 'application/json'
const named = ({ provider, model }: ModelSpec) => ({ id: `${provider}/${model}`, provider, model })

async function post<T>(spec: ModelSpec, { fetch, clock }: ModelDeps, signal: AbortSignal, path: string, body: string | Uint8Array<ArrayBuffer>, type: string, read: (response: FetchResponse) => Promise<T>): Promise<T> {
  const headers = { 'content-type': type, ...(spec.apiKey !== null && { authorization: `Bearer ${spec.apiKey}` }), ...spec.headers }
  try {
    return await within(clock, spec.timeoutMs, signal, async (aborting) => {
      const response = await fetch(`${spec.baseUrl}/${path}`, { method: 'POST', headers, body, signal: aborting })
      if (response.status !== 200) throw await toFailure(spec, response)
      return read(response)
    })
  } catch (error) {
    if (signal.aborted) throw signal.reason
    throw toConnectFailure(spec, error)
  }
}

async function readBytes(spec: ModelSpec, response: FetchResponse): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of response.body ?? []) {
    size += part.byteLength
    if (size > MAX_BYTES) throw new ModelError('server', `${spec.provider} answered more than ${MAX_BYTES / 1024 / 1024} MiB`)
    parts.push(part)
  }
  return joinBytes(parts)
}

async function readJson(spec: ModelSpec, response: FetchResponse): Promise<Record<string, unknown>> {
  const parsed = parseJson(new TextDecoder().decode(await readBytes(spec, response)))
  if (parsed.ok && typeof parsed.value === 'object' && parsed.value !== null) return parsed.value as Record<string, unknown>
  throw new ModelError('server', `${spec.provider} answered something that is not JSON`)
}

function toEmbeddings(spec: ModelSpec, count: number, body: Record<string, unknown>): Embeddings {
  const rows = Array.isArray(body['data']) ? (body['data'] as ({ index?: unknown; embedding?: unknown } | null)[]) : []
  const vectors: number[][] = []
  for (const [position, row] of rows.entries()) {
    const vector = typeof row?.embedding === 'string' ? toFloats(row.embedding) : row?.embedding
    if (!Array.isArray(vector)) break
    vectors[typeof row?.index === 'number' && row.index >= 0 && row.index < count ? row.index : position] = vector as number[]
  }
  if (vectors.length !== count || vectors.includes(undefined!)) throw new ModelError('server', `${spec.provider} answered ${vectors.length} vectors for ${count} texts`)
  const { prompt_tokens: tokens } = (body['usage'] ?? {}) as { prompt_tokens?: unknown }
  return { vectors, tokens: typeof tokens === 'number' ? tokens : null }
}

function toFloats(base64: string): number[] | null {
  const bytes = fromBase64(base64)
  return bytes && bytes.byteLength % 4 === 0 ? [...new Float32Array(bytes.slice().buffer)] : null
}

function toForm({ model }: ModelSpec, { audio, language, prompt, temperature }: TranscriptionWish): FormData {
  const form = new FormData()
  form.append('model', model)
  form.append('response_format', /^(gpt-|o\d)/.test(model) ? 'json' : 'verbose_json') // only the older ones know times
  if (language !== undefined) form.append('language', language)
  if (prompt !== undefined) form.append('prompt', prompt)
  if (temperature !== undefined) form.append('temperature', String(temperature))
  form.append('file', new Blob([audio.bytes], { type: audio.mimeType }), `audio.${extensionOf(audio.mimeType)}`)
  return form
}

function toTranscription(spec: ModelSpec, body: Record<string, unknown>): Transcription {
  const { text, language, duration, segments } = body as { text?: unknown; language?: unknown; duration?: unknown; segments?: unknown }
  if (typeof text !== 'string') throw new ModelError('server', `${spec.provider} answered something that is no transcript`)
  const seconds = Number(duration)
  return {
    text,
    language: typeof language === 'string' ? language : null,
    seconds: duration !== undefined && Number.isFinite(seconds) ? seconds : null,
    segments: (Array.isArray(segments) ? (segments as { text?: unknown; start?: unknown; end?: unknown }[]) : []).map((segment) => ({
      text: String(segment.text ?? ''),
      start: Number(segment.start ?? 0),
      end: Number(segment.end ?? 0),
    })),
  }
}

const TYPES: Readonly<Record<string, string>> = {
  mp3: 'audio/mpeg',
  wav: 'audio/wav',
  opus: 'audio/ogg',
  aac: 'audio/aac',
  flac: 'audio/flac',
  pcm: 'audio/pcm',
}

export const toMimeType = (format: string): string => (Object.hasOwn(TYPES, format) ? TYPES[format]! : 'application/octet-stream')

/** Vendors know the format by the name of the file. */
function extensionOf(mimeType: string): string {
  const name = mimeType.toLowerCase().split(';')[0]!.split('/')[1] ?? 'wav'
  const known: Readonly<Record<string, string>> = { mpeg: 'mp3', 'x-wav': 'wav', wave: 'wav', 'x-m4a': 'm4a', 'x-flac': 'flac', mp4: 'mp4' }
  return known[name] ?? name.replace(/[^a-z0-9]/g, '')
}
