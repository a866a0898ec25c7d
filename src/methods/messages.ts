// Messages to people: over a channel, or without one to whoever reads the session.

import * as z from 'zod'
import { sha256Hex } from '../kit/bytes.ts'
import { stableStringify } from '../kit/json.ts'
import { invalid, type GatewayError } from '../protocol/errors.ts'
import { defineMethod } from '../rpc/method.ts'

const text = z.string().min(1)
const key = text.max(256)
const MAX_MESSAGE_CHARS = 1_000_000
/** The route of a session that no channel has: the pages that show it. */
const OWN_ROUTE = 'webchat'

const short = (name: string): string => name.slice(0, 100)

/** What is asked of a channel that nobody has set up. */
const noChannel = (): GatewayError =>
  invalid('Channel is required (no configured channels detected): name a session with sessionKey to write into it, or set up a channel.')

export const send = defineMethod({
  name: 'send',
  scope: 'operator.write',
  summary: 'Sends a message over a channel; without one, into the session, where its reader sees it. The same key sends once.',
  params: z.strictObject({
    to: text,
    message: z.string().max(MAX_MESSAGE_CHARS).optional(),
    mediaUrl: z.string().optional(),
    mediaUrls: z.array(z.string()).optional(),
    buffer: z.string().optional(),
    filename: z.string().optional(),
    contentType: z.string().optional(),
    asVoice: z.boolean().optional(),
    gifPlayback: z.boolean().optional(),
    channel: z.string().optional(),
    accountId: z.string().optional(),
    agentId: z.string().optional(),
    replyToId: z.string().optional(),
    threadId: z.string().optional(),
    forceDocument: z.boolean().optional(),
    silent: z.boolean().optional(),
    parseMode: z.literal('HTML').optional(),
    sessionKey: z.string().max(512).optional(),
    idempotencyKey: key,
  }),
  result: z.strictObject({ ok: z.literal(true), runId: text, messageId: text, channel: text, to: text, sessionKey: text }),
  uses: ['agents', 'ownRoute', 'sessions'],
  async handler(params, { agents, ownRoute, sessions, caller }) {
    const { to, message = '', channel = '', agentId, idempotencyKey } = params
    const media = [params.mediaUrl, ...(params.mediaUrls ?? []), params.buffer].filter((each) => each !== undefined && each !== '')
    if (message.trim() === '' && media.length === 0) throw invalid('invalid send params: text or media is required')
    if (channel === OWN_ROUTE) throw invalid(`unsupported channel: ${OWN_ROUTE} (internal-only). Use \`chat.send\` for WebChat UI messages, or leave the channel out.`)
    if (channel !== '') throw invalid(`unsupported channel: ${short(channel)}`)
    const named = params.sessionKey || to
    const sessionKey = agents.sessionKey(named, agentId || undefined)
    if (!sessions.get(sessionKey)) throw params.sessionKey ? invalid(`No session found: ${short(named)}`) : noChannel()
    if (media.length > 0) throw invalid('the session has no channel: only text can be sent into it')
    const hash = await sha256Hex(stableStringify({ sessionKey, message }))
    const { messageId } = ownRoute.send(sessionKey, message, { principal: caller.id, method: 'send', key: idempotencyKey, hash })
    return { ok: true as const, runId: idempotencyKey, messageId, channel: OWN_ROUTE, to, sessionKey }
  },
})

export const poll = defineMethod({
  name: 'poll',
  scope: 'operator.write',
  hidden: true,
  summary: 'Asks people to choose, over a channel that can do that.',
  params: z.strictObject({
    to: text,
    question: text,
    options: z.array(text).min(2).max(12),
    maxSelections: z.int().min(1).max(12).optional(),
    durationSeconds: z.int().min(1).max(604_800).optional(),
    durationHours: z.int().min(1).optional(),
    silent: z.boolean().optional(),
    isAnonymous: z.boolean().optional(),
    threadId: z.string().optional(),
    channel: z.string().optional(),
    accountId: z.string().optional(),
    idempotencyKey: key,
  }),
  result: z.never(),
  uses: [],
  handler({ channel = '' }): never {
    throw channel === '' ? noChannel() : invalid(`unsupported poll channel: ${short(channel)}`)
  },
})

const reply = z.union([
  z.strictObject({ replyToId: text, source: z.literal('explicit') }),
  z.strictObject({ replyToId: text, source: z.literal('implicit'), mode: z.enum(['first', 'all']) }),
])

export const messageAction = defineMethod({
  name: 'message.action',
  scope: 'operator.write',
  hidden: true,
  summary: 'Does something to messages of a channel that can do that: reacts, edits, deletes.',
  params: z.strictObject({
    channel: text,
    action: text,
    params: z.record(z.string(), z.unknown()),
    reply: reply.optional(),
    accountId: z.string().optional(),
    requesterAccountId: z.string().optional(),
    requesterSenderId: z.string().optional(),
    senderIsOwner: z.boolean().optional(),
    sessionKey: z.string().optional(),
    sessionId: z.string().optional(),
    inboundTurnKind: z.enum(['user_request', 'room_event']).optional(),
    agentId: z.string().optional(),
    toolContext: z
      .strictObject({
        currentChannelId: z.string().optional(),
        currentMessagingTarget: z.string().optional(),
        currentGraphChannelId: z.string().optional(),
        currentChannelProvider: z.string().optional(),
        currentThreadTs: z.string().optional(),
        currentMessageId: z.union([z.string(), z.number()]).optional(),
        replyToMode: z.enum(['off', 'first', 'all', 'batched']).optional(),
        hasRepliedRef: z.strictObject({ value: z.boolean() }).optional(),
        sameChannelThreadRequired: z.boolean().optional(),
        skipCrossContextDecoration: z.boolean().optional(),
      })
      .optional(),
    conversationReadOrigin: z.literal('direct-operator').optional(),
    idempotencyKey: key,
  }),
  result: z.never(),
  uses: [],
  handler({ channel, action }): never {
    if (channel === OWN_ROUTE) throw invalid(`unsupported channel: ${OWN_ROUTE} (internal-only). Use \`chat.send\` for WebChat UI messages or choose a deliverable channel.`)
    throw invalid(`Channel ${short(channel)} does not support action ${short(action)}.`)
  },
})
