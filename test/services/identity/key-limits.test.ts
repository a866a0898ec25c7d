// What a key allows at this moment: agents, models, rate, budget.

import { describe, expect, it } from 'vitest'
import { assertUncounted, firstDay, nextStart } from '../../../src/services/identity/key-limits.ts'
import { ADMIN, createRing, DAY } from './key-rings.ts'

const MODEL = { provider: 'm', model: 'x' }
const tokens = (input: number, output = 0) => ({ input, output, cacheRead: 0, cacheWrite: 0, totalTokens: input + output })

describe('a key', () => {
  it('reaches the agents and models that it names', async () => {
    const { limiter, enter } = createRing()
    const holder = await enter({ agents: ['a'], models: ['m/*', 'n/y'] })
    const admit = (agentId: string, provider: string, model: string) => () => limiter.admit(holder, { agentId, model: { provider, model } })
    for (const each of [admit('a', 'm', 'x'), admit('a', 'n', 'y')]) expect(each).not.toThrow()
    expect(admit('b', 'm', 'x')).toThrow(expect.objectContaining({ code: 'FORBIDDEN', message: expect.stringContaining('may not use the agent "b": it may use a') }))
    expect(admit('a', 'n', 'x')).toThrow(expect.objectContaining({ code: 'FORBIDDEN', message: expect.stringContaining('may not use the model "n/x": it may use m/*, n/y') }))
    expect(admit('a', 'mm', 'x')).toThrow('may not use the model')
  })

  it('that has ended admits nobody, however they came in', async () => {
    const { limiter, enter, keys, clock } = createRing()
    const [revoked, expiring] = [await enter(), await enter({ expiresAtMs: clock.now() + 1000 })]
    keys.revoke(revoked.key!.id)
    await clock.advance(1000)
    for (const holder of [revoked, expiring]) expect(() => limiter.admit(holder, { model: MODEL })).toThrow(expect.objectContaining({ code: 'UNAUTHORIZED' }))
  })

  it('may ask so often, and is told when it may again', async () => {
    const { limiter, enter, clock } = createRing()
    const [holder, other] = [await enter({ requestsPerMinute: 3 }), await enter({ requestsPerMinute: 1 })]
    const ask = () => limiter.admit(holder, { model: MODEL })
    for (let n = 0; n < 3; n++) ask()
    expect(ask).toThrow(expect.objectContaining({ code: 'RATE_LIMITED', status: 429, options: expect.objectContaining({ retryAfterMs: 20_000, code: 'rate_limit_exceeded' }) }))
    expect(() => limiter.admit(other, { model: MODEL })).not.toThrow()
    await clock.advance(19_000)
    expect(ask).toThrow()
    await clock.advance(1000)
    ask()
    expect(ask).toThrow()
    await clock.advance(60 * 60_000)
    for (let n = 0; n < 3; n++) ask()
    expect(ask).toThrow()
  })

  it('has a budget of tokens in each period', async () => {
    const { limiter, enter, clock } = createRing()
    const holder = await enter({ budget: { tokens: 100, period: 'day' } })
    const ask = () => limiter.admit(holder, { model: MODEL })
    ask()
    limiter.spent(holder, MODEL, tokens(60, 30))
    ask()
    limiter.spent(holder, MODEL, tokens(20))
    expect(ask).toThrow(expect.objectContaining({ status: 429, retryable: false, options: expect.objectContaining({ code: 'insufficient_quota', retryAfterMs: DAY }) }))
    expect(limiter.usageOf(holder.key!.id, 'day').period).toMatchObject({ requests: 2, input: 80, output: 30, tokens: 110 })
    await clock.advance(DAY)
    ask()
    expect(limiter.usageOf(holder.key!.id, 'day')).toMatchObject({ all: { tokens: 110 }, period: { tokens: 0 } })
  })

  it('has a budget in money, for models whose price is known', async () => {
    const { limiter, enter } = createRing()
    const holder = await enter({ budget: { usd: 0.5, period: 'total' } })
    const ask = (model = 'x') => () => limiter.admit(holder, { model: { provider: 'm', model } })
    expect(ask('secret')).toThrow('nobody knows the price of m/secret')
    expect(ask()).not.toThrow()
    limiter.spent(holder, MODEL, tokens(499))
    expect(ask()).not.toThrow()
    limiter.spent(holder, MODEL, tokens(1))
    expect(ask()).toThrow(/^the budget of this key is used up: ask for a higher one$/)
    expect(limiter.usageOf(holder.key!.id, 'total').all).toMatchObject({ micros: 500_000, requests: 2 })
  })

  it('is what costs are counted for, and nothing else', async () => {
    const { limiter, opened, sql } = createRing()
    await limiter.prepare(ADMIN)
    limiter.admit(ADMIN, { agentId: 'any', model: MODEL })
    limiter.spent(ADMIN, MODEL, tokens(5))
    expect([opened.times, sql.all('SELECT * FROM api_key_usage')]).toEqual([0, []])
  })
})

it('keys that count may not use models uncounted', () => {
  const limits = [{ models: ['m/*'] }, { requestsPerMinute: 1 }, { budget: { tokens: 1, period: 'day' as const } }]
  for (const limit of limits) expect(() => assertUncounted({ key: { id: 'k', ...limit } })).toThrow(expect.objectContaining({ code: 'FORBIDDEN' }))
  for (const principal of [{}, { key: { id: 'k' } }, { key: { id: 'k', agents: ['main'] } }]) expect(() => assertUncounted(principal)).not.toThrow()
})

describe('periods', () => {
  const day = (year: number, month: number, date: number) => Date.UTC(year, month - 1, date) / DAY

  it.each([
    ['day', day(2026, 3, 18), day(2026, 3, 18), day(2026, 3, 19)],
    ['week', day(2026, 3, 18), day(2026, 3, 16), day(2026, 3, 23)],
    ['week', day(2026, 3, 16), day(2026, 3, 16), day(2026, 3, 23)],
    ['week', day(2026, 3, 15), day(2026, 3, 9), day(2026, 3, 16)],
    ['month', day(2026, 2, 28), day(2026, 2, 1), day(2026, 3, 1)],
    ['month', day(2026, 12, 31), day(2026, 12, 1), day(2027, 1, 1)],
  ] as const)('%s of %d begins with %d, the next with %d', (period, today, first, next) => {
    expect([firstDay(period, today), nextStart(period, today)]).toEqual([first, next * DAY])
  })

  it('total has no end', () => {
    expect([firstDay('total', 5), nextStart('total', 5)]).toEqual([0, null])
  })
})
