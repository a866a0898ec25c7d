// The table of sessions: one row each, an index for every order in which they are listed, and counts that are kept
// rather than counted, so that a list costs the same with ten sessions as with a hundred thousand.

import * as z from 'zod'
import type { Sql, SqlValue } from '../../ports/sql.ts'
import type { Migration } from '../../store/migrate.ts'
import type { SESSION_STATUSES, SessionRow } from '../../protocol/shapes.ts'

export const sessionsMigration: Migration = {
  name: 'sessions/table',
  script: `CREATE TABLE sessions (
    key TEXT PRIMARY KEY, agent_id TEXT NOT NULL, session_id TEXT NOT NULL UNIQUE, label TEXT,
    archived INTEGER NOT NULL, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, interacted_at INTEGER,
    created_via TEXT NOT NULL, parent_key TEXT,
    floor INTEGER NOT NULL, messages INTEGER NOT NULL, title TEXT, preview TEXT,
    status TEXT, last_run_id TEXT, last_error TEXT, started_at INTEGER, ended_at INTEGER,
    provider TEXT, model TEXT, input_tokens INTEGER NOT NULL, output_tokens INTEGER NOT NULL,
    total_tokens INTEGER NOT NULL, settings TEXT NOT NULL
  );
  CREATE UNIQUE INDEX sessions_label ON sessions (agent_id, label) WHERE label IS NOT NULL;
  CREATE INDEX sessions_recent ON sessions (archived, updated_at DESC);
  CREATE INDEX sessions_of_agent ON sessions (agent_id, archived, updated_at DESC);
  CREATE TABLE session_counts (
    agent_id TEXT NOT NULL, archived INTEGER NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (agent_id, archived)
  ) WITHOUT ROWID`,
}

/** What users set on a session. */
export const sessionSettings = z.strictObject({
  displayName: z.string().optional(),
  icon: z.string().optional(),
  color: z.string().optional(),
  category: z.string().optional(),
  pinned: z.boolean().optional(),
  unread: z.boolean().optional(),
  /** `provider/model`. */
  model: z.string().optional(),
  thinkingLevel: z.string().optional(),
  verboseLevel: z.string().optional(),
  reasoningLevel: z.string().optional(),
  sendPolicy: z.string().optional(),
})
export type SessionSettings = z.output<typeof sessionSettings>

export interface SessionRecord {
  readonly key: string
  readonly agentId: string
  readonly sessionId: string
  readonly label: string | null
  readonly archived: boolean
  readonly createdAt: number
  readonly updatedAt: number
  readonly interactedAt: number | null
  readonly createdVia: NonNullable<SessionRow['createdVia']>
  readonly parentKey: string | null
  /** Messages up to this number are no longer part of the conversation: it was reset after them. */
  readonly floor: number
  /** The number of the last message. */
  readonly messages: number
  readonly title: string | null
  readonly preview: string | null
  readonly status: (typeof SESSION_STATUSES)[number] | null
  readonly lastRunId: string | null
  readonly lastError: string | null
  readonly startedAt: number | null
  readonly endedAt: number | null
  readonly provider: string | null
  readonly model: string | null
  readonly inputTokens: number
  readonly outputTokens: number
  readonly totalTokens: number
  readonly settings: SessionSettings
}

const COLUMNS = {
  key: 'key',
  agentId: 'agent_id',
  sessionId: 'session_id',
  label: 'label',
  archived: 'archived',
  createdAt: 'created_at',
  updatedAt: 'updated_at',
  interactedAt: 'interacted_at',
  createdVia: 'created_via',
  parentKey: 'parent_key',
  floor: 'floor',
  messages: 'messages',
  title: 'title',
  preview: 'preview',
  status: 'status',
  lastRunId: 'last_run_id',
  lastError: 'last_error',
  startedAt: 'started_at',
  endedAt: 'ended_at',
  provider: 'provider',
  model: 'model',
  inputTokens: 'input_tokens',
  outputTokens: 'output_tokens',
  totalTokens: 'total_tokens',
  settings: 'settings',
} as const satisfies Record<keyof SessionRecord, string>

type Member = keyof SessionRecord
const MEMBERS = Object.keys(COLUMNS) as Member[]
const SELECT = `SELECT ${MEMBERS.map((member) => `${COLUMNS[member]} AS ${member}`).join(', ')} FROM sessions`

/** What a list is narrowed to. Absent members do not narrow. */
export interface SessionFilter {
  readonly archived?: boolean
  readonly agentIds?: readonly string[]
  readonly label?: string
  readonly parentKey?: string
  readonly category?: string
  readonly pinned?: boolean
  readonly updatedSince?: number
  /** Part of the key, label, title or display name. */
  readonly search?: string
}

