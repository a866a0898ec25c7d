// Turning a session to something else at once.

import * as z from 'zod'
import { uuid } from '../kit/ids.ts'
import { invalid } from '../protocol/errors.ts'
import { attachment } from '../protocol/shapes.ts'
import { defineMethod } from '../rpc/method.ts'
import { toSentMessage } from './sent-message.ts'

const text = z.string().min(1)

export const sessionsSteer = defineMethod({
  name: 'sessions.steer',
  scope: 'operator.write',
  hidden: true,
  summary: 'Ends what goes on in a session and begins with a message. To be heard by the run that goes on, use chat.send.',
  params: z.strictObject({
    /** Required; a missing one is refused with the protocol's own words. */
    key: text.optional(),
    agentId: text.optional(),
    message: z.string().default(''),
    thinking: z.string().optional(),
    attachments: z.array(attachment).max(32).optional(),
    timeoutMs: z.int().min(0).optional(),
    idempotencyKey: text.max(256).optional(),
  }),
  result: z.strictObject({
    runId: text,
    status: z.enum(['started', 'in_flight', 'ok', 'error']),
    interruptedActiveRun: z.literal(true).optional(),
  }),
  uses: ['agents', 'inbox', 'sessions'],
  async handler(params, { agents, inbox, sessions, caller, trace }) {
    if (params.key === undefined) {
      throw invalid('session mutation target is unavailable', {
        details: { code: 'SESSION_MUTATION_TARGET_REQUIRED', method: 'sessions.steer' },
      })
    }
    const sessionKey = agents.sessionKey(params.key, params.agentId)
    if (!sessions.get(sessionKey)) throw invalid(`session not found: ${params.key}`)
    const { runId, status, interrupted } = await inbox.send({
      ...toSentMessage(params, { caller, trace }),
      runId: params.idempotencyKey ?? uuid(),
      sessionKey,
      queueMode: 'interrupt',
    })
    if (status === 'started') sessions.update(sessionKey, {}, { reason: 'steer' })
    return { runId, status, ...(interrupted && { interruptedActiveRun: true as const }) }
  },
})
