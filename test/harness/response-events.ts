// The order of the events of one response as a machine with states: what may come next, and what it must agree with.
// Every event is held against its schema too.

import { expect } from 'vitest'
import { responseEvent, type ResponseEvent } from '../../src/protocol/responses-events.ts'
import type { OutputItem, ResponseObject } from '../../src/protocol/responses-object.ts'
import type { Data } from './client.ts'

const ENDS = ['response.completed', 'response.incomplete', 'response.failed']

interface OpenItem {
  readonly index: number
  readonly added: OutputItem
  /** What must come before the item is done. */
  readonly due: string[]
  part: 'none' | 'open' | 'told' | 'done'
  deltas: string
  done: string | null
}

/** Throws at the first event that is out of place; gives the response as it ended. */
export function checkEvents(given: readonly Data[]): ResponseObject {
  const events = given.map((event) => {
    const parsed = responseEvent.safeParse(event)
    expect(parsed.error?.issues ?? [], JSON.stringify(event).slice(0, 500)).toEqual([])
    return parsed.data!
  })
  const items: OutputItem[] = []
  let open: OpenItem | null = null
  let state: 'new' | 'created' | 'going' | 'error' | 'ended' = 'new'
  let id = ''
  let ended: ResponseObject | null = null

  const out = (event: ResponseEvent, why: string): never => {
    throw new Error(`${event.type} (${event.sequence_number}) is out of place: ${why}; after ${events.slice(0, event.sequence_number).map((each) => each.type).join(', ')}`)
  }

  for (const [position, event] of events.entries()) {
    expect(event.sequence_number, 'numbers grow by one from 0').toBe(position)
    if (state === 'ended') out(event, 'the response has ended')
    switch (event.type) {
      case 'response.created':
        if (state !== 'new') out(event, 'it is the first one')
        expect(event.response).toMatchObject({ status: 'in_progress', output: [], error: null, completed_at: null })
        id = event.response.id
        state = 'created'
        break
      case 'response.in_progress':
        if (state !== 'created') out(event, 'it follows response.created')
        expect(event.response.id).toBe(id)
        state = 'going'
        break
      case 'response.completed':
      case 'response.incomplete':
      case 'response.failed':
        checkEnd(event, state, items, open, id)
        ended = event.response
        state = 'ended'
        break
      case 'error':
        if (state !== 'going' || open) out(event, 'it comes when nothing is open')
        expect(event.error).toMatchObject({ code: event.code, message: event.message, param: event.param })
        state = 'error'
        break
      case 'response.output_item.added':
        if (state !== 'going' || open) out(event, 'one item at a time')
        expect(event.output_index).toBe(items.length)
        expect(event.item.status).toBe('in_progress')
        open = { index: event.output_index, added: event.item, due: [], part: 'none', deltas: '', done: null }
        checkEmpty(event.item)
        break
      case 'response.output_item.done':
        if (!open) return out(event, 'no item is open')
        checkItem(open, event.item)
        expect(event.output_index).toBe(open.index)
        items.push(event.item)
        open = null
        break
      default:
        if (!open || state !== 'going') return out(event, 'no item is open')
        expect([event.item_id, event.output_index]).toEqual([open.added.id, open.index])
        step(open, event)
    }
  }
  expect(ENDS, 'the last event').toContain(events.at(-1)?.type)
  expect(ended!.output.map((item) => item.id).length, 'ids are unique').toBe(new Set(ended!.output.map((item) => item.id)).size)
  return ended!
}

function checkEnd(event: Extract<ResponseEvent, { response: ResponseObject }>, state: string, items: readonly OutputItem[], open: OpenItem | null, id: string) {
  const { response, type } = event
  expect(open, 'nothing is left open').toBeNull()
  expect(state).toBe(type === 'response.failed' ? 'error' : 'going')
  expect(response.id).toBe(id)
  expect(`response.${response.status}`).toBe(type)
  expect(response.output).toEqual(items)
  const incomplete = items.findIndex((item) => item.status === 'incomplete')
  if (incomplete !== -1) {
    expect(incomplete, 'an incomplete item is the last one').toBe(items.length - 1)
    expect(response.status).not.toBe('completed')
  }
  expect(response.error === null).toBe(type !== 'response.failed')
  expect(response.incomplete_details === null).toBe(type !== 'response.incomplete')
  expect(response.completed_at === null).toBe(type !== 'response.completed')
}

