// Hooks that a configuration has not, or has otherwise. What they do is in the contract: test/suites/hook-cases.ts.

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { describe, expect, it } from 'vitest'
import { createFetch } from '../../runtimes/node/fetch.ts'
import { createGateway } from '../../src/index.ts'
import { testPlatform } from '../harness/platform.ts'

async function start(hooks: object | undefined) {
  const gateway = createGateway(testPlatform(), { config: { agents: { defaults: { model: 'builtin/operator' } }, ...(hooks && { hooks }) } })
  await gateway.start()
  const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
    gateway.fetch(new Request(`http://127.0.0.1:18789${path}`, { method: 'POST', body: JSON.stringify(body), headers }), { remoteAddress: '127.0.0.1' })
  return { gateway, post }
}

const AUTH = { authorization: 'Bearer of the hooks' }

it('are closed unless they are switched on', async () => {
  for (const hooks of [undefined, {}, { token: 'of the hooks' }, { enabled: false, token: 'of the hooks' }]) {
    const { gateway, post } = await start(hooks)
    const response = await post('/hooks/wake', { text: 'x' }, AUTH)
    expect([response.status, await response.text()]).toEqual([404, 'Not Found'])
    await gateway.close()
  }
})

it('have the path that the configuration says', async () => {
  const { gateway, post } = await start({ enabled: true, token: 'of the hooks', path: '/in/here' })
  expect((await post('/in/here/wake', { text: 'x' }, AUTH)).status).toBe(200)
  expect((await post('/hooks/wake', { text: 'x' }, AUTH)).status).toBe(404)
  await gateway.close()
})

it('take a session from a call where that is allowed, and begins as it may', async () => {
  const { gateway, post } = await start({ enabled: true, token: 'of the hooks', allowRequestSessionKey: true, allowedSessionKeyPrefixes: ['hook:'] })
  expect((await post('/hooks/agent', { message: 'status', sessionKey: 'hook:x' }, AUTH)).status).toBe(200)
  const response = await post('/hooks/agent', { message: 'status', sessionKey: 'main' }, AUTH)
  expect([response.status, await response.text()]).toEqual([400, '{"ok":false,"error":"sessionKey begins with none of hooks.allowedSessionKeyPrefixes"}'])
  await gateway.close()
})

it('do not start with the secret of the gateway as theirs', async () => {
  const { TOKEN } = await import('../harness/platform.ts')
  await expect(start({ enabled: true, token: TOKEN })).rejects.toThrow('hooks.token is the secret of the gateway')
})

