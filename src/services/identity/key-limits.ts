// What the holder of a named key may do now: which agents and models, how often, and for how much. And what was used.

import { GatewayError } from '../../protocol/errors.ts'
import { mayUseAgent, mayUseModel, type KeyBudget, type Principal } from '../../protocol/scopes.ts'
import type { Usage } from '../../protocol/shapes.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Commit } from '../../store/commit.ts'
import type { Prices, PriceOf } from '../conversation/prices.ts'
import { DAY_MS, type Keys } from './keys.ts'
import type { KeyTable, KeyUsage } from './key-table.ts'

export interface ModelName {
  readonly provider: string
  readonly model: string
}

export interface KeyLimiter {
  /** What is needed to admit this principal later; call it when it has come in. */
  prepare(principal: Principal): Promise<void>
  /** Throws when its key has ended meanwhile. */
  assertLive(principal: Principal): void
  /** Throws when it may not use this model now, on behalf of this agent. Counts as one request. */
  admit(principal: Principal, use: { readonly agentId?: string; readonly model: ModelName }): void
  /** Takes down what was used. */
  spent(principal: Principal, model: ModelName, usage: Pick<Usage, 'input' | 'output' | 'cacheRead' | 'cacheWrite' | 'totalTokens'>): void
  /** Since the key exists, and in the current period of its budget. */
  usageOf(id: string, period: KeyBudget['period']): { readonly all: KeyUsage; readonly period: KeyUsage }
}

interface Bucket {
  left: number
  at: number
}

/** Keys whose rate is remembered; the one that was seen first is forgotten. */
const MAX_BUCKETS = 20_000
const MINUTE_MS = 60_000

export function createKeyLimiter(deps: { keys: Pick<Keys, 'isRevoked'>; table: KeyTable; prices: Prices; commit: Commit; clock: Clock }): KeyLimiter {
  const { keys, table, prices, commit, clock } = deps
  const buckets = new Map<string, Bucket>()
  let priceOf: PriceOf | null = null
  let opening: Promise<void> | null = null
  const openPrices = () => (opening ??= prices.open().then((opened) => void (priceOf = opened)))

  const today = () => Math.floor(clock.now() / DAY_MS)
  const name = ({ provider, model }: ModelName) => `${provider}/${model}`
  const costOf = (model: ModelName, tokens: Parameters<PriceOf>[1]) => priceOf?.(model, tokens, 1, clock.now())?.total ?? null

  function assertLive({ key }: Principal): void {
    if (!key || (!keys.isRevoked(key.id) && (key.expiresAtMs ?? Infinity) > clock.now())) return
    throw new GatewayError('UNAUTHORIZED', 'this key has ended: ask for another one', { code: 'invalid_api_key' })
  }

  function checkRate(id: string, perMinute: number): void {
    const now = clock.now()
    const bucket = buckets.get(id) ?? { left: perMinute, at: now }
    const left = Math.min(perMinute, bucket.left + (Math.max(0, now - bucket.at) * perMinute) / MINUTE_MS)
    if (!buckets.has(id) && buckets.size >= MAX_BUCKETS) buckets.delete(buckets.keys().next().value!)
    buckets.set(id, { left: left < 1 ? left : left - 1, at: now })
    if (left >= 1) return
    throw new GatewayError('RATE_LIMITED', `this key may ask ${perMinute} times a minute: wait a little`, {
      code: 'rate_limit_exceeded',
      retryAfterMs: Math.ceil(((1 - left) * MINUTE_MS) / perMinute),
    })
  }

  function checkBudget(id: string, budget: KeyBudget, model: ModelName): void {
    if (budget.usd !== undefined && costOf(model, ONE_TOKEN) === null) {
      throw new GatewayError('FORBIDDEN', `this key has a budget in money, and nobody knows the price of ${name(model)}: set its cost in models.providers`, { param: 'model' })
    }
    const used = table.usage(id, firstDay(budget.period, today()))
    const over = (budget.tokens !== undefined && used.tokens >= budget.tokens) || (budget.usd !== undefined && used.micros >= budget.usd * 1e6)
    if (!over) return
    const end = nextStart(budget.period, today())
    throw new GatewayError('RATE_LIMITED', `the budget of this key is used up${end === null ? '' : ` until ${new Date(end).toISOString()}`}: ask for a higher one`, {
      code: 'insufficient_quota',
      retryable: false,
      ...(end !== null && { retryAfterMs: end - clock.now() }),
    })
  }

  return {
    async prepare({ key }) {
      if (!key || priceOf) return
      const opened = openPrices()
      if (key.budget?.usd !== undefined) await opened
    },
    assertLive,
    admit(principal, { agentId, model }) {
      const { key } = principal
      if (!key) return
      assertLive(principal)
      if (agentId !== undefined && !mayUseAgent(principal, agentId)) {
        throw new GatewayError('FORBIDDEN', `this key may not use the agent "${agentId}": it may use ${list(key.agents)}`, { param: 'model', details: { code: 'AGENT_NOT_ALLOWED' } })
      }
      if (!mayUseModel(principal, name(model))) throw modelNotAllowed(principal, name(model))
      if (key.budget) checkBudget(key.id, key.budget, model)
      if (key.requestsPerMinute !== undefined) checkRate(key.id, key.requestsPerMinute)
    },
    spent({ key }, model, usage) {
      if (!key) return
      const { input, output, cacheRead, cacheWrite, totalTokens: tokens } = usage
      const micros = Math.ceil((costOf(model, usage) ?? 0) * 1e6)
      commit.tx(() => table.addUsage(key.id, today(), { requests: 1, input: input + cacheRead + cacheWrite, output, tokens, micros }))
    },
    usageOf: (id, period) => ({ all: table.usage(id, 0), period: table.usage(id, firstDay(period, today())) }),
  }
}

/** For what uses models without being counted for whoever asks: it is not for keys that count. */
export function assertUncounted({ key }: Pick<Principal, 'key'>): void {
  if (!key?.models && !key?.budget && key?.requestsPerMinute === undefined) return
  throw new GatewayError('FORBIDDEN', 'a key with models, a rate or a budget may not do this: use /v1 of the HTTP API, where it is counted', { details: { code: 'KEY_LIMITED' } })
}

const modelNotAllowed = ({ key }: Principal, id: string): GatewayError =>
  new GatewayError('FORBIDDEN', `this key may not use the model "${id.slice(0, 200)}": it may use ${list(key?.models)}`, { param: 'model', details: { code: 'MODEL_NOT_ALLOWED' } })

const list = (names: readonly string[] = []): string => (names.length === 0 ? 'none' : names.slice(0, 10).join(', '))

const ONE_TOKEN = { input: 1, output: 1, cacheRead: 0, cacheWrite: 0 }

/** Days since 1970 in UTC; weeks begin on Monday. */
export function firstDay(period: KeyBudget['period'], day: number): number {
  if (period === 'total') return 0
  if (period === 'day') return day
  if (period === 'week') return day - ((day + 3) % 7)
  const date = new Date(day * DAY_MS)
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1) / DAY_MS
}

/** When the next period begins; null: never. */
export function nextStart(period: KeyBudget['period'], day: number): number | null {
  if (period === 'total') return null
  const first = firstDay(period, day)
  if (period === 'day') return (first + 1) * DAY_MS
  if (period === 'week') return (first + 7) * DAY_MS
  const date = new Date(first * DAY_MS)
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1)
}
