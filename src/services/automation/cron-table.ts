// Jobs: one row each, an index of those that are due, and what a list is narrowed to.

import { uuid } from '../../kit/ids.ts'
import type { CronListQuery } from '../../protocol/cron-params.ts'
import type { CronStatus } from '../../protocol/cron-shapes.ts'
import type { Scope } from '../../protocol/scopes.ts'
import type { Sql, SqlValue } from '../../ports/sql.ts'
import type { Migration } from '../../store/migrate.ts'
import type { CronDefinition, CronRecord } from './cron-job.ts'

/**
 * `held`: no slot is looked at before the run has ended. `light`: takes no place of a run. `name`, `agent_id`, `kind`,
 * `last_status` and `search` repeat what stands in the texts, for lists.
 */
export const cronJobsMigration: Migration = {
  name: 'cron/jobs',
  script: `CREATE TABLE cron_jobs (
    id TEXT PRIMARY KEY, declaration_key TEXT UNIQUE, enabled INTEGER NOT NULL,
    next_at INTEGER, held INTEGER NOT NULL, light INTEGER NOT NULL, running INTEGER, last_row INTEGER NOT NULL,
    name TEXT NOT NULL, agent_id TEXT, kind TEXT NOT NULL, last_status TEXT, search TEXT NOT NULL,
    version INTEGER NOT NULL, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
    definition TEXT NOT NULL, state TEXT NOT NULL, scopes TEXT NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX cron_jobs_due ON cron_jobs (next_at) WHERE next_at IS NOT NULL AND held = 0`,
}

export interface CronTable {
  get(id: string): CronRecord | null
  declared(key: string): CronRecord | null
  put(record: CronRecord): void
  delete(id: string): void
  count(): number
  /** Those with a slot up to `now`, the longest due first. `lightOnly`: those that need no place for a run. */
  due(now: number, limit: number, lightOnly: boolean): CronRecord[]
  /** The earliest slot after `moment` that somebody waits for. */
  nextAfter(moment: number): number | null
  /** Changes whenever any row does; of this process. */
  readonly revision: string
  /** `defaultAgentId`: whose the jobs without an agent are. */
  page(query: CronListQuery, defaultAgentId: string, limit: number, offset: number): CronRecord[]
  total(query: CronListQuery, defaultAgentId: string): number
}

interface Row {
  id: string
  declaration_key: string | null
  enabled: number
  next_at: number | null
  held: number
  running: number | null
  last_row: number
  version: number
  created_at: number
  updated_at: number
  definition: string
  state: string
  scopes: string
}

const COLUMNS = [
  'id', 'declaration_key', 'enabled', 'next_at', 'held', 'light', 'running', 'last_row', 'name', 'agent_id', 'kind', 'last_status', 'search',
  'version', 'created_at', 'updated_at', 'definition', 'state', 'scopes',
] // prettier-ignore
const PUT = `INSERT INTO cron_jobs (${COLUMNS.join(', ')}) VALUES (${COLUMNS.map(() => '?').join(', ')})
  ON CONFLICT (id) DO UPDATE SET ${COLUMNS.map((column) => `${column} = excluded.${column}`).join(', ')}`

export function createCronTable(sql: Sql): CronTable {
  const origin = uuid()
  let writes = 0

  return {
    get: (id) => toRecord(sql.get<Row>('SELECT * FROM cron_jobs WHERE id = ?', id)),
    declared: (key) => toRecord(sql.get<Row>('SELECT * FROM cron_jobs WHERE declaration_key = ?', key)),
    put(record) {
      writes++
      sql.run(PUT, ...toValues(record))
    },
    delete(id) {
      writes++
      sql.run('DELETE FROM cron_jobs WHERE id = ?', id)
    },
    count: () => sql.get<{ n: number }>('SELECT count(*) AS n FROM cron_jobs')!.n,
    due: (now, limit, lightOnly) =>
      sql
        .all<Row>(
          `SELECT * FROM cron_jobs WHERE next_at IS NOT NULL AND held = 0 AND next_at <= ? ${lightOnly ? 'AND (light = 1 OR running IS NOT NULL)' : ''}
           ORDER BY next_at, id LIMIT ?`,
          now,
          limit,
        )
        .map((row) => toRecord(row)!),
    nextAfter: (moment) =>
      sql.get<{ at: number | null }>('SELECT min(next_at) AS at FROM cron_jobs WHERE next_at IS NOT NULL AND held = 0 AND next_at > ?', moment)?.at ?? null,
    get revision() {
      return `${origin}:${writes}`
    },
    page(query, defaultAgentId, limit, offset) {
      const { where, values } = narrow(query, defaultAgentId)
      const rows = sql.all<Row>(`SELECT * FROM cron_jobs ${where} ORDER BY ${orderOf(query)} LIMIT ? OFFSET ?`, ...values, limit, offset)
      return rows.map((row) => toRecord(row)!)
    },
    total(query, defaultAgentId) {
      const { where, values } = narrow(query, defaultAgentId)
      return sql.get<{ n: number }>(`SELECT count(*) AS n FROM cron_jobs ${where}`, ...values)!.n
    },
  }
}

