// What was used, by session: the sessions that were active in some days, and what the runs of each of them took.

import type { Clock } from '../../ports/clock.ts'
import type { Prices } from './prices.ts'
import { isThrowaway } from './search-index.ts'
import type { SessionRecord } from './session-table.ts'
import type { Sessions } from './sessions.ts'
import { toDays, type Day, type DaysWish } from './usage-days.ts'
import { toAggregates, toDayUsage, toSessionUsage } from './usage-report.ts'
import type { RunUsage, Span, Sum, UsageTable } from './usage-table.ts'
import { groupBy, totalsOf } from './usage-totals.ts'

export interface UsageWish extends DaysWish {
  readonly agentId?: string | undefined
}

export interface SessionsUsageWish extends UsageWish {
  /** Canonical. Absent: those that were active in the days. */
  readonly key?: string | undefined
  readonly limit: number
}

/** Clients ask how old the figures are: sums are kept up to date, there is nothing to refresh. */
export const FRESH = { status: 'fresh', cachedFiles: 0, pendingFiles: 0, staleFiles: 0 } as const

/** Runs that are looked at: the newest of one session, and all together. When they are too many, fewer sessions are told. */
const MAX_RUNS_OF_SESSION = 20_000
const MAX_RUNS = 50_000

export function createSessionsReport(deps: {
  table: UsageTable
  sessions: Sessions
  prices: Prices
  clock: Clock
}): (wish: SessionsUsageWish) => Promise<SessionsReport> {
  return (wish) => report(wish, deps)
}

export type SessionsReport = Awaited<ReturnType<typeof report>>

async function report(wish: SessionsUsageWish, deps: Parameters<typeof createSessionsReport>[0]) {
  const { table, sessions, prices, clock } = deps
  const days = toDays(wish, clock.now(), table.firstAt())
  const span = { from: days[0]!.from, to: days.at(-1)!.to }
  const priceOf = await prices.open()
  const { records, sessionCount } = choose(wish, span, sessions)
  const perSession = readRuns(records, span, table).map(({ session, runs }) => {
    const used = days.map((day) => toDayUsage(day, toSums(runs, day, session.agentId), priceOf))
    return { session, runs, used, usage: runs.length === 0 ? null : toSessionUsage(session.sessionId, used, runs) }
  })
  const only = wish.key === undefined ? null : perSession[0]?.used
  const used = only === undefined ? [] : (only ?? days.map((day) => toDayUsage(day, table.sums(day, wish.agentId), priceOf)))
  const facts = {
    sessionCount: wish.key === undefined ? sessionCount : perSession.filter(({ usage }) => usage !== null).length,
    longestSessionDurationMs: Math.max(0, ...perSession.map(({ usage }) => usage?.durationMs ?? 0)),
    tools: wish.key === undefined ? table.toolCalls(span, wish.agentId) : [],
  }
  return {
    updatedAt: clock.now(),
    startDate: days[0]!.date,
    endDate: days.at(-1)!.date,
    sessions: perSession.map(({ session, usage }) => ({ ...toEntry(session), usage })),
    totals: totalsOf(used.flatMap(({ sums }) => sums)),
    aggregates: toAggregates(used, perSession.flatMap(({ runs }) => runs), facts),
    creatorOptions: [],
    cacheStatus: FRESH,
  }
}

function choose(wish: SessionsUsageWish, { from, to }: Span, sessions: Sessions): { records: SessionRecord[]; sessionCount: number } {
  if (wish.key !== undefined) {
    const record = sessions.get(wish.key)
    return { records: record ? [record] : [], sessionCount: record ? 1 : 0 }
  }
  const filter = { updatedSince: from, ...(wish.agentId !== undefined && { agentIds: [wish.agentId] }) }
  const records = sessions.page(filter, wish.limit, 0).filter(({ createdAt }) => createdAt < to)
  return { records, sessionCount: sessions.count(filter) }
}

function readRuns(records: readonly SessionRecord[], span: Span, table: UsageTable): { session: SessionRecord; runs: RunUsage[] }[] {
  const read: { session: SessionRecord; runs: RunUsage[] }[] = []
  for (let [index, left] = [0, MAX_RUNS]; index < records.length && left > 0; index++) {
    const session = records[index]!
    const runs = runsOf(session, span, table)
    left -= runs.length
    read.push({ session, runs })
  }
  return read
}

function runsOf(session: SessionRecord, span: Span, table: UsageTable): RunUsage[] {
  if (!isThrowaway(session.key)) return table.runsOf(session.key, span, MAX_RUNS_OF_SESSION)
  const { key, provider, model, startedAt, endedAt, inputTokens, outputTokens, totalTokens, status } = session
  if (provider === null || model === null || startedAt === null || endedAt === null || endedAt < span.from || endedAt >= span.to) return []
  const counts = { runs: 1, userMessages: 1, answers: 1, toolCalls: 0, errors: Number(status === 'failed'), cacheRead: 0, cacheWrite: 0 }
  const tokens = { input: inputTokens, output: outputTokens, total: totalTokens }
  return [{ ...counts, ...tokens, runId: session.lastRunId ?? '', sessionKey: key, provider, model, endedAt, latency: Math.max(0, endedAt - startedAt) }]
}

function toSums(runs: readonly RunUsage[], { from, to }: Day, agentId: string): Sum[] {
  const within = runs.filter(({ endedAt }) => endedAt >= from && endedAt < to)
  return [...groupBy(within, ({ provider, model }) => JSON.stringify([provider, model])).values()].map((group) => {
    const sum = (of: (run: RunUsage) => number) => group.reduce((all, run) => all + of(run), 0)
    const latencies = group.map(({ latency }) => latency)
    return {
      agentId,
      provider: group[0]!.provider,
      model: group[0]!.model,
      runs: sum(({ runs: each }) => each),
      input: sum(({ input }) => input),
      output: sum(({ output }) => output),
      cacheRead: sum(({ cacheRead }) => cacheRead),
      cacheWrite: sum(({ cacheWrite }) => cacheWrite),
      total: sum(({ total }) => total),
      userMessages: sum(({ userMessages }) => userMessages),
      answers: sum(({ answers }) => answers),
      toolCalls: sum(({ toolCalls }) => toolCalls),
      errors: sum(({ errors }) => errors),
      latencySum: sum(({ latency }) => latency),
      latencyMin: Math.min(...latencies),
      latencyMax: Math.max(...latencies),
    }
  })
}

const toEntry = ({ key, sessionId, label, updatedAt, agentId, provider, model }: SessionRecord) => ({
  key,
  sessionId,
  ...(label !== null && { label }),
  scope: 'instance' as const,
  updatedAt,
  agentId,
  chatType: 'direct' as const,
  ...(provider !== null && { modelProvider: provider }),
  ...(model !== null && { model }),
  hasContextWeight: false as const,
})
