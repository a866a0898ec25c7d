// GET /metrics: the figures in the text format of Prometheus, for whoever may read. Off until the configuration says so.

import { Hono } from 'hono'
import { GatewayError } from '../protocol/errors.ts'
import type { HttpDeps, HttpEnv } from './env.ts'
import { methodNotAllowed } from './errors.ts'
import { guard } from './guard.ts'
import { respond } from './respond.ts'

const TYPE = 'text/plain; version=0.0.4; charset=utf-8'

export function metrics(deps: HttpDeps): Hono<HttpEnv> {
  const { config, figures } = deps
  const app = new Hono<HttpEnv>()
  app.use('/metrics', (_, next) => {
    if (config.current.gateway?.http?.endpoints?.metrics?.enabled === true) return next()
    throw new GatewayError('NOT_FOUND', 'metrics are switched off: see gateway.http.endpoints.metrics.enabled')
  })
  app.get('/metrics', guard(deps, 'operator.read'), (c) => respond(c, figures.text(), { 'content-type': TYPE, 'cache-control': 'no-store' }))
  app.all('/metrics', methodNotAllowed('GET'))
  return app
}
