// Sessions: finding, making, changing, listing them, and adding to their transcripts. Every change of a session and
// of its transcript goes through here, so that counts, previews and `updatedAt` are right.

import { orderedUuid } from '../../kit/ids.ts'
import { defined } from '../../kit/json.ts'
import { sessionMessage, sessionsChanged } from '../../protocol/events.ts'
import { invalid } from '../../protocol/errors.ts'
import { splitSessionKey, textOf, type Message, type SessionRow } from '../../protocol/shapes.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Commit } from '../../store/commit.ts'
import type { Bus } from '../bus.ts'
import type { Activity } from './activity.ts'
import type { Agents } from './agents.ts'
import type { Models } from './models.ts'
import { toSessionRow, type RowOptions } from './session-row.ts'
import type { SessionFilter, SessionRecord, SessionSettings, SessionTable } from './session-table.ts'
import { toPreview, toTitle } from './session-text.ts'
import { createSessionWatch, type SessionWatcher } from './session-watch.ts'
import type { Appended, Transcripts } from './transcripts.ts'

export type SessionOrigin = NonNullable<SessionRow['createdVia']>

export interface NewSession {
  /** Absent: a key of its own is made. */
  readonly key?: string
  readonly agentId?: string
  readonly label?: string
  readonly settings?: SessionSettings
  readonly parentKey?: string
  readonly via: SessionOrigin
  /** No session has the key: it was made up for this one. */
  readonly isNew?: boolean
  /** It begins with what another has said. */
  readonly from?: Pick<SessionRecord, 'sessionId' | 'floor' | 'messages' | 'title' | 'preview'>
}

/** What a patch may change; null clears. */
export interface SessionPatch {
  readonly label?: string | null
  readonly archived?: boolean
  readonly settings?: { readonly [K in keyof SessionSettings]?: SessionSettings[K] | null }
}

export interface Sessions {
  get(key: string): SessionRecord | null
  findBy(column: 'sessionId' | 'label', value: string, agentId?: string): SessionRecord | null
  /** The session of a canonical key, made if there is none. */
  ensure(key: string, via: SessionOrigin): SessionRecord
  /** Makes a session, or returns the one that has the key already. */
  create(session: NewSession): SessionRecord
  patch(key: string, patch: SessionPatch): SessionRecord
  /** Starts the conversation anew: earlier messages are no longer part of it. */
  reset(key: string): SessionRecord
  delete(key: string): boolean
  /** What a run changes: status, model, tokens. Does not count as a message. */
  update(key: string, changes: Partial<SessionRecord>, told: { reason?: string; phase?: string; runId?: string }): void
  /** Adds a message to the transcript and tells subscribers. */
  append(key: string, message: Message, mark?: { runId?: string; kind?: string; id?: string }): Appended
  page(filter: SessionFilter, limit: number, offset: number): SessionRecord[]
  count(filter: SessionFilter): number
  watch(watcher: SessionWatcher): void
  toRow(record: SessionRecord, options?: RowOptions): SessionRow
  /** The row of a key that has no session yet: what it would be. */
  emptyRow(key: string): SessionRow
}

