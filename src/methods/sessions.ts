// Sessions: listing, finding, making, changing, and hearing of them.

import * as z from 'zod'
import { sha256Hex } from '../kit/bytes.ts'
import { uuid } from '../kit/ids.ts'
import { stableStringify } from '../kit/json.ts'
import { invalid } from '../protocol/errors.ts'
import { attachment, sessionRow, textOf } from '../protocol/shapes.ts'
import { defineMethod } from '../rpc/method.ts'
import { readHistory } from '../services/conversation/history.ts'
import { SESSIONS_TOPIC, sessionTopic, type Connection } from '../services/identity/connections.ts'
import type { SessionFilter, SessionRecord } from '../services/conversation/session-table.ts'
import type { Services } from '../services/services.ts'

const text = z.string().min(1)
const label = text.max(512)
const DEFAULT_LIMIT = 100
const MAX_LIMIT = 1000

// --- listing ---

const listParams = z.strictObject({
  limit: z.int().min(1).optional(),
  offset: z.int().min(0).optional(),
  activeMinutes: z.int().min(1).optional(),
  agentId: text.optional(),
  label: label.optional(),
  search: z.string().optional(),
  archived: z.union([z.boolean(), z.literal('all')]).optional(),
  pinned: z.boolean().optional(),
  group: z.string().optional(),
  spawnedBy: text.optional(),
  includeDerivedTitles: z.boolean().optional(),
  includeLastMessage: z.boolean().optional(),
  configuredAgentsOnly: z.boolean().optional(),
  // One person and one order: these of the protocol change nothing here.
  activeOnly: z.boolean().optional(),
  requireLastInteraction: z.boolean().optional(),
  sortBy: z.enum(['updatedAt', 'lastInteractionAt', 'activity']).optional(),
  includeGlobal: z.boolean().optional(),
  includeUnknown: z.boolean().optional(),
  includeActivitySummary: z.boolean().optional(),
  includePeople: z.boolean().optional(),
  ownerFirst: z.boolean().optional(),
})

const list = z.strictObject({
  ts: z.int(),
  path: text,
  count: z.int(),
  totalCount: z.int(),
  limitApplied: z.int(),
  offset: z.int().optional(),
  nextOffset: z.int().nullable(),
  hasMore: z.boolean(),
  owners: z.array(z.unknown()),
  defaults: z.strictObject({ modelProvider: text, model: text, contextTokens: z.int().nullable() }),
  sessions: z.array(sessionRow),
})

type ListUse = Pick<Services, 'agents' | 'clock' | 'models' | 'sessions'>

function toFilter(params: z.output<typeof listParams>, { agents, clock }: ListUse): SessionFilter {
  const { activeMinutes, agentId, archived = false, configuredAgentsOnly, search } = params
  return {
    ...(archived !== 'all' && { archived }),
    ...(agentId !== undefined && { agentIds: [agentId] }),
    ...(agentId === undefined && configuredAgentsOnly && { agentIds: agents.list().map(({ id }) => id) }),
    ...(params.label !== undefined && { label: params.label }),
    ...(params.group !== undefined && { category: params.group }),
    ...(params.spawnedBy !== undefined && { parentKey: params.spawnedBy }),
    ...(params.pinned !== undefined && { pinned: params.pinned }),
    ...(activeMinutes !== undefined && { updatedSince: clock.now() - activeMinutes * 60_000 }),
    ...(search !== undefined && search.trim() !== '' && { search: search.trim() }),
  }
}

function listSessions(params: z.output<typeof listParams>, use: ListUse): z.input<typeof list> {
  const { agents, clock, models, sessions } = use
  const limit = Math.min(params.limit ?? DEFAULT_LIMIT, MAX_LIMIT)
  const offset = params.offset ?? 0
  const filter = toFilter(params, use)
  const records = sessions.page(filter, limit, offset)
  const totalCount = sessions.count(filter)
  const hasMore = offset + records.length < totalCount
  const choice = models.choiceFor(agents.defaultId())
  const options = { titles: params.includeDerivedTitles ?? false, preview: params.includeLastMessage ?? false }
  return {
    ts: clock.now(),
    path: 'sessions',
    count: records.length,
    totalCount,
    limitApplied: limit,
    ...(offset > 0 && { offset }),
    nextOffset: hasMore ? offset + records.length : null,
    hasMore,
    owners: [],
    defaults: { modelProvider: choice.provider, model: choice.model, contextTokens: choice.contextWindow ?? null },
    sessions: records.map((record) => sessions.toRow(record, options)),
  }
}

