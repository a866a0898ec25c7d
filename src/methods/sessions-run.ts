// Talking to a session by its key.

import * as z from 'zod'
import { uuid } from '../kit/ids.ts'
import { invalid } from '../protocol/errors.ts'
import { attachment } from '../protocol/shapes.ts'
import { defineMethod } from '../rpc/method.ts'
import { toSentMessage } from './sent-message.ts'

const text = z.string().min(1)

export const sessionsSend = defineMethod({
  name: 'sessions.send',
  scope: 'operator.write',
  summary: 'Sends a message to a session that exists.',
  params: z.strictObject({
    key: text,
    agentId: text.optional(),
    message: z.string(),
    thinking: z.string().optional(),
    attachments: z.array(attachment).optional(),
    timeoutMs: z.int().min(0).optional(),
    idempotencyKey: text.max(256).optional(),
    mentions: z.array(z.unknown()).optional(),
  }),
  result: z.strictObject({ runId: text, status: z.enum(['started', 'in_flight', 'ok', 'error']) }),
  uses: ['agents', 'inbox', 'sessions'],
  async handler(params, { agents, inbox, sessions, caller, trace }) {
    const sessionKey = agents.sessionKey(params.key, params.agentId)
    if (!sessions.get(sessionKey)) throw invalid(`session not found: ${sessionKey}`)
    const { runId, status } = await inbox.send({
      ...toSentMessage(params, { caller, trace }),
      runId: params.idempotencyKey ?? uuid(),
      sessionKey,
      queueMode: 'steer',
    })
    return { runId, status }
  },
})

export const sessionsAbort = defineMethod({
  name: 'sessions.abort',
  scope: 'operator.write',
  summary: 'Ends the run of a session, or a run by its id.',
  params: z.strictObject({
    key: text.optional(),
    runId: text.optional(),
    agentId: text.optional(),
    clearQueued: z.boolean().optional(),
  }),
  result: z.strictObject({
    ok: z.literal(true),
    abortedRunId: text.nullable(),
    status: z.enum(['aborted', 'no-active-run']),
  }),
  uses: ['agents', 'runs'],
  async handler({ key, runId, agentId, clearQueued }, { agents, runs }) {
    if (key === undefined && runId === undefined) throw invalid('key required')
    const inSession = key === undefined ? [runs.live(runId!)] : runs.liveIn(agents.sessionKey(key, agentId))
    const found = inSession.flatMap((run) => (run && (runId === undefined || run.id === runId) ? [run] : []))
    const [abortedRunId = null] = await runs.abort(clearQueued ? found : found.slice(0, 1), 'rpc')
    return { ok: true as const, abortedRunId, status: abortedRunId === null ? ('no-active-run' as const) : ('aborted' as const) }
  },
})
