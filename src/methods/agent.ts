// Runs of an agent that a program waits for.

import * as z from 'zod'
import { invalid, unavailable } from '../protocol/errors.ts'
import { attachment } from '../protocol/shapes.ts'
import { defineMethod } from '../rpc/method.ts'
import type { Agents } from '../services/conversation/agents.ts'
import type { RunResult } from '../services/conversation/run-table.ts'
import type { Sessions } from '../services/conversation/sessions.ts'

const text = z.string().min(1)
const DEFAULT_WAIT_MS = 30_000

const reply = z.strictObject({ disposition: z.enum(['visible', 'empty']), text: z.string() })

const accepted = z.strictObject({
  runId: text,
  sessionKey: text,
  agentId: text,
  status: z.literal('accepted'),
  acceptedAt: z.int(),
})

const ended = z.strictObject({
  runId: text,
  status: z.enum(['ok', 'aborted']),
  summary: text,
  result: z.strictObject({
    payloads: z.array(z.strictObject({ text: z.string(), mediaUrl: z.null() })),
    meta: z.strictObject({
      durationMs: z.int(),
      aborted: z.boolean(),
      agentMeta: z.strictObject({
        sessionId: text,
        provider: z.string(),
        model: z.string(),
        usage: z.strictObject({
          input: z.int(),
          output: z.int(),
          cacheRead: z.int(),
          cacheWrite: z.int(),
          total: z.int(),
        }),
      }),
    }),
  }),
})

export const agentRun = defineMethod({
  name: 'agent',
  scope: 'operator.write',
  summary: 'Runs an agent. Answers twice under one id: at once when accepted, and with the reply when it is there.',
  params: z.strictObject({
    message: text,
    idempotencyKey: text.max(256),
    agentId: text.optional(),
    sessionKey: z.string().optional(),
    sessionId: z.string().optional(),
    expectedExistingSessionId: text.optional(),
    provider: z.string().optional(),
    model: z.string().optional(),
    thinking: z.string().optional(),
    /** Seconds. */
    timeout: z.int().min(0).optional(),
    attachments: z.array(attachment).optional(),
    extraSystemPrompt: z.string().optional(),
    /** The model alone is asked: no agent, no tools. */
    modelRun: z.boolean().optional(),
    label: text.max(512).optional(),
    to: z.string().optional(),
    replyTo: z.string().optional(),
    deliver: z.boolean().optional(),
    channel: z.string().optional(),
    replyChannel: z.string().optional(),
    accountId: z.string().optional(),
    replyAccountId: z.string().optional(),
    threadId: z.string().optional(),
    groupId: z.string().optional(),
    groupChannel: z.string().optional(),
    groupSpace: z.string().optional(),
    lane: z.string().optional(),
    bestEffortDeliver: z.boolean().optional(),
    cleanupBundleMcpOnRunEnd: z.boolean().optional(),
    promptMode: z.enum(['full', 'minimal', 'none']).optional(),
    bootstrapContextMode: z.enum(['full', 'lightweight']).optional(),
    bootstrapContextRunKind: z.enum(['default', 'heartbeat', 'cron']).optional(),
    inputProvenance: z.unknown().optional(),
    voiceWakeTrigger: z.string().optional(),
  }),
  result: z.union([accepted, ended]),
  uses: ['agents', 'clock', 'inbox', 'models', 'runs', 'sessions'],
  async handler(params, { agents, clock, inbox, models, runs, sessions, caller, trace, interim }) {
    const sessionKey = targetOf(params, agents, sessions)
    const expected = params.expectedExistingSessionId
    if (expected !== undefined && sessions.get(sessionKey)?.sessionId !== expected) {
      throw invalid('the session was replaced meanwhile: read it again and retry', { details: { code: 'SESSION_CHANGED' } })
    }
    const model = toModelName(params.provider, params.model)
    if (model !== undefined) models.assertKnown(model)
    const started = await inbox.send({
      trace,
      runId: params.idempotencyKey,
      sessionKey,
      origin: 'agent',
      principal: caller,
      message: params.message,
      attachments: params.attachments,
      model,
      thinking: params.thinking,
      timeoutMs: params.timeout === undefined ? undefined : params.timeout * 1000,
      instructions: params.extraSystemPrompt,
      bare: params.modelRun,
    })
    const { runId, run } = started
    const agentId = agents.ofSession(sessionKey)
    if (run) interim({ runId, sessionKey, agentId, status: 'accepted', acceptedAt: clock.now() })
    const result = run ? await run.done : runs.find(runId)?.result
    if (!result) throw unavailable('nothing is known of the end of this run: look at its session', { retryable: false, details: { runId } })
    if (result.state === 'error') {
      throw unavailable(result.error?.message ?? 'the run failed', { retryable: false, details: { runId, status: 'error' } })
    }
    return toEnded(runId, result, sessions.get(sessionKey)?.sessionId ?? 'deleted')
  },
})

