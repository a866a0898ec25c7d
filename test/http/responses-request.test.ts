// From a request to a run: who, in which session, with what conversation, tools and settings.

import { describe, expect, it } from 'vitest'
import { createStorage } from 'unstorage'
import { checkRequest, ownTools, toConversation, toRunRequest } from '../../src/http/responses-request.ts'
import { responseRequest } from '../../src/protocol/responses.ts'
import { createMedia } from '../../src/services/conversation/media.ts'
import type { Continued } from '../../src/services/conversation/responses.ts'
import { createConversation, OPERATOR, playedProvider } from '../services/conversation/conversation.ts'
import type { Data } from '../harness/client.ts'

const CONFIG = {
  agents: { list: [{ id: 'main', default: true }, { id: 'second' }] },
  models: { providers: { mock: { api: 'played', baseUrl: 'http://127.0.0.1:1/v1', models: [{ id: 'small', contextWindow: 20 }] } } },
}

async function setUp() {
  const conversation = await createConversation({ config: CONFIG, providers: [playedProvider(async function* () {})] })
  const { agents, models, sessions, clock } = conversation
  const deps = { agents, models, sessions, clock, media: createMedia(createStorage()), responses: { item: () => null } as never, outside: null as never }
  return {
    ...conversation,
    async run(body: Data, headers: Record<string, string> = {}, previous: Continued | null = null) {
      const request = responseRequest.parse({ model: 'openclaw', input: 'hi', ...body })
      checkRequest(request)
      const asker = { headers: { get: (name: string) => headers[name] ?? null }, principal: OPERATOR }
      return toRunRequest(request, await toConversation(request, asker, previous, deps), OPERATOR, deps)
    },
  }
}

const previous = (sessionKey = 'agent:main:openresponses:before'): Continued => ({
  id: 'resp_1',
  sessionKey,
  items: [
    { type: 'message', id: 'msg_1', role: 'user', content: 'one' },
    { type: 'message', id: 'msg_2', role: 'assistant', content: 'two' },
  ] as never,
})

describe('who is addressed', () => {
  it('is an agent in a session that is made for it, or in one that is named', async () => {
    const { run } = await setUp()
    expect(await run({})).toMatchObject({ sessionKey: expect.stringMatching(/^agent:main:openresponses:/), isNew: true, turns: [{ role: 'user', content: 'hi' }] })
    const named = await run({}, { 'x-openclaw-session-key': 'agent:second:x' })
    expect([named.sessionKey, named.isNew, named.turns]).toEqual(['agent:second:x', undefined, undefined])
    expect((await run({ user: 'ann', model: 'openclaw/second' })).sessionKey).toBe('agent:second:openresponses-user:ann')
  })

  it('is a model, bare', async () => {
    const { run } = await setUp()
    expect(await run({ model: 'mock/small', max_output_tokens: 5 })).toMatchObject({ model: 'mock/small', bare: true, settings: { maxCompletionTokens: 5 } })
    expect((await run({ max_output_tokens: 5 })).settings).toEqual({ maxTokens: 5 })
    await expect(run({ model: 'nothing/x' })).rejects.toMatchObject({ options: { code: 'model_not_found' } })
  })
})

describe('what is continued', () => {
  it('comes before what is new, in its session, of which only the new is written down', async () => {
    const { run } = await setUp()
    const made = await run({ previous_response_id: 'resp_1' }, {}, previous())
    expect(made).toMatchObject({ sessionKey: 'agent:main:openresponses:before', turns: [{ content: 'one' }, { text: 'two' }, { content: 'hi' }], input: [{ role: 'user', content: 'hi' }] })
    expect(made.isNew).toBeUndefined()
  })

  it('goes on with another agent in a session of its own', async () => {
    const { run } = await setUp()
    expect((await run({ previous_response_id: 'resp_1', model: 'openclaw/second' }, {}, previous())).sessionKey).toMatch(/^agent:second:openresponses:/)
  })

  it('is what counts, also in a session with a transcript', async () => {
    const { run } = await setUp()
    expect((await run({ previous_response_id: 'resp_1', user: 'ann' }, {}, previous())).turns).toHaveLength(3)
  })
})

