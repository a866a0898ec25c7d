// How a run ends: its result, the transcript's last word on it, and the record, all in one transaction.

import { messageOf, type LogFields, type Logger } from '../../kit/log.ts'
import { GatewayError } from '../../protocol/errors.ts'
import type { AssistantMessage, ToolCallPart, Usage } from '../../protocol/shapes.ts'
import { ModelError, type Model, type ModelToolCall } from '../../ports/model.ts'
import type { Commit } from '../../store/commit.ts'
import type { LoopOutcome } from './agent-loop.ts'
import { isShown } from './aside.ts'
import type { RunError, RunRequest, RunResult, RunTable } from './run-table.ts'
import type { SessionRecord } from './session-table.ts'
import type { Sessions } from './sessions.ts'

/** Why a run was ended from outside: `rpc`, `timeout`, `disconnect`, `shutdown`. */
export class AbortReason extends Error {}

interface Span {
  readonly startedAt: number
  readonly endedAt: number
}

/** Over all steps of a run. */
interface Said {
  readonly text: string
  readonly usage: Usage
}

export function toResult(outcome: LoopOutcome, said: Said, span: Span): RunResult {
  const { model, stopReason, clientCalls, responseId, refused } = outcome
  return {
    ...span,
    ...said,
    state: 'ok',
    stopReason,
    toolCalls: clientCalls,
    provider: model.provider,
    model: model.model,
    ...(responseId !== undefined && { responseId }),
    ...(refused && { refused }),
  }
}

/** The result of a run that threw: aborted from outside, out of time, or failed. */
export function toFailure(error: unknown, signal: AbortSignal, said: Said, model: Model | null, span: Span, log: Logger, named: LogFields = {}): RunResult {
  const facts = { ...span, ...said, toolCalls: [], provider: model?.provider ?? '', model: model?.model ?? '' }
  const reason: unknown = signal.reason
  if (!signal.aborted || !(reason instanceof AbortReason)) {
    return { ...facts, state: 'error', stopReason: 'error', error: toRunError(error, log, named) }
  }
  if (reason.message !== 'timeout') return { ...facts, state: 'aborted', stopReason: reason.message }
  const seconds = Math.round((span.endedAt - span.startedAt) / 1000)
  const message = `the run was ended after ${seconds} s, its time limit: ask for less at once, or raise agents.defaults.timeoutSeconds`
  return { ...facts, state: 'error', stopReason: 'timeout', error: { message, kind: 'timeout' } }
}

function toRunError(error: unknown, log: Logger, named: LogFields): RunError {
  if (error instanceof ModelError) {
    const { message, kind, status, retryAfterMs } = error
    return { message, kind, ...(status !== null && { status }), ...(retryAfterMs !== null && { retryAfterMs }) }
  }
  if (error instanceof GatewayError) return { message: error.message, kind: 'invalid', status: error.status }
  log.error('a run failed inside the gateway', { ...named, error: messageOf(error) })
  return { message: 'internal error: the log of the gateway says more', kind: 'internal' }
}

/** An answer as the transcript keeps it. */
export function toAssistantMessage(said: {
  readonly text: string
  readonly calls: readonly ModelToolCall[]
  readonly api: string
  readonly provider: string
  readonly model: string
  readonly usage: Usage
  readonly stopReason: string
  readonly timestamp: number
}): AssistantMessage {
  const { text, calls, ...facts } = said
  const parts = calls.map((call): ToolCallPart => {
    return { type: 'toolCall', id: call.id, name: call.name, arguments: parseArguments(call.arguments) }
  })
  return { role: 'assistant', content: [...(text === '' ? [] : [{ type: 'text' as const, text }]), ...parts], ...facts }
}

function parseArguments(json: string): unknown {
  try {
    return JSON.parse(json === '' ? '{}' : json)
  } catch {
    return { invalidJson: json }
  }
}

