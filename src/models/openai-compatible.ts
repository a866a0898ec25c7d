// Models behind the OpenAI chat completions wire: OpenAI itself, Ollama, LM Studio, vLLM, OpenRouter and many more.

import type { ModelDeps, ModelEvent, ModelIo, ModelProvider, ModelRequest, ModelSpec } from '../ports/model.ts'
import type { FetchResponse } from '../ports/platform.ts'
import { follow, silenceOf, toModelError, watchSilence, withAttempts, type Silence } from './attempt.ts'
import { mediaOf } from './media.ts'
import { createAnswer, createEventReader, readWhole, toChunk } from './openai-answer.ts'
import { toConnectFailure, toFailure } from './openai-failure.ts'
import { createBodyWriter } from './openai-request.ts'

const API = 'openai-completions'

export const openaiCompatible: ModelProvider = {
  api: API,
  aliases: ['openai', 'openai-compatible', 'openai-chat'],
  model: (spec, deps) => {
    const write = createBodyWriter(spec.model)
    return {
      id: `${spec.provider}/${spec.model}`,
      provider: spec.provider,
      model: spec.model,
      api: API,
      stream: (request, io) => complete(spec, deps, write, request, io),
    }
  },
  image: (spec, deps) => ({ id: `${spec.provider}/${spec.model}`, provider: spec.provider, model: spec.model, draw: async (wish, io) => (await import('./openai-media.ts')).openaiImage(spec, deps).draw(wish, io) }),
  ...mediaOf(async (spec, deps) => {
    const { openaiEmbedding, openaiSpeech, openaiTranscription } = await import('./openai-media.ts')
    return { embedding: openaiEmbedding(spec, deps), speech: openaiSpeech(spec, deps), transcription: openaiTranscription(spec, deps) }
  }),
}

async function* complete(spec: ModelSpec, deps: ModelDeps, write: (request: ModelRequest) => string, request: ModelRequest, io: ModelIo): AsyncGenerator<readonly ModelEvent[]> {
  const { signal } = io
  const body = write(request)
  const { upstream, release } = follow(signal)
  const silence = watchSilence(deps.clock, spec, silenceOf(spec, request), upstream)
  let finished = false
  try {
    const response = await connect(spec, deps, toRequest(spec, body, upstream.signal, io.headers), io, silence)
    silence.reset()
    const answer = createAnswer(spec)
    if (response.headers.get('content-type')?.includes('application/json')) yield readWhole(spec, answer, await response.text())
    else {
      const decoder = new TextDecoder()
      const reader = createEventReader()
      for await (const bytes of response.body ?? []) {
        silence.reset()
        const events: ModelEvent[] = []
        try {
          for (const data of reader.feed(decoder.decode(bytes, { stream: true }))) events.push(...answer.add(toChunk(spec, data)))
        } finally {
          if (events.length > 0) yield events // also what was said right before a failure
        }
        if (reader.done) break
      }
    }
    finished = true
    yield answer.end()
  } catch (error) {
    throw silence.failure ?? (signal.aborted ? signal.reason : toModelError(error, `${spec.provider} broke off in the middle of the answer`))
  } finally {
    silence.cancel()
    release()
    if (!finished) upstream.abort() // frees the connection of an answer that nobody reads to its end
  }
}

const toRequest = (spec: ModelSpec, body: string, signal: AbortSignal, headers: ModelIo['headers']) => ({
  method: 'POST',
  headers: {
    'content-type': 'application/json',
    ...(spec.apiKey !== null && { authorization: `Bearer ${spec.apiKey}` }),
    ...spec.headers,
    ...headers,
  },
  body,
  signal,
})

/** The answer's head. */
function connect(spec: ModelSpec, { fetch, clock }: ModelDeps, request: ReturnType<typeof toRequest>, io: ModelIo, silence: Silence): Promise<FetchResponse> {
  const once = async () => {
    const response = await fetch(`${spec.baseUrl}/chat/completions`, request)
    if (response.status === 200) return response
    throw await toFailure(spec, response)
  }
  return withAttempts(clock, { ...io, upstream: request.signal, silence }, once, (error) => toConnectFailure(spec, error))
}
