// A language model: one streamed completion of any provider.

import type { Usage } from '../protocol/shapes.ts'
import type { Clock } from './clock.ts'
import type { Fetch } from './platform.ts'

export interface ModelToolCall {
  readonly id: string
  readonly name: string
  /** JSON text, as the model wrote it. */
  readonly arguments: string
}

export type ModelPart =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'image'; readonly mimeType: string; readonly base64: string }
  | { readonly type: 'image-url'; readonly url: string }

export type ModelMessage =
  | { readonly role: 'system'; readonly text: string }
  | { readonly role: 'user'; readonly content: string | readonly ModelPart[] }
  | { readonly role: 'assistant'; readonly text: string; readonly toolCalls: readonly ModelToolCall[] }
  | { readonly role: 'tool'; readonly toolCallId: string; readonly name: string; readonly text: string }

export interface ModelTool {
  readonly name: string
  readonly description?: string
  /** JSON Schema. */
  readonly parameters: unknown
}

/** What a caller may ask of an answer. Absent: the provider's default. */
export interface ModelSettings {
  readonly temperature?: number
  readonly topP?: number
  readonly maxTokens?: number
  /** The same as OpenAI's newer `max_completion_tokens`: the only one that its reasoning models take, and not known everywhere. */
  readonly maxCompletionTokens?: number
  readonly stop?: readonly string[]
  readonly presencePenalty?: number
  readonly frequencyPenalty?: number
  readonly seed?: number
  /** As OpenAI's `response_format`. */
  readonly responseFormat?: unknown
  readonly reasoningEffort?: string
  /** As OpenAI's `tool_choice`. */
  readonly toolChoice?: unknown
  readonly parallelToolCalls?: boolean
}

export interface ModelRequest {
  readonly messages: readonly ModelMessage[]
  readonly tools: readonly ModelTool[]
  readonly settings: ModelSettings
  /** Nobody listens before the end: the answer may come in one piece. */
  readonly whole: boolean
}

export type StopReason = 'stop' | 'length' | 'tool_calls' | 'content_filter'

export type ModelEvent =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'reasoning'; readonly text: string }
  | { readonly type: 'tool-call'; readonly call: ModelToolCall }
  /** Total so far of this completion. */
  | { readonly type: 'usage'; readonly usage: Usage }
  | { readonly type: 'stop'; readonly reason: StopReason; readonly responseId?: string }

export interface Model {
  /** `provider/model`. */
  readonly id: string
  readonly provider: string
  readonly model: string
  /** The name of the wire, as transcripts record it: `openai-completions`, `builtin`. */
  readonly api: string
  /**
   * Events of one completion, ending with `stop`; those that arrive together come together. MUST reject with a
   * ModelError when it fails, and stop all work, the upstream connection included, soon after `signal` aborts.
   */
  stream(request: ModelRequest, io: { readonly signal: AbortSignal }): AsyncIterable<readonly ModelEvent[]>
}

export type ModelErrorKind = 'auth' | 'rate_limit' | 'context_length' | 'refusal' | 'timeout' | 'invalid' | 'server' | 'network'

/** Why a completion failed. `status` is the upstream's. */
export class ModelError extends Error {
  readonly kind: ModelErrorKind
  readonly status: number | null
  readonly retryAfterMs: number | null

  constructor(kind: ModelErrorKind, message: string, status: number | null = null, retryAfterMs: number | null = null) {
    super(message)
    this.kind = kind
    this.status = status
    this.retryAfterMs = retryAfterMs
  }

  /** Whether the same request may succeed on another try. */
  get transient(): boolean {
    return this.kind === 'rate_limit' || this.kind === 'server' || this.kind === 'network' || this.kind === 'timeout'
  }
}

export interface ModelSpec {
  readonly provider: string
  readonly model: string
  readonly baseUrl: string
  readonly apiKey: string | null
  readonly headers: Readonly<Record<string, string>>
  /** How long the upstream may be silent. */
  readonly timeoutMs: number
}

/** Makes the models of one wire. */
export interface ModelProvider {
  /** The name of the wire as `models.providers.*.api` has it. */
  readonly api: string
  model(spec: ModelSpec, deps: { readonly fetch: Fetch; readonly clock: Clock }): Model
}
