// Single messages of a conversation, and names for what tools did in it.

import * as z from 'zod'
import { defineMethod } from '../rpc/method.ts'
import { readMessage } from '../services/conversation/history.ts'

const text = z.string().min(1)

export const chatMessageGet = defineMethod({
  name: 'chat.message.get',
  scope: 'operator.read',
  summary: 'One message of a conversation, in full unless a limit is asked for.',
  params: z.strictObject({
    sessionKey: text,
    agentId: text.optional(),
    messageId: text,
    maxChars: z.int().min(1).max(2_000_000).optional(),
  }),
  result: z.strictObject({
    ok: z.boolean(),
    message: z.unknown().optional(),
    unavailableReason: z.enum(['not_found', 'not_visible']).optional(),
  }),
  uses: ['agents', 'sessions', 'transcripts'],
  handler({ sessionKey, agentId, messageId, maxChars }, { agents, sessions, transcripts }) {
    const session = sessions.get(agents.sessionKey(sessionKey, agentId))
    const entry = session && transcripts.find(session.sessionId, messageId)
    if (!session || !entry || entry.seq > session.messages) return { ok: false, unavailableReason: 'not_found' as const }
    if (entry.seq <= session.floor) return { ok: false, unavailableReason: 'not_visible' as const }
    return { ok: true, message: readMessage(entry, maxChars) }
  },
})

export const chatToolTitles = defineMethod({
  name: 'chat.toolTitles',
  scope: 'operator.write',
  summary: 'Short names for calls of tools. Nothing here makes any: clients show the names of the tools.',
  params: z.strictObject({
    sessionKey: text,
    agentId: text.optional(),
    items: z
      .array(z.strictObject({ id: text.max(64), name: text.max(200), input: text.max(4000) }))
      .min(1)
      .max(24),
  }),
  result: z.strictObject({ titles: z.record(z.string(), z.string()), disabled: z.boolean() }),
  uses: [],
  handler: () => ({ titles: {}, disabled: true }),
})