describe('what a call may choose', () => {
  const config = {
    enabled: true,
    token: 'of the hooks',
    allowedSessionKeyPrefixes: ['hook:', ' '],
    mappings: [
      { id: 'free', sessionKey: '{{body.where}}', messageTemplate: 'status' },
      { id: 'fixed', sessionKey: 'Hook:{{body.where}}', messageTemplate: 'status' },
      { id: 'other', sessionKey: 'notes', messageTemplate: 'status' },
      { id: 'each', forEach: 'items', sessionKey: 'hook:{{items[0].id}}', messageTemplate: '{{items[0].say}}' },
      { id: 'said', action: 'wake', textTemplate: '{{headers.authorization}}{{headers.x-openclaw-token}}{{headers.cookie}}{{headers.x-more}}' },
      { id: 'all', action: 'wake', forEach: 'items', wakeMode: 'next-heartbeat', textTemplate: '{{items[0].say}}' },
    ],
  }

  it('is no session, unless the configuration says so', async () => {
    const { gateway, post } = await start(config)
    const said = async (path: string, body: object) => {
      const response = await post(path, body, AUTH)
      return [response.status, ((await response.json()) as { error?: string }).error]
    }
    expect(await said('/hooks/free', { where: 'hook:x' })).toEqual([400, expect.stringContaining('not taken from calls')])
    expect(await said('/hooks/wake', { text: 'x', sessionKey: 'hook:x' })).toEqual([400, expect.stringContaining('not taken from calls')])
    expect(await said('/hooks/wake', { text: 'x', sessionKey: 'hook:x', mode: 'next-heartbeat' })).toEqual([400, expect.stringContaining('mode "now" only')])
    expect(await said('/hooks/other', {})).toEqual([400, expect.stringContaining('begins with none')])
    expect(await said('/hooks/fixed', { where: 'x' })).toEqual([200, undefined])
    await gateway.close()
    const open = await start({ ...config, allowRequestSessionKey: true })
    expect((await open.post('/hooks/free', { where: 'hook:x' }, AUTH)).status).toBe(200)
    for (const where of ['', 'main', 'agent:main:main', 'agent:nobody:hook:x']) expect((await open.post('/hooks/free', { where }, AUTH)).status, where).toBe(400)
    await open.gateway.close()
  })

  it('is a list: a turn for each of its items, all or none', async () => {
    const { gateway, post } = await start(config)
    const body = { items: [{ id: 'a', say: 'status' }, { id: 'b', say: 'status' }] }
    const first = (await (await post('/hooks/each', body, { ...AUTH, 'idempotency-key': 'k' })).json()) as { runId: string; runIds: string[] }
    expect(first).toEqual({ ok: true, runId: first.runIds[0], runIds: [expect.any(String), expect.any(String)], dispatched: 2 })
    expect(await (await post('/hooks/each', body, { ...AUTH, 'idempotency-key': 'k' })).json()).toEqual(first)
    const one = await post('/hooks/each', { items: [body.items[0]] }, AUTH)
    expect(Object.keys((await one.json()) as object)).toEqual(['ok', 'runId'])
    const nothing = await post('/hooks/each', { items: [] }, AUTH)
    expect([nothing.status, await nothing.text()]).toEqual([204, ''])
    expect((await post('/hooks/each', { items: [{ id: 'a', say: 'status' }, { id: 'b', say: '' }] }, AUTH)).status).toBe(400)
    expect(await (await post('/hooks/all', body, AUTH)).json()).toMatchObject({ ok: true, mode: 'next-heartbeat' })
    await gateway.close()
  })

  it('is a key, by which the same call is the same', async () => {
    const { gateway, post } = await start(config)
    const ask = async (body: object, headers = {}) => ((await (await post('/hooks/agent', body, { ...AUTH, ...headers })).json()) as { runId: string }).runId
    const first = await ask({ message: 'status' }, { 'idempotency-key': 'k' })
    expect(await ask({ message: 'status' }, { 'x-openclaw-idempotency-key': ' k ' })).toBe(first)
    expect(await ask({ message: 'status again' }, { 'idempotency-key': 'k' })).not.toBe(first)
    expect(await ask({ message: 'status' })).not.toBe(first)
    const inside = await ask({ message: 'status', idempotencyKey: 'x' })
    expect(await ask({ message: 'status', idempotencyKey: 'x' })).toBe(inside)
    await gateway.close()
  })

  it('is nothing of what let it in', async () => {
    const { gateway, post } = await start(config)
    const response = await post('/hooks/said', {}, { ...AUTH, cookie: 'c' })
    expect([response.status, await response.text()]).toEqual([400, '{"ok":false,"error":"text required"}'])
    expect((await post('/hooks/said', {}, { ...AUTH, 'x-more': 'm' })).status).toBe(200)
    await gateway.close()
  })
})

