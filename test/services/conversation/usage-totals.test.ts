// Sums and what they cost.

import { describe, expect, it } from 'vitest'
import { groupBy, latencyOf, mergeBy, messagesOf, runsIn, totalsOf, type Priced } from '../../../src/services/conversation/usage-totals.ts'

const priced = (more: Partial<Priced> = {}): Priced => ({
  agentId: 'main', provider: 'p', model: 'm', runs: 2, input: 1, output: 2, cacheRead: 3, cacheWrite: 4, total: 10, userMessages: 1, answers: 2, toolCalls: 3, errors: 1,
  latencySum: 30, latencyMin: 10, latencyMax: 20, cost: { input: 0.1, output: 0.2, cacheRead: 0.3, cacheWrite: 0.4, total: 1 }, ...more,
}) // prettier-ignore

describe('totals', () => {
  it('are sums of tokens and costs', () => {
    expect(totalsOf([priced(), priced()])).toEqual({
      input: 2, output: 4, cacheRead: 6, cacheWrite: 8, totalTokens: 20, totalCost: 2, inputCost: 0.2, outputCost: 0.4, cacheReadCost: 0.6, cacheWriteCost: 0.8, missingCostEntries: 0,
    }) // prettier-ignore
  })

  it('say which runs no cost counts', () => {
    const totals = totalsOf([priced(), priced({ cost: null }), priced({ cost: null, model: 'other' }), priced({ cost: null, runs: 0 })])
    expect(totals).toMatchObject({ totalCost: 1, missingCostEntries: 4, missingCostByModel: { 'p/m': 2, 'p/other': 2 } })
    expect(totalsOf([])).toMatchObject({ totalTokens: 0, missingCostEntries: 0 })
  })

  it('count messages and runs', () => {
    expect(messagesOf([priced(), priced()])).toEqual({ total: 6, user: 2, assistant: 4, toolCalls: 6, toolResults: 6, errors: 2 })
    expect(runsIn([priced(), priced()])).toBe(4)
  })

  it('are grouped in the order of what comes first', () => {
    expect([...groupBy(['ab', 'b', 'ac'], (text) => text[0]!)]).toEqual([['a', ['ab', 'ac']], ['b', ['b']]])
    expect(mergeBy([priced(), priced({ model: 'x' }), priced()], ({ model }) => model).map((group) => group.length)).toEqual([2, 1])
  })
})

describe('latency', () => {
  it('has exact extremes, and a percentile of a sample', () => {
    expect(latencyOf([priced(), priced({ latencyMin: 1, latencyMax: 99 })], [1, 10, 20, 99])).toEqual({ count: 4, avgMs: 15, p95Ms: 99, minMs: 1, maxMs: 99 })
    expect(latencyOf([priced()], Array.from({ length: 100 }, (_, index) => index + 1))!.p95Ms).toBe(95)
    expect(latencyOf([priced()], [])!.p95Ms).toBe(20)
    expect(latencyOf([priced({ runs: 0 })], [])).toBeNull()
  })
})
