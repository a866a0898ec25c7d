// Networks: whether an address lies in one of them.

/** An address as bits; null when it is none. An IPv4 address that is mapped into IPv6 counts as the IPv4 address. */
function parse(address: string): { bits: bigint; width: 32 | 128 } | null {
  const plain = address.toLowerCase().replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/, '').replace(/%.*$/, '')
  return plain.includes(':') ? parseV6(plain) : parseV4(plain)
}

function parseV4(text: string): { bits: bigint; width: 32 } | null {
  if (!/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) return null
  const parts = text.split('.').map(Number)
  if (parts.some((part) => part > 255)) return null
  return { bits: parts.reduce((bits, part) => (bits << 8n) | BigInt(part), 0n), width: 32 }
}

function parseV6(text: string): { bits: bigint; width: 128 } | null {
  const [head = '', tail, ...more] = text.split('::')
  if (more.length > 0) return null
  const groups = (part: string) => (part === '' ? [] : part.split(':'))
  const [left, right] = [groups(head), groups(tail ?? '')]
  const missing = 8 - left.length - right.length
  if (tail === undefined ? missing !== 0 : missing < 1) return null
  const all = [...left, ...Array<string>(missing).fill('0'), ...right]
  if (!all.every((group) => /^[0-9a-f]{1,4}$/.test(group))) return null
  return { bits: all.reduce((bits, group) => (bits << 16n) | BigInt(`0x${group}`), 0n), width: 128 }
}

/** `cidrs` like `10.0.0.0/8` or `fd00::/8`; one without a length is that address alone. What is none matches nothing. */
export function isInNetworks(address: string | null, cidrs: readonly string[]): boolean {
  const own = address === null ? null : parse(address)
  if (!own) return false
  return cidrs.some((cidr) => {
    const [network = '', length, ...more] = cidr.split('/')
    const base = parse(network)
    const bits = length === undefined ? base?.width : /^\d{1,3}$/.test(length) ? Number(length) : undefined
    if (!base || more.length > 0 || base.width !== own.width || bits === undefined || bits > base.width) return false
    const shift = BigInt(base.width - bits)
    return own.bits >> shift === base.bits >> shift
  })
}
