// What OpenResponses answers: the response with all its members, its items, and the lists and errors beside it. Strict
// on both sides: nothing is left out, and nothing is said that the wire does not know.

import * as z from 'zod'

const text = z.string()
const itemStatus = z.enum(['in_progress', 'completed', 'incomplete'])

// --- items ---

export const outputText = z.strictObject({
  type: z.literal('output_text'),
  text,
  annotations: z.array(z.never()),
  logprobs: z.array(z.never()),
})

export const refusalPart = z.strictObject({ type: z.literal('refusal'), refusal: text })

export const outputMessage = z.strictObject({
  type: z.literal('message'),
  id: text.min(1),
  status: itemStatus,
  role: z.literal('assistant'),
  content: z.array(z.discriminatedUnion('type', [outputText, refusalPart])),
  phase: z.enum(['commentary', 'final_answer']).optional(),
})

export const functionCall = z.strictObject({
  type: z.literal('function_call'),
  id: text.min(1),
  call_id: text.min(1),
  name: text.min(1),
  /** JSON text. */
  arguments: text,
  status: itemStatus,
})

export const customToolCall = z.strictObject({
  type: z.literal('custom_tool_call'),
  id: text.min(1),
  call_id: text.min(1),
  name: text.min(1),
  input: text,
  status: itemStatus,
})

export const summaryText = z.strictObject({ type: z.literal('summary_text'), text })
export const reasoningText = z.strictObject({ type: z.literal('reasoning_text'), text })

export const reasoningItem = z.strictObject({
  type: z.literal('reasoning'),
  id: text.min(1),
  status: itemStatus,
  summary: z.array(summaryText),
  content: z.array(reasoningText).optional(),
  encrypted_content: z.null(),
})

export const compactionItem = z.strictObject({
  type: z.literal('compaction'),
  id: text.min(1),
  encrypted_content: text.min(1),
})

export const outputItem = z.discriminatedUnion('type', [outputMessage, functionCall, customToolCall, reasoningItem])
export type OutputItem = z.output<typeof outputItem>

// --- the response ---

export const responseUsage = z.strictObject({
  input_tokens: z.int(),
  input_tokens_details: z.strictObject({ cached_tokens: z.int(), cache_write_tokens: z.int() }),
  output_tokens: z.int(),
  output_tokens_details: z.strictObject({ reasoning_tokens: z.int() }),
  total_tokens: z.int(),
})
export type ResponseUsage = z.output<typeof responseUsage>

const functionTool = z.strictObject({
  type: z.literal('function'),
  name: text,
  description: text.nullable(),
  parameters: z.record(text, z.unknown()).nullable(),
  strict: z.boolean().nullable(),
})
const customTool = z.looseObject({ type: z.literal('custom'), name: text, description: text.nullable() })
const echoedTool = z.discriminatedUnion('type', [functionTool, customTool])
export type EchoedTool = z.output<typeof echoedTool>

const toolChoice = z.union([
  z.enum(['none', 'auto', 'required']),
  z.looseObject({ type: z.enum(['function', 'custom']), name: text }),
  z.looseObject({ type: z.literal('allowed_tools'), mode: z.enum(['none', 'auto', 'required']), tools: z.array(z.looseObject({ type: text })) }),
])

export const RESPONSE_STATUSES = ['in_progress', 'completed', 'incomplete', 'failed'] as const

export const responseObject = z.strictObject({
  id: text.regex(/^resp_/),
  object: z.literal('response'),
  /** Seconds. */
  created_at: z.int(),
  completed_at: z.int().nullable(),
  status: z.enum(RESPONSE_STATUSES),
  incomplete_details: z.strictObject({ reason: z.enum(['max_output_tokens', 'content_filter']) }).nullable(),
  model: text,
  previous_response_id: text.nullable(),
  instructions: text.nullable(),
  output: z.array(outputItem),
  error: z.strictObject({ code: text, message: text }).nullable(),
  tools: z.array(echoedTool),
  tool_choice: toolChoice,
  truncation: z.enum(['auto', 'disabled']),
  parallel_tool_calls: z.boolean(),
  text: z.strictObject({ format: z.looseObject({ type: text }), verbosity: text }),
  top_p: z.number(),
  presence_penalty: z.number(),
  frequency_penalty: z.number(),
  top_logprobs: z.int(),
  temperature: z.number(),
  reasoning: z.strictObject({ effort: text.nullable(), summary: text.nullable() }).nullable(),
  /** Zeros until it is known. */
  usage: responseUsage,
  max_output_tokens: z.int().nullable(),
  max_tool_calls: z.int().nullable(),
  store: z.boolean(),
  background: z.boolean(),
  service_tier: text,
  metadata: z.record(text, text),
  safety_identifier: text.nullable(),
  prompt_cache_key: text.nullable(),
})
export type ResponseObject = z.output<typeof responseObject>

export const compactedResponse = z.strictObject({
  id: text.regex(/^resp_/),
  object: z.literal('response.compaction'),
  created_at: z.int(),
  output: z.array(compactionItem),
  usage: responseUsage,
})
export type CompactedResponse = z.output<typeof compactedResponse>

export const inputItemList = z.strictObject({
  object: z.literal('list'),
  data: z.array(z.looseObject({ type: text, id: text })),
  first_id: text.nullable(),
  last_id: text.nullable(),
  has_more: z.boolean(),
})

export const deletedResponse = z.strictObject({ id: text, object: z.literal('response'), deleted: z.literal(true) })
