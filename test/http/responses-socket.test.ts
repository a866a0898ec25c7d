// The connections for responses: who may open one, how much may wait on it, and how it ends.

import { describe, expect, it } from 'vitest'
import { createResponsesSocket, toMessage, toRefusal } from '../../src/http/responses-socket.ts'
import { GatewayError } from '../../src/protocol/errors.ts'
import type { Principal } from '../../src/protocol/scopes.ts'
import { fakeClock, settled } from '../harness/clock.ts'
import { checkEvents } from '../harness/response-events.ts'
import { dial, type DialOptions } from '../harness/peer.ts'
import { startGateway, TOKEN } from '../harness/platform.ts'
import { converse } from '../suites/responses-socket-cases.ts'
import { script } from '../suites/target.ts'
import type { GatewayOptions } from '../../src/index.ts'
import type { Data } from '../harness/client.ts'

const HEADERS = { host: '127.0.0.1:18789', authorization: `Bearer ${TOKEN}` }
const HOUR_MS = 60 * 60 * 1000

async function open(options: GatewayOptions = {}) {
  const started = await startGateway(options)
  const dialed = async (given: DialOptions = {}) => {
    const { client, peer } = await dial(started.gateway, { path: '/v1/responses', headers: HEADERS, ...given })
    return { peer, ...converse(client) }
  }
  /** One response of no more words than `text`. */
  const ask = async (socket: Awaited<ReturnType<typeof dialed>>, text: string, more: Data = {}) => {
    socket.send({ input: script({ text }), ...more })
    return checkEvents(await socket.response())
  }
  return { ...started, dialed, ask }
}

describe('an upgrade', () => {
  it('is for this door by its path alone', () => {
    const { isFor } = createResponsesSocket({ clock: { now: () => 0 }, log: null } as never)
    const yes = ['/v1/responses', '/v1/responses?x=1', '/v1/responses/', 'https://a.example/v1/responses', 'ws://a.example/v1/responses?x']
    const no = ['/', '/v1/responses/compact', '/v1', '/x/v1/responses', '/v1/responsesx', '?/v1/responses', 'https://a.example/', '//v1/responses']
    expect([yes.map(isFor), no.map(isFor)]).toEqual([yes.map(() => true), no.map(() => false)])
  })

  it.each([
    [{ host: 'a' }, 401, 'invalid_api_key'],
    [{ ...HEADERS, authorization: 'Bearer wrong' }, 401, 'invalid_api_key'],
    [{ ...HEADERS, origin: 'https://evil.example' }, 403, null],
    [{ ...HEADERS, 'x-openclaw-session-key': 'x'.repeat(513) }, 400, null],
  ])('with %j is refused with %i', async (headers, status, code) => {
    const { gateway } = await startGateway()
    const refusal = await gateway.socket.admit({ url: '/v1/responses', headers: new Headers(headers) }, { remoteAddress: '127.0.0.1' })
    if (!(refusal instanceof Response)) throw new Error('it was let in')
    expect([refusal.status, refusal.headers.get('www-authenticate'), ((await refusal.json()) as Data).error.code]).toEqual([status, status === 401 ? 'Bearer' : null, code])
  })

  it('is refused when responses are switched off, and while the gateway closes', async () => {
    const off = await startGateway({ config: { gateway: { http: { endpoints: { responses: { enabled: false } } } } } })
    const request = { url: '/v1/responses', headers: new Headers(HEADERS) }
    expect(await off.gateway.socket.admit(request, { remoteAddress: '127.0.0.1' })).toMatchObject({ status: 404 })
    await off.gateway.close()
    expect(await off.gateway.socket.admit(request, { remoteAddress: '127.0.0.1' })).toMatchObject({ status: 503 })
  })

  it('keeps no key beside the socket', async () => {
    const { dialed } = await open()
    const { peer } = await dialed()
    expect(JSON.stringify(peer.load())).not.toContain(TOKEN)
    expect(peer.load()).toMatchObject({ door: 'responses', principal: { id: 'operator' } })
  })
})

