// What all sessions used together, and what it cost.

import * as z from 'zod'
import { invalid } from '../protocol/errors.ts'
import { defineMethod } from '../rpc/method.ts'
import { usageDays, usageTotals, freshness } from './sessions-usage.ts'

const text = z.string().min(1)

export const usageStatus = defineMethod({
  name: 'usage.status',
  scope: 'operator.read',
  summary: 'The quotas of providers of models: none of them tells.',
  params: z.strictObject({}),
  result: z.strictObject({ updatedAt: z.int(), providers: z.array(z.never()) }),
  uses: ['clock'],
  handler: (_, { clock }) => ({ updatedAt: clock.now(), providers: [] }),
})

export const usageCost = defineMethod({
  name: 'usage.cost',
  scope: 'operator.read',
  summary: 'Tokens and cost by day. What nobody knows the price of is counted apart.',
  params: usageDays.extend({ days: z.int().min(0).max(1100).optional(), agentId: text.optional(), agentScope: z.literal('all').optional() }),
  result: z.strictObject({
    updatedAt: z.int(),
    days: z.int(),
    daily: z.array(usageTotals.extend({ date: text })),
    totals: usageTotals,
    cacheStatus: freshness,
  }),
  uses: ['agents', 'usage'],
  async handler(params, { agents, usage }) {
    const { agentId } = params
    if (agentId !== undefined && !agents.find(agentId)) throw invalid(`Unknown agent id "${agentId}"`)
    const report = await usage.cost(params)
    return { ...report, daily: [...report.daily] }
  },
})
