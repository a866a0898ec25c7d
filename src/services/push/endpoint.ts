// Where pushes go. Clients name these addresses, so they must not lead into the network of the gateway.

import { invalid } from '../../protocol/errors.ts'
import { isInNetworks } from '../identity/cidr.ts'

/** Loopback, private, link-local, shared, documentation, multicast, reserved; and v6 forms that carry v4 addresses. */
const INNER_NETWORKS: readonly string[] = [
  '0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.0.0.0/24', '192.0.2.0/24',
  '192.168.0.0/16', '198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24', '224.0.0.0/3', '::/3', '64:ff9b::/16', '2001::/23',
  '2001:db8::/32', '2002::/16', 'fc00::/7', 'fe80::/10', 'fec0::/10', 'ff00::/8',
] // prettier-ignore

const INNER_NAMES = /(?:^|\.)(?:localhost|local|internal|intranet|lan|home|corp|home\.arpa)$/

/** Throws unless a push service can be there. */
export function assertPushEndpoint(endpoint: string): void {
  const url = parse(endpoint)
  if (!url || url.protocol !== 'https:' || url.username !== '' || url.password !== '') throw invalid('invalid push endpoint: it must be an https address')
  const host = url.hostname.replace(/\.$/, '')
  const address = host.replace(/^\[|\]$/g, '')
  const isName = !address.includes(':') && !/^[\d.]+$/.test(address)
  const isInner = isName ? INNER_NAMES.test(host) || !host.includes('.') : isInNetworks(address, INNER_NETWORKS)
  if (isInner) throw invalid('invalid push endpoint: it lies in a private network')
}

function parse(text: string): URL | null {
  try {
    return new URL(text)
  } catch {
    return null
  }
}
