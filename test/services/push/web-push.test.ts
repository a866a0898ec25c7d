// Pushes over the wire: a push service on loopback that hands everything to its browsers, which decrypt it.

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { createFetch } from '../../../runtimes/node/fetch.ts'
import type { Fetch } from '../../../src/index.ts'
import { createSubscriptions } from '../../../src/services/push/subscriptions.ts'
import { createVapid } from '../../../src/services/push/vapid.ts'
import { createGuardedFetch } from '../../../src/services/network/guarded-fetch.ts'
import { createWebPush } from '../../../src/services/push/web-push.ts'
import { foundation } from '../../harness/foundation.ts'
import { createBrowser } from './browser.ts'

const NEVER: AbortSignal = new AbortController().signal
const closings: (() => void)[] = []
afterEach(() => closings.splice(0).forEach((close) => close()))

interface Received {
  readonly path: string
  readonly headers: NodeJS.Dict<string | string[]>
  readonly body: Buffer
}

/** A push service; what it answers is said by the path. */
async function pushService() {
  const received: Received[] = []
  const server = createServer((request, response) => {
    const pieces: Buffer[] = []
    request.on('data', (piece: Buffer) => pieces.push(piece))
    request.on('end', () => {
      received.push({ path: request.url!, headers: request.headers, body: Buffer.concat(pieces) })
      const status = Number(/^\/(\d{3})/.exec(request.url!)?.[1] ?? 201)
      response.writeHead(status, status === 302 ? { location: 'http://127.0.0.1:1/inner' } : {}).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closings.push(() => server.closeAllConnections(), () => server.close())
  const { port } = server.address() as AddressInfo
  const real = createFetch()
  /** Leads the public address of the service to this machine. */
  const fetch: Fetch = (url, init) => real(url.replace('https://push.example', `http://127.0.0.1:${port}`), init)
  return { received, fetch }
}

function make(fetch: Fetch) {
  const base = foundation()
  const subscriptions = createSubscriptions(base)
  const vapid = createVapid({ ...base, contact: () => 'mailto:a@b.example' })
  return { ...base, subscriptions, vapid, push: createWebPush({ subscriptions, vapid, outside: createGuardedFetch({ fetch, host: {}, clock: base.clock, allowed: () => [] }) }) }
}

describe('a message', () => {
  it('arrives at every browser, encrypted for each', async () => {
    const { received, fetch } = await pushService()
    const { subscriptions, vapid, push } = make(fetch)
    const browsers = [await createBrowser(), await createBrowser()]
    const ids = browsers.map(({ keys }, n) => subscriptions.add(`https://push.example/to/${n}`, keys, 'device:1'))
    const message = { title: 'Über', body: '🦀', tag: 't', url: '/chat' }
    const deliveries = await push.send(message, NEVER)
    expect(deliveries.toSorted((a, b) => ids.indexOf(a.subscriptionId) - ids.indexOf(b.subscriptionId))).toEqual(ids.map((subscriptionId) => ({ subscriptionId, ok: true, statusCode: 201 })))
    for (const [n, browser] of browsers.entries()) {
      const { headers, body } = received.find(({ path }) => path === `/to/${n}`)!
      expect(headers).toMatchObject({ 'content-encoding': 'aes128gcm', ttl: '86400', urgency: 'normal', 'content-length': String(body.length) })
      expect(headers['authorization']).toContain(`k=${await vapid.publicKey()}`)
      expect(JSON.parse((await browser.read(body)).text)).toEqual(message)
    }
  })

  it('that cannot be delivered is told, by subscription, and keeps no other from its way', async () => {
    const { fetch } = await pushService()
    const { subscriptions, push } = make(fetch)
    const { keys } = await createBrowser()
    const add = (path: string) => subscriptions.add(`https://push.example${path}`, keys, 'device:1')
    const [good, busy, moved, broken] = [add('/to'), add('/429'), add('/302'), subscriptions.add('https://push.example/x', { p256dh: 'zz', auth: 'zz' }, 'device:1')]
    const found = Object.fromEntries((await push.send({ title: 't', body: 'b' }, NEVER)).map(({ subscriptionId, ...rest }) => [subscriptionId, rest]))
    expect(found[good]).toEqual({ ok: true, statusCode: 201 })
    expect(found[busy]).toEqual({ ok: false, statusCode: 429, error: 'the push service answered 429' })
    expect(found[moved]).toEqual({ ok: false, error: 'the address cannot be used: it leads on, and may not' })
    expect(found[broken]).toMatchObject({ ok: false, error: 'the keys of the subscription are not valid' })
  })

  it('forgets subscriptions that their service does not know any more', async () => {
    const { fetch } = await pushService()
    const { subscriptions, push } = make(fetch)
    const { keys } = await createBrowser()
    for (const path of ['/404', '/410', '/500']) subscriptions.add(`https://push.example${path}`, keys, 'device:1')
    await push.send({ title: 't', body: 'b' }, NEVER)
    expect(subscriptions.list().map(({ endpoint }) => endpoint)).toEqual(['https://push.example/500'])
  })

  it('does not wait for ever', async () => {
    const asked = Promise.withResolvers<void>()
    const { subscriptions, push, clock } = make(() => {
      asked.resolve()
      return new Promise(() => {})
    })
    subscriptions.add('https://push.example/x', (await createBrowser()).keys, 'device:1')
    const sent = push.send({ title: 't', body: 'b' }, NEVER)
    await asked.promise
    await clock.advance(15_000)
    expect(await sent).toMatchObject([{ ok: false, error: 'push.example could not be reached: no answer within 15000 ms' }])
  })

  it('goes to nobody when there is nobody', async () => {
    expect(await make(() => Promise.reject(new Error('asked'))).push.send({ title: 't', body: 'b' }, NEVER)).toEqual([])
  })
})
