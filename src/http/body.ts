// JSON bodies, with the limit applied before anything is parsed.

import type { Context } from 'hono'
import { joinBytes } from '../kit/bytes.ts'
import { GatewayError } from '../protocol/errors.ts'
import type { HttpEnv } from './env.ts'

export const MAX_BODY_BYTES = 20 * 1024 * 1024

/** What is not said to be JSON is not read as such. */
export async function requireJson(c: Context<HttpEnv>, next: () => Promise<void>): Promise<void> {
  const type = c.req.raw.headers.get('content-type') ?? ''
  if (JSON_TYPE.test(type)) return next()
  const given = type === '' ? 'no content-type' : `the content-type "${type.slice(0, 100)}"`
  throw new GatewayError('UNSUPPORTED_MEDIA_TYPE', `the request has ${given}: send JSON, and "content-type: application/json"`)
}

const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i

const tooLarge = () => new GatewayError('PAYLOAD_TOO_LARGE', `Payload too large: at most ${MAX_BODY_BYTES} bytes are accepted`)

/** Refuses a body that is too large by its declared length, and one without a length as soon as it has grown too large. */
export async function limitBody(c: Context<HttpEnv>): Promise<void> {
  if (c.req.method === 'GET' || c.req.method === 'HEAD') return
  const declared = c.req.raw.headers.get('content-length')
  if (declared !== null && !(Number(declared) <= MAX_BODY_BYTES)) throw tooLarge()
  if (declared === null && c.req.raw.body) c.req.raw = new Request(c.req.raw, { method: c.req.method, body: await readLimited(c.req.raw.body) })
}

async function readLimited(body: ReadableStream<Uint8Array>): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body) {
    size += chunk.byteLength
    if (size > MAX_BODY_BYTES) throw tooLarge()
    chunks.push(chunk)
  }
  return joinBytes(chunks)
}
