// A request on the chat completions wire: exactly what was asked for, and nothing that was not.

import { describe, expect, it } from 'vitest'
import type { ModelRequest } from '../../src/index.ts'
import { createBodyWriter } from '../../src/models/openai-request.ts'

const ask = (more: Partial<ModelRequest> = {}): unknown =>
  JSON.parse(createBodyWriter('m')({ messages: [{ role: 'user', content: 'hi' }], tools: [], settings: {}, whole: false, ...more }))

it('asks for a stream with its usage, unless nobody listens before the end', () => {
  const bare = { model: 'm', messages: [{ role: 'user', content: 'hi' }] }
  expect(ask()).toEqual({ ...bare, stream: true, stream_options: { include_usage: true } })
  expect(ask({ whole: true })).toEqual(bare)
})

it('passes on each setting under its name', () => {
  const settings = {
    temperature: 0, topP: 0.5, maxTokens: 7, maxCompletionTokens: 8, stop: ['a', 'b'], presencePenalty: -1, frequencyPenalty: 1, seed: 0,
    responseFormat: { type: 'json_object' }, reasoningEffort: 'low',
  } // prettier-ignore
  expect(ask({ settings })).toMatchObject({
    temperature: 0, top_p: 0.5, max_tokens: 7, max_completion_tokens: 8, stop: ['a', 'b'], presence_penalty: -1, frequency_penalty: 1, seed: 0,
    response_format: { type: 'json_object' }, reasoning_effort: 'low',
  }) // prettier-ignore
})

it('writes the tools of each request anew, those that were written before and others', () => {
  const write = createBodyWriter('m')
  const [act, rest] = [{ name: 'act', parameters: { type: 'object' } }, { name: 'rest', parameters: {}, strict: true }]
  const toolsOf = (tools: ModelRequest['tools']) => JSON.parse(write({ messages: [], tools, settings: {}, whole: true })).tools
  const offered = (...tools: object[]) => tools.map((tool) => ({ type: 'function', function: tool }))
  expect(toolsOf([act])).toEqual(offered(act))
  for (let times = 0; times < 2; times++) expect(toolsOf([rest, act])).toEqual(offered(rest, act))
  expect(toolsOf([act, rest])).toEqual(offered(act, rest))
  expect(toolsOf([act])).toEqual(offered(act))
  expect(toolsOf([{ ...act, name: 'act' }, { name: 'act', parameters: { type: 'array' } }])).toEqual(offered(act, { name: 'act', parameters: { type: 'array' } }))
  expect(toolsOf([])).toBeUndefined()
})

it('offers tools with what belongs to them, and without them nothing of it', () => {
  const settings = { toolChoice: 'required', parallelToolCalls: false }
  const tools = [{ name: 'act', description: 'Acts.', parameters: { type: 'object' } }]
  expect(ask({ settings, tools })).toMatchObject({ tools: [{ type: 'function', function: tools[0] }], tool_choice: 'required', parallel_tool_calls: false })
  for (const member of ['tools', 'tool_choice', 'parallel_tool_calls']) expect(ask({ settings })).not.toHaveProperty(member)
})

describe('messages', () => {
  const messages = (...given: ModelRequest['messages']) => (ask({ messages: given }) as { messages: unknown }).messages

  it('of all roles', () => {
    const call = { id: 'c', name: 'act', arguments: '{"n": 1}' }
    expect(
      messages(
        { role: 'system', text: 'be brief' },
        { role: 'assistant', text: '', toolCalls: [call] },
        { role: 'tool', toolCallId: 'c', name: 'act', text: 'done' },
        { role: 'assistant', text: 'so', toolCalls: [] },
      ),
    ).toEqual([
      { role: 'system', content: 'be brief' },
      { role: 'assistant', content: '', tool_calls: [{ id: 'c', type: 'function', function: { name: 'act', arguments: '{"n": 1}' } }] },
      { role: 'tool', tool_call_id: 'c', content: 'done' },
      { role: 'assistant', content: 'so' },
    ])
  })

  it('with images, by their bytes or their address', () => {
    const content = [{ type: 'text', text: 'look' }, { type: 'image', mimeType: 'image/png', base64: 'AAAA' }, { type: 'image-url', url: 'https://x.test/y' }] as const
    expect(messages({ role: 'user', content })).toEqual([
      {
        role: 'user',
        content: [
          { type: 'text', text: 'look' },
          { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
          { type: 'image_url', image_url: { url: 'https://x.test/y' } },
        ],
      },
    ])
  })
})
