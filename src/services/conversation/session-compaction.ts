// Compacting a conversation: a model is given a summary of its beginning and the rest as it is. The transcript keeps
// everything, with a marker where that happened, and each compaction can be taken back.

import { uuid } from '../../kit/ids.ts'
import { invalid, unavailable } from '../../protocol/errors.ts'
import { sessionOperation } from '../../protocol/session-events.ts'
import type { StoredMessage } from '../../protocol/shapes.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Commit } from '../../store/commit.ts'
import type { Bus } from '../bus.ts'
import type { Activity } from './activity.ts'
import type { Compaction, CompactionTable } from './compaction-table.ts'
import type { Models } from './models.ts'
import type { SessionRecord } from './session-table.ts'
import { MAX_PIECES, summarise, toLine, type Summary } from './session-summary.ts'
import type { Sessions } from './sessions.ts'
import type { Transcripts } from './transcripts.ts'

export interface SessionCompaction {
  /** The newest ones of a conversation, the latest first. */
  list(session: SessionRecord): Compaction[]
  find(session: SessionRecord, checkpointId: string): Compaction
  /** Summarises everything but the last turn. */
  summarise(session: SessionRecord): Promise<Compacted>
  /** From now on a model is given the last `kept` messages, and no summary. */
  keepLast(session: SessionRecord, kept: number): Kept
  /** Told of what summaries took. */
  onSummary(listener: SummaryListener): void
}

export type SummaryListener = (session: SessionRecord, summary: Summary & { readonly tookMs: number }) => void

export type Compacted = { readonly compaction: Compaction } | { readonly reason: string }
export interface Kept {
  readonly compacted: boolean
  readonly kept: number
}

const LISTED = 100
const PAGE = 200
/** A single turn of fewer messages is not worth a summary. */
const MIN_MESSAGES = 4
const TIMEOUT_MS = 3 * 60 * 1000
const DEFAULT_WINDOW = 32_000
const MAX_BUDGET_CHARS = 200_000
const CHARS_PER_TOKEN = 4

interface Part {
  /** Messages `after < seq <= upTo` are summarised. */
  readonly after: number
  readonly upTo: number
  readonly before: string | null
}