function targetOf(
  params: { sessionKey?: string | undefined; sessionId?: string | undefined; agentId?: string | undefined; to?: string | undefined; idempotencyKey: string },
  agents: Agents,
  sessions: Sessions,
): string {
  const { sessionKey, sessionId, agentId } = params
  if (agentId !== undefined && !agents.find(agentId)) throw invalid(`invalid agent params: unknown agent id "${agentId}"`)
  if (sessionKey) {
    const key = agents.sessionKey(sessionKey, agentId)
    agents.ofSession(key)
    return key
  }
  const known = sessionId ? sessions.findBy('sessionId', sessionId) : null
  if (known) return known.key
  if (agentId !== undefined || params.to) return agents.mainSessionKey(agentId)
  return agents.sessionKey(`explicit:${sessionId || params.idempotencyKey}`)
}

function toModelName(provider: string | undefined, model: string | undefined): string | undefined {
  if (!model) return undefined
  return provider ? `${provider}/${model}` : model
}

function toEnded(runId: string, result: RunResult, sessionId: string): z.output<typeof ended> {
  const { usage, provider, model, startedAt, endedAt } = result
  const aborted = result.state !== 'ok'
  return {
    runId,
    status: aborted ? 'aborted' : 'ok',
    summary: aborted ? `aborted: ${result.stopReason}` : 'completed',
    result: {
      payloads: result.text === '' ? [] : [{ text: result.text, mediaUrl: null }],
      meta: {
        durationMs: Math.max(0, endedAt - startedAt),
        aborted,
        agentMeta: {
          sessionId,
          provider,
          model,
          usage: {
            input: usage.input,
            output: usage.output,
            cacheRead: usage.cacheRead,
            cacheWrite: usage.cacheWrite,
            total: usage.totalTokens,
          },
        },
      },
    },
  }
}

export const agentWait = defineMethod({
  name: 'agent.wait',
  scope: 'operator.write',
  summary: 'Waits until a run has ended. `timeout` after timeoutMs, also for a run that nobody has sent.',
  params: z.strictObject({ runId: text, timeoutMs: z.int().min(0).default(DEFAULT_WAIT_MS) }),
  result: z.strictObject({
    runId: text,
    status: z.enum(['ok', 'error', 'timeout']),
    startedAt: z.int().optional(),
    endedAt: z.int().optional(),
    stopReason: z.string().optional(),
    error: z.string().optional(),
    terminalReply: reply.optional(),
  }),
  uses: ['runs'],
  async handler({ runId, timeoutMs }, { runs }) {
    const result = await runs.wait(runId, timeoutMs)
    if (!result) return { runId, status: 'timeout' as const }
    const { startedAt, endedAt, stopReason } = result
    const facts = { runId, startedAt, endedAt, stopReason }
    const terminalReply = { disposition: result.text === '' ? ('empty' as const) : ('visible' as const), text: result.text }
    if (result.state === 'ok') return { ...facts, status: 'ok' as const, terminalReply }
    return { ...facts, status: 'error' as const, error: result.error?.message ?? 'aborted', terminalReply }
  },
})
