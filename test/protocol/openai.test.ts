// The wire of chat completions: what real clients send is taken, what no model could answer is refused.

import { describe, expect, it } from 'vitest'
import { chatChunk, chatCompletion, chatRequest, openaiError } from '../../src/protocol/openai.ts'

const user = { role: 'user', content: 'hello' }
const takes = (request: unknown) => chatRequest.safeParse(request).success

describe('a request', () => {
  it('needs a model and a message, and no more', () => {
    expect(takes({ model: 'm', messages: [user] })).toBe(true)
    for (const wrong of [{}, { model: 'm' }, { messages: [user] }, { model: '', messages: [user] }, { model: 'm', messages: [] }, { model: 'm', messages: user }, null, []]) {
      expect(takes(wrong), JSON.stringify(wrong)).toBe(false)
    }
  })

  it('may have messages of every role', () => {
    const call = { id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } }
    const messages = [
      { role: 'system', content: 'be brief' },
      { role: 'developer', content: [{ type: 'text', text: 'be brief' }] },
      { role: 'user', content: [{ type: 'text', text: 'see' }, { type: 'image_url', image_url: { url: 'data:image/png;base64,AA==', detail: 'low' } }] },
      { role: 'assistant', content: null, tool_calls: [call] },
      { role: 'assistant', content: [{ type: 'refusal', refusal: 'no' }] },
      { role: 'assistant' },
      { role: 'tool', tool_call_id: 'c', content: 'done' },
    ]
    expect(takes({ model: 'm', messages })).toBe(true)
  })

  it('may have no message that is none', () => {
    const wrong: readonly unknown[] = [
      { role: 'user' },
      { role: 'user', content: null },
      { role: 'user', content: 5 },
      { role: 'user', content: [{ type: 'image_url', image_url: { url: '' } }] },
      { role: 'user', content: [{ type: 'video', text: 'x' }] },
      { role: 'tool', content: 'x' },
      { role: 'tool', tool_call_id: '', content: 'x' },
      { role: 'assistant', content: 'x', tool_calls: [{ id: 'c', function: { name: '' } }] },
      { role: 'someone', content: 'x' },
      'hello',
      null,
    ]
    for (const message of wrong) expect(takes({ model: 'm', messages: [user, message] }), JSON.stringify(message)).toBe(false)
  })

  it('may set what a model can be told, within its limits', () => {
    const limits: readonly (readonly [key: string, good: readonly unknown[], bad: readonly unknown[]])[] = [
      ['temperature', [0, 2, null], [-0.1, 2.1, '1']],
      ['top_p', [0, 1], [1.1]],
      ['presence_penalty', [-2, 2], [-2.1, 3]],
      ['frequency_penalty', [-2, 2], [-2.1, 3]],
      ['n', [1, null], [0, 1.5]],
      ['max_tokens', [1], [0, -1, 1.5]],
      ['max_completion_tokens', [1], [0]],
      ['stop', ['x', [], ['a', 'b', 'c', 'd'], null], [['a', 'b', 'c', 'd', 'e'], 5]],
      ['stream', [true, false, null], ['true']],
      ['stream_options', [{ include_usage: true }, {}, null], [true]],
      ['user', ['u'.repeat(256)], ['', 'u'.repeat(257)]],
      ['response_format', [{ type: 'json_object' }], ['json']],
      ['tool_choice', ['none', 'auto', 'required', { type: 'function', function: { name: 'f' } }], ['always', { type: 'function' }]],
    ]
    for (const [key, good, bad] of limits) {
      for (const value of good) expect(takes({ model: 'm', messages: [user], [key]: value }), `${key} ${JSON.stringify(value)}`).toBe(true)
      for (const value of bad) expect(takes({ model: 'm', messages: [user], [key]: value }), `${key} ${JSON.stringify(value)}`).toBe(false)
    }
  })

  it('names tools as models can call them', () => {
    const withTool = (name: unknown, more = {}) => takes({ model: 'm', messages: [user], tools: [{ type: 'function', function: { name, ...more } }] })
    for (const name of ['f', 'get_weather', 'a.b-c', 'x'.repeat(64)]) expect(withTool(name), name).toBe(true)
    for (const name of ['', 'a b', 'ü', 'x'.repeat(65), 5]) expect(withTool(name), String(name)).toBe(false)
    expect(withTool('f', { parameters: { type: 'object' }, description: 'd', strict: null })).toBe(true)
    expect(withTool('f', { parameters: 'object' })).toBe(false)
    expect(takes({ model: 'm', messages: [user], tools: Array.from({ length: 129 }, () => ({ type: 'function', function: { name: 'f' } })) })).toBe(false)
  })

  it('keeps members that nobody reads', () => {
    const request = { model: 'm', messages: [{ ...user, name: 'bob' }], metadata: { a: 1 }, store: true }
    expect(chatRequest.parse(request)).toEqual(request)
  })

  it('with far more messages than a conversation has is refused without a word on each', () => {
    const result = chatRequest.safeParse({ model: 'm', messages: Array.from({ length: 200_000 }, () => 0) })
    expect(result.success).toBe(false)
    expect(result.error!.issues.length).toBeLessThan(1000)
  })
})

describe('an answer', () => {
  const usage = {
    prompt_tokens: 1,
    completion_tokens: 2,
    total_tokens: 3,
    prompt_tokens_details: { cached_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: 0 },
  }
  const message = { role: 'assistant', content: 'hi', refusal: null }
  const completion = {
    id: 'c',
    object: 'chat.completion',
    created: 1,
    model: 'm',
    choices: [{ index: 0, message, logprobs: null, finish_reason: 'stop' }],
    usage,
  }

  it('has the members of a completion, and no other', () => {
    expect(chatCompletion.parse(completion)).toEqual(completion)
    expect(chatCompletion.safeParse({ ...completion, extra: 1 }).success).toBe(false)
    expect(chatCompletion.safeParse({ ...completion, usage: undefined }).success).toBe(false)
    expect(chatCompletion.safeParse({ ...completion, choices: [{ index: 0, message, logprobs: null, finish_reason: 'end' }] }).success).toBe(false)
  })

  it('in pieces has a first, a last and one with the usage', () => {
    const chunk = { id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm' }
    const pieces = [
      { ...chunk, choices: [{ index: 0, delta: { role: 'assistant', content: '' }, finish_reason: null }] },
      { ...chunk, choices: [{ index: 0, delta: { content: 'hi' }, logprobs: null, finish_reason: null }], usage: null },
      { ...chunk, choices: [{ index: 0, delta: { tool_calls: [{ index: 0, id: 't', type: 'function', function: { name: 'f', arguments: '{}' } }] }, finish_reason: null }] },
      { ...chunk, choices: [{ index: 0, delta: {}, finish_reason: 'tool_calls' }] },
      { ...chunk, choices: [], usage },
    ]
    for (const piece of pieces) expect(chatChunk.parse(piece)).toEqual(piece)
    expect(chatChunk.safeParse({ ...chunk, choices: [{ index: 0, delta: {} }] }).success).toBe(false)
  })

  it('that is an error has the four members of OpenAI', () => {
    const error = { message: 'm', type: 'invalid_request_error', param: null, code: null }
    expect(openaiError.parse({ error })).toEqual({ error })
    expect(openaiError.safeParse({ error: { message: 'm' } }).success).toBe(false)
  })
})
