// What sessions used, and what it cost.

import * as z from 'zod'
import { invalid } from '../protocol/errors.ts'
import { defineMethod } from '../rpc/method.ts'

const text = z.string().min(1)
const count = z.int().min(0)
const cost = z.number().min(0)
const date = z.string().regex(/^\d{4}-\d{2}-\d{2}$/)

/** Which days. */
export const usageDays = z.strictObject({
  startDate: date.optional(),
  endDate: date.optional(),
  mode: z.enum(['utc', 'gateway', 'specific']).optional(),
  range: z.enum(['7d', '30d', '90d', '1y', 'all']).optional(),
  utcOffset: z
    .string()
    .regex(/^UTC[+-]\d{1,2}(?::[0-5]\d)?$/)
    .optional(),
  timeZone: text.optional(),
})

export const usageTotals = z.strictObject({
  input: count,
  output: count,
  cacheRead: count,
  cacheWrite: count,
  totalTokens: count,
  totalCost: cost,
  inputCost: cost,
  outputCost: cost,
  cacheReadCost: cost,
  cacheWriteCost: cost,
  missingCostEntries: count,
  missingCostByModel: z.record(z.string(), count).optional(),
})

export const freshness = z.strictObject({ status: z.literal('fresh'), cachedFiles: count, pendingFiles: count, staleFiles: count })

const messages = z.strictObject({ total: count, user: count, assistant: count, toolCalls: count, toolResults: count, errors: count })
const latency = z.strictObject({ count, avgMs: z.number(), p95Ms: z.number(), minMs: z.number(), maxMs: z.number() })
const byModel = z.strictObject({ provider: text, model: text.optional(), count, totals: usageTotals })
const modelOfDay = z.strictObject({ date, provider: text, model: text, tokens: count, cost, count })
const quarter = { date, quarterIndex: z.int().min(0).max(95) }

const sessionUsage = usageTotals.extend({
  sessionId: text,
  firstActivity: z.int(),
  lastActivity: z.int(),
  durationMs: count,
  messageCounts: messages,
  modelUsage: z.array(byModel),
  latency: latency.optional(),
  activityDates: z.array(date),
  dailyBreakdown: z.array(usageTotals.extend({ date, tokens: count, cost })),
  dailyMessageCounts: z.array(messages.extend({ date })),
  utcQuarterHourMessageCounts: z.array(messages.extend(quarter)),
  utcQuarterHourTokenUsage: z.array(z.strictObject({ ...quarter, input: count, output: count, cacheRead: count, cacheWrite: count, totalTokens: count })),
  dailyLatency: z.array(latency.extend({ date })),
  dailyModelUsage: z.array(modelOfDay),
})

const session = z.strictObject({
  key: text,
  sessionId: text,
  label: text.optional(),
  scope: z.literal('instance'),
  updatedAt: z.int(),
  agentId: text,
  chatType: z.literal('direct'),
  modelProvider: text.optional(),
  model: text.optional(),
  usage: sessionUsage.nullable(),
  hasContextWeight: z.literal(false),
})

const aggregates = z.strictObject({
  sessionCount: count,
  longestSessionDurationMs: count.optional(),
  messages,
  tools: z.strictObject({ totalCalls: count, uniqueTools: count, tools: z.array(z.strictObject({ name: text, count })) }),
  byModel: z.array(byModel),
  byProvider: z.array(byModel),
  byAgent: z.array(z.strictObject({ agentId: text, totals: usageTotals })),
  byChannel: z.array(z.never()),
  byCreator: z.array(z.never()),
  costDaily: z.array(usageTotals.extend({ date })),
  latency: latency.optional(),
  dailyLatency: z.array(latency.extend({ date })),
  modelDaily: z.array(modelOfDay),
  daily: z.array(z.strictObject({ date, tokens: count, cost, messages: count, toolCalls: count, errors: count })),
})

const DEFAULT_SESSIONS = 50
const MAX_SESSIONS = 1000

export const sessionsUsage = defineMethod({
  name: 'sessions.usage',
  scope: 'operator.read',
  hidden: true,
  summary: 'Tokens and cost of the sessions that were active in some days, and sums of all by day, model and agent.',
  params: usageDays.extend({
    key: text.optional(),
    agentId: text.optional(),
    agentScope: z.literal('all').optional(),
    creatorKey: text.optional(),
    groupBy: z.enum(['instance', 'family']).optional(),
    includeHistorical: z.boolean().optional(),
    limit: z.int().min(1).optional(),
    includeContextWeight: z.boolean().optional(),
  }),
  result: z.strictObject({
    updatedAt: z.int(),
    startDate: date,
    endDate: date,
    sessions: z.array(session),
    totals: usageTotals,
    aggregates,
    creatorOptions: z.array(z.never()),
    cacheStatus: freshness,
  }),
  uses: ['agents', 'usage'],
  async handler({ key, agentId, limit = DEFAULT_SESSIONS, ...params }, { agents, usage }) {
    if (agentId !== undefined && !agents.find(agentId)) throw invalid(`Unknown agent id "${agentId}"`)
    const { startDate, endDate, mode, range, utcOffset, timeZone } = params
    const days = { startDate, endDate, mode, range, utcOffset, timeZone }
    const canonical = key === undefined ? undefined : agents.sessionKey(key, agentId)
    return usage.sessions({ ...days, key: canonical, agentId, limit: Math.min(limit, MAX_SESSIONS) })
  },
})

const target = z.strictObject({ key: text.optional(), agentId: text.optional() })

export const sessionsUsageTimeseries = defineMethod({
  name: 'sessions.usage.timeseries',
  scope: 'operator.read',
  hidden: true,
  summary: 'Tokens and cost of the answers of a session, one after the other.',
  params: target,
  result: z.strictObject({
    sessionId: text,
    points: z.array(
      z.strictObject({
        timestamp: z.int(),
        input: count,
        output: count,
        cacheRead: count,
        cacheWrite: count,
        totalTokens: count,
        /** null: nobody knows the price of the model. */
        cost: cost.nullable(),
        cumulativeTokens: count,
        cumulativeCost: cost,
      }),
    ),
  }),
  uses: ['agents', 'sessions', 'usage'],
  async handler({ key, agentId }, { agents, sessions, usage }) {
    if (key === undefined) throw invalid('key is required for timeseries')
    const record = sessions.get(agents.sessionKey(key, agentId))
    if (!record) throw invalid(`No transcript found for session: ${key}`)
    return { sessionId: record.sessionId, points: await usage.timeseries(record) }
  },
})

const DEFAULT_LOGS = 200

export const sessionsUsageLogs = defineMethod({
  name: 'sessions.usage.logs',
  scope: 'operator.read',
  hidden: true,
  summary: 'The newest messages of a session, with what the answers took.',
  params: target.extend({ limit: z.int().min(1).max(1000).default(DEFAULT_LOGS) }),
  result: z.strictObject({
    logs: z.array(
      z.strictObject({
        timestamp: z.int(),
        role: z.enum(['user', 'assistant', 'toolResult', 'system']),
        content: z.string(),
        tokens: count.optional(),
        cost: cost.nullable().optional(),
      }),
    ),
  }),
  uses: ['agents', 'sessions', 'usage'],
  async handler({ key, agentId, limit }, { agents, sessions, usage }) {
    if (key === undefined) throw invalid('key is required for logs')
    const record = sessions.get(agents.sessionKey(key, agentId))
    return { logs: record ? await usage.logs(record, limit) : [] }
  },
})
