// The services of a conversation on real values: SQLite in memory, a clock that stands still, and a record of all that
// was told. Made twice on one database, it is a gateway that died and came back.

import { createStorage } from 'unstorage'
import type { LogRecord, Model, ModelEvent, ModelProvider, ModelRequest } from '../../../src/index.ts'
import { createLogger } from '../../../src/kit/log.ts'
import { uuid } from '../../../src/kit/ids.ts'
import { SCOPES, type Principal } from '../../../src/protocol/scopes.ts'
import type { Fetch } from '../../../src/ports/platform.ts'
import { createCommit } from '../../../src/store/commit.ts'
import { createGate } from '../../../src/store/gate.ts'
import { migrate } from '../../../src/store/migrate.ts'
import { createBuiltinModel } from '../../../src/models/builtin.ts'
import { createBus, type Audience } from '../../../src/services/bus.ts'
import { createApprovalGrants } from '../../../src/services/conversation/approval-grants.ts'
import { createApprovalPolicy } from '../../../src/services/conversation/approval-policy.ts'
import { createApprovalRoutes } from '../../../src/services/conversation/approval-routes.ts'
import { createApprovalTable } from '../../../src/services/conversation/approval-table.ts'
import { createApprovals } from '../../../src/services/conversation/approvals.ts'
import { createActivity } from '../../../src/services/conversation/activity.ts'
import { createAgents } from '../../../src/services/conversation/agents.ts'
import { createCompactionTable } from '../../../src/services/conversation/compaction-table.ts'
import { createCommands } from '../../../src/services/conversation/commands.ts'
import { createRunReplies } from '../../../src/services/conversation/run-replies.ts'
import { createInbox } from '../../../src/services/conversation/inbox.ts'
import { createMedia } from '../../../src/services/conversation/media.ts'
import { createModels } from '../../../src/services/conversation/models.ts'
import { createSuspensions } from '../../../src/services/conversation/run-suspension.ts'
import { createRuns } from '../../../src/services/conversation/runs.ts'
import { createRunTable, type RunRequest } from '../../../src/services/conversation/run-table.ts'
import { createSessionSight } from '../../../src/services/conversation/session-sight.ts'
import { createSessionServices } from '../../../src/services/conversation/session-services.ts'
import { createSessionTable } from '../../../src/services/conversation/session-table.ts'
import { createSessions } from '../../../src/services/conversation/sessions.ts'
import { createToolPolicy } from '../../../src/services/conversation/tool-policy.ts'
import { createTools } from '../../../src/services/conversation/tools.ts'
import { createTranscripts } from '../../../src/services/conversation/transcripts.ts'
import { MIGRATIONS } from '../../../src/services/migrations.ts'
import { createUpkeep } from '../../../src/services/operations/upkeep.ts'
import { createWakeups } from '../../../src/services/operations/wakeups.ts'
import { createConfig } from '../../../src/services/operations/config.ts'
import { fakeClock, type FakeClock } from '../../harness/clock.ts'
import type { Data } from '../../harness/client.ts'
import { memorySql, type TestSql } from '../../harness/sql.ts'

export const OPERATOR: Principal = { id: 'operator', role: 'operator', scopes: new Set(SCOPES) }

/** An event as a socket would receive it. */
export interface Told {
  readonly name: string
  readonly payload: Data
  readonly audience: Audience
}

export interface ConversationOptions {
  readonly sql?: TestSql
  readonly clock?: FakeClock
  readonly config?: unknown
  readonly env?: Readonly<Record<string, string>>
  readonly providers?: readonly ModelProvider[]
  readonly fetch?: Fetch
  readonly loopback?: boolean
}

export type Conversation = Awaited<ReturnType<typeof createConversation>>

