// The record of runs: what was accepted, what became of it, and the text that had been produced when a process died.

import type { Trace } from '../../kit/trace.ts'
import type { Principal, Role, Scope } from '../../protocol/scopes.ts'
import type { Message, Usage } from '../../protocol/shapes.ts'
import type { ModelErrorKind, ModelMessage, ModelSettings, ModelTool, ModelToolCall } from '../../ports/model.ts'
import type { Sql } from '../../ports/sql.ts'
import type { Migration } from '../../store/migrate.ts'
import type { Aside } from './aside.ts'

export const runsMigration: Migration = {
  name: 'runs/tables',
  script: `CREATE TABLE runs (
    id TEXT PRIMARY KEY, session_key TEXT NOT NULL, origin TEXT NOT NULL, hash TEXT NOT NULL,
    state TEXT NOT NULL, request TEXT, attempts INTEGER NOT NULL,
    accepted_at INTEGER NOT NULL, ordinal INTEGER NOT NULL, ended_at INTEGER, result TEXT
  ) WITHOUT ROWID;
  CREATE INDEX runs_open ON runs (ordinal) WHERE ended_at IS NULL;
  CREATE TABLE run_output (
    run_id TEXT NOT NULL, n INTEGER NOT NULL, text TEXT NOT NULL, PRIMARY KEY (run_id, n)
  ) WITHOUT ROWID`,
}

/**
 * Where a run came from. Nobody waits for an `http` run after a restart, so it is not taken up again; nor is one of a job
 * (`cron`), which starts once for each of its slots.
 */
export type RunOrigin = 'chat' | 'agent' | 'http' | 'cron' | 'heartbeat' | 'hook'

export type RunState = 'queued' | 'running' | 'ok' | 'error' | 'aborted' | 'interrupted'

export interface RunRequest {
  /** The idempotency key of whoever sent it. */
  readonly runId: string
  readonly sessionKey: string
  readonly origin: RunOrigin
  readonly principal: Principal
  /** Of everything that must be equal for a repetition to be one. */
  readonly hash: string
  /** What is added to the transcript when the run begins: the user's message, or results of a client's tools. */
  readonly input: readonly Message[]
  /** `provider/model`; absent: that of the session or the agent. */
  readonly model?: string
  /** Instead of the fallbacks of the agent, in order. */
  readonly fallbacks?: readonly string[]
  readonly settings: ModelSettings
  readonly timeoutMs?: number
  /** Said to the model behind the agent's own instructions. */
  readonly instructions?: string
  /** The conversation as the client gave it, instead of the transcript. */
  readonly turns?: readonly ModelMessage[]
  /** Tools that the client runs: when the model calls one, the run ends with the call. */
  readonly clientTools?: readonly ModelTool[]
  /** The tools that it may use at most, by name; `*` is all. Absent: those that its principal may. */
  readonly toolsAllow?: readonly string[]
  /** Asked by the gateway itself, behind the conversation. */
  readonly aside?: Aside
  /** No instructions and no tools of the gateway: the caller addressed a model, not an agent. */
  readonly bare?: boolean
  /**
   * What becomes of it when another run goes on in its session: `steer` is told to that run between two steps, if it
   * has any more; `collect` is answered together with others that wait. Absent: it is answered in its turn.
   */
  readonly queueMode?: 'steer' | 'collect'
  /** The session whose run made this one, as a sub-agent. */
  readonly spawnedBy?: string
  /** The caller hears nothing before the end. */
  readonly whole?: boolean
  /** The session is made for this run, and its key and the run's id are new: nothing has to be looked up. */
  readonly isNew?: boolean
  /** Where in somebody's trace it stands. */
  readonly trace?: Trace
}

/** Why a run ended whose message became part of another one. */
export const JOINED = 'joined'

export interface RunError {
  readonly message: string
  readonly kind: ModelErrorKind | 'interrupted' | 'internal'
  readonly status?: number
  /** How long the provider wants to be left alone. */
  readonly retryAfterMs?: number
}

export interface RunResult {
  readonly state: Exclude<RunState, 'queued' | 'running'>
  /** Everything that was said, over all steps. */
  readonly text: string
  /** Why it ended: `stop`, `length`, `tool_calls`, `content_filter`; for an abort who ended it: `rpc`, `timeout`, … */
  readonly stopReason: string
  readonly toolCalls: readonly ModelToolCall[]
  readonly usage: Usage
  readonly provider: string
  readonly model: string
  readonly startedAt: number
  readonly endedAt: number
  readonly responseId?: string
  /** With the last words of the text the model declined to answer. */
  readonly refused?: true
  readonly error?: RunError
}

export interface RunRecord {
  readonly id: string
  readonly sessionKey: string
  readonly hash: string
  readonly state: RunState
  readonly acceptedAt: number
  readonly attempts: number
  readonly result: RunResult | null
  /** null once it has ended. */
  readonly request: RunRequest | null
}

export interface RunTable {
  get(runId: string): RunRecord | null
  /** Accepted and not ended, in the order of acceptance. */
  open(): string[]
  queuedIn(sessionKey: string, limit: number): RunRecord[]
  /** `begins`: it does not wait in a queue. */
  insert(request: RunRequest, begins: boolean, at: number): void
  /** A run that has ended already: it was not on record before. */
  insertEnded(request: RunRequest, result: RunResult): void
  begin(runId: string): void
  /** Keeps text that was produced, so that it is there after a crash. */
  addOutput(runId: string, n: number, text: string): void
  output(runId: string): string
  /** What was produced stands in the transcript now. */
  clearOutput(runId: string): void
  /** `hasOutput`: some was kept with addOutput. */
  end(runId: string, result: RunResult, hasOutput: boolean): void
  /** Forgets some of the runs that ended before `before`; each call goes on where the last one stopped. */
  prune(before: number): void
}

