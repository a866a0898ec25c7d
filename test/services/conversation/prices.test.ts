// Prices: configured, published, free, and unknown.

import { describe, expect, it } from 'vitest'
import { createPrices } from '../../../src/services/conversation/prices.ts'
import { createConversation } from './conversation.ts'

const TOKENS = { input: 1_000_000, output: 1_000_000, cacheRead: 0, cacheWrite: 0 }
const AT = Date.UTC(2026, 0, 1)

async function open(providers: unknown = {}) {
  const { config } = await createConversation({ config: { models: { providers } } })
  let loads = 0
  const prices = createPrices(config, () => {
    loads++
    return import('@pydantic/genai-prices')
  })
  return { prices, loads: () => loads }
}

describe('a price', () => {
  it('is what the configuration says, before anything that is published', async () => {
    const cost = { input: 3, output: 4, cacheRead: 0.5 }
    const { prices } = await open({ openai: { models: [{ id: 'gpt-4o', cost }] }, own: { baseUrl: 'http://own.test/v1', models: [{ id: 'mine', cost }] } })
    const priceOf = await prices.open()
    for (const model of [{ provider: 'openai', model: 'gpt-4o' }, { provider: 'own', model: 'mine' }]) {
      expect(priceOf(model, { ...TOKENS, cacheRead: 2_000_000, cacheWrite: 9 }, 1, AT)).toEqual({ input: 3, output: 4, cacheRead: 1, cacheWrite: 0, total: 8 })
    }
  })

  it('is what the provider publishes', async () => {
    const priceOf = await (await open()).prices.open()
    const cost = priceOf({ provider: 'openai', model: 'gpt-4o' }, { input: 1000, output: 100, cacheRead: 1000, cacheWrite: 0 }, 1, AT)!
    expect(cost.output).toBeCloseTo(0.001)
    expect(cost.input).toBeCloseTo(0.0025)
    expect(cost.cacheRead).toBeCloseTo(0.00125)
    expect(cost.total).toBeCloseTo(cost.input + cost.output + cost.cacheRead)
  })

  it('is that of a provider by its address, where it has another name', async () => {
    const priceOf = await (await open({ work: { baseUrl: 'https://api.openai.com/v1' } })).prices.open()
    expect(priceOf({ provider: 'work', model: 'gpt-4o' }, TOKENS, 1, AT)?.total).toBeGreaterThan(0)
    expect(priceOf({ provider: 'elsewhere', model: 'gpt-4o' }, TOKENS, 1, AT)).toBeNull()
  })

  it('counts the size of a single run where prices grow with it', async () => {
    const priceOf = await (await open()).prices.open()
    const model = { provider: 'google', model: 'gemini-2.5-pro' }
    const [many, one] = [priceOf(model, TOKENS, 1000, AT)!, priceOf(model, TOKENS, 1, AT)!]
    expect(one.input).toBeGreaterThan(many.input)
  })

  it('is nothing for what runs here, and unknown for what nobody knows', async () => {
    const priceOf = await (await open()).prices.open()
    for (const provider of ['builtin', 'ollama']) expect(priceOf({ provider, model: 'x' }, TOKENS, 1, AT)).toMatchObject({ total: 0 })
    expect(priceOf({ provider: 'openai', model: 'no such model' }, TOKENS, 1, AT)).toBeNull()
    expect(priceOf({ provider: 'openai', model: 'gpt-4o' }, TOKENS, 0, AT)).toBeNull()
  })
})

describe('the list', () => {
  it('is loaded when it is needed, once', async () => {
    const { prices, loads } = await open()
    expect(loads()).toBe(0)
    await Promise.all([prices.open(), prices.open()])
    expect(loads()).toBe(1)
  })

  it('that cannot be loaded leaves what is configured', async () => {
    const { config } = await createConversation({ config: { models: { providers: { own: { models: [{ id: 'mine', cost: { input: 1 } }] } } } } })
    const priceOf = await createPrices(config, () => Promise.reject(new Error('gone'))).open()
    expect(priceOf({ provider: 'own', model: 'mine' }, TOKENS, 1, AT)?.total).toBe(1)
    expect(priceOf({ provider: 'openai', model: 'gpt-4o' }, TOKENS, 1, AT)).toBeNull()
  })
})
