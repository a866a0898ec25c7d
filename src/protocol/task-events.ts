// Background work as clients see it (`TaskSummary` of the published schema), and the event that tells of it.

import * as z from 'zod'
import { defineEvent } from './event.ts'

const text = z.string().min(1)
const moment = z.int().min(0)

export const TASK_STATUSES = ['queued', 'running', 'completed', 'failed', 'cancelled', 'timed_out'] as const

export const taskSummary = z.strictObject({
  id: text,
  taskId: text,
  kind: z.enum(['cli', 'automation_run', 'subagent']),
  runtime: z.enum(['cli', 'cron', 'subagent']),
  status: z.enum(TASK_STATUSES),
  title: z.string(),
  agentId: text,
  sessionKey: text,
  childSessionKey: text,
  ownerKey: text,
  runId: text,
  sourceId: text,
  createdAt: moment,
  updatedAt: moment,
  startedAt: moment.optional(),
  endedAt: moment.optional(),
  terminalSummary: z.string().optional(),
  error: z.string().optional(),
  deliveryStatus: z.literal('not_applicable'),
  /** Of a single task that is asked for. */
  result: z.string().optional(),
  prompt: z.string().optional(),
})
export type TaskSummary = z.output<typeof taskSummary>

export const task = defineEvent({
  name: 'task',
  scope: 'operator.read',
  reach: 'all',
  summary: 'A piece of background work began, went on or ended.',
  payload: z.strictObject({ action: z.literal('upserted'), task: taskSummary }),
})
