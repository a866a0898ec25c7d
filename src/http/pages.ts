// The pages of the gateway: the Control UI below its base path, and whatever else lies in public/. Files alone: who reads
// them is nobody yet, and what they then ask for is asked with a credential.

import type { Context } from 'hono'
import { sha256Hex } from '../kit/bytes.ts'
import type { Platform } from '../ports/platform.ts'
import type { HttpDeps, HttpEnv } from './env.ts'
import { respond, SECURITY_HEADERS } from './respond.ts'

/** Where the Control UI lies in public/, and where it is shown unless `gateway.controlUi.basePath` says otherwise. */
const FOLDER = '/control-ui'

/** No script, style or frame but our own; a page may talk to this gateway, and to another one that its user names. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'self'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "media-src 'self' data: blob:",
  "connect-src 'self' ws: wss:",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ')

/** Names that change with what is in the file, as builders make them: `main-B3yg83US.js`. */
const HASHED = /[.-](?=[A-Za-z0-9_-]*[A-Z0-9])[A-Za-z0-9_-]{8,}\.(?:js|css|woff2|png|jpe?g|webp|svg|map)$/
/** What no name of a page has, and what becomes something else on its way through an address. */
// eslint-disable-next-line no-control-regex
const ODD = /[\u0000-\u001f\u007f\\]|\s$|%[0-9a-f]{2}/i
const ENDING = /\.[A-Za-z0-9]{1,8}$/

export interface PageOptions {
  readonly assets: NonNullable<Platform['assets']>
  /** Where the Control UI is shown; null: nowhere. Absent: where it lies. */
  readonly basePath?: string | null
  /** Stands before every path of this gateway, where there are several at one address. */
  readonly prefix?: string
}

/** The answer to somebody who reads a page; null: there is none. For those who serve pages without a gateway, too. */
export async function servePage(request: Request, { assets, basePath = FOLDER, prefix = '' }: PageOptions): Promise<Response | null> {
  const { pathname } = new URL(request.url)
  const path = decode(pathname)
  if ((request.method !== 'GET' && request.method !== 'HEAD') || path === null || path.startsWith('/v1/') || ODD.test(path)) return null
  const base = basePath?.replace(/\/+$/, '') ?? null
  if (base !== null && base !== '' && (path === base || path === '/')) return new Response(null, { status: 302, headers: { ...SECURITY_HEADERS, location: `${prefix}${base}/` } })

  const read = async (file: string) => {
    const url = new URL(request.url)
    url.pathname = file
    url.search = ''
    const found = await assets(new Request(url))
    return found && send(request, found, file)
  }
  /** A path that is no file is one that the router of the Control UI knows. */
  const control = async (inside: string) => (await read(`${FOLDER}${inside}`)) ?? (ENDING.test(inside) ? null : read(`${FOLDER}/`))

  const page = base !== null && pathname.startsWith(`${base}/`) ? await control(pathname.slice(base.length)) : null
  if (page || pathname.startsWith(`${FOLDER}/`)) return page
  return read(pathname)
}

/** Finds the page that a path leads to; null: none. */
export function pages({ assets, config }: Pick<HttpDeps, 'assets' | 'config'>): (c: Context<HttpEnv>) => Promise<Response | null> {
  return async (c) => {
    if (!assets) return null
    const { enabled = true, basePath } = config.current.gateway?.controlUi ?? {}
    const page = await servePage(c.req.raw, { assets, ...(enabled ? basePath !== undefined && { basePath } : { basePath: null }) })
    return page && respond(c, page.body, Object.fromEntries(page.headers), page.status)
  }
}

async function send(request: Request, file: Response, path: string): Promise<Response> {
  const own = Object.fromEntries(file.headers)
  const policy = { ...SECURITY_HEADERS, 'content-security-policy': own['content-security-policy'] ?? CONTENT_SECURITY_POLICY, 'cross-origin-opener-policy': 'same-origin' }
  if (file.status !== 200) return new Response(file.body, { status: file.status, headers: { ...own, ...policy } })
  const bytes = new Uint8Array(await file.arrayBuffer())
  const etag = own['etag'] ?? `"${(await sha256Hex(bytes)).slice(0, 32)}"`
  const headers = {
    ...policy,
    'content-type': own['content-type'] ?? 'application/octet-stream',
    'cache-control': HASHED.test(path) ? 'public, max-age=31536000, immutable' : 'no-cache',
    etag,
  }
  const known = request.headers.get('if-none-match')?.split(',').map((each) => each.trim()) ?? []
  if (known.some((each) => each === '*' || plain(each) === plain(etag))) return new Response(null, { status: 304, headers })
  return new Response(request.method === 'HEAD' ? null : bytes, { headers: { ...headers, 'content-length': String(bytes.byteLength) } })
}

const plain = (etag: string): string => etag.replace(/^W\//, '')

function decode(path: string): string | null {
  try {
    return decodeURIComponent(path)
  } catch {
    return null
  }
}
