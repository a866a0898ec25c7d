// What is asked of a person: the wish of whoever wants to act becomes what is shown and what is bound. Shown is all that
// would be done; bound is a hash of it, so that an approval is worth nothing for anything else.

import { sha256Hex } from '../../kit/bytes.ts'
import { isDangerousKey } from '../../kit/keys.ts'
import { stableStringify } from '../../kit/json.ts'
import { visibleLine, visibleProse } from '../../kit/visible.ts'
import { invalid } from '../../protocol/errors.ts'
import {
  approvalScope,
  DECISIONS,
  MAX_DESCRIPTION_CHARS,
  MAX_DETAIL_CHARS,
  MAX_TITLE_CHARS,
  type ApprovalScope,
  type Decision,
  type Presentation,
} from '../../protocol/approval-shapes.ts'
import { canonicalSessionKey, MAIN_KEY } from '../../protocol/shapes.ts'
import type { ApprovalWish, CommandPlan, ExecWish, Origin, PluginWish } from './approval-wish.ts'
import { previewOf, textOfArgv } from './approval-command.ts'

/** Commands longer than this are refused: nobody can read them before deciding. */
const MAX_COMMAND_CHARS = 64 * 1024
/** All that is kept of a wish, as JSON. */
const MAX_REQUEST_CHARS = 1024 * 1024

type ExecPresentation = Extract<Presentation, { kind: 'exec' }>

/** A wish in the form in which it is kept. */
export interface Draft {
  readonly kind: 'exec' | 'plugin'
  /** For lists and events. */
  readonly request: Readonly<Record<string, unknown>>
  readonly presentation: Presentation
  readonly allowedDecisions: readonly Decision[]
  readonly agentId: string | null
  readonly sessionKey: string | null
  readonly runId: string | null
  readonly cwd: string | null
  /** Hash of all that would be done, by whom and where. */
  readonly facts: string
  /** The same without the session: what a standing grant covers. */
  readonly grantFacts: string
  /** A grant does not answer for a person who is to be asked each time. */
  readonly askAlways: boolean
}

/** The session that a name stands for. */
const keyOf = (sessionKey: string | null, agentId: string | null): string | null =>
  sessionKey === null ? null : (canonicalSessionKey(sessionKey, agentId ?? MAIN_KEY) ?? sessionKey)

const orNull = <T>(value: T | null | undefined): T | null => value ?? null
/** An empty name is none. */
const named = (value: string | null | undefined): string | null => (value ? value : null)
const shownLine = (value: string | null | undefined): string | null => (value == null ? null : visibleLine(value))
const shownProse = (value: string | null | undefined): string | null => (value == null ? null : visibleProse(value))

const shownOrigin = (wish: Origin) => ({
  turnSourceChannel: shownLine(wish.turnSourceChannel),
  turnSourceTo: shownLine(wish.turnSourceTo),
  turnSourceAccountId: shownLine(wish.turnSourceAccountId),
  turnSourceThreadId: typeof wish.turnSourceThreadId === 'string' ? visibleLine(wish.turnSourceThreadId) : orNull(wish.turnSourceThreadId),
})

function shownScope(scope: ApprovalScope | null | undefined): ApprovalScope | null {
  if (!scope) return null
  const shown = JSON.parse(JSON.stringify(scope), (_, value: unknown) => (typeof value === 'string' ? visibleLine(value) : value)) as unknown
  const parsed = approvalScope.safeParse(shown)
  if (!parsed.success) throw invalid('the scope has too many characters that cannot be seen: leave them out')
  return parsed.data
}

/** Throws for what cannot be shown in full. */
export async function draftOf(wish: ApprovalWish): Promise<Draft> {
  const draft = await (wish.kind === 'exec' ? draftCommand(wish) : draftOther(wish))
  if (JSON.stringify(draft.request).length > MAX_REQUEST_CHARS) throw invalid('the request is too large to be reviewed: leave out what is not needed')
  return draft
}

// --- commands ---

async function draftCommand(wish: ExecWish): Promise<Draft> {
  const plan = wish.host === 'node' ? planOf(wish) : null
  const argv = plan?.argv ?? wish.commandArgv ?? null
  const said = plan?.commandText ?? wish.command ?? ''
  const cwd = plan ? plan.cwd : orNull(wish.cwd)
  if (said.trim() === '') throw invalid('command is required')
  const text = argv === null ? said : textOfArgv(argv, said)
  if (text.length > MAX_COMMAND_CHARS) {
    throw invalid(`the command has ${text.length} characters, at most ${MAX_COMMAND_CHARS} can be reviewed: put it into a script`)
  }
  const agentId = named(plan ? plan.agentId : wish.agentId)
  const sessionKey = named(plan ? plan.sessionKey : wish.sessionKey)
  const env = await envOf(wish.env)
  // With a plan its arguments are run, and nothing of the words.
  const checked = plan && { file: orNull(plan.mutableFileOperand), policy: orNull(plan.policySnapshot) }
  const done = { kind: 'exec', command: plan ? null : said, argv, cwd, env: env.hash, agentId, nodeId: named(wish.nodeId), host: orNull(wish.host), checked }
  const scope = shownScope(wish.scope)
  const withoutAlways = wish.ask === 'always' || wish.unavailableDecisions?.includes('allow-always')
  const allowedDecisions = DECISIONS.filter((each) => each !== 'allow-always' || !withoutAlways)
  const presentation: ExecPresentation = {
    kind: 'exec',
    commandText: visibleLine(text),
    commandPreview: shownLine(previewOf(argv, plan?.commandPreview)),
    warningText: shownProse(wish.warningText),
    host: shownLine(wish.host),
    nodeId: shownLine(named(wish.nodeId)),
    agentId: shownLine(agentId),
    ...(scope && { scope }),
    allowedDecisions: [...allowedDecisions],
  }
  return {
    kind: 'exec',
    request: shownRequest(wish, { presentation, argv, cwd, agentId, sessionKey, env, isPlan: plan !== null }),
    presentation,
    allowedDecisions,
    agentId,
    sessionKey: keyOf(sessionKey, agentId),
    runId: named(wish.runId),
    cwd,
    facts: await sha256Hex(stableStringify({ ...done, sessionKey })),
    grantFacts: await sha256Hex(stableStringify(done)),
    askAlways: wish.ask === 'always',
  }
}

