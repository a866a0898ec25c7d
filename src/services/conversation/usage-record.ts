// Takes down what runs used, in the transaction in which they end.

import { splitSessionKey, type Usage } from '../../protocol/shapes.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Commit } from '../../store/commit.ts'
import type { Ending } from './run-ending.ts'
import { isThrowaway } from './search-index.ts'
import type { SessionRecord } from './session-table.ts'
import type { Sessions } from './sessions.ts'
import type { RunUsage, UsageTable } from './usage-table.ts'

export interface UsageRecord {
  /** A run ends. Within its transaction. */
  ended(ending: Ending): void
  /** Something that is no run of a session used a model on its account. */
  spent(session: SessionRecord, spent: { readonly provider: string; readonly model: string; readonly usage: Usage; readonly tookMs: number }): void
}

/** Runs whose messages are being counted; those of a run are few, and gone when it ends. */
const MAX_COUNTED = 20_000

interface Said {
  answers: number
  toolCalls: number
}

export function createUsageRecord(deps: { table: UsageTable; sessions: Sessions; commit: Commit; clock: Clock }): UsageRecord {
  const { table, sessions, commit, clock } = deps
  const counted = new Map<string, Said>()

  function saidBy(runId: string): Said {
    const known = counted.get(runId)
    if (known) return known
    const said = { answers: 0, toolCalls: 0 }
    if (counted.size >= MAX_COUNTED) counted.delete(counted.keys().next().value!)
    counted.set(runId, said)
    return said
  }

  sessions.watch({
    appended({ agentId }, { message }) {
      const { runId } = message.__openclaw
      if (runId === undefined || message.role === 'user' || message.role === 'system') return
      if (message.role === 'assistant') return void saidBy(runId).answers++
      saidBy(runId).toolCalls++
      table.addToolCall(agentId, message.toolName, message.timestamp)
    },
    deleted: ({ key }) => table.drop(key),
  })

  function take(agentId: string, run: RunUsage): void {
    table.add(agentId, run)
    if (!isThrowaway(run.sessionKey)) table.addRun(run) // the one run of such a session stands in its row
  }

  return {
    ended({ request, result }) {
      const { runId, sessionKey, input } = request
      const { answers, toolCalls } = counted.get(runId) ?? { answers: 0, toolCalls: 0 }
      counted.delete(runId)
      const { provider, model, usage, startedAt, endedAt, state } = result
      if (provider === '') return // no model was asked
      take(splitSessionKey(sessionKey)!.agentId, {
        runId,
        sessionKey,
        provider,
        model,
        endedAt,
        latency: Math.max(0, endedAt - startedAt),
        runs: 1,
        ...tokensOf(usage),
        userMessages: input.filter(({ role }) => role === 'user').length,
        answers,
        toolCalls,
        errors: Number(state === 'error'),
      })
    },
    spent({ key, agentId }, { provider, model, usage, tookMs: latency }) {
      const now = clock.now()
      const none = { runs: 1, userMessages: 0, answers: 0, toolCalls: 0, errors: 0 }
      const run = { ...none, latency, runId: `summary:${now}`, sessionKey: key, provider, model, endedAt: now, ...tokensOf(usage) }
      commit.tx(() => take(agentId, run))
    },
  }
}

const tokensOf = ({ input, output, cacheRead, cacheWrite, totalTokens: total }: Usage) => ({ input, output, cacheRead, cacheWrite, total })
