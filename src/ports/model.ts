// A language model: one streamed completion of any provider.

import type { Usage } from '../protocol/shapes.ts'
import type { Clock } from './clock.ts'
import type { Fetch } from './platform.ts'

export interface ModelToolCall {
  readonly id: string
  readonly name: string
  /** JSON text, as the model wrote it. */
  readonly arguments: string
  /** What its provider wants back with the call, such as the signature of the thoughts before it. Nobody else reads it. */
  readonly context?: string
}

export type ModelPart =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'image'; readonly mimeType: string; readonly base64: string }
  | { readonly type: 'image-url'; readonly url: string }
  | { readonly type: 'file'; readonly mimeType: string; readonly base64: string; readonly name?: string }

export type ModelMessage =
  | { readonly role: 'system'; readonly text: string }
  | { readonly role: 'user'; readonly content: string | readonly ModelPart[] }
  | { readonly role: 'assistant'; readonly text: string; readonly toolCalls: readonly ModelToolCall[] }
  | { readonly role: 'tool'; readonly toolCallId: string; readonly name: string; readonly text: string; readonly parts?: readonly ModelPart[] }

export interface ModelTool {
  readonly name: string
  readonly description?: string
  /** JSON Schema. */
  readonly parameters: unknown
  /** The arguments keep to it exactly, where a provider can see to that. */
  readonly strict?: boolean
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
  /** `refusal`: with these words it declines to answer. */
  | { readonly type: 'text'; readonly text: string; readonly refusal?: true }
  | { readonly type: 'reasoning'; readonly text: string }
  /** A piece of the arguments of a call that is still being written: it follows as a whole, or not at all. */
  | { readonly type: 'call-piece'; readonly id: string; readonly name: string; readonly text: string }
  | { readonly type: 'tool-call'; readonly call: ModelToolCall }
  /** Total so far of this completion. */
  | { readonly type: 'usage'; readonly usage: Usage }
  | { readonly type: 'stop'; readonly reason: StopReason; readonly responseId?: string }

export interface ModelIo {
  readonly signal: AbortSignal
  /** Another model would answer instead: it is not worth a long wait. */
  readonly others?: boolean
  /** Go with the question, beside what the provider needs: where it stands in a trace. */
  readonly headers?: Readonly<Record<string, string>>
}

export interface Model {
  /** `provider/model`. */
  readonly id: string
  readonly provider: string
  readonly model: string
  /** The name of the wire, as transcripts record it: `openai-completions`, `builtin`. */
  readonly api: string
  /** Milliseconds that it is better left alone for, because it failed. Absent: nobody counts. */
  rest?(): number
  /**
   * Events of one completion, ending with `stop`; those that arrive together come together. MUST reject with a
   * ModelError when it fails, and stop all work, the upstream connection included, soon after `signal` aborts.
   */
  stream(request: ModelRequest, io: ModelIo): AsyncIterable<readonly ModelEvent[]>
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

/** What a text means, as numbers. */
export interface EmbeddingModel {
  /** `provider/model`. */
  readonly id: string
  readonly provider: string
  readonly model: string
  /** The vectors in the order of the texts. Rejects with a ModelError. */
  embed(wish: EmbeddingWish, io: { readonly signal: AbortSignal }): Promise<Embeddings>
}

export interface EmbeddingWish {
  readonly texts: readonly string[]
  readonly dimensions?: number
}

export interface Embeddings {
  readonly vectors: readonly (readonly number[])[]
  /** Tokens that were read; null: not said. */
  readonly tokens: number | null
}

/** Says a text. */
export interface SpeechModel {
  readonly id: string
  readonly provider: string
  readonly model: string
  speak(wish: SpokenWish, io: { readonly signal: AbortSignal }): Promise<ModelAudio>
}

export interface SpokenWish {
  readonly text: string
  readonly voice?: string
  /** `mp3`, `wav`, `opus`, … */
  readonly format?: string
  readonly speed?: number
  readonly instructions?: string
}

export interface ModelAudio {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly mimeType: string
}

/** Makes pictures. */
export interface ImageModel {
  readonly id: string
  readonly provider: string
  readonly model: string
  draw(wish: ImageWish, io: { readonly signal: AbortSignal }): Promise<ModelImage>
}

export interface ImageWish {
  readonly prompt: string
  /** Such as `1024x1024`. */
  readonly size?: string
}

export interface ModelImage {
  readonly base64: string
  readonly mimeType: string
}

/** Writes down what is said. */
export interface TranscriptionModel {
  readonly id: string
  readonly provider: string
  readonly model: string
  transcribe(wish: TranscriptionWish, io: { readonly signal: AbortSignal }): Promise<Transcription>
}

export interface TranscriptionWish {
  readonly audio: ModelAudio
  /** ISO 639-1. */
  readonly language?: string
  readonly prompt?: string
  readonly temperature?: number
}

export interface Transcription {
  readonly text: string
  /** Each null where the provider does not say. */
  readonly language: string | null
  readonly seconds: number | null
  readonly segments: readonly { readonly text: string; readonly start: number; readonly end: number }[]
}

export interface ModelSpec {
  readonly provider: string
  readonly model: string
  readonly baseUrl: string
  readonly apiKey: string | null
  readonly headers: Readonly<Record<string, string>>
  /** How long the upstream may be silent. */
  readonly timeoutMs: number
  /** What only some vendors need, as the configuration names it: `region`, `resourceName`, `apiVersion`, … */
  readonly options?: Readonly<Record<string, unknown>>
}

export interface ModelDeps {
  readonly fetch: Fetch
  readonly clock: Clock
}

/** Makes the models of one wire. */
export interface ModelProvider {
  /** The name of the wire as `models.providers.*.api` has it. */
  readonly api: string
  /** Other names of it. */
  readonly aliases?: readonly string[]
  /** The vendor's own address, where the configuration names none; null: `options` lack what it follows from. */
  defaultBaseUrl?(options: Readonly<Record<string, unknown>>): string | null
  /** Variables that have what the configuration does not, by option, `apiKey` among them: for the vendor's own address only. */
  readonly env?: Readonly<Record<string, readonly string[]>>
  model(spec: ModelSpec, deps: ModelDeps): Model
  /** Absent: this wire has none. */
  embedding?(spec: ModelSpec, deps: ModelDeps): EmbeddingModel
  speech?(spec: ModelSpec, deps: ModelDeps): SpeechModel
  transcription?(spec: ModelSpec, deps: ModelDeps): TranscriptionModel
  image?(spec: ModelSpec, deps: ModelDeps): ImageModel
}
