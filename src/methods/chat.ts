// Conversations: sending, reading, aborting.

import * as z from 'zod'
import { Serialized } from '../kit/json.ts'
import { uuid } from '../kit/ids.ts'
import { chat } from '../protocol/events.ts'
import { invalid } from '../protocol/errors.ts'
import { attachment, noUsage, type AssistantMessage } from '../protocol/shapes.ts'
import { defineMethod } from '../rpc/method.ts'
import { readHistory } from '../services/conversation/history.ts'
import type { Services } from '../services/services.ts'
import { modelRow, toModelRow } from './models.ts'

const text = z.string().min(1)
const DEFAULT_HISTORY = 200
const DEFAULT_HISTORY_BYTES = 4 * 1024 * 1024

// --- sending and aborting ---

const aborted = z.strictObject({ ok: z.literal(true), aborted: z.boolean(), runIds: z.array(text) })
const runStatus = z.enum(['started', 'in_flight', 'ok', 'error'])

/** Ends runs of a session, and resolves once their ends were told. */
async function abortRuns(runs: Services['runs'], sessionKey: string, runId: string | undefined, reason: string) {
  const found = runs.liveIn(sessionKey).filter((run) => runId === undefined || run.id === runId)
  for (const run of found) run.abort(reason)
  await Promise.all(found.map((run) => run.done))
  return { ok: true as const, aborted: found.length > 0, runIds: found.map((run) => run.id) }
}

export const chatSend = defineMethod({
  name: 'chat.send',
  scope: 'operator.write',
  summary: 'Sends a message. Answers as soon as it is stored; the reply comes as chat events. The same key never runs twice.',
  params: z.strictObject({
    /** Required; a missing one is refused with the protocol's own words. */
    sessionKey: text.max(512).optional(),
    agentId: text.optional(),
    message: z.string(),
    idempotencyKey: text.max(256),
    thinking: z.string().optional(),
    attachments: z.array(attachment).max(32).optional(),
    timeoutMs: z.int().min(0).optional(),
    queueMode: z.enum(['steer', 'followup', 'collect', 'interrupt']).optional(),
    suppressCommandInterpretation: z.boolean().optional(),
    sessionId: text.optional(),
    deliver: z.boolean().optional(),
    originatingChannel: z.string().optional(),
    originatingTo: z.string().optional(),
    originatingAccountId: z.string().optional(),
    originatingThreadId: z.string().optional(),
    replyToId: text.optional(),
    fastMode: z.union([z.boolean(), z.literal('auto')]).optional(),
    fastAutoOnSeconds: z.int().min(1).optional(),
    mentions: z.array(z.unknown()).optional(),
    workContext: z.unknown().optional(),
    toolBindings: z.unknown().optional(),
    systemInputProvenance: z.unknown().optional(),
    systemProvenanceReceipt: z.string().optional(),
    expectedLeafEntryId: text.nullable().optional(),
    expectedSessionRoutingContract: text.optional(),
    expectedPermissionMode: z.unknown().optional(),
    expectedToolOverrides: z.unknown().optional(),
  }),
  result: z.union([z.strictObject({ runId: text, status: runStatus }), aborted]),
  uses: ['agents', 'inbox', 'runs'],
  async handler(params, { agents, inbox, runs, caller }) {
    if (params.sessionKey === undefined) {
      throw invalid('session mutation target is unavailable', {
        details: { code: 'SESSION_MUTATION_TARGET_REQUIRED', method: 'chat.send' },
      })
    }
    const sessionKey = agents.sessionKey(params.sessionKey, params.agentId)
    agents.ofSession(sessionKey)
    const isStop = params.message.trim() === '/stop' && !params.suppressCommandInterpretation
    if (isStop) return abortRuns(runs, sessionKey, undefined, 'stop')
    if (params.queueMode === 'interrupt' && !runs.find(params.idempotencyKey)) {
      await abortRuns(runs, sessionKey, undefined, 'interrupt')
    }
    const { runId, status } = await inbox.send({
      runId: params.idempotencyKey,
      sessionKey,
      origin: 'chat',
      principal: caller,
      message: params.message,
      attachments: params.attachments,
      thinking: params.thinking,
      timeoutMs: params.timeoutMs,
    })
    return { runId, status }
  },
})

