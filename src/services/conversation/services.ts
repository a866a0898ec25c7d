// What is said: agents, models, sessions, runs.

import type { Model, ModelProvider } from '../../ports/model.ts'
import type { Ground } from '../ground.ts'
import type { Settings } from '../operations/settings-services.ts'
import { createActivity, type Activity } from './activity.ts'
import { createAgentFiles, type AgentFiles } from './agent-files.ts'
import { createAgentRoster, type AgentRoster } from './agent-roster.ts'
import { createAgents, type Agents } from './agents.ts'
import { createApprovalGrants, type ApprovalGrants } from './approval-grants.ts'
import { createApprovalPolicy, type ApprovalPolicy } from './approval-policy.ts'
import { createApprovalRoutes } from './approval-routes.ts'
import { createApprovalTable } from './approval-table.ts'
import { createApprovals, type Approvals } from './approvals.ts'
import { auditRuns, createToolAudit } from './audited-runs.ts'
import { createCompactionTable } from './compaction-table.ts'
import { createCommands, type Commands } from './commands.ts'
import { createConfirmTool } from './confirm-tool.ts'
import { createInbox, type Inbox } from './inbox.ts'
import { createMedia, type Media } from './media.ts'
import { createModelAuth, type ModelAuth } from './model-auth.ts'
import { createModelProbe, type ModelProbe } from './model-probe.ts'
import { createModelRows, type ModelRows } from './model-rows.ts'
import { createModels, type Models } from './models.ts'
import { createOwnRoute, type OwnRoute } from './own-route.ts'
import { createResponses, type Responses } from './responses.ts'
import { createResponseTable } from './responses-table.ts'
import { createRunReplies } from './run-replies.ts'
import { createSkillTool } from './skill-tool.ts'
import { createSkills, type Skills } from './skills.ts'
import { createSuspensions } from './run-suspension.ts'
import { createRunTable, type RunTable } from './run-table.ts'
import { createRunWatch } from './run-watch.ts'
import { createModelCalls } from './model-calls.ts'
import { createRuns, type Runs } from './runs.ts'
import { modelInSession } from './session-model.ts'
import { createSessionSight, type SessionSight } from './session-sight.ts'
import { createSessionServices, type SessionServices } from './session-services.ts'
import { createSessionTable, type SessionTable } from './session-table.ts'
import { createSessions, type Sessions } from './sessions.ts'
import { createToolCalls, type ToolCalls } from './tool-calls.ts'
import { createToolPolicy, type ToolPolicy } from './tool-policy.ts'
import { createTools, type Tools } from './tools.ts'
import { createTranscripts, type Transcripts } from './transcripts.ts'

const joinNotes = (notes: readonly (string | null)[]): string | null => notes.filter((each) => each !== null).join('\n\n') || null

export interface ConversationServices extends SessionServices {
  readonly agents: Agents
  readonly agentFiles: AgentFiles
  readonly agentRoster: AgentRoster
  readonly models: Models
  readonly modelRows: ModelRows
  readonly modelAuth: ModelAuth
  readonly modelProbe: ModelProbe
  readonly activity: Activity
  readonly transcripts: Transcripts
  readonly table: SessionTable
  readonly sessions: Sessions
  readonly skills: Skills
  readonly tools: Tools
  readonly toolPolicy: ToolPolicy
  readonly sight: SessionSight
  readonly toolCalls: ToolCalls
  readonly approvals: Approvals
  readonly grants: ApprovalGrants
  readonly approvalPolicy: ApprovalPolicy
  readonly media: Media
  readonly runTable: RunTable
  readonly runs: Runs
  readonly commands: Commands
  readonly inbox: Inbox
  readonly responses: Responses
  readonly ownRoute: OwnRoute
}

/** How long the history of approvals goes back, and how many of them it has at most. */
const KEEP_APPROVALS_MS = 30 * 24 * 60 * 60 * 1000
const KEEP_APPROVALS = 20_000

/** How long a stored response can be read and continued after the last word of its conversation, and how many there are at most. */
const KEEP_RESPONSES_MS = 30 * 24 * 60 * 60 * 1000
const KEEP_RESPONSES = 100_000

/** How long an ended run of the past can be asked about. */
const KEEP_RUNS_MS = 7 * 24 * 60 * 60 * 1000

