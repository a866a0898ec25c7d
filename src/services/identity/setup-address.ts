// The address that a setup code names: where a phone that scans it will look for this gateway. Plain ws:// only where
// nobody but the own network could listen.

import { invalid } from '../../protocol/errors.ts'
import { isLoopbackAddress } from './facts.ts'

export interface SetupAddress {
  readonly url: string
  readonly source: string
  /** The secret travels in the clear on a network. */
  readonly isPlain: boolean
}

export interface Whereabouts {
  /** What the caller, else the configuration, says that the gateway is called. */
  readonly publicUrl: string | undefined
  readonly publicOrigin: string | undefined
  /** Where it listens; null where that is not known. */
  readonly listening: { readonly host: string; readonly port: number; readonly lanAddress: string | undefined } | null
}

export function toSetupAddress({ publicUrl, publicOrigin, listening }: Whereabouts): SetupAddress {
  if (publicUrl !== undefined) return check(publicUrl, 'request.publicUrl')
  if (publicOrigin !== undefined) return check(publicOrigin, 'gateway.publicOrigin')
  if (!listening) throw invalid('this gateway does not know its own address: give publicUrl, or set gateway.publicOrigin')
  const { host, port, lanAddress } = listening
  if (isLoopbackAddress(host)) throw invalid('Gateway is only bound to loopback. Set gateway.bind=lan, or give publicUrl.')
  const address = host === '0.0.0.0' || host === '::' ? lanAddress : host
  if (address === undefined) throw invalid('the address of this machine on its network is not known: give publicUrl')
  return check(`ws://${address.includes(':') ? `[${address}]` : address}:${port}`, 'gateway.bind')
}

const MAX_URL_CHARS = 1024

const SOCKET_SCHEMES: Readonly<Record<string, string>> = { 'ws:': 'ws:', 'wss:': 'wss:', 'http:': 'ws:', 'https:': 'wss:' }

function check(given: string, source: string): SetupAddress {
  const text = given.includes('://') ? given : `ws://${given}`
  const url = text.length <= MAX_URL_CHARS && URL.canParse(text) ? new URL(text) : null
  const scheme = url && SOCKET_SCHEMES[url.protocol]
  if (!url || !scheme || url.username !== '' || url.password !== '' || url.hostname === '') throw invalid(`the URL of ${source} is not one of a gateway: use wss://host`)
  if (scheme === 'ws:' && !isPrivate(url.hostname)) {
    throw invalid(`${source} must be a wss:// URL: ws:// is only for this machine, private networks and .local names`)
  }
  const path = url.pathname === '/' ? '' : url.pathname
  return { url: `${scheme}//${url.host}${path}`, source, isPlain: scheme === 'ws:' && !isOwn(url.hostname) }
}

const isOwn = (name: string): boolean => name === 'localhost' || name === '[::1]' || isLoopbackAddress(name)

const isPrivate = (name: string): boolean =>
  isOwn(name) ||
  name.endsWith('.local') ||
  (/^[\d.]+$/.test(name) && /^10\.|^192\.168\.|^172\.(?:1[6-9]|2\d|3[01])\.|^169\.254\./.test(name)) ||
  /^\[f[cd]|^\[fe80:/i.test(name)
