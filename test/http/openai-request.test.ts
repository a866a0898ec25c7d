// From a request to a run: who is addressed, in which session, with which conversation and settings.

import { describe, expect, it } from 'vitest'
import { toRunRequest } from '../../src/http/openai-request.ts'
import { chatRequest } from '../../src/protocol/openai.ts'
import type { GatewayError } from '../../src/protocol/errors.ts'
import type { Principal } from '../../src/protocol/scopes.ts'
import { noUsage } from '../../src/protocol/shapes.ts'
import { openaiCompatible } from '../../src/models/openai-compatible.ts'
import type { Data } from '../harness/client.ts'
import { createConversation, OPERATOR } from '../services/conversation/conversation.ts'

const CONFIG = {
  agents: { list: [{ id: 'main' }, { id: 'second' }] },
  models: { providers: { mock: { baseUrl: 'http://mock.test' }, other: { baseUrl: 'http://other.test', api: 'unspoken' } } },
}
const user = (content: Data) => ({ role: 'user', content })
const PNG = 'data:image/png;base64,AAAA'

async function make() {
  const conversation = await createConversation({ config: CONFIG, providers: [openaiCompatible] })
  const outside = {
    check: () => {},
    fetch: async (url: string) => ({ url, status: 200, type: 'image/png', bytes: new Uint8Array([1, 2, 3]) }),
  }
  const { signal } = new AbortController()
  const toRun = (body: Data, headers: Record<string, string> = {}, principal: Principal = OPERATOR) =>
    toRunRequest(chatRequest.parse({ model: 'openclaw', messages: [user('hi')], ...body }), { headers: new Headers(headers), principal, signal }, { ...conversation, outside })
  return { ...conversation, toRun }
}

const refusalOf = async (body: Data, headers: Record<string, string> = {}) => {
  const { toRun } = await make()
  return toRun(body, headers).then(
    () => expect.unreachable('it was taken'),
    ({ code, message, options }: GatewayError) => ({ kind: code, message, ...options }),
  )
}

describe('who is addressed', () => {
  it.each([
    ['openclaw', 'main'],
    ['openclaw/default', 'main'],
    ['openclaw/main', 'main'],
    ['openclaw/second', 'second'],
    ['openclaw:second', 'second'],
    ['agent:second', 'second'],
  ])('%s is the agent %s', async (model, agentId) => {
    const { toRun } = await make()
    const run = await toRun({ model })
    expect(run.sessionKey).toMatch(new RegExp(`^agent:${agentId}:openai:`))
    expect(run).not.toHaveProperty('bare')
    expect(run).not.toHaveProperty('model')
  })

  it('a configured model is itself, without agent around it', async () => {
    const { toRun } = await make()
    expect(await toRun({ model: 'mock/any' })).toMatchObject({ model: 'mock/any', bare: true, sessionKey: expect.stringMatching(/^agent:main:openai:/) })
  })

  it('is the agent that a header names, whatever the model is called', async () => {
    const { toRun } = await make()
    for (const model of ['gpt-4o', 'openclaw', 'openclaw/main', 'mock/any']) {
      const run = await toRun({ model }, { 'x-openclaw-agent-id': 'second' })
      expect(run.sessionKey, model).toMatch(/^agent:second:/)
      expect(run).not.toHaveProperty('bare')
    }
    expect((await toRun({}, { 'x-openclaw-agent-id': 'default' })).sessionKey).toMatch(/^agent:main:/)
  })

  it('may be an agent with another model', async () => {
    const { toRun } = await make()
    expect(await toRun({}, { 'x-openclaw-model': 'mock/any' })).toMatchObject({ model: 'mock/any' })
    expect((await toRun({}, { 'x-openclaw-model': 'mock/any' })).bare).toBeUndefined()
  })

  it.each([
    [{ model: 'gpt-4o' }, {}],
    [{ model: 'nowhere/x' }, {}],
    [{ model: 'openclaw/nobody' }, {}],
    [{ model: 'agent:' }, {}],
    [{}, { 'x-openclaw-agent-id': 'nobody' }],
  ])('%j %j is nobody', async (body, headers) => {
    expect(await refusalOf(body, headers)).toMatchObject({ kind: 'NOT_FOUND', param: 'model', code: 'model_not_found', message: expect.stringContaining('does not exist') })
  })

  it('a model whose wire is not spoken is refused with the reason', async () => {
    expect(await refusalOf({ model: 'other/x' })).toMatchObject({ kind: 'INVALID_REQUEST', message: expect.stringContaining('api "unspoken" is not supported') })
  })

  it('with a model that means nothing is refused', async () => {
    expect(await refusalOf({}, { 'x-openclaw-model': 'nowhere/x' })).toMatchObject({ kind: 'INVALID_REQUEST', param: 'model', message: expect.stringContaining('is not configured') })
  })
})

