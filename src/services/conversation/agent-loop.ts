// The agent loop: model → tools → model, until the model has nothing more to do. Knows nothing of sessions, storage or
// clients: what happens is reported to `io`.

import { abortable } from '../../kit/async.ts'
import { addUsage, noUsage, type Usage } from '../../protocol/shapes.ts'
import {
  ModelError,
  type Model,
  type ModelEvent,
  type ModelMessage,
  type ModelRequest,
  type ModelSettings,
  type ModelTool,
  type ModelToolCall,
  type StopReason,
} from '../../ports/model.ts'
import type { ModelCall } from './model-calls.ts'
import { inTurn } from './model-cooldown.ts'
import type { ToolOutcome } from './tools.ts'

/** Steps of one run at most: a model that goes in circles ends here. */
export const MAX_STEPS = 24

export interface LoopInput {
  /** To be tried in order, those that failed lately last. A model is given up only before its first word. */
  readonly models: readonly Model[]
  readonly messages: readonly ModelMessage[]
  readonly tools: readonly ModelTool[]
  /** Tools that the client runs. */
  readonly clientTools: readonly ModelTool[]
  readonly settings: ModelSettings
  /** Nobody listens before the end. */
  readonly whole: boolean
  /** Where it goes on. Absent: from the beginning. */
  readonly from?: Position | undefined
}

/** A place within a run: tools that were called, and have no result yet. */
export interface Position {
  /** In order; the first one is about to be carried out. */
  readonly calls: readonly ModelToolCall[]
  /** Of all steps so far, as are the steps. */
  readonly usage: Usage
  readonly steps: number
}

export interface LoopIo {
  readonly signal: AbortSignal
  /** A model is about to be asked. */
  ask?(model: Model): ModelCall
  onModel(model: Model): void
  /** `isRefusal`: with these words the model declines to answer. */
  onText(text: string, isRefusal?: boolean): void
  onReasoning(text: string): void
  /** A piece of the arguments of a call of the client's tools. */
  onCallPiece?(piece: { readonly id: string; readonly name: string; readonly text: string }): void
  /** The model wants tools; `text` is what it said before. */
  onToolCalls(model: Model, text: string, calls: readonly ModelToolCall[], usage: Usage): void
  /** Carries out the first call of `position`. */
  callTool(call: ModelToolCall, position: Position): Promise<ToolOutcome>
  /** What somebody said meanwhile who does not wait for the end. Called between two steps. */
  joined?(): Promise<readonly ModelMessage[]>
}

export interface LoopOutcome {
  readonly model: Model
  /** Of the last step, as its usage is; earlier steps were reported with their tool calls. */
  readonly text: string
  readonly stopReason: StopReason
  /** Calls of the client's tools, which end the run. */
  readonly clientCalls: readonly ModelToolCall[]
  readonly usage: Usage
  readonly responseId?: string
  /** The text declines to answer. */
  readonly refused?: true
}

interface Answer {
  readonly model: Model
  readonly text: string
  readonly calls: readonly ModelToolCall[]
  readonly usage: Usage
  readonly stopReason: StopReason
  readonly responseId?: string
  readonly refused?: true
}