export function createSessions(deps: {
  table: SessionTable
  transcripts: Transcripts
  commit: Commit
  clock: Clock
  bus: Bus
  agents: Agents
  models: Models
  activity: Activity
}): Sessions {
  const { table, transcripts, commit, clock, bus, agents, models, activity } = deps
  const watch = createSessionWatch()

  function toRow(record: SessionRecord, options: RowOptions = {}): SessionRow {
    return toSessionRow(record, options, {
      now: clock.now(),
      activeRunIds: activity.runsOf(record.key),
      model: models.choiceFor(record.agentId, record.settings.model),
      mainKey: agents.mainSessionKey(record.agentId),
    })
  }

  function tell(key: string, agentId: string, told: { reason?: string; phase?: string; runId?: string }) {
    bus.publish(sessionsChanged, () => {
      const record = table.get(key)
      const row = record ? toRow(record, { titles: true, preview: true }) : null
      return { ...row, ...told, sessionKey: key, agentId, ts: clock.now(), session: row }
    })
  }

  function blank(key: string, agentId: string, via: SessionOrigin): SessionRecord {
    const now = clock.now()
    return {
      key,
      agentId,
      sessionId: orderedUuid(now),
      label: null,
      archived: false,
      archivedAt: null,
      createdAt: now,
      updatedAt: now,
      interactedAt: null,
      createdVia: via,
      parentKey: null,
      floor: 0,
      messages: 0,
      title: null,
      preview: null,
      status: null,
      lastRunId: null,
      lastError: null,
      startedAt: null,
      endedAt: null,
      provider: null,
      model: null,
      inputTokens: 0,
      outputTokens: 0,
      totalTokens: 0,
      settings: {},
    }
  }

  function insert(record: SessionRecord, reason = 'create'): SessionRecord {
    table.insert(record)
    watch.changed(record)
    tell(record.key, record.agentId, { reason })
    return record
  }

  function claimLabel(agentId: string, key: string, label: string) {
    const holder = table.findBy('label', label, agentId)
    if (holder && holder.key !== key) throw invalid(`label already in use: ${label}`)
  }

  /** It stays archived since when it was. */
  function archiving(record: SessionRecord, archived: boolean | undefined): Partial<SessionRecord> {
    if (archived === undefined || archived === record.archived) return {}
    if (archived && record.key === agents.mainSessionKey(record.agentId)) throw invalid("Cannot archive an agent's main session.")
    return { archived, archivedAt: archived ? clock.now() : null }
  }

  function ensure(key: string, via: SessionOrigin): SessionRecord {
    const agentId = agents.ofSession(key)
    return commit.tx(() => table.get(key) ?? insert(blank(key, agentId, via)))
  }

  return {
    get: (key) => table.get(key),
    findBy: (column, value, agentId) => table.findBy(column, value, agentId),
    ensure,
    create: (session) =>
      commit.tx(() => {
        const agentId = session.agentId ?? agents.defaultId()
        const key = session.key ?? `agent:${agentId}:dashboard:${orderedUuid(clock.now())}`
        const owner = agents.ofSession(key)
        const known = session.isNew ? null : table.get(key)
        if (session.label !== undefined) claimLabel(owner, key, session.label)
        if (known) return known
        const { label = null, parentKey = null, settings = {}, from } = session
        return insert({ ...blank(key, owner, session.via), ...from, label, parentKey, settings }, from && 'fork')
      }),
    patch: (key, patch) =>
      commit.tx(() => {
        const record = ensure(key, 'operator')
        if (typeof patch.label === 'string') claimLabel(record.agentId, key, patch.label)
        const settings = mergeSettings(record.settings, patch.settings ?? {})
        const changes = defined({ ...archiving(record, patch.archived), updatedAt: clock.now(), settings })
        table.update(key, patch.label === undefined ? changes : { ...changes, label: patch.label })
        const patched = table.get(key)!
        watch.changed(patched)
        tell(key, record.agentId, { reason: 'patch' })
        return patched
      }),
    reset: (key) =>
      commit.tx(() => {
        const record = ensure(key, 'operator')
        const marker = { role: 'system' as const, content: [{ type: 'text' as const, text: 'Reset' }], timestamp: clock.now() }
        const changes = { floor: record.messages, title: null, preview: null, lastError: null, status: null }
        const tokens = { inputTokens: 0, outputTokens: 0, totalTokens: 0 }
        watch.reset(record)
        let messages = record.messages
        if (record.messages > record.floor) messages = transcripts.append(record.sessionId, record.messages + 1, marker, { kind: 'reset' }).seq
        table.update(key, { ...changes, ...tokens, messages, updatedAt: clock.now() })
        tell(key, record.agentId, { reason: 'reset' })
        return table.get(key)!
      }),
    delete: (key) =>
      commit.tx(() => {
        const record = table.get(key)
        if (!record) return false
        watch.deleted(record)
        transcripts.delete(record.sessionId)
        table.delete(record)
        tell(key, record.agentId, { reason: 'delete' })
        return true
      }),
    update(key, changes, told) {
      commit.tx(() => table.update(key, changes))
      tell(key, splitSessionKey(key)!.agentId, told)
    },
    append: (key, message, mark) =>
      commit.tx(() => {
        const record = table.get(key)
        if (!record) throw invalid('session not found')
        const appended = transcripts.append(record.sessionId, record.messages + 1, message, mark)
        const text = textOf(message).trim()
        const now = clock.now()
        table.update(key, {
          messages: appended.seq,
          updatedAt: now,
          ...(message.role === 'user' && { interactedAt: now, archived: false, archivedAt: null }),
          ...(message.role === 'user' && record.title === null && text !== '' && { title: toTitle(text) }),
          ...(message.role !== 'toolResult' && text !== '' && { preview: toPreview(text) }),
        })
        watch.appended(record, appended)
        bus.publish(
          sessionMessage,
          () => ({
            sessionKey: key,
            agentId: record.agentId,
            message: appended.message,
            messageId: appended.id,
            messageSeq: appended.seq,
            session: toRow(table.get(key) ?? record),
          }),
          { session: key },
        )
        return appended
      }),
    page: (filter, limit, offset) => table.page(filter, limit, offset),
    count: (filter) => table.count(filter),
    watch: watch.add,
    toRow,
    emptyRow(key) {
      const { createdAt: _, createdVia: __, sessionId: ___, ...row } = toRow(blank(key, agents.ofSession(key), 'operator'))
      return { ...row, updatedAt: null }
    },
  }
}

function mergeSettings(settings: SessionSettings, patch: NonNullable<SessionPatch['settings']>): SessionSettings {
  const merged: Record<string, unknown> = { ...settings }
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key]
    else if (value !== undefined) merged[key] = value
  }
  return merged
}
