// Calls from outside, as they came.

import * as z from 'zod'
import { defineMethod } from '../rpc/method.ts'

const text = z.string().min(1)
const MAX_LISTED = 200

export const hooksRequestsList = defineMethod({
  name: 'hooks.requests.list',
  scope: 'operator.admin',
  summary: 'The calls of hooks that were accepted, the latest first, and what became of each.',
  params: z.strictObject({ before: z.int().min(1).optional(), limit: z.int().min(1).max(MAX_LISTED).default(50) }),
  result: z.strictObject({
    requests: z.array(
      z.strictObject({
        seq: z.int(),
        id: text,
        hook: text,
        address: text.nullable(),
        receivedAt: z.int(),
        status: z.enum(['queued', 'started', 'done', 'failed', 'woken']),
        sessionKey: text.nullable(),
        startedAt: z.int().nullable(),
        endedAt: z.int().nullable(),
        outcome: z.string().nullable(),
      }),
    ),
    waiting: z.int(),
  }),
  uses: ['hooks'],
  handler: (page, { hooks }) => ({ requests: hooks.list(page), waiting: hooks.waiting }),
})