describe('a connection', () => {
  it('goes on after a sleep with what is kept beside it', async () => {
    const { dialed, gateway, platform, ask } = await open()
    const socket = await dialed({ headers: { ...HEADERS, 'x-openclaw-session-key': 'agent:main:mine' } })
    await ask(socket, 'before')
    const restarted = await startGateway({ platform })
    const send = (body: Data) => void restarted.gateway.socket.message(socket.peer, JSON.stringify({ type: 'response.create', model: 'openclaw', ...body }))
    send({ input: script({ text: 'after' }) })
    expect(checkEvents(await socket.response()).status).toBe('completed')
    expect(platform.sql.all('SELECT DISTINCT session_key FROM responses')).toEqual([{ session_key: 'agent:main:mine' }])
    await gateway.close()
  })

  it('takes so many messages and no more while one is answered', async () => {
    const { dialed, clock } = await open()
    const socket = await dialed()
    socket.send({ input: script({ text: 'slow', delayMs: 1000 }) })
    await settled()
    for (let n = 0; n < 33; n++) socket.send({ input: script({ text: `${n}` }) })
    await settled()
    expect(socket.client.frames.at(-1)).toMatchObject({ type: 'error', status: 429, error: { code: 'too_many_requests' } })
    await clock.advance(1000)
    for (let n = 0; n < 33; n++) {
      if ((socket.client.frames as Data[]).filter((frame) => frame.type === 'response.completed').length === 33) break
      await settled()
    }
    expect((socket.client.frames as Data[]).filter((frame) => frame.type === 'response.completed')).toHaveLength(33)
  })

  it('ends after an hour: at once when nothing is answered, else behind the answer', async () => {
    const { dialed, clock } = await open()
    const [idle, busy] = [await dialed(), await dialed()]
    await clock.advance(HOUR_MS - 1000)
    busy.send({ input: script({ text: 'long', delayMs: 5000 }) })
    await settled()
    await clock.advance(1000)
    expect(await idle.error()).toMatchObject({ error: { code: 'websocket_connection_limit_reached' } })
    expect((await idle.client.closed).code).toBe(1000)
    expect(busy.client.isOpen).toBe(true)
    await clock.advance(5000)
    expect(checkEvents(await busy.response()).status).toBe('completed')
    expect(await busy.error()).toMatchObject({ error: { code: 'websocket_connection_limit_reached' } })
    expect(busy.client.isOpen).toBe(false)
  })

  it('is closed when its messages are too large, or its reader too slow', async () => {
    const { dialed } = await open()
    const large = await dialed()
    large.client.send(`{"type":"response.create","input":"${'x'.repeat(20 * 1024 * 1024)}"}`)
    expect((await large.client.closed).code).toBe(1009)
    const slow = await dialed()
    slow.peer.waiting = 9 * 1024 * 1024
    slow.send({ input: script({ text: 'x' }) })
    expect((await slow.client.closed).code).toBe(1013)
  })

  it('ends with the credential that it was opened with', async () => {
    const lets = async (fits: (principal: Principal) => boolean) => {
      const closed: number[] = []
      const peer = { id: 'p', load: () => null, save: () => {}, send: () => {}, sendShared: () => {}, buffered: () => 0, close: (code: number) => void closed.push(code) }
      const socket = createResponsesSocket({ clock: fakeClock(), log: null, hibernates: false } as never)
      socket.open(peer, { door: 'responses', principal: { id: 'key:1', role: 'operator', scopes: [], key: { id: '1' } }, headers: {}, openedAt: 0 })
      socket.disconnect(fits, 'the key was revoked')
      return closed
    }
    expect(await lets(({ key }) => key?.id === '1')).toEqual([4001])
    expect(await lets(({ id }) => id === 'operator')).toEqual([])
  })

  it('ends with the gateway', async () => {
    const { dialed, gateway } = await open()
    const socket = await dialed()
    await gateway.close('good night')
    expect(await socket.client.closed).toEqual({ code: 1012, reason: 'good night' })
  })
})

it('tells errors as the wire has them', async () => {
  const error = new GatewayError('NOT_FOUND', 'not here', { param: 'model', code: 'model_not_found' })
  expect(JSON.parse(toMessage(error))).toEqual({ type: 'error', status: 404, error: { type: 'invalid_request_error', code: 'model_not_found', message: 'not here', param: 'model' } })
  const refusal = toRefusal(error)
  expect([refusal.status, ((await refusal.json()) as Data).error.message]).toEqual([404, 'not here'])
})
