// The log of the gateway.

import * as z from 'zod'
import { defineMethod } from '../rpc/method.ts'

const DEFAULT_LINES = 500
const DEFAULT_BYTES = 250_000

export const logsTail = defineMethod({
  name: 'logs.tail',
  scope: 'operator.read',
  summary: 'The last lines of the log, or those since a cursor. Each line is a JSON object.',
  params: z.strictObject({
    cursor: z.int().min(0).optional(),
    limit: z.int().min(1).max(5000).default(DEFAULT_LINES),
    maxBytes: z.int().min(1).max(1_000_000).default(DEFAULT_BYTES),
  }),
  result: z.strictObject({
    file: z.string().min(1),
    cursor: z.int(),
    size: z.int(),
    lines: z.array(z.string()),
    truncated: z.boolean(),
    reset: z.boolean(),
  }),
  uses: ['logs'],
  handler({ cursor, limit, maxBytes }, { logs }) {
    const tail = logs.tail({ limit, maxBytes, ...(cursor !== undefined && { cursor }) })
    return { file: 'memory', ...tail, lines: [...tail.lines] }
  },
})
