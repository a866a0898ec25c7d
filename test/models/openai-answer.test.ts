// What comes back on the chat completions wire, put together out of chunks.

import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createAnswer, createEventReader, readWhole, toChunk, type Chunk } from '../../src/models/openai-answer.ts'
import type { ModelEvent } from '../../src/index.ts'
import { noUsage } from '../../src/protocol/shapes.ts'

const SPEC = { provider: 'mock', model: 'm', baseUrl: 'http://mock.test', apiKey: 'sk-mock', headers: {}, timeoutMs: 1000 }

/** All events of an answer of these chunks. */
function eventsOf(...chunks: readonly Chunk[]): ModelEvent[] {
  const answer = createAnswer(SPEC)
  return [...chunks.flatMap((chunk) => answer.add(chunk)), ...answer.end()]
}
type Delta = NonNullable<NonNullable<Chunk['choices']>[number]['delta']>
const delta = (value: Delta, finish: string | null = null): Chunk => ({ id: 'up', choices: [{ delta: value, finish_reason: finish }] })
const END: Chunk = delta({}, 'stop')
const callsIn = (events: readonly ModelEvent[]) => events.flatMap((event) => (event.type === 'tool-call' ? [event.call] : []))

describe('an answer', () => {
  it('is text and reasoning as they come, then usage, then the end', () => {
    expect(eventsOf(delta({ reasoning_content: 'hm' }), delta({ content: 'one ' }), delta({ content: '' }), delta({ content: 'two' }), END)).toEqual([
      { type: 'reasoning', text: 'hm' },
      { type: 'text', text: 'one ' },
      { type: 'text', text: 'two' },
      { type: 'usage', usage: noUsage() },
      { type: 'stop', reason: 'stop', responseId: 'up' },
    ])
  })

  it('knows both names of reasoning, and takes a refusal as what is said', () => {
    expect(eventsOf(delta({ reasoning: 'hm' }), delta({ content: null, refusal: 'I will not.' }), END).slice(0, 2)).toEqual([
      { type: 'reasoning', text: 'hm' },
      { type: 'text', text: 'I will not.', refusal: true },
    ])
  })

  it('that has no end broke off', () => {
    expect(() => eventsOf(delta({ content: 'half' }))).toThrow('mock broke off in the middle of the answer')
    expect(() => eventsOf()).toThrow(expect.objectContaining({ kind: 'network' }))
  })

  it.each([['stop', 'stop'], ['length', 'length'], ['tool_calls', 'tool_calls'], ['function_call', 'tool_calls'], ['content_filter', 'content_filter'], ['eos', 'stop']])(
    'that ends with %s ended with %s',
    (given, reason) => {
      expect(eventsOf(delta({}, given)).at(-1)).toMatchObject({ type: 'stop', reason })
    },
  )

  it('may lack an id, choices or deltas', () => {
    expect(eventsOf({}, { choices: [] }, { choices: [{}] }, { choices: [{ finish_reason: 'stop' }] }).at(-1)).toEqual({ type: 'stop', reason: 'stop' })
  })
})

describe('a call', () => {
  const piece = (fragment: object) => delta({ tool_calls: [fragment] })
  const piecesIn = (events: readonly ModelEvent[]) => events.flatMap((event) => (event.type === 'call-piece' ? [[event.id, event.name, event.text]] : []))

  it('is told as it is written, once it is known whose it is, and then whole', () => {
    const events = eventsOf(
      piece({ index: 0, function: { arguments: '{' } }),
      piece({ index: 0, id: 'a', function: { name: 'act', arguments: '"n"' } }),
      piece({ index: 0, function: { arguments: '' } }),
      piece({ index: 1, id: 'b', function: { name: 'act', arguments: '' } }),
      piece({ index: 0, function: { arguments: ':1}' } }),
      piece({ index: 1, function: { arguments: '{}' } }),
      delta({}, 'tool_calls'),
    )
    expect(piecesIn(events)).toEqual([['a', 'act', '{"n"'], ['b', 'act', ''], ['a', 'act', ':1}'], ['b', 'act', '{}']])
    expect(callsIn(events)).toEqual([{ id: 'a', name: 'act', arguments: '{"n":1}' }, { id: 'b', name: 'act', arguments: '{}' }])
  })

  it('that has no id, or came in one piece, is told whole alone', () => {
    expect(piecesIn(eventsOf(piece({ index: 0, function: { name: 'act', arguments: '{}' } }), delta({}, 'tool_calls')))).toEqual([])
    const message = { tool_calls: [{ id: 'a', function: { name: 'act', arguments: '{}' } }] }
    expect(piecesIn(eventsOf({ choices: [{ message, finish_reason: 'tool_calls' }] }))).toEqual([])
  })
})

