// Sessions: listing, finding, reading.

import * as z from 'zod'
import { invalid } from '../protocol/errors.ts'
import { sessionRow, textOf } from '../protocol/shapes.ts'
import { defineMethod } from '../rpc/method.ts'
import { readHistory } from '../services/conversation/history.ts'
import { findLinked, findReferred, nameOf } from '../services/conversation/session-links.ts'
import type { SessionFilter, SessionRecord } from '../services/conversation/session-table.ts'
import type { Services } from '../services/services.ts'

const text = z.string().min(1)
const DEFAULT_LIMIT = 100
const MAX_LIMIT = 1000

// --- listing ---

export const listParams = z.strictObject({
  limit: z.int().min(1).optional(),
  offset: z.int().min(0).optional(),
  activeMinutes: z.int().min(1).optional(),
  agentId: text.optional(),
  label: text.max(512).optional(),
  search: z.string().optional(),
  archived: z.union([z.boolean(), z.literal('all')]).optional(),
  pinned: z.boolean().optional(),
  excludeSubagents: z.boolean().optional(),
  excludeCron: z.boolean().optional(),
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
  involvingMe: z.boolean().optional(),
  excludeSystem: z.boolean().optional(),
  // What no session here has: boards, projects, people. Who asks for it gets none.
  boardFace: z.enum(['chat', 'dashboard']).optional(),
  hasBoard: z.boolean().optional(),
  projectId: text.optional(),
  workspaceDir: text.optional(),
  creatorId: text.optional(),
  ownerId: text.optional(),
  involvingProfileId: text.optional(),
  profileRelation: z.strictObject({ profileId: text, relationship: z.enum(['owned', 'created', 'involving']) }).optional(),
})

export const sessionList = z.strictObject({
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

export type ListUse = Pick<Services, 'agents' | 'clock' | 'models' | 'sessions'>

const asksForWhatNoneHas = (params: z.output<typeof listParams>): boolean =>
  params.hasBoard === true ||
  [params.boardFace, params.projectId, params.workspaceDir, params.creatorId, params.ownerId, params.involvingProfileId, params.profileRelation].some(
    (wish) => wish !== undefined,
  )

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
    ...(params.excludeSubagents && { subagents: false }),
    ...(params.excludeCron && { cron: false }),
    ...(asksForWhatNoneHas(params) && { agentIds: [] }),
    ...(activeMinutes !== undefined && { updatedSince: clock.now() - activeMinutes * 60_000 }),
    ...(search !== undefined && search.trim() !== '' && { search: search.trim() }),
  }
}

export function listSessions(params: z.output<typeof listParams>, use: ListUse): z.input<typeof sessionList> {
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
  result: sessionList,
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

/** Sessions that are offered when a link does not tell which one it means. */
export const MAX_CANDIDATES = 10

export const found = z.strictObject({ key: text, agentId: text, displayName: z.string().optional() })

export function toFound(record: SessionRecord): z.output<typeof found> {
  const displayName = nameOf(record)
  return { key: record.key, agentId: record.agentId, ...(displayName !== undefined && { displayName }) }
}

const sought = z.strictObject({
  key: text.optional(),
  sessionId: text.optional(),
  label: text.max(512).optional(),
  shortId: text.optional(),
  slugHint: text.optional(),
  /** What a page made of an address: a key, and a name if there is no such session. */
  reference: z.strictObject({ key: text, slug: text.optional() }).optional(),
  agentId: text.optional(),
  spawnedBy: text.optional(),
  includeGlobal: z.boolean().optional(),
  includeUnknown: z.boolean().optional(),
  allowMissing: z.boolean().optional(),
})

function candidates(params: z.output<typeof sought>, { agents, sessions }: Pick<Services, 'agents' | 'sessions'>): SessionRecord[] {
  const { key, sessionId, label, shortId, slugHint, reference, agentId } = params
  const names = [key, sessionId, label, shortId, reference].filter((name) => name !== undefined)
  if (names.length === 0) throw invalid('Either key, sessionId, label, shortId, or reference is required')
  if (names.length > 1) throw invalid('Provide either key, sessionId, label, shortId, or reference (not multiple)')
  if (slugHint !== undefined && shortId === undefined) throw invalid('slugHint requires shortId')
  if (shortId !== undefined) return findLinked({ shortId, slugHint, agentId }, sessions)
  if (reference) return findReferred({ ...reference, key: agents.sessionKey(reference.key, agentId) }, sessions)
  const record =
    key !== undefined
      ? sessions.get(agents.sessionKey(key, agentId))
      : sessionId !== undefined
        ? sessions.findBy('sessionId', sessionId, agentId)
        : sessions.findBy('label', label!, agentId)
  return record ? [record] : []
}

export const sessionsResolve = defineMethod({
  name: 'sessions.resolve',
  scope: 'operator.read',
  hidden: true,
  summary: 'Finds the key of a session by its key, id, label, or what a link has of its key.',
  params: sought,
  result: z.union([
    found.extend({ ok: z.literal(true) }),
    z.strictObject({ ok: z.literal(false), candidates: z.array(found).max(MAX_CANDIDATES).optional() }),
  ]),
  uses: ['agents', 'sessions'],
  handler(params, use) {
    const records = candidates(params, use)
    if (records.length === 1) return { ok: true as const, ...toFound(records[0]!) }
    if (records.length > 1) return { ok: false as const, candidates: records.slice(0, MAX_CANDIDATES).map(toFound) }
    if (params.allowMissing) return { ok: false as const }
    throw invalid(`No session found: ${params.key ?? params.sessionId ?? params.label ?? params.shortId ?? params.reference?.key}`)
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
