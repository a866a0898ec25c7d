// The events of a response: their order by the state machine, and that the response which is stored is the one that is told.

import { describe, expect, it } from 'vitest'
import type { ResponseEvent } from '../../src/protocol/responses-events.ts'
import { noUsage } from '../../src/protocol/shapes.ts'
import type { RunResult } from '../../src/services/conversation/run-table.ts'
import { toCreated, type Thoughts } from '../../src/http/responses-object.ts'
import { createResponseWriter } from '../../src/http/responses-writer.ts'
import { checkEvents, textIn } from '../harness/response-events.ts'

const resultOf = (changes: Partial<RunResult> = {}): RunResult => ({
  state: 'ok',
  text: '',
  stopReason: 'stop',
  toolCalls: [],
  usage: { ...noUsage(), input: 1, output: 2, cacheRead: 3, cacheWrite: 4, reasoning: 5, totalTokens: 10 },
  provider: 'p',
  model: 'm',
  startedAt: 1000,
  endedAt: 2000,
  ...changes,
})

function write(thoughts: Thoughts = 'summary', customTools: readonly string[] = []) {
  const events: ResponseEvent[] = []
  const created = toCreated('resp_0123', { model: 'm' }, 1000)
  const writer = createResponseWriter({ created, thoughts, customTools: new Set(customTools), emit: (event) => void events.push(event) })
  const hear: typeof writer.hear = (progress) => {
    writer.note(progress)
    writer.hear(progress)
  }
  return { events, writer, hear }
}

