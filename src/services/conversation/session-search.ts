// Finding what was said, in any conversation that goes on.

import { textOf, type StoredMessage } from '../../protocol/shapes.ts'
import type { Commit } from '../../store/commit.ts'
import type { Place, SearchIndex } from './search-index.ts'
import { snippetOf, termsOf } from './search-words.ts'
import type { SessionRecord } from './session-table.ts'
import type { Sessions } from './sessions.ts'
import type { Transcripts } from './transcripts.ts'

export interface SearchWish {
  readonly query: string
  readonly limit: number
  readonly agentId?: string | undefined
  /** Canonical. Absent: in all. */
  readonly sessionKeys?: readonly string[] | undefined
}

export interface SearchHit {
  readonly sessionKey: string
  readonly sessionId: string
  readonly messageId: string
  readonly seq: number
  readonly role: 'user' | 'assistant'
  readonly timestamp: number
  readonly snippet: string
  /** The greater, the better it fits. */
  readonly score: number
}

export interface SearchResults {
  readonly hits: readonly SearchHit[]
  /** There are more. */
  readonly truncated: boolean
  /** Some of what was said before this gateway had an index is not taken in yet. */
  readonly indexing: boolean
}

export interface SessionSearch {
  search(wish: SearchWish): SearchResults
  /** Takes in some of what is older than the index. */
  catchUp(): void
}

export function createSessionSearch(deps: { index: SearchIndex; sessions: Sessions; transcripts: Transcripts; commit: Commit }): SessionSearch {
  const { index, sessions, transcripts, commit } = deps
  sessions.watch({
    appended: (session, { message }) => index.add(session, message),
    reset: ({ key }) => index.drop(key),
    deleted: ({ key }) => index.drop(key),
  })

  function catchUp(): void {
    if (index.isBehind) commit.tx(() => index.catchUp(sessions.get))
  }

  /** The text of a place, if it is a part of a conversation that goes on. */
  function read({ floor, sessionId }: SessionRecord, { seq, id }: Place): StoredMessage | null {
    const entry = seq > floor ? transcripts.at(sessionId, seq) : null
    return entry?.id === id ? (JSON.parse(entry.data) as StoredMessage) : null
  }

  return {
    search({ query, limit, agentId, sessionKeys }) {
      catchUp()
      const indexing = index.isBehind
      const terms = termsOf(query)
      const { places, truncated } = index.find(terms)
      const wanted = sessionKeys && new Set(sessionKeys)
      const hits: SearchHit[] = []
      for (const place of places) {
        const { sessionKey, seq, score } = place
        if (wanted && !wanted.has(sessionKey)) continue
        const session = sessions.get(sessionKey)
        const message = session && (agentId === undefined || session.agentId === agentId) ? read(session, place) : null
        if (!session || !message) continue
        if (hits.length === limit) return { hits, truncated: true, indexing }
        const { role, timestamp } = message as StoredMessage & { role: 'user' | 'assistant' }
        const found = { sessionKey, sessionId: session.sessionId, messageId: place.id, seq, role, timestamp, score }
        hits.push({ ...found, snippet: snippetOf(textOf(message), terms) })
      }
      return { hits, truncated, indexing }
    },
    catchUp,
  }
}
