// What runs took. Counted twice: each run in its session, for as long as runs are kept, and sums by quarter of an hour,
// agent and model, which stay. A quarter of an hour is the step of all time zones, so that days of any of them are sums.

import type { Sql } from '../../ports/sql.ts'
import type { Migration } from '../../store/migrate.ts'

const COUNTS = `runs INTEGER NOT NULL, input INTEGER NOT NULL, output INTEGER NOT NULL, cache_read INTEGER NOT NULL, cache_write INTEGER NOT NULL,
    total INTEGER NOT NULL, user_messages INTEGER NOT NULL, answers INTEGER NOT NULL, tool_calls INTEGER NOT NULL, errors INTEGER NOT NULL`

export const usageMigration: Migration = {
  name: 'usage/tables',
  script: `CREATE TABLE usage_quarters (
    quarter INTEGER NOT NULL, agent_id TEXT NOT NULL, provider TEXT NOT NULL, model TEXT NOT NULL, ${COUNTS},
    latency_sum INTEGER NOT NULL, latency_min INTEGER NOT NULL, latency_max INTEGER NOT NULL,
    PRIMARY KEY (quarter, agent_id, provider, model)
  ) WITHOUT ROWID;
  CREATE TABLE usage_runs (
    session_key TEXT NOT NULL, ended_at INTEGER NOT NULL, run_id TEXT NOT NULL, provider TEXT NOT NULL, model TEXT NOT NULL, ${COUNTS},
    latency INTEGER NOT NULL, PRIMARY KEY (session_key, ended_at, run_id)
  ) WITHOUT ROWID;
  CREATE TABLE usage_tools (
    quarter INTEGER NOT NULL, agent_id TEXT NOT NULL, tool TEXT NOT NULL, calls INTEGER NOT NULL,
    PRIMARY KEY (quarter, agent_id, tool)
  ) WITHOUT ROWID`,
}

export const QUARTER_MS = 15 * 60 * 1000
export const quarterOf = (at: number): number => Math.floor(at / QUARTER_MS)

/** Tokens and what else is counted. Of one run, or of many. */
export interface Counts {
  readonly runs: number
  readonly input: number
  readonly output: number
  readonly cacheRead: number
  readonly cacheWrite: number
  readonly total: number
  readonly userMessages: number
  readonly answers: number
  readonly toolCalls: number
  readonly errors: number
}

export interface RunUsage extends Counts {
  readonly runId: string
  readonly sessionKey: string
  readonly provider: string
  readonly model: string
  readonly endedAt: number
  readonly latency: number
}

export interface Sum extends Counts {
  readonly agentId: string
  readonly provider: string
  readonly model: string
  readonly latencySum: number
  readonly latencyMin: number
  readonly latencyMax: number
}

/** Milliseconds: `from` inclusive, `to` exclusive. */
export interface Span {
  readonly from: number
  readonly to: number
}

export interface UsageTable {
  /** Into the sums: the only write that a run costs whose session nobody looks at. */
  add(agentId: string, run: RunUsage): void
  addRun(run: RunUsage): void
  addToolCall(agentId: string, tool: string, at: number): void
  /** By agent and model. */
  sums(span: Span, agentId?: string): Sum[]
  toolCalls(span: Span, agentId?: string): { readonly name: string; readonly count: number }[]
  /** The newest `limit` runs of a session, oldest first. */
  runsOf(sessionKey: string, span: Span, limit: number): RunUsage[]
  /** When the first sum begins; null when there is none. */
  firstAt(): number | null
  drop(sessionKey: string): void
  /** Forgets some of the runs that ended before `runsBefore`, and sums of before `sumsBefore`. */
  prune(runsBefore: number, sumsBefore: number): void
}

const NAMES = 'runs, input, output, cache_read, cache_write, total, user_messages, answers, tool_calls, errors'
const READ = 'runs, input, output, cache_read AS cacheRead, cache_write AS cacheWrite, total, user_messages AS userMessages, answers, tool_calls AS toolCalls, errors'
const SUMS = READ.replace(/(\w+)(?: AS (\w+))?/g, (_, column: string, name: string = column) => `sum(${column}) AS ${name}`)
const GROWN = NAMES.replace(/\w+/g, (column) => `${column} = ${column} + excluded.${column}`)
/** Rows that one call of `prune` looks at. */
const PRUNE_STEP = 5000

