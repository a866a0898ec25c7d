// Memory is bounded: whatever strangers and clients name, nothing that the gateway remembers grows with it for ever. Every
// map and set that is made while a gateway lives is looked at afterwards.

import { afterAll, beforeAll, expect, it } from 'vitest'
import { METHODS } from '../../src/methods/all.gen.ts'
import type { Client } from '../harness/client.ts'
import { connectDevice, createDevice } from '../harness/device.ts'
import { dial, join } from '../harness/peer.ts'
import { startGateway, testPlatform, TOKEN } from '../harness/platform.ts'
import { script } from '../suites/target.ts'

/** Names that are new each time. */
const NAMES = 1200
const CONFIG = { agents: { defaults: { model: 'builtin/operator' } }, hooks: { enabled: true, token: 'of-the-hooks' } }
const READS = METHODS.filter(({ scope, name }) => scope === 'operator.read' && !name.startsWith('node.'))

interface Made {
  readonly held: WeakRef<{ readonly size: number }>
  readonly where: string
}

const made: Made[] = []
const originals = { Map, Set }

function note(instance: { readonly size: number }) {
  const line = new Error('where').stack!.split('\n').find((each) => /\/(?:src|runtimes)\/.*\.ts/.test(each))
  if (line) made.push({ held: new WeakRef(instance), where: line.replace(/^.*\/((?:src|runtimes)\/.*?\.ts:\d+).*$/, '$1') })
}

beforeAll(() => {
  globalThis.Map = class<K, V> extends originals.Map<K, V> {
    constructor(entries?: Iterable<readonly [K, V]> | null) {
      super(entries)
      note(this)
    }
  } as MapConstructor
  globalThis.Set = class<T> extends originals.Set<T> {
    constructor(values?: Iterable<T> | null) {
      super(values)
      note(this)
    }
  } as SetConstructor
})
afterAll(() => Object.assign(globalThis, originals))

/** These have bounds of their own, and may be larger: what there is once for each method or setting, and caches. */
const BOUNDS: Readonly<Record<string, number>> = {
  'src/rpc/registry.ts': METHODS.length,
  'src/services/operations/figures.ts': METHODS.length,
  'src/services/conversation/session-table.ts': 2000,
  'src/services/operations/config-document.ts': 1000,
  'runtimes/shared/sqlite.ts': 1000,
}

it(`R14 remembers no more after ${NAMES} of all names that strangers and clients can give than its bounds allow`, async () => {
  const { gateway, clock } = await startGateway({ platform: testPlatform({ log: () => {} }), config: CONFIG })
  const fetch = (path: string, headers: Record<string, string>, address: string, init: RequestInit = {}) =>
    gateway.fetch(new Request(`http://127.0.0.1:18789${path}`, { ...init, headers: { host: '127.0.0.1:18789', ...headers } }), { remoteAddress: address })

  /** As somebody whom the gateway knows: every method that reads, each time of something else. */
  function nameThings(client: Client, n: number) {
    const { name } = READS[n % READS.length]!
    const ids = ['key', 'sessionKey', 'runId', 'id', 'agentId', 'nodeId', 'path', 'query', 'sessionId', 'name']
    const params = Object.fromEntries(ids.filter((_, index) => (n >> (index % 4)) % 2 === 0).map((id) => [id, `agent:main:${id}-${n}`]))
    const requests = [
      [name, params],
      [`no.such.method-${n}`, {}],
      ['agent.wait', { runId: `expected ${n}`, timeoutMs: 1000 }],
      ['sessions.messages.subscribe', { key: `agent:main:s${n}` }],
      ...(n % 10 === 0 ? [['chat.send', { sessionKey: `agent:main:s${n}`, message: script({ text: 'x' }), idempotencyKey: `key ${n}` }]] : []),
    ]
    for (const [index, [method, given]] of requests.entries()) client.send({ type: 'req', id: `${n} ${index}`, method, params: given })
  }

  async function knock(n: number) {
    const address = `10.0.${n >> 8}.${n & 255}`
    await fetch(`/v1/models/m${n}?x=${n}`, { 'x-openclaw-session-key': `http ${n}`, authorization: `Bearer ${n % 2 ? `wrong ${n}` : TOKEN}` }, address)
    await fetch(`/hooks/h${n}`, { authorization: `Bearer wrong ${n}` }, address, { method: 'POST', body: '{}' })
  }

  for (let n = 0; n < NAMES; n += 10) {
    const { client } = await join(gateway, { client: { instanceId: `instance ${n}`, version: `v${n}` } })
    const stranger = await dial(gateway, { address: `10.1.${n >> 8}.${n & 255}` })
    await connectDevice(stranger.client, await createDevice(), { auth: { token: `wrong ${n}` } })
    for (let m = n; m < n + 10; m++) {
      nameThings(client, m)
      await knock(m)
    }
    await clock.advance(1000)
    client.close()
    stranger.client.close()
  }
  await clock.advance(60_000)

  const large = made.flatMap(({ held, where }) => {
    const size = held.deref()?.size ?? 0
    return size > (BOUNDS[where.replace(/:\d+$/, '')] ?? NAMES / 12) ? [`${where} holds ${size}`] : []
  })
  expect(large).toEqual([])
  expect(made.length, 'maps and sets that were looked at').toBeGreaterThan(1000)
})
