// The messages of sessions, in order and numbered. A stored message is JSON in its final form: it is read as text and
// sent as it is, without being parsed again.

import { uuid } from '../../kit/ids.ts'
import type { Message, StoredMessage } from '../../protocol/shapes.ts'
import type { Sql } from '../../ports/sql.ts'
import { createLog, logMigration, type Entry } from '../../store/log.ts'

export const transcriptsMigration = logMigration('transcript')

export interface Appended {
  readonly id: string
  readonly seq: number
  readonly message: StoredMessage
}

export interface Transcripts {
  /** The number of the last message of a session. */
  last(sessionId: string): number
  /** Adds the message `seq`, the one after the last. */
  append(sessionId: string, seq: number, message: Message, mark?: { runId?: string; kind?: string; id?: string }): Appended
  /** The newest `limit` messages with numbers in `after < seq <= upTo`, oldest first, as JSON texts. */
  page(sessionId: string, range: { after: number; upTo: number; limit: number }): readonly Entry[]
  /** The same, parsed. */
  messages(sessionId: string, range: { after: number; upTo: number; limit: number }): StoredMessage[]
  find(sessionId: string, messageId: string): Entry | null
  /** The message with this number. */
  at(sessionId: string, seq: number): Entry | null
  /** Begins the transcript `to` with the messages `after < seq <= upTo` of another: same ids, same numbers. */
  copy(from: string, to: string, range: { after: number; upTo: number }): void
  delete(sessionId: string): void
}

export function createTranscripts(sql: Sql): Transcripts {
  const log = createLog(sql, 'transcript')
  return {
    last: (sessionId) => log.last(sessionId),
    append(sessionId, seq, message, { id = uuid(), ...rest } = {}) {
      const stored = { ...message, __openclaw: { id, seq, ...rest } }
      log.append(sessionId, seq, id, JSON.stringify(stored))
      return { id, seq, message: stored }
    },
    page: (sessionId, range) => log.read(sessionId, { ...range, newest: true }),
    messages: (sessionId, range) =>
      log.read(sessionId, { ...range, newest: true }).map((entry) => JSON.parse(entry.data) as StoredMessage),
    find: (sessionId, messageId) => log.find(sessionId, messageId),
    at: (sessionId, seq) => log.at(sessionId, seq),
    copy: (from, to, range) => log.copy(from, to, range),
    delete: (sessionId) => log.delete(sessionId),
  }
}
