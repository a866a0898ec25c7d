// The wire of OpenResponses: every required member is missed when it is left out, and every form of a request is known.

import type * as z from 'zod'
import { describe, expect, it } from 'vitest'
import { errorEvent, responseEvent, socketError } from '../../src/protocol/responses-events.ts'
import { compactedResponse, deletedResponse, inputItemList, responseObject } from '../../src/protocol/responses-object.ts'
import { compactRequest, inputItem, responseRequest } from '../../src/protocol/responses.ts'
import type { Data } from '../harness/client.ts'

const USAGE = {
  input_tokens: 1,
  input_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
  output_tokens: 2,
  output_tokens_details: { reasoning_tokens: 0 },
  total_tokens: 3,
}
const TEXT = { type: 'output_text', text: 'hi', annotations: [], logprobs: [] }
const MESSAGE = { type: 'message', id: 'msg_1', status: 'completed', role: 'assistant', content: [TEXT, { type: 'refusal', refusal: 'no' }] }
const REASONING = { type: 'reasoning', id: 'rs_1', status: 'completed', summary: [{ type: 'summary_text', text: 'hm' }], encrypted_content: null }
const CALL = { type: 'function_call', id: 'fc_1', call_id: 'call_1', name: 'f', arguments: '{}', status: 'completed' }
const CUSTOM = { type: 'custom_tool_call', id: 'ctc_1', call_id: 'call_2', name: 'g', input: 'x', status: 'completed' }
const TOOL = { type: 'function', name: 'f', description: null, parameters: { type: 'object' }, strict: null }

const RESPONSE = {
  id: 'resp_1',
  object: 'response',
  created_at: 1,
  completed_at: 2,
  status: 'completed',
  incomplete_details: { reason: 'max_output_tokens' },
  model: 'openclaw',
  previous_response_id: null,
  instructions: null,
  output: [REASONING, MESSAGE, CALL, CUSTOM],
  error: { code: 'server_error', message: 'no' },
  tools: [TOOL],
  tool_choice: 'auto',
  truncation: 'disabled',
  parallel_tool_calls: true,
  text: { format: { type: 'text' }, verbosity: 'medium' },
  top_p: 1,
  presence_penalty: 0,
  frequency_penalty: 0,
  top_logprobs: 0,
  temperature: 1,
  reasoning: { effort: null, summary: null },
  usage: USAGE,
  max_output_tokens: null,
  max_tool_calls: null,
  store: true,
  background: false,
  service_tier: 'default',
  metadata: {},
  safety_identifier: null,
  prompt_cache_key: null,
}

const at = { sequence_number: 1, item_id: 'msg_1', output_index: 0 }
const part = (type: string, given: Data, index: 'content_index' | 'summary_index' = 'content_index') => ({ type, ...at, [index]: 0, ...given })
const failure = { code: null, message: 'no', param: null }
const EVENTS: readonly Data[] = [
  ...['created', 'in_progress', 'completed', 'incomplete', 'failed'].map((end) => ({ type: `response.${end}`, sequence_number: 0, response: RESPONSE })),
  ...['added', 'done'].map((end) => ({ type: `response.output_item.${end}`, sequence_number: 0, output_index: 0, item: MESSAGE })),
  ...['added', 'done'].map((end) => part(`response.content_part.${end}`, { part: TEXT })),
  part('response.content_part.done', { part: { type: 'refusal', refusal: 'no' } }),
  part('response.content_part.done', { part: { type: 'reasoning_text', text: 'hm' } }),
  part('response.output_text.delta', { delta: 'x', logprobs: [] }),
  part('response.output_text.done', { text: 'x', logprobs: [] }),
  part('response.refusal.delta', { delta: 'x' }),
  part('response.refusal.done', { refusal: 'x' }),
  part('response.reasoning.delta', { delta: 'x' }),
  part('response.reasoning.done', { text: 'x' }),
  ...['added', 'done'].map((end) => part(`response.reasoning_summary_part.${end}`, { part: { type: 'summary_text', text: 'hm' } }, 'summary_index')),
  part('response.reasoning_summary_text.delta', { delta: 'x' }, 'summary_index'),
  part('response.reasoning_summary_text.done', { text: 'x' }, 'summary_index'),
  { type: 'response.function_call_arguments.delta', ...at, delta: 'x' },
  { type: 'response.function_call_arguments.done', ...at, name: 'f', arguments: 'x' },
  { type: 'response.custom_tool_call_input.delta', ...at, delta: 'x' },
  { type: 'response.custom_tool_call_input.done', ...at, input: 'x' },
  { type: 'error', sequence_number: 3, ...failure, error: { type: 'server_error', ...failure } },
]

const ANSWERS: readonly (readonly [name: string, schema: z.ZodType, sample: Data])[] = [
  ['a response', responseObject, RESPONSE],
  ['a compaction', compactedResponse, { id: 'resp_1', object: 'response.compaction', created_at: 1, output: [{ type: 'compaction', id: 'cmp_1', encrypted_content: 'x' }], usage: USAGE }],
  ['a page of input items', inputItemList, { object: 'list', data: [{ type: 'message', id: 'msg_1' }], first_id: 'msg_1', last_id: 'msg_1', has_more: false }],
  ['a deletion', deletedResponse, { id: 'resp_1', object: 'response', deleted: true }],
  ['an error of a socket', socketError, { type: 'error', status: 400, error: { type: 'x', ...failure } }],
  ['an error event', errorEvent, EVENTS.at(-1)],
  ...EVENTS.map((event, n) => [`event ${n}: ${event.type}`, responseEvent, event] as const),
]

