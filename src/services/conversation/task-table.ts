// Background work: one row for each run that a program or a job asked for.

import type { TASK_STATUSES } from '../../protocol/task-events.ts'
import type { Sql, SqlValue } from '../../ports/sql.ts'
import type { Migration } from '../../store/migrate.ts'

export const tasksMigration: Migration = {
  name: 'tasks/table',
  script: `CREATE TABLE tasks (
    id TEXT PRIMARY KEY, run_id TEXT NOT NULL UNIQUE, origin TEXT NOT NULL, source_id TEXT NOT NULL, status TEXT NOT NULL,
    title TEXT NOT NULL, prompt TEXT NOT NULL, agent_id TEXT NOT NULL, session_key TEXT NOT NULL,
    created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, started_at INTEGER, ended_at INTEGER, error TEXT
  ) WITHOUT ROWID;
  CREATE INDEX tasks_recent ON tasks (created_at DESC, id DESC);
  CREATE INDEX tasks_of_session ON tasks (session_key, created_at DESC, id DESC)`,
}

export type TaskStatus = (typeof TASK_STATUSES)[number]

export interface Task {
  readonly id: string
  readonly runId: string
  readonly origin: 'agent' | 'cron' | 'subagent'
  /** What asked for it: the job, the session that spawned it, or the run itself. */
  readonly sourceId: string
  readonly status: TaskStatus
  readonly title: string
  readonly prompt: string
  readonly agentId: string
  readonly sessionKey: string
  readonly createdAt: number
  readonly updatedAt: number
  readonly startedAt: number | null
  readonly endedAt: number | null
  readonly error: string | null
}

export interface TaskFilter {
  readonly statuses?: readonly TaskStatus[]
  readonly agentId?: string
  readonly sessionKey?: string
  /** Older than this one. */
  readonly before?: { readonly createdAt: number; readonly id: string }
}

export interface TaskTable {
  insert(task: Task): void
  /** Changes the task of a run; null when it has none. */
  update(runId: string, changes: Partial<Pick<Task, 'status' | 'updatedAt' | 'startedAt' | 'endedAt' | 'error'>>): Task | null
  get(id: string): Task | null
  /** The latest first. */
  page(filter: TaskFilter, limit: number): Task[]
  /** Forgets what ended before `before`, and what is beyond the newest `most`. */
  prune(before: number, most: number): void
}

const COLUMNS = {
  id: 'id',
  runId: 'run_id',
  origin: 'origin',
  sourceId: 'source_id',
  status: 'status',
  title: 'title',
  prompt: 'prompt',
  agentId: 'agent_id',
  sessionKey: 'session_key',
  createdAt: 'created_at',
  updatedAt: 'updated_at',
  startedAt: 'started_at',
  endedAt: 'ended_at',
  error: 'error',
} as const satisfies Record<keyof Task, string>
const MEMBERS = Object.keys(COLUMNS) as (keyof Task)[]
const SELECT = `SELECT ${MEMBERS.map((member) => `${COLUMNS[member]} AS ${member}`).join(', ')} FROM tasks`

export function createTaskTable(sql: Sql): TaskTable {
  const byRun = (runId: string) => sql.get<Task>(`${SELECT} WHERE run_id = ?`, runId) ?? null

  return {
    insert: (task) =>
      sql.run(
        `INSERT INTO tasks (${Object.values(COLUMNS).join(', ')}) VALUES (${MEMBERS.map(() => '?').join(', ')})`,
        ...MEMBERS.map((member) => task[member]),
      ),
    update(runId, changes) {
      const members = Object.keys(changes) as (keyof Task)[]
      sql.run(
        `UPDATE tasks SET ${members.map((member) => `${COLUMNS[member]} = ?`).join(', ')} WHERE run_id = ?`,
        ...members.map((member) => (changes as Partial<Task>)[member] ?? null),
        runId,
      )
      return byRun(runId)
    },
    get: (id) => sql.get<Task>(`${SELECT} WHERE id = ?`, id) ?? null,
    page(filter, limit) {
      const { where, values } = toWhere(filter)
      return sql.all<Task>(`${SELECT} ${where} ORDER BY created_at DESC, id DESC LIMIT ?`, ...values, limit)
    },
    prune(before, most) {
      sql.run('DELETE FROM tasks WHERE created_at < ? AND ended_at < ?', before, before)
      sql.run('DELETE FROM tasks WHERE ended_at IS NOT NULL AND created_at < (SELECT created_at FROM tasks ORDER BY created_at DESC LIMIT 1 OFFSET ?)', most)
    },
  }
}

function toWhere({ statuses, agentId, sessionKey, before }: TaskFilter): { where: string; values: SqlValue[] } {
  const conditions: string[] = []
  const values: SqlValue[] = []
  const add = (condition: string, ...given: SqlValue[]) => {
    conditions.push(condition)
    values.push(...given)
  }
  if (statuses) add(`status IN (${statuses.map(() => '?').join(', ')})`, ...statuses)
  if (agentId !== undefined) add('agent_id = ?', agentId)
  if (sessionKey !== undefined) add('session_key = ?', sessionKey)
  if (before) add('(created_at, id) < (?, ?)', before.createdAt, before.id)
  return { where: conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : '', values }
}