describe('what is said', () => {
  it('has the words of the system as instructions', async () => {
    const { run } = await setUp()
    const made = await run({ instructions: 'a', input: [{ role: 'system', content: 'b' }, { role: 'user', content: 'hi' }, { role: 'developer', content: [{ type: 'input_text', text: 'c' }] }] })
    expect([made.instructions, made.turns]).toEqual(['a\n\nb\n\nc', [{ role: 'user', content: 'hi' }]])
  })

  it('is cut for a small model only when that is asked for', async () => {
    const { run } = await setUp()
    const input = [{ role: 'user', content: 'x'.repeat(100) }, { role: 'assistant', content: 'y' }, { role: 'user', content: 'now' }]
    expect((await run({ model: 'mock/small', input, truncation: 'auto' })).turns).toEqual([{ role: 'user', content: 'now' }])
    expect((await run({ model: 'mock/small', input })).turns).toHaveLength(3)
  })
})

describe('tools', () => {
  const tools = [{ type: 'function', name: 'a', description: 'A.', parameters: { type: 'object' } }, { type: 'function', name: 'b' }, { type: 'custom', name: 'c' }, { type: 'web_search' }]
  const names = (made: { clientTools?: readonly { name: string }[] }) => (made.clientTools ?? []).map(({ name }) => name)

  it('are those of the client', async () => {
    const { run } = await setUp()
    const made = await run({ tools, parallel_tool_calls: false })
    expect(made.clientTools).toEqual([
      { name: 'a', description: 'A.', parameters: { type: 'object' } },
      { name: 'b', parameters: { type: 'object', properties: {} } },
      { name: 'c', parameters: { type: 'object', properties: { input: { type: 'string' } }, required: ['input'] } },
    ])
    expect(made.settings).toEqual({ parallelToolCalls: false })
    expect(ownTools(null)).toEqual([])
  })

  it('may be chosen, and limited, those of the gateway too', async () => {
    const { run } = await setUp()
    const none = await run({ tools, tool_choice: 'none' })
    expect([names(none), none.toolsAllow]).toEqual([[], []])
    expect((await run({ tools, tool_choice: 'required' })).settings.toolChoice).toBe('required')
    expect((await run({ tools, tool_choice: { type: 'custom', name: 'c' } })).settings.toolChoice).toEqual({ type: 'function', function: { name: 'c' } })
    const allowed = (mode: string) => run({ tools, tool_choice: { type: 'allowed_tools', mode, tools: [{ type: 'function', name: 'b' }, { type: 'web_search' }] } })
    for (const [mode, left, choice] of [['auto', ['b'], undefined], ['required', ['b'], 'required'], ['none', [], undefined]] as const) {
      const made = await allowed(mode)
      expect([names(made), made.toolsAllow, made.settings.toolChoice]).toEqual([left, left, choice])
    }
  })

  it.each([
    [{ background: true }, 'background'],
    [{ conversation: 'conv_1' }, 'conversation'],
    [{ prompt: { id: 'pmpt_1' } }, 'prompt'],
    [{ top_logprobs: 2 }, 'top_logprobs'],
    [{ input: null }, 'input'],
    [{ input: [] }, 'input'],
    [{ tool_choice: 'required' }, 'tool_choice'],
    [{ tools, tool_choice: { type: 'function', name: 'z' } }, 'tool_choice'],
    [{ tools, tool_choice: { type: 'allowed_tools', tools: [{ type: 'function', name: 'z' }] } }, 'tool_choice'],
    [{ input: [{ type: 'function_call_output', call_id: 'x', output: 'y' }] }, 'input'],
  ])('%j is refused, with the member that is wrong', async (body, param) => {
    const { run } = await setUp()
    await expect(run(body)).rejects.toMatchObject({ code: 'INVALID_REQUEST', options: { param } })
  })
})

it('passes settings on in the words of chat completions', async () => {
  const { run } = await setUp()
  const format = { type: 'json_schema', name: 'n', schema: {}, description: 'd', strict: true }
  const made = await run({ temperature: 0, top_p: 0.5, presence_penalty: 1, frequency_penalty: -1, reasoning: { effort: 'low' }, text: { format } })
  expect(made.settings).toEqual({
    temperature: 0,
    topP: 0.5,
    presencePenalty: 1,
    frequencyPenalty: -1,
    reasoningEffort: 'low',
    responseFormat: { type: 'json_schema', json_schema: { name: 'n', schema: {}, description: 'd', strict: true } },
  })
  expect((await run({ text: { format: { type: 'json_object' } } })).settings).toEqual({ responseFormat: { type: 'json_object' } })
  expect((await run({ text: { format: { type: 'text' } } })).settings).toEqual({})
})