const valuesOf = (counts: Counts): number[] => {
  const { runs, input, output, cacheRead, cacheWrite, total, userMessages, answers, toolCalls, errors } = counts
  return [runs, input, output, cacheRead, cacheWrite, total, userMessages, answers, toolCalls, errors]
}

export function createUsageTable(sql: Sql): UsageTable {
  let prunedTo = ''
  const ofAgent = (agentId: string | undefined) => (agentId === undefined ? '' : ' AND agent_id = ?')
  const range = ({ from, to }: Span, agentId?: string) => [quarterOf(from), quarterOf(to), ...(agentId === undefined ? [] : [agentId])]

  return {
    add: (agentId, run) =>
      sql.run(
        `INSERT INTO usage_quarters (quarter, agent_id, provider, model, ${NAMES}, latency_sum, latency_min, latency_max)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (quarter, agent_id, provider, model) DO UPDATE SET ${GROWN}, latency_sum = latency_sum + excluded.latency_sum,
           latency_min = min(latency_min, excluded.latency_min), latency_max = max(latency_max, excluded.latency_max)`,
        quarterOf(run.endedAt),
        agentId,
        run.provider,
        run.model,
        ...valuesOf(run),
        run.latency,
        run.latency,
        run.latency,
      ),
    addRun: (run) =>
      sql.run(
        `INSERT OR REPLACE INTO usage_runs (session_key, ended_at, run_id, provider, model, ${NAMES}, latency)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        run.sessionKey,
        run.endedAt,
        run.runId,
        run.provider,
        run.model,
        ...valuesOf(run),
        run.latency,
      ),
    addToolCall: (agentId, tool, at) =>
      sql.run(
        `INSERT INTO usage_tools (quarter, agent_id, tool, calls) VALUES (?, ?, ?, 1)
         ON CONFLICT (quarter, agent_id, tool) DO UPDATE SET calls = calls + 1`,
        quarterOf(at),
        agentId,
        tool,
      ),
    sums: (span, agentId) =>
      sql.all<Sum>(
        `SELECT agent_id AS agentId, provider, model, ${SUMS},
           sum(latency_sum) AS latencySum, min(latency_min) AS latencyMin, max(latency_max) AS latencyMax
         FROM usage_quarters WHERE quarter >= ? AND quarter < ?${ofAgent(agentId)} GROUP BY agent_id, provider, model`,
        ...range(span, agentId),
      ),
    toolCalls: (span, agentId) =>
      sql.all(
        `SELECT tool AS name, sum(calls) AS count FROM usage_tools
         WHERE quarter >= ? AND quarter < ?${ofAgent(agentId)} GROUP BY tool ORDER BY count DESC LIMIT 100`,
        ...range(span, agentId),
      ),
    runsOf: (sessionKey, { from, to }, limit) =>
      sql
        .all<RunUsage>(
          `SELECT session_key AS sessionKey, ended_at AS endedAt, run_id AS runId, provider, model, ${READ}, latency FROM usage_runs
           WHERE session_key = ? AND ended_at >= ? AND ended_at < ? ORDER BY ended_at DESC LIMIT ?`,
          sessionKey,
          from,
          to,
          limit,
        )
        .reverse(),
    firstAt() {
      const first = sql.get<{ quarter: number | null }>('SELECT min(quarter) AS quarter FROM usage_quarters')?.quarter ?? null
      return first === null ? null : first * QUARTER_MS
    },
    drop: (sessionKey) => sql.run('DELETE FROM usage_runs WHERE session_key = ?', sessionKey),
    prune(runsBefore, sumsBefore) {
      const keys = sql.all<{ key: string }>('SELECT session_key AS key FROM usage_runs WHERE session_key > ? ORDER BY session_key LIMIT ?', prunedTo, PRUNE_STEP)
      const [first, last] = [keys[0]?.key, keys.at(-1)?.key]
      prunedTo = keys.length < PRUNE_STEP ? '' : last!
      if (first !== undefined) sql.run('DELETE FROM usage_runs WHERE session_key >= ? AND session_key <= ? AND ended_at < ?', first, last!, runsBefore)
      sql.run('DELETE FROM usage_quarters WHERE quarter < ?', quarterOf(sumsBefore))
      sql.run('DELETE FROM usage_tools WHERE quarter < ?', quarterOf(sumsBefore))
    },
  }
}
