// What is said of one vendor behind the AI SDK. Types only: the library itself is loaded when a model of it is first used.

import type { AnthropicProvider } from '@ai-sdk/anthropic'
import type { OpenAIProvider } from '@ai-sdk/openai'
import type { ModelRequest } from '../ports/model.ts'

/** The library's own types, as two of its parts show them. */
export type LanguageModel = ReturnType<AnthropicProvider['languageModel']>
export type CallOptions = Parameters<LanguageModel['doStream']>[0]
export type StreamPart = Awaited<ReturnType<LanguageModel['doStream']>>['stream'] extends ReadableStream<infer Part> ? Part : never
export type PromptMessage = CallOptions['prompt'][number]
export type ProviderOptions = NonNullable<CallOptions['providerOptions']>

export interface SdkSettings {
  readonly baseURL: string
  /** '' where there is none: else the library would look for one in the environment of the process. */
  readonly apiKey: string
  readonly headers: Record<string, string>
  readonly fetch: typeof globalThis.fetch
}

export interface SdkModels {
  language(model: string): LanguageModel
  readonly embedding?: ((model: string) => ReturnType<OpenAIProvider['embeddingModel']>) | undefined
  readonly speech?: ((model: string) => ReturnType<OpenAIProvider['speech']>) | undefined
  readonly transcription?: ((model: string) => ReturnType<OpenAIProvider['transcription']>) | undefined
}

export interface SdkWire {
  /** As `models.providers.*.api` names it. */
  readonly api: string
  readonly aliases?: readonly string[]
  /** What it has beside language. */
  readonly can?: readonly ('embedding' | 'speech' | 'transcription')[]
  /** Loads the library. */
  load(): Promise<(settings: SdkSettings, options: Readonly<Record<string, unknown>>) => SdkModels>
  /** The vendor's own address, where it follows from the configuration; null: something is missing. */
  defaultBaseUrl?(options: Readonly<Record<string, unknown>>): string | null
  /** What the library takes for an address, of what people write. */
  toBaseUrl?(baseUrl: string): string
  /** Where the environment has what the configuration does not: by option, `apiKey` among them. */
  readonly env?: Readonly<Record<string, readonly string[]>>
  /** What the vendor is told beside the common settings. */
  toOptions?(request: ModelRequest, model: string): ProviderOptions
  /** Marks the end of a prefix that the vendor is to keep; null: this model keeps none, or all by itself. */
  toCacheMark?(model: string): ProviderOptions | null
  /** It fetches images by their address, whatever the library says. */
  readonly fetchesImages?: true
  /** Results of tools are text only. */
  readonly textResults?: true
  /** Whether it may be told to think: some refuse that for conversations of a certain form. Absent: always. */
  mayThink?(request: ModelRequest): boolean
  /** Ids of tool calls as the vendor takes them. */
  toCallId?(id: string): string
  /** Which options of embeddings say how many dimensions. */
  toDimensions?(dimensions: number): ProviderOptions
}
