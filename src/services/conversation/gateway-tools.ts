// The first tools of every agent: looking at the gateway that it lives in.

import * as z from 'zod'
import { textOf } from '../../protocol/shapes.ts'
import type { Health } from '../operations/health.ts'
import type { Agents } from './agents.ts'
import type { Models } from './models.ts'
import type { SessionSight } from './session-sight.ts'
import type { Sessions } from './sessions.ts'
import { defineTool, type Tool } from './tools.ts'
import type { Transcripts } from './transcripts.ts'

/** Sessions among which those are that an agent is shown. */
const MAX_LOOKED_AT = 200

export function createGatewayTools(deps: {
  sessions: Sessions
  transcripts: Transcripts
  agents: Agents
  models: Models
  health: Health
  sight: SessionSight
  status: () => unknown
}): readonly Tool[] {
  const { sessions, transcripts, agents, models, health, sight } = deps

  /** Of a key, if the session may be seen from `own`. */
  function find(key: string, own: string) {
    const record = sessions.get(key)
    return record && sight.sees(own, record) ? record : null
  }

  const gatewayStatus = defineTool({
    name: 'gateway_status',
    description: 'The state of this gateway: version, time since the start, sessions, agents, model.',
    scope: 'operator.read',
    params: z.strictObject({}),
    run: () => deps.status(),
  })

  const gatewayHealth = defineTool({
    name: 'gateway_health',
    description: 'The health snapshot of this gateway.',
    scope: 'operator.read',
    params: z.strictObject({}),
    run: () => health.snapshot().json,
  })

  const modelsList = defineTool({
    name: 'models_list',
    description: 'The language models that this gateway can use.',
    scope: 'operator.read',
    params: z.strictObject({}),
    run: () => models.list(),
  })

  const sessionStatus = defineTool({
    name: 'session_status',
    description: 'One session: its model, tokens and state. Without a key: the session of this conversation.',
    group: 'sessions',
    scope: 'operator.read',
    params: z.strictObject({ key: z.string().min(1).optional() }),
    run({ key }, context) {
      const record = find(key === undefined ? context.sessionKey : agents.sessionKey(key), context.sessionKey)
      return record ? sessions.toRow(record, { titles: true }) : `there is no session "${key}"`
    },
  })

  const sessionsList = defineTool({
    name: 'sessions_list',
    description: 'The sessions of this gateway, the latest first.',
    group: 'sessions',
    scope: 'operator.read',
    params: z.strictObject({ limit: z.int().min(1).max(50).default(10), search: z.string().min(1).optional() }),
    run({ limit, search }, { sessionKey: own }) {
      const agentId = sight.agentOf(own)
      const filter = { archived: false, ...(search !== undefined && { search }), ...(agentId !== null && { agentIds: [agentId] }) }
      const found = sessions.page(filter, MAX_LOOKED_AT, 0).filter((record) => sight.sees(own, record))
      const rows = found.slice(0, limit).map((record) => sessions.toRow(record, { titles: true, preview: true }))
      const shown = rows.map(({ key, label, derivedTitle, lastMessagePreview, updatedAt, status }) => ({
        key,
        label,
        title: derivedTitle,
        lastMessage: lastMessagePreview,
        updatedAt,
        status,
      }))
      return { total: found.length < MAX_LOOKED_AT ? found.length : sessions.count(filter), sessions: shown }
    },
  })

  const sessionsHistory = defineTool({
    name: 'sessions_history',
    description: 'The last messages of a session.',
    group: 'sessions',
    scope: 'operator.read',
    params: z.strictObject({ key: z.string().min(1), limit: z.int().min(1).max(100).default(20) }),
    run({ key, limit }, { sessionKey: own }) {
      const record = find(agents.sessionKey(key), own)
      if (!record) return `there is no session "${key}"`
      const range = { after: record.floor, upTo: record.messages, limit }
      return transcripts
        .messages(record.sessionId, range)
        .map((message) => ({ role: message.role, text: textOf(message), at: message.timestamp }))
    },
  })

  return [gatewayStatus, gatewayHealth, modelsList, sessionStatus, sessionsList, sessionsHistory]
}
