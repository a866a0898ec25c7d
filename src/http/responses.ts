// The paths of OpenResponses over HTTP, and what a request must pass before any of them. The rest is in
// `responses-door.ts`.

import { Hono, type Context } from 'hono'
import { GatewayError } from '../protocol/errors.ts'
import type { Scope } from '../protocol/scopes.ts'
import { requireJson } from './body.ts'
import type { HttpDeps, HttpEnv } from './env.ts'
import { methodNotAllowed } from './errors.ts'
import { guard } from './guard.ts'

export const RESPONSES_PATH = '/v1/responses'

export function assertEnabled({ config }: Pick<HttpDeps, 'config'>): void {
  if (config.current.gateway?.http?.endpoints?.responses?.enabled !== false) return
  throw new GatewayError('NOT_FOUND', 'responses are switched off: see gateway.http.endpoints.responses.enabled')
}

export function responses(deps: HttpDeps): Hono<HttpEnv> {
  type Door = typeof import('./responses-door.ts')
  const opened = (work: (door: Door, c: Context<HttpEnv>) => Response | Promise<Response>) => async (c: Context<HttpEnv>) => {
    assertEnabled(deps)
    return work(await import('./responses-door.ts'), c)
  }
  const may = (scope: Scope) => guard(deps, scope)
  const idOf = (c: Context<HttpEnv>) => c.req.param('id') ?? ''

  const app = new Hono<HttpEnv>()
  app.post(RESPONSES_PATH, may('operator.write'), requireJson, opened((door, c) => door.createResponse(c, deps)))
  app.all(RESPONSES_PATH, methodNotAllowed('POST'))
  app.post(`${RESPONSES_PATH}/compact`, may('operator.write'), requireJson, opened((door, c) => door.compactConversation(c, deps)))
  app.all(`${RESPONSES_PATH}/compact`, methodNotAllowed('POST'))
  app.get(`${RESPONSES_PATH}/:id`, may('operator.read'), opened((door, c) => door.readResponse(c, idOf(c), deps)))
  app.delete(`${RESPONSES_PATH}/:id`, may('operator.write'), opened((door, c) => door.deleteResponse(c, idOf(c), deps)))
  app.all(`${RESPONSES_PATH}/:id`, methodNotAllowed('GET', 'DELETE'))
  app.get(`${RESPONSES_PATH}/:id/input_items`, may('operator.read'), opened((door, c) => door.listInputItems(c, idOf(c), deps)))
  app.all(`${RESPONSES_PATH}/:id/input_items`, methodNotAllowed('GET'))
  return app
}
