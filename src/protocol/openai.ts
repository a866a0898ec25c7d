// The wire of OpenAI's chat completions: what is accepted, and what is answered. Unknown members of a request are let
// through unread, as every server of this wire does.

import * as z from 'zod'

const text = z.string()

const contentPart = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('text'), text }),
  z.looseObject({ type: z.literal('image_url'), image_url: z.looseObject({ url: text.min(1) }) }),
  z.looseObject({ type: z.literal('file'), file: z.looseObject({ file_data: text.min(1).nullish(), file_id: text.nullish(), filename: text.max(1000).nullish() }) }),
  z.looseObject({ type: z.literal('refusal'), refusal: text }),
  /** Known, so that it can be refused with the reason. */
  z.looseObject({ type: z.literal('input_audio') }),
])
export type ContentPart = z.output<typeof contentPart>

const content = z.union([text, z.array(contentPart)])

const toolCall = z.looseObject({
  id: text.min(1),
  type: z.literal('function').optional(),
  function: z.looseObject({ name: text.min(1), arguments: text }),
})

const message = z.discriminatedUnion('role', [
  z.looseObject({ role: z.enum(['system', 'developer']), content }),
  z.looseObject({ role: z.literal('user'), content }),
  z.looseObject({ role: z.literal('assistant'), content: content.nullish(), tool_calls: z.array(toolCall).nullish() }),
  z.looseObject({ role: z.literal('tool'), tool_call_id: text.min(1), content }),
])
export type ChatMessage = z.output<typeof message>

const tool = z.looseObject({
  type: z.literal('function'),
  function: z.looseObject({
    name: text.regex(/^[A-Za-z0-9_.-]{1,64}$/),
    description: text.optional(),
    parameters: z.record(text, z.unknown()).optional(),
    strict: z.boolean().nullish(),
  }),
})

const namedTool = z.looseObject({ type: z.literal('function'), function: z.looseObject({ name: text }) })

const toolChoice = z.union([
  z.enum(['none', 'auto', 'required']),
  namedTool,
  z.looseObject({
    type: z.literal('allowed_tools'),
    allowed_tools: z.looseObject({ mode: z.enum(['auto', 'required']).nullish(), tools: z.array(namedTool).min(1).max(128) }),
  }),
])
export type ToolChoice = z.output<typeof toolChoice>

/** More than any conversation has. Each message that is wrong costs far more than one that is right. */
const MAX_MESSAGES = 10_000

export const chatRequest = z.looseObject({
  model: text.min(1),
  messages: z.array(message).min(1).max(MAX_MESSAGES),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
  user: text.min(1).max(256).nullish(),
  n: z.int().min(1).nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  max_tokens: z.int().min(1).nullish(),
  max_completion_tokens: z.int().min(1).nullish(),
  presence_penalty: z.number().min(-2).max(2).nullish(),
  frequency_penalty: z.number().min(-2).max(2).nullish(),
  stop: z.union([text, z.array(text).max(4)]).nullish(),
  seed: z.int().nullish(),
  response_format: z.looseObject({ type: text }).nullish(),
  reasoning_effort: text.nullish(),
  tools: z.array(tool).max(128).nullish(),
  tool_choice: toolChoice.nullish(),
  parallel_tool_calls: z.boolean().nullish(),
  logprobs: z.boolean().nullish(),
  top_logprobs: z.int().min(0).max(20).nullish(),
  modalities: z.array(text).nullish(),
  functions: z.array(z.unknown()).nullish(),
  function_call: z.unknown().optional(),
  web_search_options: z.unknown().optional(),
})
export type ChatRequest = z.output<typeof chatRequest>

// --- answers ---

const finishReason = z.enum(['stop', 'length', 'tool_calls', 'content_filter'])
export type FinishReason = z.output<typeof finishReason>

const answeredCall = z.strictObject({
  id: text,
  type: z.literal('function'),
  function: z.strictObject({ name: text, arguments: text }),
})

export const completionUsage = z.strictObject({
  prompt_tokens: z.int(),
  completion_tokens: z.int(),
  total_tokens: z.int(),
  prompt_tokens_details: z.strictObject({ cached_tokens: z.int() }),
  completion_tokens_details: z.strictObject({ reasoning_tokens: z.int() }),
})
export type CompletionUsage = z.output<typeof completionUsage>

export const chatCompletion = z.strictObject({
  id: text,
  object: z.literal('chat.completion'),
  /** Seconds. */
  created: z.int(),
  model: text,
  choices: z.array(
    z.strictObject({
      index: z.int(),
      message: z.strictObject({
        role: z.literal('assistant'),
        content: text.nullable(),
        refusal: text.nullable(),
        tool_calls: z.array(answeredCall).optional(),
        /** What the model thought before it answered. Not in OpenAI's own answers, but read by many clients. */
        reasoning_content: text.optional(),
      }),
      logprobs: z.null(),
      finish_reason: finishReason,
    }),
  ),
  usage: completionUsage,
})
export type ChatCompletion = z.output<typeof chatCompletion>

/** The first one of a call names it; those after it have more of its arguments. */
const toolCallDelta = z.strictObject({
  index: z.int(),
  id: text.optional(),
  type: z.literal('function').optional(),
  function: z.strictObject({ name: text.optional(), arguments: text }),
})

export const chatChunk = z.strictObject({
  id: text,
  object: z.literal('chat.completion.chunk'),
  created: z.int(),
  model: text,
  choices: z.array(
    z.strictObject({
      index: z.int(),
      delta: z.strictObject({
        role: z.literal('assistant').optional(),
        content: text.optional(),
        refusal: text.optional(),
        reasoning_content: text.optional(),
        tool_calls: z.array(toolCallDelta).optional(),
      }),
      logprobs: z.null().optional(),
      finish_reason: finishReason.nullable(),
    }),
  ),
  usage: completionUsage.nullable().optional(),
})

export const openaiError = z.strictObject({
  error: z.strictObject({
    message: text,
    type: text,
    param: text.nullable(),
    code: text.nullable(),
    /** For programs of this gateway: `MISSING_SCOPE` and the like. */
    details: z.record(text, z.unknown()).optional(),
  }),
})
export type OpenaiError = z.output<typeof openaiError>

export const openaiModel = z.strictObject({
  id: text,
  object: z.literal('model'),
  created: z.int(),
  owned_by: text,
  permission: z.array(z.unknown()),
})

export const openaiModelList = z.strictObject({ object: z.literal('list'), data: z.array(openaiModel) })
