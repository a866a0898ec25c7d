// Hearing of sessions: subscriptions of one connection.

import * as z from 'zod'
import { pendingApproval } from '../protocol/approval-shapes.ts'
import { invalid } from '../protocol/errors.ts'
import { defineMethod } from '../rpc/method.ts'
import type { Connection } from '../services/identity/connections.ts'
import { toPending } from '../services/conversation/approval-view.ts'
import type { Services } from '../services/services.ts'
import { approvalsTopic, SESSIONS_TOPIC, sessionTopic } from '../services/identity/topics.ts'
import { listParams, listSessions, sessionList } from './sessions.ts'

const text = z.string().min(1)

function connectionOf(connection: Connection | null): Connection {
  if (!connection) throw invalid('subscriptions need a WebSocket connection')
  return connection
}

export const sessionsSubscribe = defineMethod({
  name: 'sessions.subscribe',
  scope: 'operator.read',
  summary: 'Asks for sessions.changed and session.message events of all sessions. With list params, answers the list too.',
  params: listParams,
  result: z.strictObject({ subscribed: z.literal(true), list: sessionList.optional() }),
  uses: ['agents', 'clock', 'models', 'sessions'],
  handler(params, { connection, ...use }) {
    connectionOf(connection).subscribe(SESSIONS_TOPIC)
    const wantsList = Object.values(params).some((value) => value !== undefined)
    return { subscribed: true as const, ...(wantsList && { list: listSessions(params, use) }) }
  },
})

const messagesTarget = z.strictObject({ key: text, agentId: text.optional(), includeApprovals: z.literal(true).optional() })

/** Approvals that an answer holds; the rest come as they are decided, or with approval.get. */
const MAX_REPLAYED = 100

const approvalReplay = z.strictObject({
  sessionKey: text,
  updatedAtMs: z.int(),
  approvals: z.array(pendingApproval),
  truncated: z.boolean(),
})

function replayApprovals(sessionKey: string, { approvals, clock }: Pick<Services, 'approvals' | 'clock'>): z.output<typeof approvalReplay> {
  const found = approvals.pending({ sessionKey }, MAX_REPLAYED + 1)
  return {
    sessionKey,
    updatedAtMs: clock.now(),
    approvals: found.slice(0, MAX_REPLAYED).map(toPending),
    truncated: found.length > MAX_REPLAYED,
  }
}

export const sessionsMessagesSubscribe = defineMethod({
  name: 'sessions.messages.subscribe',
  scope: 'operator.read',
  elevate: ({ includeApprovals }) => (includeApprovals ? 'operator.approvals' : null),
  summary: 'Asks for session.message events of one session; with includeApprovals, for session.approval events too.',
  params: messagesTarget,
  result: z.strictObject({ subscribed: z.literal(true), key: text, approvalReplay: approvalReplay.optional() }),
  uses: ['agents', 'approvals', 'clock'],
  handler(params, { agents, connection, ...use }) {
    const key = agents.sessionKey(params.key, params.agentId)
    connectionOf(connection).subscribe(sessionTopic(key))
    if (!params.includeApprovals) return { subscribed: true as const, key }
    connectionOf(connection).subscribe(approvalsTopic(key))
    return { subscribed: true as const, key, approvalReplay: replayApprovals(key, use) }
  },
})

export const sessionsMessagesUnsubscribe = defineMethod({
  name: 'sessions.messages.unsubscribe',
  scope: 'operator.read',
  summary: 'Takes back sessions.messages.subscribe.',
  params: messagesTarget.omit({ includeApprovals: true }),
  result: z.strictObject({ subscribed: z.literal(false), key: text }),
  uses: ['agents'],
  handler(params, { agents, connection }) {
    const key = agents.sessionKey(params.key, params.agentId)
    connectionOf(connection).unsubscribe(sessionTopic(key))
    connectionOf(connection).unsubscribe(approvalsTopic(key))
    return { subscribed: false as const, key }
  },
})
