// Which hosts lie outside: on the public internet, and not in the network of the gateway or of its machine.

import ipaddr from 'ipaddr.js'

/** Public by their number, and yet a cloud's own: they hand out credentials. */
const CLOUD_ADDRESSES: readonly string[] = ['168.63.129.16']

/** Names that lead inside wherever they are resolved. */
const INNER_NAMES = /(?:^|\.)(?:localhost|local|internal|intranet|lan|home|corp|private|home\.arpa|localdomain|onion)$/

/** `hostname` as a URL has it: lower case, v6 in brackets. null: it is a name. */
export function toAddress(hostname: string): string | null {
  const bare = hostname.replace(/^\[|\]$/g, '')
  return ipaddr.isValid(bare) ? bare : null
}

/**
 * Whether an address is one of the public internet. Everything special is not: private, loopback, link-local, shared,
 * multicast, reserved, documentation; and v6 forms that carry a v4 address, whatever that is.
 */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address) || (!address.includes(':') && !ipaddr.IPv4.isValidFourPartDecimal(address))) return false
  const parsed = ipaddr.parse(address)
  if (parsed.range() !== 'unicast' || CLOUD_ADDRESSES.includes(address)) return false
  return parsed.kind() === 'ipv4' || isGlobal(parsed as ipaddr.IPv6)
}

/** What is not 2000::/3 is not given out. */
const isGlobal = (address: ipaddr.IPv6): boolean => address.parts[0]! >> 13 === 1

/** Whether a name may be resolved at all. */
export const isPublicName = (hostname: string): boolean => {
  const name = hostname.replace(/\.$/, '')
  return name.includes('.') && !INNER_NAMES.test(name) && !/(?:^|\.)\d+$/.test(name)
}

/**
 * People's own servers that may be reached although they lie inside: a host, `*.suffix`, an address, a network such as
 * `10.0.0.0/8`; a host or an address may have `:port` behind it.
 */
export function isAllowed(entries: readonly string[], target: { readonly hostname: string; readonly port: number; readonly address: string | null }): boolean {
  return entries.some((entry) => {
    const wanted = entry.toLowerCase().trim()
    if (wanted.includes('/')) return target.address !== null && isInNetwork(target.address, wanted)
    const [, host = wanted, port] = (toAddress(wanted) === null && /^(.*):(\d+)$/.exec(wanted)) || []
    if (port !== undefined && Number(port) !== target.port) return false
    if (host.startsWith('*.')) return target.hostname.endsWith(host.slice(1))
    return host === target.hostname || (target.address !== null && toAddress(host) === target.address)
  })
}

function isInNetwork(address: string, network: string): boolean {
  try {
    const own = ipaddr.process(address)
    const [base, length] = ipaddr.parseCIDR(network)
    return own.kind() === base.kind() && own.match([base, length] as [ipaddr.IPv4, number] & [ipaddr.IPv6, number])
  } catch {
    return false // it is no network
  }
}
