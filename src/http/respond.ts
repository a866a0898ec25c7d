// Responses with the headers that every answer carries. They are plain objects, which runtimes write out as they are.

import type { Context } from 'hono'
import { uuid } from '../kit/ids.ts'
import type { HttpEnv } from './env.ts'

export const SECURITY_HEADERS = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'permissions-policy': 'camera=(), microphone=(self), geolocation=()',
  'x-frame-options': 'DENY',
} as const

/** The request's own id if it brought a usable one, else one that is made once: it comes back as `x-request-id`, and stands in the log. */
export function requestId(c: Context<HttpEnv>): string {
  const given = c.req.raw.headers.get('x-request-id')
  if (given !== null && /^[\w.:-]{1,128}$/.test(given)) return given
  const made = c.get('requestId') ?? uuid()
  c.set('requestId', made)
  return made
}

export function respond(
  c: Context<HttpEnv>,
  body: string | Uint8Array<ArrayBuffer> | ReadableStream | null,
  headers: Readonly<Record<string, string>>,
  status = 200,
): Response {
  return new Response(body, { status, headers: { ...SECURITY_HEADERS, 'x-request-id': requestId(c), ...c.get('cors'), ...headers } })
}

export const respondJson = (c: Context<HttpEnv>, value: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Response =>
  respond(c, JSON.stringify(value), { 'content-type': 'application/json; charset=utf-8', ...headers }, status)