describe('usage', () => {
  const usageOf = (usage: Chunk['usage']) => eventsOf(END, { choices: [], usage: usage ?? null }).find((event) => event.type === 'usage')!.usage

  it('tells cached tokens apart from others', () => {
    const usage = { prompt_tokens: 12, completion_tokens: 5, prompt_tokens_details: { cached_tokens: 4 }, completion_tokens_details: { reasoning_tokens: 2 } }
    expect(usageOf(usage)).toEqual({ input: 8, cacheRead: 4, output: 5, cacheWrite: 0, reasoning: 2, totalTokens: 17 })
  })

  it('may lack everything', () => {
    for (const usage of [null, undefined, {}, { prompt_tokens_details: null, completion_tokens_details: null }]) expect(usageOf(usage)).toEqual(noUsage())
    expect(usageOf({ prompt_tokens: 1, prompt_tokens_details: { cached_tokens: 9 } })).toMatchObject({ input: 0, cacheRead: 9, totalTokens: 9 })
  })

  it('is the last that was told', () => {
    const usages = [{ prompt_tokens: 1 }, { prompt_tokens: 2 }, { prompt_tokens: 3 }].map((usage): Chunk => ({ choices: [], usage }))
    expect(eventsOf(...usages, END).filter((event) => event.type === 'usage')).toMatchObject([{ usage: { input: 3 } }])
  })
})

