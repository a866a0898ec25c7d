// The record of runs, and beside it the audit: both are written, or neither is.

import { splitSessionKey } from '../../protocol/shapes.ts'
import type { Sql } from '../../ports/sql.ts'
import type { Audit } from '../operations/audit.ts'
import type { ActivityStatus } from '../operations/audit-table.ts'
import type { RunResult, RunTable } from './run-table.ts'
import type { ToolOutcome } from './tools.ts'

type Recorder = Pick<Audit, 'record'>
type SessionIds = (sessionKey: string) => string | undefined

const ENDS: Readonly<Record<RunResult['state'], ActivityStatus>> = { ok: 'succeeded', error: 'failed', interrupted: 'failed', aborted: 'cancelled' }

const statusOf = ({ state, stopReason }: RunResult): ActivityStatus => (state === 'aborted' && stopReason === 'timeout' ? 'timed_out' : ENDS[state])

export function auditRuns(table: RunTable, deps: { sql: Sql; audit: Recorder; sessionId: SessionIds }): RunTable {
  const { sql, audit, sessionId } = deps
  const rowOf = (runId: string) => sql.get<{ key: string; attempts: number }>('SELECT session_key AS key, attempts FROM runs WHERE id = ?', runId)

  function record(runId: string, sessionKey: string | undefined, ...statuses: readonly ActivityStatus[]) {
    if (sessionKey === undefined) return
    const facts = { kind: 'agent_run' as const, agentId: splitSessionKey(sessionKey)?.agentId ?? 'main', sessionKey, sessionId: sessionId(sessionKey), runId }
    audit.record(...statuses.map((status) => ({ ...facts, status })))
  }

  return {
    ...table,
    insert(request, begins, at) {
      table.insert(request, begins, at)
      if (begins) record(request.runId, request.sessionKey, 'started')
    },
    begin(runId) {
      table.begin(runId)
      const row = rowOf(runId)
      if (row?.attempts === 1) record(runId, row.key, 'started') // it starts once, however often it is taken up again
    },
    insertEnded(request, result) {
      table.insertEnded(request, result)
      record(request.runId, request.sessionKey, 'started', statusOf(result))
    },
    end(runId, result, hasOutput) {
      table.end(runId, result, hasOutput)
      record(runId, rowOf(runId)?.key, statusOf(result))
    },
  }
}

/** The tool calls of runs. */
export interface ToolAudit {
  started(run: { readonly id: string; readonly sessionKey: string }, call: { readonly id: string; readonly name: string }): void
  ended(run: { readonly id: string; readonly sessionKey: string }, call: { readonly id: string; readonly name: string }, status: ActivityStatus): void
}

export function createToolAudit(audit: Recorder, sessionId: SessionIds): ToolAudit {
  const record = (run: { id: string; sessionKey: string }, call: { id: string; name: string }, status: ActivityStatus) =>
    audit.record({
      kind: 'tool_action',
      status,
      agentId: splitSessionKey(run.sessionKey)?.agentId ?? 'main',
      sessionKey: run.sessionKey,
      sessionId: sessionId(run.sessionKey),
      runId: run.id,
      toolCallId: call.id.slice(0, MAX_NAME),
      toolName: call.name.slice(0, MAX_NAME),
    })
  return { started: (run, call) => record(run, call, 'started'), ended: record }
}

/** Models choose these. */
const MAX_NAME = 128

export const statusOfTool = (outcome: ToolOutcome, refused: boolean): ActivityStatus => (refused ? 'blocked' : outcome.isError ? 'failed' : 'succeeded')
