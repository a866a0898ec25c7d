// The documents for programs: what stands in public/reference/, and the schema of each method and event, made when it is
// asked for. Anybody may read them: they speak of the program, not of what it keeps.

import { Hono, type Context } from 'hono'
import { sha256Hex } from '../kit/bytes.ts'
import { GatewayError } from '../protocol/errors.ts'
import type { HttpDeps, HttpEnv } from './env.ts'
import { methodNotAllowed } from './errors.ts'
import { respond } from './respond.ts'

const SCHEMAS = '/schemas'
const JSON_TYPE = 'application/json; charset=utf-8'

export function documents(deps: HttpDeps): Hono<HttpEnv> {
  const { assets, methods } = deps

  const written = (name: string) => async (c: Context<HttpEnv>) => {
    const file = await assets?.(new Request(new URL(`/reference/${name}`, c.req.url)))
    if (!file) throw new GatewayError('NOT_FOUND', `${name} is not here: this gateway has no folder public/ beside it`)
    return answer(c, await file.text(), JSON_TYPE)
  }

  async function schema(c: Context<HttpEnv>) {
    const name = c.req.path.slice(SCHEMAS.length + 1)
    const { schemaOf } = await import('./schemas.ts')
    const found = await schemaOf(name, methods)
    if (found === null) throw new GatewayError('NOT_FOUND', `there is no schema ${name.slice(0, 200)}: GET ${SCHEMAS} lists them`)
    return answer(c, JSON.stringify(found), 'application/schema+json; charset=utf-8')
  }

  const app = new Hono<HttpEnv>()
  for (const name of ['openapi.json', 'asyncapi.json']) {
    app.get(`/${name}`, written(name))
    app.all(`/${name}`, methodNotAllowed('GET'))
  }
  app.get(SCHEMAS, async (c) => answer(c, JSON.stringify((await import('./schemas.ts')).listSchemas(methods)), JSON_TYPE))
  app.all(SCHEMAS, methodNotAllowed('GET'))
  app.get(`${SCHEMAS}/*`, schema)
  app.all(`${SCHEMAS}/*`, methodNotAllowed('GET'))
  return app
}

/** Pages of any origin may read it, and whoever has it already is told so. */
async function answer(c: Context<HttpEnv>, text: string, type: string): Promise<Response> {
  const etag = `"${(await sha256Hex(text)).slice(0, 32)}"`
  const headers = { etag, 'cache-control': 'no-cache', 'access-control-allow-origin': '*' }
  const known = c.req.raw.headers.get('if-none-match')?.split(',').some((each) => each.trim().replace(/^W\//, '') === etag)
  return known ? respond(c, null, headers, 304) : respond(c, text, { ...headers, 'content-type': type })
}
