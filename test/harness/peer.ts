// A peer without a network: what the core sees of a connection, and the client at its other end.

import type { Gateway, Peer } from '../../src/index.ts'
import { createClient, handshake, type Client, type ConnectChoice, type Data, type Transport } from './client.ts'
import { TOKEN } from './platform.ts'

export interface FakePeer extends Peer {
  /** Bytes that the client has not read yet, as the core is told. */
  waiting: number
  readonly sent: string[]
}

export interface Dialed {
  readonly client: Client
  readonly peer: FakePeer
}

export interface DialOptions {
  readonly headers?: Record<string, string>
  readonly path?: string
  /** The address of the socket; loopback unless said otherwise. */
  readonly address?: string | null
}

/** Opens a connection to a gateway, and no more. */
export async function dial(gateway: Gateway, { headers = { host: '127.0.0.1:18789' }, address = '127.0.0.1', path = '/' }: DialOptions = {}): Promise<Dialed> {
  const texts: ((text: string) => void)[] = []
  const closings: ((code: number, reason: string) => void)[] = []
  let record: unknown = null
  let open = true

  function end(code: number, reason: string) {
    if (!open) return
    open = false
    for (const listener of closings) listener(code, reason)
    gateway.socket.close(peer)
  }

  const deliver = (text: string) => {
    peer.sent.push(text)
    if (open) for (const listener of texts) listener(text)
  }
  const peer: FakePeer = {
    id: crypto.randomUUID(),
    waiting: 0,
    sent: [],
    load: () => record,
    save: (state) => void (record = structuredClone(state)),
    send: deliver,
    sendShared: (head, tail) => deliver(head.text + tail),
    buffered: () => peer.waiting,
    close: end,
  }
  const transport: Transport = {
    send: (text) => void gateway.socket.message(peer, text),
    close: (code = 1000, reason = '') => end(code, reason),
    onText: (listener) => void texts.push(listener),
    onClose: (listener) => void closings.push(listener),
  }
  const client = createClient(transport)
  const admission = await gateway.socket.admit({ url: path, headers: new Headers(headers) }, { remoteAddress: address })
  if (admission instanceof Response) throw new Error(`the upgrade was refused with ${admission.status}`)
  await gateway.socket.open(peer, admission)
  return { client, peer }
}

export interface Joined extends Dialed {
  readonly hello: Data
}

/** A connection that has completed the handshake; with all scopes unless said otherwise. */
export async function join(gateway: Gateway, choice: ConnectChoice & DialOptions = {}): Promise<Joined> {
  const { headers, address, ...rest } = choice
  const dialed = await dial(gateway, { ...(headers && { headers }), ...(address !== undefined && { address }) })
  const hello = await handshake(dialed.client, { token: TOKEN, ...rest })
  return { ...dialed, hello }
}