export const sessionsList = defineMethod({
  name: 'sessions.list',
  scope: 'operator.read',
  summary: 'A page of the sessions, the latest first.',
  params: listParams,
  result: list,
  uses: ['agents', 'clock', 'models', 'sessions'],
  handler: (params, use) => listSessions(params, use),
})

export const sessionsPreview = defineMethod({
  name: 'sessions.preview',
  scope: 'operator.read',
  summary: 'The last lines of several sessions.',
  params: z.strictObject({
    keys: z.array(text).max(200),
    limit: z.int().min(1).max(50).default(12),
    maxChars: z.int().min(20).max(2000).default(240),
  }),
  result: z.strictObject({
    ts: z.int(),
    previews: z.array(
      z.strictObject({
        key: text,
        status: z.enum(['ok', 'empty', 'missing']),
        items: z.array(z.strictObject({ role: text, text: z.string() })),
      }),
    ),
  }),
  uses: ['agents', 'clock', 'sessions', 'transcripts'],
  handler({ keys, limit, maxChars }, { agents, clock, sessions, transcripts }) {
    const previews = keys.map((key) => {
      const session = sessions.get(agents.sessionKey(key))
      if (!session) return { key, status: 'missing' as const, items: [] }
      const range = { after: session.floor, upTo: session.messages, limit }
      const items = transcripts
        .messages(session.sessionId, range)
        .map((message) => ({ role: message.role, text: textOf(message).trim().slice(0, maxChars) }))
        .filter((item) => item.text !== '')
      return { key, status: items.length > 0 ? ('ok' as const) : ('empty' as const), items }
    })
    return { ts: clock.now(), previews }
  },
})

// --- finding ---

export const sessionsResolve = defineMethod({
  name: 'sessions.resolve',
  scope: 'operator.read',
  hidden: true,
  summary: 'Finds the key of a session by its key, id or label.',
  params: z.strictObject({
    key: text.optional(),
    sessionId: text.optional(),
    label: label.optional(),
    agentId: text.optional(),
    spawnedBy: text.optional(),
    includeGlobal: z.boolean().optional(),
    includeUnknown: z.boolean().optional(),
    allowMissing: z.boolean().optional(),
  }),
  result: z.union([
    z.strictObject({ ok: z.literal(true), key: text, agentId: text, displayName: z.string().optional() }),
    z.strictObject({ ok: z.literal(false) }),
  ]),
  uses: ['agents', 'sessions'],
  handler(params, { agents, sessions }) {
    const { key, sessionId, label, agentId, allowMissing } = params
    const named = key ?? sessionId ?? label
    if (named === undefined) throw invalid('Either key, sessionId or label is required')
    const record =
      key !== undefined
        ? sessions.get(agents.sessionKey(key, agentId))
        : sessionId !== undefined
          ? sessions.findBy('sessionId', sessionId, agentId)
          : sessions.findBy('label', label!, agentId)
    if (!record && allowMissing) return { ok: false as const }
    if (!record) throw invalid(`No session found: ${named}`)
    const { displayName } = record.settings
    return { ok: true as const, key: record.key, agentId: record.agentId, ...(displayName !== undefined && { displayName }) }
  },
})

export const sessionsDescribe = defineMethod({
  name: 'sessions.describe',
  scope: 'operator.read',
  summary: 'The row of one session; null when there is none.',
  params: z.strictObject({
    key: text,
    agentId: text.optional(),
    includeDerivedTitles: z.boolean().optional(),
    includeLastMessage: z.boolean().optional(),
  }),
  result: z.strictObject({ session: sessionRow.nullable() }),
  uses: ['agents', 'sessions'],
  handler(params, { agents, sessions }) {
    const record = sessions.get(agents.sessionKey(params.key, params.agentId))
    const options = { titles: params.includeDerivedTitles ?? false, preview: params.includeLastMessage ?? false }
    return { session: record ? sessions.toRow(record, options) : null }
  },
})

