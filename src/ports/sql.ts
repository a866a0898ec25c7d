// SQLite, as node:sqlite, bun:sqlite and a Durable Object all have it: synchronous.

/** The disk is full or broken: nothing is wrong with what was asked, and it may be asked again. */
export class StorageError extends Error {}

export type SqlValue = string | number | null | Uint8Array

export interface Sql {
  /** All rows of a query. Parameters are bound, never spliced. */
  all<Row>(query: string, ...params: SqlValue[]): Row[]
  get<Row>(query: string, ...params: SqlValue[]): Row | undefined
  run(query: string, ...params: SqlValue[]): void
  /** Several statements without parameters: for migrations. */
  exec(script: string): void
  /** All or nothing; may be nested. `work` is synchronous, so nothing interleaves with it. */
  tx<T>(work: () => T): T
  /**
   * One long transaction around many `tx`, where each flush to disk costs time. Absent where the runtime itself holds
   * back every output until the writes before it are durable.
   */
  readonly group?: {
    begin(): void
    /** Ends it; resolves when it is on disk. Throws when it cannot be ended, rejects when the disk fails. */
    commit(): Promise<void>
    rollback(): void
  }
}
