// From the headers of a request to its principal, and whether that may do what it asks for.

import type { MiddlewareHandler } from 'hono'
import { GatewayError } from '../protocol/errors.ts'
import { authorize, type Scope } from '../protocol/scopes.ts'
import { isOriginAllowed, toFacts } from '../services/identity/facts.ts'
import type { HttpDeps, HttpEnv } from './env.ts'

export const requireScope = ({ auth, config }: HttpDeps, scope: Scope): MiddlewareHandler<HttpEnv> =>
  async function authenticate(c, next) {
    const { headers } = c.req.raw
    const facts = toFacts(headers, c.env.info.remoteAddress)
    if (!isOriginAllowed(facts, config.current.gateway?.controlUi?.allowedOrigins ?? [])) {
      throw new GatewayError('FORBIDDEN', 'origin not allowed: add it to gateway.controlUi.allowedOrigins')
    }
    const principal = auth.bearer(headers.get('authorization'), facts)
    const denial = authorize(principal, { role: 'operator', scope })
    if (denial) throw new GatewayError('FORBIDDEN', `missing scope: ${scope}`, { details: { code: 'MISSING_SCOPE', missingScope: scope } })
    c.set('principal', principal)
    await next()
  }