function checkEmpty(item: OutputItem) {
  if (item.type === 'message') expect(item.content).toEqual([])
  if (item.type === 'function_call') expect(item.arguments).toBe('')
  if (item.type === 'custom_tool_call') expect(item.input).toBe('')
  if (item.type === 'reasoning') expect([item.summary, item.content ?? []]).toEqual([[], []])
}

type Within = Exclude<ResponseEvent, { response: ResponseObject } | { item: OutputItem } | { type: 'error' }>

/** Part added, deltas, text done, part done; of a call only the deltas and their end. */
function step(open: OpenItem, event: Within) {
  const at = (...allowed: OpenItem['part'][]) => expect(allowed, `${event.type} comes at its place`).toContain(open.part)
  switch (event.type) {
    case 'response.content_part.added':
    case 'response.reasoning_summary_part.added':
      expect(['message', 'reasoning']).toContain(open.added.type)
      at('none')
      expect('text' in event.part ? event.part.text : event.part.refusal).toBe('')
      open.part = 'open'
      return
    case 'response.output_text.delta':
    case 'response.refusal.delta':
    case 'response.reasoning.delta':
    case 'response.reasoning_summary_text.delta':
      at('open')
      expect(event.delta).not.toBe('')
      open.deltas += event.delta
      return
    case 'response.output_text.done':
    case 'response.reasoning.done':
    case 'response.reasoning_summary_text.done':
    case 'response.refusal.done':
      at('open')
      open.done = event.type === 'response.refusal.done' ? event.refusal : event.text
      expect(open.done).toBe(open.deltas)
      open.part = 'told'
      return
    case 'response.content_part.done':
    case 'response.reasoning_summary_part.done':
      at('told')
      expect('text' in event.part ? event.part.text : event.part.refusal).toBe(open.done)
      open.part = 'done'
      return
    case 'response.function_call_arguments.delta':
    case 'response.custom_tool_call_input.delta':
      at('none')
      open.deltas += event.delta
      return
    case 'response.function_call_arguments.done':
    case 'response.custom_tool_call_input.done':
      expect(open.added.type).toBe(event.type.startsWith('response.function') ? 'function_call' : 'custom_tool_call')
      at('none')
      open.done = 'input' in event ? event.input : event.arguments
      expect(open.done).toBe(open.deltas)
      open.part = 'done'
  }
}

function checkItem({ added, part, done }: OpenItem, item: OutputItem) {
  expect(part, 'an item ends behind its parts').toBe('done')
  expect([item.id, item.type]).toEqual([added.id, added.type])
  expect(['completed', 'incomplete']).toContain(item.status)
  expect(textIn(item)).toBe(done)
}

export function textIn(item: OutputItem): string {
  switch (item.type) {
    case 'message':
      return item.content.map((part) => (part.type === 'refusal' ? part.refusal : part.text)).join('')
    case 'reasoning':
      return [...item.summary, ...(item.content ?? [])].map(({ text }) => text).join('')
    case 'function_call':
      return item.arguments
    case 'custom_tool_call':
      return item.input
  }
}

/** The events of a server-sent stream, which must end with [DONE]; each has the name that its data has. */
export function eventsIn(text: string): Data[] {
  const blocks = text.split('\n\n').filter((block) => block !== '' && !block.startsWith(':'))
  expect(blocks.at(-1)).toBe('data: [DONE]')
  return blocks.slice(0, -1).map((block) => {
    const [, name, json] = /^event: (.+)\ndata: (.+)$/.exec(block)!
    const event = JSON.parse(json!) as Data
    expect(event.type).toBe(name)
    return event
  })
}
