// A conversation of items as what a model is told, and its newest items as what goes into the transcript.

import { invalid } from '../protocol/errors.ts'
import { noUsage, type Message, type UserMessage } from '../protocol/shapes.ts'
import type { ModelMessage, ModelPart, ModelToolCall } from '../ports/model.ts'
import type { HttpDeps } from './env.ts'
import type { InputContent } from '../protocol/responses.ts'
import { imagesIn, isSystem, summaryOf, textOf, textOfPart, type ConversationItem } from './responses-input.ts'

/** How a summary of what was said before is introduced to a model. */
const SUMMARY_HEAD = '[The conversation so far, summarised. What follows is what was said since.]'

// --- for the model ---

/** Words of the system are instructions, and none of these. */
export function toTurns(items: readonly ConversationItem[]): ModelMessage[] {
  const turns: ModelMessage[] = []
  const calls = new Map<string, ModelToolCall>()
  for (const item of items) {
    if (isSystem(item)) continue
    const call = toCall(item)
    if (call) {
      calls.set(call.id, call)
      addCall(turns, call)
    } else turns.push(...toTurn(item, calls))
  }
  return turns
}

function toCall(item: ConversationItem): ModelToolCall | null {
  if (item.type === 'function_call') return { id: item.call_id, name: item.name, arguments: item.arguments }
  if (item.type === 'custom_tool_call') return { id: item.call_id, name: item.name, arguments: JSON.stringify({ input: item.input }) }
  return null
}

/** Calls in a row, and the words before them, are one message. */
function addCall(turns: ModelMessage[], call: ModelToolCall): void {
  const last = turns.at(-1)
  if (last?.role === 'assistant') turns[turns.length - 1] = { ...last, toolCalls: [...last.toolCalls, call] }
  else turns.push({ role: 'assistant', text: '', toolCalls: [call] })
}

function toTurn(item: ConversationItem, calls: ReadonlyMap<string, ModelToolCall>): ModelMessage[] {
  switch (item.type) {
    case 'message':
      if (item.role === 'assistant') return [{ role: 'assistant', text: textOf(item.content), toolCalls: [] }]
      return [{ role: 'user', content: toParts(item.content) }]
    case 'function_call_output':
    case 'custom_tool_call_output': {
      const { call_id: toolCallId, output } = item
      const answer = { role: 'tool' as const, toolCallId, name: calls.get(toolCallId)?.name ?? '', text: textOf(output) }
      return [imagesIn(output).length === 0 ? answer : { ...answer, parts: partsOf(output) }]
    }
    case 'compaction':
      return [{ role: 'user', content: `${SUMMARY_HEAD}\n\n${summaryOf(item.encrypted_content)}` }]
    default:
      return [] // thoughts, and tools of other servers, are nothing that another model can be told
  }
}

const toParts = (content: InputContent): string | readonly ModelPart[] => (imagesIn(content).length === 0 ? textOf(content) : partsOf(content))

const partsOf = (content: InputContent): readonly ModelPart[] =>
  typeof content === 'string'
    ? [{ type: 'text', text: content }]
    : content.map((part) => (part.type === 'input_image' ? toImage(part.image_url ?? '') : { type: 'text', text: textOfPart(part) ?? '' }))

/** What lay elsewhere has been fetched: all of them are data URLs. */
function toImage(url: string): ModelPart {
  const { 1: mimeType = '', 2: base64 = '' } = /^data:([^;,]+);base64,(.*)$/s.exec(url) ?? []
  return { type: 'image', mimeType, base64 }
}

