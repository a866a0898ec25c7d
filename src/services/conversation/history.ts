// A page of a conversation, newest part first asked for. Messages stay the JSON text that they are stored as.

import { toUtf8 } from '../../kit/bytes.ts'
import { firstUnits } from '../../kit/text.ts'
import type { Entry } from '../../store/log.ts'
import type { StoredMessage, TextPart } from '../../protocol/shapes.ts'
import type { SessionRecord } from './session-table.ts'
import type { Transcripts } from './transcripts.ts'

export interface HistoryRequest {
  readonly limit: number
  /** Messages to skip, counted from the newest. */
  readonly offset: number
  readonly maxBytes: number
  /** Characters of text of each message. */
  readonly maxChars?: number | undefined
}

export interface HistoryPage {
  /** Oldest first, each a JSON text. */
  readonly messages: readonly string[]
  readonly total: number
  readonly hasMore: boolean
}

export function readHistory(transcripts: Transcripts, session: SessionRecord | null, request: HistoryRequest): HistoryPage {
  if (!session) return { messages: [], total: 0, hasMore: false }
  const total = session.messages - session.floor
  const upTo = session.messages - request.offset
  if (upTo <= session.floor) return { messages: [], total, hasMore: false }
  const entries = transcripts.page(session.sessionId, { after: session.floor, upTo, limit: request.limit })
  let bytes = 0
  const fitting: string[] = []
  for (const { data } of entries.toReversed()) {
    const message = request.maxChars === undefined ? data : shorten(data, request.maxChars)
    bytes += toUtf8(message).byteLength
    if (bytes > request.maxBytes && fitting.length > 0) break
    fitting.push(message)
  }
  return { messages: fitting.reverse(), total, hasMore: upTo - session.floor > fitting.length }
}

/** One message, its text cut where a limit is asked for; then it says so. */
export function readMessage({ data }: Entry, maxChars: number | undefined): unknown {
  const whole = JSON.parse(data) as StoredMessage
  if (maxChars === undefined) return whole
  const short = shorten(data, maxChars)
  if (short === data) return whole
  const message = JSON.parse(short) as StoredMessage
  return { ...message, __openclaw: { ...message.__openclaw, truncated: true, reason: 'display-cap' } }
}

function shorten(data: string, maxChars: number): string {
  if (data.length <= maxChars) return data
  const message = JSON.parse(data) as StoredMessage
  const cut = (text: string) => (text.length > maxChars ? `${firstUnits(text, maxChars)}…` : text)
  if (typeof message.content === 'string') return JSON.stringify({ ...message, content: cut(message.content) })
  const content = (message.content as readonly (TextPart | { type: string })[]).map((part) =>
    part.type === 'text' ? { ...part, text: cut((part as TextPart).text) } : part,
  )
  return JSON.stringify({ ...message, content })
}
