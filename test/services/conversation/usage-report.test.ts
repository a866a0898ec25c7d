// The report by day, model and agent.

import { describe, expect, it } from 'vitest'
import { byModel, toAggregates, toDayUsage, toSessionUsage } from '../../../src/services/conversation/usage-report.ts'
import type { RunUsage, Sum } from '../../../src/services/conversation/usage-table.ts'

const DAY_MS = 24 * 60 * 60 * 1000
const FIRST = Date.UTC(2026, 0, 1)
const day = (n: number) => ({ date: `2026-01-0${n + 1}`, from: FIRST + n * DAY_MS, to: FIRST + (n + 1) * DAY_MS })

const sum = (more: Partial<Sum> = {}): Sum => ({
  agentId: 'main', provider: 'p', model: 'm', runs: 1, input: 1, output: 1, cacheRead: 0, cacheWrite: 0, total: 2, userMessages: 1, answers: 1, toolCalls: 0, errors: 0, latencySum: 100, latencyMin: 100, latencyMax: 100, ...more,
}) // prettier-ignore
const run = (endedAt: number): RunUsage => ({ ...sum(), runId: String(endedAt), sessionKey: 'a', endedAt, latency: 100 })
const cent = () => ({ input: 0.01, output: 0, cacheRead: 0, cacheWrite: 0, total: 0.01 })

const days = [toDayUsage(day(0), [sum(), sum({ model: 'other', agentId: 'second' })], cent), toDayUsage(day(1), [], cent), toDayUsage(day(2), [sum({ errors: 1 })], () => null)]

describe('aggregates', () => {
  it('leave out days on which nothing ran', () => {
    const all = toAggregates(days, [run(FIRST), run(FIRST + 2 * DAY_MS)], { sessionCount: 2, longestSessionDurationMs: 0, tools: [] })
    expect(all).not.toHaveProperty('longestSessionDurationMs')
    expect(all.daily).toEqual([
      { date: '2026-01-01', tokens: 4, cost: 0.02, messages: 4, toolCalls: 0, errors: 0 },
      { date: '2026-01-03', tokens: 2, cost: 0, messages: 2, toolCalls: 0, errors: 1 },
    ])
    expect(all.costDaily.map(({ date, missingCostEntries }) => [date, missingCostEntries])).toEqual([['2026-01-01', 0], ['2026-01-03', 1]])
    expect(all.byAgent.map(({ agentId, totals }) => [agentId, totals.totalTokens])).toEqual([['main', 4], ['second', 2]])
    expect(all.byProvider).toMatchObject([{ provider: 'p', count: 3 }])
    expect(all.modelDaily).toHaveLength(3)
    expect(all.dailyLatency).toMatchObject([{ date: '2026-01-01', count: 2 }, { date: '2026-01-03', count: 1 }])
  })

  it('put the runs of one model together', () => {
    expect(byModel(days.flatMap(({ sums }) => sums)).map(({ model, count }) => [model, count])).toEqual([['m', 2], ['other', 1]])
  })
})

describe('a session', () => {
  it('has its days, and quarters of hours of UTC', () => {
    const runs = [run(FIRST + 1000), run(FIRST + 2 * DAY_MS + 15 * 60 * 1000)]
    const usage = toSessionUsage('stream', days, runs)
    expect(usage).toMatchObject({ sessionId: 'stream', firstActivity: FIRST + 900, lastActivity: runs[1]!.endedAt, activityDates: ['2026-01-01', '2026-01-03'] })
    expect(usage.durationMs).toBe(usage.lastActivity - usage.firstActivity)
    expect(usage.utcQuarterHourTokenUsage.map(({ date, quarterIndex, totalTokens }) => [date, quarterIndex, totalTokens])).toEqual([
      ['2026-01-01', 0, 2],
      ['2026-01-03', 1, 2],
    ])
    expect(usage.messageCounts).toMatchObject({ total: 4 })
  })
})