/** Every call has one output, and every output its call: no provider takes it otherwise. */
export function checkCalls(items: readonly ConversationItem[]): void {
  const open = new Set<string>()
  const known = new Set<string>()
  for (const item of items) {
    const call = toCall(item)
    if (call) {
      open.add(call.id)
      known.add(call.id)
    }
    if (item.type !== 'function_call_output' && item.type !== 'custom_tool_call_output') continue
    if (!known.has(item.call_id)) throw invalid(`No tool call found for function call output with call_id ${item.call_id}.`, { param: 'input' })
    open.delete(item.call_id)
  }
  const [missing] = open
  if (missing !== undefined) throw invalid(`No tool output found for function call ${missing}.`, { param: 'input' })
}

/** Roughly as language models count. */
const CHARS_PER_TOKEN = 4
const charsOf = (turn: ModelMessage): number => JSON.stringify(turn).length

/** The newest turns that fit into a context of so many tokens, from a person's words on. At least the last of those. */
export function newestTurns(turns: readonly ModelMessage[], window: number): readonly ModelMessage[] {
  let left = window * CHARS_PER_TOKEN
  let from = turns.length
  while (from > 0 && left >= 0) left -= charsOf(turns[--from]!)
  if (left < 0) from++
  const begins = turns.findIndex((turn, index) => index >= from && turn.role === 'user')
  return turns.slice(begins === -1 ? Math.max(0, turns.findLastIndex((turn) => turn.role === 'user')) : begins)
}

// --- for the transcript ---

/** What was added since the model spoke last; all of it is new where an earlier response is continued. */
export function newestItems(items: readonly ConversationItem[]): readonly ConversationItem[] {
  const last = items.findLastIndex((item) => (item.type === 'message' && item.role === 'assistant') || toCall(item) !== null)
  const fresh = items.slice(last + 1).filter((item) => !isSystem(item))
  return fresh.length > 0 ? fresh : items.filter((item) => item.type === 'message' && item.role === 'user').slice(-1)
}

export async function toTranscript(items: readonly ConversationItem[], deps: Pick<HttpDeps, 'media' | 'clock'>): Promise<Message[]> {
  const messages: Message[] = []
  for (const item of items) if (!isSystem(item)) messages.push(...(await toMessages(item, items, deps)))
  return messages
}

async function toMessages(item: ConversationItem, items: readonly ConversationItem[], { media, clock }: Pick<HttpDeps, 'media' | 'clock'>): Promise<Message[]> {
  const timestamp = clock.now()
  const call = toCall(item)
  if (call) {
    const part = { type: 'toolCall' as const, id: call.id, name: call.name, arguments: tryParse(call.arguments) }
    return [{ role: 'assistant', content: [part], ...SAID_ELSEWHERE, usage: noUsage(), timestamp }]
  }
  switch (item.type) {
    case 'message':
      if (item.role === 'assistant') {
        return [{ role: 'assistant', content: [{ type: 'text', text: textOf(item.content) }], ...SAID_ELSEWHERE, usage: noUsage(), timestamp }]
      }
      return [{ role: 'user', content: await toUserContent(item.content, media), timestamp }]
    case 'function_call_output':
    case 'custom_tool_call_output': {
      const toolName = items.map(toCall).find((each) => each?.id === item.call_id)?.name ?? ''
      const content = [{ type: 'text' as const, text: textOf(item.output) }]
      return [{ role: 'toolResult', toolCallId: item.call_id, toolName, content, isError: false, timestamp }]
    }
    case 'compaction':
      return [{ role: 'user', content: `${SUMMARY_HEAD}\n\n${summaryOf(item.encrypted_content)}`, timestamp }]
    default:
      return []
  }
}

const SAID_ELSEWHERE = { api: 'client', provider: 'client', model: 'client', stopReason: 'stop' }

async function toUserContent(content: InputContent, media: HttpDeps['media']): Promise<UserMessage['content']> {
  const images = await media.keep(imagesIn(content).map((url) => ({ content: url })))
  const said = textOf(content)
  if (images.length === 0) return said
  return [...(said === '' ? [] : [{ type: 'text' as const, text: said }]), ...images]
}

function tryParse(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return { invalidJson: json }
  }
}
