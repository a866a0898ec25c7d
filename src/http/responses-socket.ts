// OpenResponses over WebSocket, on the path of the requests: whoever asked with a good key for the upgrade sends
// `response.create`, one after the other, and hears the events of each as messages. What is not stored lives with the
// connection alone, and not over a sleep: then it is not found, which clients know how to mend.

import { exceedsBytes } from '../kit/bytes.ts'
import { uuid } from '../kit/ids.ts'
import { messageOf } from '../kit/log.ts'
import { GatewayError, invalid } from '../protocol/errors.ts'
import type { Principal, Scope } from '../protocol/scopes.ts'
import type { Peer, RequestInfo } from '../ports/peer.ts'
import { MAX_BODY_BYTES } from './body.ts'
import type { HttpDeps } from './env.ts'
import { toOpenaiError } from './errors.ts'
import { checkServing, principalOf } from './guard.ts'
import type { Headers } from './openai-request.ts'
import { assertEnabled, RESPONSES_PATH } from './responses.ts'
import type { ResponsesLink } from './responses-link.ts'

/** What is kept beside the socket, also over a sleep. No key is. */
export interface ResponsesRecord {
  readonly door: 'responses'
  readonly principal: Omit<Principal, 'scopes'> & { readonly scopes: readonly Scope[] }
  /** Those that say who is addressed. */
  readonly headers: Readonly<Record<string, string>>
  readonly openedAt: number
}

export interface ResponsesSocket {
  /** Whether an upgrade of this address is meant for this door. */
  isFor(url: string): boolean
  /** Who may open a connection. Rejects with the refusal. */
  admit(headers: Headers, info: RequestInfo): Promise<ResponsesRecord>
  /** Whether a peer came through this door. */
  owns(peer: Peer): boolean
  open(peer: Peer, record: ResponsesRecord): void
  message(peer: Peer, text: string): Promise<void>
  close(peer: Peer): void
  /** Lets go of those whose credential has ended. */
  disconnect(fits: (principal: Principal) => boolean, reason: string): void
  closeAll(code: number, reason: string): void
}

const MAX_MS = 60 * 60 * 1000
/** Messages of one connection that may wait for those before them. */
const MAX_WAITING = 32
const MAX_WAITING_CHARS = 2 * MAX_BODY_BYTES
/** Bytes that may wait for a slow reader before it is given up. */
const MAX_UNREAD_BYTES = 8 * 1024 * 1024
const ADDRESSING = ['x-openclaw-model', 'x-openclaw-agent-id', 'x-openclaw-session-key', 'x-openclaw-message-channel']
const MAX_HEADER_CHARS = 512
/** Less than a Durable Object keeps beside a socket. */
const MAX_RECORD_BYTES = 12 * 1024

interface Held extends ResponsesLink {
  readonly peer: Peer
  readonly record: ResponsesRecord
  readonly waiting: string[]
  waitingChars: number
  busy: boolean
  cancelLimit: () => void
}

