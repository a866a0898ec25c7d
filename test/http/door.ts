// The HTTP door of a gateway without a port: requests, and what comes back.

import type { GatewayOptions } from '../../src/index.ts'
import { expect } from 'vitest'
import type { Data } from '../harness/client.ts'
import { startGateway, TOKEN, type TestPlatform } from '../harness/platform.ts'

export interface Ask {
  readonly method?: string
  /** Sent as JSON, unless it is a text or a stream. */
  readonly body?: unknown
  /** null leaves one out. */
  readonly headers?: Readonly<Record<string, string | null>>
  readonly address?: string | null
  readonly signal?: AbortSignal
}

export function toRequest(path: string, { method, body, headers = {}, signal }: Ask = {}): Request {
  const all = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json', host: '127.0.0.1:18789', ...headers }
  const given = Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== null)
  const init: RequestInit & { duplex?: 'half' } = { method: method ?? (body === undefined ? 'GET' : 'POST'), headers: given }
  if (body !== undefined) init.body = typeof body === 'string' || body instanceof ReadableStream ? body : JSON.stringify(body)
  if (body instanceof ReadableStream) init.duplex = 'half'
  if (signal) init.signal = signal
  return new Request(`http://127.0.0.1:18789${path}`, init)
}

export async function openDoor(options: GatewayOptions & { platform?: TestPlatform } = {}) {
  const started = await startGateway(options)
  const ask = (path: string, given: Ask = {}): Promise<Response> =>
    started.gateway.fetch(toRequest(path, given), { remoteAddress: given.address === undefined ? '127.0.0.1' : given.address })
  return { ...started, ask }
}

/** The error of an answer, which has all members of OpenAI's shape, with its status. */
export async function errorOf(response: Response): Promise<Data> {
  expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8')
  const { error } = (await response.json()) as Data
  expect(Object.keys(error).slice(0, 4)).toEqual(['message', 'type', 'param', 'code'])
  expect([typeof error.message, typeof error.type]).toEqual(['string', 'string'])
  return { status: response.status, ...error } as Data
}
