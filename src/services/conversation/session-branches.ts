// Going back in a conversation. What is cut off is not lost: it stays as a branch that can be switched to, and a fork
// begins a session of its own with what was said before a message.

import { orderedUuid } from '../../kit/ids.ts'
import { invalid } from '../../protocol/errors.ts'
import { textOf, type StoredMessage, type UserMessage } from '../../protocol/shapes.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Commit } from '../../store/commit.ts'
import type { Entry } from '../../store/log.ts'
import type { Activity } from './activity.ts'
import type { Branch, BranchTable } from './branch-table.ts'
import type { CompactionTable } from './compaction-table.ts'
import type { SearchIndex } from './search-index.ts'
import type { SessionRecord } from './session-table.ts'
import { toPreview } from './session-text.ts'
import type { Sessions } from './sessions.ts'
import type { Transcripts } from './transcripts.ts'

export interface BranchView {
  readonly leafEntryId: string
  readonly headline: string
  readonly messageCount: number
  readonly updatedAt: number
  readonly active: boolean
}

export interface SessionBranches {
  /** The one that goes on first, then the latest. A conversation without messages has no leaf, and is not listed. */
  list(key: string): BranchView[]
  switch(key: string, leafEntryId: string): void
  /** Goes back to before a message of the user, and returns the message. */
  rewind(key: string, entryId: string): UserMessage
  /** Makes a session that begins with what was said before a message of the user. */
  fork(key: string, entryId: string): { readonly session: SessionRecord; readonly message: UserMessage }
  /** Makes a session that begins with the messages up to number `upTo`. */
  forkAt(session: SessionRecord, upTo: number): SessionRecord
  /** Goes back to the messages up to number `upTo`. */
  rewindTo(session: SessionRecord, upTo: number, reason: string): void
  /** Throws unless the conversation still ends with this message; null: unless it is empty. */
  assertLeaf(key: string, leafEntryId: string | null): void
}

const MAX_BRANCHES = 100
/** How far back from a cut a line for the list is looked for. */
const PREVIEW_WINDOW = 20

