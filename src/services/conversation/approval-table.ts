// The rows of approvals: what was asked, and what became of it. The first end of a row is its only one.

import type { Decision, EndReason, Presentation, Resolver } from '../../protocol/approval-shapes.ts'
import type { Sql } from '../../ports/sql.ts'
import type { Migration } from '../../store/migrate.ts'

export const approvalsMigration: Migration = {
  name: 'approvals/tables',
  script: `CREATE TABLE approvals (
    id TEXT PRIMARY KEY, kind TEXT NOT NULL, status TEXT NOT NULL, decision TEXT, reason TEXT,
    agent_id TEXT, session_key TEXT, run_id TEXT, cwd TEXT, facts TEXT NOT NULL, grant_facts TEXT NOT NULL,
    binding TEXT NOT NULL, request TEXT NOT NULL, presentation TEXT NOT NULL,
    created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, resolved_at INTEGER,
    resolver_kind TEXT, resolver_id TEXT, spent_at INTEGER, asked_by TEXT
  );
  CREATE INDEX approvals_pending ON approvals (expires_at) WHERE resolved_at IS NULL;
  CREATE INDEX approvals_history ON approvals (resolved_at, id) WHERE resolved_at IS NOT NULL;
  CREATE INDEX approvals_facts ON approvals (facts)`,
}

export type AskedKind = 'exec' | 'plugin'
export type ApprovalStatus = 'pending' | 'allowed' | 'denied' | 'expired' | 'cancelled'

export interface Approval {
  readonly id: string
  readonly kind: AskedKind
  readonly status: ApprovalStatus
  readonly decision: Decision | null
  readonly reason: EndReason | null
  readonly agentId: string | null
  readonly sessionKey: string | null
  readonly runId: string | null
  readonly cwd: string | null
  readonly facts: string
  readonly grantFacts: string
  /** Hash of the facts and of the time until which they may be allowed. */
  readonly binding: string
  readonly request: Readonly<Record<string, unknown>>
  readonly presentation: Presentation
  readonly createdAtMs: number
  readonly expiresAtMs: number
  readonly resolvedAtMs: number | null
  readonly resolver: Resolver | null
  readonly spentAtMs: number | null
  /** The principal that asked. */
  readonly askedBy: string | null
}

export interface Ending {
  readonly status: Exclude<ApprovalStatus, 'pending'>
  readonly decision: Decision | null
  readonly reason: EndReason
  readonly resolver: Resolver
}

export interface HistoryPosition {
  readonly resolvedAtMs: number
  readonly id: string
}

export interface ApprovalTable {
  get(id: string): Approval | null
  insert(approval: Approval): void
  /** Ends one that waits; false when it has ended before. */
  end(id: string, ending: Ending, at: number): boolean
  /** Uses up one that was allowed; false when that has happened before. */
  spend(id: string, at: number): boolean
  /** Those that wait, the oldest first. */
  pending(which?: { kind?: AskedKind; sessionKey?: string; runId?: string; dueAt?: number }, limit?: number): Approval[]
  /** The latest one of these facts that waits, or was allowed and is not used up. */
  open(facts: string, now: number): Approval | null
  countPending(): number
  nextExpiry(): number | null
  history(page: { before?: HistoryPosition; kind?: string; limit: number }): Approval[]
  /** Forgets some of those that ended before `before`, and of those beyond `keep` the oldest. */
  prune(before: number, keep: number): void
}

interface Row {
  id: string
  kind: AskedKind
  status: ApprovalStatus
  decision: Decision | null
  reason: EndReason | null
  agent_id: string | null
  session_key: string | null
  run_id: string | null
  cwd: string | null
  facts: string
  grant_facts: string
  binding: string
  request: string
  presentation: string
  created_at: number
  expires_at: number
  resolved_at: number | null
  resolver_kind: Resolver['kind'] | null
  resolver_id: string | null
  spent_at: number | null
  asked_by: string | null
}

/** Rows that one call of `prune` deletes. */
const PRUNE_STEP = 1000