export const chatAbort = defineMethod({
  name: 'chat.abort',
  scope: 'operator.write',
  summary: 'Ends the runs of a session, or one of them. What was said so far stays in the history.',
  params: z.strictObject({
    sessionKey: text,
    agentId: text.optional(),
    runId: text.optional(),
    preserveSideRuns: z.boolean().optional(),
  }),
  result: aborted,
  uses: ['agents', 'runs'],
  handler: ({ sessionKey, agentId, runId }, { agents, runs }) =>
    abortRuns(runs, agents.sessionKey(sessionKey, agentId), runId, 'rpc'),
})

export const chatInject = defineMethod({
  name: 'chat.inject',
  scope: 'operator.admin',
  hidden: true,
  summary: 'Adds a message of the assistant to a conversation without running a model.',
  params: z.strictObject({
    sessionKey: text,
    agentId: text.optional(),
    message: text.max(1_000_000),
    label: z.string().max(100).optional(),
  }),
  result: z.strictObject({ ok: z.literal(true), messageId: text }),
  uses: ['agents', 'bus', 'clock', 'sessions'],
  handler(params, { agents, bus, clock, sessions }) {
    const key = agents.sessionKey(params.sessionKey, params.agentId)
    const record = sessions.get(key)
    if (!record) throw invalid('session not found')
    const said = params.label ? `[${params.label}]\n\n${params.message}` : params.message
    const message: AssistantMessage = {
      role: 'assistant',
      content: [{ type: 'text', text: said }],
      api: 'gateway',
      provider: 'openclaw',
      model: 'gateway-injected',
      usage: noUsage(),
      stopReason: 'stop',
      timestamp: clock.now(),
    }
    const messageId = uuid()
    sessions.append(key, message, { id: messageId })
    const facts = { runId: `inject-${messageId}`, sessionKey: key, agentId: record.agentId, seq: 0 }
    bus.publish(chat, () => ({ ...facts, state: 'final' as const, message }))
    return { ok: true as const, messageId }
  },
})

// --- reading ---

const historyParams = z.strictObject({
  sessionKey: text,
  agentId: text.optional(),
  limit: z.int().min(1).max(1000).default(DEFAULT_HISTORY),
  offset: z.int().min(0).default(0),
  maxBytes: z.int().min(1024).default(DEFAULT_HISTORY_BYTES),
  maxChars: z.int().min(1).max(500_000).optional(),
  /** Of an earlier answer. Delta reading is not served: the client is told to read anew. */
  cursor: z.string().optional(),
  pendingBefore: z.int().min(1).optional(),
  inputRunIds: z.array(text.max(256)).optional(),
})

const pendingInput = z.strictObject({
  id: text,
  runId: text,
  message: z.unknown(),
  acceptedAt: z.number(),
  state: z.literal('queued'),
})

const history = z.strictObject({
  sessionKey: text,
  sessionId: text.optional(),
  messages: z.array(z.unknown()),
  pendingInputs: z.strictObject({ items: z.array(pendingInput), total: z.int() }),
  offset: z.int().optional(),
  hasMore: z.boolean(),
  totalMessages: z.int(),
  defaults: z.strictObject({ modelProvider: text, model: text, contextTokens: z.int().optional() }),
  sessionInfo: z.unknown(),
  inFlightRun: z.strictObject({ runId: text, text: z.string() }).optional(),
  metadata: z.unknown().optional(),
})

const MAX_PENDING = 20

type HistoryUse = Pick<Services, 'agents' | 'models' | 'runs' | 'sessions' | 'transcripts'>

