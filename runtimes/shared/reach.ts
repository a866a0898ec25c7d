// Requests to addresses that somebody else has named. The name is resolved once, every address that it leads to must
// pass, and the connection goes to one of those: what answers differently the next time has nothing from it.

import { lookup as resolveName, type LookupAddress } from 'node:dns'
import http, { type IncomingMessage } from 'node:http'
import https from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import type { Reach } from '../../src/index.ts'

export const reach: Reach = (url, { method, headers, body, signal }, mayReach) =>
  new Promise((resolve, reject) => {
    signal.throwIfAborted()
    const { protocol, hostname, port, pathname, search } = new URL(url)
    const host = hostname.replace(/^\[|\]$/g, '')
    // What is an address already is not looked up.
    if (isIP(host) !== 0 && !mayReach(host)) throw unreachable(host)
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }
    const send = protocol === 'https:' ? https.request : http.request
    // A connection of its own: one that is kept was perhaps made without a look.
    const request = send({ host, port, path: pathname + search, method, headers: { ...headers, ...length }, agent: false, lookup: guardedLookup(mayReach) })
    const stop = () => request.destroy(signal.reason as Error)
    signal.addEventListener('abort', stop, { once: true })
    request.on('close', () => signal.removeEventListener('abort', stop))
    request.on('error', reject)
    request.on('response', (response) => resolve(toResponse(response)))
    request.end(body)
  })

const guardedLookup =
  (mayReach: (address: string) => boolean): LookupFunction =>
  (name, options, done) =>
    resolveName(name, { ...options, all: true }, (error, found: LookupAddress[]) => {
      if (error) return done(error, '')
      const wrong = found.find(({ address }) => !mayReach(address))
      if (wrong || found.length === 0) return done(unreachable(name), '')
      if (options.all) return done(null, found)
      done(null, found[0]!.address, found[0]!.family)
    })

const unreachable = (name: string): Error => new Error(`${name} leads to an address that may not be reached`)

function toResponse(response: IncomingMessage) {
  const valueOf = (header: string | string[] | undefined) => (Array.isArray(header) ? header.join(', ') : (header ?? null))
  return {
    status: response.statusCode ?? 0,
    headers: { get: (name: string) => valueOf(response.headers[name.toLowerCase()]) },
    body: response as AsyncIterable<Uint8Array>,
    async text() {
      let text = ''
      response.setEncoding('utf8')
      for await (const piece of response) text += String(piece)
      return text
    },
  }
}
