// The response out of a request: what was asked for comes back, what was not has the default of the wire.

import { expect, it } from 'vitest'
import { statusOf, thoughtsOf, toCallItem, toCreated, toResponseError, toSaidItem } from '../../src/http/responses-object.ts'
import { responseObject } from '../../src/protocol/responses-object.ts'
import { responseRequest } from '../../src/protocol/responses.ts'

it('is whole with the least that can be asked', () => {
  const created = toCreated('resp_1', { model: 'm' }, 1999)
  expect(responseObject.parse(created)).toEqual(created)
  expect(created).toMatchObject({ created_at: 1, tool_choice: 'auto', truncation: 'disabled', temperature: 1, top_p: 1, store: true, text: { format: { type: 'text' } }, reasoning: null })
})

it('says what was asked for', () => {
  const asked = {
    model: 'm',
    instructions: 'be brief',
    previous_response_id: 'resp_0',
    temperature: 0.1,
    truncation: 'auto',
    store: false,
    tools: [{ type: 'function', name: 'f' }, { type: 'custom', name: 'g' }, { type: 'web_search' }],
    tool_choice: { type: 'allowed_tools', tools: [{ type: 'function', name: 'f' }] },
    text: { verbosity: 'low' },
    reasoning: { effort: 'low' },
    metadata: { a: 'b' },
    safety_identifier: 's',
    prompt_cache_key: 'k',
  }
  const created = toCreated('resp_1', responseRequest.parse(asked), 1000)
  expect(responseObject.safeParse(created).error?.issues ?? []).toEqual([])
  const { reasoning, tools: _, tool_choice: __, text: ___, ...same } = asked
  expect(created).toMatchObject(same)
  expect(created.reasoning).toEqual({ ...reasoning, summary: null })
  expect(created.tools).toEqual([{ type: 'function', name: 'f', description: null, parameters: null, strict: null }, { type: 'custom', name: 'g', description: null }])
  expect(created.tool_choice).toMatchObject({ type: 'allowed_tools', mode: 'auto' })
  expect(created.text).toEqual({ format: { type: 'text' }, verbosity: 'low' })
})

it('shows thoughts to those who ask', () => {
  expect([{}, { reasoning: null }, { reasoning: {} }, { reasoning: { summary: 'auto' } }, { reasoning: { generate_summary: 'auto' } }].map((more) => thoughtsOf({ model: 'm', ...more }))).toEqual([
    null,
    null,
    'content',
    'summary',
    'summary',
  ])
})

it('knows how a run ended', () => {
  const end = (state: 'ok' | 'error' | 'aborted', stopReason: string) => statusOf({ state, stopReason } as Parameters<typeof statusOf>[0])
  expect([end('ok', 'stop'), end('ok', 'tool_calls'), end('ok', 'length'), end('ok', 'content_filter'), end('error', 'error'), end('aborted', 'rpc')]).toEqual([
    'completed',
    'completed',
    'incomplete',
    'incomplete',
    'failed',
    'failed',
  ])
  const code = (kind: 'context_length' | 'invalid' | 'server') => toResponseError({ error: { kind, message: 'm' } } as Parameters<typeof toResponseError>[0]).code
  expect([code('context_length'), code('invalid'), code('server')]).toEqual(['context_length_exceeded', 'invalid_prompt', 'server_error'])
})

it('makes items of words and calls', () => {
  expect(toSaidItem({ kind: 'reasoning', text: 'hm' }, 'rs_1', 'completed', 'summary')).toMatchObject({ type: 'reasoning', summary: [{ text: 'hm' }] })
  expect(toCallItem({ id: 'c', name: 'f', arguments: '{"input":1}' }, 'ctc_1', 'completed', true)).toMatchObject({ input: '{"input":1}' })
})
