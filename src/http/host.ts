// Requests that came to this machine under a name that is not its own: a page of that name was rebound to here, and its
// browser would take this gateway for the place that the page is from. Asked before anything else.

import { GatewayError } from '../protocol/errors.ts'
import type { RequestInfo } from '../ports/peer.ts'
import { isRebound } from '../services/identity/facts.ts'
import type { HttpDeps } from './env.ts'
import { toOpenaiError } from './errors.ts'
import { SECURITY_HEADERS } from './respond.ts'

/** How a request, or an upgrade, is refused for its host; null: it is not. Names of the configuration's own pages are known. */
export function refuseHost(headers: { get(name: string): string | null }, { remoteAddress }: RequestInfo, { config }: Pick<HttpDeps, 'config'>): Response | null {
  if (!isRebound(headers, remoteAddress)) return null
  const { publicOrigin, controlUi } = config.current.gateway ?? {}
  const host = `http://${headers.get('host')}`
  if ([publicOrigin, ...(controlUi?.allowedOrigins ?? [])].some((each) => each === '*' || isSameName(each, host))) return null
  const error = new GatewayError('FORBIDDEN', 'this gateway does not go by the name in the Host header: set gateway.publicOrigin, or let the proxy send X-Forwarded-For', {
    details: { code: 'HOST_NOT_ALLOWED' },
  })
  return new Response(JSON.stringify(toOpenaiError(error)), { status: error.status, headers: { ...SECURITY_HEADERS, 'content-type': 'application/json; charset=utf-8' } })
}

function isSameName(known = '', host: string): boolean {
  const origin = known.includes('://') ? known : `https://${known}`
  return URL.canParse(origin) && URL.canParse(host) && new URL(origin).hostname === new URL(host).hostname
}