export async function createConversation(options: ConversationOptions = {}) {
  const { sql = memorySql(), clock = fakeClock(), env = {} } = options
  const logged: LogRecord[] = []
  const told: Told[] = []
  const activeCounts: number[] = []
  /** Whether anybody is connected who could hear an event. */
  const audience = { present: true }
  const log = createLogger('test', (record) => logged.push(record), clock.now)
  migrate(sql, MIGRATIONS)
  const commit = createCommit(sql, clock, (error) => log.error('flush failed', { error: String(error) }))
  const gate = createGate(commit, (error) => log.error('send failed', { error: String(error) }))
  const bus = createBus(gate)
  bus.attach({
    deliver: (event, payload, to) => void told.push({ name: event.name, payload: event.payload.parse(payload()), audience: to }),
    isHeard: () => audience.present,
  })
  const config = createConfig({ source: { path: 'test', read: async () => null }, env, log, given: options.config ?? {} })
  await config.load()
  const agents = createAgents(config)
  const models = createModels({
    config,
    env,
    providers: options.providers ?? [],
    builtin: createBuiltinModel(clock),
    fetch: options.fetch ?? (() => Promise.reject(new Error('no network in this test'))),
    clock,
    log,
    loopback: options.loopback ?? false,
  })
  const activity = createActivity()
  const transcripts = createTranscripts(sql)
  const table = createSessionTable(sql, commit)
  const sessions = createSessions({ table, transcripts, commit, clock, bus, agents, models, activity })
  const toolPolicy = createToolPolicy(config)
  const tools = createTools({ clock, policy: toolPolicy })
  const sight = createSessionSight({ config, agents, sessions })
  let alarmAt: number | null = null
  const wakeups = createWakeups({ alarm: { set: (at) => void (alarmAt = at) }, clock, log })
  const approvalTable = createApprovalTable(sql)
  const grants = createApprovalGrants(sql)
  const approvals = createApprovals({ table: approvalTable, grants, routes: createApprovalRoutes(bus), commit, gate, clock, wakeups })
  const policy = createApprovalPolicy({ sql, commit, place: 'test' })
  const suspensions = createSuspensions({ sql, approvals, policy, tools })
  const files = createStorage()
  const media = createMedia(files)
  const runTable = createRunTable(sql)
  const compactions = createCompactionTable(sql)
  const runs = createRuns({
    table: runTable,
    sessions,
    transcripts,
    compactions,
    agents,
    models,
    tools,
    suspensions,
    media,
    activity,
    bus,
    gate,
    commit,
    clock,
    log,
    settings: () => config.current.agents?.defaults ?? {},
    onActivity: (active) => void activeCounts.push(active),
  })
  const commands = createCommands({ sessions, models, tools, approvals, clock })
  const replies = createRunReplies({ table: runTable, sessions, commit, bus, clock })
  const inbox = createInbox({ runs, replies, commands, sessions, media, clock })
  const upkeep = createUpkeep()
  const ground = { platform: { sql, clock }, commit, bus, upkeep }
  const more = createSessionServices(ground, { config, table, sessions, transcripts, compactions, activity, agents, models, runs })

  return {
    sql, clock, logged, told, activeCounts, audience, commit, gate, bus, config, agents, models, activity, transcripts, table, sessions, tools, toolPolicy, sight,
    files, media, runTable, runs, inbox, commands, replies, wakeups, approvalTable, grants, approvals, policy, suspensions,
    compactions, upkeep, ...more,
    alarmAt: () => alarmAt,
    /** The payloads of the events of one name. */
    heard: (name: string): Data[] => told.filter((event) => event.name === name).map((event) => event.payload as Data),
    /** What the transcript of a session says: `role: text`, a call as `call name`. */
    said(key: string): string[] {
      const { sessionId, floor, messages } = sessions.get(key)!
      return transcripts.messages(sessionId, { after: floor, upTo: messages, limit: 1000 }).map((message) => {
        const parts = typeof message.content === 'string' ? [{ type: 'text', text: message.content }] : message.content
        const texts = (parts as Data[]).map((part) => (part.type === 'toolCall' ? `call ${part.name}` : part.type === 'text' ? part.text : part.type))
        return `${message.role}: ${texts.join(' | ')}`
      })
    },
  } // prettier-ignore
}

export const KEY = 'agent:main:here'

/** A run as the inbox would make it. */
export function requestOf(message: string, more: Partial<RunRequest> = {}): RunRequest {
  const runId = more.runId ?? uuid()
  return {
    runId,
    sessionKey: KEY,
    origin: 'chat',
    principal: OPERATOR,
    hash: message,
    input: [{ role: 'user', content: message, timestamp: 0, idempotencyKey: `${runId}:user` }],
    settings: {},
    ...more,
  }
}

type Play = (request: ModelRequest, signal: AbortSignal) => AsyncIterable<readonly ModelEvent[]>

export const modelOf = (id: string, play: Play): Model => {
  const [provider = '', model = ''] = id.split('/')
  return { id, provider, model, api: 'played', stream: (request, { signal }) => play(request, signal) }
}

/** A provider `played`, whose models do what a function says; `PLAYED` is the configuration that chooses it. */
export const playedProvider = (play: Play): ModelProvider => ({
  api: 'played',
  model: (spec) => modelOf(`${spec.provider}/${spec.model}`, play),
})

export const PLAYED = {
  agents: { defaults: { model: 'played/one' } },
  models: { providers: { played: { api: 'played', baseUrl: 'http://played.test' } } },
}

/** Events of a whole answer. */
export const answer = (text: string): readonly ModelEvent[] => [
  { type: 'text', text },
  { type: 'usage', usage: { input: 3, output: 2, cacheRead: 1, cacheWrite: 0, reasoning: 0, totalTokens: 6 } },
  { type: 'stop', reason: 'stop' },
]

export const call = (name: string, args = '{}', id = `call_${name}`): ModelEvent => ({ type: 'tool-call', call: { id, name, arguments: args } })
