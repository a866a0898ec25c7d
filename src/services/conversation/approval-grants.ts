// Standing grants: what a person has allowed always. Each covers exactly what was asked for, by the same agent and in the
// same place; anything else is asked for anew.

import { uuid } from '../../kit/ids.ts'
import { unavailable } from '../../protocol/errors.ts'
import { splitSessionKey } from '../../protocol/shapes.ts'
import type { Sql } from '../../ports/sql.ts'
import type { Migration } from '../../store/migrate.ts'
import type { Approval } from './approval-table.ts'

export const grantsMigration: Migration = {
  name: 'approvals/grants',
  script: `CREATE TABLE approval_grants (
    id TEXT PRIMARY KEY, facts TEXT NOT NULL, approval_id TEXT NOT NULL, agent_id TEXT, job_id TEXT, command TEXT NOT NULL, cwd TEXT,
    created_at INTEGER NOT NULL, expires_at INTEGER, revoked_at INTEGER, revoked_by TEXT, last_used_at INTEGER, uses INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX approval_grants_facts ON approval_grants (facts);
  CREATE INDEX approval_grants_order ON approval_grants (created_at, id)`,
}

export interface Grant {
  readonly grantId: string
  readonly mintedByApprovalId: string
  readonly agentId: string | null
  /** The job in whose session it was asked for. */
  readonly jobId: string | null
  readonly command: string
  readonly cwd: string | null
  readonly createdAtMs: number
  readonly expiresAtMs: number | null
  readonly revokedAtMs: number | null
  readonly revokedBy: string | null
  readonly lastUsedAtMs: number | null
  readonly useCount: number
}

export interface ApprovalGrants {
  /** Makes the grant of an approval. Throws when there are too many. */
  mint(approval: Approval, expiresAtMs: number | null, now: number): void
  /** Uses the grant of these facts; null when there is none. */
  use(facts: string, now: number): string | null
  /** The newest first. */
  list(limit: number): Grant[]
  revoke(grantId: string, by: string, now: number): 'revoked' | 'already-revoked' | 'not-found'
  /** Forgets some of those that cannot be used since `before`. */
  prune(before: number): void
}

/** Grants that can be used, at most. */
const MAX_GRANTS = 5000
const PRUNE_STEP = 500

interface Row {
  id: string
  approval_id: string
  agent_id: string | null
  job_id: string | null
  command: string
  cwd: string | null
  created_at: number
  expires_at: number | null
  revoked_at: number | null
  revoked_by: string | null
  last_used_at: number | null
  uses: number
}

const USABLE = 'revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?)'

export function createApprovalGrants(sql: Sql): ApprovalGrants {
  return {
    mint({ id, grantFacts, agentId, sessionKey, presentation, cwd }, expiresAtMs, now) {
      const { n } = sql.get<{ n: number }>(`SELECT count(*) AS n FROM approval_grants WHERE ${USABLE}`, now)!
      if (n >= MAX_GRANTS) throw unavailable('there are too many standing grants: revoke some, or allow it once', { retryable: false })
      const command = presentation.kind === 'exec' ? presentation.commandText : presentation.title
      sql.run(
        `INSERT INTO approval_grants (id, facts, approval_id, agent_id, job_id, command, cwd, created_at, expires_at, uses)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0)`,
        uuid(),
        grantFacts,
        id,
        agentId,
        jobOf(sessionKey),
        command,
        cwd,
        now,
        expiresAtMs,
      )
    },
    use(facts, now) {
      const found = sql.get<{ id: string }>(`SELECT id FROM approval_grants WHERE facts = ? AND ${USABLE} ORDER BY created_at LIMIT 1`, facts, now)
      if (!found) return null
      sql.run('UPDATE approval_grants SET last_used_at = ?, uses = uses + 1 WHERE id = ?', now, found.id)
      return found.id
    },
    list: (limit) => sql.all<Row>('SELECT * FROM approval_grants ORDER BY created_at DESC, id DESC LIMIT ?', limit).map(toGrant),
    revoke(grantId, by, now) {
      const row = sql.get<Row>('SELECT * FROM approval_grants WHERE id = ?', grantId)
      if (!row) return 'not-found'
      if (row.revoked_at !== null) return 'already-revoked'
      sql.run('UPDATE approval_grants SET revoked_at = ?, revoked_by = ? WHERE id = ?', now, by, grantId)
      return 'revoked'
    },
    prune: (before) =>
      sql.run(
        'DELETE FROM approval_grants WHERE id IN (SELECT id FROM approval_grants WHERE revoked_at < ? OR expires_at < ? LIMIT ?)',
        before,
        before,
        PRUNE_STEP,
      ),
  }
}

/** `agent:<id>:cron:<job>…` is the session of a job. */
function jobOf(sessionKey: string | null): string | null {
  const rest = sessionKey === null ? undefined : splitSessionKey(sessionKey)?.rest
  return (rest && /^cron:([^:]+)/.exec(rest)?.[1]) ?? null
}

const toGrant = (row: Row): Grant => ({
  grantId: row.id,
  mintedByApprovalId: row.approval_id,
  agentId: row.agent_id,
  jobId: row.job_id,
  command: row.command,
  cwd: row.cwd,
  createdAtMs: row.created_at,
  expiresAtMs: row.expires_at,
  revokedAtMs: row.revoked_at,
  revokedBy: row.revoked_by,
  lastUsedAtMs: row.last_used_at,
  useCount: row.uses,
})
