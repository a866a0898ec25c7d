// A run that waits for a person, at a tool call. What is needed to go on at this very call is kept on disk from the
// moment of asking to the moment before the call is carried out: another process can take the run up there.

import { GatewayError } from '../../protocol/errors.ts'
import type { Usage } from '../../protocol/shapes.ts'
import type { ModelToolCall } from '../../ports/model.ts'
import type { Sql } from '../../ports/sql.ts'
import type { Migration } from '../../store/migrate.ts'
import type { Position } from './agent-loop.ts'
import { toCommand, type ApprovalPolicy } from './approval-policy.ts'
import type { ApprovalWish } from './approval-wish.ts'
import type { Approval } from './approval-table.ts'
import type { Approvals } from './approvals.ts'
import type { Refusal, ToolContext, ToolOutcome, Tools } from './tools.ts'

export const suspensionsMigration: Migration = {
  name: 'runs/suspensions',
  script: `CREATE TABLE run_suspensions (
    run_id TEXT PRIMARY KEY, approval_id TEXT NOT NULL, calls TEXT NOT NULL, usage TEXT NOT NULL, steps INTEGER NOT NULL,
    text TEXT NOT NULL, seq INTEGER NOT NULL
  ) WITHOUT ROWID`,
}

/** What a run had said when it was suspended. */
export interface Said {
  readonly text: string
  readonly seq: number
}

export interface Suspension extends Position, Said {
  readonly approvalId: string
}

export interface SuspendedCall {
  readonly runId: string
  readonly position: Position
  readonly said: Said
  readonly context: ToolContext
  /** Called with true when the run begins to wait, and with false when it goes on. */
  onWait(isWaiting: boolean): void
}

export interface Suspensions {
  of(runId: string): Suspension | null
  /** Sees to it that the first call of the position may be carried out. null: now; else the outcome that it has instead. */
  permit(call: SuspendedCall): Promise<ToolOutcome | null>
  /** The call has an outcome: the run goes on. Within the transaction that keeps the outcome. */
  settle(runId: string): void
  /** The run has ended: what it waits for is not waited for any more. */
  end(runId: string, reason: 'run-aborted' | 'gateway-restart'): void
}

interface Row {
  approval_id: string
  calls: string
  usage: string
  steps: number
  text: string
  seq: number
}

export function createSuspensions(deps: { sql: Sql; approvals: Approvals; policy: ApprovalPolicy; tools: Tools }): Suspensions {
  const { approvals, policy, tools } = deps
  const table = createSuspensionTable(deps.sql)

  async function approvalOf({ runId, position, said, context }: SuspendedCall, wish: ApprovalWish): Promise<Approval | null> {
    const known = table.get(runId)
    if (known) return approvals.get(known.approvalId)
    const { id: toolCallId } = position.calls[0]!
    const alongside = (approval: Approval) => {
      if (approval.status === 'pending') table.put(runId, { ...position, ...said, approvalId: approval.id })
    }
    return approvals.ask({ ...wish, runId, toolCallId, sessionKey: context.sessionKey }, { principal: context.principal.id, alongside })
  }

  async function wait(approval: Approval, { context, onWait }: SuspendedCall): Promise<Approval> {
    if (approval.status !== 'pending') return approval
    onWait(true)
    try {
      return await approvals.wait(approval.id, context.signal)
    } finally {
      onWait(false)
    }
  }

  /** What stands in the way; null: nothing. */
  async function ask(call: SuspendedCall, wish: ApprovalWish): Promise<Refusal | null> {
    const asked = await approvalOf(call, wish)
    const ended = asked && (await wait(asked, call))
    if (ended?.status === 'allowed') {
      const isSpent = await approvals.spend(ended.id, wish, () => table.delete(call.runId))
      return isSpent ? null : 'changed'
    }
    const refusal = ended ? refusalOf(ended) : 'expired'
    const command = commandOf(wish)
    return refusal === 'no-route' && command && policy.judgeUnasked(command) === 'allow' ? null : refusal
  }

  return {
    of: (runId) => table.get(runId),
    async permit(call) {
      const { name, arguments: args } = call.position.calls[0]!
      const wish = tools.wishOf(name, args, call.context)
      if (!wish) return null
      const command = commandOf(wish)
      const judged = command && !table.get(call.runId) ? policy.judge(command) : 'ask'
      if (judged === 'allow') return null
      if (judged === 'deny') return tools.refuse(name, args, 'policy')
      try {
        const refusal = await ask(call, wish)
        return refusal === null ? null : tools.refuse(name, args, refusal)
      } catch (error) {
        if (!(error instanceof GatewayError)) throw error
        return { text: `"${name}" was not carried out: ${error.message}`, isError: true, problem: 'refused' }
      }
    },
    settle: (runId) => table.delete(runId),
    end(runId, reason) {
      table.delete(runId)
      approvals.cancel({ runId }, reason)
    },
  }
}

function refusalOf({ status, reason }: Approval): Refusal {
  if (status === 'expired') return 'expired'
  if (status === 'cancelled') return 'withdrawn'
  return reason === 'no-route' ? 'no-route' : 'denied'
}

/** What the policy is asked about: nothing but commands. */
const commandOf = (wish: ApprovalWish) => (wish.kind === 'exec' ? toCommand(wish) : null)

function createSuspensionTable(sql: Sql) {
  /** Most runs never wait: nothing is looked for on their account. */
  const absent = () => sql.get('SELECT 1 FROM run_suspensions LIMIT 1') === undefined

  return {
    get(runId: string): Suspension | null {
      const row = sql.get<Row>('SELECT * FROM run_suspensions WHERE run_id = ?', runId)
      if (!row) return null
      const { approval_id: approvalId, steps, text, seq } = row
      return { approvalId, steps, text, seq, calls: JSON.parse(row.calls) as ModelToolCall[], usage: JSON.parse(row.usage) as Usage }
    },
    put: (runId: string, { approvalId, calls, usage, steps, text, seq }: Suspension) =>
      sql.run(
        'INSERT OR REPLACE INTO run_suspensions (run_id, approval_id, calls, usage, steps, text, seq) VALUES (?, ?, ?, ?, ?, ?, ?)',
        runId,
        approvalId,
        JSON.stringify(calls),
        JSON.stringify(usage),
        steps,
        text,
        seq,
      ),
    delete(runId: string) {
      if (!absent()) sql.run('DELETE FROM run_suspensions WHERE run_id = ?', runId)
    },
  }
}
