// Shapes that several methods and events share. Field names are the published schema's.

import * as z from 'zod'

const text = z.string().min(1)
const count = z.int().min(0)

// --- session keys ---

/** `main` in a request stands for the main session of the default agent. */
export const MAIN_KEY = 'main'
export const MAX_SESSION_KEY_CHARS = 512

/** The two parts of `agent:<agentId>:<rest>`; null when `key` has another form. */
export function splitSessionKey(key: string): { agentId: string; rest: string } | null {
  const match = /^agent:([^:]+):(.+)$/s.exec(key)
  return match ? { agentId: match[1]!, rest: match[2]! } : null
}

/**
 * The canonical form of a session key: lower case, with its agent. Events always carry this form.
 * null when it cannot be a key: empty, too long, with control characters, `agent:` without the rest, or of an agent that
 * cannot be one.
 */
export function canonicalSessionKey(key: string, agentId: string): string | null {
  const lower = key.trim().toLowerCase()
  // eslint-disable-next-line no-control-regex
  if (lower === '' || /[\u0000-\u001f\u007f]/.test(lower)) return null
  if (lower.startsWith('agent:') && !splitSessionKey(lower)) return null
  const canonical = lower.startsWith('agent:') ? lower : `agent:${agentId}:${lower}`
  const isOwn = lower.startsWith('agent:') || splitSessionKey(canonical)?.agentId === agentId
  return canonical.length > MAX_SESSION_KEY_CHARS || !isOwn ? null : canonical
}

// --- messages ---

export interface TextPart {
  readonly type: 'text'
  readonly text: string
}
/** An image of a user. The bytes are a file of the gateway, named by `mediaId`. */
export interface ImagePart {
  readonly type: 'image'
  readonly mimeType: string
  readonly mediaId: string
  readonly sizeBytes: number
}
export interface ThinkingPart {
  readonly type: 'thinking'
  readonly thinking: string
}
export interface ToolCallPart {
  readonly type: 'toolCall'
  readonly id: string
  readonly name: string
  readonly arguments: unknown
}

/** Tokens of one answer or of a whole run. `cost` in USD; null where no price is known. */
export interface Usage {
  input: number
  output: number
  cacheRead: number
  cacheWrite: number
  reasoning: number
  totalTokens: number
}

export const noUsage = (): Usage => ({ input: 0, output: 0, cacheRead: 0, cacheWrite: 0, reasoning: 0, totalTokens: 0 })

export function addUsage(a: Usage, b: Usage): Usage {
  return {
    input: a.input + b.input,
    output: a.output + b.output,
    cacheRead: a.cacheRead + b.cacheRead,
    cacheWrite: a.cacheWrite + b.cacheWrite,
    reasoning: a.reasoning + b.reasoning,
    totalTokens: a.totalTokens + b.totalTokens,
  }
}

export interface UserMessage {
  readonly role: 'user'
  readonly content: string | readonly (TextPart | ImagePart)[]
  readonly timestamp: number
  /** `<run id>:user`; what makes a repeated send recognisable in a history. */
  readonly idempotencyKey?: string
}
export interface AssistantMessage {
  readonly role: 'assistant'
  readonly content: readonly (TextPart | ThinkingPart | ToolCallPart)[]
  readonly api: string
  readonly provider: string
  readonly model: string
  readonly usage: Usage
  readonly stopReason: string
  readonly timestamp: number
  readonly responseId?: string
  readonly errorMessage?: string
  readonly idempotencyKey?: string
  /** On a text that was cut short. */
  readonly openclawAbort?: { readonly aborted: true; readonly origin: string; readonly runId: string }
}

/** What the gateway itself says, without a model. */
export const toGatewayMessage = (text: string, timestamp: number): AssistantMessage => ({
  role: 'assistant',
  content: [{ type: 'text', text }],
  api: 'gateway',
  provider: 'openclaw',
  model: 'gateway-injected',
  usage: noUsage(),
  stopReason: 'stop',
  timestamp,
})

