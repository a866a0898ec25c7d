// The row of a session as clients see it (`SessionRow` of the published schema). Pure.

import { defined } from '../../kit/json.ts'
import { splitSessionKey, type SessionRow } from '../../protocol/shapes.ts'
import type { ModelChoice } from './models.ts'
import type { SessionRecord } from './session-table.ts'

export interface RowOptions {
  readonly titles?: boolean
  readonly preview?: boolean
}

interface Surroundings {
  readonly now: number
  readonly activeRunIds: readonly string[]
  /** The model that the next turn of the session would use. */
  readonly model: ModelChoice
  readonly mainKey: string
}

/** Kinds of sessions that work behind a person's back. */
const BACKGROUND: readonly string[] = ['cron', 'hook', 'subagent']

export function toSessionRow(record: SessionRecord, options: RowOptions, around: Surroundings): SessionRow {
  const { settings, startedAt, endedAt } = record
  const { activeRunIds } = around
  const isMain = record.key === around.mainKey
  const classification = isMain ? 'main' : classify(record.key)
  return defined({
    key: record.key,
    kind: 'direct' as const,
    chatType: 'direct' as const,
    classification,
    agentId: record.agentId,
    sessionId: record.sessionId,
    isMain,
    isBackground: BACKGROUND.includes(classification),
    label: record.label ?? undefined,
    displayName: settings.displayName ?? record.label ?? undefined,
    icon: settings.icon,
    color: settings.color,
    category: settings.category,
    derivedTitle: (options.titles && record.title) || undefined,
    lastMessagePreview: (options.preview && record.preview) || undefined,
    updatedAt: record.updatedAt,
    createdAt: record.createdAt,
    createdVia: record.createdVia,
    lastInteractionAt: record.interactedAt ?? undefined,
    archived: record.archived,
    archivedAt: record.archivedAt ?? undefined,
    pinned: settings.pinned ?? false,
    unread: settings.unread ?? false,
    parentSessionKey: record.parentKey ?? undefined,
    status: activeRunIds.length > 0 ? ('running' as const) : (record.status ?? undefined),
    lastRunId: record.lastRunId ?? undefined,
    lastRunError: record.lastError ?? undefined,
    startedAt: startedAt ?? undefined,
    endedAt: endedAt ?? undefined,
    runtimeMs: startedAt !== null && endedAt !== null && endedAt >= startedAt ? endedAt - startedAt : undefined,
    abortedLastRun: record.status === 'killed' ? true : undefined,
    inputTokens: record.inputTokens,
    outputTokens: record.outputTokens,
    totalTokens: record.totalTokens,
    totalTokensFresh: record.endedAt !== null,
    contextTokens: around.model.contextWindow,
    thinkingLevel: settings.thinkingLevel,
    verboseLevel: settings.verboseLevel,
    reasoningLevel: settings.reasoningLevel,
    sendPolicy: settings.sendPolicy,
    modelProvider: around.model.provider,
    model: around.model.model,
    modelOverrideSource: settings.model === undefined ? null : ('user' as const),
    hasActiveRun: activeRunIds.length > 0,
    activeRunIds: [...activeRunIds],
    visibility: 'shared' as const,
    snapshotAt: around.now,
  })
}

/** The kind of a session by its key: `agent:main:cron:…` is `cron`; a key that a person chose is `custom`. */
function classify(key: string): string {
  const rest = splitSessionKey(key)?.rest ?? key
  const kind = rest.split(':')[0]!
  return rest.includes(':') && kind !== '' ? kind : 'custom'
}
