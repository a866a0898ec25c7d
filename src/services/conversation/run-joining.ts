// Messages that do not wait for their turn: they become part of a run that goes on in their session. Each is accepted
// and on disk as a run of its own; when it joins another, its message stands in the transcript, and it ends.

import { covers } from '../../protocol/scopes.ts'
import { noUsage } from '../../protocol/shapes.ts'
import type { ModelMessage } from '../../ports/model.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Commit } from '../../store/commit.ts'
import type { Gate } from '../../store/gate.ts'
import type { Media } from './media.ts'
import { toModelMessages } from './run-context.ts'
import { JOINED, type RunOrigin, type RunRequest, type RunResult, type RunTable } from './run-table.ts'
import type { Sessions } from './sessions.ts'

/** Runs whose conversation is that of the session, and which somebody talks with. */
const OPEN_TO_OTHERS: readonly RunOrigin[] = ['chat', 'agent']

/**
 * Whether `request` may become part of the run `host`. What it says is then done in the name of the host: so whoever
 * sent it must hold all that the host holds.
 */
export function mayJoin(request: RunRequest, host: RunRequest, mode: 'steer' | 'collect'): boolean {
  if (request.queueMode !== mode || !OPEN_TO_OTHERS.includes(host.origin) || host.turns || host.aside || host.bare) return false
  if (request.model !== undefined || request.instructions !== undefined) return false
  return request.principal.role === host.principal.role && covers(request.principal.scopes, [...host.principal.scopes])
}

export interface Joining {
  /** Puts their messages into the transcript and ends them; resolves, durably, with what a model is told. */
  join(requests: readonly RunRequest[], startedAt: number): Promise<{ messages: ModelMessage[]; result: RunResult }>
}

export function createJoining(deps: { table: RunTable; sessions: Sessions; media: Media; commit: Commit; gate: Gate; clock: Clock }): Joining {
  const { table, sessions, media, commit, gate, clock } = deps

  return {
    async join(requests, startedAt) {
      const result = resultAt(startedAt, clock.now())
      const since = gate.mark()
      const added = commit.tx(() =>
        requests.flatMap(({ runId, sessionKey, input }) => {
          table.end(runId, result, false)
          return input.map((message) => sessions.append(sessionKey, message, { runId }).message)
        }),
      )
      await gate.passed(since)
      return { messages: await toModelMessages(added, media), result }
    },
  }
}

const resultAt = (startedAt: number, endedAt: number): RunResult => ({
  state: 'ok',
  text: '',
  stopReason: JOINED,
  toolCalls: [],
  usage: noUsage(),
  provider: '',
  model: '',
  startedAt,
  endedAt,
})
