// Events: what the gateway tells without being asked, and the list of all of them.

import * as z from 'zod'
import { APPROVAL_EVENTS } from './approval-events.ts'
import { configChanged } from './config-events.ts'
import { devicePairChanged, devicePairSetupCompleted } from './device-events.ts'
import { cron, heartbeat } from './cron-events.ts'
import { defineEvent, type AnyEvent } from './event.ts'
import { NODE_EVENTS } from './node-events.ts'
import { sessionOperation } from './session-events.ts'
import { PAGE_EVENTS } from './page-events.ts'
import { presenceEntry, sessionRow } from './shapes.ts'
import { task } from './task-events.ts'
import { VOICE_EVENTS } from './voice-events.ts'

const text = z.string().min(1)
const count = z.int().min(0)

export const connectChallenge = defineEvent({
  name: 'connect.challenge',
  scope: null,
  reach: 'direct',
  summary: 'The first frame of every connection: the nonce that a device signs, and the time to sign with.',
  payload: z.strictObject({ nonce: text, ts: count, capabilities: z.array(text) }),
})

const runFields = { runId: text, sessionKey: text, agentId: text, seq: count }

export const CHAT_PHASES = ['preparing_workspace', 'preparing_context', 'starting_model'] as const

const chatStatus = z.strictObject({ ...runFields, state: z.literal('status'), phase: z.enum(CHAT_PHASES) })
const chatDelta = z.strictObject({
  ...runFields,
  state: z.literal('delta'),
  /** The new text. The pieces of a run concatenate to its reply exactly. */
  deltaText: z.string(),
  /** The whole text so far, as a message. Not in every frame of a long reply. */
  message: z.unknown().optional(),
})
const chatFinal = z.strictObject({
  ...runFields,
  state: z.literal('final'),
  message: z.unknown().optional(),
  stopReason: z.string().optional(),
  usage: z.unknown().optional(),
})
const chatAborted = z.strictObject({
  ...runFields,
  state: z.literal('aborted'),
  message: z.unknown().optional(),
  stopReason: z.string().optional(),
  errorMessage: z.string().optional(),
})
export const ERROR_KINDS = ['refusal', 'timeout', 'rate_limit', 'context_length', 'unknown'] as const
const chatError = z.strictObject({
  ...runFields,
  state: z.literal('error'),
  message: z.unknown().optional(),
  errorMessage: z.string(),
  errorKind: z.enum(ERROR_KINDS).optional(),
  errorDetail: z
    .strictObject({
      provider: z.string().max(300).optional(),
      model: z.string().max(300).optional(),
      httpStatus: z.int().min(100).max(599).optional(),
    })
    .optional(),
  stopReason: z.string().optional(),
})
export type ErrorKindName = (typeof ERROR_KINDS)[number]

export const chat = defineEvent({
  name: 'chat',
  scope: 'operator.read',
  reach: 'all',
  summary: 'The course of a run as a conversation shows it: status, deltas, and one terminal state.',
  payload: z.discriminatedUnion('state', [chatStatus, chatDelta, chatFinal, chatAborted, chatError]),
  merge: {
    key: (payload) => (payload.state === 'delta' ? payload.runId : null),
    join: (a, b) =>
      a.state === 'delta' && b.state === 'delta' ? { ...b, deltaText: a.deltaText + b.deltaText } : null,
  },
  legacy(payload) {
    if (payload.state !== 'delta') return payload
    const { deltaText: _, ...rest } = payload
    return rest
  },
})

