// Costs by day, and what single answers took.

import { describe, expect, it } from 'vitest'
import { answer, createConversation, KEY, PLAYED, playedProvider, requestOf } from './conversation.ts'

const DAY_MS = 24 * 60 * 60 * 1000
const COST = { input: 1_000_000, output: 0, cacheRead: 0, cacheWrite: 0 }

async function open(cost: unknown = COST) {
  const provider = playedProvider(async function* () {
    yield answer('said')
  })
  const played = { ...PLAYED.models.providers.played, models: [{ id: 'one', ...(cost !== null && { cost }) }] }
  const conversation = await createConversation({ providers: [provider], config: { ...PLAYED, models: { providers: { played } } } })
  await conversation.runs.start(requestOf('first')).run!.done
  await conversation.clock.advance(2 * DAY_MS)
  await conversation.runs.start(requestOf('second')).run!.done
  return conversation
}

describe('costs', () => {
  it('are by day, at the price of the configuration', async () => {
    const { usage } = await open()
    const report = await usage.cost({ mode: 'utc', days: 3 })
    expect(report.daily.map(({ date, totalCost, totalTokens }) => [date, totalCost, totalTokens])).toEqual([
      ['2026-01-01', 3, 6],
      ['2026-01-02', 0, 0],
      ['2026-01-03', 3, 6],
    ])
    expect(report.totals).toMatchObject({ totalCost: 6, inputCost: 6, missingCostEntries: 0 })
  })

  it('of all times leave out empty days', async () => {
    const { usage } = await open()
    expect(await usage.cost({ mode: 'utc', range: 'all' })).toMatchObject({ days: 3, daily: [{ date: '2026-01-01' }, { date: '2026-01-03' }] })
  })

  it('are unknown where no price is', async () => {
    const { usage } = await open(null)
    expect((await usage.cost({ mode: 'utc', days: 3 })).totals).toMatchObject({ totalCost: 0, missingCostEntries: 2, missingCostByModel: { 'played/one': 2 } })
  })
})

describe('answers', () => {
  it('add up', async () => {
    const { usage, sessions } = await open()
    const points = await usage.timeseries(sessions.get(KEY)!)
    expect(points.map(({ cost, cumulativeTokens, cumulativeCost }) => [cost, cumulativeTokens, cumulativeCost])).toEqual([[3, 6, 3], [3, 12, 6]])
    expect((await usage.logs(sessions.get(KEY)!, 2)).map(({ role, cost }) => [role, cost])).toEqual([['user', undefined], ['assistant', 3]])
  })

  it('without a price have none', async () => {
    const { usage, sessions } = await open(null)
    expect(await usage.timeseries(sessions.get(KEY)!)).toMatchObject([{ cost: null, cumulativeCost: 0 }, { cost: null, cumulativeCost: 0 }])
  })
})