export function createSessionBranches(deps: {
  table: BranchTable
  compactions: CompactionTable
  search: SearchIndex
  sessions: Sessions
  transcripts: Transcripts
  activity: Activity
  commit: Commit
  clock: Clock
}): SessionBranches {
  const { table, compactions, search, sessions, transcripts, activity, commit, clock } = deps

  function drop(stream: string) {
    transcripts.delete(stream)
    compactions.delete(stream)
  }

  sessions.watch({
    reset: ({ key }) => table.close(key),
    deleted: ({ key, sessionId }) => {
      compactions.delete(sessionId)
      table.clear(key).forEach(drop)
    },
  })

  function known(key: string): SessionRecord {
    const session = sessions.get(key)
    if (!session) throw invalid(`session not found: ${key}`)
    return session
  }

  /** A run writes behind the last message: its session stays in its branch. */
  function idle(key: string): SessionRecord {
    const session = known(key)
    if (activity.runsOf(key).length > 0) throw invalid(`Session ${key} has queued work; retry after it finishes.`)
    return session
  }

  function userMessage(session: SessionRecord, entryId: string): { seq: number; message: UserMessage } {
    const entry = transcripts.find(session.sessionId, entryId)
    if (!entry || entry.seq <= session.floor) throw invalid(`message entry not found: ${entryId}`)
    const message = JSON.parse(entry.data) as StoredMessage
    if (message.role !== 'user') throw invalid(`entry is not a user message: ${entryId}`)
    return { seq: entry.seq, message }
  }

  /** Null for a conversation without messages. */
  const leafOf = ({ sessionId, floor, messages }: SessionRecord): Entry | null =>
    messages > floor ? transcripts.at(sessionId, messages) : null

  const timeOf = ({ data }: Entry): number => (JSON.parse(data) as StoredMessage).timestamp

  function toBranch(session: SessionRecord): Branch | null {
    const leaf = leafOf(session)
    const { sessionId: stream, floor, messages, title, preview } = session
    return leaf && { stream, leafId: leaf.id, floor, messages, title, preview, updatedAt: timeOf(leaf) }
  }

  const contains = (stream: string, { messages, leafId }: Branch): boolean => transcripts.at(stream, messages)?.id === leafId

  /** Keeps the branch in which the session is, unless it is a part of another one. */
  function setAside(session: SessionRecord, next: string) {
    const branch = toBranch(session)
    const others = table.list(session.key)
    const isPart = !branch || [next, ...others.map(({ stream }) => stream)].some((stream) => contains(stream, branch))
    if (isPart) return drop(session.sessionId)
    if (others.length >= MAX_BRANCHES) {
      throw invalid(`this conversation has ${MAX_BRANCHES} branches: go on in one of them, or fork it`)
    }
    table.put(session.key, branch)
  }

  /** What a session says of itself when it ends with message `upTo`. */
  function facts(session: SessionRecord, upTo: number): Pick<SessionRecord, 'messages' | 'title' | 'preview'> {
    const range = { after: session.floor, upTo, limit: PREVIEW_WINDOW }
    const last = transcripts.messages(session.sessionId, range).findLast((message) => message.role !== 'toolResult' && textOf(message).trim() !== '')
    return { messages: upTo, title: upTo > session.floor ? session.title : null, preview: last ? toPreview(textOf(last)) : null }
  }

  function copy({ sessionId, floor }: SessionRecord, upTo: number): string {
    const stream = orderedUuid(clock.now())
    transcripts.copy(sessionId, stream, { after: floor, upTo })
    compactions.copy(sessionId, stream, upTo)
    return stream
  }

  function rewindTo(session: SessionRecord, upTo: number, reason: string): void {
    commit.tx(() => {
      const now = facts(session, upTo)
      const stream = copy(session, upTo)
      setAside(session, stream)
      sessions.update(session.key, { ...now, sessionId: stream, updatedAt: clock.now(), status: null, lastError: null }, { reason })
    })
  }

  function forkAt(session: SessionRecord, upTo: number): SessionRecord {
    return commit.tx(() => {
      const { agentId, key: parentKey, floor } = session
      const { model, thinkingLevel, verboseLevel, reasoningLevel } = session.settings
      const settings = {
        ...(model !== undefined && { model }),
        ...(thinkingLevel !== undefined && { thinkingLevel }),
        ...(verboseLevel !== undefined && { verboseLevel }),
        ...(reasoningLevel !== undefined && { reasoningLevel }),
      }
      const from = { ...facts(session, upTo), sessionId: copy(session, upTo), floor }
      const made = sessions.create({ agentId, parentKey, settings, via: 'operator', from })
      search.copy(session, made)
      return made
    })
  }

  function switchTo(key: string, leafEntryId: string): void {
    const session = idle(key)
    if (leafOf(session)?.id === leafEntryId) throw invalid(`branch is already active: ${leafEntryId}`)
    const branch = table.list(key).find(({ leafId }) => leafId === leafEntryId)
    if (!branch) throw invalid(`branch entry not found: ${leafEntryId}`)
    const { stream: sessionId, floor, messages, title, preview } = branch
    commit.tx(() => {
      table.remove(key, sessionId)
      setAside(session, sessionId)
      sessions.update(key, { sessionId, floor, messages, title, preview, updatedAt: clock.now(), status: null, lastError: null }, { reason: 'branch-switch' })
    })
  }

  return {
    list(key) {
      const session = sessions.get(key)
      if (!session) return []
      const active = toBranch(session)
      return [...(active ? [toView(active, true)] : []), ...table.list(key).map((branch) => toView(branch, false))]
    },
    switch: switchTo,
    rewind(key, entryId) {
      const session = idle(key)
      const { seq, message } = userMessage(session, entryId)
      rewindTo(session, seq - 1, 'rewind')
      return message
    },
    fork(key, entryId) {
      const session = known(key)
      const { seq, message } = userMessage(session, entryId)
      return { session: forkAt(session, seq - 1), message }
    },
    forkAt,
    rewindTo: (session, upTo, reason) => rewindTo(idle(session.key), upTo, reason),
    assertLeaf(key, leafEntryId) {
      const session = sessions.get(key)
      if (((session && leafOf(session))?.id ?? null) === leafEntryId) return
      throw invalid('active branch changed; review and retry', { details: { reason: 'active-leaf-changed' } })
    },
  }
}

const toView = ({ leafId, floor, messages, title, preview, updatedAt }: Branch, active: boolean): BranchView => ({
  leafEntryId: leafId,
  headline: preview ?? title ?? '',
  messageCount: messages - floor,
  updatedAt,
  active,
})
