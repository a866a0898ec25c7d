// What becomes of runs that the last process accepted and did not end. One of which nothing was seen or done is begun
// again; any other is closed as interrupted, with what there was of it.

import type { Logger } from '../../kit/log.ts'
import { noUsage } from '../../protocol/shapes.ts'
import type { Clock } from '../../ports/clock.ts'
import type { RunEndings } from './run-ending.ts'
import type { RunRecord, RunResult, RunTable } from './run-table.ts'
import type { Sessions } from './sessions.ts'
import type { Transcripts } from './transcripts.ts'

/** How often a run is begun before it is given up: one that ends the process each time must not do so for ever. */
const MAX_ATTEMPTS = 3
/** How far back in a transcript the steps of a run are looked for. */
const STEP_WINDOW = 100

export function recoverRuns(deps: {
  table: RunTable
  endings: RunEndings
  sessions: Sessions
  transcripts: Transcripts
  clock: Clock
  log: Logger
  /** Puts the run into its queue again. */
  relaunch: (record: RunRecord) => void
}): void {
  const { table, endings, sessions, transcripts, clock, log, relaunch } = deps

  /** Whether it had called tools: then it has done something that must not be done twice. */
  function hasSteps(record: RunRecord): boolean {
    const session = sessions.get(record.sessionKey)
    if (!session || record.attempts === 0) return false
    const range = { after: session.floor, upTo: session.messages, limit: STEP_WINDOW }
    return transcripts
      .messages(session.sessionId, range)
      .some((message) => message.role === 'assistant' && message.__openclaw.runId === record.id)
  }

  function close(record: RunRecord, output: string) {
    const message =
      output === ''
        ? 'the gateway stopped before this was answered: send it again'
        : 'the gateway stopped during this answer; this is what there was of it'
    const result: RunResult = {
      state: 'interrupted',
      text: output,
      stopReason: 'restart',
      toolCalls: [],
      usage: noUsage(),
      provider: '',
      model: '',
      startedAt: record.acceptedAt,
      endedAt: clock.now(),
      error: { message, kind: 'interrupted' },
    }
    endings.record({ request: record.request!, result, rest: output, accepted: true, begun: record.attempts > 0, hasOutput: output !== '', api: 'gateway' })
    log.warn(`run ${record.id} was interrupted by a restart and is closed`, { sessionKey: record.sessionKey })
  }

  for (const record of table.open()) {
    const output = table.output(record.id)
    const again =
      output === '' && record.request!.origin !== 'http' && record.attempts < MAX_ATTEMPTS && !hasSteps(record)
    if (again) relaunch(record)
    else close(record, output)
  }
}
