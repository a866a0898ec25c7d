// GET /v1/models and /v1/models/{id}: agents as models, and the models that are configured.

import { Hono } from 'hono'
import { GatewayError } from '../protocol/errors.ts'
import { mayUseAgent, mayUseModel, type Principal } from '../protocol/scopes.ts'
import type { HttpDeps, HttpEnv } from './env.ts'
import { methodNotAllowed } from './errors.ts'
import { guard } from './guard.ts'
import { respondJson } from './respond.ts'

const row = (id: string, owner: string) => ({ id, object: 'model' as const, created: 0, owned_by: owner, permission: [] })

/** As it is where it cannot be decoded: no model has such a name. */
function decode(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

export function openaiModels(deps: HttpDeps): Hono<HttpEnv> {
  const { agents, models } = deps

  /** Those that who asks may use. */
  async function list(principal: Principal) {
    const ids = agents.list().flatMap(({ id }) => (mayUseAgent(principal, id) ? [`openclaw/${id}`] : []))
    const targets = [...(ids.length > 0 ? ['openclaw', 'openclaw/default'] : []), ...ids]
    const known = (await models.list()).filter(({ provider, model }) => mayUseModel(principal, `${provider}/${model}`))
    const configured = known.map(({ provider, model }) => row(`${provider}/${model}`, provider))
    return [...targets.map((id) => row(id, 'openclaw')), ...configured]
  }

  const app = new Hono<HttpEnv>()
  app.get('/v1/models', guard(deps, 'operator.read'), async (c) => respondJson(c, { object: 'list', data: await list(c.var.principal) }))
  app.get('/v1/models/*', guard(deps, 'operator.read'), async (c) => {
    const id = decode(c.req.path.slice('/v1/models/'.length))
    const found = (await list(c.var.principal)).find((model) => model.id === id)
    if (found) return respondJson(c, found)
    throw new GatewayError('NOT_FOUND', `the model "${id.slice(0, 200)}" does not exist: GET /v1/models lists what there is`, {
      param: 'model',
      code: 'model_not_found',
    })
  })
  app.all('/v1/models', methodNotAllowed('GET'))
  app.all('/v1/models/*', methodNotAllowed('GET'))
  return app
}