interface CommandFacts {
  readonly presentation: ExecPresentation
  readonly argv: readonly string[] | null
  readonly cwd: string | null
  readonly agentId: string | null
  readonly sessionKey: string | null
  readonly env: Environment
  readonly isPlan: boolean
}

function shownRequest(wish: ExecWish, { presentation, argv, cwd, agentId, sessionKey, env, isPlan }: CommandFacts): Draft['request'] {
  const { commandText, commandPreview, warningText, host, nodeId, allowedDecisions } = presentation
  const words = argv?.map(visibleLine)
  const plan = { argv: words, cwd: shownLine(cwd), agentId: shownLine(agentId), sessionKey: shownLine(sessionKey) }
  return {
    command: commandText,
    ...(!isPlan && words && { commandArgv: words }),
    ...(env.keys && { envKeys: env.keys }),
    systemRunBinding: isPlan ? { ...plan, envHash: env.hash } : null,
    systemRunPlan: isPlan ? { ...plan, commandText, commandPreview } : null,
    cwd: plan.cwd,
    nodeId,
    host,
    security: shownLine(wish.security),
    ask: shownLine(wish.ask),
    warningText,
    scope: orNull(presentation.scope),
    commandAnalysis: null,
    ...(wish.unavailableDecisions && { unavailableDecisions: wish.unavailableDecisions }),
    allowedDecisions,
    agentId: plan.agentId,
    resolvedPath: shownLine(wish.resolvedPath),
    sessionKey: plan.sessionKey,
    sessionId: shownLine(wish.sessionId),
    runId: shownLine(wish.runId),
    toolCallId: shownLine(wish.toolCallId),
    ...shownOrigin(wish),
  }
}

function planOf({ nodeId, systemRunPlan }: ExecWish): CommandPlan {
  if (!nodeId) throw invalid('nodeId is required for host=node')
  if (!systemRunPlan) throw invalid('systemRunPlan is required for host=node')
  return systemRunPlan
}

interface Environment {
  readonly keys: readonly string[] | null
  readonly hash: string | null
}

/** Names are shown, values only bound. */
async function envOf(env: Readonly<Record<string, string>> | undefined): Promise<Environment> {
  if (!env) return { keys: null, hash: null }
  const keys = Object.keys(env).toSorted()
  const dangerous = keys.find(isDangerousKey)
  if (dangerous !== undefined) throw invalid(`the environment must not have a variable "${dangerous}"`)
  return { keys: keys.map(visibleLine), hash: await sha256Hex(JSON.stringify(keys.map((key) => [key, env[key]]))) }
}

// --- anything else ---

async function draftOther(wish: PluginWish): Promise<Draft> {
  const title = visibleLine(wish.title)
  const description = visibleProse(wish.description)
  const detail = wish.detail ? visibleProse(wish.detail) : null
  assertShown('title', title, MAX_TITLE_CHARS)
  assertShown('description', description, MAX_DESCRIPTION_CHARS)
  if (detail !== null) assertShown('detail', detail, MAX_DETAIL_CHARS)
  const agentId = named(wish.agentId)
  const sessionKey = named(wish.sessionKey)
  const scope = shownScope(wish.scope)
  const allowedDecisions = DECISIONS.filter((each) => wish.allowedDecisions?.includes(each) ?? true)
  const presentation: Presentation = {
    kind: 'plugin',
    title,
    description,
    ...(detail !== null && { detail }),
    severity: wish.severity ?? 'warning',
    pluginId: shownLine(named(wish.pluginId)),
    toolName: shownLine(named(wish.toolName)),
    agentId: shownLine(agentId),
    ...(scope && { scope }),
    allowedDecisions: [...allowedDecisions],
  }
  const { pluginId, toolName, mcpTool, facts } = wish
  const done = { kind: 'plugin', title: wish.title, description: wish.description, detail: wish.detail, pluginId, toolName, mcpTool, scope: wish.scope, facts, agentId }
  return {
    kind: 'plugin',
    request: {
      pluginId: presentation.pluginId,
      title,
      description,
      scope: orNull(scope),
      detail,
      severity: orNull(wish.severity),
      toolName: presentation.toolName,
      toolCallId: shownLine(wish.toolCallId),
      ...(mcpTool && { mcpTool: { server: visibleLine(mcpTool.server), tool: visibleLine(mcpTool.tool) } }),
      allowedDecisions,
      agentId: presentation.agentId,
      sessionKey: shownLine(sessionKey),
      runId: shownLine(wish.runId),
      ...shownOrigin(wish),
    },
    presentation,
    allowedDecisions,
    agentId,
    sessionKey: keyOf(sessionKey, agentId),
    runId: named(wish.runId),
    cwd: null,
    facts: await sha256Hex(stableStringify({ ...done, sessionKey })),
    grantFacts: await sha256Hex(stableStringify(done)),
    askAlways: false,
  }
}

function assertShown(name: string, text: string, limit: number) {
  if (text.trim() === '') throw invalid(`${name} is required`)
  if (text.length > limit) throw invalid(`the ${name} has ${text.length} characters once everything in it can be seen, at most ${limit} are shown: shorten it`)
}
