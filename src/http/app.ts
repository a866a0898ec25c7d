// The HTTP door: what every request passes, and where each path leads.

import { Hono } from 'hono'
import { uuid } from '../kit/ids.ts'
import { GatewayError } from '../protocol/errors.ts'
import type { HttpDeps, HttpEnv } from './env.ts'
import { errorResponse, methodNotAllowed, toGatewayError } from './errors.ts'
import { openaiChat } from './openai-chat.ts'
import { openaiModels } from './openai-models.ts'

const SECURITY_HEADERS = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'permissions-policy': 'camera=(), microphone=(self), geolocation=()',
  'x-frame-options': 'DENY',
} as const
const CONTENT_SECURITY_POLICY = "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"

export function createApp(deps: HttpDeps): Hono<HttpEnv> {
  const { system, failing, assets, log } = deps
  const app = new Hono<HttpEnv>()

  app.use(async function headers(c, next) {
    const given = c.req.raw.headers.get('x-request-id')
    c.header('x-request-id', given !== null && /^[\w.:-]{1,128}$/.test(given) ? given : uuid())
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) c.header(name, value)
    await next()
  })
  app.onError((error, c) => errorResponse(c, toGatewayError(error, log)))

  for (const path of ['/health', '/healthz']) {
    app.get(path, (c) => c.json({ ok: true, status: 'live' }))
    app.all(path, methodNotAllowed('GET'))
  }
  for (const path of ['/ready', '/readyz']) {
    app.get(path, (c) => {
      const missing = failing()
      return c.json({ ready: missing.length === 0, failing: missing, uptimeMs: system.uptimeMs() }, missing.length === 0 ? 200 : 503)
    })
    app.all(path, methodNotAllowed('GET'))
  }
  app.route('/', openaiModels(deps))
  app.route('/', openaiChat(deps))

  app.notFound(async (c) => {
    const isPage = assets && (c.req.method === 'GET' || c.req.method === 'HEAD') && !c.req.path.startsWith('/v1/')
    const file = isPage ? await assets(c.req.raw) : null
    if (file) {
      c.header('content-security-policy', CONTENT_SECURITY_POLICY)
      return c.body(file.body as ReadableStream, file.status as 200, Object.fromEntries(file.headers))
    }
    return errorResponse(c, new GatewayError('NOT_FOUND', `there is nothing at ${c.req.method} ${c.req.path.slice(0, 200)}`))
  })
  return app
}