export const sessionsGet = defineMethod({
  name: 'sessions.get',
  scope: 'operator.read',
  hidden: true,
  summary: 'The messages of a session.',
  params: z.strictObject({ key: text, agentId: text.optional(), limit: z.int().min(1).max(1000).default(200) }),
  result: z.strictObject({ messages: z.array(z.unknown()) }),
  uses: ['agents', 'sessions', 'transcripts'],
  handler({ key, agentId, limit }, { agents, sessions, transcripts }) {
    const session = sessions.get(agents.sessionKey(key, agentId))
    const page = readHistory(transcripts, session, { limit, offset: 0, maxBytes: Number.MAX_SAFE_INTEGER })
    return { messages: page.messages.map((message) => JSON.parse(message) as unknown) }
  },
})

// --- making and changing ---

const entry = z.record(z.string(), z.unknown())

const toEntry = (record: SessionRecord): z.output<typeof entry> => ({
  sessionId: record.sessionId,
  updatedAt: record.updatedAt,
  createdAt: record.createdAt,
  createdVia: record.createdVia,
  archived: record.archived,
  inputTokens: record.inputTokens,
  outputTokens: record.outputTokens,
  totalTokens: record.totalTokens,
  ...(record.label !== null && { label: record.label }),
  ...(record.parentKey !== null && { parentSessionKey: record.parentKey }),
  ...record.settings,
})

const resolved = z.strictObject({ modelProvider: text, model: text })

const toResolved = (record: SessionRecord, models: Services['models']): z.output<typeof resolved> => {
  const { provider, model } = models.choiceFor(record.agentId, record.settings.model)
  return { modelProvider: provider, model }
}

const newSession = z.strictObject({
  key: text.optional(),
  idempotencyKey: text.max(256).optional(),
  agentId: text.optional(),
  label: label.optional(),
  displayName: text.max(500).optional(),
  category: text.max(512).optional(),
  model: text.optional(),
  thinkingLevel: text.optional(),
  parentSessionKey: text.optional(),
  message: z.string().optional(),
  task: z.string().optional(),
  attachments: z.array(attachment).optional(),
  timeoutMs: z.int().min(0).optional(),
  titleSource: z.string().max(1000).optional(),
  emitCommandHooks: z.boolean().optional(),
  succeedsParent: z.boolean().optional(),
})

function toNewSession(params: z.output<typeof newSession>, agents: Services['agents']) {
  const { agentId, displayName, category, model, thinkingLevel } = params
  if (agentId !== undefined && !agents.find(agentId)) throw invalid(`Unknown agent id "${agentId}"`)
  return {
    via: 'operator' as const,
    ...(params.key !== undefined && { key: agents.sessionKey(params.key, agentId) }),
    ...(agentId !== undefined && { agentId }),
    ...(params.label !== undefined && { label: params.label }),
    ...(params.parentSessionKey !== undefined && { parentKey: agents.sessionKey(params.parentSessionKey) }),
    settings: {
      ...(displayName !== undefined && { displayName }),
      ...(category !== undefined && { category }),
      ...(model !== undefined && { model }),
      ...(thinkingLevel !== undefined && { thinkingLevel }),
    },
  }
}

export const sessionsCreate = defineMethod({
  name: 'sessions.create',
  scope: 'operator.write',
  summary: 'Makes a session, or returns the one that has the key. With a message, runs it.',
  params: newSession,
  result: z.strictObject({
    ok: z.literal(true),
    key: text,
    sessionId: text,
    entry,
    runStarted: z.boolean(),
    runId: text.optional(),
    resolved,
  }),
  uses: ['agents', 'clock', 'commit', 'idempotency', 'inbox', 'models', 'sessions'],
  async handler(params, { agents, clock, commit, idempotency, inbox, models, sessions, caller }) {
    if (params.model !== undefined) models.assertKnown(params.model)
    const wanted = toNewSession(params, agents)
    let record: SessionRecord | null
    if (params.idempotencyKey === undefined) record = sessions.create(wanted)
    else {
      const hash = await sha256Hex(stableStringify(params))
      const key = { principal: caller.id, method: 'sessions.create', key: params.idempotencyKey, hash }
      const { result } = commit.tx(() => idempotency.once(key, clock.now(), () => sessions.create(wanted).key))
      record = sessions.get(result)
      if (!record) throw invalid('the session that was made with this idempotency key was deleted: use a new key')
    }
    const facts = {
      ok: true as const,
      key: record.key,
      sessionId: record.sessionId,
      entry: toEntry(record),
      resolved: toResolved(record, models),
    }
    const message = params.message ?? params.task
    if (message === undefined && !params.attachments?.length) return { ...facts, runStarted: false }
    const { runId } = await inbox.send({
      runId: params.idempotencyKey === undefined ? uuid() : `create:${params.idempotencyKey}`,
      sessionKey: record.key,
      origin: 'chat',
      principal: caller,
      message: message ?? '',
      attachments: params.attachments,
      timeoutMs: params.timeoutMs,
    })
    return { ...facts, runStarted: true, runId }
  },
})