export const agent = defineEvent({
  name: 'agent',
  scope: 'operator.read',
  reach: 'all',
  summary: 'The course of a run step by step: lifecycle, assistant text, tools, usage.',
  payload: z.strictObject({
    ...runFields,
    sessionId: text.optional(),
    stream: text,
    ts: count,
    isHeartbeat: z.boolean(),
    data: z.record(z.string(), z.unknown()),
  }),
  /** Only the text of a reply: each of the other steps is told as it was taken. */
  merge: {
    key: (payload) => (payload.stream === 'assistant' ? payload.runId : null),
    join(a, b) {
      const [earlier, later] = [a.data['delta'], b.data['delta']]
      if (a.data['itemId'] !== b.data['itemId'] || typeof earlier !== 'string' || typeof later !== 'string') return null
      return { ...b, data: { ...b.data, delta: earlier + later } }
    },
  },
})

/** The same event for the streams `tool` and `item`: only clients with the capability `tool-events` receive it. */
export const TOOL_STREAMS: readonly string[] = ['tool', 'item']

export const sessionMessage = defineEvent({
  name: 'session.message',
  scope: 'operator.read',
  reach: 'session',
  summary: 'A message was added to the transcript of a session.',
  payload: z.strictObject({
    sessionKey: text,
    agentId: text,
    message: z.unknown(),
    messageId: text,
    messageSeq: z.int().min(1),
    session: sessionRow.optional(),
  }),
})

export const sessionsChanged = defineEvent({
  name: 'sessions.changed',
  scope: 'operator.read',
  reach: 'sessions',
  summary: 'A session was made, changed or deleted, or a run of it went on. Carries the row, and its members flat. Without a key it is about all of them.',
  payload: z.looseObject({
    sessionKey: text.optional(),
    agentId: text.optional(),
    reason: text.optional(),
    phase: text.optional(),
    runId: text.optional(),
    ts: count,
    session: sessionRow.nullable().optional(),
  }),
})

export const presence = defineEvent({
  name: 'presence',
  scope: 'operator.read',
  reach: 'all',
  versioned: true,
  summary: 'Who is connected has changed.',
  payload: z.strictObject({ presence: z.array(presenceEntry) }),
})

export const health = defineEvent({
  name: 'health',
  scope: null,
  reach: 'all',
  versioned: true,
  dropIfSlow: true,
  summary: 'The health snapshot has changed.',
  payload: z.unknown(),
})

export const tick = defineEvent({
  name: 'tick',
  scope: null,
  reach: 'all',
  dropIfSlow: true,
  summary: 'A sign of life, each policy.tickIntervalMs.',
  payload: z.strictObject({ ts: count }),
})

export const shutdown = defineEvent({
  name: 'shutdown',
  scope: null,
  reach: 'all',
  summary: 'The gateway ends; connections close with 1012 right after.',
  payload: z.strictObject({ reason: text, restartExpectedMs: count.optional() }),
})

export const devicePairRequested = defineEvent({
  name: 'device.pair.requested',
  scope: 'operator.pairing',
  reach: 'all',
  summary: 'A device that nobody knows asks to be paired.',
  payload: z.looseObject({ requestId: text, deviceId: text, ts: count }),
})

export const devicePairResolved = defineEvent({
  name: 'device.pair.resolved',
  scope: 'operator.pairing',
  reach: 'all',
  summary: 'A pairing request was approved or rejected.',
  payload: z.strictObject({
    requestId: text,
    deviceId: text,
    decision: z.enum(['approved', 'rejected']),
    ts: count,
  }),
})

const ALL = [
  connectChallenge,
  agent,
  chat,
  sessionMessage,
  sessionsChanged,
  sessionOperation,
  task,
  presence,
  tick,
  shutdown,
  health,
  devicePairRequested,
  devicePairResolved,
  devicePairChanged,
  devicePairSetupCompleted,
  ...NODE_EVENTS,
  ...APPROVAL_EVENTS,
  configChanged,
  heartbeat,
  cron,
  ...VOICE_EVENTS,
  ...PAGE_EVENTS,
] as const

/** All events, in the order in which hello-ok lists them. */
export const EVENTS = ALL as unknown as readonly AnyEvent[]

/** What a typed client listens to: the payload by name. */
export type GatewayEvents = { [E in (typeof ALL)[number] as E['name']]: z.output<E['payload']> }
