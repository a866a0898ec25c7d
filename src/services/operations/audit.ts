// Who did what, when, from where, and how it ended. Runs and tools are recorded in the transactions that record them;
// calls of clients right behind their answers, together with other writes.

import { uuid } from '../../kit/ids.ts'
import { clean, messageOf, type Logger } from '../../kit/log.ts'
import type { Principal, Role, Scope } from '../../protocol/scopes.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Sql } from '../../ports/sql.ts'
import type { Commit } from '../../store/commit.ts'
import type { Connection } from '../identity/connections.ts'
import type { Stability } from './stability.ts'
import { createAuditTable, type Activity, type AuditTable } from './audit-table.ts'

export interface Called {
  readonly method: string
  readonly scope: Scope | null
  readonly role: Role | 'any'
  readonly caller: Principal
  readonly connection: Connection | null
  /** `ok`, or the code of the error. */
  readonly outcome: string
}

export interface Audit extends Pick<AuditTable, 'activity' | 'calls' | 'prune'> {
  /** Of runs and their tools, in order. MUST be called inside a transaction. */
  record(...activities: readonly Activity[]): void
  /** A client has called a method. What only reads is not recorded. */
  called(call: Called): void
}

/** Calls that read, though their scope allows more. */
const READS = /(?:^|\.)(?:get|list|status|schema|lookup|preflight|history|wait|waitDecision|vapidPublicKey|setupStatus|info|resolve|reveal|defaults|self|toolTitles)$/
/** `resolve` reads secrets; of approvals it is a decision. */
const DECISIONS = /approval\.resolve$/

/** Whether a call is one that the audit is for: it changes something, or shows a secret. Nodes only answer, and tell of themselves. */
export function isAudited(method: string, scope: Scope | null, role: Role | 'any'): boolean {
  if (role === 'node' || scope === null || scope === 'operator.read') return false
  return !READS.test(method) || DECISIONS.test(method) || method === 'secrets.resolve'
}

const MAX_TEXT = 128

export function createAudit(deps: { sql: Sql; commit: Commit; clock: Clock; log: Logger; stability?: Pick<Stability, 'note'> }): Audit {
  const { commit, clock, log } = deps
  const table = createAuditTable(deps.sql)
  const short = (text: string): string => clean(text).slice(0, MAX_TEXT)

  return {
    activity: table.activity,
    calls: table.calls,
    prune: table.prune,
    record(...activities) {
      table.addActivities(activities.map((activity) => ({ ...activity, id: uuid(), at: clock.now() })))
      for (const { kind, status } of activities) deps.stability?.note(kind === 'agent_run' ? 'run' : 'tool', { outcome: status })
    },
    called({ method, scope, role, caller, connection, outcome }) {
      if (!isAudited(method, scope, role)) return
      const { client } = connection?.session ?? {}
      const address = connection?.facts.address ?? null
      const row = {
        at: clock.now(),
        method,
        principal: caller.id,
        role: caller.role,
        deviceId: caller.deviceId ?? null,
        client: client ? short(`${client.id}/${client.mode}`) : null,
        address: address === null ? null : short(address),
        outcome,
      }
      try {
        commit.lazily(() => table.addCall(row))
      } catch (error) {
        log.error('a call is missing in the audit', { method, principal: caller.id, error: messageOf(error) }) // what it did stays done
      }
    },
  }
}