const setting = text.nullable().optional()

export const sessionsPatch = defineMethod({
  name: 'sessions.patch',
  scope: 'operator.write',
  summary: 'Changes a session. null clears a setting.',
  params: z.strictObject({
    key: text,
    agentId: text.optional(),
    label: label.nullable().optional(),
    displayName: text.max(500).nullable().optional(),
    icon: setting,
    color: setting,
    category: text.max(512).nullable().optional(),
    archived: z.boolean().optional(),
    pinned: z.boolean().optional(),
    unread: z.boolean().optional(),
    model: setting,
    thinkingLevel: setting,
    verboseLevel: setting,
    reasoningLevel: setting,
    sendPolicy: z.enum(['allow', 'deny']).nullable().optional(),
    expectedSessionId: text.optional(),
  }),
  result: z.strictObject({ ok: z.literal(true), path: text, key: text, entry, resolved }),
  uses: ['agents', 'models', 'sessions'],
  handler(params, { agents, models, sessions }) {
    const { key: given, agentId, label, archived, expectedSessionId, ...settings } = params
    const key = agents.sessionKey(given, agentId)
    const before = sessions.get(key)
    if (expectedSessionId !== undefined && before?.sessionId !== expectedSessionId) {
      throw invalid('the session was replaced meanwhile: read it again and retry', { details: { code: 'SESSION_CHANGED' } })
    }
    if (typeof settings.model === 'string') models.assertKnown(settings.model)
    if (typeof settings.thinkingLevel === 'string') models.assertThinking(agents.ofSession(key), settings.model ?? before?.settings.model, settings.thinkingLevel)
    const record = sessions.patch(key, {
      settings,
      ...(label !== undefined && { label }),
      ...(archived !== undefined && { archived }),
    })
    return { ok: true as const, path: 'sessions', key, entry: toEntry(record), resolved: toResolved(record, models) }
  },
})

async function endRuns(runs: Services['runs'], key: string): Promise<void> {
  const live = runs.liveIn(key)
  for (const run of live) run.abort('reset')
  await Promise.all(live.map((run) => run.done))
}

export const sessionsReset = defineMethod({
  name: 'sessions.reset',
  scope: 'operator.admin',
  summary: 'Starts the conversation anew. Earlier messages are no longer part of it.',
  params: z.strictObject({
    key: text,
    agentId: text.optional(),
    reason: z.enum(['new', 'reset']).optional(),
    expectedSessionId: text.optional(),
  }),
  result: z.strictObject({ ok: z.literal(true), key: text, entry, resolved }),
  uses: ['agents', 'models', 'runs', 'sessions'],
  async handler(params, { agents, models, runs, sessions }) {
    const key = agents.sessionKey(params.key, params.agentId)
    await endRuns(runs, key)
    const record = sessions.reset(key)
    return { ok: true as const, key, entry: toEntry(record), resolved: toResolved(record, models) }
  },
})

export const sessionsDelete = defineMethod({
  name: 'sessions.delete',
  scope: 'operator.admin',
  summary: 'Deletes a session and its messages. The main session of an agent cannot be deleted.',
  params: z.strictObject({
    key: text,
    agentId: text.optional(),
    deleteTranscript: z.boolean().optional(),
    expectedSessionId: text.optional(),
    emitLifecycleHooks: z.boolean().optional(),
    archivedOnly: z.boolean().optional(),
  }),
  result: z.strictObject({ ok: z.literal(true), key: text, deleted: z.boolean(), archived: z.array(text) }),
  uses: ['agents', 'runs', 'sessions'],
  async handler(params, { agents, runs, sessions }) {
    const key = agents.sessionKey(params.key, params.agentId)
    const record = sessions.get(key)
    if (key === agents.mainSessionKey(record?.agentId)) throw invalid(`Cannot delete the main session (${key}).`)
    if (record && params.archivedOnly && !record.archived) throw invalid('the session is not archived: archive it first')
    await endRuns(runs, key)
    return { ok: true as const, key, deleted: sessions.delete(key), archived: [] }
  },
})

