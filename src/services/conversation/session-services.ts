// What is done with conversations beside having them: going back in them, compacting, grouping, finding, and the
// accounts of what runs used.

import type { Platform } from '../../ports/platform.ts'
import type { Ground } from '../ground.ts'
import type { ConfigService } from '../operations/config.ts'
import type { Activity } from './activity.ts'
import type { Agents } from './agents.ts'
import { createArtifacts, type Artifacts } from './artifacts.ts'
import { createBranchTable } from './branch-table.ts'
import type { CompactionTable } from './compaction-table.ts'
import type { Models } from './models.ts'
import { createPrices } from './prices.ts'
import type { Runs } from './runs.ts'
import { createSearchIndex } from './search-index.ts'
import { createSessionBranches, type SessionBranches } from './session-branches.ts'
import { createSessionCleanup, type SessionCleanup } from './session-cleanup.ts'
import { createSessionCompaction, type SessionCompaction } from './session-compaction.ts'
import { createSessionGroups, type SessionGroups } from './session-groups.ts'
import { createSessionSearch, type SessionSearch } from './session-search.ts'
import type { SessionTable } from './session-table.ts'
import type { Sessions } from './sessions.ts'
import { createTaskTable } from './task-table.ts'
import { createTasks, type Tasks } from './tasks.ts'
import type { Transcripts } from './transcripts.ts'
import { createUsage, type UsageService } from './usage.ts'
import { createUsageRecord } from './usage-record.ts'
import { createUsageTable } from './usage-table.ts'

export interface SessionServices {
  readonly artifacts: Artifacts
  readonly branches: SessionBranches
  readonly cleanup: SessionCleanup
  readonly compaction: SessionCompaction
  readonly groups: SessionGroups
  readonly search: SessionSearch
  readonly tasks: Tasks
  readonly usage: UsageService
}

const DAY_MS = 24 * 60 * 60 * 1000
/** How long what single runs used is known by session, and the sums of all. */
const KEEP_RUN_USAGE_MS = 90 * DAY_MS
const KEEP_SUMS_MS = 1100 * DAY_MS
const KEEP_TASKS_MS = 30 * DAY_MS
const KEEP_TASKS = 20_000

export function createSessionServices(
  { platform, commit, bus, upkeep }: Pick<Ground, 'commit' | 'bus' | 'upkeep'> & { readonly platform: Pick<Platform, 'sql' | 'clock'> },
  deps: {
    readonly config: ConfigService
    readonly table: SessionTable
    readonly sessions: Sessions
    readonly transcripts: Transcripts
    readonly compactions: CompactionTable
    readonly activity: Activity
    readonly agents: Agents
    readonly models: Models
    readonly runs: Runs
  },
): SessionServices {
  const { sql, clock } = platform
  const { sessions, transcripts, activity, runs } = deps
  const index = createSearchIndex(sql, transcripts)
  const search = createSessionSearch({ index, sessions, transcripts, commit })
  const branches = createSessionBranches({ table: createBranchTable(sql), compactions: deps.compactions, search: index, sessions, transcripts, activity, commit, clock })
  const compaction = createSessionCompaction({ ...deps, table: deps.compactions, bus, commit, clock })
  const groups = createSessionGroups({ sql, table: deps.table, sessions, commit, bus, clock })
  const cleanup = createSessionCleanup({ ...deps, commit, clock })
  const usageTable = createUsageTable(sql)
  const record = createUsageRecord({ table: usageTable, sessions, commit, clock })
  runs.onEnded(record.ended)
  compaction.onSummary(record.spent)
  const usage = createUsage({ table: usageTable, sessions, transcripts, prices: createPrices(deps.config), clock })
  const taskTable = createTaskTable(sql)
  const tasks = createTasks({ table: taskTable, runs, bus, clock })
  upkeep.add((now) => {
    search.catchUp()
    usageTable.prune(now - KEEP_RUN_USAGE_MS, now - KEEP_SUMS_MS)
    taskTable.prune(now - KEEP_TASKS_MS, KEEP_TASKS)
  })
  return { artifacts: createArtifacts(transcripts), branches, cleanup, compaction, groups, search, tasks, usage }
}
