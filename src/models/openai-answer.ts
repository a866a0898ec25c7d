// What comes back on OpenAI's chat completions wire, in one piece or as a stream of chunks.

import { createParser } from 'eventsource-parser'
import { parseJson } from '../kit/json.ts'
import { noUsage, type Usage } from '../protocol/shapes.ts'
import { ModelError, type ModelEvent, type ModelSpec, type StopReason } from '../ports/model.ts'
import { toStreamFailure } from './openai-failure.ts'

interface Delta {
  readonly content?: string | null
  readonly refusal?: string | null
  readonly reasoning_content?: string | null
  readonly reasoning?: string | null
  readonly tool_calls?: readonly { index?: number; id?: string; function?: { name?: string; arguments?: string } }[] | null
}

export interface Chunk {
  readonly id?: string
  readonly choices?: readonly { delta?: Delta; message?: Delta; finish_reason?: string | null }[]
  readonly usage?: UpstreamUsage | null
  readonly error?: unknown
}

interface UpstreamUsage {
  readonly prompt_tokens?: number
  readonly completion_tokens?: number
  readonly prompt_tokens_details?: { cached_tokens?: number } | null
  readonly completion_tokens_details?: { reasoning_tokens?: number } | null
}

export function readWhole(spec: ModelSpec, answer: Answer, text: string): readonly ModelEvent[] {
  const body = parseJson(text)
  if (!body.ok) throw new ModelError('server', `${spec.provider} answered something that is not JSON`)
  return answer.add(body.value as Chunk)
}

/** From pieces of an event stream to the data of the events that are complete. */
export function createEventReader() {
  let ready: string[] = []
  const parser = createParser({
    onEvent({ data }) {
      if (reader.done) return
      if (data === '[DONE]') reader.done = true
      else ready.push(data)
    },
  })
  const reader = {
    done: false,
    feed(text: string): readonly string[] {
      ready = []
      parser.feed(text)
      return ready
    },
  }
  return reader
}

export function toChunk(spec: ModelSpec, data: string): Chunk {
  try {
    return JSON.parse(data) as Chunk
  } catch {
    throw new ModelError('server', `${spec.provider} sent a chunk that is not JSON`)
  }
}

export interface Answer {
  add(chunk: Chunk): readonly ModelEvent[]
  /** What can be said only when the whole answer is there. Throws when it broke off. */
  end(): readonly ModelEvent[]
}

/** Puts the chunks of one answer together. */
export function createAnswer(spec: ModelSpec): Answer {
  const calls: { id: string; name: string; arguments: string; begun: boolean }[] = []
  let finish: StopReason | null = null
  let id: string | undefined
  let usage: Usage | null = null

  function addDelta(delta: Delta, events: ModelEvent[], isWhole: boolean) {
    const reasoning = delta.reasoning_content ?? delta.reasoning
    if (reasoning) events.push({ type: 'reasoning', text: reasoning })
    if (delta.content) events.push({ type: 'text', text: delta.content })
    else if (delta.refusal) events.push({ type: 'text', text: delta.refusal, refusal: true })
    for (const [position, fragment] of (delta.tool_calls ?? []).entries()) {
      const index = fragment.index ?? position
      const call = (calls[index] ??= { id: '', name: '', arguments: '', begun: false })
      call.id ||= fragment.id ?? ''
      call.name ||= fragment.function?.name ?? ''
      const piece = fragment.function?.arguments ?? ''
      const told = call.arguments.length
      call.arguments += piece
      if (call.id === '' || call.name === '' || isWhole) continue // nobody could tell whose it is, or would hear it sooner
      if (!call.begun) events.push({ type: 'call-piece', id: call.id, name: call.name, text: call.arguments })
      else if (piece !== '') events.push({ type: 'call-piece', id: call.id, name: call.name, text: call.arguments.slice(told) })
      call.begun = true
    }
  }

  function addChunk(chunk: Chunk): readonly ModelEvent[] {
    const events: ModelEvent[] = []
    id ??= chunk.id
    if (chunk.usage) usage = toUsage(chunk.usage)
    for (const choice of chunk.choices ?? []) {
      const delta = choice.delta ?? choice.message
      if (delta) addDelta(delta, events, choice.message !== undefined)
      if (choice.finish_reason) finish = toStopReason(choice.finish_reason)
    }
    return events
  }

  return {
    add(chunk) {
      if (chunk?.error) throw toStreamFailure(spec, chunk.error)
      try {
        return addChunk(chunk)
      } catch {
        throw new ModelError('server', `${spec.provider} answered something that is no chat completion`)
      }
    },
    end() {
      if (finish === null) throw new ModelError('network', `${spec.provider} broke off in the middle of the answer`)
      const whole = calls.filter((call) => call?.name)
      return [
        ...whole.map(({ id: given, name, arguments: args }, index): ModelEvent => ({ type: 'tool-call', call: { id: given || `call_${index}`, name, arguments: args } })),
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
