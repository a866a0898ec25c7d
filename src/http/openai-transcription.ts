// POST /v1/audio/transcriptions: what is said in a recording, written down by a model of a configured provider.

import type { Context } from 'hono'
import { GatewayError, invalid } from '../protocol/errors.ts'
import { transcriptionFields, type TranscriptionFields, type VerboseTranscription } from '../protocol/openai-media.ts'
import type { Transcription } from '../ports/model.ts'
import type { HttpDeps, HttpEnv } from './env.ts'
import { account, asked, assertAgent, found, modelFor, parseValue } from './openai-special.ts'
import { respond, respondJson } from './respond.ts'
import { SSE_HEADERS } from './sse.ts'

const MAX_FIELDS = 50
const FORM = /^multipart\/form-data\s*;/i

export async function transcribe(c: Context<HttpEnv>, deps: HttpDeps): Promise<Response> {
  const { models, keyLimiter, config } = deps
  const { principal } = c.var
  const { headers, signal } = c.req.raw
  const { file, fields } = await readForm(c)
  assertAgent(fields.model, principal, deps)
  const id = modelFor(fields.model, headers, { configured: config.current.models?.transcription, setting: 'models.transcription', what: 'transcriptions' })
  const model = found(fields.model, () => models.transcription(id))
  keyLimiter.admit(principal, { model })
  const { language, prompt, temperature } = fields
  const wish = { ...(language !== undefined && { language }), ...(prompt !== undefined && { prompt }), ...(temperature !== undefined && { temperature }) }
  const audio = { bytes: new Uint8Array(await file.arrayBuffer()), mimeType: typeOf(file) }
  const said = await asked(model.transcribe({ audio, ...wish }, { signal }))
  await account(principal, model, { output: Math.ceil(said.text.length / 4) }, deps)
  return toAnswer(c, said, fields)
}

interface Form {
  readonly file: File
  readonly fields: TranscriptionFields
}

/** The body has its limit already, and is read as a whole. */
async function readForm(c: Context<HttpEnv>): Promise<Form> {
  const type = c.req.raw.headers.get('content-type') ?? ''
  if (!FORM.test(type)) throw new GatewayError('UNSUPPORTED_MEDIA_TYPE', 'send the recording as multipart/form-data, with the fields "file" and "model"')
  const form = await c.req.raw.formData().catch(() => null)
  if (!form) throw invalid('the form cannot be read: is it whole, and its boundary right?')
  const entries = [...form.entries()]
  if (entries.length > MAX_FIELDS) throw invalid(`the form has ${entries.length} fields, at most ${MAX_FIELDS} are read`)
  const file = form.get('file')
  if (file === null || typeof file === 'string') throw invalid('the form needs a "file": the recording', { param: 'file' })
  if (file.size === 0) throw invalid('the file is empty', { param: 'file' })
  return { file, fields: parseValue(transcriptionFields, Object.fromEntries(entries.filter(([, value]) => typeof value === 'string'))) }
}

const TYPES: Readonly<Record<string, string>> = {
  mp3: 'audio/mpeg',
  mpga: 'audio/mpeg',
  mpeg: 'audio/mpeg',
  mp4: 'audio/mp4',
  m4a: 'audio/mp4',
  wav: 'audio/wav',
  webm: 'audio/webm',
  ogg: 'audio/ogg',
  opus: 'audio/ogg',
  flac: 'audio/flac',
}

/** Programs often say nothing better than that it is a file. */
function typeOf({ type, name }: File): string {
  if (/^(?:audio|video)\/[\w.+-]{1,100}$/.test(type)) return type
  const ending = name.split('.').at(-1)?.toLowerCase() ?? ''
  const known = Object.hasOwn(TYPES, ending) ? TYPES[ending] : undefined
  if (known === undefined) throw invalid(`the file is no recording that is known here: use ${Object.keys(TYPES).join(', ')}`, { param: 'file' })
  return known
}

function toAnswer(c: Context<HttpEnv>, said: Transcription, { response_format: format, stream, language }: TranscriptionFields): Response {
  const plain = { 'content-type': 'text/plain; charset=utf-8' }
  if (stream === 'true') {
    const events = [{ type: 'transcript.text.delta', delta: said.text }, { type: 'transcript.text.done', text: said.text }]
    return respond(c, `${events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join('')}data: [DONE]\n\n`, SSE_HEADERS)
  }
  switch (format) {
    case 'json':
      return respondJson(c, { text: said.text })
    case 'text':
      return respond(c, `${said.text}\n`, plain)
    case 'verbose_json':
      return respondJson(c, toVerbose(said, language))
    case 'srt':
      return respond(c, timed(said).map(({ text, start, end }, n) => `${n + 1}\n${at(start, ',')} --> ${at(end, ',')}\n${text.trim()}\n`).join('\n'), plain)
    case 'vtt':
      return respond(c, `WEBVTT\n\n${timed(said).map(({ text, start, end }) => `${at(start, '.')} --> ${at(end, '.')}\n${text.trim()}\n`).join('\n')}`, plain)
  }
}

/** Where nobody says when what was said, all of it is one piece. */
const timed = ({ segments, text, seconds }: Transcription): Transcription['segments'] => (segments.length > 0 ? segments : [{ text, start: 0, end: seconds ?? 0 }])

function toVerbose(said: Transcription, wanted = 'unknown'): VerboseTranscription {
  const unknown = { seek: 0, tokens: [], temperature: 0, avg_logprob: 0, compression_ratio: 0, no_speech_prob: 0 }
  const segments = timed(said).map(({ text, start, end }, id) => ({ id, ...unknown, start, end, text }))
  return { task: 'transcribe', language: said.language ?? wanted, duration: said.seconds ?? segments.at(-1)!.end, text: said.text, segments }
}

/** `00:01:02,345` */
function at(seconds: number, mark: ',' | '.'): string {
  const ms = Math.max(0, Math.round(seconds * 1000))
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0')
  return `${two(ms / 3_600_000)}:${two((ms / 60_000) % 60)}:${two((ms / 1000) % 60)}${mark}${String(ms % 1000).padStart(3, '0')}`
}
