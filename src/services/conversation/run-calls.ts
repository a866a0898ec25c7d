// The tool calls of a run: allowed by a person where that is needed, carried out, and put into the transcript.

import type { Principal } from '../../protocol/scopes.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Commit } from '../../store/commit.ts'
import type { Gate } from '../../store/gate.ts'
import type { Position } from './agent-loop.ts'
import { statusOfTool, type ToolAudit } from './audited-runs.ts'
import type { Media } from './media.ts'
import type { Course } from './run-course.ts'
import type { Suspensions } from './run-suspension.ts'
import type { Sessions } from './sessions.ts'
import type { ToolOutcome, Tools } from './tools.ts'

export interface CallingRun {
  readonly id: string
  readonly sessionKey: string
  readonly principal: Principal
  /** Why the run may not use a tool of this name now; null: it may. Absent: any. */
  readonly barOf?: ((name: string) => 'policy' | 'too-many' | null) | undefined
  /** `provider/model` that called. */
  readonly model?: string | undefined
  readonly signal: AbortSignal
  readonly course: Course
  onWait(isWaiting: boolean): void
}

/** Carries out the first call of `position`. */
export type CallTool = (run: CallingRun, position: Position) => Promise<ToolOutcome>

export function createRunCalls(deps: {
  tools: Tools
  suspensions: Suspensions
  sessions: Sessions
  commit: Commit
  gate: Gate
  clock: Clock
  media: Media
  audit?: ToolAudit
}): CallTool {
  const { tools, suspensions, sessions, commit, gate, clock, media, audit } = deps

  /** They stand in the transcript as those of people do; what cannot be kept is left out. */
  async function keepImages(images: ToolOutcome['images']) {
    if (!images) return []
    const kept = await Promise.all(images.map(({ mimeType, base64 }) => media.keep([{ mimeType, content: base64 }]).catch(() => [])))
    return kept.flat()
  }

  return async (run, position) => {
    const { id: runId, sessionKey, principal, model, signal, course, onWait } = run
    const call = position.calls[0]!
    const context = { principal, sessionKey, model, runId, signal, onProgress: (text: string) => course.toolProgress(call, text) }
    course.toolStarted(call)
    const bar = run.barOf?.(call.name) ?? null
    const barred = bar === null ? null : tools.refuse(call.name, call.arguments, bar)
    const refused = barred ?? (await suspensions.permit({ runId, position, said: { text: course.text, seq: course.seq }, context, onWait }))
    if (!refused) {
      if (audit) commit.tx(() => audit.started(run, call))
      await gate.passed() // a tool may act: that it was called is on disk before it does
    }
    signal.throwIfAborted()
    const outcome = refused ?? (await tools.invoke(call.name, call.arguments, context))
    signal.throwIfAborted() // the run has ended meanwhile: its transcript is closed
    const content = [{ type: 'text' as const, text: outcome.text }, ...(await keepImages(outcome.images))]
    signal.throwIfAborted()
    const facts = { toolCallId: call.id, toolName: call.name, content, isError: outcome.isError }
    commit.tx(() => {
      sessions.append(sessionKey, { role: 'toolResult', ...facts, timestamp: clock.now() }, { runId })
      audit?.ended(run, call, statusOfTool(outcome, refused !== null))
      if (refused) suspensions.settle(runId)
    })
    course.toolEnded(call, outcome)
    return outcome
  }
}
