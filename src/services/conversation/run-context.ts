// What a model is given for a run: instructions, the conversation so far, the new input.

import type { ModelMessage, ModelPart, ModelToolCall } from '../../ports/model.ts'
import { textOf, type StoredMessage, type UserMessage } from '../../protocol/shapes.ts'
import type { Agents } from './agents.ts'
import type { CompactionTable } from './compaction-table.ts'
import type { Media } from './media.ts'
import type { RunRequest } from './run-table.ts'
import type { SessionRecord } from './session-table.ts'
import type { Transcripts } from './transcripts.ts'

/** How a message that reports what happened is marked: the model hears it too. */
export const EVENT_KIND = 'system-event'

/** Messages of the transcript that a model is given at most, the newest ones. */
const MAX_CONTEXT_MESSAGES = 200

const SUMMARY_HEAD = '[The conversation so far, summarised. What follows is what was said since.]'

export async function buildContext(
  request: RunRequest,
  agentId: string,
  /** null: none exists yet, and the request brings its own conversation. */
  session: SessionRecord | null,
  deps: { agents: Agents; transcripts: Transcripts; compactions: CompactionTable; media: Media },
  /** Ids of calls of the last step that are about to be carried out. */
  pending: ReadonlySet<string> = new Set(),
): Promise<ModelMessage[]> {
  const notes = request.bare ? null : await deps.agents.notes(agentId)
  const system = request.bare ? [] : [deps.agents.instructions(agentId), ...(notes === null ? [] : [notes])]
  if (request.instructions) system.push(request.instructions)
  const said = request.turns ?? (session ? await fromTranscript(session, deps, pending) : [])
  const conversation = request.aside ? [...said, { role: 'user' as const, content: request.aside.text }] : said
  if (system.length === 0) return [...conversation]
  return [{ role: 'system', text: system.join('\n\n') }, ...conversation]
}

async function fromTranscript(
  session: SessionRecord,
  { transcripts, compactions, media }: { transcripts: Transcripts; compactions: CompactionTable; media: Media },
  pending: ReadonlySet<string>,
): Promise<ModelMessage[]> {
  const { sessionId, floor, messages: upTo } = session
  const compacted = compactions.latest(sessionId, { after: floor, upTo })
  const range = { after: compacted?.keptAfter ?? floor, upTo, limit: MAX_CONTEXT_MESSAGES }
  const said = withAnswers(await toModelMessages(transcripts.messages(sessionId, range), media), pending)
  return compacted?.summary ? [{ role: 'user', content: `${SUMMARY_HEAD}\n\n${compacted.summary}` }, ...said] : said
}

export async function toModelMessages(stored: readonly StoredMessage[], media: Media): Promise<ModelMessage[]> {
  const messages: ModelMessage[] = []
  for (const message of stored) {
    const converted = await toModelMessage(message, media)
    if (converted) messages.push(converted)
  }
  return messages
}

/**
 * Every provider wants the answers to tool calls right behind them, one for each call and no other. A transcript may
 * have a message between them, lack the answer after an interruption, or the call before its first message. Calls of the
 * last step that are `pending` get theirs later.
 */
function withAnswers(messages: readonly ModelMessage[], pending: ReadonlySet<string>): ModelMessage[] {
  const answers = answersIn(messages)
  const last = messages.findLast((message) => message.role === 'assistant' && message.toolCalls.length > 0)
  return messages.flatMap((message): ModelMessage[] => {
    if (message.role === 'tool') return []
    if (message.role !== 'assistant') return [message]
    const answered = message.toolCalls.flatMap((call) => answers.get(call) ?? (message === last && pending.has(call.id) ? [] : [interrupted(call)]))
    return [message, ...answered]
  })
}

/** Ids may come again: a result answers the last call before it that has its id and no answer yet. */
function answersIn(messages: readonly ModelMessage[]): ReadonlyMap<ModelToolCall, ModelMessage> {
  const open = new Map<string, ModelToolCall>()
  const answers = new Map<ModelToolCall, ModelMessage>()
  for (const message of messages) {
    if (message.role === 'assistant') for (const call of message.toolCalls) open.set(call.id, call)
    if (message.role !== 'tool') continue
    const call = open.get(message.toolCallId)
    if (call) answers.set(call, message)
    open.delete(message.toolCallId)
  }
  return answers
}

const interrupted = ({ id, name }: ModelToolCall): ModelMessage => ({ role: 'tool', toolCallId: id, name, text: 'no result: the run was interrupted' })

async function toModelMessage(message: StoredMessage, media: Media): Promise<ModelMessage | null> {
  switch (message.role) {
    case 'user':
      return { role: 'user', content: await toContent(message.content, media) }
    case 'assistant': {
      const toolCalls = message.content.flatMap((part): ModelToolCall[] =>
        part.type === 'toolCall' ? [{ id: part.id, name: part.name, arguments: JSON.stringify(part.arguments) }] : [],
      )
      const text = textOf(message)
      return text === '' && toolCalls.length === 0 ? null : { role: 'assistant', text, toolCalls }
    }
    case 'toolResult': {
      const images = message.content.filter((part) => part.type === 'image')
      const parts = images.length === 0 ? null : await toParts(images, media)
      return { role: 'tool', toolCallId: message.toolCallId, name: message.toolName, text: textOf(message), ...(parts && { parts }) }
    }
    case 'system': // a marker for people, such as "Reset", unless it reports what happened
      return message.__openclaw.kind === EVENT_KIND ? { role: 'user', content: textOf(message) } : null
  }
}

const toContent = async (content: UserMessage['content'], media: Media): Promise<string | ModelPart[]> =>
  typeof content === 'string' ? content : toParts(content, media)

function toParts(content: Exclude<UserMessage['content'], string>, media: Media): Promise<ModelPart[]> {
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
