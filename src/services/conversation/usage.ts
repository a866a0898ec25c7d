// What was used, and what it cost.

import { textOf, type StoredMessage } from '../../protocol/shapes.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Prices } from './prices.ts'
import type { SessionRecord } from './session-table.ts'
import type { Sessions } from './sessions.ts'
import type { Transcripts } from './transcripts.ts'
import { toDays } from './usage-days.ts'
import { toDayUsage, type DayUsage } from './usage-report.ts'
import { createSessionsReport, FRESH, type SessionsReport, type SessionsUsageWish, type UsageWish } from './usage-sessions.ts'
import type { UsageTable } from './usage-table.ts'
import { totalsOf, type Totals } from './usage-totals.ts'

export interface CostReport {
  readonly updatedAt: number
  readonly days: number
  readonly daily: readonly (Totals & { readonly date: string })[]
  readonly totals: Totals
  readonly cacheStatus: typeof FRESH
}

export interface UsageService {
  /** By day. */
  cost(wish: UsageWish): Promise<CostReport>
  /** By session. */
  sessions(wish: SessionsUsageWish): Promise<SessionsReport>
  /** The answers of a session, with what they took. */
  timeseries(session: SessionRecord): Promise<Point[]>
  /** The newest messages of a session, with what they took. */
  logs(session: SessionRecord, limit: number): Promise<LogLine[]>
}

export interface Point {
  readonly timestamp: number
  readonly input: number
  readonly output: number
  readonly cacheRead: number
  readonly cacheWrite: number
  readonly totalTokens: number
  /** null: nobody knows the price of the model. */
  readonly cost: number | null
  readonly cumulativeTokens: number
  readonly cumulativeCost: number
}

export interface LogLine {
  readonly timestamp: number
  readonly role: 'user' | 'assistant' | 'toolResult' | 'system'
  readonly content: string
  readonly tokens?: number
  readonly cost?: number | null
}

/** Messages that are looked at for points. */
const MAX_POINTS = 1000
const MAX_CONTENT_CHARS = 2000

export function createUsage(deps: {
  table: UsageTable
  sessions: Sessions
  transcripts: Transcripts
  prices: Prices
  clock: Clock
}): UsageService {
  const { table, transcripts, prices, clock } = deps

  const answersOf = ({ sessionId, floor, messages }: SessionRecord, limit: number): StoredMessage[] =>
    transcripts.messages(sessionId, { after: floor, upTo: messages, limit })

  return {
    async cost(wish) {
      const days = toDays(wish, clock.now(), table.firstAt())
      const priceOf = await prices.open()
      const used = days.map((day) => toDayUsage(day, table.sums(day, wish.agentId), priceOf))
      return toCostReport(wish.range === 'all' ? used.filter(({ sums }) => sums.length > 0) : used, days.length, clock.now())
    },
    sessions: createSessionsReport(deps),
    async timeseries(session) {
      const priceOf = await prices.open()
      const points: Point[] = []
      let [cumulativeTokens, cumulativeCost] = [0, 0]
      for (const message of answersOf(session, MAX_POINTS)) {
        if (message.role !== 'assistant' || message.usage.totalTokens === 0) continue
        const { usage, timestamp } = message
        const { input, output, cacheRead, cacheWrite, totalTokens } = usage
        const cost = priceOf(message, usage, 1, timestamp)?.total ?? null
        cumulativeTokens += totalTokens
        cumulativeCost += cost ?? 0
        points.push({ timestamp, input, output, cacheRead, cacheWrite, totalTokens, cost, cumulativeTokens, cumulativeCost })
      }
      return points
    },
    async logs(session, limit) {
      const priceOf = await prices.open()
      return answersOf(session, limit).map((message): LogLine => {
        const { role, timestamp } = message
        const line = { timestamp, role, content: textOf(message).slice(0, MAX_CONTENT_CHARS) }
        if (message.role !== 'assistant') return line
        return { ...line, tokens: message.usage.totalTokens, cost: priceOf(message, message.usage, 1, timestamp)?.total ?? null }
      })
    },
  }
}

function toCostReport(used: readonly DayUsage[], days: number, updatedAt: number): CostReport {
  return {
    updatedAt,
    days,
    daily: used.map(({ day: { date }, sums }) => ({ date, ...totalsOf(sums) })),
    totals: totalsOf(used.flatMap(({ sums }) => sums)),
    cacheStatus: FRESH,
  }
}
