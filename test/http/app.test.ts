// Where each path leads, and what every answer has.

import { describe, expect, it } from 'vitest'
import { createGateway } from '../../src/index.ts'
import { testPlatform } from '../harness/platform.ts'
import { errorOf, openDoor, toRequest } from './door.ts'

const SECURITY = { 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer', 'x-frame-options': 'DENY', 'permissions-policy': expect.stringContaining('camera=()') }
const CHAT = '/v1/chat/completions'

const page = () => new Response('<html>', { headers: { 'content-type': 'text/html', etag: '"1"' } })

describe('paths', () => {
  it.each([
    ['/health', 'GET'],
    ['/healthz', 'GET'],
    ['/ready', 'GET'],
    ['/readyz', 'GET'],
    ['/v1/models', 'GET'],
    ['/v1/models/openclaw', 'GET'],
    [CHAT, 'POST'],
  ])('%s has the method %s and no other', async (path, allowed) => {
    const { ask } = await openDoor()
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'].filter((each) => each !== allowed)) {
      const response = await ask(path, { method, headers: { authorization: null } })
      expect(response.headers.get('allow'), method).toBe(allowed)
      expect(await errorOf(response), method).toMatchObject({ status: 405, type: 'invalid_request_error', message: `${method} is not allowed here: use ${allowed}` })
    }
  })

  it.each(['/nothing', '/v1', '/v1/', '/v1/nothing', '/v1/chat', '/V1/MODELS', '/health/', '/v1//models'])('%s leads nowhere', async (path) => {
    const { ask } = await openDoor()
    for (const method of ['GET', 'POST', 'DELETE']) {
      const error = await errorOf(await ask(path, { method }))
      expect(error).toMatchObject({ status: 404, type: 'invalid_request_error', param: null, code: null, message: `there is nothing at ${method} ${path}` })
    }
  })

  it('that lead nowhere are not repeated without end', async () => {
    const { ask } = await openDoor()
    const { message } = await errorOf(await ask(`/${'x'.repeat(5000)}`))
    expect(message).toHaveLength('there is nothing at GET '.length + 200)
  })
})

describe('every answer', () => {
  it('has the security headers and the id of its request, whatever became of it', async () => {
    const assets = async (request: Request) => {
      if (request.url.endsWith('/broken')) throw new Error('broken')
      return request.url.endsWith('/page') ? page() : null
    }
    const { ask } = await openDoor({ platform: testPlatform({ assets }) })
    const body = { model: 'openclaw', messages: [{ role: 'user', content: 'script:[{"text":"x"}]' }] }
    const answers: Readonly<Record<number, readonly Response[]>> = {
      200: [await ask('/health'), await ask('/page'), await ask('/v1/models'), await ask(CHAT, { body }), await ask(CHAT, { body: { ...body, stream: true } })],
      400: [await ask(CHAT, { body: '{' }), await ask(CHAT, { body: {} })],
      401: [await ask('/v1/models', { headers: { authorization: null } })],
      403: [await ask('/v1/models', { headers: { origin: 'https://evil.test' } })],
      404: [await ask('/nothing'), await ask('/v1/models/nothing')],
      405: [await ask('/health', { method: 'POST' })],
      413: [await ask(CHAT, { body: '{}', headers: { 'content-length': '99999999999' } })],
      500: [await ask('/broken')],
    }
    for (const [status, responses] of Object.entries(answers)) {
      for (const response of responses) {
        expect(response.status).toBe(Number(status))
        expect(Object.fromEntries(response.headers), status).toMatchObject({ ...SECURITY, 'x-request-id': expect.stringMatching(/^[0-9a-f-]{36}$/) })
      }
    }
    for (const path of ['/health', '/nothing', '/broken']) expect((await ask(path, { headers: { 'x-request-id': 'mine' } })).headers.get('x-request-id')).toBe('mine')
  })

  it('tells nobody what broke inside', async () => {
    const { ask, platform } = await openDoor({ platform: testPlatform({ assets: () => Promise.reject(new Error('secret of the inside')) }) })
    const { status, message } = await errorOf(await ask('/page', { headers: { 'x-request-id': 'r1' } }))
    expect([status, message]).toEqual([500, 'internal error r1: the log of the gateway says more under this id'])
    expect(platform.logged.at(-1)).toMatchObject({ level: 'error', fields: { id: 'r1', error: 'secret of the inside' } })
  })
})

describe('pages', () => {
  it('are what the runtime has, under a policy of what they may load', async () => {
    const { ask } = await openDoor({ platform: testPlatform({ assets: async () => page() }) })
    for (const method of ['GET', 'HEAD']) {
      const response = await ask('/page', { method, headers: { authorization: null } })
      expect(response.status).toBe(200)
      expect(response.headers.get('etag')).toBe('"1"')
      expect(response.headers.get('content-security-policy')).toMatch(/^default-src 'self'; script-src 'self'; .*frame-ancestors 'none'$/)
    }
  })

  it('keep their status, and their own policy', async () => {
    const assets = async () => new Response(null, { status: 304, headers: { 'content-security-policy': "default-src 'none'" } })
    const { ask } = await openDoor({ platform: testPlatform({ assets }) })
    const response = await ask('/page')
    expect([response.status, response.headers.get('content-security-policy')]).toEqual([304, "default-src 'none'"])
  })

  it('are not looked for below /v1/, and only where they are read', async () => {
    const asked: string[] = []
    const assets = async (request: Request) => {
      asked.push(`${request.method} ${new URL(request.url).pathname}`)
      return page()
    }
    const { ask } = await openDoor({ platform: testPlatform({ assets }) })
    expect([(await ask('/v1/page')).status, (await ask('/page', { method: 'POST' })).status, (await ask('/page')).status]).toEqual([404, 404, 200])
    expect(asked).toEqual(['GET /page'])
  })
})

describe('readiness', () => {
  it('counts the time since the start', async () => {
    const { ask, clock } = await openDoor()
    await clock.advance(1500)
    const response = await ask('/ready', { headers: { authorization: null } })
    expect([response.status, await response.json()]).toEqual([200, { ready: true, failing: [], uptimeMs: 1500 }])
  })

  it('names what fails: a start that did not succeed, a shutdown', async () => {
    const gateway = createGateway(testPlatform(), { config: { gateway: { port: 'none' } } })
    const at = (path: string) => gateway.fetch(toRequest(path), { remoteAddress: '127.0.0.1' })
    expect([(await at('/ready')).status, await (await at('/readyz')).json()]).toEqual([503, { ready: false, failing: ['startup'], uptimeMs: 0 }])
    expect((await at('/health')).status, 'it lives all the same').toBe(200)
    const { ask, gateway: closing } = await openDoor()
    await closing.close()
    expect(await (await ask('/ready')).json()).toMatchObject({ ready: false, failing: ['shutdown'] })
  })
})
