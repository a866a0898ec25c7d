// The tables of all services, in the one order: the number of those that are applied is the version of the database.

import { collectionMigration } from '../store/collection.ts'
import { idempotencyMigration } from '../store/idempotency.ts'
import type { Migration } from '../store/migrate.ts'
import { runsMigration } from './conversation/run-table.ts'
import { sessionsMigration } from './conversation/session-table.ts'
import { transcriptsMigration } from './conversation/transcripts.ts'

/** Append only. */
export const MIGRATIONS: readonly Migration[] = [collectionMigration, idempotencyMigration, transcriptsMigration, sessionsMigration, runsMigration]
