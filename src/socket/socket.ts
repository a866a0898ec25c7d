// The WebSocket door: one connection's life from the challenge to the close. Every error that reaches a client over a
// socket is made into a frame here.

import { exceedsBytes } from '../kit/bytes.ts'
import { uuid } from '../kit/ids.ts'
import { messageOf, sampled, type Logger } from '../kit/log.ts'
import { firstUnits } from '../kit/text.ts'
import type { Trace } from '../kit/trace.ts'
import { GatewayError, invalid, notWritten, toShape, unavailable } from '../protocol/errors.ts'
import { CHALLENGE_CAPABILITIES } from '../protocol/connect.ts'
import { connectChallenge } from '../protocol/events.ts'
import { decodeFrame, encodeError, encodeEventHead, encodeEventTail, encodeResult, type Dialect, type RequestFrame } from '../protocol/frames.ts'
import { HANDSHAKE_TIMEOUT_MS, MAX_HANDSHAKE_BYTES, MAX_REQUESTS_IN_FLIGHT } from '../protocol/version.ts'
import type { Clock } from '../ports/clock.ts'
import type { Peer } from '../ports/peer.ts'
import { StorageError } from '../ports/sql.ts'
import type { Call } from '../rpc/method.ts'
import type { Registry } from '../rpc/registry.ts'
import type { ConnectionRecord, Connections, Facts } from '../services/identity/connections.ts'
import type { Presence } from '../services/identity/presence.ts'
import type { Gate } from '../store/gate.ts'
import type { Fanout } from './fanout.ts'
import { ProtocolMismatch, type Handshake } from './handshake.ts'
import { createLink, type Link } from './link.ts'

export interface Socket {
  open(peer: Peer, facts: Facts): void
  message(peer: Peer, text: string): Promise<void>
  close(peer: Peer): void
  drained(peer: Peer): void
  /** Takes up the connections that outlived a sleep. */
  restore(peers: Iterable<Peer>): void
  closeAll(code: number, reason: string): void
}

export interface SocketDeps {
  readonly links: Map<string, Link>
  readonly connections: Connections
  readonly presence: Presence
  readonly handshake: Handshake
  readonly registry: Registry
  readonly fanout: Fanout
  readonly gate: Gate
  readonly clock: Clock
  readonly log: Logger
  readonly maxPayload: () => number
  readonly handshakeTimeoutMs?: number | undefined
  /** Counts frames. */
  readonly traffic?: { received: number; sent: number }
}

/** Of what a stranger is told, in the log. */
const MAX_REASON_CHARS = 256

