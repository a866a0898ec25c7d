// What helps to find the reason of a trouble.

import * as z from 'zod'
import { defineMethod } from '../rpc/method.ts'

const text = z.string().min(1)
const count = z.int().min(0)
const DEFAULT_LIMIT = 50

export const diagnosticsStability = defineMethod({
  name: 'diagnostics.stability',
  scope: 'operator.read',
  summary: 'What has happened lately: kinds and numbers, without contents.',
  params: z.strictObject({
    limit: z.int().min(1).max(1000).default(DEFAULT_LIMIT),
    type: text.optional(),
    sinceSeq: count.optional(),
  }),
  result: z.strictObject({
    generatedAt: text,
    capacity: count,
    count,
    dropped: count,
    firstSeq: count.optional(),
    lastSeq: count.optional(),
    events: z.array(z.strictObject({ seq: count, ts: count, type: text, source: text.optional(), outcome: text.optional() })),
    summary: z.strictObject({ byType: z.record(z.string(), count) }),
  }),
  uses: ['clock', 'stability'],
  handler(params, { clock, stability }) {
    const { byType, events, firstSeq, lastSeq, ...rest } = stability.report(params)
    return {
      generatedAt: new Date(clock.now()).toISOString(),
      ...rest,
      ...(firstSeq !== undefined && { firstSeq, lastSeq }),
      events: events.map((event) => ({ ...event })),
      summary: { byType },
    }
  },
})

const lane = z.strictObject({
  lane: text,
  queuedCount: count,
  activeCount: count,
  maxConcurrent: count,
  draining: z.boolean(),
  generation: count,
  blockedBy: z.null(),
})

export const diagnosticsLanes = defineMethod({
  name: 'diagnostics.lanes',
  scope: 'operator.read',
  summary: 'How many runs wait and go on, and how many may at once.',
  params: z.looseObject({}),
  result: z.strictObject({ ts: z.int(), lanes: z.array(lane), dynamic: z.null() }),
  uses: ['clock', 'runs'],
  handler(_, { clock, runs }) {
    const { queued: queuedCount, running: activeCount, width: maxConcurrent } = runs.load()
    const main = { lane: 'main', queuedCount, activeCount, maxConcurrent, draining: false, generation: 0, blockedBy: null }
    return { ts: clock.now(), lanes: [main], dynamic: null }
  },
})
