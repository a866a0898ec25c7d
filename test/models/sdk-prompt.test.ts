// Requests in the words of the AI SDK: messages, tools, settings, and the marks for the cache.

import { describe, expect, it } from 'vitest'
import type { ModelMessage, ModelRequest } from '../../src/ports/model.ts'
import { writeContext } from '../../src/models/sdk-context.ts'
import { toCallOptions, toPrompt } from '../../src/models/sdk-prompt.ts'
import type { SdkWire } from '../../src/models/sdk-wire.ts'
import { SDK_WIRES } from '../../src/models/sdk-wires.ts'

const WIRE: SdkWire = { api: 'test', load: () => Promise.reject(new Error('it is not needed')) }
const CACHING: SdkWire = { ...WIRE, toCacheMark: () => ({ v: { keep: true } }) }
const request = (more: Partial<ModelRequest> = {}): ModelRequest => ({ messages: [{ role: 'user', content: 'hi' }], tools: [], settings: {}, whole: false, ...more })
const tool = (name: string) => ({ name, parameters: { type: 'object' } })
const optionsOf = (more: Partial<ModelRequest>) => toCallOptions(WIRE, 'm', request(more))
const wireOf = (api: string) => SDK_WIRES.find((wire) => wire.api === api)!

describe('messages', () => {
  it('have the system first, results together, and no empty turns', () => {
    const messages: ModelMessage[] = [
      { role: 'system', text: 'one' },
      { role: 'user', content: 'ask' },
      { role: 'assistant', text: '', toolCalls: [{ id: 'a', name: 'act', arguments: '{"x":1}' }, { id: 'b', name: 'act', arguments: 'no json' }] },
      { role: 'tool', toolCallId: 'a', name: 'act', text: 'ra' },
      { role: 'tool', toolCallId: 'b', name: 'act', text: 'rb', parts: [{ type: 'image', mimeType: 'image/png', base64: 'AA==' }] },
      { role: 'system', text: 'two' },
      { role: 'assistant', text: '', toolCalls: [] },
    ]
    expect(toPrompt(WIRE, 'm', messages)).toEqual([
      { role: 'system', content: 'one' },
      { role: 'system', content: 'two' },
      { role: 'user', content: [{ type: 'text', text: 'ask' }] },
      { role: 'assistant', content: [{ type: 'tool-call', toolCallId: 'a', toolName: 'act', input: { x: 1 } }, { type: 'tool-call', toolCallId: 'b', toolName: 'act', input: {} }] },
      {
        role: 'tool',
        content: [
          { type: 'tool-result', toolCallId: 'a', toolName: 'act', output: { type: 'text', value: 'ra' } },
          {
            type: 'tool-result', toolCallId: 'b', toolName: 'act',
            output: { type: 'content', value: [{ type: 'text', text: 'rb' }, { type: 'file', mediaType: 'image/png', data: { type: 'data', data: 'AA==' } }] },
          },
        ],
      },
    ]) // prettier-ignore
  })

  it('have the thoughts before a call, for the wire that had them', () => {
    const context = writeContext('test', { reasoning: [{ type: 'reasoning', text: 'hm', providerOptions: { v: { signature: 's' } } }], call: { v: { mark: 'm' } } })!
    const asked: ModelMessage[] = [{ role: 'assistant', text: 'wait', toolCalls: [{ id: 'a', name: 'act', arguments: '{}', context }] }]
    expect(toPrompt(WIRE, 'm', asked)[0]!.content).toEqual([
      { type: 'reasoning', text: 'hm', providerOptions: { v: { signature: 's' } } },
      { type: 'text', text: 'wait' },
      { type: 'tool-call', toolCallId: 'a', toolName: 'act', input: {}, providerOptions: { v: { mark: 'm' } } },
    ])
    expect(toPrompt({ ...WIRE, api: 'other' }, 'm', asked)[0]!.content).toHaveLength(2)
  })

  it('are marked for the cache behind the system and at the end', () => {
    const marks = (messages: ModelMessage[]) => toPrompt(CACHING, 'm', messages).map(({ providerOptions }) => providerOptions !== undefined)
    expect(marks([{ role: 'system', text: 's' }, { role: 'user', content: 'a' }, { role: 'assistant', text: 'b', toolCalls: [] }, { role: 'user', content: 'c' }])).toEqual([true, false, false, true])
    expect(marks([{ role: 'user', content: 'a' }])).toEqual([true])
    expect(marks([{ role: 'system', text: 's' }])).toEqual([true])
  })

  it('are marked on Bedrock only for models that have a cache', () => {
    const bedrock = wireOf('bedrock-converse-stream')
    expect(bedrock.toCacheMark!('eu.anthropic.claude-sonnet-4-5-20250929-v1:0')).not.toBeNull()
    expect(bedrock.toCacheMark!('meta.llama3-70b-instruct-v1:0')).toBeNull()
  })

  it('take files, images, and addresses of images that are http(s)', () => {
    const content = [
      { type: 'file' as const, mimeType: 'application/pdf', base64: 'AA==', name: 'a.pdf' },
      { type: 'image-url' as const, url: 'data:image/gif;base64,BB==' },
      { type: 'image-url' as const, url: 'https://i.test/x.JPG' },
      { type: 'image-url' as const, url: 'https://i.test/x' },
    ]
    expect(toPrompt(WIRE, 'm', [{ role: 'user', content }])[0]!.content).toEqual([
      { type: 'file', mediaType: 'application/pdf', data: { type: 'data', data: 'AA==' }, filename: 'a.pdf' },
      { type: 'file', mediaType: 'image/gif', data: { type: 'data', data: 'BB==' } },
      { type: 'file', mediaType: 'image/jpeg', data: { type: 'url', url: new URL('https://i.test/x.JPG') } },
      { type: 'file', mediaType: 'image/*', data: { type: 'url', url: new URL('https://i.test/x') } },
    ])
    for (const url of ['file:///etc/passwd', 'data:text/plain,x', 'nonsense']) {
      expect(() => toPrompt(WIRE, 'm', [{ role: 'user', content: [{ type: 'image-url', url }] }]), url).toThrow('not http(s)')
    }
  })

  it('have ids of calls as each vendor takes them, the same for a call and its result', () => {
    const id = 'call_of|another.model+1'
    const idsOf = (api: string) => {
      const [call, result] = toPrompt(wireOf(api), 'm', [{ role: 'assistant', text: '', toolCalls: [{ id, name: 'act', arguments: '{}' }] }, { role: 'tool', toolCallId: id, name: 'act', text: 'r' }])
      return [call, result].map((message) => (message!.content[0] as { toolCallId: string }).toolCallId)
    }
    expect(idsOf('anthropic-messages')).toEqual(['call_of_another_model_1', 'call_of_another_model_1'])
    const [one, other] = idsOf('mistral-conversations')
    expect(one).toMatch(/^[a-z0-9]{9}$/)
    expect(other).toBe(one)
    expect(wireOf('mistral-conversations').toCallId!('abcDEF123')).toBe('abcDEF123')
  })
})