export function createSocket(deps: SocketDeps): Socket {
  const { links, connections, presence, handshake, registry, fanout, gate, clock, log } = deps
  const timeoutMs = deps.handshakeTimeoutMs ?? HANDSHAKE_TIMEOUT_MS
  const { traffic = { received: 0, sent: 0 } } = deps
  const sayRefused = sampled((fields) => log.info('connect refused', fields), clock.now)

  connections.onDisconnect((id, code, reason) => links.get(id)?.close(code, reason))

  function open(peer: Peer, facts: Facts) {
    const nonce = uuid()
    const connection = connections.open(peer.id, facts, nonce, clock.now(), (record) => peer.save(record))
    const link = addLink(peer, connection)
    const payload = JSON.stringify({ nonce, ts: connection.openedAt, capabilities: CHALLENGE_CAPABILITIES })
    link.send(encodeEventHead('typed', connectChallenge.name, payload) + encodeEventTail('typed', null))
    expectConnect(link, timeoutMs)
  }

  function addLink(peer: Peer, connection: Link['connection']): Link {
    const link = createLink(peer, connection, traffic)
    links.set(peer.id, link)
    return link
  }

  function expectConnect(link: Link, ms: number) {
    link.cancelDeadline = clock.after(ms, () => {
      if (!link.connection.session) link.close(1008, 'handshake timeout')
    })
  }

  async function message(peer: Peer, text: string): Promise<void> {
    const link = links.get(peer.id)
    if (!link?.open) return
    traffic.received++
    if (link.handshake) await link.handshake
    if (!link.open) return // it ended, or was refused, meanwhile
    if (link.connection.session) return request(link, text)
    link.handshake = connect(link, text).finally(() => (link.handshake = null))
    await link.handshake
  }

  // --- before connect ---

  async function connect(link: Link, text: string): Promise<void> {
    if (exceedsBytes(text, MAX_HANDSHAKE_BYTES)) return link.close(1009, '')
    const decoded = decodeFrame(text, null)
    if (decoded.kind === 'not-json') return link.close(1000, '')
    if (decoded.kind === 'invalid') return link.close(1008, 'invalid request frame')
    const { dialect, request } = decoded
    const since = gate.mark()
    try {
      if (request.method !== 'connect') throw invalid('invalid handshake: first request must be connect')
      const hello = await handshake.connect(link.connection, dialect, request.params, () => link.open)
      link.cancelDeadline()
      gate.pass(
        () => greet(link, encodeResult(dialect, request, hello)),
        () => refuse(link, dialect, request, notWritten()),
        since,
      )
    } catch (error) {
      const refusal = toGatewayError(error, 'connect')
      sayRefused({ connection: link.connection.id, reason: firstUnits(refusal.message, MAX_REASON_CHARS) })
      gate.pass(() => refuse(link, dialect, request, refusal))
    }
  }

  function greet(link: Link, hello: string) {
    link.send(hello)
    link.greeted = true
  }

  function refuse(link: Link, dialect: Dialect, request: RequestFrame, error: GatewayError) {
    link.send(encodeError(dialect, request, toShape(error)))
    link.close(error instanceof ProtocolMismatch ? 1002 : 1008, error.message)
  }

  // --- after connect ---

  function request(link: Link, text: string): void | Promise<void> {
    const { dialect } = link.connection.session!
    if (text.length > deps.maxPayload() || exceedsBytes(text, deps.maxPayload())) return link.close(1009, '')
    const decoded = decodeFrame(text, dialect)
    if (decoded.kind === 'not-json') return
    if (decoded.kind === 'invalid') return fail(link, dialect, decoded, invalid(decoded.message))
    if (link.inFlight >= MAX_REQUESTS_IN_FLIGHT) {
      const busy = unavailable(`${MAX_REQUESTS_IN_FLIGHT} requests of this connection are being worked on: wait for an answer first`, {
        retryAfterMs: 100,
        details: { code: 'TOO_MANY_REQUESTS' },
      })
      return fail(link, dialect, decoded.request, busy)
    }
    return answer(link, dialect, decoded.request)
  }

  /** It may speak of what is not on disk yet, and hello-ok may still wait for that. */
  function fail(link: Link, dialect: Dialect, request: Pick<RequestFrame, 'id' | 'meta'>, error: GatewayError) {
    gate.pass(() => link.send(encodeError(dialect, request, toShape(error))))
  }

  async function answer(link: Link, dialect: Dialect, request: RequestFrame): Promise<void> {
    const since = gate.mark()
    const tell = (payload: string) => {
      gate.pass(
        () => link.send(encodeResult(dialect, request, payload)),
        () => link.send(encodeError(dialect, request, toShape(notWritten()))),
        since,
      )
    }
    const call: Call = {
      caller: link.connection.principal!,
      connection: link.connection,
      get signal() {
        return link.signal
      },
      log,
      trace: request.trace,
      interim: (payload) => tell(JSON.stringify(payload) ?? 'null'),
    }
    link.inFlight++
    try {
      if (request.method === 'connect') throw invalid('connect is only valid as the first request')
      tell(await registry.dispatch(request.method, request.params, call))
    } catch (error) {
      fail(link, dialect, request, toGatewayError(error, request.method, request.trace))
    } finally {
      link.inFlight--
    }
  }

  /** What a service threw is for the client; anything else is ours, and the client gets only the id of the log line. */
  function toGatewayError(error: unknown, method: string, trace?: Trace): GatewayError {
    if (error instanceof GatewayError) return error
    const id = uuid()
    log.error(`${method} failed`, { id, ...(trace && { trace: trace.traceId }), error: messageOf(error), stack: error instanceof Error ? error.stack : undefined })
    if (error instanceof StorageError) return notWritten()
    return new GatewayError('INTERNAL', `internal error ${id}: the log of the gateway says more under this id`)
  }

  function restorePeer(peer: Peer) {
    const record = peer.load() as ConnectionRecord | null
    if (!record || 'door' in record || links.has(peer.id)) return // `door`: it came through another one
    const connection = connections.restore(peer.id, record, (changed) => peer.save(changed))
    const link = addLink(peer, connection)
    if (connection.session) {
      presence.join(connection)
      connections.joined(connection, null)
    } else expectConnect(link, Math.max(0, connection.openedAt + timeoutMs - clock.now()))
  }

  return {
    open,
    message,
    close(peer) {
      const link = links.get(peer.id)
      if (!link) return
      link.end()
      links.delete(peer.id)
      presence.leave(link.connection)
      connections.close(peer.id)
    },
    drained(peer) {
      const link = links.get(peer.id)
      if (link) fanout.drained(link)
    },
    restore(peers) {
      for (const peer of peers) {
        try {
          restorePeer(peer)
        } catch (error) {
          log.error('a connection could not be taken up, and is closed', { connection: peer.id, error: messageOf(error) })
          const end = links.get(peer.id) ?? peer
          end.close(1012, 'service restart')
        }
      }
    },
    closeAll(code, reason) {
      for (const link of links.values()) link.close(code, reason)
    },
  }
}
