// From the bus to the sockets: decides who receives an event, encodes it once per dialect, and merges the deltas of
// readers that do not keep up.

import { encodeEventHead, encodeEventTail, type StateVersion } from '../protocol/frames.ts'
import type { AnyEvent } from '../protocol/event.ts'
import { MERGE_ABOVE_BYTES } from '../protocol/version.ts'
import type { Clock } from '../ports/clock.ts'
import type { SharedText } from '../ports/peer.ts'
import type { Audience, Sink } from '../services/bus.ts'
import { SESSIONS_TOPIC, sessionTopic } from '../services/identity/topics.ts'
import type { Link } from './link.ts'

export interface Fanout extends Sink {
  /** A socket has room again. */
  drained(link: Link): void
}

/** Where no runtime tells that a socket has drained, it is looked after this often while something waits. */
const LOOK_AGAIN_MS = 100

export function createFanout(deps: { links: () => Iterable<Link>; clock: Clock; version: () => StateVersion }): Fanout {
  const { links, clock, version } = deps
  const slow = new Set<Link>()
  let looking = false

  function deliver(event: AnyEvent, payload: () => unknown, audience: Audience) {
    let encoder: Encoder | null = null
    for (const link of links()) {
      if (!link.greeted || !isFor(link, event, audience)) continue
      encoder ??= createEncoder(event, payload(), event.versioned ? version() : undefined)
      give(link, event, encoder)
    }
  }

  function give(link: Link, event: AnyEvent, encoder: Encoder) {
    const behind = link.held.size > 0 || link.peer.buffered() > MERGE_ABOVE_BYTES
    if (!behind) return encoder.send(link)
    if (event.dropIfSlow) return
    if (hold(link, event, encoder.payload)) return
    release(link) // what was held comes before what cannot be merged with it
    encoder.send(link)
  }

  /** Keeps a delta back, joined with those that wait already. False when it cannot be held. */
  function hold(link: Link, event: AnyEvent, payload: unknown): boolean {
    const key = event.merge?.key(payload) ?? null
    if (key === null) return false
    const waiting = link.held.get(key) ?? []
    const earlier = waiting.find((held) => held.event === event)
    const joined = earlier ? event.merge!.join(earlier.payload, payload) : payload
    if (joined === null) return false
    link.held.set(key, [...waiting.filter((held) => held !== earlier), { event, payload: joined }])
    slow.add(link)
    lookLater()
    return true
  }

  function release(link: Link) {
    slow.delete(link)
    const held = [...link.held.values()].flat()
    link.held.clear()
    for (const { event, payload } of held) createEncoder(event, payload, undefined).send(link)
  }

  function lookLater() {
    if (looking) return
    looking = true
    clock.after(LOOK_AGAIN_MS, () => {
      looking = false
      for (const link of slow) {
        if (!link.open) slow.delete(link)
        else if (link.peer.buffered() <= MERGE_ABOVE_BYTES) release(link)
      }
      if (slow.size > 0) lookLater()
    })
  }

  return {
    deliver,
    /** Whoever's hello-ok is on its way is told, too: what is published now comes behind it. */
    isHeard(event, audience = {}) {
      for (const link of links()) if (isFor(link, event, audience)) return true
      return false
    },
    drained(link) {
      if (link.held.size > 0 && link.peer.buffered() <= MERGE_ABOVE_BYTES) release(link)
    },
  }
}

/** Fail closed: whoever is not clearly meant does not receive it. */
function isFor(link: Link, event: AnyEvent, audience: Audience): boolean {
  const { connection } = link
  if (!link.open || !connection.holds(event.scope)) return false
  if (audience.connection !== undefined && audience.connection !== connection.id) return false
  if (audience.except === connection.id) return false
  if (audience.capability !== undefined && !connection.caps.has(audience.capability)) return false
  switch (event.reach) {
    case 'all':
      return true
    case 'sessions':
      return connection.topics.has(SESSIONS_TOPIC)
    case 'session':
      return connection.topics.has(SESSIONS_TOPIC) || (audience.session !== undefined && connection.topics.has(sessionTopic(audience.session)))
    case 'topic':
      return audience.topic !== undefined && connection.topics.has(audience.topic)
    case 'direct':
      return audience.connection === connection.id
  }
}

interface Encoder {
  readonly payload: unknown
  send(link: Link): void
}

/** One event, encoded at most once for each form in which it goes out. */
function createEncoder(event: AnyEvent, payload: unknown, version: StateVersion | undefined): Encoder {
  let current: SharedText | null = null
  let legacy: SharedText | null = null
  let plain: SharedText | null = null
  const text = (content: unknown) => JSON.stringify(content)
  const numbered = event.reach !== 'direct'

  return {
    payload,
    send(link) {
      const { dialect, protocol } = link.connection.session!
      const seq = numbered && dialect === 'typed' ? link.connection.nextSeq() : null
      const tail = encodeEventTail(dialect, seq)
      if (dialect === 'plain') {
        plain ??= { text: encodeEventHead('plain', event.name, text(payload)) }
        return link.sendShared(plain, tail)
      }
      if (protocol < 4 && event.legacy) {
        legacy ??= { text: encodeEventHead('typed', event.name, text(event.legacy(payload)), version) }
        return link.sendShared(legacy, tail)
      }
      current ??= { text: encodeEventHead('typed', event.name, text(payload), version) }
      link.sendShared(current, tail)
    },
  }
}