export function createSessionCompaction(deps: {
  table: CompactionTable
  sessions: Sessions
  transcripts: Transcripts
  models: Models
  activity: Activity
  bus: Bus
  commit: Commit
  clock: Clock
}): SessionCompaction {
  const { table, sessions, transcripts, models, activity, bus, commit, clock } = deps
  const running = new Set<string>()
  const listeners: SummaryListener[] = []

  const latestOf = ({ sessionId, floor, messages }: SessionRecord) => table.latest(sessionId, { after: floor, upTo: messages })

  /** What is to be summarised, or why nothing is. */
  function plan(session: SessionRecord): Part | string {
    const { sessionId, floor, messages } = session
    const last = latestOf(session)
    if (last?.seq === messages) return 'Already compacted'
    const after = last?.keptAfter ?? floor
    const recent = transcripts.messages(sessionId, { after, upTo: messages, limit: PAGE })
    const turn = recent.findLast(({ role }) => role === 'user')?.__openclaw.seq ?? messages + 1
    const before = last?.summary ?? null
    if (turn - 1 > after) return { after, upTo: Math.min(turn - 1, messages), before }
    return messages - after >= MIN_MESSAGES ? { after, upTo: messages, before } : 'Nothing to compact (session too small)'
  }

  /** The newest of the part that fit into `chars`, as lines, oldest first. */
  function linesOf({ sessionId }: SessionRecord, { after, upTo }: Part, chars: number): string[] {
    const pages: string[][] = []
    for (let [end, left] = [upTo, chars]; end > after && left > 0; end -= PAGE) {
      const page = transcripts.messages(sessionId, { after: Math.max(after, end - PAGE), upTo: end, limit: PAGE })
      const lines = page.flatMap((message) => toLine(message) ?? [])
      left -= charsOf(lines)
      pages.unshift(lines)
    }
    return pages.flat()
  }

  async function ask(session: SessionRecord, part: Part): Promise<Summary> {
    const { agentId, settings } = session
    const aborter = new AbortController()
    const cancel = clock.after(TIMEOUT_MS, () => aborter.abort(unavailable('the summary took too long: try again', { retryable: true })))
    try {
      const candidates = await models.candidates(agentId, settings.model, { signal: aborter.signal })
      const window = models.choiceFor(agentId, settings.model).contextWindow ?? DEFAULT_WINDOW
      const budget = Math.min(MAX_BUDGET_CHARS, (window * CHARS_PER_TOKEN) / 2)
      const lines = linesOf(session, part, budget * MAX_PIECES)
      return await summarise({ models: candidates, before: part.before, lines, budget, signal: aborter.signal })
    } finally {
      cancel()
    }
  }

  /** Tokens of what a model is given, about. */
  function tokensOf(session: SessionRecord, after: number, summary: string | null): number {
    const stored = transcripts.page(session.sessionId, { after, upTo: session.messages, limit: PAGE })
    const chars = charsOf(stored.flatMap(({ data }) => toLine(JSON.parse(data) as StoredMessage) ?? []))
    return Math.ceil((chars + (summary?.length ?? 0)) / CHARS_PER_TOKEN)
  }

  /** `asked` is the session as it was when that was decided. */
  function record(asked: SessionRecord, keptAfter: number, summary: string | null): Compaction {
    return commit.tx(() => {
      const session = sessions.get(asked.key)
      if (session?.sessionId !== asked.sessionId || session.floor !== asked.floor) {
        throw invalid('the conversation was changed meanwhile: compact it again', { details: { reason: 'session-changed' } })
      }
      const { key, sessionId, floor, messages, preview } = session
      const last = latestOf(session)
      const now = clock.now()
      const facts = {
        id: uuid(),
        keptAfter,
        summary,
        firstKeptId: transcripts.at(sessionId, keptAfter + 1)?.id ?? null,
        leafId: transcripts.at(sessionId, messages)!.id,
        tokensBefore: tokensOf(session, last?.keptAfter ?? floor, last?.summary ?? null),
        tokensAfter: tokensOf(session, keptAfter, summary),
        createdAt: now,
      }
      const marker = { role: 'system' as const, content: [{ type: 'text' as const, text: 'Compaction' }], timestamp: now }
      const { id: markerId, seq } = sessions.append(key, marker, { kind: 'compaction' })
      const compaction = { ...facts, markerId, seq }
      table.put(sessionId, compaction)
      sessions.update(key, { preview }, { reason: 'compact' })
      return compaction
    })
  }

  function tell(session: SessionRecord, operationId: string, phase: 'start' | 'end', more: { completed?: boolean; reason?: string } = {}) {
    const { key: sessionKey, agentId } = session
    const payload = { operationId, operation: 'compact' as const, phase, sessionKey, agentId, ts: clock.now(), ...more }
    bus.publish(sessionOperation, payload, { session: sessionKey })
  }

  /** Between runs only: one that goes on would be told a conversation that ends in the middle of it. */
  function assertIdle({ key }: SessionRecord) {
    if (activity.runsOf(key).length > 0) throw invalid(`Session ${key} has queued work; retry after it finishes.`)
    if (running.has(key)) throw invalid(`Session ${key} is being compacted already.`)
  }

  async function compact(session: SessionRecord, part: Part): Promise<Compaction> {
    const operationId = uuid()
    running.add(session.key)
    tell(session, operationId, 'start')
    try {
      const since = clock.now()
      const summary = await ask(session, part)
      for (const listener of listeners) listener(session, { ...summary, tookMs: clock.now() - since })
      const compaction = record(session, part.upTo, summary.text)
      tell(session, operationId, 'end', { completed: true })
      return compaction
    } catch (error) {
      tell(session, operationId, 'end', { completed: false, reason: 'failed' })
      throw error
    } finally {
      running.delete(session.key)
    }
  }

  return {
    list: (session) => table.list(session.sessionId, session.floor, LISTED),
    find(session, checkpointId) {
      const found = table.list(session.sessionId, session.floor, LISTED).find(({ id }) => id === checkpointId)
      if (!found) throw invalid(`compaction checkpoint not found: ${checkpointId}`)
      return found
    },
    async summarise(session) {
      assertIdle(session)
      const part = plan(session)
      return typeof part === 'string' ? { reason: part } : { compaction: await compact(session, part) }
    },
    keepLast(session, kept) {
      assertIdle(session)
      const given = session.messages - (latestOf(session)?.keptAfter ?? session.floor)
      if (given <= kept) return { compacted: false, kept: given }
      record(session, session.messages - kept, null)
      return { compacted: true, kept }
    },
    onSummary: (listener) => void listeners.push(listener),
  }
}

const charsOf = (lines: readonly string[]): number => lines.reduce((sum, line) => sum + line.length + 1, 0)
