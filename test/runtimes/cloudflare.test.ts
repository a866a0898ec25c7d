// edgeclaw on Cloudflare: the Worker and its Durable Object in a real workerd.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startUpstream, type Upstream } from '../harness/upstream.ts'
import { startWorker, type WorkerUnderTest } from '../harness/worker.ts'
import { connect, open } from '../harness/ws.ts'
import { clientSuite } from '../suites/client-suite.ts'
import { gatewaySuite } from '../suites/gateway-suite.ts'
import { checkEvents } from '../harness/response-events.ts'
import { converse } from '../suites/responses-socket-cases.ts'
import { freshKey, script, suiteConfig, textIn } from '../suites/target.ts'

const TOKEN = 'token-of-the-worker-suite'

describe('a Durable Object', () => {
  let worker: WorkerUnderTest
  let upstream: Upstream

  beforeAll(async () => {
    upstream = await startUpstream()
    worker = await startWorker({ config: suiteConfig(upstream), token: TOKEN })
  })
  afterAll(async () => {
    await worker.close()
    await upstream.close()
  })

  const target = () => ({
    url: worker.url,
    token: TOKEN,
    open: (options = {}) => open(worker.url, options),
    fetch: (path: string, init?: RequestInit) => fetch(worker.url + path, init),
    upstream,
    local: false,
    machine: false,
    direct: false,
  })
  gatewaySuite(target)
  clientSuite(target)

  describe('over sleep', () => {
    const join = async (path = '/') => (await connect(worker.url, { token: TOKEN, path })).client

    it('knows its connections again, and goes on in the middle of a session', async () => {
      const client = await join('/g/sleeper')
      await client.call('sessions.subscribe', {})
      const sessionKey = freshKey()
      const first = { sessionKey, message: script({ text: 'before' }), idempotencyKey: freshKey() }
      await client.call('chat.send', first)
      await client.ended(first.idempotencyKey)
      await worker.evict('sleeper')
      const second = { sessionKey, message: script({ text: 'after' }), idempotencyKey: freshKey() }
      expect(await client.call('chat.send', second)).toMatchObject({ status: 'started' })
      await client.ended(second.idempotencyKey)
      const { messages } = await client.call('chat.history', { sessionKey })
      expect(messages.map(textIn)).toEqual([first.message, 'before', second.message, 'after'])
      expect(await client.call('chat.send', first)).toEqual({ runId: first.idempotencyKey, status: 'ok' })
      const changes = client.events('session.message').map((payload) => textIn(payload.message))
      expect(changes).toEqual([first.message, 'before', second.message, 'after'])
    })

    it('never uses a number of an event twice', async () => {
      const client = await join('/g/counter')
      for (let n = 0; n < 3; n++) {
        const sent = { sessionKey: freshKey(), message: script({ text: 'x' }), idempotencyKey: freshKey() }
        await client.call('chat.send', sent)
        await client.ended(sent.idempotencyKey)
        await worker.evict('counter')
      }
      const numbers = client.frames.flatMap((frame) => frame.seq ?? [])
      expect(numbers).toEqual([...new Set(numbers)].toSorted((a, b) => a - b))
    })

    it('knows the connections for responses again: what is stored goes on, what is not is not found', async () => {
      const path = '/g/dozing/v1/responses'
      const socket = converse(await open(worker.url, { path, headers: { authorization: `Bearer ${TOKEN}` } }))
      const ask = async (body: Record<string, unknown>) => {
        socket.send({ model: 'openclaw', ...body })
        return checkEvents(await socket.response())
      }
      const stored = await ask({ input: script({ text: 'one' }) })
      const held = await ask({ input: script({ text: 'two' }), store: false })
      await worker.evict('dozing')
      socket.send({ model: 'openclaw', input: 'x', store: false, previous_response_id: held.id })
      expect(await socket.error()).toMatchObject({ status: 400, error: { code: 'previous_response_not_found' } })
      expect(await ask({ input: script({ text: 'three' }), previous_response_id: stored.id })).toMatchObject({ status: 'completed' })
      await worker.evict('dozing')
      expect(await ask({ input: script({ text: 'four' }) })).toMatchObject({ status: 'completed' })
      socket.client.close()
    })

    it('R9 keeps scopes over sleep', async () => {
      const { client } = await connect(worker.url, { token: TOKEN, path: '/g/scoped', scopes: ['operator.read'] })
      await worker.evict('scoped')
      expect((await client.request('sessions.list', {})).ok).toBe(true)
      expect((await client.request('sessions.create', {})).error).toMatchObject({ details: { code: 'MISSING_SCOPE' } })
    })

    it('keeps what was changed of its configuration, and takes back what nobody confirmed', async () => {
      const client = await join('/g/configured')
      const read = () => client.call('config.get', {})
      const change = async (mainKey: string, more = {}) => client.call('config.patch', { raw: JSON.stringify({ session: { mainKey } }), baseHash: (await read()).hash, ...more })
      const kept = await change('kept')
      await worker.evict('configured')
      expect(await read()).toMatchObject({ hash: kept.hash, parsed: { session: { mainKey: 'kept' } }, path: 'OPENCLAW_CONFIG' })
      const fleeting = await change('fleeting', { confirmWithinMs: 2000 })
      await worker.evict('configured')
      const { hash } = await client.event('config.changed', (payload) => payload.ts >= fleeting.confirmBeforeMs)
      expect(hash).toBe(kept.hash)
      expect((await client.call('agents.list', {})).mainKey).toBe('kept')
      expect(client.isOpen).toBe(true)
    })

    it('is not kept awake by connections that only listen', async () => {
      await join('/g/idle')
      const startedAt = performance.now()
      await worker.evict('idle')
      expect(performance.now() - startedAt).toBeLessThan(5000)
    })
  })

  describe('routing', () => {
    const models = (path: string) => fetch(`${worker.url}${path}/v1/models`, { headers: { authorization: `Bearer ${TOKEN}` } })

    it('gives each name a gateway of its own', async () => {
      const [one, two] = [await connect(worker.url, { token: TOKEN, path: '/g/one' }), await connect(worker.url, { token: TOKEN, path: '/g/two' })]
      const { key } = await one.client.call('sessions.create', {})
      expect((await one.client.call('sessions.describe', { key })).session).not.toBeNull()
      expect((await two.client.call('sessions.describe', { key })).session).toBeNull()
      const ids = await Promise.all([one, two].map(({ client }) => client.call('gateway.identity.get', {})))
      expect(ids[0].deviceId).not.toBe(ids[1].deviceId)
    })

    it('serves HTTP under a name', async () => {
      expect((await models('/g/one')).status).toBe(200)
      expect((await fetch(`${worker.url}/g/one/health`)).status).toBe(200)
      expect((await fetch(`${worker.url}/g/one/`)).headers.get('content-type')).toContain('text/html')
    })

    it('refuses names that cannot be, without waking anything', async () => {
      for (const name of ['Bad', '-x', 'a'.repeat(64), 'a%20b']) expect((await models(`/g/${name}`)).status, name).toBe(404)
    })
  })
})

describe('a Durable Object without a token', () => {
  it('says what is missing, and lets nobody in', async () => {
    const worker = await startWorker()
    try {
      const response = await fetch(`${worker.url}/v1/models`)
      expect(response.status).toBe(503)
      expect(await response.json()).toMatchObject({ error: { message: 'the gateway could not start: its log says why' } })
      expect((await fetch(`${worker.url}/ready`)).status).toBe(503)
      expect((await fetch(`${worker.url}/health`)).status).toBe(200)
      expect(worker.logs()).toContain('set the secret OPENCLAW_GATEWAY_TOKEN')
      await expect(open(worker.url)).rejects.toThrow('503')
    } finally {
      await worker.close()
    }
  })
})