describe('the events of a response', () => {
  it('are those of a text that comes in pieces', () => {
    const { events, writer, hear } = write()
    hear({ type: 'text', text: 'one ' })
    hear({ type: 'text', text: 'two' })
    writer.end(resultOf({ text: 'one two' }))
    expect(events.map((event) => event.type)).toEqual([
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.content_part.added',
      'response.output_text.delta',
      'response.output_text.delta',
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.completed',
    ])
    expect(checkEvents(events)).toMatchObject({
      created_at: 1,
      completed_at: 2,
      usage: { input_tokens: 8, input_tokens_details: { cached_tokens: 3, cache_write_tokens: 4 }, output_tokens: 2, output_tokens_details: { reasoning_tokens: 5 }, total_tokens: 10 },
    })
  })

  it('tell at the end what was not heard', () => {
    for (const heard of ['', 'one ', 'one two']) {
      const { events, writer, hear } = write()
      hear({ type: 'text', text: heard })
      writer.end(resultOf({ text: 'one two' }))
      expect(checkEvents(events).output.map(textIn)).toEqual(['one two'])
    }
  })

  it('are of an empty message when nothing was said, unless nobody was asked', () => {
    const { events, writer } = write()
    writer.end(resultOf())
    expect(checkEvents(events).output).toMatchObject([{ type: 'message', content: [{ text: '' }] }])
    const created = toCreated('resp_0123', { model: 'm' }, 1000)
    const silent = createResponseWriter({ created, thoughts: null, customTools: new Set(), silent: true, emit: () => {} })
    expect(silent.final(resultOf()).output).toEqual([])
  })

  it('show thoughts as they were asked for, and words and thoughts in turn as items of their own', () => {
    for (const [thoughts, kinds] of [['summary', ['reasoning', 'message', 'reasoning', 'message']], ['content', ['reasoning', 'message', 'reasoning', 'message']], [null, ['message']]] as const) {
      const { events, writer, hear } = write(thoughts)
      for (const text of ['a', 'b']) {
        hear({ type: 'reasoning', text: `thinking ${text}` })
        hear({ type: 'text', text })
      }
      writer.end(resultOf({ text: 'ab' }))
      expect(checkEvents(events).output.map((item) => item.type)).toEqual(kinds)
    }
  })

  it('have calls behind what was said, with free text where a tool takes that', () => {
    const { events, writer, hear } = write(null, ['patch'])
    hear({ type: 'text', text: 'let me' })
    const toolCalls = [
      { id: 'call_1', name: 'f', arguments: '{"a":1}' },
      { id: 'call_2', name: 'patch', arguments: '{"input":"***"}' },
      { id: 'call_3', name: 'patch', arguments: 'no json' },
      { id: 'call_4', name: 'g', arguments: '' },
    ]
    writer.end(resultOf({ text: 'let me', toolCalls, stopReason: 'tool_calls' }))
    expect(checkEvents(events).output).toMatchObject([
      { type: 'message' },
      { type: 'function_call', call_id: 'call_1', arguments: '{"a":1}' },
      { type: 'custom_tool_call', call_id: 'call_2', input: '***' },
      { type: 'custom_tool_call', input: 'no json' },
      { type: 'function_call', arguments: '' },
    ])
  })

  it('have no message when there are calls alone', () => {
    const { events, writer } = write()
    writer.end(resultOf({ toolCalls: [{ id: 'c', name: 'f', arguments: '{}' }] }))
    expect(checkEvents(events).output.map((item) => item.type)).toEqual(['function_call'])
  })

  it('tell a refusal as one, heard or not', () => {
    for (const heard of [true, false]) {
      const { events, writer, hear } = write()
      if (heard) hear({ type: 'text', text: 'I will not', refusal: true })
      writer.end(resultOf({ text: 'I will not.', refused: true }))
      expect(checkEvents(events).output).toMatchObject([{ content: [{ type: 'refusal', refusal: 'I will not.' }] }])
    }
  })

  it('end incomplete with the last item incomplete, whatever it is', () => {
    for (const result of [resultOf({ text: 'cut', stopReason: 'length' }), resultOf({ text: 'cut', stopReason: 'length', toolCalls: [{ id: 'c', name: 'f', arguments: '{' }] })]) {
      const { events, writer } = write()
      writer.end(result)
      const ended = checkEvents(events)
      expect([ended.status, ended.incomplete_details, ended.output.at(-1)?.status]).toEqual(['incomplete', { reason: 'max_output_tokens' }, 'incomplete'])
    }
  })

  it('end with an error and a failure, also before anything was said', () => {
    for (const text of ['', 'begun']) {
      const { events, writer } = write()
      writer.end(resultOf({ state: 'error', text, stopReason: 'error', error: { kind: 'rate_limit', message: 'slow down' } }))
      expect(checkEvents(events)).toMatchObject({ status: 'failed', error: { code: 'rate_limit_exceeded', message: 'slow down' }, completed_at: null })
      expect(events.at(-2)).toMatchObject({ type: 'error', code: 'rate_limit_exceeded' })
    }
    const { events, writer } = write()
    writer.end(resultOf({ state: 'aborted', stopReason: 'shutdown' }))
    expect(checkEvents(events).error).toEqual({ code: 'server_error', message: 'the run was ended before its end: shutdown' })
  })

  it('give the response that was foretold', () => {
    const results = [
      resultOf({ text: 'ab' }),
      resultOf({ text: 'abc', stopReason: 'length' }),
      resultOf({ text: 'ab', toolCalls: [{ id: 'c', name: 'f', arguments: '{}' }] }),
      resultOf({ state: 'error', text: 'ab', error: { kind: 'server', message: 'no' } }),
    ]
    for (const result of results) {
      const { events, writer } = write()
      const progress = [{ type: 'reasoning', text: 'hm' }, { type: 'text', text: 'a' }, { type: 'reasoning', text: 'hm again' }, { type: 'text', text: 'b' }] as const
      for (const each of progress.slice(0, 3)) writer.note(each)
      writer.hear(progress[0])
      const foretold = writer.final(result)
      for (const each of progress.slice(1)) writer.hear(each)
      writer.note(progress[3])
      writer.end(result)
      expect(checkEvents(events)).toEqual(foretold)
    }
  })
})
