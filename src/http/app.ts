// The HTTP door: what every request passes, and where each path leads.

import { Hono } from 'hono'
import { GatewayError } from '../protocol/errors.ts'
import { cors } from './cors.ts'
import type { HttpDeps, HttpEnv } from './env.ts'
import { errorResponse, methodNotAllowed, toGatewayError } from './errors.ts'
import { openaiChat } from './openai-chat.ts'
import { openaiModels } from './openai-models.ts'
import { respond, respondJson } from './respond.ts'

const CONTENT_SECURITY_POLICY = "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"

export function createApp(deps: HttpDeps): Hono<HttpEnv> {
  const { system, failing, assets, log } = deps
  const app = new Hono<HttpEnv>()

  app.onError((error, c) => errorResponse(c, toGatewayError(c, error, log)))

  for (const path of ['/health', '/healthz']) {
    app.get(path, (c) => respondJson(c, { ok: true, status: 'live' }))
    app.all(path, methodNotAllowed('GET'))
  }
  for (const path of ['/ready', '/readyz']) {
    app.get(path, (c) => {
      const missing = failing()
      const ready = missing.length === 0
      return respondJson(c, { ready, failing: missing, uptimeMs: system.uptimeMs() }, ready ? 200 : 503)
    })
    app.all(path, methodNotAllowed('GET'))
  }
  app.use('/v1/*', cors(deps))
  app.route('/', openaiModels(deps))
  app.route('/', openaiChat(deps))

  app.notFound(async (c) => {
    const isPage = assets && (c.req.method === 'GET' || c.req.method === 'HEAD') && !c.req.path.startsWith('/v1/')
    const file = isPage ? await assets(c.req.raw) : null
    if (file) {
      const headers = { 'content-security-policy': CONTENT_SECURITY_POLICY, ...Object.fromEntries(file.headers) }
      return respond(c, file.body, headers, file.status)
    }
    return errorResponse(c, new GatewayError('NOT_FOUND', `there is nothing at ${c.req.method} ${c.req.path.slice(0, 200)}`))
  })
  return app
}
