// Jobs: what runs by itself at set times.

import * as z from 'zod'
import { invalid } from '../protocol/errors.ts'
import { cronAddParams, cronAddResult, cronListParams, cronPatch, cronRunsParams, idOf, jobNamed } from '../protocol/cron-params.ts'
import { cronJobMore, cronRunEntry, deliveryPreview } from '../protocol/cron-shapes.ts'
import { defineMethod, type Call } from '../rpc/method.ts'
import { previewOf, toCompactView, toFullView, toJobView } from '../services/automation/cron-view.ts'
import { assertUncounted } from '../services/identity/key-limits.ts'

const text = z.string().min(1)

/** Whose calls are counted together. */
const clientOf = ({ connection, caller }: Pick<Call, 'connection' | 'caller'>): string => connection?.id ?? caller.id

export const cronAdd = defineMethod({
  name: 'cron.add',
  scope: 'operator.admin',
  summary: 'Makes a job. One with a declarationKey is made once, and changed when it is declared anew.',
  params: cronAddParams,
  result: cronAddResult,
  uses: ['cron', 'cronTelling', 'writeBudget'],
  handler(params, { cron, cronTelling, writeBudget, ...call }) {
    assertUncounted(call.caller)
    writeBudget.spend('cron.add', clientOf(call))
    const { job, created, updated } = cron.add(params, call.caller)
    const view = toJobView(job, cronTelling.runningAt(job))
    const preview = previewOf(job.definition)
    if (params.declarationKey === undefined) return { ...view, deliveryPreview: preview }
    return { created, ...(!created && { updated }), job: view, deliveryPreview: preview }
  },
})

export const cronUpdate = defineMethod({
  name: 'cron.update',
  scope: 'operator.admin',
  summary: 'Changes members of a job; null clears. With expectedConfigRevision only if nobody else has changed it.',
  params: jobNamed({ patch: cronPatch, expectedConfigRevision: text.max(128).optional() }),
  result: cronJobMore,
  uses: ['cron', 'cronTelling', 'writeBudget'],
  handler(params, { cron, cronTelling, writeBudget, ...call }) {
    assertUncounted(call.caller)
    writeBudget.spend('cron.update', clientOf(call))
    const job = cron.update(idOf(params), params.patch, params.expectedConfigRevision, call.caller)
    return toFullView(job, cronTelling.runningAt(job))
  },
})

export const cronRemove = defineMethod({
  name: 'cron.remove',
  scope: 'operator.admin',
  summary: 'Removes a job. A run that is under way goes on.',
  params: jobNamed({}),
  result: z.strictObject({ ok: z.literal(true), removed: z.literal(true) }),
  uses: ['cron', 'writeBudget'],
  handler(params, { cron, writeBudget, ...call }) {
    writeBudget.spend('cron.remove', clientOf(call))
    cron.remove(idOf(params))
    return { ok: true as const, removed: true as const }
  },
})

export const cronRun = defineMethod({
  name: 'cron.run',
  scope: 'operator.admin',
  summary: 'Runs a job now: whether it is due or not, only if it is due, or only if it is enabled.',
  params: jobNamed({ mode: z.enum(['due', 'force', 'if-enabled']).default('force'), expectedProcessInstanceId: text.optional() }),
  result: z.union([
    z.strictObject({ ok: z.literal(true), enqueued: z.literal(true), runId: text, processInstanceId: text }),
    z.strictObject({
      ok: z.literal(true),
      ran: z.literal(false),
      reason: z.enum(['not-due', 'already-running', 'disabled']),
      processInstanceId: text,
    }),
  ]),
  uses: ['cron', 'system', 'writeBudget'],
  handler(params, { cron, system, writeBudget, ...call }) {
    assertUncounted(call.caller)
    writeBudget.spend('cron.run', clientOf(call))
    const { mode, expectedProcessInstanceId: expected } = params
    const processInstanceId = system.bootId
    if (expected !== undefined && expected !== processInstanceId) throw invalid('invalid cron.run params: Gateway process changed after preflight')
    const ran = cron.run(idOf(params), mode)
    if ('runId' in ran) return { ok: true as const, enqueued: true as const, runId: ran.runId, processInstanceId }
    return { ok: true as const, ran: false as const, reason: ran.reason, processInstanceId }
  },
})

