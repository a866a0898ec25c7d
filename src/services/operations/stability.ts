// What has happened lately, for somebody who looks for the reason of a trouble: kinds and numbers, and never a word of
// what was said. Kept in memory: it is about this process.

import type { LogRecord } from '../../kit/log.ts'
import type { Clock } from '../../ports/clock.ts'

export interface StabilityEvent {
  readonly seq: number
  readonly ts: number
  readonly type: string
  /** Where it happened: a part of the program, a method, a kind of client. */
  readonly source?: string
  readonly outcome?: string
}

export interface StabilityReport {
  readonly capacity: number
  /** Those that are kept, and those that were before them. */
  readonly count: number
  readonly dropped: number
  readonly firstSeq: number | undefined
  readonly lastSeq: number | undefined
  readonly events: readonly StabilityEvent[]
  readonly byType: Readonly<Record<string, number>>
}

export interface Stability {
  note(type: string, facts?: Pick<StabilityEvent, 'source' | 'outcome'>): void
  /** Counts what the log says of troubles. */
  logged(record: LogRecord): void
  /** The last `limit` of those that fit. */
  report(wish: { readonly limit: number; readonly type?: string | undefined; readonly sinceSeq?: number | undefined }): StabilityReport
}

const CAPACITY = 1000

export function createStability(clock: Clock): Stability {
  const events: StabilityEvent[] = []
  let seq = 0

  function note(type: string, facts: Pick<StabilityEvent, 'source' | 'outcome'> = {}) {
    events.push({ seq: ++seq, ts: clock.now(), type, ...facts })
    if (events.length > CAPACITY) events.shift()
  }

  return {
    note,
    logged({ level, scope }) {
      if (level === 'warn' || level === 'error') note(`log.${level}`, { source: scope })
    },
    report({ limit, type, sinceSeq = 0 }) {
      const fitting = events.filter((event) => event.seq > sinceSeq && (type === undefined || event.type === type))
      const byType: Record<string, number> = {}
      for (const event of events) byType[event.type] = (byType[event.type] ?? 0) + 1
      return { capacity: CAPACITY, count: events.length, dropped: seq - events.length, firstSeq: events[0]?.seq, lastSeq: events.at(-1)?.seq, events: fitting.slice(-limit), byType }
    },
  }
}
