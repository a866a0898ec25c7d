// (principal, method, key) → result: a request that is repeated with the same key gets the first one's answer, also
// after a restart. The same key with another body is refused.

import { GatewayError } from '../protocol/errors.ts'
import type { Sql } from '../ports/sql.ts'
import type { Migration } from './migrate.ts'

export const idempotencyMigration: Migration = {
  name: 'store/idempotency',
  script: `CREATE TABLE idempotency (
    principal TEXT NOT NULL, method TEXT NOT NULL, key TEXT NOT NULL,
    hash TEXT NOT NULL, result TEXT NOT NULL, expires_at INTEGER NOT NULL,
    PRIMARY KEY (principal, method, key)
  ) WITHOUT ROWID;
  CREATE INDEX idempotency_expiry ON idempotency (expires_at)`,
}

/** How long a key is remembered. */
export const IDEMPOTENCY_MS = 24 * 60 * 60 * 1000

export interface IdempotencyKey {
  readonly principal: string
  readonly method: string
  readonly key: string
  /** Of the body: what must be equal for a repetition. */
  readonly hash: string
}

export interface Idempotency {
  /**
   * The answer of the first request with this key, or that of `work`, which is remembered. `work` runs in the same
   * transaction as the record of it: both are there or neither is.
   */
  once<T>(key: IdempotencyKey, now: number, work: () => T): { readonly result: T; readonly repeated: boolean }
  /** The remembered answer; null when there is none. Throws, as `once`, for another body. */
  find<T>(key: IdempotencyKey, now: number): T | null
  prune(now: number): void
}

export const idempotencyConflict = (): GatewayError =>
  new GatewayError(
    'INVALID_REQUEST',
    'this idempotency key was already used for a different request: check what became of it, and send with a new key',
    { details: { code: 'IDEMPOTENCY_CONFLICT', reason: 'chat-request-conflict' } },
  )

export function createIdempotency(sql: Sql): Idempotency {
  function find({ principal, method, key, hash }: IdempotencyKey, now: number) {
    const known = sql.get<{ hash: string; result: string }>(
      'SELECT hash, result FROM idempotency WHERE principal = ? AND method = ? AND key = ? AND expires_at > ?',
      principal,
      method,
      key,
      now,
    )
    if (known && known.hash !== hash) throw idempotencyConflict()
    return known
  }

  return {
    find(key, now) {
      const known = find(key, now)
      return known ? JSON.parse(known.result) : null
    },
    once: (wanted, now, work) =>
      sql.tx(() => {
        const { principal, method, key, hash } = wanted
        const known = find(wanted, now)
        if (known) return { result: JSON.parse(known.result), repeated: true }
        const result = work()
        sql.run(
          'INSERT OR REPLACE INTO idempotency (principal, method, key, hash, result, expires_at) VALUES (?, ?, ?, ?, ?, ?)',
          principal,
          method,
          key,
          hash,
          JSON.stringify(result),
          now + IDEMPOTENCY_MS,
        )
        return { result, repeated: false }
      }),
    prune: (now) => sql.run('DELETE FROM idempotency WHERE expires_at <= ?', now),
  }
}
