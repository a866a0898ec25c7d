// POST /v1/audio/speech: a text, spoken by the speech of the gateway or by a model of a configured provider.

import type { Context } from 'hono'
import { speechRequest, type SpeechRequest } from '../protocol/openai-media.ts'
import { GatewayError, invalid } from '../protocol/errors.ts'
import { formOf } from '../services/voice/speech-provider.ts'
import type { HttpDeps, HttpEnv } from './env.ts'
import { account, agentIn, asked, assertAgent, found, nameOf, parseBody } from './openai-special.ts'
import { respond } from './respond.ts'

interface Heard {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly mimeType: string
}

export async function speak(c: Context<HttpEnv>, deps: HttpDeps): Promise<Response> {
  const request = parseBody(speechRequest, await c.req.text())
  if (request.stream_format != null && request.stream_format !== 'audio') {
    throw invalid(`the stream_format "${request.stream_format.slice(0, 40)}" is not supported: leave it out, and read the audio`, { param: 'stream_format' })
  }
  assertAgent(request.model, c.var.principal, deps)
  const { bytes, mimeType } = await speakWith(c, request, deps)
  return respond(c, bytes, { 'content-type': mimeType, 'content-length': String(bytes.byteLength) })
}

function speakWith(c: Context<HttpEnv>, request: SpeechRequest, deps: HttpDeps): Promise<Heard> {
  const { speech, models } = deps
  const id = c.req.raw.headers.get('x-openclaw-model') ?? request.model
  if (agentIn(id) !== null) return speakHere(c, request, {}, deps)
  if (!id.includes('/')) return speakHere(c, request, { model: id }, deps)
  const { provider, model } = nameOf(id)
  if (speech.providers().some((each) => each.id === provider)) return speakHere(c, request, { provider, model }, deps)
  return speakByModel(c, request, found(request.model, () => models.speech(id)), deps)
}

async function speakHere(c: Context<HttpEnv>, request: SpeechRequest, who: { provider?: string; model?: string }, deps: HttpDeps): Promise<Heard> {
  const { speech, keyLimiter } = deps
  const { principal } = c.var
  const provider = who.provider ?? speech.active()?.id
  if (provider === undefined) {
    const missing = speech.providers().flatMap((each) => each.missing ?? [])
    throw new GatewayError('UNAVAILABLE', `nobody can speak here: ${missing.join('; or ')}`, { retryable: false })
  }
  const used = { provider, model: who.model ?? speech.providers().find((each) => each.id === provider)?.models[0] ?? 'speech' }
  keyLimiter.admit(principal, { model: used })
  // A key that may use some models only is not answered by another provider.
  const only = principal.key?.models ? provider : who.provider
  const { bytes, format } = await speech.speak(request.input, { ...toWish(request), model: who.model, provider: only }, c.req.raw.signal)
  await account(principal, used, { input: tokensIn(request) }, deps)
  return { bytes, mimeType: formOf(format).mimeType }
}

async function speakByModel(c: Context<HttpEnv>, request: SpeechRequest, model: ReturnType<HttpDeps['models']['speech']>, deps: HttpDeps): Promise<Heard> {
  const { principal } = c.var
  deps.keyLimiter.admit(principal, { model })
  const { voice, format, speed, instructions } = toWish(request)
  const wish = { ...(voice !== undefined && { voice }), ...(format !== undefined && { format }), ...(speed !== undefined && { speed }), ...(instructions !== undefined && { instructions }) }
  const audio = await asked(model.speak({ text: request.input, ...wish }, { signal: c.req.raw.signal }))
  await account(principal, model, { input: tokensIn(request) }, deps)
  return audio
}

const toWish = ({ voice, response_format, speed, instructions }: SpeechRequest) => ({
  voice: voice == null ? undefined : typeof voice === 'string' ? voice : voice.id,
  format: response_format ?? undefined,
  speed: speed ?? undefined,
  instructions: instructions ?? undefined,
})

/** Nobody says what speech takes. */
const tokensIn = ({ input }: SpeechRequest): number => Math.ceil(input.length / 4)
