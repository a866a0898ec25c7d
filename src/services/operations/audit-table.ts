// The records of the audit: what runs and their tools did, and who called what. Metadata alone: no texts, no secrets.

import type { Sql, SqlValue } from '../../ports/sql.ts'
import type { Migration } from '../../store/migrate.ts'

/** Rows are only ever taken away from the old end, so that numbers are not given twice. */
export const auditMigration: Migration = {
  name: 'operations/audit',
  script: `CREATE TABLE audit_activity (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL, at INTEGER NOT NULL, kind TEXT NOT NULL, status TEXT NOT NULL,
    agent_id TEXT NOT NULL, session_key TEXT NOT NULL, session_id TEXT,
    run_id TEXT NOT NULL, tool_call_id TEXT, tool_name TEXT
  );
  CREATE INDEX audit_activity_run ON audit_activity (run_id);
  CREATE TABLE audit_calls (
    seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, method TEXT NOT NULL, principal TEXT NOT NULL, role TEXT NOT NULL,
    device_id TEXT, client TEXT, address TEXT, outcome TEXT NOT NULL
  )`,
}

export type ActivityStatus = 'started' | 'succeeded' | 'failed' | 'cancelled' | 'timed_out' | 'blocked' | 'unknown'

export interface Activity {
  readonly kind: 'agent_run' | 'tool_action'
  readonly status: ActivityStatus
  readonly agentId: string
  readonly sessionKey: string
  readonly sessionId?: string | undefined
  readonly runId: string
  readonly toolCallId?: string
  readonly toolName?: string
}

export interface ActivityRow extends Activity {
  readonly seq: number
  readonly id: string
  readonly at: number
}

export interface CallRow {
  readonly seq: number
  readonly at: number
  readonly method: string
  readonly principal: string
  readonly role: string
  readonly deviceId: string | null
  readonly client: string | null
  readonly address: string | null
  /** `ok`, or the code of the error. */
  readonly outcome: string
}

/** Newest first, numbers below `below`. Times are epoch milliseconds, both inclusive. */
export interface Page {
  readonly below?: number | undefined
  readonly since?: number | undefined
  readonly until?: number | undefined
  readonly limit: number
}
type Wanted<T> = { readonly [K in keyof T]?: T[K] | undefined }
export type ActivityFilter = Wanted<Pick<Activity, 'kind' | 'status' | 'agentId' | 'sessionKey' | 'runId'>>
export type CallFilter = Wanted<Pick<CallRow, 'method' | 'principal' | 'outcome'>>

export interface AuditTable {
  /** In order. */
  addActivities(rows: readonly (Activity & { readonly id: string; readonly at: number })[]): void
  activity(filter: ActivityFilter, page: Page): ActivityRow[]
  addCall(call: Omit<CallRow, 'seq'>): void
  calls(filter: CallFilter, page: Page): CallRow[]
  /** Forgets rows before `before`, and all but the newest `keep`. A bounded number at a time. */
  prune(before: number, keep: number): void
}

const PRUNE_STEP = 2000
const ACTIVITY = 'seq, id, at, kind, status, agent_id AS agentId, session_key AS sessionKey, session_id AS sessionId, run_id AS runId, tool_call_id AS toolCallId, tool_name AS toolName'
const CALLS = 'seq, at, method, principal, role, device_id AS deviceId, client, address, outcome'

const COLUMNS: Readonly<Record<string, string>> = {
  kind: 'kind',
  status: 'status',
  agentId: 'agent_id',
  sessionKey: 'session_key',
  runId: 'run_id',
  method: 'method',
  principal: 'principal',
  outcome: 'outcome',
}

export function createAuditTable(sql: Sql): AuditTable {
  /** Conditions are made of the columns above; what they are compared with is bound. */
  function select<Row>(table: string, columns: string, filter: object, { below, since, until, limit }: Page): Row[] {
    const wanted = Object.entries(filter).filter((entry): entry is [string, SqlValue] => entry[1] !== undefined)
    const bounds: [string, number][] = []
    if (below !== undefined) bounds.push(['seq < ?', below])
    if (since !== undefined) bounds.push(['at >= ?', since])
    if (until !== undefined) bounds.push(['at <= ?', until])
    const conditions = [...wanted.map(([key]) => `${COLUMNS[key]!} = ?`), ...bounds.map(([condition]) => condition)]
    const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`
    const values = [...wanted.map(([, value]) => value), ...bounds.map(([, value]) => value)]
    return sql.all<Row>(`SELECT ${columns} FROM ${table} ${where} ORDER BY seq DESC LIMIT ?`, ...values, limit)
  }

  function forget(table: string, before: number, keep: number) {
    const { low, high } = sql.get<{ low: number | null; high: number | null }>(`SELECT min(seq) AS low, max(seq) AS high FROM ${table}`)!
    if (low === null || high === null) return
    const last = Math.min(low + PRUNE_STEP - 1, high - 1) // the newest stays, and with it the next number
    sql.run(`DELETE FROM ${table} WHERE seq <= ? AND (at < ? OR seq <= ?)`, last, before, high - keep)
  }

  return {
    addActivities(rows) {
      const values = rows.flatMap(({ id, at, kind, status, agentId, sessionKey, sessionId, runId, toolCallId, toolName }) =>
        [id, at, kind, status, agentId, sessionKey, sessionId ?? null, runId, toolCallId ?? null, toolName ?? null])
      sql.run(
        `INSERT INTO audit_activity (id, at, kind, status, agent_id, session_key, session_id, run_id, tool_call_id, tool_name)
         VALUES ${rows.map(() => '(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)').join(', ')}`,
        ...values,
      )
    },
    activity: (filter, page) => select<ActivityRow>('audit_activity', ACTIVITY, filter, page),
    addCall: ({ at, method, principal, role, deviceId, client, address, outcome }) =>
      sql.run(
        'INSERT INTO audit_calls (at, method, principal, role, device_id, client, address, outcome) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
        at,
        method,
        principal,
        role,
        deviceId,
        client,
        address,
        outcome,
      ),
    calls: (filter, page) => select<CallRow>('audit_calls', CALLS, filter, page),
    prune(before, keep) {
      forget('audit_activity', before, keep)
      forget('audit_calls', before, keep)
    },
  }
}
