// One client: sends a message, waits until it is acknowledged, and sends the next. What was not acknowledged when its
// connection was lost is sent again with the same key, as every client of the protocol does.

import { setTimeout as pause } from 'node:timers/promises'
import type { Client } from '../harness/client.ts'
import { connect } from '../harness/ws.ts'
import type { Ledger, Sent } from './ledger.ts'
import type { Random } from './random.ts'
import type { Victim } from './victim.ts'

/** Share of the acknowledged sends that are sent once more. */
const REPEATED = 0.1
const MAX_PAUSE_MS = 12
/** The session in which messages join a run that goes on. */
export const STEERED = 'agent:main:shared-0'

export interface Connection {
  readonly client: Client
  readonly life: number
}

/** A connection to the life that listens, or to the one after it. */
export async function join(victim: Victim): Promise<Connection> {
  for (;;) {
    const { url, number } = await victim.current()
    try {
      const { client } = await connect(url, { token: victim.token })
      return { client, life: number }
    } catch {
      await pause(5) // it was killed meanwhile; `current` soon says so
    }
  }
}

export interface SenderDeps {
  readonly index: number
  readonly count: number
  readonly sessions: readonly string[]
  readonly victim: Victim
  readonly ledger: Ledger
  readonly random: Random
}

export async function runSender({ index, count, sessions, victim, ledger, random }: SenderDeps): Promise<void> {
  let connection: Connection | null = null

  function leave() {
    if (connection) ledger.hear(connection.client, connection.life)
    connection?.client.close()
    connection = null
  }

  /** The status in the acknowledgement; null when the message was refused for good. */
  async function send(sent: Sent): Promise<string | null> {
    for (;;) {
      connection ??= await join(victim)
      const { key: idempotencyKey, sessionKey, message, queueMode } = sent
      const answer = await connection.client.request('chat.send', { sessionKey, message, idempotencyKey, queueMode }).catch(() => null)
      if (answer?.ok) return answer.payload.runId === sent.key ? (answer.payload.status as string) : null
      if (answer && !answer.error?.retryable) {
        ledger.violations.push(`the send ${sent.key} was refused: ${JSON.stringify(answer.error)}`)
        return null
      }
      if (answer) {
        ledger.count('putOff')
        await pause(answer.error?.retryAfterMs ?? 20)
      } else {
        leave()
        ledger.count('retries')
      }
    }
  }

  for (let n = 1; n <= count; n++) {
    const sent = compose(index, n, random.pick(sessions), random)
    ledger.add(sent)
    if ((await send(sent)) === null) continue
    ledger.acknowledge(sent)
    if (random.chance(REPEATED)) {
      ledger.count('repeats')
      if ((await send(sent)) === 'started') ledger.violations.push(`the acknowledged send ${sent.key} was started again`)
    }
    await pause(random.below(MAX_PAUSE_MS))
  }
  leave()
}

/** A message that the script model answers: at once, in pieces, after a while, or with the help of a tool. */
export function compose(client: number, n: number, sessionKey: string, random: Random): Sent {
  const key = `c${client}-${n}-${random.below(2 ** 32).toString(36)}`
  const answer = `this is the answer to ${key}`
  const half = answer.length / 2
  const steps = random.pick([
    [{ text: answer }],
    [{ text: answer.slice(0, half) }, { text: answer.slice(half), delayMs: random.below(25) }],
    [{ delayMs: random.below(60) }, { text: answer }],
    [{ tool: { name: 'gateway_status' } }, { delayMs: random.below(40) }, { text: answer }],
  ])
  const queueMode = sessionKey === STEERED ? 'steer' : 'followup'
  return { key, client, sessionKey, message: `script:${JSON.stringify(steps)}`, answer, queueMode, acknowledged: false }
}
