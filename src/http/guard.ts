// What a request must pass before its body is looked at: origin, credential, scope, size.

import type { Context, MiddlewareHandler } from 'hono'
import { GatewayError, unavailable } from '../protocol/errors.ts'
import { authorize, type Principal, type Scope } from '../protocol/scopes.ts'
import type { RequestInfo } from '../ports/peer.ts'
import { isOriginAllowed, toFacts } from '../services/identity/facts.ts'
import { limitBody } from './body.ts'
import type { HttpDeps, HttpEnv } from './env.ts'

export const guard = (deps: HttpDeps, scope: Scope): MiddlewareHandler<HttpEnv> =>
  async function guarded(c, next) {
    checkServing(deps.failing())
    const principal = authenticate(c, deps, scope)
    c.set('principal', principal instanceof Promise ? await principal : principal)
    await limitBody(c)
    await next()
  }

export function checkServing(failing: readonly string[]): void {
  if (failing.includes('shutdown')) throw unavailable('the gateway is shutting down: try again in a moment', { retryAfterMs: 1000 })
  if (failing.length > 0) throw unavailable('the gateway could not start: its log says why', { retryable: false })
}

const authenticate = (c: Context<HttpEnv>, deps: HttpDeps, scope: Scope): Principal | Promise<Principal> => principalOf(c.req.raw.headers, c.env.info, deps, scope)

/** From the headers of a request to its principal, who may use what needs `scope`: at once, unless a key has to be looked up. */
export function principalOf(
  headers: { get(name: string): string | null },
  { remoteAddress }: RequestInfo,
  { auth, config }: Pick<HttpDeps, 'auth' | 'config'>,
  scope: Scope,
): Principal | Promise<Principal> {
  const facts = toFacts(headers, remoteAddress)
  if (!isOriginAllowed(facts, config.current.gateway?.controlUi?.allowedOrigins ?? [])) {
    throw new GatewayError('FORBIDDEN', 'origin not allowed: add it to gateway.controlUi.allowedOrigins')
  }
  const principal = auth.bearer(headers.get('authorization'), facts)
  return principal instanceof Promise ? principal.then((found) => allowed(found, scope)) : allowed(principal, scope)
}

function allowed(principal: Principal, scope: Scope): Principal {
  if (authorize(principal, { role: 'operator', scope })) {
    throw new GatewayError('FORBIDDEN', `missing scope: ${scope}`, { details: { code: 'MISSING_SCOPE', missingScope: scope } })
  }
  return principal
}
