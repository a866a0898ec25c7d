// Named keys as they are kept: never the key itself; and what was used under each, by day.

import * as z from 'zod'
import { BUDGET_PERIODS, SCOPES } from '../../protocol/scopes.ts'
import type { Sql } from '../../ports/sql.ts'
import type { Migration } from '../../store/migrate.ts'

export const keysMigration: Migration = {
  name: 'keys/tables',
  script: `CREATE TABLE api_keys (
    id TEXT PRIMARY KEY, kind TEXT NOT NULL, hash TEXT, facts TEXT NOT NULL,
    created_at INTEGER NOT NULL, expires_at INTEGER, revoked_at INTEGER
  ) WITHOUT ROWID;
  CREATE TABLE api_key_usage (
    key_id TEXT NOT NULL, day INTEGER NOT NULL, requests INTEGER NOT NULL, input INTEGER NOT NULL, output INTEGER NOT NULL,
    tokens INTEGER NOT NULL, micros INTEGER NOT NULL, PRIMARY KEY (key_id, day)
  ) WITHOUT ROWID`,
}

const keyFacts = z.object({
  name: z.string(),
  scopes: z.array(z.enum(SCOPES)),
  agents: z.array(z.string()).optional(),
  models: z.array(z.string()).optional(),
  requestsPerMinute: z.int().optional(),
  budget: z.strictObject({ tokens: z.int().optional(), usd: z.number().optional(), period: z.enum(BUDGET_PERIODS) }).optional(),
  /** The id of the principal. */
  madeBy: z.string(),
})
type KeyFacts = z.output<typeof keyFacts>

export interface KeyRow extends KeyFacts {
  readonly id: string
  /** `opaque` is looked up; `signed` says itself what it allows. */
  readonly kind: 'opaque' | 'signed'
  readonly createdAtMs: number
  readonly expiresAtMs?: number
  readonly revokedAtMs?: number
}

export interface KeyUsage {
  readonly requests: number
  readonly input: number
  readonly output: number
  readonly tokens: number
  /** Millionths of a USD. */
  readonly micros: number
}

export interface KeyTable {
  insert(row: KeyRow, hash: string | null): void
  get(id: string): KeyRow | null
  hashOf(id: string): string | null
  /** In order of id, `after` exclusive. */
  list(page: { readonly after?: string; readonly limit: number }): KeyRow[]
  /** Made by this principal, and not revoked. */
  madeBy(principalId: string): KeyRow[]
  count(): number
  revoke(id: string, at: number): void
  /** Ids of those that were revoked. */
  revoked(): string[]
  addUsage(id: string, day: number, usage: KeyUsage): void
  /** From `day` on. */
  usage(id: string, day: number): KeyUsage
  /** Forgets keys that ended before `endedBefore`, and what was used before `day`. */
  prune(endedBefore: number, day: number): void
}

interface Row {
  id: string
  kind: 'opaque' | 'signed'
  facts: string
  created_at: number
  expires_at: number | null
  revoked_at: number | null
}

const COLUMNS = 'id, kind, facts, created_at, expires_at, revoked_at'
const PRUNE_STEP = 1000

function toKey({ id, kind, facts, created_at, expires_at, revoked_at }: Row): KeyRow {
  return {
    id,
    kind,
    ...keyFacts.parse(JSON.parse(facts)),
    createdAtMs: created_at,
    ...(expires_at !== null && { expiresAtMs: expires_at }),
    ...(revoked_at !== null && { revokedAtMs: revoked_at }),
  }
}

export function createKeyTable(sql: Sql): KeyTable {
  return {
    insert(row, hash) {
      const values = [row.id, row.kind, hash, JSON.stringify(keyFacts.parse(row)), row.createdAtMs, row.expiresAtMs ?? null]
      sql.run('INSERT INTO api_keys (id, kind, hash, facts, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)', ...values)
    },
    get(id) {
      const row = sql.get<Row>(`SELECT ${COLUMNS} FROM api_keys WHERE id = ?`, id)
      return row ? toKey(row) : null
    },
    hashOf: (id) => sql.get<{ hash: string | null }>('SELECT hash FROM api_keys WHERE id = ?', id)?.hash ?? null,
    list: ({ after = '', limit }) => sql.all<Row>(`SELECT ${COLUMNS} FROM api_keys WHERE id > ? ORDER BY id LIMIT ?`, after, limit).map(toKey),
    madeBy: (principalId) =>
      sql.all<Row>(`SELECT ${COLUMNS} FROM api_keys WHERE revoked_at IS NULL AND json_extract(facts, '$.madeBy') = ?`, principalId).map(toKey),
    count: () => sql.get<{ n: number }>('SELECT count(*) AS n FROM api_keys')?.n ?? 0,
    revoke: (id, at) => sql.run('UPDATE api_keys SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL', at, id),
    revoked: () => sql.all<{ id: string }>('SELECT id FROM api_keys WHERE revoked_at IS NOT NULL').map(({ id }) => id),
    addUsage: (id, day, { requests, input, output, tokens, micros }) =>
      sql.run(
        `INSERT INTO api_key_usage (key_id, day, requests, input, output, tokens, micros) VALUES (?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (key_id, day) DO UPDATE SET requests = requests + excluded.requests, input = input + excluded.input,
           output = output + excluded.output, tokens = tokens + excluded.tokens, micros = micros + excluded.micros`,
        id,
        day,
        requests,
        input,
        output,
        tokens,
        micros,
      ),
    usage: (id, day) =>
      sql.get<{ [member in keyof KeyUsage]: number }>(
        `SELECT coalesce(sum(requests), 0) AS requests, coalesce(sum(input), 0) AS input, coalesce(sum(output), 0) AS output,
           coalesce(sum(tokens), 0) AS tokens, coalesce(sum(micros), 0) AS micros FROM api_key_usage WHERE key_id = ? AND day >= ?`,
        id,
        day,
      )!,
    prune(endedBefore, day) {
      sql.run('DELETE FROM api_key_usage WHERE day < ?', day)
      const ended = sql.all<{ id: string }>('SELECT id FROM api_keys WHERE expires_at < ? OR (revoked_at < ? AND expires_at IS NULL) LIMIT ?', endedBefore, endedBefore, PRUNE_STEP)
      for (const { id } of ended) {
        sql.run('DELETE FROM api_keys WHERE id = ?', id)
        sql.run('DELETE FROM api_key_usage WHERE key_id = ?', id)
      }
    },
  }
}
