// Anthropic's Messages API.

import { sse, TOLD, type VendorWire } from './vendor.ts'

const event = (type: string, more: object = {}) => sse({ type, ...more }, type)

export const anthropicWire: VendorWire = {
  type: 'text/event-stream',
  *frames({ reasoning, text = [], calls = [] }, { body }) {
    const usage = { input_tokens: TOLD.input, cache_read_input_tokens: TOLD.cacheRead, cache_creation_input_tokens: TOLD.cacheWrite, output_tokens: 1 }
    yield event('message_start', { message: { id: 'msg_1', type: 'message', role: 'assistant', model: body.model, content: [], stop_reason: null, stop_sequence: null, usage } })
    yield event('ping')
    let index = -1
    if (reasoning) {
      yield event('content_block_start', { index: ++index, content_block: { type: 'thinking', thinking: '', signature: '' } })
      yield event('content_block_delta', { index, delta: { type: 'thinking_delta', thinking: reasoning } })
      yield event('content_block_delta', { index, delta: { type: 'signature_delta', signature: 'signed' } })
      yield event('content_block_stop', { index })
    }
    if (text.length > 0) {
      yield event('content_block_start', { index: ++index, content_block: { type: 'text', text: '' } })
      for (const piece of text) yield event('content_block_delta', { index, delta: { type: 'text_delta', text: piece } })
      yield event('content_block_stop', { index })
    }
    for (const call of calls) {
      yield event('content_block_start', { index: ++index, content_block: { type: 'tool_use', id: call.id, name: call.name, input: {} } })
      for (const piece of call.arguments.match(/.{1,4}/gs) ?? []) yield event('content_block_delta', { index, delta: { type: 'input_json_delta', partial_json: piece } })
      yield event('content_block_stop', { index })
    }
  },
  *end({ calls = [], finish = 'stop' }) {
    const reason = finish === 'length' ? 'max_tokens' : calls.length > 0 ? 'tool_use' : 'end_turn'
    yield event('message_delta', { delta: { stop_reason: reason, stop_sequence: null }, usage: { output_tokens: TOLD.output, output_tokens_details: { thinking_tokens: TOLD.reasoning } } })
    yield event('message_stop')
  },
  nonsense: () => 'event: content_block_delta\ndata: {nonsense\n\n',
  failure: (status, message) => ({ type: 'error', error: { type: status === 429 ? 'rate_limit_error' : 'api_error', message } }),
}
