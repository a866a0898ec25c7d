// The HTTP door: what every request passes, and where each path leads.

import { Hono } from 'hono'
import { GatewayError } from '../protocol/errors.ts'
import { avatar } from './avatar.ts'
import { canvas } from './canvas.ts'
import { cors } from './cors.ts'
import { documents } from './documents.ts'
import type { HttpDeps, HttpEnv } from './env.ts'
import { errorResponse, methodNotAllowed, toGatewayError } from './errors.ts'
import { hooks } from './hooks.ts'
import { metrics } from './metrics.ts'
import { mcp } from './mcp.ts'
import { openaiChat } from './openai-chat.ts'
import { openaiMedia } from './openai-media.ts'
import { openaiModels } from './openai-models.ts'
import { pages } from './pages.ts'
import { respondJson } from './respond.ts'
import { responses } from './responses.ts'
import { invokeTools } from './tools.ts'

export function createApp(deps: HttpDeps): Hono<HttpEnv> {
  const { system, failing, log } = deps
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
  app.route('/', hooks(deps))
  app.use('/v1/*', cors(deps))
  app.route('/', openaiModels(deps))
  app.route('/', openaiChat(deps))
  app.route('/', openaiMedia(deps))
  app.route('/', responses(deps))
  app.route('/', invokeTools(deps))
  app.route('/', mcp(deps))
  app.route('/', documents(deps))
  app.route('/', metrics(deps))
  app.route('/', avatar(deps))
  app.route('/', canvas(deps))

  const page = pages(deps)
  app.notFound(async (c) => (await page(c)) ?? errorResponse(c, new GatewayError('NOT_FOUND', `there is nothing at ${c.req.method} ${c.req.path.slice(0, 200)}`)))
  return app
}