describe('a key', () => {
  const holder = (agents: string[]): Principal => ({ ...OPERATOR, id: 'key:k', key: { id: 'k', agents } })

  it('for some agents only addresses the first of them where none is named', async () => {
    const { toRun } = await make()
    for (const model of ['openclaw', 'openclaw/default']) expect((await toRun({ model }, {}, holder(['second']))).sessionKey, model).toMatch(/^agent:second:/)
    expect((await toRun({ model: 'mock/any' }, {}, holder(['second']))).sessionKey).toMatch(/^agent:second:/)
    expect((await toRun({}, {}, holder(['second', 'main']))).sessionKey).toMatch(/^agent:main:/)
  })
})

describe('the session', () => {
  it('is a new one for each call without a user', async () => {
    const { toRun } = await make()
    const [one, two] = [await toRun({}), await toRun({})]
    expect(one.sessionKey).not.toBe(two.sessionKey)
    expect(one.runId).not.toBe(two.runId)
    expect(one).toMatchObject({ isNew: true, origin: 'http', principal: OPERATOR, hash: '' })
  })

  it('is the same for a user, of each agent one', async () => {
    const { toRun } = await make()
    const run = await toRun({ user: 'Bob@X' })
    expect(run.sessionKey).toBe('agent:main:openai-user:bob@x')
    expect(run).not.toHaveProperty('isNew')
    expect(run).not.toHaveProperty('turns')
    expect((await toRun({ user: 'Bob@X', model: 'openclaw/second' })).sessionKey).toBe('agent:second:openai-user:bob@x')
  })

  it('is the one that a header names, also of another agent', async () => {
    const { toRun } = await make()
    expect((await toRun({ user: 'bob' }, { 'x-openclaw-session-key': 'notes' })).sessionKey).toBe('agent:main:notes')
    expect((await toRun({ model: 'openclaw/second' }, { 'x-openclaw-session-key': 'notes' })).sessionKey).toBe('agent:second:notes')
    expect((await toRun({}, { 'x-openclaw-session-key': 'agent:second:notes' })).sessionKey).toBe('agent:second:notes')
    expect((await toRun({}, { 'x-openclaw-session-key': 'main' })).sessionKey).toBe('agent:main:main')
  })

  it.each(['', 'agent:', 'agent:nobody:x'])('is refused where it cannot be: %j', async (key) => {
    expect(await refusalOf({}, { 'x-openclaw-session-key': key })).toMatchObject({ kind: 'INVALID_REQUEST' })
  })
})

