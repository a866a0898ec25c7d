// Files of public/, for the pages that a gateway serves.

import { readFile, realpath, stat } from 'node:fs/promises'
import { dirname, extname, join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.webmanifest': 'application/manifest+json; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.webp': 'image/webp',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
  '.md': 'text/markdown; charset=utf-8',
}

/** public/ beside the folder of the bundle, or beside runtimes/ when the sources run; this file is a folder deeper in both. */
export async function findPublic(): Promise<string | null> {
  const here = dirname(fileURLToPath(import.meta.url))
  for (const candidate of [join(here, '..', 'public'), join(here, '..', '..', 'public')]) {
    const found = await realpath(candidate).catch(() => null)
    if (found) return found
  }
  return null
}

export function createAssets(root: string): (request: Request) => Promise<Response | null> {
  return async (request) => {
    const path = decode(new URL(request.url).pathname)
    if (path === null) return null
    const wanted = join(root, path.endsWith('/') ? `${path}index.html` : path)
    // Whatever the path said, and wherever a link leads: only what lies under the root is served.
    const file = await realpath(wanted).catch(() => null)
    if (file === null || !file.startsWith(root + sep) || isHidden(file.slice(root.length))) return null
    const type = TYPES[extname(file)]
    const content = type ? await readPlain(file) : null
    return content && new Response(content, { headers: { 'content-type': type! } })
  }
}

/** null: it is no plain file. Whoever opened a pipe would wait for its other end. */
async function readPlain(file: string): Promise<Buffer<ArrayBuffer> | null> {
  const found = await stat(file).catch(() => null)
  return found?.isFile() ? readFile(file).catch(() => null) : null
}

/** What begins with a dot is kept from sight by whoever put it there. */
const isHidden = (path: string): boolean => path.split(sep).some((part) => part.startsWith('.'))

function decode(path: string): string | null {
  try {
    const decoded = decodeURIComponent(path)
    return decoded.includes('\0') || decoded.includes('\\') ? null : decoded
  } catch {
    return null
  }
}
