// Background work: runs that programs and jobs asked for.

import * as z from 'zod'
import { fromBase64, toBase64 } from '../kit/bytes.ts'
import { invalid } from '../protocol/errors.ts'
import { TASK_STATUSES, taskSummary } from '../protocol/task-events.ts'
import { defineMethod } from '../rpc/method.ts'
import type { Task, TaskFilter } from '../services/conversation/task-table.ts'
import { toSummary } from '../services/conversation/tasks.ts'

const text = z.string().min(1)
const status = z.enum(TASK_STATUSES)
const DEFAULT_LIMIT = 100

const toCursor = ({ createdAt, id }: Task): string => toBase64(new TextEncoder().encode(`${createdAt}.${id}`))

function fromCursor(cursor: string): NonNullable<TaskFilter['before']> {
  const bytes = fromBase64(cursor)
  const [, createdAt, id] = /^(\d+)\.([\w-]+)$/.exec(bytes ? new TextDecoder().decode(bytes) : '') ?? []
  if (createdAt === undefined || id === undefined) {
    throw invalid('invalid or expired tasks.list cursor; restart pagination without a cursor')
  }
  return { createdAt: Number(createdAt), id }
}

export const tasksList = defineMethod({
  name: 'tasks.list',
  scope: 'operator.read',
  summary: 'Pieces of background work, the latest first.',
  params: z.strictObject({
    status: z.union([status, z.array(status)]).optional(),
    agentId: text.optional(),
    sessionKey: text.optional(),
    limit: z.int().min(1).max(500).default(DEFAULT_LIMIT),
    cursor: z.string().optional(),
    /** There is one order: the latest first. */
    sortBy: z.enum(['updatedAt', 'endedAt']).optional(),
  }),
  result: z.strictObject({ tasks: z.array(taskSummary), nextCursor: text.optional() }),
  uses: ['agents', 'tasks'],
  handler(params, { agents, tasks }) {
    const { status: wanted, agentId, sessionKey, limit, cursor } = params
    const filter = {
      ...(wanted !== undefined && { statuses: [wanted].flat() }),
      ...(agentId !== undefined && { agentId }),
      ...(sessionKey !== undefined && { sessionKey: agents.sessionKey(sessionKey, agentId) }),
      ...(cursor !== undefined && { before: fromCursor(cursor) }),
    }
    const found = tasks.page(filter, limit + 1)
    const page = found.slice(0, limit)
    return { tasks: page.map(toSummary), ...(found.length > limit && { nextCursor: toCursor(page.at(-1)!) }) }
  },
})

export const tasksGet = defineMethod({
  name: 'tasks.get',
  scope: 'operator.read',
  summary: 'One piece of background work, with what was asked and what came of it.',
  params: z.strictObject({ taskId: text }),
  result: z.strictObject({ task: taskSummary }),
  uses: ['tasks'],
  handler({ taskId }, { tasks }) {
    const task = tasks.get(taskId)
    if (!task) throw invalid(`task not found: ${taskId}`)
    const result = tasks.resultOf(task)
    return { task: { ...toSummary(task), prompt: task.prompt, ...(result !== null && { result }) } }
  },
})

export const tasksCancel = defineMethod({
  name: 'tasks.cancel',
  scope: 'operator.write',
  summary: 'Ends a piece of background work.',
  params: z.strictObject({ taskId: text, reason: z.string().max(1000).optional() }),
  result: z.strictObject({ found: z.boolean(), cancelled: z.boolean(), reason: z.string().optional(), task: taskSummary.optional() }),
  uses: ['tasks'],
  async handler({ taskId }, { tasks }) {
    const task = tasks.get(taskId)
    if (!task) return { found: false, cancelled: false, reason: 'Task not found.' }
    if (!(await tasks.cancel(task))) return { found: true, cancelled: false, reason: 'Task is already terminal.', task: toSummary(task) }
    return { found: true, cancelled: true, task: toSummary(tasks.get(taskId) ?? task) }
  },
})
