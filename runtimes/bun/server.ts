// The HTTP server and the WebSocket upgrade of Bun.

import crossws from 'crossws/adapters/bun'
import type { Peer as CrosswsPeer } from 'crossws'
import type { Gateway } from '../../src/index.ts'
import { createHooks, type Wire } from '../shared/crossws-peer.ts'

export interface RunningServer {
  readonly port: number
  close(): Promise<void>
}

/** Seconds; Bun pings before they are over. */
const SOCKET_IDLE_SECONDS = 60
/** Seconds that an answer may be silent: the most that Bun allows. Streams send a comment more often than that. */
const HTTP_IDLE_SECONDS = 255
/** Above what the gateway takes, which refuses in its own words; Bun would cut the connection while the body is sent. */
const BODY_BYTES = 25 * 1024 * 1024
/** Above what the gateway lets pile up by itself: Bun drops what goes beyond, silently unless told to close. */
const BACKPRESSURE_BYTES = 64 * 1024 * 1024

export function listen(
  gateway: Gateway,
  at: { readonly host: string; readonly port: number; readonly maxPayload: number },
  onError: (error: unknown) => void,
): RunningServer {
  const ws = crossws({ hooks: createHooks({ gateway, wireOf, onError }), getNamespace: () => 'gateway', idleTimeout: SOCKET_IDLE_SECONDS })
  const server = Bun.serve({
    hostname: at.host,
    port: at.port,
    idleTimeout: HTTP_IDLE_SECONDS,
    maxRequestBodySize: BODY_BYTES,
    websocket: {
      ...ws.websocket,
      maxPayloadLength: at.maxPayload,
      backpressureLimit: BACKPRESSURE_BYTES,
      closeOnBackpressureLimit: true,
    },
    async fetch(request, server) {
      const info = { remoteAddress: server.requestIP(request)?.address ?? null }
      if (request.headers.get('upgrade')?.toLowerCase() !== 'websocket') return gateway.fetch(request, info)
      const facts = await gateway.socket.admit(request, info)
      if (facts instanceof Response) return facts
      return ws.handleUpgrade(Object.assign(request, { context: { facts } }), server) as Promise<Response>
    },
    error(error) {
      onError(error)
      return new Response('internal error', { status: 500 })
    },
  })
  return { port: server.port ?? at.port, close: () => server.stop(true) }
}

function wireOf(peer: CrosswsPeer): Wire {
  return {
    send: (text) => void peer.send(text),
    sendShared: (head, tail) => void peer.send(head.text + tail),
    buffered: () => peer.bufferedAmount ?? 0,
  }
}
