// The table of sessions: one row each, an index for the order in which they are listed, and counts that are kept in
// memory, so that a list costs the same with ten sessions as with a hundred thousand.

import * as z from 'zod'
import type { Sql, SqlValue } from '../../ports/sql.ts'
import type { Commit } from '../../store/commit.ts'
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
  ) WITHOUT ROWID;
  CREATE UNIQUE INDEX sessions_label ON sessions (agent_id, label) WHERE label IS NOT NULL;
  CREATE INDEX sessions_recent ON sessions (agent_id, archived, updated_at DESC)`,
}

export const sessionsArchivedAtMigration: Migration = {
  name: 'sessions/archived-at',
  script: `ALTER TABLE sessions ADD COLUMN archived_at INTEGER;
  UPDATE sessions SET archived_at = updated_at WHERE archived = 1`,
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
  readonly archivedAt: number | null
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
  archivedAt: 'archived_at',
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
const INSERT = `INSERT INTO sessions (${Object.values(COLUMNS).join(', ')}) VALUES (${MEMBERS.map(() => '?').join(', ')})`
const SELECT = `SELECT ${MEMBERS.map((member) => `${COLUMNS[member]} AS ${member}`).join(', ')} FROM sessions`

/** What a list is narrowed to. Absent members do not narrow. */
export interface SessionFilter {
  readonly archived?: boolean
  readonly agentIds?: readonly string[]
  readonly label?: string
  readonly parentKey?: string
  readonly category?: string
  readonly pinned?: boolean
  /** False: without those of sub-agents. */
  readonly subagents?: false
  /** False: without those of jobs. */
  readonly cron?: false
  /** The beginning of the uuid that the key ends with. */
  readonly uuid?: string
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

/** Records that are remembered at most. */
const MAX_REMEMBERED = 2000

/** Write only inside `commit.tx`: the changes of one transaction to one session are written together at its end. */
export function createSessionTable(sql: Sql, commit: Commit): SessionTable {
  /** This process is the only writer, so what it read or wrote last is what stands there; null: nothing does. */
  const remembered = new Map<string, SessionRecord | null>()
  let rememberedAt = commit.rollbacks
  /** What the running transaction has changed: the record before it (null: none) and after it. */
  const changed = new Map<string, { before: SessionRecord | null; after: SessionRecord }>()
  commit.beforeEnd(writeChanges)

  function writeChanges() {
    if (changed.size === 0) return
    forgetStale()
    const all = [...changed.values()]
    changed.clear()
    for (const { before, after } of all) {
      if (before) updateRow(before, after)
      else insertRow(after)
    }
  }

  function insertRow(record: SessionRecord) {
    sql.run(INSERT, ...MEMBERS.map((member) => toSql(record[member])))
    adjustCount(record.agentId, record.archived, 1)
  }

  function updateRow(before: SessionRecord, after: SessionRecord) {
    const members = MEMBERS.filter((member) => after[member] !== before[member])
    if (members.length === 0) return
    if (after.archived !== before.archived) {
      adjustCount(before.agentId, before.archived, -1)
      adjustCount(after.agentId, after.archived, 1)
    }
    const sets = members.map((member) => `${COLUMNS[member]} = ?`).join(', ')
    sql.run(`UPDATE sessions SET ${sets} WHERE key = ?`, ...members.map((member) => toSql(after[member])), before.key)
  }

  function remember<T extends SessionRecord | null>(key: string, record: T): T {
    if (remembered.size >= MAX_REMEMBERED) remembered.delete(remembered.keys().next().value!)
    remembered.set(key, record)
    return record
  }

  /** What was remembered, and what was still to be written, before something was taken back is worth nothing. */
  function forgetStale() {
    if (rememberedAt === commit.rollbacks) return
    remembered.clear()
    changed.clear()
    counts = null
    rememberedAt = commit.rollbacks
  }

  function recall(key: string): SessionRecord | null | undefined {
    forgetStale()
    return remembered.get(key)
  }

  /** How many there are of each agent, archived or not; counted once, over the index, then kept up. */
  let counts: Map<string, number> | null = null
  const countKey = (agentId: string, archived: boolean) => `${Number(archived)}:${agentId}`

  function allCounts(): Map<string, number> {
    forgetStale()
    if (counts) return counts
    const rows = sql.all<{ agentId: string; archived: number; n: number }>(
      'SELECT agent_id AS agentId, archived, count(*) AS n FROM sessions GROUP BY agent_id, archived',
    )
    counts = new Map(rows.map(({ agentId, archived, n }) => [countKey(agentId, archived === 1), n]))
    return counts
  }

  function adjustCount(agentId: string, archived: boolean, by: number) {
    const key = countKey(agentId, archived)
    counts?.set(key, (counts.get(key) ?? 0) + by)
  }

  function get(key: string): SessionRecord | null {
    const known = recall(key)
    if (known !== undefined) return known
    return remember(key, toRecord(sql.get<Row>(`${SELECT} WHERE key = ?`, key)))
  }

  /** The filter, once for each agent and each state of archiving that it covers. */
  function partsOf(filter: SessionFilter): SessionFilter[] {
    const agentIds = filter.agentIds ?? [...new Set([...allCounts().keys()].map((key) => key.slice(2)))]
    const archived = filter.archived === undefined ? [false, true] : [filter.archived]
    return agentIds.flatMap((agentId) => archived.map((each) => ({ ...filter, agentIds: [agentId], archived: each })))
  }

  function pageOf(part: SessionFilter, limit: number, offset: number): SessionRecord[] {
    const { where, values } = toWhere(part)
    const query = `${SELECT} ${where} ORDER BY updated_at DESC LIMIT ? OFFSET ?`
    return sql.all<Row>(query, ...values, limit, offset).map((row) => toRecord(row)!)
  }

  return {
    get,
    findBy(column, value, agentId) {
      writeChanges()
      const where = `${COLUMNS[column]} = ?`
      return agentId === undefined
        ? toRecord(sql.get<Row>(`${SELECT} WHERE ${where} ORDER BY updated_at DESC LIMIT 1`, value))
        : toRecord(sql.get<Row>(`${SELECT} WHERE agent_id = ? AND ${where} LIMIT 1`, agentId, value))
    },
    insert(record) {
      forgetStale()
      changed.set(record.key, { before: null, after: record })
      remember(record.key, record)
    },
    update(key, changes) {
      const before = get(key)
      if (!before) return
      const after = { ...before, ...changes }
      changed.set(key, { before: changed.has(key) ? changed.get(key)!.before : before, after })
      remember(after.key, after)
    },
    delete(record) {
      writeChanges()
      sql.run('DELETE FROM sessions WHERE key = ?', record.key)
      adjustCount(record.agentId, record.archived, -1)
      remembered.delete(record.key)
    },
    page(filter, limit, offset) {
      writeChanges()
      // Each part is read in the order of the index, as far as the page can reach into it; then they are merged.
      const parts = partsOf(filter)
      if (parts.length === 1) return pageOf(parts[0]!, limit, offset)
      return parts
        .flatMap((part) => pageOf(part, limit + offset, 0))
        .toSorted((a, b) => b.updatedAt - a.updatedAt)
        .slice(offset, offset + limit)
    },
    count(filter) {
      writeChanges()
      const { archived: _, agentIds: __, ...narrower } = filter
      if (Object.values(narrower).every((value) => value === undefined)) {
        return partsOf(filter).reduce((sum, part) => sum + (allCounts().get(countKey(part.agentIds![0]!, part.archived!)) ?? 0), 0)
      }
      const { where, values } = toWhere(filter)
      return sql.get<{ n: number }>(`SELECT count(*) AS n FROM sessions ${where}`, ...values)!.n
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
  if (filter.agentIds?.length === 1) add('agent_id = ?', filter.agentIds[0]!)
  else if (filter.agentIds) add(`agent_id IN (${filter.agentIds.map(() => '?').join(', ')})`, ...filter.agentIds)
  if (filter.archived !== undefined) add('archived = ?', Number(filter.archived))
  if (filter.label !== undefined) add('label = ?', filter.label)
  if (filter.parentKey !== undefined) add('parent_key = ?', filter.parentKey)
  if (filter.category !== undefined) add("settings ->> '$.category' = ?", filter.category)
  if (filter.pinned !== undefined) add("coalesce(settings ->> '$.pinned', 0) = ?", Number(filter.pinned))
  if (filter.subagents === false) add("key NOT LIKE 'agent:%:subagent:%'")
  if (filter.cron === false) add("key NOT LIKE 'agent:%:cron:%'")
  if (filter.uuid !== undefined) add("substr(key, -37, 1) = ':' AND substr(key, -36, ?) = ?", filter.uuid.length, filter.uuid)
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
