// What the world sees of one run: deltas, steps, and one terminal event, each after what it says is durable. Text is
// told once per turn of the event loop, however many pieces the model sent in it.

import { agent, chat, CHAT_PHASES, ERROR_KINDS, type ErrorKindName } from '../../protocol/events.ts'
import type { ModelToolCall } from '../../ports/model.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Commit } from '../../store/commit.ts'
import type { Gate } from '../../store/gate.ts'
import type { Bus } from '../bus.ts'
import { JOINED, type RunResult, type RunTable } from './run-table.ts'
import type { ToolOutcome } from './tools.ts'

/** What a caller inside the gateway, such as an HTTP answer, hears of a run. */
export type Progress =
  /** `refusal`: with these words the model declines to answer. */
  | { readonly type: 'text'; readonly text: string; readonly refusal?: true }
  | { readonly type: 'reasoning'; readonly text: string }
  /** A piece of the arguments of a call of the client's tools, as it is written. The result has the whole call. */
  | { readonly type: 'call'; readonly id: string; readonly name: string; readonly text: string }

/** Up to this length each delta carries the whole text; beyond it, only when a quarter has been added. */
const SNAPSHOT_CHARS = 4096
const MAX_THOUGHT_CHARS = 200_000
/** How often the `assistant` stream of `agent` events, which repeats the deltas, is told. */
const ASSISTANT_MS = 400
/** How often produced text is kept for the case of a crash. */
const CHECKPOINT_MS = 500

export interface Course {
  /** Everything that was said so far. */
  readonly text: string
  /** What was thought so far, as far as it is kept: it stands in no record. */
  readonly thoughts: string
  /** The number of what was told last. */
  readonly seq: number
  status(phase: (typeof CHAT_PHASES)[number]): void
  lifecycle(data: Record<string, unknown>): void
  /** `isRefusal`: the model declines to answer. */
  say(text: string, isRefusal?: boolean): void
  reason(text: string): void
  /** A call of the client's tools is being written. */
  call(piece: { readonly id: string; readonly name: string; readonly text: string }): void
  toolStarted(call: ModelToolCall): void
  /** A piece of what comes before the end. */
  toolProgress(call: ModelToolCall, text: string): void
  toolEnded(call: ModelToolCall, outcome: ToolOutcome): void
  /** What was said so far stands in the transcript now. Call it in the transaction that puts it there. */
  stepEnded(): void
  /** The result is about to be written, and what is told from now on with it. Whether text was kept for a crash. */
  ending(): boolean
  /** The last word. Call it after the result was written. */
  ended(result: RunResult): void
  listen(listener: (progress: Progress) => void): void
  /** `observer` hears at once what may not be told yet: for what is written with the end of the run. */
  observe(observer: (progress: Progress) => void): void
  /** Somebody listens, and may have to wait for what was said. */
  readonly listened: boolean
}

