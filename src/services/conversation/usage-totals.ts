// Sums of usage with what they cost, in the shapes that clients read. Pure.

import type { Cost } from './prices.ts'
import type { Counts, Sum } from './usage-table.ts'

/** null: nobody knows the price of the model. */
export interface Priced extends Sum {
  readonly cost: Cost | null
}

export interface Totals {
  readonly input: number
  readonly output: number
  readonly cacheRead: number
  readonly cacheWrite: number
  readonly totalTokens: number
  /** Of everything that has a price. */
  readonly totalCost: number
  readonly inputCost: number
  readonly outputCost: number
  readonly cacheReadCost: number
  readonly cacheWriteCost: number
  /** Runs of models without a price, which no cost counts. */
  readonly missingCostEntries: number
  readonly missingCostByModel?: Readonly<Record<string, number>>
}

export interface Latency {
  readonly count: number
  readonly avgMs: number
  readonly p95Ms: number
  readonly minMs: number
  readonly maxMs: number
}

const total = <T>(items: readonly T[], of: (item: T) => number): number => items.reduce((sum, item) => sum + of(item), 0)

export function totalsOf(sums: readonly Priced[]): Totals {
  const missing = sums.filter(({ cost, runs }) => cost === null && runs > 0)
  const byModel = [...groupBy(missing, ({ provider, model }) => `${provider}/${model}`)].map(([key, each]) => [key, total(each, ({ runs }) => runs)])
  return {
    input: total(sums, ({ input }) => input),
    output: total(sums, ({ output }) => output),
    cacheRead: total(sums, ({ cacheRead }) => cacheRead),
    cacheWrite: total(sums, ({ cacheWrite }) => cacheWrite),
    totalTokens: total(sums, (each) => each.total),
    totalCost: total(sums, ({ cost }) => cost?.total ?? 0),
    inputCost: total(sums, ({ cost }) => cost?.input ?? 0),
    outputCost: total(sums, ({ cost }) => cost?.output ?? 0),
    cacheReadCost: total(sums, ({ cost }) => cost?.cacheRead ?? 0),
    cacheWriteCost: total(sums, ({ cost }) => cost?.cacheWrite ?? 0),
    missingCostEntries: total(missing, ({ runs }) => runs),
    ...(byModel.length > 0 && { missingCostByModel: Object.fromEntries(byModel) as Record<string, number> }),
  }
}

export interface MessageCounts {
  readonly total: number
  readonly user: number
  readonly assistant: number
  readonly toolCalls: number
  readonly toolResults: number
  readonly errors: number
}

export function messagesOf(counts: readonly Counts[]): MessageCounts {
  const user = total(counts, ({ userMessages }) => userMessages)
  const assistant = total(counts, ({ answers }) => answers)
  const toolCalls = total(counts, (each) => each.toolCalls)
  return { total: user + assistant, user, assistant, toolCalls, toolResults: toolCalls, errors: total(counts, ({ errors }) => errors) }
}

/** The count, the mean and the extremes are exact; the 95th percentile is that of `sample`. null: nothing ran. */
export function latencyOf(sums: readonly Sum[], sample: readonly number[]): Latency | null {
  const ran = sums.filter(({ runs }) => runs > 0)
  const count = total(ran, ({ runs }) => runs)
  if (count === 0) return null
  const maxMs = Math.max(...ran.map(({ latencyMax }) => latencyMax))
  const sorted = sample.toSorted((a, b) => a - b)
  return {
    count,
    avgMs: total(ran, ({ latencySum }) => latencySum) / count,
    p95Ms: sorted[Math.ceil(sorted.length * 0.95) - 1] ?? maxMs,
    minMs: Math.min(...ran.map(({ latencyMin }) => latencyMin)),
    maxMs,
  }
}

export function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const key = keyOf(item)
    const group = groups.get(key)
    if (group) group.push(item)
    else groups.set(key, [item])
  }
  return groups
}

/** Sums of one agent or model, or whatever `keyOf` tells, as one. */
export function mergeBy(sums: readonly Priced[], keyOf: (sum: Sum) => string): Priced[][] {
  return [...groupBy(sums, keyOf).values()]
}

export const runsIn = (counts: readonly Counts[]): number => total(counts, ({ runs }) => runs)
