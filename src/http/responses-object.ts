// The response of OpenResponses out of a request and a run: all of its members, at every point of its life.

import type { EchoedTool, OutputItem, ResponseObject, ResponseUsage } from '../protocol/responses-object.ts'
import type { ResponseRequest, ResponseTool } from '../protocol/responses.ts'
import { noUsage, type Usage } from '../protocol/shapes.ts'
import type { ModelToolCall } from '../ports/model.ts'
import type { RunError, RunResult } from '../services/conversation/run-table.ts'
import { ownTools } from './responses-request.ts'

/** How thoughts are shown: as a summary when one was asked for, as they are when only thinking was; null: not at all. */
export type Thoughts = 'summary' | 'content' | null

export const thoughtsOf = ({ reasoning }: ResponseRequest): Thoughts => {
  if (!reasoning) return null
  return (reasoning.summary ?? reasoning.generate_summary) ? 'summary' : 'content'
}

/** As it is when it has been created. */
export function toCreated(id: string, request: ResponseRequest, createdAtMs: number): ResponseObject {
  const { text, reasoning } = request
  return {
    id,
    object: 'response',
    created_at: Math.floor(createdAtMs / 1000),
    completed_at: null,
    status: 'in_progress',
    incomplete_details: null,
    model: request.model,
    previous_response_id: request.previous_response_id ?? null,
    instructions: request.instructions ?? null,
    output: [],
    error: null,
    tools: ownTools(request.tools).map(toEchoedTool),
    tool_choice: toEchoedChoice(request.tool_choice),
    truncation: request.truncation ?? 'disabled',
    parallel_tool_calls: request.parallel_tool_calls ?? true,
    text: { format: text?.format ?? { type: 'text' }, verbosity: text?.verbosity ?? 'medium' },
    top_p: request.top_p ?? 1,
    presence_penalty: request.presence_penalty ?? 0,
    frequency_penalty: request.frequency_penalty ?? 0,
    top_logprobs: 0,
    temperature: request.temperature ?? 1,
    reasoning: reasoning ? { effort: reasoning.effort ?? null, summary: reasoning.summary ?? reasoning.generate_summary ?? null } : null,
    usage: toUsage(noUsage()),
    max_output_tokens: request.max_output_tokens ?? null,
    max_tool_calls: request.max_tool_calls ?? null,
    store: request.store ?? true,
    background: false,
    service_tier: 'default',
    metadata: request.metadata ?? {},
    safety_identifier: request.safety_identifier ?? null,
    prompt_cache_key: request.prompt_cache_key ?? null,
  }
}

const toEchoedTool = (tool: ResponseTool): EchoedTool =>
  tool.type === 'custom'
    ? { ...tool, type: 'custom', description: tool.description ?? null }
    : {
        type: 'function',
        name: tool.name,
        description: tool.description ?? null,
        parameters: tool.parameters ?? null,
        strict: tool.strict ?? null,
      }

function toEchoedChoice(choice: ResponseRequest['tool_choice']): ResponseObject['tool_choice'] {
  if (choice === null || choice === undefined) return 'auto'
  return typeof choice === 'object' && choice.type === 'allowed_tools' ? { ...choice, mode: choice.mode ?? 'auto' } : choice
}

export function toUsage(usage: Usage): ResponseUsage {
  const input = usage.input + usage.cacheRead + usage.cacheWrite
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: usage.cacheRead, cache_write_tokens: usage.cacheWrite },
    output_tokens: usage.output,
    output_tokens_details: { reasoning_tokens: usage.reasoning },
    total_tokens: input + usage.output,
  }
}

// --- the end ---

export function toEnded(created: ResponseObject, output: readonly OutputItem[], result: RunResult): ResponseObject {
  const status = statusOf(result)
  return {
    ...created,
    status,
    completed_at: status === 'completed' ? Math.floor(result.endedAt / 1000) : null,
    incomplete_details: status === 'incomplete' ? { reason: result.stopReason === 'length' ? 'max_output_tokens' : 'content_filter' } : null,
    error: status === 'failed' ? toResponseError(result) : null,
    output: [...output],
    usage: toUsage(result.usage),
  }
}

export function statusOf({ state, stopReason }: RunResult): 'completed' | 'incomplete' | 'failed' {
  if (state !== 'ok') return 'failed'
  return stopReason === 'length' || stopReason === 'content_filter' ? 'incomplete' : 'completed'
}

export function toResponseError({ error, stopReason }: RunResult): { code: string; message: string } {
  if (!error) return { code: 'server_error', message: `the run was ended before its end: ${stopReason}` }
  return { code: CODES[error.kind] ?? 'server_error', message: error.message }
}

const CODES: Partial<Record<RunError['kind'], string>> = {
  rate_limit: 'rate_limit_exceeded',
  context_length: 'context_length_exceeded',
  invalid: 'invalid_prompt',
  refusal: 'invalid_prompt',
}

// --- items ---

type ItemStatus = OutputItem['status']

/** Words of one kind, as they came one behind the other. */
export interface Said {
  readonly kind: 'text' | 'refusal' | 'reasoning'
  readonly text: string
}

export function toSaidItem({ kind, text }: Said, id: string, status: ItemStatus, thoughts: Thoughts): OutputItem {
  if (kind === 'reasoning') {
    const item = { type: 'reasoning' as const, id, status, summary: [], encrypted_content: null }
    if (thoughts === 'summary') return { ...item, summary: [{ type: 'summary_text', text }] }
    return { ...item, content: [{ type: 'reasoning_text', text }] }
  }
  return { type: 'message', id, status, role: 'assistant', content: [toPart(kind, text)] }
}

export const toPart = (kind: 'text' | 'refusal', text: string) =>
  kind === 'text' ? { type: 'output_text' as const, text, annotations: [], logprobs: [] } : { type: 'refusal' as const, refusal: text }

/** `custom`: the tool takes free text, which the model has put into the member `input`. */
export function toCallItem(call: ModelToolCall, id: string, status: ItemStatus, custom: boolean): Extract<OutputItem, { type: 'function_call' | 'custom_tool_call' }> {
  const facts = { id, call_id: call.id, name: call.name, status }
  return custom ? { type: 'custom_tool_call', ...facts, input: freeTextIn(call.arguments) } : { type: 'function_call', ...facts, arguments: call.arguments }
}

function freeTextIn(json: string): string {
  try {
    const { input } = JSON.parse(json) as { input?: unknown }
    return typeof input === 'string' ? input : json
  } catch {
    return json
  }
}