describe('tool calls', () => {
  it('are put together out of fragments, however these are cut and mixed', () => {
    const calls = fc.array(fc.record({ id: fc.uuid(), name: fc.constantFrom('act', 'look'), arguments: fc.json({ maxDepth: 2 }) }), { minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(calls, fc.infiniteStream(fc.nat(5)), (wanted, sizes) => {
        const size = () => sizes.next().value as number
        const rest = wanted.map((call) => call.arguments)
        const chunks = wanted.map((call, index) => delta({ tool_calls: [{ index, id: call.id, function: { name: call.name, arguments: '' } }] }))
        while (rest.some((text) => text !== '')) {
          const index = size() % wanted.length
          const taken = rest[index]!.slice(0, 1 + size())
          rest[index] = rest[index]!.slice(taken.length)
          chunks.push(delta({ tool_calls: [{ index, function: { arguments: taken } }] }))
        }
        expect(callsIn(eventsOf(...chunks, delta({}, 'tool_calls')))).toEqual(wanted)
      }),
    )
  })

  it('come in the order of their numbers, before the end', () => {
    const second = delta({ tool_calls: [{ index: 1, id: 'b', function: { name: 'two', arguments: '{}' } }] })
    const first = delta({ tool_calls: [{ index: 0, id: 'a', function: { name: 'one', arguments: '{}' } }] })
    const events = eventsOf(second, first, delta({}, 'tool_calls'))
    expect(callsIn(events).map((call) => call.id)).toEqual(['a', 'b'])
    expect(events.at(-1)).toMatchObject({ type: 'stop', reason: 'tool_calls' })
  })

  it('without a number stand where they are, without an id get one, without a name are none', () => {
    const whole = [{ function: { name: 'one', arguments: '{}' } }, { id: 'mine', function: { name: 'two' } }, { id: 'x', function: { arguments: '{}' } }]
    expect(callsIn(eventsOf(delta({ tool_calls: whole }), END))).toEqual([
      { id: 'call_0', name: 'one', arguments: '{}' },
      { id: 'mine', name: 'two', arguments: '' },
    ])
    expect(callsIn(eventsOf(delta({ tool_calls: [{ index: 3, id: 'd', function: { name: 'four' } }] }), END))).toEqual([{ id: 'd', name: 'four', arguments: '' }])
    expect(callsIn(eventsOf(delta({ tool_calls: null }), END))).toEqual([])
  })
})

describe('a failure in the middle', () => {
  it.each([
    [{ error: { message: 'overloaded' } }, 'server', 'mock failed: overloaded'],
    [{ error: 'overloaded' }, 'server', 'mock failed: overloaded'],
    [{ error: {} }, 'server', 'mock failed: no reason given'],
    [{ error: { message: 'Context length exceeded' } }, 'context_length', 'mock failed: Context length exceeded'],
    [{ error: { message: 'bad key sk-mock' } }, 'server', 'mock failed: bad key [key]'],
  ])('%j is told as %s', (chunk, kind, message) => {
    expect(() => createAnswer(SPEC).add(chunk)).toThrow(expect.objectContaining({ kind, message }))
  })
})

describe('an answer in one piece', () => {
  it('is read as one', () => {
    const answer = createAnswer(SPEC)
    const body = { id: 'up', choices: [{ message: { content: 'whole', tool_calls: [{ id: 'c', function: { name: 'act', arguments: '{}' } }] }, finish_reason: 'tool_calls' }], usage: { prompt_tokens: 3 } }
    expect([...readWhole(SPEC, answer, JSON.stringify(body)), ...answer.end()]).toMatchObject([
      { type: 'text', text: 'whole' },
      { type: 'tool-call', call: { id: 'c' } },
      { type: 'usage', usage: { input: 3 } },
      { type: 'stop', reason: 'tool_calls', responseId: 'up' },
    ])
  })

  it('that is no JSON is a failure of the server', () => {
    for (const text of ['', '<html>', '{"choices":']) expect(() => readWhole(SPEC, createAnswer(SPEC), text)).toThrow(expect.objectContaining({ kind: 'server', message: 'mock answered something that is not JSON' }))
  })
})

describe('events', () => {
  const read = (...pieces: readonly string[]) => {
    const reader = createEventReader()
    return { data: pieces.flatMap((piece) => [...reader.feed(piece)]), done: reader.done }
  }

  it('are complete at an empty line, whatever ends lines', () => {
    expect(read('data: one\n\ndata: two\r\n\r\n')).toEqual({ data: ['one', 'two'], done: false })
    expect(read('data: on', 'e\n', '\n')).toEqual({ data: ['one'], done: false })
    expect(read('data: never complete\n')).toEqual({ data: [], done: false })
  })

  it('may have comments, names and several lines', () => {
    expect(read(': ping\n\nevent: x\nid: 1\ndata: a\ndata: b\n\n:\n\n').data).toEqual(['a\nb'])
  })

  it('end with [DONE]', () => {
    expect(read('data: one\n\ndata: [DONE]\n\n')).toEqual({ data: ['one'], done: true })
    expect(read('data: "[DONE]"\n\n').done).toBe(false)
  })

  it('that are no JSON are a failure of the server', () => {
    expect(toChunk(SPEC, '{"id":"x"}')).toEqual({ id: 'x' })
    expect(() => toChunk(SPEC, '{nonsense')).toThrow(expect.objectContaining({ kind: 'server', message: 'mock sent a chunk that is not JSON' }))
  })
})

describe('JSON that is no answer', () => {
  it.each(['null', '{"choices":[null]}', '{"choices":{}}', '{"choices":[{"delta":{"tool_calls":{}}}]}', '{"error":{"message":7}}'])('%s is a failure of the server', (json) => {
    let thrown: unknown = null
    try {
      createAnswer(SPEC).add(toChunk(SPEC, json))
    } catch (error) {
      thrown = error
    }
    expect(thrown === null || (thrown as { kind?: string }).kind === 'server').toBe(true)
  })
})