describe('the conversation', () => {
  const call = { id: 'c', type: 'function', function: { name: 'act', arguments: '{"n":1}' } }
  const LONG = [
    { role: 'system', content: 'Be brief.' },
    user('one'),
    { role: 'assistant', content: null, tool_calls: [call] },
    { role: 'tool', tool_call_id: 'c', content: 'done' },
    { role: 'assistant', content: [{ type: 'text', text: 'so' }] },
    { role: 'developer', content: [{ type: 'text', text: 'In verse.' }] },
    user('two'),
    user('three'),
  ]

  it('of a call without a session is what it brought, instructions apart', async () => {
    const { toRun } = await make()
    const run = await toRun({ messages: LONG })
    expect(run.instructions).toBe('Be brief.\n\nIn verse.')
    expect(run.turns).toEqual([
      { role: 'user', content: 'one' },
      { role: 'assistant', text: '', toolCalls: [{ id: 'c', name: 'act', arguments: '{"n":1}' }] },
      { role: 'tool', toolCallId: 'c', name: '', text: 'done' },
      { role: 'assistant', text: 'so', toolCalls: [] },
      { role: 'user', content: 'two' },
      { role: 'user', content: 'three' },
    ])
    expect(run.input.map((message) => message.content), 'only what is new is written down').toEqual(['two', 'three'])
  })

  it('of a session that is empty is taken over whole', async () => {
    const { toRun } = await make()
    const { input, turns } = await toRun({ user: 'bob', messages: LONG })
    expect(turns).toBeUndefined()
    expect(input).toMatchObject([
      { role: 'user', content: 'one' },
      { role: 'assistant', api: 'client', usage: noUsage(), content: [{ type: 'text', text: '' }, { type: 'toolCall', id: 'c', name: 'act', arguments: { n: 1 } }] },
      { role: 'toolResult', toolCallId: 'c', content: [{ type: 'text', text: 'done' }], isError: false },
      { role: 'assistant', content: [{ type: 'text', text: 'so' }] },
      { role: 'user', content: 'two' },
      { role: 'user', content: 'three' },
    ])
  })

  it('of a session that goes on is what is new', async () => {
    const { toRun, sessions } = await make()
    const { sessionKey } = await toRun({ user: 'bob' })
    sessions.create({ key: sessionKey, via: 'run' })
    sessions.append(sessionKey, { role: 'user', content: 'before', timestamp: 1 })
    const contents = async (messages: Data[]) => (await toRun({ user: 'bob', messages })).input.map((message) => message.content)
    expect(await contents(LONG)).toEqual(['two', 'three'])
    expect(await contents(LONG.slice(0, 4))).toEqual([[{ type: 'text', text: 'done' }]])
    expect(await contents([user('only')])).toEqual(['only'])
    expect(await contents([user('one'), { role: 'assistant', content: 'begun' }]), 'an answer to be gone on with').toEqual(['one'])
  })

  it('may have arguments that are no JSON', async () => {
    const { toRun } = await make()
    const messages = [user('x'), { role: 'assistant', content: '', tool_calls: [{ ...call, function: { name: 'act', arguments: '{"n":' } }] }, { role: 'tool', tool_call_id: 'c', content: 'bad' }]
    const { input } = await toRun({ user: 'bob', messages })
    expect((input[1]!.content as Data[])[1]).toMatchObject({ arguments: { invalidJson: '{"n":' } })
  })
})

describe('images', () => {
  const parts = [{ type: 'text', text: 'look' }, { type: 'image_url', image_url: { url: PNG } }, { type: 'image_url', image_url: { url: 'https://x.test/y.png' } }, { type: 'refusal', refusal: 'no' }]

  it('go to the model and into the transcript by their bytes, those behind links too', async () => {
    const { toRun, media } = await make()
    const { turns, input } = await toRun({ messages: [user(parts)] })
    expect(turns).toEqual([
      {
        role: 'user',
        content: [
          { type: 'text', text: 'look' },
          { type: 'image', mimeType: 'image/png', base64: 'AAAA' },
          { type: 'image', mimeType: 'image/png', base64: 'AQID' },
          { type: 'text', text: 'no' },
        ],
      },
    ])
    const [text, image, linked] = input[0]!.content as Data[]
    expect(text).toEqual({ type: 'text', text: 'look' })
    expect([await media.load(image.mediaId), await media.load(linked.mediaId)]).toEqual(['AAAA', 'AQID'])
  })

  it('alone need no text', async () => {
    const { toRun } = await make()
    const { input } = await toRun({ messages: [user([{ type: 'image_url', image_url: { url: PNG } }])] })
    expect((input[0]!.content as Data[]).map((part) => part.type)).toEqual(['image'])
  })

  it.each(['ftp://x.test/y', 'javascript:1', 'data:image/svg+xml;base64,AAAA', 'data:image/png;base64,***', 'data:image/png,raw'])('at %s are refused', async (url) => {
    expect(await refusalOf({ messages: [user([{ type: 'image_url', image_url: { url } }])] })).toMatchObject({ kind: 'INVALID_REQUEST' })
  })
})

