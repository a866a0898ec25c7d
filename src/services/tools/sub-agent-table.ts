// The sub-agents that were spawned: whose they are, and whether what came of them was told.

import type { Principal, Role, Scope } from '../../protocol/scopes.ts'
import type { Sql } from '../../ports/sql.ts'
import type { Migration } from '../../store/migrate.ts'

export const subAgentsMigration: Migration = {
  name: 'sub-agents/table',
  script: `CREATE TABLE sub_agents (
    run_id TEXT PRIMARY KEY, parent_key TEXT NOT NULL, child_key TEXT NOT NULL, label TEXT NOT NULL, principal TEXT NOT NULL,
    created_at INTEGER NOT NULL, told_at INTEGER
  ) WITHOUT ROWID;
  CREATE INDEX sub_agents_of ON sub_agents (parent_key, created_at DESC);
  CREATE INDEX sub_agents_untold ON sub_agents (created_at) WHERE told_at IS NULL`,
}

export interface SubAgent {
  readonly runId: string
  readonly parentKey: string
  readonly childKey: string
  readonly label: string
  /** In whose name it works, and its parent is told of it. */
  readonly principal: Principal
  readonly createdAt: number
  readonly toldAt: number | null
}

export interface SubAgentTable {
  insert(spawned: Omit<SubAgent, 'toldAt'>): void
  get(runId: string): SubAgent | null
  /** The latest first. */
  of(parentKey: string, limit: number): SubAgent[]
  /** Those of whose end the parent was not told yet. */
  untold(): SubAgent[]
  tell(runId: string, at: number): void
  prune(before: number): void
}

interface Row {
  run_id: string
  parent_key: string
  child_key: string
  label: string
  principal: string
  created_at: number
  told_at: number | null
}

type Stored = Omit<Principal, 'scopes'> & { readonly scopes: readonly Scope[]; readonly role: Role }

function toSubAgent(row: Row): SubAgent {
  const stored = JSON.parse(row.principal) as Stored
  const principal = { ...stored, scopes: new Set(stored.scopes) }
  return { runId: row.run_id, parentKey: row.parent_key, childKey: row.child_key, label: row.label, principal, createdAt: row.created_at, toldAt: row.told_at }
}

export function createSubAgentTable(sql: Sql): SubAgentTable {
  const all = (query: string, ...values: (string | number)[]) => sql.all<Row>(`SELECT * FROM sub_agents ${query}`, ...values).map(toSubAgent)
  return {
    insert: ({ runId, parentKey, childKey, label, principal, createdAt }) =>
      sql.run(
        'INSERT INTO sub_agents (run_id, parent_key, child_key, label, principal, created_at) VALUES (?, ?, ?, ?, ?, ?)',
        runId,
        parentKey,
        childKey,
        label,
        JSON.stringify({ ...principal, scopes: [...principal.scopes] } satisfies Stored),
        createdAt,
      ),
    get: (runId) => all('WHERE run_id = ?', runId)[0] ?? null,
    of: (parentKey, limit) => all('WHERE parent_key = ? ORDER BY created_at DESC LIMIT ?', parentKey, limit),
    untold: () => all('WHERE told_at IS NULL ORDER BY created_at'),
    tell: (runId, at) => sql.run('UPDATE sub_agents SET told_at = ? WHERE run_id = ?', at, runId),
    prune: (before) => sql.run('DELETE FROM sub_agents WHERE told_at < ?', before),
  }
}