export function createResponsesSocket(deps: HttpDeps & { readonly hibernates: boolean }): ResponsesSocket {
  const { clock, log } = deps
  const links = new Map<string, Held>()

  async function admit(headers: Headers, info: RequestInfo): Promise<ResponsesRecord> {
    checkServing(deps.failing())
    const { scopes, ...principal } = await principalOf(headers, info, deps, 'operator.write')
    assertEnabled(deps)
    const given = ADDRESSING.flatMap((name) => {
      const value = headers.get(name)
      if (value !== null && value.length > MAX_HEADER_CHARS) throw invalid(`the header ${name} is too long`)
      return value === null ? [] : [[name, value] as const]
    })
    const record: ResponsesRecord = { door: 'responses', principal: { ...principal, scopes: [...scopes] }, headers: Object.fromEntries(given), openedAt: clock.now() }
    if (exceedsBytes(JSON.stringify(record), MAX_RECORD_BYTES)) throw invalid('this key names more agents and models than a connection can remember: ask over HTTP')
    return record
  }

  function hold(peer: Peer, record: ResponsesRecord): Held {
    const link: Held = {
      peer,
      record,
      principal: { ...record.principal, scopes: new Set(record.principal.scopes) },
      headers: { get: (name) => record.headers[name] ?? null },
      waiting: [],
      waitingChars: 0,
      busy: false,
      last: null,
      run: null,
      open: true,
      cancelLimit: () => {},
      send(text) {
        if (!link.open) return
        if (peer.buffered() > MAX_UNREAD_BYTES) return shut(link, 1013, 'the reader is too slow')
        peer.send(text)
      },
    }
    links.set(peer.id, link)
    // Where gateways sleep nothing waits: there it is told at the next message.
    if (!deps.hibernates) link.cancelLimit = clock.after(Math.max(0, record.openedAt + MAX_MS - clock.now()), () => endOfTime(link))
    return link
  }

  function release(link: Held): void {
    link.open = false
    link.cancelLimit()
    link.waiting.length = 0
    link.last = null
    link.run?.abort('disconnect')
    links.delete(link.peer.id)
  }

  function shut(link: Held, code: number, reason: string): void {
    release(link)
    link.peer.close(code, reason)
  }

  /** One that is being answered is answered first. */
  function endOfTime(link: Held): void {
    link.waiting.length = 0
    if (link.busy) return
    const error = invalid('Responses websocket connection limit reached (60 minutes). Create a new websocket connection to continue.', {
      code: 'websocket_connection_limit_reached',
    })
    deps.gate.pass(() => {
      link.send(toMessage(error))
      shut(link, 1000, 'the connection is 60 minutes old')
    })
  }

  const isOver = ({ record }: Held): boolean => clock.now() - record.openedAt >= MAX_MS

  async function pump(link: Held): Promise<void> {
    if (link.busy) return
    link.busy = true
    for (let text = link.waiting.shift(); text !== undefined && link.open && !isOver(link); text = link.waiting.shift()) {
      link.waitingChars -= text.length
      await answer(link, text)
    }
    link.busy = false
    if (link.open && isOver(link)) endOfTime(link)
  }

  async function answer(link: Held, text: string): Promise<void> {
    try {
      const { answerOnSocket } = await import('./responses-turn.ts')
      await answerOnSocket(link, text, deps)
    } catch (error) {
      refuse(link, toGatewayError(error))
    }
  }

  const refuse = (link: Held, error: GatewayError): void => deps.gate.pass(() => link.send(toMessage(error)))

  function toGatewayError(error: unknown): GatewayError {
    if (error instanceof GatewayError) return error
    const id = uuid()
    log.error('a response on a socket failed', { id, error: messageOf(error), stack: error instanceof Error ? error.stack : undefined })
    return new GatewayError('INTERNAL', `internal error ${id}: the log of the gateway says more under this id`)
  }

  /** One that slept is taken up again with what was kept beside its socket. */
  function linkOf(peer: Peer): Held | null {
    const known = links.get(peer.id)
    if (known) return known
    const record = recordOf(peer)
    return record && hold(peer, record)
  }

  return {
    isFor: (url) => pathOf(url) === RESPONSES_PATH,
    admit,
    owns: (peer) => links.has(peer.id) || recordOf(peer) !== null,
    open(peer, record) {
      peer.save(record)
      hold(peer, record)
    },
    async message(peer, text) {
      const link = linkOf(peer)
      if (!link) return
      if (exceedsBytes(text, MAX_BODY_BYTES)) return shut(link, 1009, 'the message is too large')
      if (link.waiting.length >= MAX_WAITING || link.waitingChars + text.length > MAX_WAITING_CHARS) {
        return refuse(link, new GatewayError('RATE_LIMITED', 'too many messages of this connection are waiting: wait for an answer first', { code: 'too_many_requests' }))
      }
      link.waiting.push(text)
      link.waitingChars += text.length
      await pump(link)
    },
    close(peer) {
      const link = links.get(peer.id)
      if (link) release(link)
    },
    disconnect(fits, reason) {
      for (const link of links.values()) if (fits(link.principal)) shut(link, 4001, reason)
    },
    closeAll(code, reason) {
      for (const link of links.values()) shut(link, code, reason)
    },
  }
}

function recordOf(peer: Peer): ResponsesRecord | null {
  const record = peer.load() as { door?: unknown } | null
  return record?.door === 'responses' ? (record as ResponsesRecord) : null
}

function pathOf(url: string): string {
  const path = URL.canParse(url) ? new URL(url).pathname : url.split('?')[0]!
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path
}

/** An error that belongs to no response. */
export const toMessage = (error: GatewayError): string => {
  const { message, type, param, code } = toOpenaiError(error).error
  return JSON.stringify({ type: 'error', status: error.status, error: { type, code, message, param } })
}

/** As the answer to a request for an upgrade. */
export function toRefusal(error: GatewayError): Response {
  const headers = { 'content-type': 'application/json; charset=utf-8', ...(error.code === 'UNAUTHORIZED' && { 'www-authenticate': 'Bearer' }) }
  return new Response(JSON.stringify(toOpenaiError(error)), { status: error.status, headers })
}
