// What a client finds afterwards: every run over, every message there, every session open for the next one.

import type { StoredMessage } from '../../src/protocol/shapes.ts'
import type { Client } from '../harness/client.ts'
import type { Ledger, Sent } from './ledger.ts'
import { judge, type Transcript } from './verdict.ts'

const PAGE = 1000
const RUN_LIMIT_MS = 12_000
/** Waits that are under way at a time. */
const WIDTH = 50

/** Waits until nothing runs, and returns what is wrong. */
export async function checkWire(client: Client, sessions: readonly string[], ledger: Ledger): Promise<string[]> {
  const wrong: string[] = []
  const keys = [...ledger.sent.values()].filter((sent) => sent.acknowledged).map((sent) => sent.key)
  for (let at = 0; at < keys.length; at += WIDTH) {
    const ended = await Promise.all(keys.slice(at, at + WIDTH).map((runId) => client.call('agent.wait', { runId, timeoutMs: RUN_LIMIT_MS })))
    for (const { runId, status, stopReason } of ended) {
      if (status === 'timeout') wrong.push(`wire: the run ${runId} has not ended`)
      if (stopReason === 'joined') ledger.joined.add(runId)
    }
  }
  const transcripts: Transcript[] = []
  for (const sessionKey of sessions) {
    const { messages, wrong: found } = await readWhole(client, sessionKey)
    transcripts.push({ sessionKey, messages })
    wrong.push(...found)
  }
  return [...wrong, ...judge('wire', transcripts, ledger)]
}

async function readWhole(client: Client, sessionKey: string): Promise<{ messages: StoredMessage[]; wrong: string[] }> {
  const messages: StoredMessage[] = []
  const wrong: string[] = []
  for (;;) {
    const page = await client.call('chat.history', { sessionKey, limit: PAGE, offset: messages.length, maxBytes: 2 ** 30 })
    messages.unshift(...(page.messages as StoredMessage[]))
    if (page.hasMore) continue
    const total: number = page.totalMessages
    if (total !== messages.length) wrong.push(`wire, ${sessionKey}: says that there are ${total} messages, and gives ${messages.length}`)
    if (page.pendingInputs.total > 0) wrong.push(`wire, ${sessionKey}: ${page.pendingInputs.total} messages still wait`)
    if (page.sessionInfo.hasActiveRun) wrong.push(`wire, ${sessionKey}: says that it is active`)
    return { messages, wrong }
  }
}

/** Sends one more message into each session; each must be answered. */
export async function checkOpen(client: Client, last: readonly Sent[], ledger: Ledger): Promise<string[]> {
  const found = await Promise.all(
    last.map(async (sent) => {
      ledger.add(sent)
      const { sessionKey, message, queueMode, key: idempotencyKey } = sent
      const { ok, error } = await client.request('chat.send', { sessionKey, message, queueMode, idempotencyKey })
      if (!ok) return `wire, ${sessionKey}: accepts no message any more: ${JSON.stringify(error)}`
      ledger.acknowledge(sent)
      const { status, terminalReply } = await client.call('agent.wait', { runId: idempotencyKey, timeoutMs: RUN_LIMIT_MS })
      if (status === 'ok' && terminalReply.text === sent.answer) return null
      return `wire, ${sessionKey}: the last message ended with ${status}`
    }),
  )
  return found.filter((each) => each !== null)
}
