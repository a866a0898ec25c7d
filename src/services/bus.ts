// Events inside the gateway: services publish, sockets and other services listen. Knows nothing of sockets.

import type { AnyEvent, PayloadOf } from '../protocol/event.ts'
import type { Gate } from '../store/gate.ts'

/** For whom an event is, beyond what its definition says. */
export interface Audience {
  /** The session that it is about: for events with the reach `session`. */
  readonly session?: string
  /** One connection: for events with the reach `direct`. */
  readonly connection?: string
  /** Only clients that named this capability in `caps`. */
  readonly capability?: string
  /** The topic that it belongs to: for events with the reach `topic`. */
  readonly topic?: string
  /** A connection that is left out. */
  readonly except?: string
}

export interface Sink {
  /** Delivers one event. `payload` builds its content, at most once; a sink calls it only if somebody receives it. */
  deliver(event: AnyEvent, payload: () => unknown, audience: Audience): void
  /** Whether anybody could receive it. */
  isHeard(event: AnyEvent, audience?: Audience): boolean
}

export interface Bus {
  /** Publishes after everything written so far is durable; an event of a write that failed is never seen. */
  publish<E extends AnyEvent>(event: E, payload: PayloadOf<E> | (() => PayloadOf<E>), audience?: Audience): void
  isHeard(event: AnyEvent, audience?: Audience): boolean
  attach(sink: Sink): void
}

const EVERYBODY: Audience = {}

export function createBus(gate: Gate): Bus {
  const sinks: Sink[] = []

  function isHeard(event: AnyEvent, audience = EVERYBODY): boolean {
    for (const sink of sinks) if (sink.isHeard(event, audience)) return true
    return false
  }

  return {
    publish(event, payload, audience = EVERYBODY) {
      if (!isHeard(event, audience)) return
      const build = typeof payload === 'function' ? once(payload as () => unknown) : () => payload
      gate.pass(() => {
        for (const sink of sinks) sink.deliver(event, build, audience)
      })
    },
    isHeard,
    attach: (sink) => void sinks.push(sink),
  }
}

function once<T>(build: () => T): () => T {
  let built: { value: T } | null = null
  return () => (built ??= { value: build() }).value
}
