// Pages of other origins: those that the guard lets in may read the answers, and ask beforehand whether they may. Each is
// named, never `*`, and no cookie counts: whoever asks brings a key.

import type { MiddlewareHandler } from 'hono'
import { isOriginAllowed, toFacts } from '../services/identity/facts.ts'
import type { HttpDeps, HttpEnv } from './env.ts'
import { respond } from './respond.ts'

/** Seconds for which a browser need not ask again. */
const MAX_AGE = '600'

export function cors({ config }: Pick<HttpDeps, 'config'>): MiddlewareHandler<HttpEnv> {
  return async function share(c, next) {
    const { method, headers } = c.req.raw
    const origin = headers.get('origin')
    if (origin === null) return next()
    const facts = toFacts(headers, c.env.info.remoteAddress)
    if (!isOriginAllowed(facts, config.current.gateway?.controlUi?.allowedOrigins ?? [])) return next()
    c.set('cors', {
      'access-control-allow-origin': origin,
      'access-control-expose-headers': 'x-request-id, retry-after, retry-after-ms',
      vary: 'Origin',
    })
    if (method !== 'OPTIONS' || headers.get('access-control-request-method') === null) return next()
    return respond(c, null, toPermission(headers.get('access-control-request-headers')), 204)
  }
}

/** The answer before the request: SDKs send headers of their own, so those that are asked for are allowed. */
const toPermission = (requested: string | null): Readonly<Record<string, string>> => ({
  'access-control-allow-methods': 'GET, POST, DELETE',
  ...(requested !== null && { 'access-control-allow-headers': requested }),
  'access-control-max-age': MAX_AGE,
  vary: 'Origin, Access-Control-Request-Headers',
})
