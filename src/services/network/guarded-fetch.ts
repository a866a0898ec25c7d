// The one way to an address that somebody else has named: a model, a page, a client, a webhook. It leads to the public
// internet only, or to what the configuration allows; where the runtime resolves names for us, what is connected to is
// what was checked.

import { joinBytes } from '../../kit/bytes.ts'
import { GatewayError } from '../../protocol/errors.ts'
import { within, type Clock } from '../../ports/clock.ts'
import type { Host } from '../../ports/host.ts'
import type { Fetch, FetchResponse } from '../../ports/platform.ts'
import { isAllowed, isPublicAddress, isPublicName, toAddress } from './addresses.ts'

export interface Wanted {
  readonly method?: 'GET' | 'POST'
  /** Sent to the first host only: what it leads to does not get them. */
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array<ArrayBuffer>
  readonly maxBytes: number
  /** Media types that are taken, such as `image/*`; absent: any. */
  readonly types?: readonly string[]
  readonly timeoutMs?: number
  readonly maxRedirects?: number
  readonly signal: AbortSignal
}

export interface Fetched {
  /** Where it came from in the end. */
  readonly url: string
  readonly status: number
  /** The media type without parameters, in lower case; empty when none was told. */
  readonly type: string
  readonly bytes: Uint8Array<ArrayBuffer>
}

export interface GuardedFetch {
  /** Rejects with a GatewayError that says what is wrong with the address, or with what it answered. A status is no error. */
  fetch(url: string, wanted: Wanted): Promise<Fetched>
  /** Throws as `fetch` would before it asks anybody. */
  check(url: string): void
}

const TIMEOUT_MS = 15_000
const MAX_REDIRECTS = 3
const MAX_URL_CHARS = 8192
/** Below this number other services live. */
const FIRST_FREE_PORT = 1024
const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308]

export function createGuardedFetch(deps: {
  fetch: Fetch
  host: Pick<Host, 'reach'>
  clock: Clock
  /** See `isAllowed`. */
  allowed: () => readonly string[]
}): GuardedFetch {
  const { fetch, host, clock, allowed } = deps

  function check(text: string): URL {
    const url = parse(text)
    const hostname = url.hostname.replace(/\.$/, '')
    const port = portOf(url)
    const address = toAddress(hostname)
    if (isAllowed(allowed(), { hostname, port, address })) return url
    if (port < FIRST_FREE_PORT && port !== 80 && port !== 443) throw refused(`port ${port} is not one of the web`)
    if (address === null ? !isPublicName(hostname) : !isPublicAddress(address)) throw inside(hostname)
    return url
  }

  /** One request, to where `url` leads and no further. */
  function ask(url: URL, init: Parameters<Fetch>[1]): Promise<FetchResponse> {
    if (!host.reach) return fetch(url.href, init) // the network of such a runtime is not anybody's own
    const hostname = url.hostname.replace(/\.$/, '')
    const mayReach = (address: string) => isPublicAddress(address) || isAllowed(allowed(), { hostname, port: portOf(url), address })
    return host.reach(url.href, init, mayReach)
  }

  async function follow(first: URL, { method = 'GET', headers = {}, body, types, maxBytes, maxRedirects = MAX_REDIRECTS }: Wanted, signal: AbortSignal): Promise<Fetched> {
    let url = first
    let init = { method, headers: { accept: types?.join(', ') ?? '*/*', 'accept-encoding': 'identity', ...headers }, ...(body !== undefined && { body }) }
    for (let hops = 0; ; hops++) {
      const response = await ask(url, { ...init, signal, redirect: 'manual' })
      const location = REDIRECTS.includes(response.status) ? response.headers.get('location') : null
      if (location === null) return read(url, response, { types, maxBytes })
      await drop(response)
      if (hops === maxRedirects) throw refused(maxRedirects === 0 ? 'it leads on, and may not' : `it leads on more than ${maxRedirects} times`)
      const next = check(resolve(location, url))
      if (url.protocol === 'https:' && next.protocol === 'http:') throw refused('it leads from https to http')
      if (init.method !== 'GET' && response.status !== 303) throw refused('it leads elsewhere with what was to be sent')
      init = { method: 'GET', headers: next.origin === url.origin ? init.headers : { accept: init.headers.accept, 'accept-encoding': 'identity' } }
      url = next
    }
  }

  return {
    check: (text) => void check(text),
    async fetch(text, wanted) {
      const url = check(text)
      const { signal, timeoutMs = TIMEOUT_MS } = wanted
      try {
        return await within(clock, timeoutMs, signal, (own) => follow(url, wanted, own))
      } catch (error) {
        if (error instanceof GatewayError || signal.aborted) throw error
        throw new GatewayError('UPSTREAM', `${url.host} could not be reached: ${error instanceof Error ? error.message : 'no connection'}`, { code: 'fetch_failed' })
      }
    },
  }
}

function parse(text: string): URL {
  const url = text.length <= MAX_URL_CHARS && URL.canParse(text) ? new URL(text) : null
  if (!url) throw refused('it is no address')
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw refused(`only http and https lead anywhere, not ${url.protocol.slice(0, 20)}`)
  if (url.username !== '' || url.password !== '') throw refused('it has a password in it')
  url.hash = ''
  return url
}

const portOf = ({ port, protocol }: URL): number => (port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port))

const resolve = (location: string, base: URL): string => (URL.canParse(location, base.href) ? new URL(location, base.href).href : location)

async function read(url: URL, response: FetchResponse, { types, maxBytes }: { types: readonly string[] | undefined; maxBytes: number }): Promise<Fetched> {
  const { status, headers, body } = response
  const type = (headers.get('content-type') ?? '').split(';')[0]!.trim().toLowerCase()
  const isOk = status >= 200 && status < 300
  if (isOk && types && !types.some((wanted) => fits(wanted, type))) {
    await drop(response)
    throw refused(`it is ${type === '' ? 'of no type' : type.slice(0, 100)}, and not ${types.join(' or ')}`)
  }
  const pieces: Uint8Array[] = []
  let size = 0
  for await (const piece of body ?? []) {
    size += piece.byteLength
    if (size > maxBytes) throw refused(`it has more than ${maxBytes} bytes`)
    pieces.push(piece)
  }
  return { url: url.href, status, type, bytes: joinBytes(pieces) }
}

const fits = (wanted: string, type: string): boolean => wanted === '*/*' || (wanted.endsWith('/*') ? type.startsWith(wanted.slice(0, -1)) : type === wanted)

/** Nobody reads the rest: the connection is given up. */
async function drop({ body }: FetchResponse): Promise<void> {
  if (!body) return
  for await (const _ of body) break
}

const refused = (why: string): GatewayError => new GatewayError('INVALID_REQUEST', `the address cannot be used: ${why}`, { details: { code: 'URL_REFUSED' }, code: 'url_refused' })

const inside = (hostname: string): GatewayError =>
  refused(`${hostname.slice(0, 200)} does not lie on the public internet; name it in gateway.http.allowPrivateHosts if it may be reached`)