export const cronGet = defineMethod({
  name: 'cron.get',
  scope: 'operator.read',
  summary: 'One job.',
  params: jobNamed({}),
  result: cronJobMore,
  uses: ['cron', 'cronTelling'],
  handler(params, { cron, cronTelling }) {
    const job = cron.get(idOf(params))
    return toFullView(job, cronTelling.runningAt(job))
  },
})

export const cronList = defineMethod({
  name: 'cron.list',
  scope: 'operator.read',
  summary: 'A page of the jobs, what is due next first.',
  params: cronListParams,
  result: z.strictObject({
    jobs: z.array(z.looseObject({ id: text, effectiveAgentId: text })),
    snapshotRevision: text,
    total: z.int(),
    offset: z.int(),
    limit: z.int(),
    hasMore: z.boolean(),
    nextOffset: z.int().nullable(),
    deliveryPreviews: z.record(z.string(), deliveryPreview).optional(),
  }),
  uses: ['cron', 'cronTelling', 'cronTurns'],
  handler(query, { cron, cronTelling, cronTurns }) {
    const { compact = false, includeDeliveryPreviews = !compact } = query
    const { jobs, total, offset, limit, revision } = cron.list(query)
    const hasMore = offset + jobs.length < total
    const rows = jobs.map((job) => {
      const view = compact ? toCompactView(job) : toFullView(job, cronTelling.runningAt(job))
      return { ...view, id: job.id, effectiveAgentId: cronTurns.agentOf(job.definition) }
    })
    const previews = Object.fromEntries(jobs.map(({ id, definition }) => [id, previewOf(definition)]))
    return {
      jobs: rows,
      snapshotRevision: revision,
      total,
      offset,
      limit,
      hasMore,
      nextOffset: hasMore ? offset + jobs.length : null,
      ...(includeDeliveryPreviews && { deliveryPreviews: previews }),
    }
  },
})

export const cronStatus = defineMethod({
  name: 'cron.status',
  scope: 'operator.read',
  summary: 'Whether jobs run, how many there are, and when the next one is due.',
  params: z.strictObject({}),
  result: z.strictObject({
    enabled: z.boolean(),
    triggersEnabled: z.boolean(),
    storePath: text,
    storage: z.literal('sqlite'),
    sqlitePath: text,
    jobs: z.int(),
    nextWakeAtMs: z.int().nullable(),
  }),
  uses: ['config', 'cron', 'scheduler'],
  handler(_, { config, cron, scheduler }) {
    const enabled = config.current.cron?.enabled ?? true
    const facts = { storePath: cron.place, storage: 'sqlite' as const, sqlitePath: cron.place }
    return { enabled, triggersEnabled: false, ...facts, jobs: cron.count, nextWakeAtMs: scheduler.nextAt }
  },
})

export const cronRuns = defineMethod({
  name: 'cron.runs',
  scope: 'operator.read',
  summary: 'A page of the runs that have ended, of one job or of all, the latest first. Slots that nobody ran are among them.',
  params: cronRunsParams,
  result: z.strictObject({
    entries: z.array(cronRunEntry),
    total: z.int(),
    offset: z.int(),
    limit: z.int(),
    hasMore: z.boolean(),
    nextOffset: z.int().nullable(),
  }),
  uses: ['cron'],
  handler(query, { cron }) {
    const { limit, offset } = query
    const { entries, total } = cron.runs(query)
    const hasMore = offset + entries.length < total
    return { entries: [...entries], total, offset, limit, hasMore, nextOffset: hasMore ? offset + entries.length : null }
  },
})