/** The answer as JSON, around messages that are JSON already. */
function historyJson(params: z.output<typeof historyParams>, use: HistoryUse, more: Record<string, unknown> = {}): string {
  const { agents, models, runs, sessions, transcripts } = use
  const key = agents.sessionKey(params.sessionKey, params.agentId)
  const session = sessions.get(key)
  const page = readHistory(transcripts, session, params)
  const choice = models.choiceFor(session?.agentId ?? agents.ofSession(key))
  const queued = runs.queuedIn(key, MAX_PENDING)
  const running = runs.liveIn(key).find((run) => !queued.some((record) => record.id === run.id))
  const rest = {
    pendingInputs: {
      items: queued.map((record) => ({
        id: `pending:${record.id}`,
        runId: record.id,
        message: record.request?.input[0],
        acceptedAt: record.acceptedAt,
        state: 'queued',
      })),
      total: queued.length,
    },
    ...(params.offset > 0 && { offset: params.offset }),
    hasMore: page.hasMore,
    totalMessages: page.total,
    defaults: {
      modelProvider: choice.provider,
      model: choice.model,
      ...(choice.contextWindow !== undefined && { contextTokens: choice.contextWindow }),
    },
    sessionInfo: session ? sessions.toRow(session) : sessions.emptyRow(key),
    ...(running && { inFlightRun: { runId: running.id, text: runs.textOf(running.id) } }),
    ...more,
  }
  const head = { sessionKey: params.sessionKey, ...(session && { sessionId: session.sessionId }) }
  return `${JSON.stringify(head).slice(0, -1)},"messages":[${page.messages.join(',')}],${JSON.stringify(rest).slice(1)}`
}

export const chatHistory = defineMethod({
  name: 'chat.history',
  scope: 'operator.read',
  summary: 'The newest messages of a conversation, oldest first.',
  params: historyParams,
  result: z.union([history, z.strictObject({ kind: z.literal('reset') })]),
  uses: ['agents', 'models', 'runs', 'sessions', 'transcripts'],
  handler(params, use) {
    if (params.cursor !== undefined) return { kind: 'reset' as const }
    return new Serialized<z.input<typeof history>>(historyJson(params, use))
  },
})

const command = z.strictObject({
  name: text,
  nativeName: text,
  textAliases: z.array(text),
  description: text,
  category: z.enum(['session', 'status', 'tools']),
  source: z.literal('native'),
  scope: z.literal('both'),
  acceptsArgs: z.boolean(),
})
const metadata = z.strictObject({ models: z.array(modelRow), commands: z.array(command) })

async function readMetadata(models: Services['models']): Promise<z.input<typeof metadata>> {
  const stop = {
    name: 'stop',
    nativeName: 'stop',
    textAliases: ['/stop'],
    description: 'Ends what is running in this session.',
    category: 'session' as const,
    source: 'native' as const,
    scope: 'both' as const,
    acceptsArgs: false,
  }
  return { models: (await models.list()).map(toModelRow), commands: [stop] }
}

export const chatStartup = defineMethod({
  name: 'chat.startup',
  scope: 'operator.read',
  summary: 'chat.history and chat.metadata in one answer: what a client shows first.',
  params: historyParams,
  result: z.union([history, z.strictObject({ kind: z.literal('reset') })]),
  uses: ['agents', 'models', 'runs', 'sessions', 'transcripts'],
  async handler(params, use) {
    if (params.cursor !== undefined) return { kind: 'reset' as const }
    return new Serialized<z.input<typeof history>>(historyJson(params, use, { metadata: await readMetadata(use.models) }))
  },
})

export const chatMetadata = defineMethod({
  name: 'chat.metadata',
  scope: 'operator.read',
  summary: 'The models and commands that a conversation can use.',
  params: z.strictObject({
    agentId: text.optional(),
    sessionKey: text.optional(),
    authProfileId: z.string().max(256).optional(),
  }),
  result: metadata,
  uses: ['models'],
  handler: (_, { models }) => readMetadata(models),
})