describe('settings', () => {
  it('are those that were given, under our names', async () => {
    const { toRun } = await make()
    const given = {
      temperature: 0, top_p: 0.5, max_tokens: 5, presence_penalty: 1, frequency_penalty: -1, stop: 'END', seed: 0,
      response_format: { type: 'json_object' }, reasoning_effort: 'low', stream: true,
    } // prettier-ignore
    const run = await toRun(given)
    expect(run.whole).toBe(false)
    expect(run.settings).toEqual({
      temperature: 0, topP: 0.5, maxTokens: 5, presencePenalty: 1, frequencyPenalty: -1, stop: ['END'], seed: 0,
      responseFormat: { type: 'json_object' }, reasoningEffort: 'low',
    }) // prettier-ignore
    expect((await toRun({ max_tokens: 5, max_completion_tokens: 9, stop: ['a', 'b'] })).settings).toEqual({ maxTokens: 9, stop: ['a', 'b'] })
  })

  it('have a limit in the words of the caller, and for an agent in those that all servers know', async () => {
    const { toRun } = await make()
    const limitOf = async (body: Data) => (await toRun(body)).settings
    for (const [model, expected] of [['mock/any', { maxCompletionTokens: 9 }], ['openclaw', { maxTokens: 9 }]] as const) {
      expect(await limitOf({ model, max_completion_tokens: 9 })).toEqual(expected)
      expect(await limitOf({ model, max_completion_tokens: 9, max_tokens: 5 }), 'one of them').toEqual(expected)
      expect(await limitOf({ model, max_tokens: 5 })).toEqual({ maxTokens: 5 })
    }
  })

  it('are none where null was given, or nothing', async () => {
    const { toRun } = await make()
    expect(await toRun({ temperature: null, stop: null, seed: null, tools: null, tool_choice: null, user: null, stream: null })).toMatchObject({ settings: {}, clientTools: [], whole: true })
  })
})

describe('tools', () => {
  const tools = [{ type: 'function', function: { name: 'act', description: 'Acts.', parameters: { type: 'object' }, strict: true } }, { type: 'function', function: { name: 'bare' } }]

  it('are the client’s', async () => {
    const { toRun } = await make()
    const run = await toRun({ tools, tool_choice: 'required', parallel_tool_calls: false })
    expect(run.clientTools).toEqual([
      { name: 'act', description: 'Acts.', parameters: { type: 'object' }, strict: true },
      { name: 'bare', parameters: { type: 'object', properties: {} } },
    ])
    expect(run.settings).toEqual({ toolChoice: 'required', parallelToolCalls: false })
    const named = { type: 'function', function: { name: 'act' } }
    expect((await toRun({ tools, tool_choice: named })).settings).toEqual({ toolChoice: named })
  })

  it('are left out where none may be called, and choices where there are none', async () => {
    const { toRun } = await make()
    expect(await toRun({ tools, tool_choice: 'none' }), 'nor the gateway’s own').toMatchObject({ clientTools: [], settings: {}, toolsAllow: [] })
    expect(await toRun({ tool_choice: 'auto', parallel_tool_calls: true })).toMatchObject({ clientTools: [], settings: {} })
  })
})

describe('what is refused', () => {
  it.each([
    [{ n: 2 }, 'n'],
    [{ logprobs: true }, 'logprobs'],
    [{ top_logprobs: 3 }, 'top_logprobs'],
    [{ modalities: ['text', 'audio'] }, 'modalities'],
    [{ functions: [{ name: 'old' }] }, 'functions'],
    [{ function_call: 'auto' }, 'function_call'],
    [{ web_search_options: {} }, 'web_search_options'],
    [{ messages: [user([{ type: 'input_audio', input_audio: { data: 'AAAA', format: 'wav' } }])] }, 'messages[0].content[0]'],
    [{ tool_choice: { type: 'allowed_tools', allowed_tools: { mode: 'auto', tools: [{ type: 'function', function: { name: 'other' } }] } } }, 'tool_choice'],
    [{ messages: [{ role: 'system', content: 'x' }] }, 'messages'],
    [{ tool_choice: 'required' }, 'tool_choice'],
    [{ tool_choice: { type: 'function', function: { name: 'other' } }, tools: [{ type: 'function', function: { name: 'act' } }] }, 'tool_choice'],
    [{ tool_choice: { type: 'function', function: { name: 'act' } } }, 'tool_choice'],
  ])('%j', async (body, param) => {
    expect(await refusalOf(body)).toMatchObject({ kind: 'INVALID_REQUEST', param })
  })

  it('is not what asks for the one that there is', async () => {
    const { toRun } = await make()
    await expect(toRun({ n: 1, logprobs: false })).resolves.toMatchObject({ origin: 'http' })
  })
})