export function createCourse(
  run: {
    readonly runId: string
    readonly sessionKey: string
    readonly agentId: string
    readonly sessionId: string | undefined
    /** After a crash it would be begun again, unless something had been seen of it. */
    readonly replayable: boolean
    /** Nobody asked for it: it is no part of a conversation before its answer is shown. */
    readonly isAside?: boolean
    /** What another process has told of it. */
    readonly before?: { readonly text: string; readonly seq: number } | undefined
    /** Called before text of it is kept: what is kept belongs to a run that is on record. */
    readonly beforeKept: () => void
  },
  deps: { bus: Bus; gate: Gate; clock: Clock; commit: Commit; table: RunTable },
): Course {
  const { bus, gate, clock, commit, table } = deps
  const { runId, sessionKey, agentId, sessionId, isAside = false } = run
  const listeners: ((progress: Progress) => void)[] = []
  const observers: ((progress: Progress) => void)[] = []
  let seq = run.before?.seq ?? 0
  let text = run.before?.text ?? ''
  let thoughts = ''
  let untold = ''
  let refusing = false
  let scheduled = false
  let keeping = false
  let ending = false
  let ended = false
  const kept = { chars: text.length, pieces: 0, at: 0 }
  let snapshotChars = text.length
  const assistant = { chars: text.length, at: 0, cancel: null as (() => void) | null }

  const message = (content: string) => ({
    role: 'assistant' as const,
    content: [{ type: 'text' as const, text: content }],
    timestamp: clock.now(),
  })

  function tellAgent(stream: string, data: Record<string, unknown>, capability?: string) {
    const own = ++seq
    const ts = clock.now()
    bus.publish(
      agent,
      () => ({ runId, sessionKey, agentId, ...(sessionId && { sessionId }), stream, data, seq: own, ts, isHeartbeat: isAside }),
      capability === undefined ? {} : { capability },
    )
  }

  function tell(isLast = false) {
    scheduled = false
    if (untold === '' || ended) return
    const delta = untold
    untold = ''
    text += delta
    if (!isLast && !ending) keepInTime()
    const own = ++seq
    const whole = text
    const fresh = whole.length <= SNAPSHOT_CHARS || whole.length - snapshotChars >= whole.length / 4
    if (fresh) snapshotChars = whole.length
    const fields = { runId, sessionKey, agentId, seq: own, state: 'delta' as const, deltaText: delta }
    if (!isAside) bus.publish(chat, () => (fresh ? { ...fields, message: message(whole) } : fields))
    const progress = { type: 'text' as const, text: delta, ...(refusing && { refusal: true as const }) }
    report(progress)
    tellAssistant()
  }

  function report(progress: Progress) {
    for (const observer of observers) observer(progress)
    for (const listener of listeners) {
      if (run.replayable) gate.pass(() => listener(progress))
      else listener(progress) // it may be told before it is kept, and does not wait for what others write
    }
  }

  /** Before anybody sees the first word it is on disk, so that no restart begins the run again. Nothing begins one of HTTP again: it is told first. */
  function keepInTime() {
    if (run.replayable) return keep()
    if (keeping) return
    keeping = true
    clock.turn(() => {
      keeping = false
      if (!ending) keep()
    })
  }

  function keep() {
    const isFirst = kept.pieces === 0
    const observed = listeners.length > 0 || bus.isHeard(chat)
    const due = isFirst ? observed : clock.now() - kept.at >= CHECKPOINT_MS
    if (!due) return
    run.beforeKept()
    const piece = text.slice(kept.chars)
    const write = () => table.addOutput(runId, kept.pieces, piece)
    if (isFirst && run.replayable) commit.tx(write)
    else commit.lazily(write)
    kept.pieces++
    kept.chars = text.length
    kept.at = clock.now()
  }

  function tellAssistant() {
    if (!bus.isHeard(agent)) return
    const wait = assistant.at + ASSISTANT_MS - clock.now()
    if (wait <= 0) return tellAssistantNow()
    assistant.cancel ??= clock.after(wait, tellAssistantNow)
  }

  function tellAssistantNow() {
    assistant.cancel?.()
    assistant.cancel = null
    if (assistant.chars === text.length || ended) return
    tellAgent('assistant', { text, delta: text.slice(assistant.chars), itemId: `${runId}:1` })
    assistant.chars = text.length
    assistant.at = clock.now()
  }

  function settle(isLast = false) {
    tell(isLast)
    if (bus.isHeard(agent)) tellAssistantNow()
  }

  return {
    get text() {
      return text + untold
    },
    get thoughts() {
      return thoughts
    },
    get seq() {
      return seq
    },
    status(phase) {
      tellAgent('run_status', { phase })
      const own = seq
      if (!isAside) bus.publish(chat, () => ({ runId, sessionKey, agentId, seq: own, state: 'status' as const, phase }))
    },
    lifecycle: (data) => tellAgent('lifecycle', data),
    say(piece, isRefusal = false) {
      if (isRefusal !== refusing) tell() // each delta is the one or the other
      refusing = isRefusal
      untold += piece
      if (scheduled) return
      scheduled = true
      clock.turn(() => tell())
    },
    reason(piece) {
      tell() // in the order in which it came
      if (thoughts.length < MAX_THOUGHT_CHARS) thoughts += piece
      report({ type: 'reasoning', text: piece })
    },
    call({ id, name, text: piece }) {
      if (listeners.length === 0) return
      tell()
      report({ type: 'call', id, name, text: piece })
    },
    toolStarted({ id, name, arguments: args }) {
      settle()
      const item = { itemId: `tool:${id}`, toolCallId: id, name, kind: 'tool', title: name }
      tellAgent('item', { ...item, phase: 'start', status: 'running' }, 'tool-events')
      tellAgent('tool', { phase: 'start', name, toolCallId: id, args: tryParse(args) }, 'tool-events')
    },
    toolProgress({ id, name }, piece) {
      const partialResult = { content: [{ type: 'text', text: piece }] }
      tellAgent('tool', { phase: 'update', name, toolCallId: id, partialResult }, 'tool-events')
    },
    toolEnded({ id, name }, outcome) {
      const item = { itemId: `tool:${id}`, toolCallId: id, name, kind: 'tool', title: name }
      const result = { content: [{ type: 'text', text: outcome.text }] }
      tellAgent('tool', { phase: 'result', name, toolCallId: id, isError: outcome.isError, result }, 'tool-events')
      tellAgent('item', { ...item, phase: 'end', status: outcome.isError ? 'failed' : 'completed' }, 'tool-events')
    },
    stepEnded() {
      settle(true)
      if (kept.pieces > 0) table.clearOutput(runId)
      kept.pieces = 0
      kept.chars = text.length
    },
    ending() {
      ending = true
      return kept.pieces > 0
    },
    ended(result) {
      settle(true) // what is told now is on disk as part of the result
      ended = true
      const { stopReason, startedAt, endedAt, error } = result
      const phase = result.state === 'ok' ? 'end' : result.state === 'error' ? 'error' : 'end'
      const aborted = result.state === 'aborted' || result.state === 'interrupted'
      tellAgent('lifecycle', {
        phase,
        stopReason,
        aborted,
        startedAt,
        endedAt,
        ...(error && { error: error.message }),
        executionSettled: true,
        terminalReply: { disposition: result.text === '' ? 'empty' : 'visible', text: result.text },
      })
      const own = seq
      if (!isAside) bus.publish(chat, () => toTerminal(result, { runId, sessionKey, agentId, seq: own }, message))
    },
    listen: (listener) => void listeners.push(listener),
    observe: (observer) => void observers.push(observer),
    get listened() {
      return run.replayable && listeners.length > 0
    },
  }
}

function toTerminal(
  result: RunResult,
  fields: { runId: string; sessionKey: string; agentId: string; seq: number },
  message: (text: string) => unknown,
) {
  const said = result.text === '' ? {} : { message: message(result.text) }
  const { stopReason, error } = result
  if (stopReason === JOINED) return { ...fields, state: 'final' as const, stopReason } // another run answers
  if (result.state === 'ok') return { ...fields, state: 'final' as const, stopReason, message: message(result.text) }
  if (result.state !== 'error') return { ...fields, state: 'aborted' as const, stopReason, ...said }
  return {
    ...fields,
    state: 'error' as const,
    stopReason,
    ...said,
    errorMessage: error?.message ?? 'the run failed',
    errorKind: toErrorKind(error?.kind),
    errorDetail: {
      ...(result.provider !== '' && { provider: result.provider.slice(0, 300) }),
      ...(result.model !== '' && { model: result.model.slice(0, 300) }),
      ...(error?.status !== undefined && error.status >= 100 && error.status <= 599 && { httpStatus: error.status }),
    },
  }
}

const toErrorKind = (kind: string | undefined): ErrorKindName => ERROR_KINDS.find((each) => each === kind) ?? 'unknown'

function tryParse(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return json
  }
}
