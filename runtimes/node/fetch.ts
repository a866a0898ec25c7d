// The upstream transport of Node: pooled node:http, which costs a quarter of the CPU of the global fetch.

import http, { type IncomingMessage } from 'node:http'
import https from 'node:https'
import type { Fetch } from '../../src/index.ts'

const POOL = { keepAlive: true, maxSockets: 256, maxFreeSockets: 64, scheduling: 'lifo' } as const

export function createFetch(): Fetch {
  const agents = { 'http:': new http.Agent(POOL), 'https:': new https.Agent(POOL) }
  /** The same few addresses are asked again and again. */
  const targets = new Map<string, Target>()

  function toTarget(url: string): Target {
    const known = targets.get(url)
    if (known) return known
    const { protocol, hostname, port, pathname, search } = new URL(url)
    if (protocol !== 'http:' && protocol !== 'https:') throw new Error(`cannot fetch ${protocol} addresses`)
    const host = hostname.replace(/^\[|\]$/g, '')
    const options = { host, port, path: pathname + search, agent: agents[protocol], setHost: false }
    const target = { send: protocol === 'https:' ? https.request : http.request, options, name: port === '' ? hostname : `${hostname}:${port}` }
    if (targets.size >= MAX_TARGETS) targets.clear()
    targets.set(url, target)
    return target
  }

  return (url, { method, headers, body, signal }) =>
    new Promise((resolve, reject) => {
      const { send, options, name } = toTarget(url)
      signal.throwIfAborted()
      const request = send({ ...options, method, headers: toRaw(headers, name, body) })
      const stop = () => request.destroy(signal.reason as Error)
      signal.addEventListener('abort', stop, { once: true })
      request.on('close', () => signal.removeEventListener('abort', stop))
      request.on('error', reject)
      request.on('response', (response) => {
        resolve({
          status: response.statusCode ?? 0,
          headers: { get: (name) => valueOf(response.headers[name.toLowerCase()]) },
          body: readBody(response),
          text: () => readText(response),
        })
      })
      request.end(body)
    })
}

interface Target {
  readonly send: typeof http.request
  readonly options: http.RequestOptions
  /** As it stands in the header `host`. */
  readonly name: string
}
const MAX_TARGETS = 1000

/** A flat list is written as it is, without a map of headers in between. */
function toRaw(headers: Readonly<Record<string, string>>, host: string, body: string | Uint8Array | undefined): string[] {
  const raw = 'host' in headers || 'Host' in headers ? [] : ['host', host]
  for (const name in headers) raw.push(name, headers[name]!)
  if (body !== undefined) raw.push('content-length', String(Buffer.byteLength(body)))
  return raw
}

function readText(response: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    response.setEncoding('utf8')
    response.on('data', (piece: string) => (text += piece))
    response.on('end', () => resolve(text))
    response.on('error', reject)
  })
}

/** How long the rest of an answer may take that nobody reads any more, before its connection is given up. */
const REST_MS = 1000

/** A reader that has heard enough, at `[DONE]` say, leaves the connection to the pool. */
async function* readBody(response: IncomingMessage): AsyncGenerator<Uint8Array> {
  try {
    yield* response.iterator({ destroyOnReturn: false })
  } finally {
    if (!response.readableEnded && !response.destroyed) {
      const cut = setTimeout(() => response.destroy(), REST_MS)
      response.on('close', () => clearTimeout(cut))
      response.resume()
    }
  }
}

const valueOf = (header: string | string[] | undefined): string | null => (Array.isArray(header) ? header.join(', ') : (header ?? null))
