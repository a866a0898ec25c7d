// The first tools of every agent: looking at the gateway that it lives in.

import * as z from 'zod'
import { textOf } from '../../protocol/shapes.ts'
import type { Health } from '../operations/health.ts'
import type { Agents } from './agents.ts'
import type { Models } from './models.ts'
import type { Sessions } from './sessions.ts'
import { defineTool, type Tool } from './tools.ts'
import type { Transcripts } from './transcripts.ts'

export function createGatewayTools(deps: {
  sessions: Sessions
  transcripts: Transcripts
  agents: Agents
  models: Models
  health: Health
  status: () => unknown
}): readonly Tool[] {
  const { sessions, transcripts, agents, models, health } = deps

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
      const record = sessions.get(key === undefined ? context.sessionKey : agents.sessionKey(key))
      return record ? sessions.toRow(record, { titles: true }) : `there is no session "${key}"`
    },
  })

  const sessionsList = defineTool({
    name: 'sessions_list',
    description: 'The sessions of this gateway, the latest first.',
    group: 'sessions',
    scope: 'operator.read',
    params: z.strictObject({ limit: z.int().min(1).max(50).default(10), search: z.string().min(1).optional() }),
    run({ limit, search }) {
      const filter = { archived: false, ...(search !== undefined && { search }) }
      const rows = sessions.page(filter, limit, 0).map((record) => sessions.toRow(record, { titles: true, preview: true }))
      const shown = rows.map(({ key, label, derivedTitle, lastMessagePreview, updatedAt, status }) => ({
        key,
        label,
        title: derivedTitle,
        lastMessage: lastMessagePreview,
        updatedAt,
        status,
      }))
      return { total: sessions.count(filter), sessions: shown }
    },
  })

  const sessionsHistory = defineTool({
    name: 'sessions_history',
    description: 'The last messages of a session.',
    group: 'sessions',
    scope: 'operator.read',
    params: z.strictObject({ key: z.string().min(1), limit: z.int().min(1).max(100).default(20) }),
    run({ key, limit }) {
      const record = sessions.get(agents.sessionKey(key))
      if (!record) return `there is no session "${key}"`
      const range = { after: record.floor, upTo: record.messages, limit }
      return transcripts
        .messages(record.sessionId, range)
        .map((message) => ({ role: message.role, text: textOf(message), at: message.timestamp }))
    },
  })

  return [gatewayStatus, gatewayHealth, modelsList, sessionStatus, sessionsList, sessionsHistory]
}
