// W3C trace context: where in somebody's trace a request stands. Read strictly: what is not well formed is as if it were
// not there, and is not passed on.

export interface Trace {
  readonly traceId: string
  /** The span that everything which follows from the request belongs to. */
  readonly spanId: string
  readonly flags: string
  /** What vendors keep in it, as it came. */
  readonly state?: string
}

const PARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/
const MAX_PARENT_CHARS = 128
const MAX_STATE_CHARS = 512
const MAX_STATE_MEMBERS = 32
const STATE_KEY = /^(?:[a-z][a-z0-9_\-*/]{0,255}|[a-z0-9][a-z0-9_\-*/]{0,240}@[a-z][a-z0-9_\-*/]{0,13})$/
/** Printable, without `,` and `=`, not ending in a space. */
const STATE_VALUE = /^[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/

/** null: nothing was sent, or nothing that counts. */
export function readTrace(parent: string | null | undefined, state?: string | null): Trace | null {
  if (parent == null || parent.length > MAX_PARENT_CHARS) return null
  const [, version, traceId, spanId, flags, rest] = PARENT.exec(parent) ?? []
  if (version === undefined || version === 'ff' || (version === '00' && rest !== undefined)) return null
  if (/^0+$/.test(traceId!) || /^0+$/.test(spanId!)) return null
  const known = readState(state ?? '')
  return { traceId: traceId!, spanId: spanId!, flags: flags!, ...(known !== null && { state: known }) }
}

/** All of it counts, or nothing. */
function readState(text: string): string | null {
  if (text.length > MAX_STATE_CHARS) return null
  const members = text.split(',').map((each) => each.trim()).filter((each) => each !== '')
  if (members.length === 0 || members.length > MAX_STATE_MEMBERS) return null
  const keys = new Set<string>()
  for (const member of members) {
    const at = member.indexOf('=')
    const key = member.slice(0, at)
    if (at <= 0 || keys.has(key) || !STATE_KEY.test(key) || !STATE_VALUE.test(member.slice(at + 1))) return null
    keys.add(key)
  }
  return members.join(',')
}

export const traceOf = (headers: { get(name: string): string | null }): Trace | null => readTrace(headers.get('traceparent'), headers.get('tracestate'))

/** As it goes on. Whoever records no span of its own passes on the one that it came from. */
export const traceHeaders = ({ traceId, spanId, flags, state }: Trace): Readonly<Record<string, string>> => ({
  traceparent: `00-${traceId}-${spanId}-${flags}`,
  ...(state !== undefined && { tracestate: state }),
})
