// What the headers and the socket say about where a request comes from. No header can make a request local.

import { isPublicName, toAddress } from '../network/addresses.ts'
import { cutToBytes, type Facts } from './connections.ts'

interface HeaderReader {
  get(name: string): string | null
}

/** Each is written by some proxy that writes no other of them. */
const FORWARDING_HEADERS = [
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-forwarded-user',
  'x-real-ip',
  'cf-connecting-ip',
  'true-client-ip',
  'via',
]

const isForwarded = (headers: HeaderReader): boolean => FORWARDING_HEADERS.some((name) => headers.get(name) !== null)

/** More than a name of the DNS with scheme and port has: what is longer is nobody's, and would not fit into a record. */
const MAX_NAME_BYTES = 300

const cut = (name: string | null): string | null => name && cutToBytes(name, MAX_NAME_BYTES)

export function toFacts(headers: HeaderReader, remoteAddress: string | null): Facts {
  const host = headers.get('host')
  const forwarded = isForwarded(headers)
  return {
    address: remoteAddress,
    direct: remoteAddress !== null && isLoopbackAddress(remoteAddress) && !forwarded && isLoopbackHost(host),
    ...(forwarded && { forwarded }),
    host: cut(host),
    origin: cut(headers.get('origin')),
  }
}

export const isLoopbackAddress = (address: string): boolean =>
  address === '::1' || /^(::ffff:)?127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/i.test(address)

/** Whether a `Host` (with or without a port) names this machine. No host at all is not a browser's request. */
export function isLoopbackHost(host: string | null): boolean {
  if (host === null || PLAIN_LOOPBACK.test(host)) return true
  const name = hostname(`http://${host}`)
  return name !== null && isLoopbackName(name)
}

/** As nearly all clients of this machine write it: no URL has to be parsed for it. */
const PLAIN_LOOPBACK = /^(?:localhost|\[::1\]|127\.0\.0\.1)(?::\d{1,5})?$/

const isLoopbackName = (name: string): boolean => name === 'localhost' || name === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(name)

/**
 * Whether a page of the internet may have been rebound to this machine: the socket is from here, no proxy has forwarded
 * anything, and yet the `Host` is a public name. Names that no public DNS gives cannot be rebound.
 */
export function isRebound(headers: HeaderReader, remoteAddress: string | null): boolean {
  if (remoteAddress === null || !isLoopbackAddress(remoteAddress)) return false
  const host = headers.get('host')
  if (isLoopbackHost(host) || isForwarded(headers)) return false
  const name = hostname(`http://${host}`)
  return name === null || (toAddress(name) === null && isPublicName(name))
}

/**
 * Whether a page of this origin may talk to the gateway: the gateway's own pages (same host and port), pages of this
 * machine to a gateway of this machine, and what the configuration allows.
 */
export function isOriginAllowed(facts: Facts, allowed: readonly string[]): boolean {
  if (facts.origin === null) return true
  const origin = parse(facts.origin)
  if (!origin || (origin.protocol !== 'http:' && origin.protocol !== 'https:')) return false
  if (facts.host !== null && origin.host === facts.host.toLowerCase()) return true
  if (isLoopbackName(origin.hostname) && facts.direct && isLoopbackHost(facts.host)) return true
  return allowed.some((each) => each === '*' || parse(each)?.origin === origin.origin)
}

const parse = (url: string): URL | null => (URL.canParse(url) ? new URL(url) : null)
const hostname = (url: string): string | null => parse(url)?.hostname ?? null
