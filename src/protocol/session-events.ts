// Events of sessions beyond what is said in them.

import * as z from 'zod'
import { defineEvent } from './event.ts'

const text = z.string().min(1)

export const sessionOperation = defineEvent({
  name: 'session.operation',
  scope: 'operator.read',
  reach: 'session',
  summary: 'Something that takes a while is done to a session: its compaction.',
  payload: z.strictObject({
    operationId: text,
    operation: z.literal('compact'),
    phase: z.enum(['start', 'end']),
    sessionKey: text,
    agentId: text.optional(),
    ts: z.int().min(0),
    completed: z.boolean().optional(),
    reason: z.string().optional(),
  }),
})
