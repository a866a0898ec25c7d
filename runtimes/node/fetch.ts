// The upstream transport of Node: pooled node:http, which costs a quarter of the CPU of the global fetch.

import http from 'node:http'
import https from 'node:https'
import { text as readText } from 'node:stream/consumers'
import type { Fetch } from '../../src/index.ts'

const POOL = { keepAlive: true, maxSockets: 256, maxFreeSockets: 64, scheduling: 'lifo' } as const

export function createFetch(): Fetch {
  const agents = { 'http:': new http.Agent(POOL), 'https:': new https.Agent(POOL) }

  return (url, { method, headers, body, signal }) =>
    new Promise((resolve, reject) => {
      const target = new URL(url)
      const { protocol } = target
      if (protocol !== 'http:' && protocol !== 'https:') return reject(new Error(`cannot fetch ${protocol} addresses`))
      if (signal.aborted) return reject(signal.reason as Error)
      const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }
      const options = { method, agent: agents[protocol], headers: { ...headers, ...length } }
      const request = (protocol === 'https:' ? https : http).request(target, options)
      const stop = () => request.destroy(signal.reason as Error)
      signal.addEventListener('abort', stop, { once: true })
      request.on('close', () => signal.removeEventListener('abort', stop))
      request.on('error', reject)
      request.on('response', (response) => {
        resolve({
          status: response.statusCode ?? 0,
          headers: { get: (name) => valueOf(response.headers[name.toLowerCase()]) },
          body: response,
          text: () => readText(response),
        })
      })
      request.end(body)
    })
}

const valueOf = (header: string | string[] | undefined): string | null => (Array.isArray(header) ? header.join(', ') : (header ?? null))
