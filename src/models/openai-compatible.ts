// Models behind the OpenAI chat completions wire: OpenAI itself, Ollama, LM Studio, vLLM, OpenRouter and many more.

import { messageOf } from '../kit/log.ts'
import { sleep, type Clock } from '../ports/clock.ts'
import { ModelError, type ModelEvent, type ModelProvider, type ModelRequest, type ModelSpec } from '../ports/model.ts'
import type { Fetch, FetchResponse } from '../ports/platform.ts'
import { createAnswer, createEventReader, readWhole, toChunk } from './openai-answer.ts'
import { toFailure } from './openai-failure.ts'
import { toBody } from './openai-request.ts'

/** Pauses before another attempt. Once an answer has begun, none is made: what was said cannot be taken back. */
const BACK_OFF_MS = [500, 2000]
const MAX_RETRY_AFTER_MS = 30_000
/** An answer in one piece is silent until it is complete. */
const WHOLE_MS = 10 * 60 * 1000

interface Deps {
  readonly fetch: Fetch
  readonly clock: Clock
}

export const openaiCompatible: ModelProvider = {
  api: 'openai-completions',
  model: (spec, deps) => ({
    id: `${spec.provider}/${spec.model}`,
    provider: spec.provider,
    model: spec.model,
    api: 'openai-completions',
    stream: (request, { signal }) => complete(spec, deps, request, signal),
  }),
}

async function* complete(spec: ModelSpec, deps: Deps, request: ModelRequest, signal: AbortSignal): AsyncGenerator<readonly ModelEvent[]> {
  const body = JSON.stringify(toBody(spec.model, request))
  const { upstream, release } = follow(signal)
  const silence = watchSilence(deps.clock, spec, request.whole ? Math.max(spec.timeoutMs, WHOLE_MS) : spec.timeoutMs, upstream)
  let finished = false
  try {
    const response = await connect(spec, deps, toRequest(spec, body, upstream.signal), signal, silence)
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
    throw silence.failure ?? (signal.aborted ? error : toModelError(error, `${spec.provider} broke off in the middle of the answer`))
  } finally {
    silence.cancel()
    release()
    if (!finished) upstream.abort() // frees the connection of an answer that nobody reads to its end
  }
}

/** A controller of its own, so that the attempt can be ended for reasons of its own too. */
function follow(signal: AbortSignal): { upstream: AbortController; release: () => void } {
  const upstream = new AbortController()
  const stop = () => upstream.abort(signal.reason)
  signal.addEventListener('abort', stop, { once: true })
  return { upstream, release: () => signal.removeEventListener('abort', stop) }
}

/** What the transport throws is a failure of the network, in words that say where. */
const toModelError = (error: unknown, where: string): ModelError =>
  error instanceof ModelError ? error : new ModelError('network', `${where}: ${messageOf(error)}`)

const toRequest = (spec: ModelSpec, body: string, signal: AbortSignal) => ({
  method: 'POST',
  headers: {
    'content-type': 'application/json',
    ...(spec.apiKey !== null && { authorization: `Bearer ${spec.apiKey}` }),
    ...spec.headers,
  },
  body,
  signal,
})

type UpstreamRequest = ReturnType<typeof toRequest>

/** The answer's head, after as many attempts as the upstream's failures deserve. */
async function connect(spec: ModelSpec, { fetch, clock }: Deps, request: UpstreamRequest, signal: AbortSignal, silence: Silence): Promise<FetchResponse> {
  for (let attempt = 0; ; attempt++) {
    silence.reset()
    try {
      const response = await fetch(`${spec.baseUrl}/chat/completions`, request)
      if (response.status === 200) return response
      throw await toFailure(spec, response)
    } catch (error) {
      request.signal.throwIfAborted()
      silence.cancel() // in the pause it is ours
      const failure = toModelError(error, `${spec.provider} cannot be reached`)
      const pause = BACK_OFF_MS[attempt]
      if (!failure.transient || pause === undefined) throw failure
      await sleep(clock, Math.min(failure.retryAfterMs ?? pause, MAX_RETRY_AFTER_MS), signal)
    }
  }
}

interface Silence {
  /** Set once it was too long. */
  readonly failure: ModelError | null
  /** Counts anew from now on. */
  reset(): void
  cancel(): void
}

/** Ends the attempt when the upstream says nothing for too long. */
function watchSilence(clock: Clock, spec: ModelSpec, ms: number, upstream: AbortController): Silence {
  const watch = { failure: null as ModelError | null, reset, cancel: () => {} }
  function reset() {
    watch.cancel()
    watch.cancel = clock.after(ms, () => {
      watch.failure = new ModelError('timeout', `${spec.provider} was silent for ${Math.round(ms / 1000)} s`)
      upstream.abort(watch.failure)
    })
  }
  return watch
}
