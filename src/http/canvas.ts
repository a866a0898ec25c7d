// GET /canvas-host/<capability>/…: what an agent shows. It may run scripts, and is no page of the gateway: a browser keeps
// it apart from everything that is.

import { Hono } from 'hono'
import { GatewayError } from '../protocol/errors.ts'
import { CANVAS_PATH } from '../services/fleet/canvas.ts'
import type { HttpDeps, HttpEnv } from './env.ts'
import { methodNotAllowed } from './errors.ts'
import { checkServing } from './guard.ts'
import { respond } from './respond.ts'

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  mjs: 'text/javascript; charset=utf-8',
  json: 'application/json; charset=utf-8',
  txt: 'text/plain; charset=utf-8',
  md: 'text/plain; charset=utf-8',
  svg: 'image/svg+xml',
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  webp: 'image/webp',
  woff2: 'font/woff2',
  mp3: 'audio/mpeg',
  mp4: 'video/mp4',
  wasm: 'application/wasm',
}

/** An origin of its own, that is nobody's: it reads no answer of the gateway, and what it loads is told no address. */
const HEADERS = {
  'content-security-policy': 'sandbox allow-scripts allow-forms allow-pointer-lock',
  'access-control-allow-origin': 'null',
  'cache-control': 'no-store',
  'cross-origin-resource-policy': 'cross-origin',
  'x-frame-options': 'SAMEORIGIN',
}

export function canvas(deps: Pick<HttpDeps, 'canvas' | 'failing'>): Hono<HttpEnv> {
  const app = new Hono<HttpEnv>()
  app.get(`${CANVAS_PATH}/:capability/*`, async (c) => {
    checkServing(deps.failing())
    const capability = c.req.param('capability')
    const path = c.req.path.slice(`${CANVAS_PATH}/${capability}/`.length)
    const file = await deps.canvas.read(capability, path)
    if (!file) throw new GatewayError('NOT_FOUND', 'there is nothing here, or no longer: ask for a new address of the canvas')
    const ending = /\.([a-z0-9]+)$/i.exec(path)?.[1]?.toLowerCase() ?? 'html'
    return respond(c, new Uint8Array(file.bytes), { ...HEADERS, 'content-type': TYPES[ending] ?? 'application/octet-stream' })
  })
  app.all(`${CANVAS_PATH}/*`, methodNotAllowed('GET'))
  return app
}
