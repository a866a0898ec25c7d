// Calls that were accepted: what they asked for, until it is done, and afterwards what became of it.

import type { Sql } from '../../ports/sql.ts'
import type { Migration } from '../../store/migrate.ts'

export const hooksMigration: Migration = {
  name: 'automation/hooks',
  script: `CREATE TABLE hook_requests (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, hook TEXT NOT NULL, address TEXT, received_at INTEGER NOT NULL,
    status TEXT NOT NULL, turn TEXT, delivery TEXT, proof TEXT, session_key TEXT, started_at INTEGER, ended_at INTEGER, outcome TEXT
  );
  CREATE INDEX hook_requests_open ON hook_requests (status, seq) WHERE status IN ('queued', 'started');
  CREATE UNIQUE INDEX hook_requests_delivery ON hook_requests (hook, delivery) WHERE delivery IS NOT NULL;
  CREATE UNIQUE INDEX hook_requests_proof ON hook_requests (hook, proof) WHERE proof IS NOT NULL`,
}

export type HookStatus = 'queued' | 'started' | 'done' | 'failed' | 'woken'

/** A turn of an agent that somebody has called for. */
export interface HookTurn {
  readonly agentId: string
  readonly sessionKey: string
  readonly message: string
  readonly name: string
  readonly model?: string | undefined
  readonly thinking?: string | undefined
  readonly timeoutSeconds?: number | undefined
}

export interface HookRow {
  readonly seq: number
  /** That of the run, too. */
  readonly id: string
  /** `agent`, `wake`, or the id of a mapping. */
  readonly hook: string
  readonly address: string | null
  readonly receivedAt: number
  readonly status: HookStatus
  readonly sessionKey: string | null
  readonly startedAt: number | null
  readonly endedAt: number | null
  /** How the run ended, or why none began. */
  readonly outcome: string | null
}

export interface OpenHook {
  readonly id: string
  readonly status: 'queued' | 'started'
  readonly hook: string
  readonly turn: HookTurn
}

/** What tells that a call has come before. */
export interface Marks {
  /** As its sender counts them. */
  readonly delivery: string | null
  /** Its signature, where it is good for one call. */
  readonly proof: string | null
}

export interface HookTable {
  insert(row: Pick<HookRow, 'id' | 'hook' | 'address' | 'receivedAt' | 'status' | 'sessionKey'> & { readonly turn: HookTurn | null } & Marks): void
  /** The id of one that has come before. */
  known(hook: string, marks: Marks): string | null
  /** The oldest first. */
  open(status: 'queued' | 'started', limit: number): OpenHook[]
  countOpen(): number
  start(id: string, at: number): void
  requeue(id: string): void
  /** What it asked for is forgotten then. */
  end(id: string, status: 'done' | 'failed', outcome: string, at: number): void
  /** Newest first. */
  list(page: { readonly before?: number | undefined; readonly limit: number }): HookRow[]
  /** Forgets some of those that ended: from before `before`, or more than are kept. */
  prune(before: number): void
}

const PRUNE_STEP = 2000
const MAX_KEPT = 100_000
const COLUMNS = 'seq, id, hook, address, received_at AS receivedAt, status, session_key AS sessionKey, started_at AS startedAt, ended_at AS endedAt, outcome'

export function createHookTable(sql: Sql): HookTable {
  return {
    insert: ({ id, hook, address, receivedAt, status, turn, delivery, proof, sessionKey }) =>
      sql.run(
        'INSERT INTO hook_requests (id, hook, address, received_at, status, turn, delivery, proof, session_key) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
        id,
        hook,
        address,
        receivedAt,
        status,
        turn && JSON.stringify(turn),
        delivery,
        proof,
        sessionKey,
      ),
    known: (hook, { delivery, proof }) =>
      sql.get<{ id: string }>('SELECT id FROM hook_requests WHERE (hook = ? AND delivery = ?) OR (hook = ? AND proof = ?) ORDER BY seq LIMIT 1', hook, delivery, hook, proof)?.id ?? null,
    open: (status, limit) =>
      sql
        .all<{ id: string; hook: string; turn: string }>('SELECT id, hook, turn FROM hook_requests WHERE status = ? ORDER BY seq LIMIT ?', status, limit)
        .map(({ id, hook, turn }) => ({ id, hook, status, turn: JSON.parse(turn) as HookTurn })),
    countOpen: () => sql.get<{ n: number }>(`SELECT count(*) AS n FROM hook_requests WHERE status IN ('queued', 'started')`)!.n,
    start: (id, at) => sql.run(`UPDATE hook_requests SET status = 'started', started_at = ? WHERE id = ?`, at, id),
    requeue: (id) => sql.run(`UPDATE hook_requests SET status = 'queued', started_at = NULL WHERE id = ?`, id),
    end: (id, status, outcome, at) => sql.run('UPDATE hook_requests SET status = ?, outcome = ?, ended_at = ?, turn = NULL WHERE id = ?', status, outcome, at, id),
    list: ({ before = Number.MAX_SAFE_INTEGER, limit }) => sql.all<HookRow>(`SELECT ${COLUMNS} FROM hook_requests WHERE seq < ? ORDER BY seq DESC LIMIT ?`, before, limit),
    prune: (before) =>
      sql.run(
        `DELETE FROM hook_requests WHERE seq IN (SELECT seq FROM hook_requests
           WHERE (received_at < ? OR seq <= (SELECT max(seq) FROM hook_requests) - ?) AND status NOT IN ('queued', 'started') ORDER BY seq LIMIT ?)`,
        before,
        MAX_KEPT,
        PRUNE_STEP,
      ),
  }
}
