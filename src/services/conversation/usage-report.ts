// What was used, by day, model and agent, as `sessions.usage` tells it. Pure.

import type { PriceOf } from './prices.ts'
import type { Day } from './usage-days.ts'
import type { RunUsage, Sum } from './usage-table.ts'
import { groupBy, latencyOf, mergeBy, messagesOf, runsIn, totalsOf, type Priced, type Totals } from './usage-totals.ts'

/** A day, and what was used in it by each agent and model. */
export interface DayUsage {
  readonly day: Day
  readonly sums: readonly Priced[]
}

export const toDayUsage = (day: Day, sums: readonly Sum[], priceOf: PriceOf): DayUsage => ({
  day,
  sums: sums.map((sum) => ({ ...sum, cost: priceOf(sum, sum, sum.runs, day.from) })),
})

export interface ModelTotals {
  readonly provider: string
  readonly model?: string
  readonly count: number
  readonly totals: Totals
}

const modelKey = ({ provider, model }: { provider: string; model: string }) => JSON.stringify([provider, model])

export const byModel = (sums: readonly Priced[]): ModelTotals[] =>
  mergeBy(sums, modelKey).map((group) => ({ provider: group[0]!.provider, model: group[0]!.model, count: runsIn(group), totals: totalsOf(group) }))

const byProvider = (sums: readonly Priced[]): ModelTotals[] =>
  mergeBy(sums, ({ provider }) => provider).map((group) => ({ provider: group[0]!.provider, count: runsIn(group), totals: totalsOf(group) }))

const byAgent = (sums: readonly Priced[]) =>
  mergeBy(sums, ({ agentId }) => agentId).map((group) => ({ agentId: group[0]!.agentId, totals: totalsOf(group) }))

const modelDaily = (days: readonly DayUsage[]) =>
  days.flatMap(({ day: { date }, sums }) =>
    byModel(sums).map(({ provider, model, count, totals }) => ({ date, provider, model: model!, tokens: totals.totalTokens, cost: totals.totalCost, count })),
  )

/** Days on which something ran. */
const busy = (days: readonly DayUsage[]): readonly DayUsage[] => days.filter(({ sums }) => sums.length > 0)

const samplesIn = ({ from, to }: Day, runs: readonly RunUsage[]): number[] =>
  runs.flatMap(({ endedAt, latency }) => (endedAt >= from && endedAt < to ? [latency] : []))

const dailyLatency = (days: readonly DayUsage[], runs: readonly RunUsage[]) =>
  busy(days).flatMap(({ day, sums }) => {
    const latency = latencyOf(sums, samplesIn(day, runs))
    return latency ? [{ date: day.date, ...latency }] : []
  })

export function toAggregates(
  days: readonly DayUsage[],
  /** Of the sessions that are shown. */
  runs: readonly RunUsage[],
  facts: { readonly sessionCount: number; readonly longestSessionDurationMs: number; readonly tools: readonly { name: string; count: number }[] },
) {
  const all = days.flatMap(({ sums }) => sums)
  const latency = latencyOf(all, runs.map((run) => run.latency))
  const messages = messagesOf(all)
  const { sessionCount, longestSessionDurationMs, tools } = facts
  return {
    sessionCount,
    ...(longestSessionDurationMs > 0 && { longestSessionDurationMs }),
    messages,
    tools: { totalCalls: messages.toolCalls, uniqueTools: tools.length, tools: [...tools] },
    byModel: byModel(all),
    byProvider: byProvider(all),
    byAgent: byAgent(all),
    byChannel: [],
    byCreator: [],
    costDaily: busy(days).map(({ day: { date }, sums }) => ({ date, ...totalsOf(sums) })),
    ...(latency && { latency }),
    dailyLatency: dailyLatency(days, runs),
    modelDaily: modelDaily(days),
    daily: busy(days).map(({ day: { date }, sums }) => {
      const { totalTokens, totalCost } = totalsOf(sums)
      const counted = messagesOf(sums)
      return { date, tokens: totalTokens, cost: totalCost, messages: counted.total, toolCalls: counted.toolCalls, errors: counted.errors }
    }),
  }
}

/** What one session used. */
export function toSessionUsage(sessionId: string, days: readonly DayUsage[], runs: readonly RunUsage[]) {
  const used = busy(days)
  const all = used.flatMap(({ sums }) => sums)
  const latency = latencyOf(all, runs.map((run) => run.latency))
  const firstActivity = Math.min(...runs.map(({ endedAt, latency: took }) => endedAt - took))
  const lastActivity = Math.max(...runs.map(({ endedAt }) => endedAt))
  const quarters = [...groupBy(runs, ({ endedAt }) => String(Math.floor(endedAt / QUARTER_MS)))]
  return {
    ...totalsOf(all),
    sessionId,
    firstActivity,
    lastActivity,
    durationMs: lastActivity - firstActivity,
    messageCounts: messagesOf(runs),
    modelUsage: byModel(all),
    ...(latency && { latency }),
    activityDates: used.map(({ day }) => day.date),
    dailyBreakdown: used.map(({ day: { date }, sums }) => {
      const totals = totalsOf(sums)
      return { date, tokens: totals.totalTokens, cost: totals.totalCost, ...totals }
    }),
    dailyMessageCounts: used.map(({ day: { date }, sums }) => ({ date, ...messagesOf(sums) })),
    utcQuarterHourMessageCounts: quarters.map(([key, group]) => ({ ...toQuarter(Number(key)), ...messagesOf(group) })),
    utcQuarterHourTokenUsage: quarters.map(([key, group]) => ({ ...toQuarter(Number(key)), ...tokensOf(group) })),
    dailyLatency: dailyLatency(days, runs),
    dailyModelUsage: modelDaily(used),
  }
}

const QUARTER_MS = 15 * 60 * 1000

const toQuarter = (quarter: number) => ({ date: new Date(quarter * QUARTER_MS).toISOString().slice(0, 10), quarterIndex: quarter % 96 })

function tokensOf(runs: readonly RunUsage[]) {
  const sum = (of: (run: RunUsage) => number) => runs.reduce((all, run) => all + of(run), 0)
  return {
    input: sum(({ input }) => input),
    output: sum(({ output }) => output),
    cacheRead: sum(({ cacheRead }) => cacheRead),
    cacheWrite: sum(({ cacheWrite }) => cacheWrite),
    totalTokens: sum(({ total }) => total),
  }
}
