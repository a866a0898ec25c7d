// Answers that need no model: to a command, say. They are runs that begin and end in one transaction, so that a message
// is answered once however often it is sent, and its answer stands in the transcript.

import { uuid } from '../../kit/ids.ts'
import { chat } from '../../protocol/events.ts'
import { noUsage, splitSessionKey, toGatewayMessage } from '../../protocol/shapes.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Commit } from '../../store/commit.ts'
import type { Bus } from '../bus.ts'
import type { RunRequest, RunResult, RunTable } from './run-table.ts'
import type { Sessions } from './sessions.ts'

export interface RunReplies {
  /** `before` is done in the same transaction. The run MUST be new. */
  record(request: RunRequest, text: string, before?: () => void): void
}

export function createRunReplies(deps: { table: RunTable; sessions: Sessions; commit: Commit; bus: Bus; clock: Clock }): RunReplies {
  const { table, sessions, commit, bus, clock } = deps

  return {
    record(request, text, before) {
      const { runId, sessionKey } = request
      const now = clock.now()
      const message = { ...toGatewayMessage(text, now), idempotencyKey: runId }
      commit.tx(() => {
        sessions.ensure(sessionKey, 'operator')
        before?.()
        table.insert(request, true, now)
        for (const input of request.input) sessions.append(sessionKey, input, { runId })
        sessions.append(sessionKey, message, { runId, id: uuid() })
        table.end(runId, resultOf(text, now), false)
      })
      const facts = { runId, sessionKey, agentId: splitSessionKey(sessionKey)!.agentId, seq: 1 }
      bus.publish(chat, { ...facts, state: 'final', stopReason: 'stop', message })
    },
  }
}

const resultOf = (text: string, now: number): RunResult => ({
  state: 'ok',
  text,
  stopReason: 'stop',
  toolCalls: [],
  usage: noUsage(),
  provider: 'openclaw',
  model: 'gateway-injected',
  startedAt: now,
  endedAt: now,
})
