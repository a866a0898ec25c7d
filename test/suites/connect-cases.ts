// The handshake, in both dialects and both versions.

import { expect, it } from 'vitest'
import { BACKEND, CLI, connectParams } from '../harness/client.ts'
import { freshKey, script, type Reach, type Target } from './target.ts'

export function connectCases(at: Reach, get: () => Target): void {
  it('sends the challenge before anything else', async () => {
    const client = await at.open()
    const challenge = await client.next(() => true)
    expect(challenge).toMatchObject({ type: 'event', event: 'connect.challenge' })
    expect(challenge.payload.nonce.length).toBeGreaterThan(15)
    expect(Math.abs(challenge.payload.ts - Date.now())).toBeLessThan(60_000)
    expect(challenge.seq).toBeUndefined()
  })

  it('gives every connection a challenge of its own', async () => {
    const nonces = await Promise.all([1, 2, 3].map(async () => (await (await at.open()).event('connect.challenge')).nonce as string))
    expect(new Set(nonces).size).toBe(3)
  })

  it('answers hello-ok with everything that a client needs', async () => {
    const { hello, client } = await at.join()
    expect(hello).toMatchObject({
      type: 'hello-ok',
      protocol: 4,
      auth: { role: 'operator', scopes: ['operator.admin'] },
      snapshot: {
        health: { ok: true },
        sessionDefaults: { defaultAgentId: 'main', mainKey: 'main', mainSessionKey: 'agent:main:main', ownership: 'explicit' },
        authMode: 'token',
      },
      policy: { maxPayload: 1024 * 1024 },
    })
    expect(hello.server.connId).toBeTruthy()
    expect(hello.snapshot.presence[0]).toMatchObject({ mode: 'gateway' })
    expect(hello.policy.tickIntervalMs).toBeGreaterThanOrEqual(30_000)
    expect(client.frames.findIndex((frame) => frame.type === 'res')).toBe(1)
  })

  it('advertises exactly methods that it serves', async () => {
    const { hello, client } = await at.join()
    const methods = hello.features.methods as string[]
    expect(new Set(methods).size).toBe(methods.length)
    for (const method of methods) {
      const { error } = await client.request(method, ['no method takes a list'])
      expect(error?.message ?? '', method).not.toMatch(/unknown method|cannot be served/)
    }
    expect(hello.features.events).toEqual(expect.arrayContaining(['connect.challenge', 'chat', 'agent', 'presence', 'tick', 'shutdown']))
  })

  it('shows paths only to admins', async () => {
    const { hello } = await at.join({ scopes: ['operator.read'] })
    expect(hello.snapshot.configPath).toBeUndefined()
    expect(hello.snapshot.stateDir).toBeUndefined()
  })

  it('R17 agrees on the highest version that both speak', async () => {
    const { hello } = await at.join({ more: { minProtocol: 3, maxProtocol: 9 } })
    expect(hello.protocol).toBe(4)
  })

  it('R17 speaks version 3 to a client of version 3', async () => {
    const { hello, client } = await at.join({ protocol: 3, unchecked: true })
    expect(hello.protocol).toBe(3)
    await client.call('chat.send', { sessionKey: freshKey(), message: script({ text: 'hello' }), idempotencyKey: 'v3' + freshKey() })
    const delta = await client.event('chat', (payload) => payload.state === 'delta')
    expect(delta.deltaText).toBeUndefined()
    expect(delta.message.content).toEqual([{ type: 'text', text: 'hello' }])
  })

  it('refuses versions that it does not speak, with close code 1002', async () => {
    const client = await at.open()
    const { error } = await client.request('connect', connectParams({ token: get().token, more: { minProtocol: 5, maxProtocol: 9 } }))
    expect(error).toMatchObject({
      code: 'INVALID_REQUEST',
      message: 'protocol mismatch',
      details: { code: 'PROTOCOL_MISMATCH', clientMinProtocol: 5, clientMaxProtocol: 9, expectedProtocol: 4 },
    })
    expect(await client.closed).toEqual({ code: 1002, reason: 'protocol mismatch' })
  })

  it('refuses any other first request', async () => {
    const client = await at.open()
    const { error } = await client.request('health')
    expect(error).toMatchObject({ code: 'INVALID_REQUEST', message: 'invalid handshake: first request must be connect' })
    expect((await client.closed).code).toBe(1008)
  })

  it('closes on a first frame that is not a request', async () => {
    const client = await at.open()
    client.send({ type: 'req', id: 'r1' })
    expect(await client.closed).toEqual({ code: 1008, reason: 'invalid request frame' })
  })

  it('closes on a first message that is not JSON', async () => {
    const client = await at.open()
    client.send('GET / HTTP/1.1')
    expect((await client.closed).code).toBe(1000)
  })

  it('names what is wrong in the params of connect', async () => {
    const client = await at.open()
    const { error } = await client.request('connect', { minProtocol: 4, maxProtocol: 4, client: { ...BACKEND, mode: 'spaceship' }, extra: 1 })
    expect(error!.message).toContain('at /client/mode: must be equal to one of the allowed values')
    expect(error!.message).toContain("at root: unexpected property 'extra'")
    expect((await client.closed).code).toBe(1008)
  })

  it('takes at most 64 KiB before connect', async () => {
    const client = await at.open()
    client.send({ type: 'req', id: 'r1', method: 'connect', params: { pathEnv: 'x'.repeat(64 * 1024) } })
    expect((await client.closed).code).toBe(1009)
  })

  it('accepts connect once', async () => {
    const { client } = await at.join()
    const { error } = await client.request('connect', connectParams({ token: get().token }))
    expect(error!.message).toBe('connect is only valid as the first request')
    expect(await client.call('health')).toMatchObject({ ok: true })
  })

  it('holds back what is sent before connect was answered', async () => {
    const client = await at.open()
    const hello = client.request('connect', connectParams({ token: get().token }))
    const health = client.request('health')
    expect((await hello).ok).toBe(true)
    expect((await health).ok).toBe(true)
  })

  it('refuses a wrong token, and says what to do', async () => {
    const client = await at.open()
    const { error } = await client.request('connect', connectParams({ token: 'wrong' }))
    expect(error).toMatchObject({ code: 'INVALID_REQUEST', details: { code: 'AUTH_TOKEN_MISMATCH', authReason: 'token_mismatch' } })
    expect(error!.message).not.toContain(get().token)
    expect((await client.closed).code).toBe(1008)
  })

  it('refuses a client without any credential', async () => {
    const client = await at.open()
    const { error } = await client.request('connect', connectParams({}))
    expect(error).toMatchObject({ code: 'NOT_PAIRED', details: { code: 'DEVICE_IDENTITY_REQUIRED' } })
  })

  it('keeps the scopes of programs that a person runs with the secret in hand', async () => {
    const { hello } = await at.join({ client: CLI, scopes: ['operator.read', 'operator.write', 'operator.invented'] })
    expect(hello.auth.scopes).toEqual(['operator.read', 'operator.write'])
  })

  it('gives no scopes to other clients without a device', async () => {
    const { hello, client } = await at.join({ client: { id: 'openclaw-macos', mode: 'ui' } })
    expect(hello.auth.scopes).toEqual([])
    const { error } = await client.request('status')
    expect(error).toMatchObject({ code: 'FORBIDDEN', details: { code: 'MISSING_SCOPE', missingScope: 'operator.read' } })
  })

  it('refuses a role that does not exist, and a node without a device', async () => {
    const first = await at.open()
    expect((await first.request('connect', connectParams({ token: get().token, more: { role: 'king' } }))).error!.message).toBe('invalid role')
    const second = await at.open()
    const { error } = await second.request('connect', connectParams({ token: get().token, more: { role: 'node' } }))
    expect(error).toMatchObject({ code: 'NOT_PAIRED', details: { code: 'DEVICE_IDENTITY_REQUIRED' } })
  })

  it('refuses pages of other origins, and pages that hide theirs', async () => {
    for (const origin of ['https://evil.example', 'null', 'http://localhost.evil.example']) {
      const client = await at.open({ headers: { origin } })
      const { error } = await client.request('connect', connectParams({ token: get().token }))
      expect(error?.details, origin).toMatchObject({ code: 'CONTROL_UI_ORIGIN_NOT_ALLOWED' })
    }
    const client = await at.open()
    const page = { id: 'openclaw-control-ui', mode: 'webchat' }
    const { error } = await client.request('connect', connectParams({ token: get().token, client: page }))
    expect(error?.details).toMatchObject({ code: 'CONTROL_UI_ORIGIN_NOT_ALLOWED' })
  })

  it('speaks the plain dialect to a client that begins in it', async () => {
    const client = await at.open({ unchecked: true })
    client.send({ id: 'a', method: 'connect', params: { auth: { token: get().token } }, meta: { mine: 1 } })
    const hello = await client.next((frame) => frame.id === 'a')
    expect(hello).toMatchObject({ id: 'a', ok: true, error: null, meta: { mine: 1 }, payload: { type: 'hello-ok', auth: { role: 'operator' } } })
    expect(hello.type).toBeUndefined()
    expect(hello.payload.auth.scopes).toContain('operator.admin')

    client.send({ id: 'b', method: 'chat.send', params: { sessionKey: freshKey(), message: script({ text: 'plain' }), idempotencyKey: freshKey() } })
    expect(await client.next((frame) => frame.id === 'b')).toMatchObject({ ok: true, error: null })
    const event = await client.next((frame) => frame.event === 'chat' && frame.payload.state === 'final')
    expect(Object.keys(event).toSorted()).toEqual(['event', 'payload'])

    client.send({ id: 'c', method: 'no.such.method' })
    expect(await client.next((frame) => frame.id === 'c')).toMatchObject({ ok: false, payload: null, error: { code: 'INVALID_REQUEST' } })
  })

  it('refuses a plain client with a wrong token in its own dialect', async () => {
    const client = await at.open({ unchecked: true })
    client.send({ id: 'a', method: 'connect', params: { auth: { token: 'wrong' } } })
    const answer = await client.next((frame) => frame.id === 'a')
    expect(answer).toMatchObject({ ok: false, payload: null, error: { details: { code: 'AUTH_TOKEN_MISMATCH' } } })
  })
}