/** Members whose values are whatever somebody sent. */
const FREE = ['parameters', 'metadata', 'format']

/** `sample` without one of its members, for each of them at every depth. */
function* mutations(sample: Data, path: string[] = []): Generator<{ path: string; mutant: Data }> {
  if (Array.isArray(sample)) {
    for (const [index, each] of sample.entries()) for (const { path: at, mutant } of mutations(each, [...path, String(index)])) yield { path: at, mutant: sample.with(index, mutant) }
    return
  }
  if (typeof sample !== 'object' || sample === null) return
  for (const [name, value] of Object.entries(sample)) {
    const { [name]: _, ...without } = sample
    yield { path: [...path, name].join('.'), mutant: without }
    if (!FREE.includes(name)) for (const { path: deeper, mutant } of mutations(value, [...path, name])) yield { path: deeper, mutant: { ...sample, [name]: mutant } }
  }
}

describe('what is answered', () => {
  it('has all 31 members', () => {
    expect(Object.keys(RESPONSE)).toHaveLength(31)
    expect(Object.keys(responseObject.shape).toSorted()).toEqual(Object.keys(RESPONSE).toSorted())
  })

  it.each(ANSWERS)('%s fits, and does not without any one of its members', (_, schema, sample) => {
    expect(schema.safeParse(sample).error?.issues ?? []).toEqual([])
    const survivors = [...mutations(sample)].filter(({ mutant }) => schema.safeParse(mutant).success)
    expect(survivors.map(({ path }) => path)).toEqual([])
    expect(schema.safeParse({ ...sample, more: 1 }).success, 'nothing is said that the wire does not know').toBe(false)
  })

  it('may have a reasoning item with what was thought, and a message with a phase', () => {
    const items = [{ ...REASONING, summary: [], content: [{ type: 'reasoning_text', text: 'hm' }] }, { ...MESSAGE, phase: 'commentary' }]
    expect(responseObject.safeParse({ ...RESPONSE, output: items }).success).toBe(true)
    expect(responseObject.safeParse({ ...RESPONSE, output: [{ ...MESSAGE, phase: 'other' }] }).success).toBe(false)
  })
})

describe('what is accepted', () => {
  const fits = (schema: z.ZodType, given: unknown) => schema.safeParse(given).success

  it.each([
    [{ role: 'user', content: 'hi' }, 'message'],
    [{ type: 'message', role: 'developer', content: [{ type: 'input_text', text: 'hi' }] }, 'message'],
    [{ ...MESSAGE, phase: 'final_answer' }, 'message'],
    [{ role: 'user', content: [{ type: 'input_image', image_url: 'data:image/png;base64,AA==', detail: 'auto' }, { type: 'input_file', file_data: 'AA==' }] }, 'message'],
    [CALL, 'function_call'],
    [{ type: 'function_call_output', call_id: 'call_1', output: 'x' }, 'function_call_output'],
    [{ type: 'function_call_output', call_id: 'call_1', output: [{ type: 'input_text', text: 'x' }] }, 'function_call_output'],
    [CUSTOM, 'custom_tool_call'],
    [REASONING, 'reasoning'],
    [{ type: 'compaction', encrypted_content: 'x' }, 'compaction'],
    [{ id: 'msg_1' }, 'item_reference'],
    [{ type: 'web_search_call', id: 'ws_1', action: {} }, 'web_search_call'],
    [{ type: 'vendor:thing', id: 'x' }, 'extension'],
  ])('%j as %s', (item, type) => {
    expect(inputItem.parse(item)).toMatchObject({ type })
  })

  it.each([
    'a text',
    null,
    [],
    {},
    { type: 'nonsense' },
    { type: 'extension_of_nobody' },
    { role: 'tool', content: 'x' },
    { role: 'user' },
    { role: 'user', content: [{ type: 'input_sound' }] },
    { type: 'function_call', call_id: 'c', name: 'f' },
    { type: 'function_call_output', output: 'x' },
  ])('%j is no item', (item) => {
    expect(fits(inputItem, item)).toBe(false)
  })

  it('is every member of a request, with what the wire does not know', () => {
    const { usage: _, output: __, error: ___, incomplete_details: ____, ...echoed } = RESPONSE
    expect(fits(responseRequest, { ...echoed, input: 'x', status: undefined, unknown: 1 })).toBe(true)
    expect(fits(responseRequest, { model: 'm' })).toBe(true)
  })

  it.each([
    { model: '' },
    { input: 7 },
    { temperature: 2.1 },
    { top_p: -0.1 },
    { max_output_tokens: 0 },
    { truncation: 'sometimes' },
    { tools: [{ type: 'function', name: 'no good name!' }] },
    { tools: [{ name: 'f' }] },
    { tool_choice: 'sometimes' },
    { text: { format: { type: 'json_schema' } } },
    { text: { verbosity: 'loud' } },
    { metadata: Object.fromEntries(Array.from({ length: 17 }, (_, n) => [`k${n}`, 'v'])) },
    { metadata: { k: 'v'.repeat(513) } },
    { stream: 'yes' },
    { store: 1 },
  ])('not with %j', (wrong) => {
    expect(fits(responseRequest, { model: 'm', input: 'x', ...wrong })).toBe(false)
  })

  it('is a compaction with a model and nothing else', () => {
    expect(fits(compactRequest, { model: 'm' })).toBe(true)
    expect(fits(compactRequest, { input: 'x' })).toBe(false)
  })
})