function toValues({ id, declarationKey, definition, enabled, nextAt, held, running, lastRow, state, ...record }: CronRecord): SqlValue[] {
  const { name, displayName = '', description = '', agentId = null, payload, schedule } = definition
  const said = payload.kind === 'systemEvent' ? payload.text : payload.message
  const search = [id, name, displayName, description, declarationKey ?? '', said].join('\n').toLowerCase().slice(0, 4000)
  return [
    id,
    declarationKey,
    Number(enabled),
    nextAt,
    Number(held),
    Number(payload.kind === 'systemEvent'),
    running,
    lastRow,
    name,
    agentId,
    schedule.kind,
    state.lastRunStatus ?? null,
    search,
    record.version,
    record.createdAt,
    record.updatedAt,
    JSON.stringify(definition),
    JSON.stringify(state),
    JSON.stringify(record.scopes),
  ]
}

function toRecord(row: Row | undefined): CronRecord | null {
  if (!row) return null
  return {
    id: row.id,
    declarationKey: row.declaration_key,
    definition: JSON.parse(row.definition) as CronDefinition,
    enabled: row.enabled === 1,
    nextAt: row.next_at,
    held: row.held === 1,
    running: row.running,
    lastRow: row.last_row,
    version: row.version,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    state: JSON.parse(row.state) as CronRecord['state'],
    scopes: JSON.parse(row.scopes) as Scope[],
  }
}

// --- lists ---

const ORDERS: Readonly<Record<NonNullable<CronListQuery['sortBy']>, string>> = { nextRunAtMs: 'next_at', updatedAtMs: 'updated_at', name: 'lower(name)' }

function orderOf({ sortBy = 'nextRunAtMs', sortDir = 'asc' }: CronListQuery): string {
  const column = ORDERS[sortBy]
  return `${column} IS NULL, ${column} ${sortDir === 'asc' ? 'ASC' : 'DESC'}, id` // what is never due stands last
}

function narrow(query: CronListQuery, defaultAgentId: string): { where: string; values: SqlValue[] } {
  const { includeDisabled, enabled = includeDisabled ? 'all' : 'enabled', scheduleKind = 'all', lastRunStatus = 'all', trigger = 'all' } = query
  const parts: (readonly [clause: string, ...values: SqlValue[]])[] = []
  if (enabled !== 'all') parts.push(['enabled = ?', Number(enabled === 'enabled')])
  if (scheduleKind !== 'all') parts.push(['kind = ?', scheduleKind])
  if (lastRunStatus !== 'all') parts.push(statusClause(lastRunStatus))
  if (trigger === 'conditional') parts.push(['0'])
  const agentId = query.agentId ?? query.sessionAgentId
  if (agentId !== undefined) parts.push(['coalesce(agent_id, ?) = ?', defaultAgentId, agentId])
  if (query.sessionKey !== undefined) parts.push([`json_extract(definition, '$.sessionKey') = ?`, query.sessionKey])
  const wanted = query.query?.trim().toLowerCase()
  if (wanted) parts.push(['instr(search, ?) > 0', wanted])
  return {
    where: parts.length === 0 ? '' : `WHERE ${parts.map(([clause]) => clause).join(' AND ')}`,
    values: parts.flatMap(([, ...values]) => values),
  }
}

const statusClause = (status: CronStatus | 'unknown'): readonly [string, ...SqlValue[]] =>
  status === 'unknown' ? ['last_status IS NULL'] : ['last_status = ?', status]
