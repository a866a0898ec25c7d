// The wire of OpenResponses (specification of 2026-04-24): what is accepted. What is answered is in
// `responses-object.ts` and `responses-events.ts`. Unknown members of a request are let through unread.

import * as z from 'zod'

const text = z.string()

// --- content ---

/** Pictures, files and words that a person, or a tool, brings. `output_text` and `refusal` are what a model said. */
export const inputPart = z.discriminatedUnion('type', [
  z.looseObject({ type: z.enum(['input_text', 'output_text', 'text', 'summary_text', 'reasoning_text']), text }),
  z.looseObject({ type: z.literal('refusal'), refusal: text }),
  z.looseObject({ type: z.literal('input_image'), image_url: text.nullish(), file_id: text.nullish(), detail: text.nullish() }),
  z.looseObject({
    type: z.literal('input_file'),
    filename: text.nullish(),
    file_data: text.nullish(),
    file_url: text.nullish(),
    file_id: text.nullish(),
  }),
])
export type InputPart = z.output<typeof inputPart>

export const inputContent = z.union([text, z.array(inputPart)])
export type InputContent = z.output<typeof inputContent>

// --- items ---

const id = text.min(1).max(200).nullish()
const callId = text.min(1).max(500)

/** Items of tools that only OpenAI's own servers have: a conversation that was held there may bring them. */
const FOREIGN = [
  'web_search_call',
  'file_search_call',
  'computer_call',
  'computer_call_output',
  'code_interpreter_call',
  'image_generation_call',
  'local_shell_call',
  'local_shell_call_output',
  'shell_call',
  'shell_call_output',
  'apply_patch_call',
  'apply_patch_call_output',
  'mcp_list_tools',
  'mcp_approval_request',
  'mcp_approval_response',
  'mcp_call',
  'tool_search_call',
  'tool_search_output',
  'compaction_trigger',
] as const

/** Those who extend the wire name their items `vendor:thing`. */
const EXTENSION = 'extension'

const known = z.discriminatedUnion('type', [
  z.looseObject({
    type: z.literal('message'),
    id,
    role: z.enum(['user', 'assistant', 'system', 'developer']),
    content: inputContent,
    phase: z.enum(['commentary', 'final_answer']).nullish(),
  }),
  z.looseObject({ type: z.literal('function_call'), id, call_id: callId, name: text.min(1), arguments: text }),
  z.looseObject({ type: z.literal('function_call_output'), id, call_id: callId, output: inputContent }),
  z.looseObject({ type: z.literal('custom_tool_call'), id, call_id: callId, name: text.min(1), input: text }),
  z.looseObject({ type: z.literal('custom_tool_call_output'), id, call_id: callId, output: inputContent }),
  z.looseObject({ type: z.literal('reasoning'), id }),
  z.looseObject({ type: z.literal('compaction'), id, encrypted_content: text }),
  z.looseObject({ type: z.literal('item_reference'), id: text.min(1).max(200) }),
  z.looseObject({ type: z.literal(FOREIGN), id }),
  z.looseObject({ type: z.literal(EXTENSION), id }),
])
export type InputItem = z.output<typeof known>
export type MessageItem = Extract<InputItem, { type: 'message' }>

/** Messages, and references to items, come without a type too. */
const named = (given: unknown): unknown => {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return given
  const { type, role, id: ownId } = given as Record<string, unknown>
  if (typeof type === 'string') return type.includes(':') ? { type: EXTENSION, id: ownId } : given
  if (type !== undefined && type !== null) return given
  if (role !== undefined) return { ...given, type: 'message' }
  return ownId === undefined ? given : { ...given, type: 'item_reference' }
}

export const inputItem = z.preprocess(named, known)

// --- tools ---

const functionTool = z.looseObject({
  type: z.literal('function'),
  name: text.regex(/^[A-Za-z0-9_.-]{1,64}$/),
  description: text.nullish(),
  parameters: z.record(text, z.unknown()).nullish(),
  strict: z.boolean().nullish(),
})

/** A tool that takes free text. */
const customTool = z.looseObject({ type: z.literal('custom'), name: text.regex(/^[A-Za-z0-9_.-]{1,64}$/), description: text.nullish() })

/** Tools that run on OpenAI's servers, or anything else that is no function: there are none of them here. */
const hostedTool = z.looseObject({ type: text.min(1).refine((type) => type !== 'function' && type !== 'custom') })

const tool = z.union([functionTool, customTool, hostedTool])
export type ResponseTool = z.output<typeof functionTool> | z.output<typeof customTool>

const namedTool = z.looseObject({ type: text, name: text.optional() })

const toolChoice = z.union([
  z.enum(['none', 'auto', 'required']),
  z.looseObject({ type: z.literal(['function', 'custom']), name: text }),
  z.looseObject({ type: z.literal('allowed_tools'), mode: z.enum(['none', 'auto', 'required']).nullish(), tools: z.array(namedTool).max(512) }),
])
export type ToolChoice = z.output<typeof toolChoice>

// --- requests ---

const format = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('text') }),
  z.looseObject({ type: z.literal('json_object') }),
  z.looseObject({
    type: z.literal('json_schema'),
    name: text.regex(/^[A-Za-z0-9_-]{1,64}$/),
    schema: z.record(text, z.unknown()),
    description: text.nullish(),
    strict: z.boolean().nullish(),
  }),
])
export type TextFormat = z.output<typeof format>

/** More than any conversation has. Each item that is wrong costs far more than one that is right. */
export const MAX_ITEMS = 10_000

const input = z.union([text, z.array(inputItem).max(MAX_ITEMS)])

export const responseRequest = z.looseObject({
  model: text.min(1),
  input: input.nullish(),
  instructions: text.nullish(),
  previous_response_id: text.min(1).max(200).nullish(),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({}).nullish(),
  store: z.boolean().nullish(),
  background: z.boolean().nullish(),
  metadata: z
    .record(text.max(64), text.max(512))
    .refine((given) => Object.keys(given).length <= 16, 'must not have more than 16 members')
    .nullish(),
  tools: z.array(tool).max(512).nullish(),
  tool_choice: toolChoice.nullish(),
  parallel_tool_calls: z.boolean().nullish(),
  max_output_tokens: z.int().min(1).nullish(),
  max_tool_calls: z.int().min(1).nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  presence_penalty: z.number().min(-2).max(2).nullish(),
  frequency_penalty: z.number().min(-2).max(2).nullish(),
  top_logprobs: z.int().min(0).max(20).nullish(),
  truncation: z.enum(['auto', 'disabled']).nullish(),
  text: z.looseObject({ format: format.nullish(), verbosity: z.enum(['low', 'medium', 'high']).nullish() }).nullish(),
  reasoning: z.looseObject({ effort: text.nullish(), summary: text.nullish(), generate_summary: text.nullish() }).nullish(),
  include: z.array(text).max(32).nullish(),
  user: text.min(1).max(256).nullish(),
  safety_identifier: text.max(256).nullish(),
  prompt_cache_key: text.max(256).nullish(),
  service_tier: text.max(64).nullish(),
  conversation: z.unknown().optional(),
  prompt: z.unknown().optional(),
  /** `false`: nothing is generated, the input is only made ready to be continued. */
  generate: z.boolean().nullish(),
})
export type ResponseRequest = z.output<typeof responseRequest>

export const compactRequest = z.looseObject({
  model: text.min(1),
  input: input.nullish(),
  instructions: text.nullish(),
  previous_response_id: text.min(1).max(200).nullish(),
  user: text.min(1).max(256).nullish(),
})
export type CompactRequest = z.output<typeof compactRequest>
