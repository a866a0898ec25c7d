// OpenAI's Responses API, as OpenAI, Azure and xAI speak it.

import { sse, TOLD, type Request, type Scene, type VendorWire } from './vendor.ts'

const event = (type: string, more: object = {}) => sse({ type, ...more })

const base = ({ body }: Request, more: object = {}) => ({
  id: 'resp_1',
  object: 'response',
  created_at: 1,
  model: body.model,
  status: 'in_progress',
  error: null,
  incomplete_details: null,
  instructions: null,
  output: [],
  parallel_tool_calls: true,
  tool_choice: 'auto',
  tools: [],
  temperature: 1,
  top_p: 1,
  metadata: {},
  text: { format: { type: 'text' } },
  ...more,
})

function* items({ reasoning, text = [], calls = [] }: Scene): Generator<string> {
  let output_index = -1
  if (reasoning) {
    const item_id = 'rs_1'
    const about = { item_id, output_index: ++output_index, summary_index: 0 }
    yield event('response.output_item.added', { output_index, item: { id: item_id, type: 'reasoning', summary: [], encrypted_content: null, status: 'in_progress' } })
    yield event('response.reasoning_summary_part.added', { ...about, part: { type: 'summary_text', text: '' } })
    yield event('response.reasoning_summary_text.delta', { ...about, delta: reasoning })
    yield event('response.reasoning_summary_text.done', { ...about, text: reasoning })
    yield event('response.reasoning_summary_part.done', { ...about, part: { type: 'summary_text', text: reasoning } })
    const item = { id: item_id, type: 'reasoning', summary: [{ type: 'summary_text', text: reasoning }], encrypted_content: 'signed', status: 'completed' }
    yield event('response.output_item.done', { output_index, item })
  }
  if (text.length > 0) {
    const item_id = 'msg_1'
    const about = { item_id, output_index: ++output_index, content_index: 0 }
    const message = (content: readonly object[], status: string) => ({ id: item_id, type: 'message', role: 'assistant', status, content })
    yield event('response.output_item.added', { output_index, item: message([], 'in_progress') })
    yield event('response.content_part.added', { ...about, part: { type: 'output_text', text: '', annotations: [], logprobs: [] } })
    for (const delta of text) yield event('response.output_text.delta', { ...about, delta, logprobs: [] })
    const whole = { type: 'output_text', text: text.join(''), annotations: [], logprobs: [] }
    yield event('response.output_text.done', { ...about, text: whole.text, logprobs: [] })
    yield event('response.content_part.done', { ...about, part: whole })
    yield event('response.output_item.done', { output_index, item: message([whole], 'completed') })
  }
  for (const call of calls) {
    const item_id = `fc_${call.id}`
    const item = { id: item_id, type: 'function_call', call_id: call.id, name: call.name }
    output_index++
    yield event('response.output_item.added', { output_index, item: { ...item, arguments: '', status: 'in_progress' } })
    for (const delta of call.arguments.match(/.{1,4}/gs) ?? []) yield event('response.function_call_arguments.delta', { item_id, output_index, delta })
    yield event('response.function_call_arguments.done', { item_id, output_index, name: call.name, arguments: call.arguments })
    yield event('response.output_item.done', { output_index, item: { ...item, arguments: call.arguments, status: 'completed' } })
  }
}

export const responsesWire: VendorWire = {
  type: 'text/event-stream',
  *frames(scene, request) {
    yield event('response.created', { response: base(request) })
    yield event('response.in_progress', { response: base(request) })
    yield* items(scene)
  },
  *end({ finish = 'stop' }, request) {
    const usage = {
      input_tokens: TOLD.input + TOLD.cacheRead,
      input_tokens_details: { cached_tokens: TOLD.cacheRead },
      output_tokens: TOLD.output,
      output_tokens_details: { reasoning_tokens: TOLD.reasoning },
      total_tokens: TOLD.input + TOLD.cacheRead + TOLD.output,
    }
    if (finish === 'length') yield event('response.incomplete', { response: base(request, { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' }, usage }) })
    else yield event('response.completed', { response: base(request, { status: 'completed', usage }) })
  },
  nonsense: () => 'data: {nonsense\n\n',
  failure: (status, message) => ({ error: { message, type: 'server_error', param: null, code: String(status) } }),
}
