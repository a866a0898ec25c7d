// What the pages of a person ask for: what they are to show, and who else looks at it.

import * as z from 'zod'
import { unavailable } from '../protocol/errors.ts'
import { UI_CAPABILITY, uiCommand as uiCommandEvent, uiCommandShape } from '../protocol/page-events.ts'
import { defineMethod } from '../rpc/method.ts'
import { watchedOf, watchTopic } from '../services/identity/topics.ts'

const text = z.string().min(1)
const MAX_WATCHED = 32

export const uiCommand = defineMethod({
  name: 'ui.command',
  scope: 'operator.write',
  summary: 'Changes what the calling page shows.',
  params: z.strictObject({ command: uiCommandShape, sessionKey: text.optional(), agentId: text.optional() }),
  result: z.strictObject({ ok: z.literal(true) }),
  uses: ['bus'],
  handler({ command }, { bus, connection }) {
    if (!connection?.caps.has(UI_CAPABILITY)) throw unavailable('no requesting Control UI; ask from the Control UI to change its view', { retryable: false })
    bus.publish(uiCommandEvent, { command }, { connection: connection.id, capability: UI_CAPABILITY })
    return { ok: true as const }
  },
})

export const sessionsViewersSet = defineMethod({
  name: 'sessions.viewers.set',
  scope: 'operator.read',
  summary: 'Says which sessions a client has before it: the presence list tells the others.',
  params: z.strictObject({ sessionKeys: z.array(text.max(512)).max(MAX_WATCHED) }),
  result: z.strictObject({ sessionKeys: z.array(text) }),
  uses: ['agents', 'presence'],
  handler({ sessionKeys: given }, { agents, presence, connection }) {
    const sessionKeys = [...new Set(given.map((key) => agents.sessionKey(key)))].toSorted()
    if (!connection) return { sessionKeys }
    for (const key of watchedOf(connection.topics)) if (!sessionKeys.includes(key)) connection.unsubscribe(watchTopic(key))
    for (const key of sessionKeys) connection.subscribe(watchTopic(key))
    presence.changed()
    return { sessionKeys }
  },
})

export const sessionsObserverVisibility = defineMethod({
  name: 'sessions.observer.visibility',
  scope: 'operator.read',
  summary: 'A page tells whether it is seen. Nothing observes here while it is not.',
  params: z.strictObject({ visible: z.boolean() }),
  result: z.strictObject({ ok: z.literal(true) }),
  uses: [],
  handler: () => ({ ok: true as const }),
})