export interface ToolResultMessage {
  readonly role: 'toolResult'
  readonly toolCallId: string
  readonly toolName: string
  readonly content: readonly (TextPart | ImagePart)[]
  readonly isError: boolean
  readonly timestamp: number
}
export interface SystemMessage {
  readonly role: 'system'
  readonly content: readonly TextPart[]
  readonly timestamp: number
}
export type Message = UserMessage | AssistantMessage | ToolResultMessage | SystemMessage

/** What the gateway adds to a message when it is stored: its id, its place and, if a run made it, which. */
export interface MessageMark {
  readonly id: string
  readonly seq: number
  readonly runId?: string
  readonly kind?: string
}
export type StoredMessage = Message & { readonly __openclaw: MessageMark }

export function textOf(message: Message): string {
  if (typeof message.content === 'string') return message.content
  return message.content.map((part) => (part.type === 'text' ? part.text : '')).join('')
}

// --- attachments of chat.send, agent and sessions.send ---

/** `content` is base64, or a data URL of it. */
export const attachment = z.looseObject({
  type: z.string().optional(),
  mimeType: z.string().optional(),
  fileName: z.string().optional(),
  content: z.unknown().optional(),
})
export type Attachment = z.output<typeof attachment>

// --- presence ---

export const presenceEntry = z.strictObject({
  host: text.optional(),
  ip: text.optional(),
  version: text.optional(),
  platform: text.optional(),
  deviceFamily: text.optional(),
  modelIdentifier: text.optional(),
  timeZone: text.optional(),
  mode: text.optional(),
  reason: text.optional(),
  text: z.string().optional(),
  ts: count,
  onlineSince: count.optional(),
  deviceId: text.optional(),
  roles: z.array(text).optional(),
  scopes: z.array(text).optional(),
  instanceId: text.optional(),
  watchedSessions: z.array(text).optional(),
})
export type PresenceEntry = z.output<typeof presenceEntry>

// --- session rows ---

export const SESSION_STATUSES = ['queued', 'running', 'done', 'failed', 'killed', 'timeout'] as const

export const sessionRow = z.strictObject({
  key: text,
  kind: z.literal('direct'),
  chatType: z.literal('direct'),
  classification: text,
  agentId: text,
  sessionId: text.optional(),
  isMain: z.boolean(),
  isBackground: z.boolean(),
  label: text.optional(),
  displayName: text.optional(),
  icon: z.string().optional(),
  color: z.string().optional(),
  category: text.optional(),
  derivedTitle: z.string().optional(),
  lastMessagePreview: z.string().optional(),
  updatedAt: z.number().nullable(),
  createdAt: z.number().optional(),
  createdVia: z.enum(['operator', 'spawn', 'channel', 'cron', 'talk', 'run', 'plugin', 'internal']).optional(),
  lastInteractionAt: z.number().optional(),
  archived: z.boolean(),
  archivedAt: z.number().optional(),
  pinned: z.boolean(),
  unread: z.boolean(),
  parentSessionKey: text.optional(),
  status: z.enum(SESSION_STATUSES).optional(),
  lastRunId: text.optional(),
  lastRunError: z.string().optional(),
  startedAt: count.optional(),
  endedAt: count.optional(),
  runtimeMs: count.optional(),
  abortedLastRun: z.boolean().optional(),
  inputTokens: count.optional(),
  outputTokens: count.optional(),
  totalTokens: count.optional(),
  totalTokensFresh: z.boolean(),
  contextTokens: count.optional(),
  thinkingLevel: text.optional(),
  verboseLevel: text.optional(),
  reasoningLevel: text.optional(),
  sendPolicy: text.optional(),
  modelProvider: text,
  model: text,
  modelOverrideSource: z.enum(['user', 'auto']).nullable(),
  hasActiveRun: z.boolean(),
  activeRunIds: z.array(text),
  visibility: z.literal('shared'),
  snapshotAt: count,
})
export type SessionRow = z.output<typeof sessionRow>