it('take what Google pushes, signed by a key that it publishes', async () => {
  const { publicKey, privateKey } = await generateKeyPair('RS256')
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(request.url!)
    void exportJWK(publicKey).then((key) => response.end(JSON.stringify({ keys: [{ ...key, kid: 'k', alg: 'RS256' }] })))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const gmail = { audience: 'https://claw.example/hooks/gmail', serviceAccount: 'push@p.iam', jwksUrl: `http://127.0.0.1:${port}/certs` }
  const platform = testPlatform({ fetch: createFetch() })
  const gateway = createGateway(platform, {
    config: { agents: { defaults: { model: 'builtin/operator' } }, gateway: { http: { allowPrivateHosts: [`127.0.0.1:${port}`] } }, hooks: { enabled: true, presets: ['gmail'], gmail } },
  })
  await gateway.start()
  const now = platform.clock.now() / 1000
  const token = (claims: Record<string, unknown> = {}) =>
    new SignJWT({ iss: 'https://accounts.google.com', aud: gmail.audience, email: gmail.serviceAccount, email_verified: true, exp: now + 600, ...claims }).setProtectedHeader({ alg: 'RS256', kid: 'k' }).sign(privateKey)
  const push = async (bearer: string) => {
    const body = JSON.stringify({ message: { messageId: '1', data: btoa('{"emailAddress":"a@b.example","historyId":7}') }, subscription: 's' })
    return gateway.fetch(new Request('http://127.0.0.1:18789/hooks/gmail', { method: 'POST', body, headers: { authorization: `Bearer ${bearer}` } }), { remoteAddress: '127.0.0.1' })
  }
  for (let n = 0; n < 2; n++) expect(await (await push(await token())).json()).toEqual({ ok: true, mode: 'now', eventOutcome: 'queued' })
  for (const claims of [{ aud: 'other' }, { email: 'other@p.iam' }, { exp: now - 1 }]) expect((await push(await token(claims))).status).toBe(401)
  expect((await push('of the hooks')).status).toBe(401)
  expect(asked).toEqual(['/certs'])
  await gateway.close()
  server.close()
})

describe('a body', () => {
  const config = { enabled: true, token: 'of the hooks', mappings: [{ id: 'signed', verify: { header: 'x-sig', secret: 's' } }] }
  async function body() {
    const { gateway } = await start(config)
    let pulls = 0
    const read = (path: string, headers: Record<string, string>) => {
      const endless = new ReadableStream({ pull: (controller) => void controller.enqueue(new Uint8Array(++pulls && 64 * 1024)) }, { highWaterMark: 0 })
      return gateway.fetch(new Request(`http://127.0.0.1:18789${path}`, { method: 'POST', body: endless, headers, duplex: 'half' } as RequestInit), { remoteAddress: '127.0.0.1' })
    }
    return { gateway, read, pulls: () => pulls }
  }

  it('of somebody unknown is not read', async () => {
    const { gateway, read, pulls } = await body()
    for (const path of ['/hooks/wake', '/hooks/agent', '/hooks/nothing']) expect((await read(path, {})).status).toBe(401)
    expect(pulls()).toBe(0)
    await gateway.close()
  })

  it('has an end', async () => {
    const { gateway, read, pulls } = await body()
    expect((await read('/hooks/wake', AUTH)).status).toBe(413)
    expect((await read('/hooks/signed', {})).status).toBe(413)
    expect(pulls()).toBeLessThan(40)
    await gateway.close()
  })

  it('that does not come is not waited for', async () => {
    const platform = testPlatform()
    const gateway = createGateway(platform, { config: { agents: { defaults: { model: 'builtin/operator' } }, hooks: config } })
    await gateway.start()
    const reading = Promise.withResolvers<void>()
    const never = new ReadableStream({ pull: () => reading.resolve() }, { highWaterMark: 0 })
    const waiting = gateway.fetch(new Request('http://127.0.0.1:18789/hooks/wake', { method: 'POST', body: never, headers: AUTH, duplex: 'half' } as RequestInit), { remoteAddress: '127.0.0.1' })
    await reading.promise
    await platform.clock.advance(30_000)
    const response = await waiting
    expect([response.status, await response.text()]).toEqual([408, 'Request body timeout'])
    await gateway.close()
  })

  it.each(['{"a":', '"\uD800', `${'['.repeat(100)}${']'.repeat(100)}`, '\u0000'])('%j is no JSON', async (text) => {
    const { gateway } = await start(config)
    const response = await gateway.fetch(new Request('http://127.0.0.1:18789/hooks/wake', { method: 'POST', body: text, headers: AUTH }), { remoteAddress: '127.0.0.1' })
    expect([response.status, await response.text()]).toEqual([400, '{"ok":false,"error":"invalid JSON"}'])
    await gateway.close()
  })
})
