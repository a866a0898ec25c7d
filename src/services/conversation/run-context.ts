// What a model is given for a run: instructions, the conversation so far, the new input.

import type { ModelMessage, ModelPart, ModelToolCall } from '../../ports/model.ts'
import { textOf, type StoredMessage, type UserMessage } from '../../protocol/shapes.ts'
import type { Agents } from './agents.ts'
import type { Media } from './media.ts'
import type { RunRequest } from './run-table.ts'
import type { SessionRecord } from './session-table.ts'
import type { Transcripts } from './transcripts.ts'

/** How a message that reports what happened is marked: the model hears it too. */
export const EVENT_KIND = 'system-event'

/** Messages of the transcript that a model is given at most, the newest ones. */
const MAX_CONTEXT_MESSAGES = 200

export async function buildContext(
  request: RunRequest,
  session: SessionRecord,
  deps: { agents: Agents; transcripts: Transcripts; media: Media },
  /** Ids of calls of the last step that are about to be carried out. */
  pending: ReadonlySet<string> = new Set(),
): Promise<ModelMessage[]> {
  const notes = request.bare ? null : await deps.agents.notes(session.agentId)
  const system = request.bare ? [] : [deps.agents.instructions(session.agentId), ...(notes === null ? [] : [notes])]
  if (request.instructions) system.push(request.instructions)
  const said = request.turns ?? (await fromTranscript(session, deps, pending))
  const conversation = request.aside ? [...said, { role: 'user' as const, content: request.aside.text }] : said
  if (system.length === 0) return [...conversation]
  return [{ role: 'system', text: system.join('\n\n') }, ...conversation]
}

async function fromTranscript(
  session: SessionRecord,
  { transcripts, media }: { transcripts: Transcripts; media: Media },
  pending: ReadonlySet<string>,
): Promise<ModelMessage[]> {
  const range = { after: session.floor, upTo: session.messages, limit: MAX_CONTEXT_MESSAGES }
  const stored = transcripts.messages(session.sessionId, range)
  const result: ModelMessage[] = []
  for (const message of stored) {
    const converted = await toModelMessage(message, media)
    if (converted) result.push(converted)
  }
  return withAnswers(result, pending)
}

/**
 * Every tool call needs an answer right behind it: also one that an interruption left without, and one whose result came
 * after something else was said. `pending` ones get theirs later. A page may begin in the middle of a step: results whose
 * call is before it are left out, every provider would refuse them.
 */
function withAnswers(messages: readonly ModelMessage[], pending: ReadonlySet<string>): ModelMessage[] {
  const isStep = (message: ModelMessage) => message.role === 'assistant' && message.toolCalls.length > 0
  const last = messages.findLastIndex(isStep)
  const result: ModelMessage[] = []
  for (const [index, message] of messages.entries()) {
    if (message.role === 'tool') continue // stands behind its call
    result.push(message)
    if (message.role !== 'assistant' || message.toolCalls.length === 0) continue
    const next = messages.findIndex((each, at) => at > index && isStep(each))
    const answers = messages.slice(index + 1, next === -1 ? messages.length : next).filter((each) => each.role === 'tool')
    for (const call of message.toolCalls) {
      const answer = answers.find((each) => each.toolCallId === call.id)
      if (answer) result.push(answer)
      else if (index !== last || !pending.has(call.id)) {
        result.push({ role: 'tool', toolCallId: call.id, name: call.name, text: 'no result: the run was interrupted' })
      }
    }
  }
  return result
}

async function toModelMessage(message: StoredMessage, media: Media): Promise<ModelMessage | null> {
  switch (message.role) {
    case 'user':
      return { role: 'user', content: await toParts(message.content, media) }
    case 'assistant': {
      const toolCalls = message.content.flatMap((part): ModelToolCall[] =>
        part.type === 'toolCall' ? [{ id: part.id, name: part.name, arguments: JSON.stringify(part.arguments) }] : [],
      )
      const text = textOf(message)
      return text === '' && toolCalls.length === 0 ? null : { role: 'assistant', text, toolCalls }
    }
    case 'toolResult':
      return { role: 'tool', toolCallId: message.toolCallId, name: message.toolName, text: textOf(message) }
    case 'system': // a marker for people, such as "Reset", unless it reports what happened
      return message.__openclaw.kind === EVENT_KIND ? { role: 'user', content: textOf(message) } : null
  }
}

async function toParts(content: UserMessage['content'], media: Media): Promise<string | ModelPart[]> {
  if (typeof content === 'string') return content
  return Promise.all(
    content.map(async (part): Promise<ModelPart> => {
      if (part.type === 'text') return part
      const base64 = await media.load(part.mediaId)
      return base64 === null
        ? { type: 'text', text: '[an image that is no longer there]' }
        : { type: 'image', mimeType: part.mimeType, base64 }
    }),
  )
}
