// What is said: agents, models, sessions, runs.

import type { Model, ModelProvider } from '../../ports/model.ts'
import type { Ground } from '../ground.ts'
import type { Settings } from '../operations/settings-services.ts'
import { createActivity, type Activity } from './activity.ts'
import { createAgents, type Agents } from './agents.ts'
import { createInbox, type Inbox } from './inbox.ts'
import { createMedia, type Media } from './media.ts'
import { createModels, type Models } from './models.ts'
import { createRunTable, type RunTable } from './run-table.ts'
import { createRunWatch } from './run-watch.ts'
import { createRuns, type Runs } from './runs.ts'
import { createSessionTable, type SessionTable } from './session-table.ts'
import { createSessions, type Sessions } from './sessions.ts'
import { createTools, type Tools } from './tools.ts'
import { createTranscripts, type Transcripts } from './transcripts.ts'

export interface ConversationServices {
  readonly agents: Agents
  readonly models: Models
  readonly activity: Activity
  readonly transcripts: Transcripts
  readonly table: SessionTable
  readonly sessions: Sessions
  readonly tools: Tools
  readonly media: Media
  readonly runTable: RunTable
  readonly runs: Runs
  readonly inbox: Inbox
}

/** How long an ended run of the past can be asked about. */
const KEEP_RUNS_MS = 7 * 24 * 60 * 60 * 1000

export function createConversationServices(
  ground: Ground,
  { config }: Settings,
  wires: { readonly providers: readonly ModelProvider[]; readonly builtin: Model },
): ConversationServices {
  const { platform, host, log, commit, gate, bus, wakeups, hibernates } = ground
  const { sql, clock, env } = platform
  const agents = createAgents(config)
  const models = createModels({ config, env, ...wires, fetch: platform.fetch, clock, log: log.child('models'), loopback: host.loopback ?? false })
  const activity = createActivity()
  const transcripts = createTranscripts(sql)
  const table = createSessionTable(sql, commit)
  const sessions = createSessions({ table, transcripts, commit, clock, bus, agents, models, activity })
  const tools = createTools()
  const media = createMedia(platform.files)
  const runTable = createRunTable(sql)
  ground.upkeep.add((now) => runTable.prune(now - KEEP_RUNS_MS))
  const { onActivity } = createRunWatch({ wakeups, clock, hibernates })
  const runs = createRuns({
    table: runTable,
    sessions,
    transcripts,
    agents,
    models,
    tools,
    media,
    activity,
    bus,
    gate,
    commit,
    clock,
    log: log.child('runs'),
    settings: () => config.current.agents?.defaults ?? {},
    onActivity,
  })
  const inbox = createInbox({ runs, media, clock })
  return { agents, models, activity, transcripts, table, sessions, tools, media, runTable, runs, inbox }
}
