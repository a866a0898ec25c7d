// What a request must pass: a gateway that serves, its origin, its credential, its scope, its size, in this order.

import { Hono } from 'hono'
import { describe, expect, it } from 'vitest'
import type { HttpDeps, HttpEnv } from '../../src/http/env.ts'
import { errorResponse } from '../../src/http/errors.ts'
import { guard } from '../../src/http/guard.ts'
import { GatewayError } from '../../src/protocol/errors.ts'
import type { Principal, Scope } from '../../src/protocol/scopes.ts'
import { createGateway } from '../../src/index.ts'
import { testPlatform, TOKEN } from '../harness/platform.ts'
import { errorOf, openDoor, toRequest } from './door.ts'

const CHAT = '/v1/chat/completions'

/** A body that notes whether anybody has read of it. */
function untouched() {
  const state = { read: false }
  const body = new ReadableStream({
    pull(controller) {
      state.read = true
      controller.enqueue(new TextEncoder().encode('{}'))
      controller.close()
    },
  }, { highWaterMark: 0 }) // prettier-ignore
  return { state, body }
}

describe('a gateway that does not serve', () => {
  it('says that it shuts down, and when to come again, whoever asks', async () => {
    const { ask, gateway } = await openDoor()
    await gateway.close()
    for (const path of ['/v1/models', '/v1/models/openclaw']) {
      const response = await ask(path, { headers: { authorization: null } })
      expect([response.headers.get('retry-after'), response.headers.get('retry-after-ms')]).toEqual(['1', '1000'])
      expect(await errorOf(response)).toMatchObject({ status: 503, type: 'server_error', message: expect.stringContaining('shutting down') })
    }
    expect(await errorOf(await ask(CHAT, { body: {} }))).toMatchObject({ status: 503 })
  })

  it('because its start failed says no time', async () => {
    const gateway = createGateway(testPlatform(), { config: { gateway: { port: 'none' } } })
    const response = await gateway.fetch(toRequest('/v1/models'), { remoteAddress: '127.0.0.1' })
    expect(response.headers.get('retry-after')).toBeNull()
    expect(await errorOf(response)).toMatchObject({ status: 503, message: 'the gateway could not start: its log says why' })
  })
})

describe('origins', () => {
  const config = { gateway: { controlUi: { allowedOrigins: ['https://allowed.test'] } } }
  const cases: readonly (readonly [origin: string | null, address: string, host: string, status: number])[] = [
    [null, '127.0.0.1', '127.0.0.1:18789', 200],
    ['http://127.0.0.1:18789', '127.0.0.1', '127.0.0.1:18789', 200],
    ['http://localhost:5173', '127.0.0.1', '127.0.0.1:18789', 200],
    ['http://localhost:5173', '192.168.1.9', 'gateway.lan:18789', 403],
    ['http://gateway.lan:18789', '192.168.1.9', 'gateway.lan:18789', 200],
    ['https://allowed.test', '192.168.1.9', 'gateway.lan:18789', 200],
    ['https://allowed.test:444', '192.168.1.9', 'gateway.lan:18789', 403],
    ['https://evil.test', '127.0.0.1', '127.0.0.1:18789', 403],
    ['null', '127.0.0.1', '127.0.0.1:18789', 403],
    ['', '127.0.0.1', '127.0.0.1:18789', 403],
    ['file://', '127.0.0.1', '127.0.0.1:18789', 403],
  ]

  it.each(cases)('%s from %s to %s: %i', async (origin, address, host, status) => {
    const { ask } = await openDoor({ config })
    expect((await ask('/v1/models', { headers: { origin, host }, address })).status).toBe(status)
  })

  it('come before credentials: a foreign page learns nothing of a token', async () => {
    const { ask } = await openDoor()
    expect(await errorOf(await ask('/v1/models', { headers: { origin: 'https://evil.test', authorization: 'Bearer wrong' } }))).toMatchObject({
      status: 403,
      type: 'permission_error',
      message: expect.stringContaining('gateway.controlUi.allowedOrigins'),
    })
  })
})

describe('credentials', () => {
  it.each([
    [`Bearer ${TOKEN}`, 200],
    [`bearer   ${TOKEN}  `, 200],
    [`Bearer ${TOKEN}x`, 401],
    [`Bearer ${TOKEN.slice(0, -1)}`, 401],
    [`Bearer ${TOKEN.toUpperCase()}`, 401],
    [`Token ${TOKEN}`, 401],
    [TOKEN, 401],
    ['Bearer ', 401],
    [null, 401],
  ])('%s: %i', async (authorization, status) => {
    const { ask } = await openDoor()
    const response = await ask('/v1/models', { headers: { authorization } })
    expect(response.status).toBe(status)
    expect(response.headers.get('www-authenticate')).toBe(status === 401 ? 'Bearer' : null)
    expect(await response.text()).not.toContain(TOKEN)
  })

  it('come before the body', async () => {
    const { ask } = await openDoor()
    const { state, body } = untouched()
    expect(await errorOf(await ask(CHAT, { body, headers: { authorization: null } }))).toMatchObject({ status: 401, code: 'invalid_api_key' })
    expect(state.read).toBe(false)
  })

  it('are not asked for from this machine in mode none, and from no other', async () => {
    const { ask } = await openDoor({ config: { gateway: { auth: { mode: 'none' } } } })
    const headers = { authorization: null }
    expect((await ask('/v1/models', { headers })).status).toBe(200)
    expect((await ask('/v1/models', { headers, address: '192.168.1.9' })).status).toBe(401)
    expect((await ask('/v1/models', { headers, address: null })).status).toBe(401)
    expect((await ask('/v1/models', { headers: { ...headers, 'x-forwarded-for': '127.0.0.1' } })).status).toBe(401)
    expect((await ask('/v1/models', { headers: { ...headers, host: 'rebound.test' } })).status).toBe(403)
  })
})

describe('scopes', () => {
  function guarded(principal: Principal, scope: Scope) {
    const deps = { auth: { bearer: () => principal }, config: { current: {} }, failing: () => [] } as unknown as HttpDeps
    const app = new Hono<HttpEnv>()
    app.onError((error, c) => errorResponse(c, error as GatewayError))
    app.post('/', guard(deps, scope), (c) => c.text(c.var.principal.id))
    return (body: ReadableStream | null) => app.fetch(new Request('http://door.test/', { method: 'POST', ...(body !== null && { body, duplex: 'half' }) } as RequestInit), { info: { remoteAddress: null } })
  }
  const holder = (...scopes: Scope[]): Principal => ({ id: 'somebody', role: 'operator', scopes: new Set(scopes) })

  it('that are held let the request in, in the name of who holds them', async () => {
    const response = await guarded(holder('operator.read'), 'operator.read')(null)
    expect([response.status, await response.text()]).toEqual([200, 'somebody'])
  })

  it('that are missing are named, before the body is read', async () => {
    const { state, body } = untouched()
    expect(await errorOf(await guarded(holder('operator.read'), 'operator.write')(body))).toEqual({
      status: 403,
      message: 'missing scope: operator.write',
      type: 'permission_error',
      param: null,
      code: null,
      details: { code: 'MISSING_SCOPE', missingScope: 'operator.write' },
    })
    expect(state.read).toBe(false)
  })

  it('are nothing for a node', async () => {
    expect((await guarded({ id: 'node', role: 'node', scopes: new Set(['operator.write']) }, 'operator.write')(null)).status).toBe(403)
  })
})
