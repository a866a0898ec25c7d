// What a request must pass before its body is looked at: origin, credential, scope, size.

import type { Context, MiddlewareHandler } from 'hono'
import { GatewayError, unavailable } from '../protocol/errors.ts'
import { authorize, type Principal, type Scope } from '../protocol/scopes.ts'
import { isOriginAllowed, toFacts } from '../services/identity/facts.ts'
import { limitBody } from './body.ts'
import type { HttpDeps, HttpEnv } from './env.ts'

export const guard = (deps: HttpDeps, scope: Scope): MiddlewareHandler<HttpEnv> =>
  async function guarded(c, next) {
    checkServing(deps.failing())
    c.set('principal', authenticate(c, deps, scope))
    await limitBody(c)
    await next()
  }

function checkServing(failing: readonly string[]): void {
  if (failing.includes('shutdown')) throw unavailable('the gateway is shutting down: try again in a moment', { retryAfterMs: 1000 })
  if (failing.length > 0) throw unavailable('the gateway could not start: its log says why', { retryable: false })
}

/** From the headers of a request to its principal, who may use what needs `scope`. */
function authenticate(c: Context<HttpEnv>, { auth, config }: HttpDeps, scope: Scope): Principal {
  const { headers } = c.req.raw
  const facts = toFacts(headers, c.env.info.remoteAddress)
  if (!isOriginAllowed(facts, config.current.gateway?.controlUi?.allowedOrigins ?? [])) {
    throw new GatewayError('FORBIDDEN', 'origin not allowed: add it to gateway.controlUi.allowedOrigins')
  }
  const principal = auth.bearer(headers.get('authorization'), facts)
  if (authorize(principal, { role: 'operator', scope })) {
    throw new GatewayError('FORBIDDEN', `missing scope: ${scope}`, { details: { code: 'MISSING_SCOPE', missingScope: scope } })
  }
  return principal
}
