// Pages of other origins: what a browser lets them read, and what it asks beforehand.

import { describe, expect, it } from 'vitest'
import { errorOf, openDoor } from './door.ts'

const CHAT = '/v1/chat/completions'
const ORIGIN = 'https://allowed.test'
const config = { gateway: { controlUi: { allowedOrigins: [ORIGIN] } } }
const FOREIGN = { origin: ORIGIN, host: 'gateway.lan:18789' }

const crossOrigin = (response: Response) => Object.fromEntries([...response.headers].filter(([name]) => name.startsWith('access-control-') || name === 'vary'))
const READABLE = { 'access-control-allow-origin': ORIGIN, 'access-control-expose-headers': 'x-request-id, retry-after, retry-after-ms', vary: 'Origin' }

describe('the question before a request', () => {
  const question = { ...FOREIGN, authorization: null, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization,content-type,x-stainless-os' }

  it.each([CHAT, '/v1/models', '/v1/models/openclaw'])('is answered for %s, without a credential', async (path) => {
    const { ask } = await openDoor({ config })
    const response = await ask(path, { method: 'OPTIONS', headers: question })
    expect([response.status, await response.text()]).toEqual([204, ''])
    expect(crossOrigin(response)).toEqual({
      ...READABLE,
      'access-control-allow-methods': 'GET, POST, DELETE',
      'access-control-allow-headers': 'authorization,content-type,x-stainless-os',
      'access-control-max-age': '600',
      vary: 'Origin, Access-Control-Request-Headers',
    })
  })

  it('allows no headers where none are asked for', async () => {
    const { ask } = await openDoor({ config })
    const response = await ask(CHAT, { method: 'OPTIONS', headers: { ...question, 'access-control-request-headers': null } })
    expect(response.status).toBe(204)
    expect(crossOrigin(response)).not.toHaveProperty('access-control-allow-headers')
  })

  it('of a page that may not gets no permission', async () => {
    const { ask } = await openDoor({ config })
    for (const origin of ['https://evil.test', 'null', `${ORIGIN}.evil.test`]) {
      const response = await ask(CHAT, { method: 'OPTIONS', headers: { ...question, origin } })
      expect(response.status).toBe(405)
      expect(crossOrigin(response)).toEqual({})
    }
  })

  it('is none without the method that it is about', async () => {
    const { ask } = await openDoor({ config })
    expect((await ask(CHAT, { method: 'OPTIONS', headers: FOREIGN })).status).toBe(405)
  })

  it('is not answered elsewhere', async () => {
    const { ask } = await openDoor({ config })
    for (const path of ['/health', '/ready']) expect(crossOrigin(await ask(path, { method: 'OPTIONS', headers: question }))).toEqual({})
  })
})

describe('an answer', () => {
  const body = { model: 'openclaw', messages: [{ role: 'user', content: 'script:[{"text":"x"}]' }] }

  it('can be read by a page that is allowed, whatever it says', async () => {
    const { ask } = await openDoor({ config })
    const answers: Readonly<Record<number, readonly Response[]>> = {
      200: [await ask('/v1/models', { headers: FOREIGN }), await ask(CHAT, { body, headers: FOREIGN }), await ask(CHAT, { body: { ...body, stream: true }, headers: FOREIGN })],
      400: [await ask(CHAT, { body: '{', headers: FOREIGN }), await ask(CHAT, { body: {}, headers: FOREIGN })],
      401: [await ask('/v1/models', { headers: { ...FOREIGN, authorization: null } })],
      404: [await ask('/v1/models/nothing', { headers: FOREIGN }), await ask('/v1/nothing', { headers: FOREIGN })],
      405: [await ask('/v1/models', { method: 'PUT', headers: FOREIGN })],
    }
    for (const [status, responses] of Object.entries(answers)) {
      for (const response of responses) {
        expect(response.status).toBe(Number(status))
        expect(crossOrigin(response), status).toEqual(READABLE)
      }
    }
  })

  it('names the page also where all are allowed, and never lets cookies count', async () => {
    const { ask } = await openDoor({ config: { gateway: { controlUi: { allowedOrigins: ['*'] } } } })
    const response = await ask('/v1/models', { headers: { ...FOREIGN, origin: 'https://any.test' } })
    expect(crossOrigin(response)).toEqual({ ...READABLE, 'access-control-allow-origin': 'https://any.test' })
  })

  it('to a page that may not says nothing to it', async () => {
    const { ask } = await openDoor({ config })
    const response = await ask('/v1/models', { headers: { ...FOREIGN, origin: 'https://evil.test' } })
    expect(crossOrigin(response)).toEqual({})
    expect(await errorOf(response)).toMatchObject({ status: 403 })
  })

  it('to no page has nothing of it', async () => {
    const { ask } = await openDoor({ config })
    for (const path of ['/v1/models', '/v1/nothing', '/health']) expect(crossOrigin(await ask(path))).toEqual({})
  })

  it('can be read while the gateway shuts down', async () => {
    const { ask, gateway } = await openDoor({ config })
    await gateway.close()
    const response = await ask('/v1/models', { headers: FOREIGN })
    expect([response.status, response.headers.get('access-control-allow-origin')]).toEqual([503, ORIGIN])
  })
})
