// What becomes of runs that the last process accepted and did not end. One of which nothing was seen or done is begun
// again; one that waits for a person goes on at the call that waits; any other is closed as interrupted, with what there
// was of it. One that cannot be taken up keeps none of the others from it, nor anybody from being answered.

import { messageOf, type Logger } from '../../kit/log.ts'
import { addUsage, noUsage, textOf, type AssistantMessage } from '../../protocol/shapes.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Commit } from '../../store/commit.ts'
import type { RunEndings } from './run-ending.ts'
import type { Suspension, Suspensions } from './run-suspension.ts'
import type { RunOrigin, RunRecord, RunResult, RunTable } from './run-table.ts'
import type { Sessions } from './sessions.ts'
import type { Transcripts } from './transcripts.ts'

/** How often a run is begun before it is given up: one that ends the process each time must not do so for ever. */
const MAX_ATTEMPTS = 3
/** How often it is tried to take one up. */
const MAX_TRIES = 3
/** Runs of these origins are never begun again. */
const ONCE: readonly RunOrigin[] = ['http', 'cron']
/** How far back in a transcript the steps of a run are looked for. */
const STEP_WINDOW = 100

/** Returns what takes up all that is left: it throws when some could not be, and goes on there when it is called again. */
export function createRecovery(deps: {
  table: RunTable
  endings: RunEndings
  suspensions: Suspensions
  sessions: Sessions
  transcripts: Transcripts
  commit: Commit
  clock: Clock
  log: Logger
  /** It goes on in this process. */
  isLive: (runId: string) => boolean
  /** Puts the run into its queue again. */
  relaunch: (record: RunRecord) => void
  /** Puts it into its queue, to go on there. */
  resume: (record: RunRecord, from: Suspension) => void
}): () => void {
  const { table, endings, suspensions, sessions, transcripts, commit, clock, log, isLive, relaunch, resume } = deps
  const tries = new Map<string, number>()

  /** The steps in which it called tools: with one it has done something that must not be done twice. */
  function stepsOf(record: RunRecord): AssistantMessage[] {
    const session = sessions.get(record.sessionKey)
    if (!session || record.attempts === 0) return []
    const range = { after: session.floor, upTo: session.messages, limit: STEP_WINDOW }
    return transcripts
      .messages(session.sessionId, range)
      .flatMap((message) => (message.role === 'assistant' && message.__openclaw.runId === record.id ? [message] : []))
  }

  const interrupted = (message: string): RunResult => {
    const now = clock.now()
    const error = { message, kind: 'interrupted' as const }
    return { state: 'interrupted', text: '', stopReason: 'restart', toolCalls: [], usage: noUsage(), provider: '', model: '', startedAt: now, endedAt: now, error }
  }

  function close(record: RunRecord, steps: readonly AssistantMessage[], output: string) {
    const text = steps.map((step) => withBreak(textOf(step))).join('') + output
    const usage = steps.map((step) => step.usage).reduce(addUsage, noUsage())
    const result = { ...interrupted(toAdvice(steps.length > 0, output !== '')), text, usage, startedAt: record.acceptedAt }
    const left = { rest: output, lastUsage: noUsage(), accepted: true, begun: record.attempts > 0, hasOutput: output !== '' }
    endings.record({ request: record.request!, result, ...left, api: 'gateway' })
    suspensions.end(record.id, 'gateway-restart')
    log.warn(`run ${record.id} was interrupted by a restart and is closed`, { sessionKey: record.sessionKey })
  }

  function takeUp(record: RunRecord) {
    const output = table.output(record.id)
    const from = record.request!.origin === 'http' ? null : suspensions.of(record.id)
    if (from && sessions.get(record.sessionKey)) return resume(record, from)
    const steps = stepsOf(record)
    const again = output === '' && !ONCE.includes(record.request!.origin) && record.attempts < MAX_ATTEMPTS && steps.length === 0
    if (again) relaunch(record)
    else close(record, steps, output)
  }

  /** What is kept of it is broken: whoever asks for it is told so, and it is not in anybody's way. */
  function giveUp(runId: string) {
    commit.tx(() => table.end(runId, interrupted('the gateway stopped before this was answered, and could not go on with it: send it again'), true))
    tries.delete(runId)
  }

  function attempt(runId: string): boolean {
    const tried = tries.get(runId) ?? 0
    try {
      if (tried < MAX_TRIES) takeUp(table.get(runId)!)
      else giveUp(runId)
      return true
    } catch (error) {
      tries.set(runId, tried + 1)
      log.error(`run ${runId} could not be taken up`, { attempt: tried + 1, error: messageOf(error) })
      return false
    }
  }

  return () => {
    const left = table.open().filter((runId) => !isLive(runId))
    const failed = left.filter((runId) => !attempt(runId))
    if (failed.length > 0) throw new Error(`${failed.length} of ${left.length} failed`)
  }
}

function toAdvice(hasSteps: boolean, hasOutput: boolean): string {
  if (hasSteps) return 'the gateway stopped during this answer, which had called tools: see what they did before you send it again'
  if (hasOutput) return 'the gateway stopped during this answer; this is what there was of it'
  return 'the gateway stopped before this was answered: send it again'
}

/** What was said before tools stands apart from what was said after them. */
const withBreak = (text: string): string => (text === '' ? '' : `${text}\n\n`)
