// The tables of all services, in the one order: the number of those that are applied is the version of the database.

import { collectionMigration } from '../store/collection.ts'
import { idempotencyMigration } from '../store/idempotency.ts'
import type { Migration } from '../store/migrate.ts'
import { cronRunsMigration } from './automation/cron-runs.ts'
import { cronSessionsMigration } from './automation/cron-sessions.ts'
import { cronJobsMigration } from './automation/cron-table.ts'
import { hooksMigration } from './automation/hook-table.ts'
import { systemEventsMigration } from './automation/system-events.ts'
import { grantsMigration } from './conversation/approval-grants.ts'
import { approvalsMigration } from './conversation/approval-table.ts'
import { branchesMigration } from './conversation/branch-table.ts'
import { compactionsMigration } from './conversation/compaction-table.ts'
import { responsesMigration } from './conversation/responses-table.ts'
import { suspensionsMigration } from './conversation/run-suspension.ts'
import { runsMigration } from './conversation/run-table.ts'
import { searchMigration } from './conversation/search-index.ts'
import { sessionsArchivedAtMigration, sessionsMigration } from './conversation/session-table.ts'
import { tasksMigration } from './conversation/task-table.ts'
import { transcriptsMigration } from './conversation/transcripts.ts'
import { usageMigration } from './conversation/usage-table.ts'
import { nodeInvokesMigration } from './fleet/node-invoke-table.ts'
import { nodePendingMigration } from './fleet/node-pending.ts'
import { nodeSurfaceMigration } from './fleet/node-surface.ts'
import { auditMigration } from './operations/audit-table.ts'
import { configHistoryMigration } from './operations/config-history.ts'
import { keysMigration } from './identity/key-table.ts'
import { pushMigration } from './push/subscriptions.ts'
import { subAgentsMigration } from './tools/sub-agent-table.ts'

/** Append only. */
export const MIGRATIONS: readonly Migration[] = [
  collectionMigration,
  idempotencyMigration,
  transcriptsMigration,
  sessionsMigration,
  runsMigration,
  approvalsMigration,
  grantsMigration,
  suspensionsMigration,
  configHistoryMigration,
  nodeInvokesMigration,
  nodePendingMigration,
  nodeSurfaceMigration,
  systemEventsMigration,
  cronJobsMigration,
  cronRunsMigration,
  cronSessionsMigration,
  auditMigration,
  pushMigration,
  branchesMigration,
  compactionsMigration,
  searchMigration,
  usageMigration,
  tasksMigration,
  sessionsArchivedAtMigration,
  responsesMigration,
  hooksMigration,
  keysMigration,
  subAgentsMigration,
]
