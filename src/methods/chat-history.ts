// Reading conversations, and what a client needs to show one.

import * as z from 'zod'
import { Serialized } from '../kit/json.ts'
import { defineMethod } from '../rpc/method.ts'
import { readHistory } from '../services/conversation/history.ts'
import { findLinked } from '../services/conversation/session-links.ts'
import type { Services } from '../services/services.ts'
import { commandRow, toCommandRow } from './commands.ts'
import { modelRow } from './models.ts'
import { found, MAX_CANDIDATES, toFound } from './sessions.ts'

const text = z.string().min(1)
const DEFAULT_HISTORY = 200
const DEFAULT_HISTORY_BYTES = 4 * 1024 * 1024

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

const metadata = z.strictObject({ models: z.array(modelRow), commands: z.array(commandRow) })

async function readMetadata({ modelRows, commands }: Pick<Services, 'modelRows' | 'commands'>): Promise<z.input<typeof metadata>> {
  return { models: await modelRows.list(), commands: commands.list.map((command) => toCommandRow(command)) }
}

/** A link that means no session, or several. */
const unresolved = z.strictObject({ resolution: z.strictObject({ ok: z.literal(false), candidates: z.array(found).max(MAX_CANDIDATES).optional() }) })

const linkParams = historyParams.omit({ sessionKey: true }).extend({ shortId: text, slugHint: text.optional(), agentId: text })

export const chatStartup = defineMethod({
  name: 'chat.startup',
  scope: 'operator.read',
  summary: 'chat.history and chat.metadata in one answer: what a client shows first.',
  params: z.union([historyParams, linkParams]),
  result: z.union([history, z.strictObject({ kind: z.literal('reset') }), unresolved]),
  uses: ['agents', 'commands', 'modelRows', 'models', 'runs', 'sessions', 'transcripts'],
  async handler(params, use) {
    if (params.cursor !== undefined) return { kind: 'reset' as const }
    const linked = 'shortId' in params ? findLinked(params, use.sessions) : null
    if (linked && linked.length !== 1) {
      const candidates = linked.slice(0, MAX_CANDIDATES).map(toFound)
      return { resolution: { ok: false as const, ...(candidates.length > 0 && { candidates }) } }
    }
    const place = 'shortId' in params ? { ...params, sessionKey: linked![0]!.key } : params
    return new Serialized<z.input<typeof history>>(historyJson(place, use, { metadata: await readMetadata(use) }))
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
  uses: ['commands', 'modelRows'],
  handler: (_, use) => readMetadata(use),
})
