// One open socket: the peer of the runtime and the connection record that belongs to it.

import { MAX_BUFFERED_BYTES } from '../protocol/version.ts'
import type { AnyEvent } from '../protocol/event.ts'
import type { Cancel } from '../ports/clock.ts'
import type { Peer, SharedText } from '../ports/peer.ts'
import type { Connection } from '../services/identity/connections.ts'

/** An event that waits until its reader has room. */
export interface Held {
  readonly event: AnyEvent
  readonly payload: unknown
}

export interface Link {
  readonly peer: Peer
  readonly connection: Connection
  /** Aborts when the socket closes. */
  readonly signal: AbortSignal
  /** Requests that are being worked on. */
  inFlight: number
  /** The `connect` that is being checked; further frames wait for it. */
  handshake: Promise<void> | null
  /** hello-ok is out: events may follow. */
  greeted: boolean
  /** Calls off the deadline for `connect`. A timer that is no longer needed would keep a sleeping gateway awake. */
  cancelDeadline: Cancel
  /** Merged deltas that wait for a slow reader, by the key of the merge: one of each event, in the order of their last words. */
  readonly held: Map<string, readonly Held[]>
  send(text: string): void
  sendShared(head: SharedText, tail: string): void
  close(code: number, reason: string): void
  /** The socket is gone: nothing is sent any more, and what is in the works is aborted. */
  end(): void
  readonly open: boolean
}

/** A close reason may take 123 bytes (RFC 6455, 5.5). */
export function truncateReason(reason: string): string {
  let cut = reason.slice(0, 123)
  while (new TextEncoder().encode(cut).byteLength > 123) cut = cut.slice(0, -1)
  return cut
}

/** `traffic` counts what is sent. */
export function createLink(peer: Peer, connection: Connection, traffic: { sent: number } = { sent: 0 }): Link {
  let open = true
  let aborter: AbortController | null = null

  function end() {
    open = false
    link.cancelDeadline()
    aborter?.abort(new Error('the connection was closed'))
  }

  function close(code: number, reason: string) {
    if (!open) return
    open = false
    peer.close(code, truncateReason(reason))
  }

  /** Whether something may be written. A reader that has let this much pile up is let go, with the reason. */
  function isWritable(): boolean {
    if (open && peer.buffered() > MAX_BUFFERED_BYTES) close(1008, 'slow consumer')
    return open
  }

  const link: Link = {
    peer,
    connection,
    get signal() {
      if (!aborter) {
        aborter = new AbortController()
        if (!open) end()
      }
      return aborter.signal
    },
    inFlight: 0,
    handshake: null,
    greeted: connection.session !== null, // it was before the sleep
    cancelDeadline: () => {},
    held: new Map(),
    send(text) {
      if (!isWritable()) return
      traffic.sent++
      peer.send(text)
    },
    sendShared(head, tail) {
      if (!isWritable()) return
      traffic.sent++
      peer.sendShared(head, tail)
    },
    close,
    end,
    get open() {
      return open
    },
  }
  return link
}
