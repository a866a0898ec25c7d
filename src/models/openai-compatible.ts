// Models behind the OpenAI chat completions wire: OpenAI itself, Ollama, LM Studio, vLLM, OpenRouter and many more.

import { createParser } from 'eventsource-parser'
import { parseJson } from '../kit/json.ts'
import { messageOf } from '../kit/log.ts'
import { noUsage, type Usage } from '../protocol/shapes.ts'
import { sleep, type Clock } from '../ports/clock.ts'
import {
  ModelError,
  type ModelErrorKind,
  type ModelEvent,
  type ModelMessage,
  type ModelPart,
  type ModelProvider,
  type ModelRequest,
  type ModelSpec,
  type StopReason,
} from '../ports/model.ts'
import type { Fetch, FetchResponse } from '../ports/platform.ts'

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
    const response = await connect(spec, deps, body, signal, upstream.signal)
    silence.reset()
    const answer = createAnswer(spec)
    if (response.headers.get('content-type')?.includes('application/json')) yield readWhole(spec, answer, await response.text())
    else {
      const decoder = new TextDecoder()
      const parser = createChunkParser(spec)
      for await (const bytes of response.body ?? []) {
        silence.reset()
        const events = parser.feed(decoder.decode(bytes, { stream: true })).flatMap((chunk) => answer.add(chunk))
        if (events.length > 0) yield events
        if (parser.done) break
      }
    }
    finished = true
    yield answer.end()
  } catch (error) {
    throw silence.failure ?? error
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

/** The answer's head, after as many attempts as the upstream's failures deserve. */
async function connect(spec: ModelSpec, { fetch, clock }: Deps, body: string, signal: AbortSignal, upstream: AbortSignal): Promise<FetchResponse> {
  const request = {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(spec.apiKey !== null && { authorization: `Bearer ${spec.apiKey}` }),
      ...spec.headers,
    },
    body,
    signal: upstream,
  }
  for (let attempt = 0; ; attempt++) {
    try {
      const response = await fetch(`${spec.baseUrl}/chat/completions`, request)
      if (response.status === 200) return response
      throw await toFailure(spec, response)
    } catch (error) {
      upstream.throwIfAborted()
      const failure = error instanceof ModelError ? error : new ModelError('network', `${spec.provider} cannot be reached: ${messageOf(error)}`)
      const pause = BACK_OFF_MS[attempt]
      if (!failure.transient || pause === undefined) throw failure
      await sleep(clock, Math.min(failure.retryAfterMs ?? pause, MAX_RETRY_AFTER_MS), signal)
    }
  }
}

/** Ends the attempt when the upstream says nothing for too long. */
function watchSilence(clock: Clock, spec: ModelSpec, ms: number, upstream: AbortController) {
  const watch = { failure: null as ModelError | null, reset, cancel: () => {} }
  function reset() {
    watch.cancel()
    watch.cancel = clock.after(ms, () => {
      watch.failure = new ModelError('timeout', `${spec.provider} was silent for ${Math.round(ms / 1000)} s`)
      upstream.abort(watch.failure)
    })
  }
  reset()
  return watch
}

// --- request ---

function toBody(model: string, { messages, tools, settings, whole }: ModelRequest): Record<string, unknown> {
  return {
    model,
    messages: messages.map(toMessage),
    ...(!whole && { stream: true, stream_options: { include_usage: true } }),
    tools: tools.length > 0 ? tools.map((tool) => ({ type: 'function', function: tool })) : undefined,
    tool_choice: tools.length > 0 ? settings.toolChoice : undefined,
    parallel_tool_calls: tools.length > 0 ? settings.parallelToolCalls : undefined,
    temperature: settings.temperature,
    top_p: settings.topP,
    max_tokens: settings.maxTokens,
    stop: settings.stop,
    presence_penalty: settings.presencePenalty,
    frequency_penalty: settings.frequencyPenalty,
    seed: settings.seed,
    response_format: settings.responseFormat,
    reasoning_effort: settings.reasoningEffort,
  }
}

