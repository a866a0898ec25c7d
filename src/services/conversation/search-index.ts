// The index of what was said: words of users and assistants, written in the transaction that adds a message. It holds
// no texts: those stand in the transcripts, and what is found is looked up there, in the branch that goes on.

import { splitSessionKey, textOf, type StoredMessage } from '../../protocol/shapes.ts'
import type { Sql } from '../../ports/sql.ts'
import type { Migration } from '../../store/migrate.ts'
import type { SessionRecord } from './session-table.ts'
import { toIndexed, toMatch } from './search-words.ts'
import type { Transcripts } from './transcripts.ts'

/** Sessions that are older than the index are taken in one after the other: see `catchUp`. */
export const searchMigration: Migration = {
  name: 'sessions/search',
  script: `CREATE VIRTUAL TABLE search_text USING fts5 (text, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2');
  CREATE TABLE search_places (
    session_key TEXT NOT NULL, n INTEGER NOT NULL, seq INTEGER NOT NULL, id TEXT NOT NULL, PRIMARY KEY (session_key, n)
  ) WITHOUT ROWID;
  CREATE INDEX search_places_text ON search_places (n);
  CREATE TABLE search_backlog (session_key TEXT PRIMARY KEY, taken INTEGER NOT NULL, up_to INTEGER NOT NULL) WITHOUT ROWID;
  INSERT INTO search_backlog SELECT key, floor, messages FROM sessions WHERE messages > floor`,
}

/** Where a text that was found may stand. */
export interface Place {
  readonly sessionKey: string
  readonly seq: number
  readonly id: string
  readonly score: number
}

export interface SearchIndex {
  /** Takes in a message of a session. */
  add(session: SessionRecord, message: StoredMessage): void
  /** `to` begins with messages of `from`. */
  copy(from: SessionRecord, to: SessionRecord): void
  drop(sessionKey: string): void
  /** Places of texts with all terms, the best first; `truncated` when there may be more of them. */
  find(terms: readonly string[]): { readonly places: Iterable<Place>; readonly truncated: boolean }
  /** Some of what is older than the index is not taken in yet. */
  readonly isBehind: boolean
  /** Takes in some of it. */
  catchUp(sessionOf: (key: string) => SessionRecord | null): void
}

/** Texts that one search looks at, and messages that one `catchUp` takes in. */
const MAX_CANDIDATES = 5000
const CATCH_UP = 500
const MAX_INDEXED_CHARS = 100_000

/** A conversation that a program brings along with each of its requests is not looked for here. */
export const isThrowaway = (key: string): boolean => /^openai:[0-9a-f-]{36}$/.test(splitSessionKey(key)?.rest ?? '')

export function createSearchIndex(sql: Sql, transcripts: Transcripts): SearchIndex {
  let last: number | null = null

  const next = () => (last = (last ?? sql.get<{ n: number | null }>('SELECT max(n) AS n FROM search_places')?.n ?? 0) + 1)

  function add({ key }: SessionRecord, message: StoredMessage): void {
    if ((message.role !== 'user' && message.role !== 'assistant') || isThrowaway(key)) return
    const text = textOf(message)
    if (text.trim() === '') return
    const n = next()
    const { seq, id } = message.__openclaw
    sql.run('INSERT INTO search_text (rowid, text) VALUES (?, ?)', n, toIndexed(text.slice(0, MAX_INDEXED_CHARS)))
    sql.run('INSERT INTO search_places (session_key, n, seq, id) VALUES (?, ?, ?, ?)', key, n, seq, id)
  }

  function* placesOf(found: readonly { n: number; rank: number }[]): Iterable<Place> {
    for (const { n, rank } of found) {
      for (const place of sql.all<Omit<Place, 'score'>>('SELECT session_key AS sessionKey, seq, id FROM search_places WHERE n = ?', n)) {
        yield { ...place, score: -rank }
      }
    }
  }

  return {
    add,
    copy(from, to) {
      if (isThrowaway(from.key)) return sql.run('INSERT INTO search_backlog (session_key, taken, up_to) VALUES (?, ?, ?)', to.key, to.floor, to.messages)
      sql.run(
        `INSERT INTO search_places (session_key, n, seq, id)
         SELECT ?, n, seq, id FROM search_places WHERE session_key = ? AND seq > ? AND seq <= ?`,
        to.key,
        from.key,
        to.floor,
        to.messages,
      )
      sql.run(
        'INSERT INTO search_backlog (session_key, taken, up_to) SELECT ?, taken, min(up_to, ?) FROM search_backlog WHERE session_key = ?',
        to.key,
        to.messages,
        from.key,
      )
    },
    drop(sessionKey) {
      sql.run(
        `DELETE FROM search_text WHERE rowid IN (
           SELECT n FROM search_places AS own WHERE session_key = ? AND NOT EXISTS (
             SELECT 1 FROM search_places AS other WHERE other.n = own.n AND other.session_key <> own.session_key))`,
        sessionKey,
      )
      sql.run('DELETE FROM search_places WHERE session_key = ?', sessionKey)
      sql.run('DELETE FROM search_backlog WHERE session_key = ?', sessionKey)
    },
    find(terms) {
      const match = toMatch(terms)
      if (match === null) return { places: [], truncated: false }
      const found = sql.all<{ n: number; rank: number }>(
        'SELECT rowid AS n, rank FROM search_text WHERE search_text MATCH ? ORDER BY rank, rowid DESC LIMIT ?',
        match,
        MAX_CANDIDATES,
      )
      return { places: placesOf(found), truncated: found.length === MAX_CANDIDATES }
    },
    get isBehind() {
      return sql.get('SELECT 1 FROM search_backlog LIMIT 1') !== undefined
    },
    catchUp(sessionOf) {
      const waiting = sql.get<{ key: string; taken: number; upTo: number }>('SELECT session_key AS key, taken, up_to AS upTo FROM search_backlog LIMIT 1')
      if (!waiting) return
      const session = sessionOf(waiting.key)
      const range = { after: waiting.taken, upTo: Math.min(waiting.upTo, waiting.taken + CATCH_UP), limit: CATCH_UP }
      const messages = session ? transcripts.messages(session.sessionId, range) : []
      for (const message of messages) add(session!, message)
      if (session && range.upTo < waiting.upTo) sql.run('UPDATE search_backlog SET taken = ? WHERE session_key = ?', range.upTo, waiting.key)
      else sql.run('DELETE FROM search_backlog WHERE session_key = ?', waiting.key)
    },
  }
}
