// Named keys for programs: made, listed, revoked.

import * as z from 'zod'
import { invalid } from '../protocol/errors.ts'
import { BUDGET_PERIODS, SCOPES } from '../protocol/scopes.ts'
import { defineMethod } from '../rpc/method.ts'
import type { KeyLimiter } from '../services/identity/key-limits.ts'
import type { KeyRow, KeyUsage } from '../services/identity/key-table.ts'

const text = z.string().min(1)
const count = z.int().min(0)

const model = z.string().max(200).regex(/^[^\s/]+\/(?:\*|[^\s*]+)$/, 'must be "provider/model" or "provider/*"')
const budget = z.strictObject({
  tokens: z.int().min(1).optional(),
  usd: z.number().positive().max(1_000_000).optional(),
  period: z.enum(BUDGET_PERIODS).default('month'),
})

const used = z.strictObject({ requests: count, inputTokens: count, outputTokens: count, totalTokens: count, usd: z.number().min(0) })

const row = z.strictObject({
  id: text,
  kind: z.enum(['opaque', 'signed']),
  name: text,
  scopes: z.array(text),
  agents: z.array(text).optional(),
  models: z.array(text).optional(),
  requestsPerMinute: z.int().optional(),
  budget: z.strictObject({ tokens: z.int().optional(), usd: z.number().optional(), period: text }).optional(),
  madeBy: text,
  createdAtMs: z.int(),
  expiresAtMs: z.int().optional(),
  revokedAtMs: z.int().optional(),
  /** Since it was made, and in the current period of its budget (this month where it has none). */
  usage: used,
  periodUsage: used,
})

const toUsed = ({ requests, input, output, tokens, micros }: KeyUsage): z.output<typeof used> => ({
  requests,
  inputTokens: input,
  outputTokens: output,
  totalTokens: tokens,
  usd: micros / 1e6,
})

function toRow(key: KeyRow, { keyLimiter }: { keyLimiter: KeyLimiter }) {
  const { all, period } = keyLimiter.usageOf(key.id, key.budget?.period ?? 'month')
  return { ...key, usage: toUsed(all), periodUsage: toUsed(period) }
}

export const keysCreate = defineMethod({
  name: 'keys.create',
  scope: 'operator.admin',
  summary: 'Makes a key for a program. The key itself is in this answer and nowhere else.',
  params: z.strictObject({
    name: z.string().trim().min(1).max(100),
    kind: z.enum(['opaque', 'signed']).default('opaque'),
    scopes: z.array(z.enum(SCOPES)).min(1).max(SCOPES.length).default(['operator.write']),
    agents: z.array(z.string().min(1).max(64)).min(1).max(50).optional(),
    models: z.array(model).min(1).max(50).optional(),
    expiresAtMs: z.int().optional(),
    requestsPerMinute: z.int().min(1).max(100_000).optional(),
    budget: budget.refine(({ tokens, usd }) => tokens !== undefined || usd !== undefined, 'needs tokens or usd').optional(),
  }),
  result: z.strictObject({ key: text, row }),
  uses: ['agents', 'keys', 'keyLimiter'],
  async handler({ budget: given, ...wish }, use) {
    const unknown = wish.agents?.find((id) => !use.agents.find(id))
    if (unknown !== undefined) throw invalid(`there is no agent "${unknown}": agents.list names those that there are`)
    const { tokens, usd, period } = given ?? {}
    const limit = period && { period, ...(tokens !== undefined && { tokens }), ...(usd !== undefined && { usd }) }
    const made = await use.keys.make({ ...wish, ...(limit && { budget: limit }) }, use.caller)
    return { key: made.key, row: toRow(made.row, use) }
  },
})

export const keysList = defineMethod({
  name: 'keys.list',
  scope: 'operator.admin',
  summary: 'The keys that were made, with what was used under each; never the keys themselves.',
  params: z.strictObject({ after: z.string().max(64).optional(), limit: z.int().min(1).max(200).default(100) }),
  result: z.strictObject({ keys: z.array(row), nextAfter: text.nullable() }),
  uses: ['keys', 'keyLimiter'],
  handler({ after, limit }, use) {
    const found = use.keys.list({ ...(after !== undefined && { after }), limit: limit + 1 })
    const page = found.slice(0, limit)
    return { keys: page.map((key) => toRow(key, use)), nextAfter: found.length > limit ? page.at(-1)!.id : null }
  },
})

export const keysRevoke = defineMethod({
  name: 'keys.revoke',
  scope: 'operator.admin',
  summary: 'Ends a key, and those that were made with it: at once, also for connections that are open.',
  params: z.strictObject({ id: z.string().min(1).max(64) }),
  result: z.strictObject({ revoked: z.array(text) }),
  uses: ['keys'],
  handler({ id }, { keys }) {
    const revoked = keys.revoke(id)
    if (!revoked) throw invalid(`there is no key "${id}": keys.list names those that there are`)
    return { revoked }
  },
})