export interface SessionTable {
  get(key: string): SessionRecord | null
  findBy(column: 'sessionId' | 'label', value: string, agentId?: string): SessionRecord | null
  insert(record: SessionRecord): void
  update(key: string, changes: Partial<SessionRecord>): void
  delete(record: SessionRecord): void
  /** Newest first. */
  page(filter: SessionFilter, limit: number, offset: number): SessionRecord[]
  count(filter: SessionFilter): number
}

export function createSessionTable(sql: Sql): SessionTable {
  const adjustCount = (agentId: string, archived: boolean, by: number) =>
    sql.run(
      `INSERT INTO session_counts (agent_id, archived, n) VALUES (?, ?, ?)
       ON CONFLICT (agent_id, archived) DO UPDATE SET n = n + excluded.n`,
      agentId,
      Number(archived),
      by,
    )

  const get = (key: string) => toRecord(sql.get<Row>(`${SELECT} WHERE key = ?`, key))

  return {
    get,
    findBy(column, value, agentId) {
      const where = `${COLUMNS[column]} = ?`
      return agentId === undefined
        ? toRecord(sql.get<Row>(`${SELECT} WHERE ${where} ORDER BY updated_at DESC LIMIT 1`, value))
        : toRecord(sql.get<Row>(`${SELECT} WHERE agent_id = ? AND ${where} LIMIT 1`, agentId, value))
    },
    insert(record) {
      const marks = MEMBERS.map(() => '?').join(', ')
      const columns = MEMBERS.map((member) => COLUMNS[member]).join(', ')
      sql.run(`INSERT INTO sessions (${columns}) VALUES (${marks})`, ...MEMBERS.map((member) => toSql(record[member])))
      adjustCount(record.agentId, record.archived, 1)
    },
    update(key, changes) {
      const members = MEMBERS.filter((member) => changes[member] !== undefined)
      if (members.length === 0) return
      if (changes.archived !== undefined) {
        const before = get(key)
        if (before && before.archived !== changes.archived) {
          adjustCount(before.agentId, before.archived, -1)
          adjustCount(before.agentId, changes.archived, 1)
        }
      }
      const sets = members.map((member) => `${COLUMNS[member]} = ?`).join(', ')
      sql.run(`UPDATE sessions SET ${sets} WHERE key = ?`, ...members.map((member) => toSql(changes[member]!)), key)
    },
    delete(record) {
      sql.run('DELETE FROM sessions WHERE key = ?', record.key)
      adjustCount(record.agentId, record.archived, -1)
    },
    page(filter, limit, offset) {
      const { where, values } = toWhere(filter)
      const query = `${SELECT} ${where} ORDER BY updated_at DESC LIMIT ? OFFSET ?`
      return sql.all<Row>(query, ...values, limit, offset).map((row) => toRecord(row)!)
    },
    count(filter) {
      const { archived, agentIds, ...narrower } = filter
      const table = Object.values(narrower).some((value) => value !== undefined) ? 'sessions' : 'session_counts'
      const { where, values } = toWhere(filter)
      const what = table === 'sessions' ? 'count(*)' : 'coalesce(sum(n), 0)'
      return sql.get<{ n: number }>(`SELECT ${what} AS n FROM ${table} ${where}`, ...values)!.n
    },
  }
}

function toWhere(filter: SessionFilter): { where: string; values: SqlValue[] } {
  const conditions: string[] = []
  const values: SqlValue[] = []
  const add = (condition: string, ...given: SqlValue[]) => {
    conditions.push(condition)
    values.push(...given)
  }
  if (filter.agentIds) add(`agent_id IN (${filter.agentIds.map(() => '?').join(', ')})`, ...filter.agentIds)
  if (filter.archived !== undefined) add('archived = ?', Number(filter.archived))
  if (filter.label !== undefined) add('label = ?', filter.label)
  if (filter.parentKey !== undefined) add('parent_key = ?', filter.parentKey)
  if (filter.category !== undefined) add("settings ->> '$.category' = ?", filter.category)
  if (filter.pinned !== undefined) add("coalesce(settings ->> '$.pinned', 0) = ?", Number(filter.pinned))
  if (filter.updatedSince !== undefined) add('updated_at >= ?', filter.updatedSince)
  if (filter.search !== undefined) {
    const pattern = `%${filter.search.replace(/[\\%_]/g, '\\$&')}%`
    const columns = ['key', 'label', 'title', "settings ->> '$.displayName'"]
    add(`(${columns.map((column) => `${column} LIKE ? ESCAPE '\\'`).join(' OR ')})`, ...columns.map(() => pattern))
  }
  return { where: conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : '', values }
}

type Row = { [M in Member]: SqlValue }

function toRecord(row: Row | undefined): SessionRecord | null {
  if (!row) return null
  const settings = row.settings === '{}' ? {} : (JSON.parse(String(row.settings)) as SessionSettings)
  return { ...(row as unknown as SessionRecord), archived: row.archived === 1, settings }
}

function toSql(value: SessionRecord[Member]): SqlValue {
  if (typeof value === 'boolean') return Number(value)
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : value
}
