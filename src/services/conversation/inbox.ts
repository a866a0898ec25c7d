// What a person sends becomes a run: checked, its attachments kept, its repetition recognised. A command is answered by
// the gateway itself.

import { sha256Hex } from '../../kit/bytes.ts'
import { stableStringify } from '../../kit/json.ts'
import type { Trace } from '../../kit/trace.ts'
import { invalid } from '../../protocol/errors.ts'
import type { Principal } from '../../protocol/scopes.ts'
import type { Attachment, UserMessage } from '../../protocol/shapes.ts'
import { MAX_MESSAGE_CHARS } from '../../protocol/version.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Commands, Typed } from './commands.ts'
import type { Media } from './media.ts'
import type { RunReplies } from './run-replies.ts'
import type { RunOrigin, RunRequest } from './run-table.ts'
import type { Runs, Started } from './runs.ts'
import type { Sessions } from './sessions.ts'

export interface Sent {
  /** The idempotency key of the sender. */
  readonly runId: string
  /** Canonical. */
  readonly sessionKey: string
  readonly origin: RunOrigin
  readonly principal: Principal
  readonly message: string
  readonly attachments?: readonly Attachment[] | undefined
  /** `provider/model`. */
  readonly model?: string | undefined
  readonly thinking?: string | undefined
  readonly timeoutMs?: number | undefined
  readonly instructions?: string | undefined
  /** The model alone is asked: no agent, no tools. */
  readonly bare?: boolean | undefined
  /** What becomes of it when a run goes on in the session. Absent: it waits for its turn. */
  readonly queueMode?: QueueMode | undefined
  /** A message with a slash may be meant for the gateway. */
  readonly mayCommand?: boolean
  readonly trace?: Trace | undefined
}

/**
 * `steer`: told to the run that goes on, between two of its steps. `followup`: answered after it. `collect`: answered
 * after it, together with others of its kind. `interrupt`: the run is ended.
 */
export type QueueMode = 'steer' | 'followup' | 'collect' | 'interrupt'

export interface Inbox {
  /** Starts a run, or says what became of the one that was sent with this key before. */
  send(sent: Sent): Promise<Started & { readonly interrupted?: true }>
}

export function createInbox(deps: {
  runs: Runs
  replies: RunReplies
  commands: Commands
  sessions: Sessions
  media: Media
  clock: Clock
}): Inbox {
  const { runs, replies, commands, sessions, media, clock } = deps

  /** What stands behind a command that starts anew is for the agent; anything else is answered here. */
  async function command(typed: Typed, request: RunRequest): Promise<Started> {
    const { runId, sessionKey, principal } = request
    const place = { sessionKey, principal }
    const resets = commands.resets(typed, place)
    if (resets) await runs.abort(runs.liveIn(sessionKey), 'reset')
    const text = resets && typed.args !== '' ? null : await commands.answer(typed, place)
    if (runs.find(runId)) return runs.start(request) // it was sent twice at once
    if (text === null) sessions.reset(sessionKey)
    if (text === null) return runs.start(request)
    replies.record(request, text, resets ? () => void sessions.reset(sessionKey) : undefined)
    return { runId, status: 'started', run: null }
  }

  async function toContent(message: string, attachments: readonly Attachment[]): Promise<UserMessage['content']> {
    if (attachments.length === 0) return message
    const images = await media.keep(attachments)
    return [...(message === '' ? [] : [{ type: 'text' as const, text: message }]), ...images]
  }

  return {
    async send(sent) {
      const { runId, sessionKey, origin, principal, message, attachments = [], model, thinking, timeoutMs, instructions, bare, queueMode } = sent
      if (message.trim() === '' && attachments.length === 0) throw invalid('message or attachment required')
      if (message.length > MAX_MESSAGE_CHARS) {
        throw invalid(`the message has ${message.length} characters, at most ${MAX_MESSAGE_CHARS} are accepted: send it as a file`)
      }
      const hash = await sha256Hex(stableStringify({ sessionKey, message, attachments, model, thinking, instructions, bare }))
      const known = runs.find(runId)
      const content = known ? message : await toContent(message, attachments)
      const input: UserMessage = { role: 'user', content, timestamp: clock.now(), idempotencyKey: `${runId}:user` }
      const request: RunRequest = {
        runId,
        sessionKey,
        origin,
        principal,
        hash,
        input: [input],
        settings: thinking === undefined || thinking === 'off' ? {} : { reasoningEffort: thinking },
        ...(model !== undefined && { model }),
        ...(timeoutMs !== undefined && { timeoutMs }),
        ...(instructions !== undefined && { instructions }),
        ...(sent.trace && { trace: sent.trace }),
        ...(bare && { bare }),
        ...((queueMode === 'steer' || queueMode === 'collect') && { queueMode }),
      }
      const stopped = queueMode === 'interrupt' && !known ? await runs.abort(runs.liveIn(sessionKey), 'interrupt') : []
      const typed = sent.mayCommand && !known && attachments.length === 0 ? commands.find(message) : null
      const started = typed ? await command(typed, request) : runs.start(request)
      return stopped.length > 0 ? { ...started, interrupted: true } : started
    },
  }
}
