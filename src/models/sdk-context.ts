// What a vendor wants back with a tool call: its own marks on the call, and the thoughts before it with their
// signatures. Kept with the call, and given back to the wire that made it only.

import { parseJson } from '../kit/json.ts'
import type { ModelToolCall } from '../ports/model.ts'
import type { PromptMessage, ProviderOptions } from './sdk-wire.ts'

type Thought = Extract<Extract<PromptMessage, { role: 'assistant' }>['content'][number], { type: 'reasoning' }>

export interface CallContext {
  readonly reasoning: Thought[]
  readonly call?: ProviderOptions | undefined
}

/** A call with more than this is kept without it. */
const MAX_CHARS = 512 * 1024

export function writeContext(api: string, context: CallContext): string | undefined {
  if (context.reasoning.length === 0 && context.call === undefined) return undefined
  const text = JSON.stringify({ api, ...context })
  return text.length > MAX_CHARS ? undefined : text
}

export function readContext(api: string, { context }: ModelToolCall): CallContext | null {
  if (context === undefined) return null
  const parsed = parseJson(context)
  const value = parsed.ok ? (parsed.value as (Partial<CallContext> & { api?: unknown }) | null) : null
  return value?.api === api && Array.isArray(value.reasoning) ? (value as CallContext) : null
}
