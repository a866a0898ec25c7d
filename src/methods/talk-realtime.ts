// Voice sessions in which a provider listens and speaks by itself. None is built in, so there are no sessions: the
// methods say so, and are not advertised.

import * as z from 'zod'
import { invalid, unavailable, type GatewayError } from '../protocol/errors.ts'
import type { Scope } from '../protocol/scopes.ts'
import { defineMethod } from '../rpc/method.ts'

const text = z.string().min(1)
const voiceSessionId = z.string().regex(/^[A-Za-z0-9_-]{1,128}$/)
const mode = z.enum(['realtime', 'stt-tts', 'transcription']).optional()
const transport = z.enum(['webrtc', 'provider-websocket', 'gateway-relay', 'managed-room']).optional()
const brain = z.enum(['agent-consult', 'direct-tools', 'none']).optional()
const steering = { text, mode: z.enum(['status', 'steer', 'cancel', 'followup']).optional() }

const settings = {
  provider: z.string().optional(),
  model: z.string().optional(),
  voice: z.string().optional(),
  vadThreshold: z.number().optional(),
  silenceDurationMs: z.int().min(1).optional(),
  prefixPaddingMs: z.int().min(0).optional(),
  reasoningEffort: z.string().optional(),
  voiceChangeId: text.optional(),
  mode,
  transport,
  brain,
}

const noProvider = (more: { talkIssue: true } | null): GatewayError => {
  const message = 'no realtime voice provider is available: none is built into this gateway; talk with chat.send and tts.speak instead'
  const issue = { code: 'realtime_unavailable', message, phase: 'request' }
  return unavailable(message, { retryable: false, ...(more && { details: { talkIssue: issue } }) })
}

function unknownSession(): GatewayError {
  const message = 'Unknown Talk session'
  return unavailable(message, { retryable: false, details: { talkIssue: { code: 'realtime_unavailable', message, phase: 'request' } } })
}

/** A method of sessions that do not exist. */
const refused = <const N extends string, P extends z.ZodType>(name: N, summary: string, params: P, why: (params: z.output<P>) => GatewayError) =>
  defineMethod({
    name,
    scope: 'operator.talk' satisfies Scope,
    hidden: true,
    summary,
    params,
    result: z.never(),
    uses: [],
    handler(given): never {
      throw why(given)
    },
  })

// --- sessions that a client holds ---

export const talkClientCreate = refused(
  'talk.client.create',
  'Begins a voice session between a client and a provider.',
  z.strictObject({
    ...settings,
    sessionKey: text.optional(),
    voiceSessionId: voiceSessionId.optional(),
    capabilities: z.array(z.enum(['camera-frame', 'voice-transcript', 'gateway-control-v1', 'voice-selection'])).max(16).optional(),
  }),
  () => noProvider(null),
)

export const talkClientTranscript = refused(
  'talk.client.transcript',
  'Adds what was said in a voice session to its conversation.',
  z.strictObject({
    sessionKey: text,
    voiceSessionId,
    entryId: voiceSessionId,
    role: z.enum(['user', 'assistant']),
    text,
    timestamp: z.number().optional(),
  }),
  () => invalid('voice session not found'),
)

export const talkClientClose = refused('talk.client.close', 'Ends a voice session.', z.strictObject({ sessionKey: text, voiceSessionId }), () => invalid('voice session not found'))

export const talkClientToolCall = refused(
  'talk.client.toolCall',
  'Calls a tool in the name of a voice session.',
  z.strictObject({
    sessionKey: text,
    voiceSessionId: voiceSessionId.optional(),
    callId: text,
    name: text,
    args: z.unknown().optional(),
    relaySessionId: text.optional(),
  }),
  ({ name }) => invalid(`unsupported realtime Talk tool: ${name.slice(0, 200)}`),
)

export const talkClientSteer = refused('talk.client.steer', 'Steers the run of a voice session.', z.strictObject({ sessionKey: text, ...steering }), () =>
  invalid('talk.client.steer requires an active browser-owned Talk run'),
)

// --- sessions that the gateway relays ---

export const talkSessionCreate = refused(
  'talk.session.create',
  'Begins a voice session that the gateway relays.',
  z.strictObject({
    ...settings,
    sessionKey: z.string().optional(),
    capabilities: z.array(z.literal('voice-selection')).max(16).optional(),
    spawnedBy: text.optional(),
    language: z.string().regex(/^[a-z]{2}$/).optional(),
    ttlMs: z.int().min(1000).max(3_600_000).optional(),
  }),
  () => noProvider({ talkIssue: true }),
)

const sessionId = text

export const talkSessionAppendAudio = refused(
  'talk.session.appendAudio',
  'Gives audio to a voice session.',
  z.strictObject({ sessionId, audioBase64: text, timestamp: z.number().optional() }),
  unknownSession,
)

export const talkSessionCancelOutput = refused(
  'talk.session.cancelOutput',
  'Ends what is being spoken in a voice session.',
  z.strictObject({ sessionId, turnId: z.string().optional(), reason: z.string().optional() }),
  unknownSession,
)

export const talkSessionAcknowledgeMark = refused(
  'talk.session.acknowledgeMark',
  'Says up to where audio of a voice session was played.',
  z.strictObject({ sessionId, markName: text }),
  unknownSession,
)

export const talkSessionSubmitToolResult = refused(
  'talk.session.submitToolResult',
  'Gives the result of a tool to a voice session.',
  z.strictObject({
    sessionId,
    callId: text,
    result: z.unknown(),
    options: z.strictObject({ suppressResponse: z.boolean().optional(), willContinue: z.boolean().optional() }).optional(),
  }),
  unknownSession,
)

export const talkSessionSteer = refused(
  'talk.session.steer',
  'Steers the run of a voice session.',
  z.strictObject({ sessionId, sessionKey: text.optional(), ...steering }),
  unknownSession,
)

export const talkSessionClose = refused('talk.session.close', 'Ends a voice session.', z.strictObject({ sessionId }), unknownSession)
