// Events of what happens by itself: jobs and heartbeats.

import * as z from 'zod'
import { cronJobMore, cronRunEntry } from './cron-shapes.ts'
import { defineEvent } from './event.ts'

const text = z.string().min(1)
const count = z.int().min(0)

export const cron = defineEvent({
  name: 'cron',
  scope: 'operator.read',
  reach: 'all',
  summary: 'A job was added, changed or removed, or a run of it began or ended.',
  payload: z.strictObject({
    ...cronRunEntry.partial().omit({ ts: true, jobId: true, action: true, jobName: true }).shape,
    jobId: text,
    action: z.enum(['added', 'updated', 'started', 'finished', 'removed']),
    /** As it is now; absent when it is gone. */
    job: cronJobMore.optional(),
  }),
})

export const heartbeatEvent = z.strictObject({
  ts: count,
  /** `sent`: somebody was told. `ok-…`: there was nothing to tell. `skipped`, `failed`: why, is in `reason`. */
  status: z.enum(['sent', 'ok-empty', 'ok-token', 'skipped', 'failed']),
  preview: z.string().optional(),
  reason: text.optional(),
  message: z.string().optional(),
  hasMedia: z.boolean(),
  durationMs: count,
})
export type HeartbeatEvent = z.output<typeof heartbeatEvent>

export const heartbeat = defineEvent({
  name: 'heartbeat',
  // The real gateway tells every connection; what it says comes from a conversation.
  scope: 'operator.read',
  reach: 'all',
  summary: 'An agent was asked by the gateway whether anything needs attention, and this came of it.',
  payload: heartbeatEvent,
})