function toMessage(message: ModelMessage): Record<string, unknown> {
  switch (message.role) {
    case 'system':
      return { role: 'system', content: message.text }
    case 'user':
      return { role: 'user', content: typeof message.content === 'string' ? message.content : message.content.map(toPart) }
    case 'assistant': {
      const calls = message.toolCalls.map(({ id, name, arguments: args }) => ({ id, type: 'function', function: { name, arguments: args } }))
      return { role: 'assistant', content: message.text, ...(calls.length > 0 && { tool_calls: calls }) }
    }
    case 'tool':
      return { role: 'tool', tool_call_id: message.toolCallId, content: message.text }
  }
}

function toPart(part: ModelPart): Record<string, unknown> {
  if (part.type === 'text') return { type: 'text', text: part.text }
  const url = part.type === 'image' ? `data:${part.mimeType};base64,${part.base64}` : part.url
  return { type: 'image_url', image_url: { url } }
}

// --- answer ---

interface Delta {
  readonly content?: string | null
  readonly refusal?: string | null
  readonly reasoning_content?: string | null
  readonly reasoning?: string | null
  readonly tool_calls?: readonly { index?: number; id?: string; function?: { name?: string; arguments?: string } }[] | null
}

interface Chunk {
  readonly id?: string
  readonly choices?: readonly { delta?: Delta; message?: Delta; finish_reason?: string | null }[]
  readonly usage?: UpstreamUsage | null
  readonly error?: { message?: string; code?: unknown; type?: unknown } | string
}

interface UpstreamUsage {
  readonly prompt_tokens?: number
  readonly completion_tokens?: number
  readonly prompt_tokens_details?: { cached_tokens?: number } | null
  readonly completion_tokens_details?: { reasoning_tokens?: number } | null
}

function readWhole(spec: ModelSpec, answer: Answer, text: string): readonly ModelEvent[] {
  const body = parseJson(text)
  if (!body.ok) throw new ModelError('server', `${spec.provider} answered something that is not JSON`)
  return answer.add(body.value as Chunk)
}

/** From pieces of an event stream to the chunks that are complete. */
function createChunkParser(spec: ModelSpec) {
  let ready: Chunk[] = []
  const parser = createParser({
    onEvent({ data }) {
      if (data === '[DONE]') reader.done = true
      else ready.push(toChunk(spec, data))
    },
  })
  const reader = {
    done: false,
    feed(text: string): readonly Chunk[] {
      ready = []
      parser.feed(text)
      return ready
    },
  }
  return reader
}

function toChunk(spec: ModelSpec, data: string): Chunk {
  try {
    return JSON.parse(data) as Chunk
  } catch {
    throw new ModelError('server', `${spec.provider} sent a chunk that is not JSON`)
  }
}

interface Answer {
  add(chunk: Chunk): readonly ModelEvent[]
  /** What can be said only when the whole answer is there. Throws when it broke off. */
  end(): readonly ModelEvent[]
}