describe('thinking', () => {
  const asked: ModelMessage = { role: 'user', content: 'hi' }
  const context = writeContext('anthropic-messages', { reasoning: [{ type: 'reasoning', text: 'hm', providerOptions: { anthropic: { signature: 's' } } }] })!
  const calls = (more: object) => [asked, { role: 'assistant' as const, text: '', toolCalls: [{ id: 'a', name: 'act', arguments: '{}', ...more }] }, { role: 'tool' as const, toolCallId: 'a', name: 'act', text: 'r' }]
  it.each([
    ['at first', [asked], undefined, 'high'],
    ['with its thoughts', calls({ context }), undefined, 'high'],
    ['without its thoughts', calls({}), undefined, undefined],
    ['in a new turn', [...calls({}), asked], undefined, 'high'],
    ['when a tool is forced', [asked], 'required', undefined],
    ['when one tool is forced', [asked], { type: 'function', function: { name: 'act' } }, undefined],
  ])('of Claude is asked for only where it is allowed: %s', (_, messages, toolChoice, reasoning) => {
    const options = toCallOptions(wireOf('anthropic-messages'), 'm', request({ messages, tools: [tool('act')], settings: { reasoningEffort: 'high', toolChoice } }))
    expect(options.reasoning).toBe(reasoning)
  })
})

describe('tools', () => {
  const tools = [tool('a'), tool('b')]
  it.each([
    ['auto', { type: 'auto' }],
    ['none', { type: 'none' }],
    ['required', { type: 'required' }],
    [{ type: 'function', function: { name: 'b' } }, { type: 'tool', toolName: 'b' }],
    [{ type: 'function', name: 'b' }, { type: 'tool', toolName: 'b' }],
    [undefined, undefined],
    [null, undefined],
  ])('are chosen by %j', (toolChoice, chosen) => {
    const options = optionsOf({ tools, settings: { toolChoice } })
    expect(options.toolChoice).toEqual(chosen)
    expect(options.tools?.map(({ name }) => name)).toEqual(['a', 'b'])
  })

  it('may be narrowed down', () => {
    const allowed = (mode: string) => optionsOf({ tools, settings: { toolChoice: { type: 'allowed_tools', allowed_tools: { mode, tools: [{ type: 'function', function: { name: 'b' } }] } } } })
    expect(allowed('required')).toMatchObject({ toolChoice: { type: 'required' }, tools: [{ name: 'b' }] })
    expect(allowed('auto').toolChoice).toEqual({ type: 'auto' })
  })

  it('are not chosen where there are none', () => {
    expect(optionsOf({ settings: { toolChoice: 'required' } })).toEqual({ prompt: [{ role: 'user', content: [{ type: 'text', text: 'hi' }] }] })
  })
})

describe('settings', () => {
  it('are passed on under the names of the library', () => {
    const settings = { temperature: 0.5, topP: 0.9, maxTokens: 5, maxCompletionTokens: 7, stop: ['x'], presencePenalty: 1, frequencyPenalty: 2, seed: 3 }
    expect(optionsOf({ settings })).toMatchObject({ temperature: 0.5, topP: 0.9, maxOutputTokens: 7, stopSequences: ['x'], presencePenalty: 1, frequencyPenalty: 2, seed: 3 })
  })

  it.each([['off', 'none'], ['none', 'none'], ['minimal', 'minimal'], ['high', 'high'], ['xhigh', 'xhigh'], ['most', undefined], [undefined, undefined]] as const)('take the effort %s as %s', (reasoningEffort, reasoning) => {
    expect(optionsOf({ settings: reasoningEffort === undefined ? {} : { reasoningEffort } }).reasoning).toBe(reasoning)
  })

  it.each([
    [{ type: 'text' }, undefined],
    [{ type: 'json_object' }, { type: 'json' }],
    [{ type: 'json_schema', json_schema: { name: 'n', description: 'd', schema: { type: 'object' }, strict: true } }, { type: 'json', name: 'n', description: 'd', schema: { type: 'object' } }],
  ])('take the format %j', (responseFormat, format) => {
    expect(optionsOf({ settings: { responseFormat } }).responseFormat).toEqual(format)
  })
})
