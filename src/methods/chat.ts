// Conversations: sending, aborting, adding by hand. Reading them is chat-history.ts.

import * as z from 'zod'
import { uuid } from '../kit/ids.ts'
import { chat } from '../protocol/events.ts'
import { invalid } from '../protocol/errors.ts'
import { attachment, toGatewayMessage } from '../protocol/shapes.ts'
import { defineMethod } from '../rpc/method.ts'
import { toSentMessage } from './sent-message.ts'
import type { Services } from '../services/services.ts'

const text = z.string().min(1)

const aborted = z.strictObject({ ok: z.literal(true), aborted: z.boolean(), runIds: z.array(text) })
const runStatus = z.enum(['started', 'in_flight', 'ok', 'error'])

async function abortRuns(runs: Services['runs'], sessionKey: string, runId: string | undefined, reason: string) {
  const found = runs.liveIn(sessionKey).filter((run) => runId === undefined || run.id === runId)
  const runIds = await runs.abort(found, reason)
  return { ok: true as const, aborted: runIds.length > 0, runIds }
}

export const chatSend = defineMethod({
  name: 'chat.send',
  scope: 'operator.write',
  summary: 'Sends a message. Answers as soon as it is stored; the reply comes as chat events. The same key never runs twice.',
  params: z.strictObject({
    /** Required; a missing one is refused with the protocol's own words. */
    sessionKey: text.max(512).optional(),
    agentId: text.optional(),
    message: z.string(),
    idempotencyKey: text.max(256),
    thinking: z.string().optional(),
    attachments: z.array(attachment).max(32).optional(),
    timeoutMs: z.int().min(0).optional(),
    queueMode: z.enum(['steer', 'followup', 'collect', 'interrupt']).optional(),
    suppressCommandInterpretation: z.boolean().optional(),
    sessionId: text.optional(),
    deliver: z.boolean().optional(),
    originatingChannel: z.string().optional(),
    originatingTo: z.string().optional(),
    originatingAccountId: z.string().optional(),
    originatingThreadId: z.string().optional(),
    replyToId: text.optional(),
    fastMode: z.union([z.boolean(), z.literal('auto')]).optional(),
    fastAutoOnSeconds: z.int().min(1).optional(),
    mentions: z.array(z.unknown()).optional(),
    workContext: z.unknown().optional(),
    toolBindings: z.unknown().optional(),
    systemInputProvenance: z.unknown().optional(),
    systemProvenanceReceipt: z.string().optional(),
    expectedLeafEntryId: text.nullable().optional(),
    expectedSessionRoutingContract: text.optional(),
    expectedPermissionMode: z.unknown().optional(),
    expectedToolOverrides: z.unknown().optional(),
  }),
  result: z.union([z.strictObject({ runId: text, status: runStatus, interruptedActiveRun: z.literal(true).optional() }), aborted]),
  uses: ['agents', 'branches', 'inbox', 'runs'],
  async handler(params, { agents, branches, inbox, runs, caller, trace }) {
    if (params.sessionKey === undefined) {
      throw invalid('session mutation target is unavailable', {
        details: { code: 'SESSION_MUTATION_TARGET_REQUIRED', method: 'chat.send' },
      })
    }
    const sessionKey = agents.sessionKey(params.sessionKey, params.agentId)
    agents.ofSession(sessionKey)
    const isStop = params.message.trim() === '/stop' && !params.suppressCommandInterpretation
    if (isStop) return abortRuns(runs, sessionKey, undefined, 'stop')
    const { expectedLeafEntryId: leaf } = params
    if (leaf !== undefined && !runs.find(params.idempotencyKey)) branches.assertLeaf(sessionKey, leaf)
    const { runId, status, interrupted } = await inbox.send({
      ...toSentMessage(params, { caller, trace }),
      runId: params.idempotencyKey,
      sessionKey,
      queueMode: params.queueMode ?? 'steer',
      mayCommand: !params.suppressCommandInterpretation,
    })
    return { runId, status, ...(interrupted && { interruptedActiveRun: true as const }) }
  },
})

export const chatAbort = defineMethod({
  name: 'chat.abort',
  scope: 'operator.write',
  summary: 'Ends the runs of a session, or one of them. What was said so far stays in the history.',
  params: z.strictObject({
    sessionKey: text,
    agentId: text.optional(),
    runId: text.optional(),
    preserveSideRuns: z.boolean().optional(),
  }),
  result: aborted,
  uses: ['agents', 'runs'],
  handler: ({ sessionKey, agentId, runId }, { agents, runs }) =>
    abortRuns(runs, agents.sessionKey(sessionKey, agentId), runId, 'rpc'),
})

export const chatInject = defineMethod({
  name: 'chat.inject',
  scope: 'operator.admin',
  hidden: true,
  summary: 'Adds a message of the assistant to a conversation without running a model.',
  params: z.strictObject({
    sessionKey: text,
    agentId: text.optional(),
    message: text.max(1_000_000),
    label: z.string().max(100).optional(),
  }),
  result: z.strictObject({ ok: z.literal(true), messageId: text }),
  uses: ['agents', 'bus', 'clock', 'sessions'],
  handler(params, { agents, bus, clock, sessions }) {
    const key = agents.sessionKey(params.sessionKey, params.agentId)
    const record = sessions.get(key)
    if (!record) throw invalid('session not found')
    const said = params.label ? `[${params.label}]\n\n${params.message}` : params.message
    const message = toGatewayMessage(said, clock.now())
    const messageId = uuid()
    sessions.append(key, message, { id: messageId })
    const facts = { runId: `inject-${messageId}`, sessionKey: key, agentId: record.agentId, seq: 0 }
    bus.publish(chat, () => ({ ...facts, state: 'final' as const, message }))
    return { ok: true as const, messageId }
  },
})
