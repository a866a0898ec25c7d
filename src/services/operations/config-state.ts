// What is kept of the configuration in the database: the key of its hashes, the patch that is laid over a text which
// cannot be written, and the change that waits to be confirmed. It is read before the tables are brought up to date:
// the first start finds none.

import * as z from 'zod'
import { randomToken } from '../../kit/ids.ts'
import type { Sql } from '../../ports/sql.ts'
import { createCollection } from '../../store/collection.ts'
import type { Commit } from '../../store/commit.ts'

const unconfirmed = z.strictObject({
  /** Of the text that waits. */
  hash: z.string(),
  /** The text to go back to; null: there was none. */
  previous: z.string().nullable(),
  /** When it is taken back, epoch milliseconds. */
  deadline: z.int(),
  by: z.string(),
})
export type Unconfirmed = z.output<typeof unconfirmed>

export interface ConfigState {
  /** The same over all starts. */
  hashKey(): string
  patch(): Readonly<Record<string, unknown>> | null
  setPatch(patch: Readonly<Record<string, unknown>> | null): void
  unconfirmed(): Unconfirmed | null
  setUnconfirmed(change: Unconfirmed | null): void
}

const ONLY = 'only'

export function createConfigState({ sql, commit }: { sql: Sql; commit: Commit }): ConfigState {
  const keys = createCollection(sql, 'config-hash-key', z.string())
  const patches = createCollection(sql, 'config-patch', z.record(z.string(), z.unknown()))
  const waiting = createCollection(sql, 'config-unconfirmed', unconfirmed)
  let key: string | null = null
  let kept = false

  const isReady = () => sql.get("SELECT 1 AS found FROM sqlite_master WHERE type = 'table' AND name = 'collections'") !== undefined

  function hashKey(): string {
    if (kept) return key!
    const ready = isReady()
    const known = ready ? keys.get(ONLY)?.value : undefined
    const chosen = known ?? key ?? randomToken()
    if (ready && known === undefined) commit.tx(() => keys.put(ONLY, chosen))
    kept = ready
    return (key = chosen)
  }

  return {
    hashKey,
    patch: () => (isReady() ? (patches.get(ONLY)?.value ?? null) : null),
    setPatch: (patch) => commit.tx(() => void (patch === null ? patches.delete(ONLY) : patches.put(ONLY, { ...patch }))),
    unconfirmed: () => (isReady() ? (waiting.get(ONLY)?.value ?? null) : null),
    setUnconfirmed: (change) => commit.tx(() => void (change === null ? waiting.delete(ONLY) : waiting.put(ONLY, change))),
  }
}

/** For a configuration without a database: nothing is kept. */
export function createFleetingState(): ConfigState {
  const key = randomToken()
  return { hashKey: () => key, patch: () => null, setPatch: () => {}, unconfirmed: () => null, setUnconfirmed: () => {} }
}
