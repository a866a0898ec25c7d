// crossws peers as our own, with every hook wrapped: a hook that throws would end the process.

import type { Peer as CrosswsPeer } from 'crossws'
import type { Gateway, Peer, SharedText } from '../../src/index.ts'

export type Facts = Parameters<Gateway['socket']['open']>[1]

/** How a runtime writes to its sockets. */
export interface Wire {
  send(text: string): void
  sendShared(head: SharedText, tail: string): void
  buffered(): number
  /** Writes what waits for the end of the turn. */
  flush?(): void
}

interface Context {
  facts: Facts
  peer?: Peer
}

export interface HooksDeps {
  readonly gateway: Gateway
  /** The wire of a peer that has just opened. */
  readonly wireOf: (peer: CrosswsPeer) => Wire
  readonly onError: (error: unknown) => void
}

/** Hooks for `crossws`. The upgrade MUST have put `facts` into the context. */
export function createHooks({ gateway, wireOf, onError }: HooksDeps) {
  const contextOf = (peer: CrosswsPeer) => peer.context as unknown as Context

  /** Nothing escapes: what goes wrong with one connection closes that connection. */
  function guarded(peer: CrosswsPeer, work: () => void | Promise<void>) {
    const fail = (error: unknown) => {
      onError(error)
      try {
        peer.close(1011, 'internal error')
      } catch {
        // it is closed already
      }
    }
    try {
      const pending = work()
      if (pending) pending.catch(fail)
    } catch (error) {
      fail(error)
    }
  }

  return {
    open: (peer: CrosswsPeer) =>
      guarded(peer, () => {
        const context = contextOf(peer)
        context.peer = toPeer(peer, wireOf(peer))
        return gateway.socket.open(context.peer, context.facts)
      }),
    message: (peer: CrosswsPeer, message: { text(): string }) =>
      guarded(peer, () => {
        const own = contextOf(peer).peer
        if (own) return gateway.socket.message(own, message.text())
      }),
    drain: (peer: CrosswsPeer) =>
      guarded(peer, () => {
        const own = contextOf(peer).peer
        if (own) gateway.socket.drained(own)
      }),
    close: (peer: CrosswsPeer) =>
      guarded(peer, () => {
        const own = contextOf(peer).peer
        if (own) gateway.socket.close(own)
      }),
    /** A frame that breaks the rules, or a network that broke off: no error of ours, and the close follows. */
    error: () => {},
  }
}

/** In a process the record of a connection lives as long as its socket does. */
function toPeer(peer: CrosswsPeer, wire: Wire): Peer {
  let state: unknown = null
  let open = true
  return {
    id: peer.id,
    load: () => state,
    save: (given) => void (state = given),
    send: (text) => void (open && wire.send(text)),
    sendShared: (head, tail) => void (open && wire.sendShared(head, tail)),
    buffered: () => wire.buffered(),
    close(code, reason) {
      open = false
      wire.flush?.()
      peer.close(code, reason)
    },
  }
}