const INSERT = `INSERT INTO approvals (id, kind, status, decision, reason, agent_id, session_key, run_id, cwd, facts, grant_facts,
  binding, request, presentation, created_at, expires_at, resolved_at, resolver_kind, resolver_id, spent_at, asked_by)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

export function createApprovalTable(sql: Sql): ApprovalTable {
  const find = (id: string) => sql.get<Row>('SELECT * FROM approvals WHERE id = ?', id)

  return {
    get(id) {
      const row = find(id)
      return row ? toApproval(row) : null
    },
    insert: (approval) => sql.run(INSERT, ...toValues(approval)),
    end(id, { status, decision, reason, resolver }, at) {
      if (find(id)?.resolved_at !== null) return false
      sql.run(
        'UPDATE approvals SET status = ?, decision = ?, reason = ?, resolver_kind = ?, resolver_id = ?, resolved_at = ? WHERE id = ?',
        status,
        decision,
        reason,
        resolver.kind,
        resolver.id ?? null,
        at,
        id,
      )
      return true
    },
    spend(id, at) {
      const row = find(id)
      if (row?.status !== 'allowed' || row.spent_at !== null) return false
      sql.run('UPDATE approvals SET spent_at = ? WHERE id = ?', at, id)
      return true
    },
    pending({ kind, sessionKey, runId, dueAt } = {}, limit = 1000) {
      if (!sql.get('SELECT 1 FROM approvals WHERE resolved_at IS NULL LIMIT 1')) return [] // nearly always, and each run asks
      const wanted: (readonly [condition: string, value: string | number])[] = []
      if (kind !== undefined) wanted.push(['kind = ?', kind])
      if (sessionKey !== undefined) wanted.push(['session_key = ?', sessionKey])
      if (runId !== undefined) wanted.push(['run_id = ?', runId])
      if (dueAt !== undefined) wanted.push(['expires_at <= ?', dueAt])
      const conditions = ['resolved_at IS NULL', ...wanted.map(([condition]) => condition)].join(' AND ')
      const query = `SELECT * FROM approvals WHERE ${conditions} ORDER BY rowid LIMIT ?`
      return sql.all<Row>(query, ...wanted.map(([, value]) => value), limit).map(toApproval)
    },
    open(facts, now) {
      const row = sql.get<Row>(
        `SELECT * FROM approvals WHERE facts = ? AND expires_at > ? AND spent_at IS NULL AND status IN ('pending', 'allowed')
         ORDER BY rowid DESC LIMIT 1`,
        facts,
        now,
      )
      return row ? toApproval(row) : null
    },
    countPending: () => sql.get<{ n: number }>('SELECT count(*) AS n FROM approvals WHERE resolved_at IS NULL')!.n,
    nextExpiry: () => sql.get<{ at: number | null }>('SELECT min(expires_at) AS at FROM approvals WHERE resolved_at IS NULL')!.at,
    history({ before, kind, limit }) {
      const at = before?.resolvedAtMs ?? Number.MAX_SAFE_INTEGER
      const rows = sql.all<Row>(
        `SELECT * FROM approvals WHERE resolved_at IS NOT NULL AND (resolved_at < ? OR (resolved_at = ? AND id < ?)) ${kind === undefined ? '' : 'AND kind = ?'}
         ORDER BY resolved_at DESC, id DESC LIMIT ?`,
        at,
        at,
        before?.id ?? '',
        ...(kind === undefined ? [] : [kind]),
        limit,
      )
      return rows.map(toApproval)
    },
    prune(before, keep) {
      const oldest = `SELECT id FROM approvals WHERE resolved_at IS NOT NULL`
      sql.run(`DELETE FROM approvals WHERE id IN (${oldest} AND resolved_at < ? ORDER BY resolved_at, id LIMIT ?)`, before, PRUNE_STEP)
      const surplus = sql.get<{ n: number }>('SELECT count(*) AS n FROM approvals WHERE resolved_at IS NOT NULL')!.n - keep
      if (surplus > 0) sql.run(`DELETE FROM approvals WHERE id IN (${oldest} ORDER BY resolved_at, id LIMIT ?)`, Math.min(surplus, PRUNE_STEP))
    },
  }
}

const toValues = (approval: Approval) => [
  approval.id,
  approval.kind,
  approval.status,
  approval.decision,
  approval.reason,
  approval.agentId,
  approval.sessionKey,
  approval.runId,
  approval.cwd,
  approval.facts,
  approval.grantFacts,
  approval.binding,
  JSON.stringify(approval.request),
  JSON.stringify(approval.presentation),
  approval.createdAtMs,
  approval.expiresAtMs,
  approval.resolvedAtMs,
  approval.resolver?.kind ?? null,
  approval.resolver?.id ?? null,
  approval.spentAtMs,
  approval.askedBy,
]

const toApproval = (row: Row): Approval => ({
  id: row.id,
  kind: row.kind,
  status: row.status,
  decision: row.decision,
  reason: row.reason,
  agentId: row.agent_id,
  sessionKey: row.session_key,
  runId: row.run_id,
  cwd: row.cwd,
  facts: row.facts,
  grantFacts: row.grant_facts,
  binding: row.binding,
  request: JSON.parse(row.request) as Approval['request'],
  presentation: JSON.parse(row.presentation) as Presentation,
  createdAtMs: row.created_at,
  expiresAtMs: row.expires_at,
  resolvedAtMs: row.resolved_at,
  resolver: row.resolver_kind === null ? null : { kind: row.resolver_kind, ...(row.resolver_id !== null && { id: row.resolver_id }) },
  spentAtMs: row.spent_at,
  askedBy: row.asked_by,
})
