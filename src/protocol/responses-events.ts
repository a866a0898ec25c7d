// The semantic events of OpenResponses, the same over server-sent events and over WebSocket.

import * as z from 'zod'
import { outputItem, outputText, reasoningText, refusalPart, responseObject, summaryText } from './responses-object.ts'

const text = z.string()
const sequence_number = z.int().min(0)
const output_index = z.int().min(0)
const content_index = z.int().min(0)
const summary_index = z.int().min(0)
const item_id = text.min(1)

const ofResponse = <const T extends string>(type: T) => z.strictObject({ type: z.literal(type), sequence_number, response: responseObject })
const ofItem = <const T extends string>(type: T) => z.strictObject({ type: z.literal(type), sequence_number, output_index, item: outputItem })

const part = z.discriminatedUnion('type', [outputText, refusalPart, reasoningText])
const ofPart = <const T extends string>(type: T) =>
  z.strictObject({ type: z.literal(type), sequence_number, item_id, output_index, content_index, part })
const ofSummaryPart = <const T extends string>(type: T) =>
  z.strictObject({ type: z.literal(type), sequence_number, item_id, output_index, summary_index, part: summaryText })

const inContent = { sequence_number, item_id, output_index, content_index }
const inSummary = { sequence_number, item_id, output_index, summary_index }
const inItem = { sequence_number, item_id, output_index }

/** OpenAI's clients read the members themselves, those of OpenResponses the `error` with the same in it. */
const failure = { code: text.nullable(), message: text, param: text.nullable() }
export const errorEvent = z.strictObject({
  type: z.literal('error'),
  sequence_number,
  ...failure,
  error: z.strictObject({ type: text, ...failure }),
})

export const responseEvent = z.discriminatedUnion('type', [
  ofResponse('response.created'),
  ofResponse('response.in_progress'),
  ofResponse('response.completed'),
  ofResponse('response.incomplete'),
  ofResponse('response.failed'),
  ofItem('response.output_item.added'),
  ofItem('response.output_item.done'),
  ofPart('response.content_part.added'),
  ofPart('response.content_part.done'),
  z.strictObject({ type: z.literal('response.output_text.delta'), ...inContent, delta: text, logprobs: z.array(z.never()) }),
  z.strictObject({ type: z.literal('response.output_text.done'), ...inContent, text, logprobs: z.array(z.never()) }),
  z.strictObject({ type: z.literal('response.refusal.delta'), ...inContent, delta: text }),
  z.strictObject({ type: z.literal('response.refusal.done'), ...inContent, refusal: text }),
  z.strictObject({ type: z.literal('response.reasoning.delta'), ...inContent, delta: text }),
  z.strictObject({ type: z.literal('response.reasoning.done'), ...inContent, text }),
  ofSummaryPart('response.reasoning_summary_part.added'),
  ofSummaryPart('response.reasoning_summary_part.done'),
  z.strictObject({ type: z.literal('response.reasoning_summary_text.delta'), ...inSummary, delta: text }),
  z.strictObject({ type: z.literal('response.reasoning_summary_text.done'), ...inSummary, text }),
  z.strictObject({ type: z.literal('response.function_call_arguments.delta'), ...inItem, delta: text }),
  z.strictObject({ type: z.literal('response.function_call_arguments.done'), ...inItem, name: text, arguments: text }),
  z.strictObject({ type: z.literal('response.custom_tool_call_input.delta'), ...inItem, delta: text }),
  z.strictObject({ type: z.literal('response.custom_tool_call_input.done'), ...inItem, input: text }),
  errorEvent,
])
export type ResponseEvent = z.output<typeof responseEvent>
/** As it is made, before it has its number. */
export type UnnumberedEvent = ResponseEvent extends infer Event ? (Event extends ResponseEvent ? Omit<Event, 'sequence_number'> : never) : never

/** An error on a WebSocket that belongs to no response. */
export const socketError = z.strictObject({
  type: z.literal('error'),
  status: z.int(),
  error: z.strictObject({ type: text, code: text.nullable(), message: text, param: text.nullable() }),
})
