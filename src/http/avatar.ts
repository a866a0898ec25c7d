// GET /avatar/<agent>: the picture of an agent, or its initials; with ?meta=1 what there is. A picture lies in the
// workspace of the agent, and `identity.avatar` names it; it may be an address of the internet, too, which is only told.

import { Hono, type Context } from 'hono'
import { fromBase64 } from '../kit/bytes.ts'
import { GatewayError } from '../protocol/errors.ts'
import { toWorkspacePath } from '../services/conversation/workspace-path.ts'
import type { HttpDeps, HttpEnv } from './env.ts'
import { methodNotAllowed } from './errors.ts'
import { guard } from './guard.ts'
import { respond, respondJson } from './respond.ts'

const MAX_BYTES = 2 * 1024 * 1024
/** Pictures that a browser shows and that run nothing. */
const TYPES: Readonly<Record<string, string>> = { png: 'image/png', jpg: 'image/jpeg', jpeg: 'image/jpeg', gif: 'image/gif', webp: 'image/webp', avif: 'image/avif' }

type Avatar =
  | { readonly source: 'none'; readonly reason: string | null }
  | { readonly source: 'remote'; readonly url: string }
  | { readonly source: 'local'; readonly type: string; readonly bytes: Uint8Array<ArrayBuffer> }

export function avatar(deps: HttpDeps): Hono<HttpEnv> {
  const { agents, agentFiles } = deps

  async function find(agentId: string): Promise<Avatar> {
    const { avatar: named } = agents.identity(agentId)
    if (/^https?:\/\//.test(named)) return { source: 'remote', url: named }
    const data = /^data:(image\/(?:png|jpeg|gif|webp|avif));base64,(.+)$/.exec(named)
    if (data) return inside(data[1]!, fromBase64(data[2]!))
    const type = TYPES[/\.([a-z]+)$/i.exec(named)?.[1]?.toLowerCase() ?? '']
    if (!type) return { source: 'none', reason: null } // an emoji, or a letter
    const path = toPath(named)
    const file = path === null ? null : await agentFiles.open(agentId).read(path, MAX_BYTES)
    if (file === 'too-large') return { source: 'none', reason: 'too_large' }
    return inside(type, file ? new Uint8Array(file.bytes) : null)
  }

  const app = new Hono<HttpEnv>()
  app.get('/avatar/:agentId', guard(deps, 'operator.read'), async (c) => {
    const agentId = c.req.param('agentId')
    if (!agents.find(agentId)) throw new GatewayError('NOT_FOUND', `there is no agent "${agentId.slice(0, 100)}"`)
    const found = await find(agentId)
    return c.req.query('meta') === '1' ? respondJson(c, toMeta(agentId, found)) : show(c, found, agents.identity(agentId).name)
  })
  app.all('/avatar/:agentId', methodNotAllowed('GET'))
  return app
}

const inside = (type: string, bytes: Uint8Array<ArrayBuffer> | null): Avatar => (bytes ? { source: 'local', type, bytes } : { source: 'none', reason: 'missing' })

function toPath(named: string): string | null {
  try {
    return toWorkspacePath(named)
  } catch {
    return null // it leads out of the workspace
  }
}

function toMeta(agentId: string, found: Avatar) {
  const url = found.source === 'remote' ? found.url : `/avatar/${encodeURIComponent(agentId)}`
  const has = found.source !== 'none'
  return { avatarUrl: has ? url : null, avatarSource: has ? found.source : null, avatarStatus: has ? found.source : null, avatarReason: found.source === 'none' ? found.reason : null }
}

/** It may be shown by a page of this gateway, and can do nothing there. */
const HEADERS = { 'cache-control': 'private, max-age=60', 'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; sandbox" }

function show(c: Context<HttpEnv>, found: Avatar, name: string): Response {
  if (found.source === 'local') return respond(c, found.bytes, { ...HEADERS, 'content-type': found.type })
  return respond(c, initials(name), { ...HEADERS, 'content-type': 'image/svg+xml; charset=utf-8' })
}

/** The same name has the same colour. */
function initials(name: string): string {
  const letters = name.split(/\s+/).filter((word) => word !== '').slice(0, 2).map((word) => [...word][0]!.toUpperCase()).join('')
  const hue = [...name].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)!) % 360, 7)
  const safe = letters.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64" width="64" height="64" role="img"><rect width="64" height="64" rx="32" fill="hsl(${hue} 45% 40%)"/>` +
    `<text x="32" y="33" fill="#fff" font-family="system-ui,sans-serif" font-size="26" text-anchor="middle" dominant-baseline="central">${safe}</text></svg>`
  )
}
