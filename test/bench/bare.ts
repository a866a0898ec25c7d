// What the gateway is compared with: node:http and ws, and the least that speaks the same wire. It stores nothing,
// validates nothing and merges nothing; what is left is transport, JSON, and one frame for all readers of an event.

import http, { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { WebSocketServer, type WebSocket } from 'ws'

// Frames are taken apart as they are: this server trusts everybody.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Data = any

const { BARE_TOKEN: token, BARE_UPSTREAM: upstream } = process.env
const completions = new URL(`${upstream}/chat/completions`)
const agent = new http.Agent({ keepAlive: true, maxSockets: 256 })

const sessions = new Map<string, { readonly key: string; updatedAt: number; readonly messages: Data[] }>()
/** The same, the oldest first, for lists. */
const byAge: Data[] = []
const readers = new Set<Socket>()
let seq = 0

function sessionOf(key: string) {
  let session = sessions.get(key)
  if (!session) {
    session = { key, updatedAt: Date.now(), messages: [] }
    sessions.set(key, session)
    byAge.push(session)
  }
  return session
}

const textMessage = (text: string) => ({ role: 'assistant', content: [{ type: 'text', text }], timestamp: Date.now() })

function add(key: string, message: Data): void {
  const session = sessionOf(key)
  session.messages.push(message)
  session.updatedAt = Date.now()
}

const ROW = { kind: 'direct', chatType: 'direct', agentId: 'main', archived: false, modelProvider: 'bench', model: 'x', totalTokens: 0, hasActiveRun: false }
const row = ({ key, updatedAt }: Data) => ({ key, updatedAt, ...ROW })

const METHODS: Readonly<Record<string, (params: Data) => unknown>> = {
  health: () => ({ ok: true, ts: Date.now(), durationMs: 0, channels: {}, defaultAgentId: 'main', agents: [{ agentId: 'main' }], sessions: { count: sessions.size } }),
  'sessions.create': ({ key }) => ({ ok: true, key: sessionOf(key).key }),
  'sessions.list': ({ limit }) => ({ ts: Date.now(), totalCount: byAge.length, sessions: byAge.slice(-limit).reverse().map(row) }),
  'chat.inject': ({ sessionKey, message }) => (add(sessionKey, textMessage(message)), { ok: true }),
  'chat.history': ({ sessionKey, limit }) => ({ sessionKey, messages: sessionOf(sessionKey).messages.slice(-limit) }),
  'chat.send': ({ sessionKey, message, idempotencyKey: runId }) => (run(sessionKey, runId, message), { runId, status: 'started' }),
}

/** One buffer for all. */
function broadcast(payload: Data): void {
  const text = Buffer.from(`{"type":"event","event":"chat","payload":${JSON.stringify(payload)},"seq":${++seq}}`)
  const header = text.length < 126 ? Buffer.from([0x81, text.length]) : Buffer.from([0x81, 126, text.length >> 8, text.length & 255])
  const frame = Buffer.concat([header, text])
  for (const reader of readers) reader.write(frame)
}

function run(sessionKey: string, runId: string, message: string): void {
  const facts = { runId, sessionKey, agentId: 'main' }
  let text = ''
  let own = 0
  add(sessionKey, { role: 'user', content: message, timestamp: Date.now() })
  const body = JSON.stringify({ model: 'x', stream: true, messages: [{ role: 'user', content: message }] })
  ask({ 'content-length': Buffer.byteLength(body) }, (response) => {
    let rest = ''
    response.setEncoding('utf8')
    response.on('data', (piece: string) => {
      const lines = (rest + piece).split('\n\n')
      rest = lines.pop()!
      for (const line of lines) {
        const deltaText = line.startsWith('data: {') ? JSON.parse(line.slice(6)).choices[0]?.delta.content : ''
        if (!deltaText) continue
        text += deltaText
        broadcast({ ...facts, seq: ++own, state: 'delta', deltaText, message: textMessage(text) })
      }
    })
    response.on('end', () => {
      add(sessionKey, textMessage(text))
      broadcast({ ...facts, seq: ++own, state: 'final', stopReason: 'stop', message: textMessage(text) })
    })
  }).end(body)
}

function ask(headers: http.OutgoingHttpHeaders, answered: (response: IncomingMessage) => void): http.ClientRequest {
  const { hostname, port, pathname } = completions
  const all = { 'content-type': 'application/json', ...headers }
  return http.request({ host: hostname, port, path: pathname, method: 'POST', agent, headers: all }, answered)
}

function proxy(request: IncomingMessage, response: ServerResponse): void {
  if (request.url !== '/v1/chat/completions' || request.headers.authorization !== `Bearer ${token}`) {
    return void response.writeHead(401).end()
  }
  const upward = ask({ 'content-length': request.headers['content-length'] }, (answered) => {
    response.writeHead(answered.statusCode!, answered.headers)
    answered.pipe(response)
  })
  upward.on('error', () => response.writeHead(502).end())
  request.pipe(upward)
}

function serve(socket: WebSocket, raw: Socket): void {
  let known = false
  socket.on('close', () => readers.delete(raw))
  socket.on('message', (data) => {
    const { id, method, params } = JSON.parse(String(data)) as Data
    const answer = (payload: unknown) => socket.send(`{"type":"res","id":${JSON.stringify(id)},"ok":true,"payload":${JSON.stringify(payload)}}`)
    if (known) return answer(METHODS[method]!(params ?? {}))
    if (params.auth.token !== token) return socket.close()
    known = true
    readers.add(raw)
    const policy = { maxPayload: 26_214_400, maxBufferedBytes: 52_428_800, tickIntervalMs: 30_000 }
    answer({ type: 'hello-ok', protocol: 4, server: { version: '0', connId: crypto.randomUUID() }, features: { methods: Object.keys(METHODS), events: ['chat'] }, snapshot: {}, policy })
  })
  socket.send(`{"type":"event","event":"connect.challenge","payload":{"nonce":"${crypto.randomUUID()}","ts":${Date.now()}}}`)
}

const server = createServer(proxy)
new WebSocketServer({ server, perMessageDeflate: false }).on('connection', (socket, request) => serve(socket, request.socket))
server.listen(0, '127.0.0.1', () => {
  process.stderr.write(`bare listens on http://127.0.0.1:${(server.address() as AddressInfo).port}\n`)
})
