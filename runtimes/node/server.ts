// The HTTP server and the WebSocket upgrade of Node.

import { createServer, STATUS_CODES, type IncomingMessage, type Server } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { getRequestListener, type HttpBindings } from '@hono/node-server'
import crossws from 'crossws/adapters/node'
import type { Gateway } from '../../src/index.ts'
import { createHooks } from '../shared/crossws-peer.ts'
import { createWires } from './frames.ts'

export interface RunningServer {
  readonly port: number
  close(): Promise<void>
}

/** Dead connections are found by pings this often. */
const PING_SECONDS = 25

export async function listen(
  gateway: Gateway,
  at: { readonly host: string; readonly port: number; readonly maxPayload: number },
  onError: (error: unknown) => void,
): Promise<RunningServer> {
  const createWire = createWires()
  const ws = crossws({
    hooks: createHooks({
      gateway,
      wireOf: (peer) => createWire((peer.context as unknown as { socket: Socket }).socket),
      onError,
    }),
    getNamespace: () => 'gateway',
    idleTimeout: PING_SECONDS,
    serverOptions: { maxPayload: at.maxPayload, perMessageDeflate: false },
  })
  const respond = getRequestListener((request, env) =>
    gateway.fetch(request, { remoteAddress: (env as HttpBindings).incoming.socket.remoteAddress ?? null }),
  )
  const server = createServer((request, response) => void respond(request, response).catch(onError))

  server.on('upgrade', (request, socket: Duplex, head) => {
    socket.on('error', () => {}) // a client that vanishes is no event
    if (request.headers.upgrade?.toLowerCase() !== 'websocket' || request.method !== 'GET') return refuse(socket)
    void upgrade(request, socket as Socket, head).catch((error: unknown) => {
      onError(error)
      socket.destroy()
    })
  })

  /** crossws gets a request that is just what it reads, with the facts in its context. */
  async function upgrade(request: IncomingMessage, socket: Socket, head: Buffer) {
    const headers = new Headers(Object.entries(request.headers).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])))
    const facts = await gateway.socket.admit({ url: request.url ?? '/', headers }, { remoteAddress: socket.remoteAddress ?? null })
    if (facts instanceof Response) return answer(socket, facts)
    socket.setNoDelay(true)
    const given = { url: 'http://gateway/', headers, context: { facts, socket } }
    await ws.handleUpgrade(request, socket, head, given as unknown as Request)
  }

  await bind(server, at)
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : at.port,
    close: () => end(server, ws),
  }
}

function refuse(socket: Duplex) {
  socket.end('HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain\r\ncontent-length: 36\r\nconnection: close\r\n\r\nonly upgrades to websocket are known')
}

/** Refuses an upgrade, with the reason. */
async function answer(socket: Duplex, refusal: Response): Promise<void> {
  const body = await refusal.text()
  const headers = [...refusal.headers, ['content-length', String(Buffer.byteLength(body))], ['connection', 'close']]
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  socket.end(`HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status] ?? ''}\r\n${lines}\r\n${body}`)
}

function bind(server: Server, { host, port }: { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(error.code === 'EADDRINUSE' ? new Error(`port ${port} on ${host} is in use`) : error)
    })
    server.listen(port, host, resolve)
  })
}

/** Lets answers and close frames go out, then cuts what is left. */
async function end(server: Server, ws: ReturnType<typeof crossws>): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve))
  server.closeIdleConnections()
  const cut = setTimeout(() => {
    ws.closeAll(1012, undefined, true)
    server.closeAllConnections()
  }, 1000)
  await closed
  clearTimeout(cut)
}
