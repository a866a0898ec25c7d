// What the clients know: what they have sent, what was acknowledged, and what they were told of the runs.

import type { Client, Data } from '../harness/client.ts'
import { textOf } from '../../src/protocol/shapes.ts'

export interface Sent {
  readonly key: string
  readonly client: number
  readonly sessionKey: string
  readonly message: string
  /** What the run says at its end, when nothing gets in its way. */
  readonly answer: string
  /** With `steer` it may become part of a run that goes on in its session. */
  readonly queueMode: 'steer' | 'followup'
  acknowledged: boolean
}

/** What all clients together were told of one run. */
export interface Told {
  /** Lives of the gateway in which somebody saw words of it. */
  readonly seenIn: Set<number>
  /** Lives in which somebody was told that it is over. */
  readonly endedIn: Set<number>
  /** What was said to be the whole answer. */
  readonly answers: Set<string>
}

export interface Ledger {
  readonly sent: ReadonlyMap<string, Sent>
  readonly acknowledged: number
  /** Sends that were repeated because their connection was lost. */
  readonly retries: number
  /** Sends that were put off by the gateway. */
  readonly putOff: number
  /** Acknowledged sends that were sent once more. */
  readonly repeats: number
  readonly violations: string[]
  add(sent: Sent): void
  acknowledge(sent: Sent): void
  count(what: 'retries' | 'putOff' | 'repeats'): void
  /** Resolves once so many sends are acknowledged. */
  reached(acknowledged: number): Promise<void>
  /** Takes in what a connection has heard in one life of the gateway. */
  hear(client: Client, life: number): void
  readonly told: ReadonlyMap<string, Told>
  /** Sends whose message became part of another run: that one answers. */
  readonly joined: Set<string>
}

export function createLedger(): Ledger {
  const sent = new Map<string, Sent>()
  const told = new Map<string, Told>()
  const counts = { retries: 0, putOff: 0, repeats: 0 }
  const waiting = new Set<{ at: number; resolve: () => void }>()
  let acknowledged = 0

  function note(event: Data, life: number) {
    if (!sent.has(event.runId)) return
    const known = told.get(event.runId) ?? { seenIn: new Set(), endedIn: new Set(), answers: new Set() }
    told.set(event.runId, known)
    if (event.state === 'delta') known.seenIn.add(life)
    if (event.state === 'final' && event.message) known.answers.add(textOf(event.message))
    if (event.state === 'final' || event.state === 'aborted' || event.state === 'error') known.endedIn.add(life)
  }

  return {
    sent,
    told,
    joined: new Set(),
    violations: [],
    get acknowledged() {
      return acknowledged
    },
    get retries() {
      return counts.retries
    },
    get putOff() {
      return counts.putOff
    },
    get repeats() {
      return counts.repeats
    },
    add: (each) => void sent.set(each.key, each),
    acknowledge(each) {
      each.acknowledged = true
      acknowledged++
      for (const entry of waiting) {
        if (entry.at > acknowledged) continue
        waiting.delete(entry)
        entry.resolve()
      }
    },
    count: (what) => void counts[what]++,
    reached: (at) => (at <= acknowledged ? Promise.resolve() : new Promise((resolve) => void waiting.add({ at, resolve }))),
    hear(client, life) {
      for (const event of client.events('chat')) note(event, life)
    },
  }
}
