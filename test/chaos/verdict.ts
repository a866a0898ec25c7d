// What must be true of a transcript, whatever happened while it was written. The same is asked of what the wire says
// and of what stands in the database.

import { textOf, type StoredMessage } from '../../src/protocol/shapes.ts'
import type { Ledger, Sent } from './ledger.ts'

export interface Transcript {
  readonly sessionKey: string
  /** All of it, oldest first. */
  readonly messages: readonly StoredMessage[]
}

/** An answer that was given to its end; not one that was cut short, and not a call of tools on the way. */
export const isAnswer = (message: StoredMessage): boolean =>
  message.role === 'assistant' && message.stopReason === 'stop' && !message.openclawAbort && message.errorMessage === undefined

/** Everything that is wrong, in words that begin with `source`. */
export function judge(source: string, transcripts: readonly Transcript[], ledger: Ledger): string[] {
  const wrong: string[] = []
  const places = new Map<string, StoredMessage[]>()
  const put = (key: string, found: readonly StoredMessage[]) => void places.set(key, [...(places.get(key) ?? []), ...found])
  /** It stands in the middle of the messages of another run. */
  const isJoined = ({ __openclaw: { runId } }: StoredMessage) => runId !== undefined && ledger.joined.has(runId)

  for (const { sessionKey, messages } of transcripts) {
    const say = (text: string) => void wrong.push(`${source}, ${sessionKey}: ${text}`)
    messages.forEach(({ __openclaw: { seq } }, index) => {
      if (seq !== index + 1) say(`message ${index + 1} has the number ${seq}`)
    })
    for (const message of messages) if (isJoined(message)) put(message.__openclaw.runId!, [message])
    const blocks = toBlocks(messages.filter((message) => !isJoined(message)))
    const seen = new Set<string>()
    const lastOf = new Map<number, number>()
    for (const block of blocks) {
      const { runId } = block[0]!.__openclaw
      const sent = runId === undefined ? undefined : ledger.sent.get(runId)
      if (!sent) {
        say(`nobody sent the run ${runId}`)
        continue
      }
      if (seen.has(sent.key)) say(`the messages of ${sent.key} stand in two places`)
      seen.add(sent.key)
      if (sent.sessionKey !== sessionKey) say(`${sent.key} was sent to ${sent.sessionKey}`)
      if (block[0]!.role !== 'user') say(`the messages of ${sent.key} do not begin with what was sent`)
      const place = orderOf(sent)
      if (place < (lastOf.get(sent.client) ?? 0)) say(`${sent.key} stands behind a later message of its client`)
      lastOf.set(sent.client, place)
      put(sent.key, block)
    }
  }
  for (const sent of ledger.sent.values()) wrong.push(...judgeRun(source, sent, places.get(sent.key) ?? [], toExpected(sent, ledger)))
  return wrong
}

interface Expected {
  readonly answers: readonly string[]
  readonly toolCalls: number
}

/** A run that others may have joined does what any of them asked for, each once. */
function toExpected({ queueMode, answer, sessionKey }: Sent, { sent, joined }: Ledger): Expected {
  if (queueMode === 'followup') return { answers: [answer], toolCalls: 1 }
  const joins = [...sent.values()].filter((other) => other.sessionKey === sessionKey && joined.has(other.key))
  return { answers: [answer, ...joins.map((other) => other.answer)], toolCalls: 1 + joins.length }
}

/** What a run has left in a transcript. */
function judgeRun(source: string, sent: Sent, messages: readonly StoredMessage[], expected: Expected): string[] {
  const wrong: string[] = []
  const say = (text: string) => void wrong.push(`${source}: ${sent.key} ${text}`)
  const asked = messages.filter((message) => message.role === 'user')
  const answers = messages.filter(isAnswer)
  const results = messages.filter((message) => message.role === 'toolResult')
  if (asked.length > 1 || (sent.acknowledged && asked.length === 0)) say(`is in the history ${asked.length} times`)
  if (asked.some((message) => textOf(message) !== sent.message)) say('is in the history with another text')
  if (answers.length > 1) say(`has ${answers.length} completed answers`)
  if (answers.some((message) => !expected.answers.includes(textOf(message)))) say(`was answered with "${textOf(answers[0]!)}"`)
  if (results.length > expected.toolCalls) say(`has called its tool ${results.length} times`)
  return wrong
}

const orderOf = (sent: Sent): number => Number(sent.key.split('-')[1])

/** Messages in a row that belong to one run. */
function toBlocks(messages: readonly StoredMessage[]): StoredMessage[][] {
  const blocks: StoredMessage[][] = []
  for (const message of messages) {
    const current = blocks.at(-1)
    if (current && current[0]!.__openclaw.runId === message.__openclaw.runId) current.push(message)
    else blocks.push([message])
  }
  return blocks
}
