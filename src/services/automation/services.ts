// What happens by itself: jobs, heartbeats, system events.

import { parseDuration } from '../../kit/duration.ts'
import type { ConversationServices } from '../conversation/services.ts'
import type { Ground } from '../ground.ts'
import type { IdentityServices } from '../identity/services.ts'
import type { Settings } from '../operations/settings-services.ts'
import { createCron, type Cron } from './cron.ts'
import { createCronExecution } from './cron-execution.ts'
import { createCronRuns } from './cron-runs.ts'
import { createCronSessions } from './cron-sessions.ts'
import { createCronTable } from './cron-table.ts'
import { createCronTelling, type CronTelling } from './cron-telling.ts'
import { createCronTurns, type CronTurns } from './cron-turns.ts'
import { createHeartbeat, type Heartbeat } from './heartbeat.ts'
import { createHeartbeatSettings } from './heartbeat-settings.ts'
import { createHookRegistry, type HookRegistry } from './hook-registry.ts'
import { createHookTable } from './hook-table.ts'
import { createHooks, type Hooks } from './hooks.ts'
import { createScheduler, type Scheduler } from './scheduler.ts'
import { createSystemEvents, type SystemEvents } from './system-events.ts'
import { createWriteBudget, type WriteBudget } from './write-budget.ts'

export interface AutomationServices {
  readonly cron: Cron
  readonly cronTelling: CronTelling
  readonly cronTurns: CronTurns
  readonly scheduler: Scheduler
  readonly systemEvents: SystemEvents
  readonly heartbeat: Heartbeat
  readonly writeBudget: WriteBudget
  readonly hooks: Hooks
  readonly hookRegistry: HookRegistry
}

const DEFAULT_CONCURRENT = 8
const DAY_MS = 24 * 60 * 60 * 1000
const KEEP_ROWS_MS = 90 * DAY_MS
const KEEP_EVENTS_MS = 30 * DAY_MS
const KEEP_HOOKS_MS = 14 * DAY_MS
const SHOWN_EVENTS = 20

export function createAutomationServices(
  ground: Ground,
  { config, restart }: Settings,
  _identity: IdentityServices,
  conversation: ConversationServices,
): AutomationServices {
  const { platform, commit, bus, wakeups, gate, hibernates } = ground
  const { sql, clock } = platform
  const { agents, models, runs, sessions } = conversation
  const log = ground.log.child('cron')
  const around = { sql, commit, clock, bus, wakeups }

  const systemEvents = createSystemEvents({ ...around, runs, sessions })
  const heartbeatSettings = createHeartbeatSettings({ config, agents, models, hibernates })
  const heartbeat = createHeartbeat({ ...around, settings: heartbeatSettings, events: systemEvents, runs, log: ground.log.child('heartbeat') })

  const table = createCronTable(sql)
  const rows = createCronRuns(sql)
  const cronSessions = createCronSessions({ sql, agents, sessions, runs })
  const turns = createCronTurns({ agents, models, runs, sessions: cronSessions, clock })
  const telling = createCronTelling({ bus, rows })
  const jobs = { table, rows, turns, telling, commit, clock, log }
  const execution = createCronExecution({
    ...jobs,
    sessions: cronSessions,
    gate,
    queueEvent: (key, text) => systemEvents.add(key, text),
    wake: (definition, key) => heartbeat.wake(turns.agentOf(definition), key),
  })
  const settings = () => {
    const { enabled = true, maxConcurrentRuns = DEFAULT_CONCURRENT, skipMissedJobs = false } = config.current.cron ?? {}
    return { enabled, maxConcurrent: maxConcurrentRuns, skipMissed: skipMissedJobs }
  }
  const scheduler = createScheduler({ ...jobs, execution, wakeups, hibernates, settings })
  const cron = createCron({ ...jobs, scheduler, defaultAgentId: () => agents.defaultId(), place: ground.place })

  const hookTable = createHookTable(sql)
  const width = () => config.current.hooks?.maxConcurrent
  const hooks = createHooks({ table: hookTable, agents, runs, systemEvents, heartbeat, wakeups, commit, clock, log: ground.log.child('hooks'), width })

  config.onChange(({ sections }) => {
    if (sections.has('cron')) scheduler.arm()
    if (sections.has('agents') || sections.has('models')) heartbeat.begin()
  })
  restart.deferFor('cron-run', (count) => `${count} running job(s)`, () => execution.active)
  ground.vitals.tell({ heartbeatOf: (agentId) => heartbeat.describe(agentId), queuedEvents: () => systemEvents.texts(SHOWN_EVENTS) })
  ground.upkeep.add((now) => {
    rows.prune(now - KEEP_ROWS_MS)
    systemEvents.prune(now - KEEP_EVENTS_MS)
    hookTable.prune(now - KEEP_HOOKS_MS)
    const { sessionRetention = '24h' } = config.current.cron ?? {}
    const kept = sessionRetention === false ? 0 : parseDuration(sessionRetention)
    if (kept) cronSessions.prune(now - kept)
  })
  return { cron, cronTelling: telling, cronTurns: turns, scheduler, systemEvents, heartbeat, hooks, hookRegistry: createHookRegistry(() => config.current.hooks), writeBudget: createWriteBudget(clock) }
}