interface Row {
  id: string
  session_key: string
  hash: string
  state: RunState
  request: string | null
  attempts: number
  accepted_at: number
  result: string | null
}

/** Rows that one call of `prune` looks at. */
const PRUNE_STEP = 5000

export function createRunTable(sql: Sql): RunTable {
  let lastOrdinal: number | null = null
  let prunedTo = ''

  const lastOpen = () => sql.get<{ n: number | null }>('SELECT max(ordinal) AS n FROM runs WHERE ended_at IS NULL')?.n ?? 0

  /** The order of acceptance, also within a millisecond, over restarts, and when the clock goes back. */
  const nextOrdinal = (at: number) => (lastOrdinal = Math.max((lastOrdinal ??= lastOpen()) + 1, at * 1000))

  return {
    get: (runId) => toRecord(sql.get<Row>('SELECT * FROM runs WHERE id = ?', runId)),
    open: () => sql.all<{ id: string }>('SELECT id FROM runs WHERE ended_at IS NULL ORDER BY ordinal').map(({ id }) => id),
    queuedIn: (sessionKey, limit) =>
      sql
        .all<Row>(
          `SELECT * FROM runs WHERE ended_at IS NULL AND state = 'queued' AND session_key = ? ORDER BY ordinal LIMIT ?`,
          sessionKey,
          limit,
        )
        .map((row) => toRecord(row)!),
    insert: (request, begins, at) =>
      sql.run(
        `INSERT INTO runs (id, session_key, origin, hash, state, request, attempts, accepted_at, ordinal)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        request.runId,
        request.sessionKey,
        request.origin,
        request.hash,
        begins ? 'running' : 'queued',
        JSON.stringify(toStored(request)),
        Number(begins),
        at,
        nextOrdinal(at),
      ),
    insertEnded: ({ runId, sessionKey, origin, hash }, result) =>
      sql.run(
        `INSERT INTO runs (id, session_key, origin, hash, state, attempts, accepted_at, ordinal, ended_at, result)
         VALUES (?, ?, ?, ?, ?, 1, ?, ?, ?, ?)`,
        runId,
        sessionKey,
        origin,
        hash,
        result.state,
        result.startedAt,
        nextOrdinal(result.startedAt),
        result.endedAt,
        JSON.stringify(result),
      ),
    begin: (runId) => sql.run(`UPDATE runs SET state = 'running', attempts = attempts + 1 WHERE id = ?`, runId),
    addOutput: (runId, n, text) =>
      sql.run('INSERT OR REPLACE INTO run_output (run_id, n, text) VALUES (?, ?, ?)', runId, n, text),
    output: (runId) =>
      sql
        .all<{ text: string }>('SELECT text FROM run_output WHERE run_id = ? ORDER BY n', runId)
        .map((row) => row.text)
        .join(''),
    clearOutput: (runId) => sql.run('DELETE FROM run_output WHERE run_id = ?', runId),
    end(runId, result, hasOutput) {
      sql.run(
        'UPDATE runs SET state = ?, ended_at = ?, result = ?, request = NULL WHERE id = ?',
        result.state,
        result.endedAt,
        JSON.stringify(result),
        runId,
      )
      if (hasOutput) sql.run('DELETE FROM run_output WHERE run_id = ?', runId)
    },
    prune(before) {
      const ids = sql.all<{ id: string }>('SELECT id FROM runs WHERE id > ? ORDER BY id LIMIT ?', prunedTo, PRUNE_STEP)
      prunedTo = ids.length < PRUNE_STEP ? '' : ids.at(-1)!.id
      const [first, last] = [ids[0]?.id, ids.at(-1)?.id]
      if (first !== undefined) sql.run('DELETE FROM runs WHERE id >= ? AND id <= ? AND ended_at < ?', first, last!, before)
    },
  }
}

type StoredPrincipal = Omit<Principal, 'scopes'> & { readonly scopes: readonly Scope[]; readonly role: Role }

/** What is needed to begin again. An `http` run is not begun again, so its conversation is not kept twice. */
function toStored({ principal, turns, clientTools, ...request }: RunRequest) {
  const stored: StoredPrincipal = { ...principal, scopes: [...principal.scopes] }
  if (request.origin === 'http') return { ...request, principal: stored }
  return { ...request, principal: stored, turns, clientTools }
}

function toRecord(row: Row | undefined): RunRecord | null {
  if (!row) return null
  return {
    id: row.id,
    sessionKey: row.session_key,
    hash: row.hash,
    state: row.state,
    acceptedAt: row.accepted_at,
    attempts: row.attempts,
    result: row.result === null ? null : (JSON.parse(row.result) as RunResult),
    request: row.request === null ? null : toRequest(row.request),
  }
}

function toRequest(json: string): RunRequest {
  const stored = JSON.parse(json) as RunRequest & { principal: StoredPrincipal }
  return { ...stored, principal: { ...stored.principal, scopes: new Set(stored.principal.scopes) } }
}
