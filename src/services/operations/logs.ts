// Where log records go: to the runtime, and into a ring in memory for `logs.tail`, with byte cursors that go on growing.

import { toUtf8 } from '../../kit/bytes.ts'
import { LOG_LEVELS, type LogLevel, type LogRecord } from '../../kit/log.ts'
import { redact } from '../../kit/redact.ts'
import type { Config } from './config-schema.ts'

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

type ConfiguredLevel = NonNullable<NonNullable<Config['logging']>['level']>

export interface Logs {
  /** Records below `level` go nowhere. `info` until it is set. */
  setLevel(level: ConfiguredLevel): void
  /** `json`: a record is written as one line of JSON, for programs. */
  setStyle(style: 'pretty' | 'compact' | 'json' | undefined): void
  add(record: LogRecord): void
  tail(request: TailRequest): Tail
}

interface Line {
  readonly text: string
  readonly start: number
  readonly end: number
}

/** What there is of the levels of a configuration. */
function toLevel(configured: ConfiguredLevel): LogLevel {
  if (configured === 'silent' || configured === 'fatal') return 'error'
  return configured === 'trace' ? 'debug' : configured
}

/** What the texts of a record that is too long are cut to, one try after the other. */
const CUTS: readonly number[] = [1000, 300, 100]

/** A record as one line of JSON. No field takes the place of what every record has. */
function toLine({ at, level, scope, message, fields }: LogRecord): string {
  const head = { time: new Date(at).toISOString(), level, subsystem: scope, message }
  const record = { ...head, ...fields, ...head }
  const line = JSON.stringify(record)
  if (line.length <= MAX_LINE_CHARS) return line
  for (const chars of CUTS) {
    const shorter = JSON.stringify(record, (_, value: unknown) => (typeof value === 'string' ? cut(value, chars) : value))
    if (shorter.length <= MAX_LINE_CHARS) return shorter
  }
  return JSON.stringify({ ...head, message: cut(message, 300) })
}

const cut = (text: string, chars: number): string => (text.length > chars ? `${text.slice(0, chars)}…` : text)

/** `write` is given the record as JSON, too, where that is what is wanted. */
export function createLogs(write: (record: LogRecord, json?: string) => void): Logs {
  const lines: Line[] = []
  let size = 0
  let lowest = LOG_LEVELS.indexOf('info')
  let isJson = false

  return {
    setLevel: (level) => void (lowest = LOG_LEVELS.indexOf(toLevel(level))),
    setStyle: (style) => void (isJson = style === 'json'),
    add(record) {
      if (LOG_LEVELS.indexOf(record.level) < lowest) return
      const added = redact(record)
      const text = toLine(added)
      if (isJson) write(added, text)
      else write(added)
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
      return { cursor: size, size, lines: shown.map((line) => line.text), truncated, reset }
    },
  }
}
