// The Worker: tells pages from calls, and picks the object that is the gateway. Touches no state: a request that cannot
// be meant for a gateway wakes none.

import { servePage } from '../../src/index.ts'
import type { Env } from './env.ts'
import { refuse } from './refuse.ts'

export { GatewayObject } from './gateway-object.ts'

const NAME = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/
const DEFAULT_NAME = 'main'

export default {
  fetch(request: Request, env: Env): Promise<Response> | Response {
    const target = toTarget(request, env)
    if (!target) return refuse(404, 'a gateway is called by lower case letters, digits and dashes: /g/<name>/')
    const upgrade = request.headers.get('upgrade')
    if (upgrade !== null && upgrade.toLowerCase() !== 'websocket') return refuse(400, 'only upgrades to websocket are known')
    if (upgrade === null && isPage(request, target.url)) return page(new Request(toFile(target.url), request), env, target.prefix)
    const gateway = env.GATEWAY.get(env.GATEWAY.idFromName(target.name))
    return gateway.fetch(new Request(target.url, request))
  },
} satisfies ExportedHandler<Env>

/** `/g/<name>/…` names the gateway; else the host name does, where that is asked for; else it is `main`. */
function toTarget(request: Request, env: Env): { name: string; url: URL; prefix: string } | null {
  const url = new URL(request.url)
  const inPath = /^\/g\/([^/]+)(\/.*)?$/.exec(url.pathname)
  if (inPath) url.pathname = inPath[2] ?? '/'
  const name = inPath?.[1] ?? (env.EDGECLAW_ROUTING === 'host' ? url.hostname.split('.')[0]! : DEFAULT_NAME)
  return NAME.test(name) ? { name, url, prefix: inPath ? `/g/${name}` : '' } : null
}

async function page(request: Request, env: Env, prefix: string): Promise<Response> {
  const assets = async (wanted: Request) => {
    const found = await env.ASSETS.fetch(wanted)
    return found.status === 404 ? null : found
  }
  return (await servePage(request, { assets, prefix })) ?? refuse(404, `there is nothing at ${request.method} ${new URL(request.url).pathname.slice(0, 200)}`)
}

/** What is not part of the gateway's own paths. */
const isPage = (request: Request, url: URL): boolean =>
  (request.method === 'GET' || request.method === 'HEAD') && !/^\/(v1\/|health|ready|metrics$|schemas(\/|$)|avatar\/|canvas-host\/|hooks\/|tools\/|mcp$)/.test(url.pathname)

/** The documents are files here: to read them wakes nobody. */
function toFile(url: URL): URL {
  return /^\/(openapi|asyncapi)\.json$/.test(url.pathname) ? new URL(`/reference${url.pathname}`, url) : url
}
