// Items as what a model is told: calls with the words before them, each with its answer, and what fits.

import { createStorage } from 'unstorage'
import { describe, expect, it } from 'vitest'
import { resolveItems, sealSummary, type ConversationItem } from '../../src/http/responses-input.ts'
import { checkCalls, newestItems, newestTurns, toTranscript, toTurns } from '../../src/http/responses-turns.ts'
import { inputItem } from '../../src/protocol/responses.ts'
import { createMedia } from '../../src/services/conversation/media.ts'
import { fakeClock } from '../harness/clock.ts'

const items = (...given: readonly unknown[]): Promise<ConversationItem[]> => resolveItems(given.map((item) => inputItem.parse(item)), { find: () => null, outside: null as never })
const user = (content: unknown) => ({ role: 'user', content })
const said = (content: string) => ({ role: 'assistant', content })
const call = (id: string, name = 'f') => ({ type: 'function_call', call_id: id, name, arguments: '{}' })
const output = (id: string, result: unknown = 'x') => ({ type: 'function_call_output', call_id: id, output: result })
const PNG = 'data:image/png;base64,iVBORw0KGgo='

describe('the turns', () => {
  it('leave out what is said by the system, what was thought, and tools of other servers', async () => {
    const turns = toTurns(await items({ role: 'system', content: 's' }, { role: 'developer', content: 'd' }, user('u'), { type: 'reasoning', summary: [] }, { type: 'web_search_call' }, { type: 'x:y' }, said('a')))
    expect(turns).toEqual([{ role: 'user', content: 'u' }, { role: 'assistant', text: 'a', toolCalls: [] }])
  })

  it('have calls in a row in one message, with the words before them', async () => {
    const turns = toTurns(await items(user('u'), said('let me'), call('1'), call('2', 'g'), output('1'), output('2', [{ type: 'input_text', text: 'y' }]), call('3'), output('3')))
    expect(turns).toMatchObject([
      { role: 'user' },
      { role: 'assistant', text: 'let me', toolCalls: [{ id: '1', name: 'f' }, { id: '2', name: 'g' }] },
      { role: 'tool', toolCallId: '1', name: 'f', text: 'x' },
      { role: 'tool', toolCallId: '2', name: 'g', text: 'y' },
      { role: 'assistant', text: '', toolCalls: [{ id: '3' }] },
      { role: 'tool', toolCallId: '3' },
    ])
  })

  it('have free text as an argument, and a summary as what was said', async () => {
    const turns = toTurns(
      await items(
        { type: 'compaction', encrypted_content: sealSummary('They like tea.') },
        { type: 'custom_tool_call', call_id: 'c', name: 'patch', input: '***' },
        { type: 'custom_tool_call_output', call_id: 'c', output: 'done' },
      ),
    )
    expect(turns).toMatchObject([{ role: 'user', content: expect.stringContaining('They like tea.') }, { toolCalls: [{ arguments: '{"input":"***"}' }] }, { role: 'tool', text: 'done' }])
  })

  it('have images as parts, of people and of tools', async () => {
    const image = { type: 'input_image', image_url: PNG }
    const turns = toTurns(await items(user([{ type: 'input_text', text: 'look' }, image]), call('1'), output('1', [image])))
    expect(turns[0]).toEqual({ role: 'user', content: [{ type: 'text', text: 'look' }, { type: 'image', mimeType: 'image/png', base64: 'iVBORw0KGgo=' }] })
    expect(turns[2]).toMatchObject({ role: 'tool', text: '', parts: [{ type: 'image', mimeType: 'image/png' }] })
  })
})

describe('calls and outputs', () => {
  it('belong together', async () => {
    expect(() => checkCalls([])).not.toThrow()
    const whole = await items(user('u'), call('1'), output('1'))
    expect(() => checkCalls(whole)).not.toThrow()
  })

  it.each([
    [[output('1')], 'No tool call found for function call output with call_id 1.'],
    [[output('1'), call('1')], 'No tool call found'],
    [[call('1'), user('never mind')], 'No tool output found for function call 1.'],
    [[call('1'), call('2'), output('1')], 'function call 2'],
  ])('%j is refused', async (given, reason) => {
    const wrong = await items(...given)
    expect(() => checkCalls(wrong)).toThrow(reason)
  })
})

describe('what fits', () => {
  const turns = ['one', 'two', 'three'].flatMap((content) => [{ role: 'user' as const, content }, { role: 'assistant' as const, text: content, toolCalls: [] }])

  it('is all, or the newest from a person’s words on, and at least those', () => {
    expect(newestTurns(turns, 1000)).toEqual(turns)
    expect(newestTurns(turns, 30)).toEqual(turns.slice(4))
    expect(newestTurns(turns, 0)).toEqual(turns.slice(4))
    expect(newestTurns(turns, 40)).toEqual(turns.slice(4))
    expect(newestTurns(turns, 55)).toEqual(turns.slice(2))
  })
})

describe('the transcript', () => {
  const deps = { media: createMedia(createStorage()), clock: fakeClock() }

  it('gets what is new since the model spoke', async () => {
    const all = await items({ role: 'system', content: 's' }, user('old'), said('a'), user('new'))
    expect(newestItems(all)).toEqual([all[3]])
    const results = await items(user('u'), call('1'), output('1'))
    expect(newestItems(results)).toEqual([results[2]])
    const answered = await items(user('u'), said('a'))
    expect(newestItems(answered)).toEqual([answered[0]])
  })

  it('has words, pictures, calls and results', async () => {
    const given = await items(user([{ type: 'input_text', text: 'look' }, { type: 'input_image', image_url: PNG }]), said('a'), call('1'), output('1'), { type: 'reasoning' })
    expect(await toTranscript(given, deps)).toMatchObject([
      { role: 'user', content: [{ type: 'text', text: 'look' }, { type: 'image', mimeType: 'image/png' }] },
      { role: 'assistant', content: [{ type: 'text', text: 'a' }] },
      { role: 'assistant', content: [{ type: 'toolCall', id: '1', name: 'f', arguments: {} }] },
      { role: 'toolResult', toolCallId: '1', toolName: 'f', content: [{ type: 'text', text: 'x' }] },
    ])
  })
})