export function createConversationServices(
  ground: Ground,
  { config, configWriter, restart }: Settings,
  wires: { readonly providers: readonly ModelProvider[]; readonly builtin: Model },
): ConversationServices {
  const { platform, host, log, commit, gate, bus, wakeups, hibernates } = ground
  const { sql, clock, env } = platform
  const agentFiles = createAgentFiles({ config, files: platform.files, host, clock })
  const agentRoster = createAgentRoster({ config, writer: configWriter, files: agentFiles })
  const skills = createSkills({ config, files: agentFiles, host, env, clock })
  const notes = async (agentId: string) => joinNotes(await Promise.all([agentFiles.notes(agentId), skills.notes(agentId)]))
  const agents = createAgents(config, notes)
  const models = createModels({ config, env, ...wires, fetch: platform.fetch, clock, log: log.child('models'), loopback: host.loopback ?? false })
  config.onChange(({ sections }) => {
    if (sections.has('models') || sections.has('agents')) models.begin()
  })
  const modelRows = createModelRows({ models, config })
  const modelAuth = createModelAuth({ config, env })
  const modelProbe = createModelProbe({ config, models, providers: wires.providers, fetch: platform.fetch, clock })
  const activity = createActivity()
  const transcripts = createTranscripts(sql)
  const table = createSessionTable(sql, commit)
  const sessions = createSessions({ table, transcripts, commit, clock, bus, agents, models, activity })
  const toolPolicy = createToolPolicy(config)
  const tools = createTools({ clock, policy: toolPolicy })
  const sight = createSessionSight({ config, agents, sessions })
  const approvalTable = createApprovalTable(sql)
  const grants = createApprovalGrants(sql)
  const approvals = createApprovals({ table: approvalTable, grants, routes: createApprovalRoutes(bus), commit, gate, clock, wakeups })
  const approvalPolicy = createApprovalPolicy({ sql, commit, place: ground.place })
  ground.upkeep.add((now) => {
    approvalTable.prune(now - KEEP_APPROVALS_MS, KEEP_APPROVALS)
    grants.prune(now - KEEP_APPROVALS_MS)
  })
  tools.add(createConfirmTool())
  tools.add(createSkillTool(skills, () => agents.defaultId()))
  const modelOf = (key: string) => modelInSession({ sessions, models, agents }, key)
  const toolCalls = createToolCalls({ tools, approvals, policy: approvalPolicy, config, modelOf, idempotency: ground.idempotency, commit, gate, clock })
  const suspensions = createSuspensions({ sql, approvals, policy: approvalPolicy, tools })
  const media = createMedia(platform.files)
  const sessionId = (key: string) => table.get(key)?.sessionId
  const runTable = auditRuns(createRunTable(sql), { sql, audit: ground.audit, sessionId })
  ground.upkeep.add((now) => runTable.prune(now - KEEP_RUNS_MS))
  const compactions = createCompactionTable(sql)
  const { onActivity } = createRunWatch({ wakeups, clock, hibernates })
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
    audit: createToolAudit(ground.audit, sessionId),
    modelCalls: createModelCalls({ ...ground, clock }),
    tracing: ground.tracing,
    log: log.child('runs'),
    settings: () => config.current.agents?.defaults ?? {},
    onActivity,
  })
  const more = createSessionServices(ground, { config, table, sessions, transcripts, compactions, activity, agents, models, runs })
  restart.deferFor('embedded-run', (count) => `${count} active run(s)`, () => runs.active)
  const commands = createCommands({ sessions, models, tools, approvals, clock })
  const replies = createRunReplies({ table: runTable, sessions, commit, bus, clock })
  const inbox = createInbox({ runs, replies, commands, sessions, media, clock })
  const responseTable = createResponseTable(sql)
  const responses = createResponses({ table: responseTable, runs, commit })
  ground.upkeep.add((now) => responseTable.prune(now - KEEP_RESPONSES_MS, KEEP_RESPONSES))
  const ownRoute = createOwnRoute({ sessions, idempotency: ground.idempotency, commit, bus, clock })
  return { agents, agentFiles, agentRoster, models, modelRows, modelAuth, modelProbe, activity, transcripts, table, sessions, skills, tools, toolPolicy, sight, toolCalls, approvals, grants, approvalPolicy, media, runTable, runs, commands, inbox, responses, ownRoute, ...more }
}
