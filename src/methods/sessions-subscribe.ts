// Hearing of sessions: subscriptions of one connection.

import * as z from 'zod'
import { invalid } from '../protocol/errors.ts'
import { defineMethod } from '../rpc/method.ts'
import type { Connection } from '../services/identity/connections.ts'
import { SESSIONS_TOPIC, sessionTopic } from '../services/identity/topics.ts'
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

export const sessionsMessagesSubscribe = defineMethod({
  name: 'sessions.messages.subscribe',
  scope: 'operator.read',
  summary: 'Asks for session.message events of one session.',
  params: messagesTarget,
  result: z.strictObject({ subscribed: z.literal(true), key: text }),
  uses: ['agents'],
  handler(params, { agents, connection }) {
    const key = agents.sessionKey(params.key, params.agentId)
    connectionOf(connection).subscribe(sessionTopic(key))
    return { subscribed: true as const, key }
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
    return { subscribed: false as const, key }
  },
})