/** Puts the chunks of one answer together. */
function createAnswer(spec: ModelSpec): Answer {
  const calls: { id: string; name: string; arguments: string }[] = []
  let finish: StopReason | null = null
  let id: string | undefined
  let usage: Usage | null = null

  function addDelta(delta: Delta, events: ModelEvent[]) {
    const reasoning = delta.reasoning_content ?? delta.reasoning
    if (reasoning) events.push({ type: 'reasoning', text: reasoning })
    const text = delta.content || delta.refusal
    if (text) events.push({ type: 'text', text })
    for (const [position, fragment] of (delta.tool_calls ?? []).entries()) {
      const index = fragment.index ?? position
      const call = (calls[index] ??= { id: '', name: '', arguments: '' })
      call.id ||= fragment.id ?? ''
      call.name ||= fragment.function?.name ?? ''
      call.arguments += fragment.function?.arguments ?? ''
    }
  }

  return {
    add(chunk) {
      if (chunk.error) throw toStreamFailure(spec, chunk.error)
      const events: ModelEvent[] = []
      id ??= chunk.id
      if (chunk.usage) usage = toUsage(chunk.usage)
      for (const choice of chunk.choices ?? []) {
        const delta = choice.delta ?? choice.message
        if (delta) addDelta(delta, events)
        if (choice.finish_reason) finish = toStopReason(choice.finish_reason)
      }
      return events
    },
    end() {
      if (finish === null) throw new ModelError('network', `${spec.provider} broke off in the middle of the answer`)
      const whole = calls.filter((call) => call?.name)
      return [
        ...whole.map((call, index): ModelEvent => ({ type: 'tool-call', call: { ...call, id: call.id || `call_${index}` } })),
        { type: 'usage', usage: usage ?? noUsage() },
        { type: 'stop', reason: finish, ...(id !== undefined && { responseId: id }) },
      ]
    },
  }
}

function toStopReason(reason: string): StopReason {
  if (reason === 'length' || reason === 'tool_calls' || reason === 'content_filter') return reason
  return reason === 'function_call' ? 'tool_calls' : 'stop'
}

function toUsage(usage: UpstreamUsage): Usage {
  const cacheRead = usage.prompt_tokens_details?.cached_tokens ?? 0
  const input = Math.max(0, (usage.prompt_tokens ?? 0) - cacheRead)
  const output = usage.completion_tokens ?? 0
  const reasoning = usage.completion_tokens_details?.reasoning_tokens ?? 0
  return { input, output, cacheRead, cacheWrite: 0, reasoning, totalTokens: input + cacheRead + output }
}

// --- failures ---

async function toFailure(spec: ModelSpec, response: FetchResponse): Promise<ModelError> {
  const text = await response.text().catch(() => '')
  const parsed = parseJson(text)
  const said = parsed.ok ? messageIn(parsed.value) : null
  const message = withoutKey(spec, said ?? text.slice(0, 300))
  const kind = kindOf(response.status, message)
  const retryAfter = Number(response.headers.get('retry-after'))
  const retryAfterMs = Number.isFinite(retryAfter) && retryAfter > 0 ? retryAfter * 1000 : null
  return new ModelError(kind, `${spec.provider} answered ${response.status}: ${message || 'no reason given'}`, response.status, retryAfterMs)
}

function toStreamFailure(spec: ModelSpec, error: NonNullable<Chunk['error']>): ModelError {
  const message = typeof error === 'string' ? error : (error.message ?? 'no reason given')
  const kind = /context.?length|too many tokens/i.test(message) ? 'context_length' : 'server'
  return new ModelError(kind, `${spec.provider} failed: ${withoutKey(spec, message.slice(0, 300))}`)
}

function messageIn(body: unknown): string | null {
  if (typeof body !== 'object' || body === null) return null
  const { error, message } = body as { error?: unknown; message?: unknown }
  if (typeof error === 'string') return error
  if (typeof error === 'object' && error !== null && 'message' in error) return String(error.message).slice(0, 300)
  return typeof message === 'string' ? message.slice(0, 300) : null
}

/** Some upstreams repeat the key that they refuse. */
const withoutKey = ({ apiKey }: ModelSpec, message: string): string =>
  apiKey !== null && apiKey.length > 5 ? message.replaceAll(apiKey, '[key]') : message

function kindOf(status: number, message: string): ModelErrorKind {
  if (status === 401 || status === 403) return 'auth'
  if (status === 429) return 'rate_limit'
  if (status === 408 || status === 504) return 'timeout'
  if (status >= 500) return 'server'
  return /context.?length|maximum context|too many tokens/i.test(message) ? 'context_length' : 'invalid'
}
