// What the typed client does with a gateway behind a real port.

import { afterEach, expect, it } from 'vitest'
import { createClient, createDevice, loadDevice, RequestError, type Client, type ClientOptions, type GatewayApi, type GatewayEvents } from '../../src/client.ts'
import { freshKey, script } from './target.ts'

type Make = typeof createClient

export interface Reachable {
  readonly url: string
  readonly token: string
}

/** Sockets that a test can cut. */
function countedSockets() {
  const opened: WebSocket[] = []
  class Counted extends globalThis.WebSocket {
    constructor(url: string | URL) {
      super(url)
      opened.push(this)
    }
  }
  return { opened, WebSocket: Counted as unknown as typeof WebSocket }
}

export function clientCases(get: () => Reachable, made: () => Make | Promise<Make>): void {
  const clients: Client<GatewayApi, GatewayEvents>[] = []
  afterEach(() => {
    for (const client of clients.splice(0)) client.close()
  })

  async function start(options: Partial<ClientOptions> = {}) {
    const make = await made()
    const client = make<GatewayApi, GatewayEvents>({ url: get().url, auth: { token: get().token }, scopes: ['operator.admin'], ...options })
    clients.push(client)
    return client
  }
  async function send(client: Client<GatewayApi, GatewayEvents>, sessionKey: string, message: string): Promise<string> {
    const sent = await client.request('chat.send', { sessionKey, message, idempotencyKey: crypto.randomUUID() })
    return 'runId' in sent ? sent.runId : expect.unreachable('it was taken for a command')
  }
  const until = (client: Client<GatewayApi, GatewayEvents>, wanted: string) =>
    new Promise<void>((resolve) => {
      if (client.state === wanted) return resolve()
      const stop = client.onState((state) => {
        if (state !== wanted) return
        stop()
        resolve()
      })
    })
  const failure = async (work: Promise<unknown>): Promise<RequestError> => work.then(() => expect.unreachable('it did not fail'), (error: unknown) => error as RequestError)

  it('connects, asks and hears', async () => {
    const client = await start()
    expect(client.state).toBe('idle')
    const hello = await client.connect()
    expect([client.state, client.hello, hello.protocol]).toEqual(['open', hello, 4])
    const sessionKey = freshKey()
    const final = new Promise<GatewayEvents['chat']>((resolve) => client.on('chat', (payload) => payload.sessionKey === sessionKey && payload.state === 'final' && resolve(payload)))
    await client.request('sessions.messages.subscribe', { key: sessionKey })
    const runId = await send(client, sessionKey, script({ text: 'Hello.' }))
    expect(await final).toMatchObject({ runId, sessionKey })
  })

  it('connects when it is first asked something', async () => {
    const client = await start()
    expect((await client.request('health')).ok).toBe(true)
    expect(client.state).toBe('open')
  })

  it('waits for the second answer of a method that has two', async () => {
    const client = await start()
    const accepted: unknown[] = []
    const params = { sessionKey: freshKey(), message: script({ text: 'Done.' }), idempotencyKey: crypto.randomUUID() }
    const final = await client.requestFinal('agent', params, { onAccepted: (answer) => void accepted.push(answer) })
    expect(accepted).toEqual([expect.objectContaining({ status: 'accepted', runId: params.idempotencyKey })])
    expect(final).toMatchObject({ status: 'ok', runId: params.idempotencyKey })
    expect(await client.request('agent', { ...params, idempotencyKey: crypto.randomUUID() })).toMatchObject({ status: 'accepted' })
  })

  it('says what the gateway said of a request that it refused', async () => {
    const client = await start({ scopes: ['operator.read'] })
    const refused = await failure(client.request('config.get', { nonsense: true } as never))
    expect(refused).toMatchObject({ name: 'RequestError', message: expect.any(String) })
    const scope = await failure(client.request('chat.send', { sessionKey: freshKey(), message: 'x', idempotencyKey: 'x' }))
    expect([scope.code, scope.details, scope.retryable]).toEqual(['FORBIDDEN', expect.objectContaining({ code: 'MISSING_SCOPE', missingScope: 'operator.write' }), false])
  })

  it('gives up waiting after its time, or when it is told so', async () => {
    const client = await start()
    const runId = await send(client, freshKey(), script({ hang: true }))
    const late = await failure(client.request('agent.wait', { runId, timeoutMs: 60_000 }, { timeoutMs: 30 }))
    expect([late.code, late.message]).toEqual(['TIMEOUT', 'agent.wait: no answer within 30 ms'])
    const aborter = new AbortController()
    const waiting = failure(client.request('agent.wait', { runId, timeoutMs: 60_000 }, { signal: aborter.signal }))
    aborter.abort(new Error('enough'))
    expect((await waiting).message).toBe('enough')
    expect((await failure(client.request('health', {}, { signal: aborter.signal }))).message).toBe('enough')
  })

  it('comes back after a cut, with its subscriptions, and says that something may be missing', async () => {
    const { opened, WebSocket } = countedSockets()
    const client = await start({ WebSocket, reconnect: { minMs: 1, maxMs: 5 } })
    const sessionKey = freshKey()
    await client.request('sessions.messages.subscribe', { key: sessionKey })
    const runId = await send(client, freshKey(), script({ hang: true }))
    const lost = failure(client.request('agent.wait', { runId, timeoutMs: 60_000 }))
    let gaps = 0
    client.onGap(() => gaps++)
    opened[0]!.close()
    expect(await lost).toMatchObject({ code: 'DISCONNECTED', retryable: true })
    const heard = new Promise<GatewayEvents['chat']>((resolve) => client.on('chat', (payload) => payload.sessionKey === sessionKey && payload.state === 'final' && resolve(payload)))
    // asked while there is no connection: it waits for the next one
    await client.request('chat.send', { sessionKey, message: script({ text: 'Again.' }), idempotencyKey: crypto.randomUUID() })
    await heard
    expect([opened.length, gaps, client.state]).toEqual([2, 1, 'open'])
  })

  it('does not ask again for what it has unsubscribed from', async () => {
    const { opened, WebSocket } = countedSockets()
    const client = await start({ WebSocket, reconnect: { minMs: 1, maxMs: 5 } })
    const key = freshKey()
    await client.request('sessions.messages.subscribe', { key, includeApprovals: true })
    await client.request('sessions.messages.unsubscribe', { key })
    opened[0]!.close()
    await until(client, 'waiting')
    await until(client, 'open')
    const runId = await send(client, key, script({ text: 'Unheard.' }))
    let heard = 0
    client.on('session.message', () => heard++)
    await client.request('agent.wait', { runId })
    expect(heard).toBe(0)
  })

  it('does not try again when it is refused', async () => {
    const { opened, WebSocket } = countedSockets()
    const client = await start({ WebSocket, auth: { token: 'wrong' }, reconnect: { minMs: 1, maxMs: 5 } })
    const waiting = failure(client.request('health'))
    const refused = await failure(client.connect())
    expect(refused).toMatchObject({ name: 'RequestError', details: { code: expect.stringContaining('AUTH') } })
    expect(await waiting).toMatchObject({ message: refused.message })
    expect([client.state, opened.length]).toEqual(['closed', 1])
    expect(await failure(client.request('health'))).toMatchObject({ code: 'CLOSED' })
  })

  it('without reconnecting, the end of its connection is its end', async () => {
    const { opened, WebSocket } = countedSockets()
    const client = await start({ WebSocket, reconnect: false })
    await client.connect()
    opened[0]!.close()
    await until(client, 'closed')
    await client.connect()
    expect([client.state, opened.length]).toEqual(['open', 2])
  })

  it('is a device that signs the challenge, and comes back with the token of it', async () => {
    const { device, kept } = await createDevice()
    const client = await start({ device, scopes: ['operator.read', 'operator.write'] })
    const hello = await client.connect()
    const { deviceToken } = hello.auth
    expect(deviceToken).toEqual(expect.any(String))
    const again = await start({ device: await loadDevice(JSON.parse(JSON.stringify(kept)) as typeof kept), auth: async () => ({ deviceToken: deviceToken! }), scopes: ['operator.read', 'operator.write'] })
    expect((await again.connect()).auth.scopes).toEqual(hello.auth.scopes)
    const thief = await start({ device: (await createDevice()).device, auth: { deviceToken: deviceToken! }, scopes: ['operator.read'] })
    expect(await failure(thief.connect())).toBeInstanceOf(Error)
  })

  it('ends what waits when it is closed', async () => {
    const client = await start()
    await client.connect()
    const runId = await send(client, freshKey(), script({ hang: true }))
    const waiting = failure(client.request('agent.wait', { runId, timeoutMs: 60_000 }))
    client.close()
    expect([(await waiting).code, client.state]).toEqual(['CLOSED', 'closed'])
  })
}
