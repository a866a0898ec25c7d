// The last lines of the log, for `logs.tail`: a ring in memory with byte cursors that go on growing.

import { toUtf8 } from '../../kit/bytes.ts'
import type { LogRecord } from '../../kit/log.ts'

const MAX_LINES = 2000
const MAX_LINE_CHARS = 4000

export interface TailRequest {
  readonly cursor?: number
  readonly limit: number
  readonly maxBytes: number
}

export interface Tail {
  readonly cursor: number
  readonly size: number
  readonly lines: readonly string[]
  /** Lines before the first of these were left out. */
  readonly truncated: boolean
  /** The cursor did not belong to this log: reading began anew. */
  readonly reset: boolean
}

export interface Logs {
  add(record: LogRecord): void
  tail(request: TailRequest): Tail
}

interface Line {
  readonly text: string
  readonly start: number
  readonly end: number
}

export function createLogs(): Logs {
  const lines: Line[] = []
  let size = 0

  return {
    add({ at, level, scope, message, fields }) {
      const record = { time: new Date(at).toISOString(), level, subsystem: scope, message, ...fields }
      const text = JSON.stringify(record).slice(0, MAX_LINE_CHARS)
      const end = size + toUtf8(text).byteLength + 1
      lines.push({ text, start: size, end })
      size = end
      if (lines.length > MAX_LINES) lines.shift()
    },
    tail({ cursor, limit, maxBytes }) {
      const reset = cursor !== undefined && cursor > size
      const from = cursor === undefined || reset ? 0 : cursor
      const newer = lines.filter((line) => line.start >= from)
      let bytes = 0
      const fitting = newer.slice(-limit).toReversed()
      const cut = fitting.findIndex((line) => (bytes += line.end - line.start) > maxBytes)
      const shown = (cut === -1 ? fitting : fitting.slice(0, cut)).toReversed()
      const first = shown[0]?.start ?? size
      const truncated = newer.length > shown.length || (newer[0]?.start ?? size) > from || first > from
      return { cursor: size, size, lines: shown.map((line) => line.text), truncated: truncated && shown.length > 0, reset }
    },
  }
}
