// The wire of OpenAI's chat completions: what is accepted, and what is answered. Unknown members of a request are let
// through unread, as every server of this wire does.

import * as z from 'zod'

const text = z.string()

const contentPart = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('text'), text }),
  z.looseObject({ type: z.literal('image_url'), image_url: z.looseObject({ url: text.min(1) }) }),
  z.looseObject({ type: z.literal('refusal'), refusal: text }),
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

const toolChoice = z.union([
  z.enum(['none', 'auto', 'required']),
  z.looseObject({ type: z.literal('function'), function: z.looseObject({ name: text }) }),
])

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
        refusal: z.null(),
        tool_calls: z.array(answeredCall).optional(),
      }),
      logprobs: z.null(),
      finish_reason: finishReason,
    }),
  ),
  usage: completionUsage,
})
export type ChatCompletion = z.output<typeof chatCompletion>

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
        tool_calls: z
          .array(z.strictObject({ index: z.int(), id: text, type: z.literal('function'), function: z.strictObject({ name: text, arguments: text }) }))
          .optional(),
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