// --- talking to one by its key ---

export const sessionsSend = defineMethod({
  name: 'sessions.send',
  scope: 'operator.write',
  summary: 'Sends a message to a session that exists.',
  params: z.strictObject({
    key: text,
    agentId: text.optional(),
    message: z.string(),
    thinking: z.string().optional(),
    attachments: z.array(attachment).optional(),
    timeoutMs: z.int().min(0).optional(),
    idempotencyKey: text.max(256).optional(),
    mentions: z.array(z.unknown()).optional(),
  }),
  result: z.strictObject({ runId: text, status: z.enum(['started', 'in_flight', 'ok', 'error']) }),
  uses: ['agents', 'inbox', 'sessions'],
  async handler(params, { agents, inbox, sessions, caller }) {
    const sessionKey = agents.sessionKey(params.key, params.agentId)
    if (!sessions.get(sessionKey)) throw invalid(`session not found: ${sessionKey}`)
    const { runId, status } = await inbox.send({
      runId: params.idempotencyKey ?? uuid(),
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

export const sessionsAbort = defineMethod({
  name: 'sessions.abort',
  scope: 'operator.write',
  summary: 'Ends the run of a session, or a run by its id.',
  params: z.strictObject({
    key: text.optional(),
    runId: text.optional(),
    agentId: text.optional(),
    clearQueued: z.boolean().optional(),
  }),
  result: z.strictObject({
    ok: z.literal(true),
    abortedRunId: text.nullable(),
    status: z.enum(['aborted', 'no-active-run']),
  }),
  uses: ['agents', 'runs'],
  async handler({ key, runId, agentId, clearQueued }, { agents, runs }) {
    if (key === undefined && runId === undefined) throw invalid('key required')
    const inSession = key === undefined ? [runs.live(runId!)] : runs.liveIn(agents.sessionKey(key, agentId))
    const found = inSession.flatMap((run) => (run && (runId === undefined || run.id === runId) ? [run] : []))
    const ending = clearQueued ? found : found.slice(0, 1)
    for (const run of ending) run.abort('rpc')
    await Promise.all(ending.map((run) => run.done))
    const abortedRunId = ending[0]?.id ?? null
    return { ok: true as const, abortedRunId, status: abortedRunId === null ? ('no-active-run' as const) : ('aborted' as const) }
  },
})

// --- hearing of them ---

function connectionOf(connection: Connection | null): Connection {
  if (!connection) throw invalid('subscriptions need a WebSocket connection')
  return connection
}

export const sessionsSubscribe = defineMethod({
  name: 'sessions.subscribe',
  scope: 'operator.read',
  summary: 'Asks for sessions.changed and session.message events of all sessions. With list params, answers the list too.',
  params: listParams,
  result: z.strictObject({ subscribed: z.literal(true), list: list.optional() }),
  uses: ['agents', 'clock', 'models', 'sessions'],
  handler(params, { connection, ...use }) {
    connectionOf(connection).subscribe(SESSIONS_TOPIC)
    const wantsList = Object.values(params).some((value) => value !== undefined)
    return { subscribed: true as const, ...(wantsList && { list: listSessions(params, use) }) }
  },
})

const messagesTarget = z.strictObject({ key: text, agentId: text.optional(), includeApprovals: z.literal(true).optional() })

export const sessionsMessagesSubscribe = defineMethod({
  name: 'sessions.messages.subscribe',
  scope: 'operator.read',
  summary: 'Asks for session.message events of one session.',
  params: messagesTarget,
  result: z.strictObject({ subscribed: z.literal(true), key: text }),
  uses: ['agents'],
  handler(params, { agents, connection }) {
    const key = agents.sessionKey(params.key, params.agentId)
    connectionOf(connection).subscribe(sessionTopic(key))
    return { subscribed: true as const, key }
  },
})

export const sessionsMessagesUnsubscribe = defineMethod({
  name: 'sessions.messages.unsubscribe',
  scope: 'operator.read',
  summary: 'Takes back sessions.messages.subscribe.',
  params: messagesTarget.omit({ includeApprovals: true }),
  result: z.strictObject({ subscribed: z.literal(false), key: text }),
  uses: ['agents'],
  handler(params, { agents, connection }) {
    const key = agents.sessionKey(params.key, params.agentId)
    connectionOf(connection).unsubscribe(sessionTopic(key))
    return { subscribed: false as const, key }
  },
})