export async function runAgentLoop(input: LoopInput, io: LoopIo): Promise<LoopOutcome> {
  const messages = [...input.messages]
  const tools = [...input.tools, ...input.clientTools]
  const isClientTool = (name: string) => input.clientTools.some((tool) => tool.name === name)
  let used = input.from?.usage ?? noUsage()
  if (input.from) await callTools(input.from)

  async function callTools({ calls, steps }: Position): Promise<void> {
    for (const [index, call] of calls.entries()) {
      io.signal.throwIfAborted()
      const outcome = await abortable(io.callTool(call, { calls: calls.slice(index), usage: used, steps }), io.signal)
      const parts = outcome.images?.map((image) => ({ type: 'image' as const, ...image }))
      messages.push({ role: 'tool', toolCallId: call.id, name: call.name, text: outcome.text, ...(parts && { parts }) })
    }
    messages.push(...((await io.joined?.()) ?? []))
  }

  for (let step = (input.from?.steps ?? 0) + 1; ; step++) {
    const offered = step < MAX_STEPS ? tools : input.clientTools
    const answer = await complete(input.models, { messages, tools: offered, settings: input.settings, whole: input.whole }, io)
    const clientCalls = answer.calls.filter((call) => isClientTool(call.name))
    const done = answer.calls.length === 0 || clientCalls.length > 0 || step >= MAX_STEPS
    if (done) {
      const { model, text, stopReason, usage, responseId, refused } = answer
      const outcome = { model, text, stopReason, clientCalls, usage, ...(refused && { refused }) }
      return responseId === undefined ? outcome : { ...outcome, responseId }
    }
    io.onToolCalls(answer.model, answer.text, answer.calls, answer.usage)
    used = addUsage(used, answer.usage)
    messages.push({ role: 'assistant', text: answer.text, toolCalls: answer.calls })
    await callTools({ calls: answer.calls, usage: used, steps: step })
  }
}

async function complete(models: readonly Model[], request: ModelRequest, io: LoopIo): Promise<Answer> {
  const order = inTurn(models)
  for (const [index, model] of order.entries()) {
    const attempt = { heard: false, others: index < order.length - 1 }
    try {
      return await completeWith(model, request, io, attempt)
    } catch (error) {
      const last = index === order.length - 1
      if (last || attempt.heard || io.signal.aborted || !isWorthAnother(error)) throw error
    }
  }
  throw new ModelError('invalid', 'no model is configured')
}

/** Another model may do better, unless the request itself is at fault. */
const isWorthAnother = (error: unknown): boolean =>
  error instanceof ModelError && error.kind !== 'invalid' && error.kind !== 'refusal'

async function completeWith(model: Model, request: ModelRequest, io: LoopIo, attempt: { heard: boolean; readonly others: boolean }): Promise<Answer> {
  io.onModel(model)
  let text = ''
  let usage = noUsage()
  let stopReason: StopReason = 'stop'
  let responseId: string | undefined
  let refused = false as boolean
  const calls: ModelToolCall[] = []

  function take(event: ModelEvent) {
    switch (event.type) {
      case 'text':
        text += event.text
        refused ||= event.refusal === true
        return io.onText(event.text, event.refusal)
      case 'reasoning':
        return io.onReasoning(event.text)
      case 'call-piece':
        return io.onCallPiece?.(event)
      case 'tool-call':
        return void calls.push(event.call)
      case 'usage':
        usage = event.usage
        return
      case 'stop':
        stopReason = event.reason
        responseId = event.responseId
    }
  }

  const call = io.ask?.(model)
  const headers = call?.headers
  try {
    await drain(model.stream(request, { signal: io.signal, others: attempt.others, ...(headers && { headers }) }), io.signal, (events) => {
      attempt.heard = true
      events.forEach(take)
    })
  } catch (error) {
    call?.failed(error)
    throw error
  }
  call?.answered()
  return { model, text, calls, usage, stopReason, ...(responseId !== undefined && { responseId }), ...(refused && { refused: true as const }) }
}

/** Reads to the end, or until the signal aborts: a model that ignores the signal must not hold up the run. */
function drain<T>(source: AsyncIterable<T>, signal: AbortSignal, take: (value: T) => void): Promise<void> {
  const iterator = source[Symbol.asyncIterator]()
  return new Promise((resolve, reject) => {
    let ended = false
    const end = (settle: () => void) => {
      if (ended) return
      ended = true
      signal.removeEventListener('abort', onAbort)
      settle()
    }
    const fail = (error: unknown) => end(() => reject(error as Error))
    const onAbort = () => {
      fail(signal.reason)
      void iterator.return?.()?.catch(() => {})
    }
    signal.addEventListener('abort', onAbort, { once: true })
    const step = (result: IteratorResult<T>) => {
      if (ended) return
      if (result.done) return end(resolve)
      try {
        take(result.value)
      } catch (error) {
        return fail(error)
      }
      iterator.next().then(step, fail)
    }
    if (signal.aborted) onAbort()
    else iterator.next().then(step, fail)
  })
}
