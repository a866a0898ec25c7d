// Sessions: making, changing, deleting.

import * as z from 'zod'
import { sha256Hex } from '../kit/bytes.ts'
import { uuid } from '../kit/ids.ts'
import { stableStringify } from '../kit/json.ts'
import { invalid } from '../protocol/errors.ts'
import { attachment } from '../protocol/shapes.ts'
import { defineMethod } from '../rpc/method.ts'
import type { SessionRecord } from '../services/conversation/session-table.ts'
import type { Services } from '../services/services.ts'

const text = z.string().min(1)
export const entry = z.record(z.string(), z.unknown())

export const toEntry = (record: SessionRecord): z.output<typeof entry> => ({
  sessionId: record.sessionId,
  updatedAt: record.updatedAt,
  createdAt: record.createdAt,
  createdVia: record.createdVia,
  archived: record.archived,
  ...(record.archivedAt !== null && { archivedAt: record.archivedAt }),
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
  label: text.max(512).optional(),
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
  async handler(params, { agents, clock, commit, idempotency, inbox, models, sessions, caller, trace }) {
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
      trace,
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

/** What can be changed of a session. */
export const sessionPatch = z.strictObject({
  label: text.max(512).nullable().optional(),
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
})

/** Whose session is changed, and what it must be still. */
export const patchTarget = z.strictObject({ key: text, agentId: text.optional(), expectedSessionId: text.optional() })

export function patchSession(
  target: z.output<typeof patchTarget>,
  patch: z.output<typeof sessionPatch>,
  { agents, models, sessions }: Pick<Services, 'agents' | 'models' | 'sessions'>,
): SessionRecord {
  const key = agents.sessionKey(target.key, target.agentId)
  const before = sessions.get(key)
  if (target.expectedSessionId !== undefined && before?.sessionId !== target.expectedSessionId) {
    throw invalid('the session was replaced meanwhile: read it again and retry', { details: { code: 'SESSION_CHANGED' } })
  }
  const { label, archived, ...settings } = patch
  if (typeof settings.model === 'string') models.assertKnown(settings.model)
  if (typeof settings.thinkingLevel === 'string') models.assertThinking(agents.ofSession(key), settings.model ?? before?.settings.model, settings.thinkingLevel)
  return sessions.patch(key, { settings, ...(label !== undefined && { label }), ...(archived !== undefined && { archived }) })
}

export const sessionsPatch = defineMethod({
  name: 'sessions.patch',
  scope: 'operator.write',
  summary: 'Changes a session. null clears a setting.',
  params: patchTarget.extend(sessionPatch.shape),
  result: z.strictObject({ ok: z.literal(true), path: text, key: text, entry, resolved }),
  uses: ['agents', 'models', 'sessions'],
  handler({ key, agentId, expectedSessionId, ...patch }, use) {
    const record = patchSession({ key, agentId, expectedSessionId }, patch, use)
    return { ok: true as const, path: 'sessions', key: record.key, entry: toEntry(record), resolved: toResolved(record, use.models) }
  },
})

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
    await runs.abort(runs.liveIn(key), 'reset')
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
  uses: ['agents', 'approvals', 'runs', 'sessions'],
  async handler(params, { agents, approvals, runs, sessions }) {
    const key = agents.sessionKey(params.key, params.agentId)
    const record = sessions.get(key)
    if (key === agents.mainSessionKey(record?.agentId)) throw invalid(`Cannot delete the main session (${key}).`)
    if (record && params.archivedOnly && !record.archived) throw invalid('the session is not archived: archive it first')
    await runs.abort(runs.liveIn(key), 'reset')
    approvals.cancel({ sessionKey: key }, 'run-aborted')
    return { ok: true as const, key, deleted: sessions.delete(key), archived: [] }
  },
})