/** What a run leaves behind besides its result. */
export interface Ending {
  readonly request: RunRequest
  readonly result: RunResult
  /** What was said since the last step that stands in the transcript, and the tokens that it took. */
  readonly rest: string
  readonly lastUsage: Usage
  /** It is on record, and its session exists. */
  readonly accepted: boolean
  /** The input is in the transcript. */
  readonly begun: boolean
  /** Text was kept for the case of a crash. */
  readonly hasOutput: boolean
  readonly api: string
}

export interface RunEndings {
  /** Writes everything, or throws and writes nothing. `isRepeated`: nothing either when a first attempt has written it. */
  record(ending: Ending, isRepeated?: boolean): void
  /** `listener` is called in the transaction in which a run ends, once all of it is written. */
  onEnded(listener: (ending: Ending) => void): void
}

export function createRunEndings(deps: { table: RunTable; sessions: Sessions; commit: Commit }): RunEndings {
  const { table, sessions, commit } = deps
  const listeners: ((ending: Ending) => void)[] = []

  function toLastMessage({ request, result, rest, lastUsage: usage, api }: Ending): AssistantMessage | null {
    const { state, toolCalls } = result
    if (rest === '' && toolCalls.length === 0 && (state === 'aborted' || state === 'interrupted')) return null
    if (request.aside && (state !== 'ok' || !isShown(request.aside, rest))) return null
    const { provider, model, stopReason, endedAt: timestamp, responseId } = result
    const message: AssistantMessage = {
      ...toAssistantMessage({ text: rest, calls: toolCalls, api, provider, model, usage, stopReason, timestamp }),
      ...(responseId !== undefined && { responseId }),
    }
    if (state === 'ok') return message
    if (state === 'error') return { ...message, errorMessage: result.error?.message ?? 'the run failed' }
    const openclawAbort = { aborted: true as const, origin: stopReason, runId: request.runId }
    return { ...message, idempotencyKey: `${request.runId}:assistant`, openclawAbort }
  }

  /** What it leaves behind in its session. */
  function leave(ending: Ending, begun: boolean): void {
    const { request, result } = ending
    const { sessionKey, runId } = request
    if (!sessions.get(sessionKey)) return // deleted meanwhile
    if (!begun) for (const message of request.input) sessions.append(sessionKey, message, { runId })
    const message = toLastMessage(ending)
    if (message) sessions.append(sessionKey, message, { runId })
    const phase = result.state === 'error' ? 'error' : 'end'
    sessions.update(sessionKey, toSessionChanges(result, sessions.get(sessionKey)!), { phase, runId })
  }

  return {
    record: (ending, isRepeated = false) =>
      commit.tx(() => {
        const { request, result, hasOutput } = ending
        const { sessionKey, runId } = request
        const known = isRepeated ? table.get(runId) : undefined
        if (known?.result) return // only its flush had failed, and comes with this transaction
        const accepted = ending.accepted && known !== null // null: that it was accepted has been taken back, too
        if (accepted) table.end(runId, result, hasOutput)
        else table.insertEnded(request, result)
        if (!accepted) sessions.create({ key: sessionKey, via: 'run', isNew: request.isNew === true && !isRepeated })
        leave(ending, ending.begun && accepted)
        for (const listener of listeners) listener(ending)
      }),
    onEnded: (listener) => void listeners.push(listener),
  }
}

function toSessionChanges(result: RunResult, session: SessionRecord): Partial<SessionRecord> {
  const { usage } = result
  return {
    status: toStatus(result),
    lastError: result.error?.message ?? null,
    endedAt: result.endedAt,
    ...(result.provider !== '' && { provider: result.provider, model: result.model }),
    inputTokens: session.inputTokens + usage.input,
    outputTokens: session.outputTokens + usage.output,
    totalTokens: session.totalTokens + usage.totalTokens,
  }
}

function toStatus({ state, stopReason }: RunResult): NonNullable<SessionRecord['status']> {
  if (state === 'ok') return 'done'
  if (state !== 'error') return 'killed'
  return stopReason === 'timeout' ? 'timeout' : 'failed'
}
