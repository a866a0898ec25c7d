// The life of a connection: its deadlines, its answers and when they may leave, its errors, and how it goes on after
// the gateway has slept.

import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { GatewayError } from '../../src/protocol/errors.ts'
import { tick } from '../../src/protocol/events.ts'
import { MAX_BUFFERED_BYTES, MAX_HANDSHAKE_BYTES, MERGE_ABOVE_BYTES } from '../../src/protocol/version.ts'
import { createGateway, type Gateway, type Peer } from '../../src/index.ts'
import { defineMethod, toListed, type AnyMethod, type Call } from '../../src/rpc/method.ts'
import { createRegistry } from '../../src/rpc/registry.ts'
import { createConnections, type ConnectionRecord } from '../../src/services/identity/connections.ts'
import { createPresence } from '../../src/services/identity/presence.ts'
import type { Services } from '../../src/services/services.ts'
import { createFanout } from '../../src/socket/fanout.ts'
import type { Handshake } from '../../src/socket/handshake.ts'
import type { Link } from '../../src/socket/link.ts'
import { createSocket } from '../../src/socket/socket.ts'
import { connectParams, handshake, type Client, type Data, type Frame } from '../harness/client.ts'
import { settled, type FakeClock } from '../harness/clock.ts'
import { createDevice, deviceParams } from '../harness/device.ts'
import { foundation, holdDisk } from '../harness/foundation.ts'
import { dial, join, type FakePeer } from '../harness/peer.ts'
import { startGateway, testPlatform, TOKEN, type TestPlatform } from '../harness/platform.ts'

/** Whether a connection is closed by now, and how. */
async function closedNow({ closed }: Client): Promise<unknown> {
  await settled()
  return Promise.race([closed, Promise.resolve('open')])
}

describe('the deadline for connect', () => {
  it.each([
    ['15 s when nothing is said', undefined, 15_000],
    ['what the environment says', '500', 500],
    ['15 s when that is no number', 'soon', 15_000],
    ['15 s when that is nothing', '', 15_000],
    ['15 s when that is zero', '0', 15_000],
    ['15 s when that is less than nothing', '-1', 15_000],
    ['what a timer can wait when that is more', '1e12', 2 ** 31 - 1],
    ['what a timer can wait when that is for ever', 'Infinity', 2 ** 31 - 1],
  ])('is %s', async (_, given, ms) => {
    const env = given === undefined ? {} : { env: { OPENCLAW_HANDSHAKE_TIMEOUT_MS: given } }
    const { gateway, clock } = await startGateway({ platform: testPlatform({ hibernates: true, ...env }) })
    const { client } = await dial(gateway)
    await clock.advance(ms - 1)
    expect(await closedNow(client)).toBe('open')
    await clock.advance(1)
    expect(await closedNow(client)).toEqual({ code: 1008, reason: 'handshake timeout' })
  })

  it('is called off by hello-ok: no timer is left', async () => {
    const { gateway, clock } = await startGateway({ platform: testPlatform({ hibernates: true }) })
    const before = clock.pending
    const { client } = await join(gateway)
    expect(clock.pending).toBe(before)
    await clock.advance(60_000)
    expect(await closedNow(client)).toBe('open')
  })

  it('is called off by a close', async () => {
    const { gateway, clock } = await startGateway({ platform: testPlatform({ hibernates: true }) })
    const before = clock.pending
    const { client } = await dial(gateway)
    expect(clock.pending).toBe(before + 1)
    client.close()
    expect(clock.pending).toBe(before)
  })

  it('is not put off by frames that are no connect', async () => {
    const { gateway, clock } = await startGateway()
    const { client, peer } = await dial(gateway)
    peer.waiting = 0
    await clock.advance(14_000)
    client.send({ type: 'req', id: 'a', method: 'health' })
    expect(await closedNow(client)).toMatchObject({ code: 1008 })
  })
})

describe('sizes', () => {
  const hello = (padding: string) => JSON.stringify({ type: 'req', id: 'a', method: 'connect', params: { ...connectParams({ token: TOKEN }), userAgent: padding } })
  const fill = (bytes: number, letter: string) => letter.repeat(Math.floor((bytes - Buffer.byteLength(hello(''))) / Buffer.byteLength(letter)))

  it.each(['x', 'ü', '会', '🦀'])('before connect are counted in bytes: %s', async (letter) => {
    const { gateway } = await startGateway()
    const fits = await dial(gateway)
    fits.client.send(hello(fill(MAX_HANDSHAKE_BYTES, letter)))
    expect((await fits.client.next((frame) => frame.id === 'a')).ok).toBe(true)
    const exceeds = await dial(gateway)
    exceeds.client.send(hello(fill(MAX_HANDSHAKE_BYTES, letter) + letter))
    expect(await closedNow(exceeds.client)).toEqual({ code: 1009, reason: '' })
  })

  it.each(['x', '会'])('after connect are counted in bytes, up to what is configured: %s', async (letter) => {
    const limit = 64 * 1024
    const { gateway } = await startGateway({ config: { gateway: { maxPayloadBytes: limit } } })
    const { client, hello } = await join(gateway)
    expect(hello.policy.maxPayload).toBe(limit)
    const ask = (padding: string) => JSON.stringify({ type: 'req', id: 'a', method: 'health', params: { padding } })
    const padding = letter.repeat(Math.floor((limit - Buffer.byteLength(ask(''))) / Buffer.byteLength(letter)))
    client.send(ask(padding))
    expect((await client.next((frame) => frame.id === 'a')).ok).toBe(true)
    client.send(ask(padding + letter))
    expect(await closedNow(client)).toEqual({ code: 1009, reason: '' })
  })
})

describe('the disk', () => {
  it('is waited for before an answer, and answers keep their order', async () => {
    const { gateway, platform } = await startGateway()
    const { client } = await join(gateway)
    for (const method of ['sessions.create', 'health']) await client.call(method, {}) // loaded now
    await settled() // what was written so far is on disk
    const answers = () => client.frames.filter((frame) => frame.type === 'res').map((frame) => client.asked.get(frame.id!))
    const before = answers()
    const disk = holdDisk(platform.sql)
    const written = client.request('sessions.create', {})
    const read = client.request('health')
    await disk.reached
    await settled()
    expect(answers()).toEqual(before)
    await disk.release()
    expect((await written).ok).toBe(true)
    expect((await read).ok).toBe(true)
    expect(answers()).toEqual([...before, 'sessions.create', 'health'])
  })

  it('R1 that failed makes the answer a refusal, and nobody hears of the change', async () => {
    const { gateway, platform } = await startGateway()
    const { client } = await join(gateway)
    await client.call('sessions.subscribe', {})
    await settled()
    const disk = holdDisk(platform.sql)
    const asked = client.request('sessions.create', { label: 'lost' })
    await disk.reached
    await disk.fail()
    expect(await asked).toMatchObject({ ok: false, error: { code: 'UNAVAILABLE', retryable: true, retryAfterMs: 1000, details: { code: 'STORAGE_FAILED' } } })
    expect(client.events('sessions.changed')).toEqual([])
    expect(platform.logged).toContainEqual(expect.objectContaining({ level: 'error', message: 'writes could not be flushed to disk' }))
    expect((await client.request('sessions.create', {})).ok).toBe(true)
  })

  it('holds back an error, too: it may speak of what is not written yet', async () => {
    const { gateway, platform } = await startGateway()
    const { client } = await join(gateway)
    await settled() // what the start wrote is on disk
    const disk = holdDisk(platform.sql)
    const first = client.request('sessions.create', { label: 'taken' })
    const second = client.request('sessions.create', { label: 'taken', key: 'another' })
    await disk.reached
    await settled()
    expect(client.frames.filter((frame) => frame.type === 'res')).toHaveLength(1)
    await disk.release()
    expect((await first).ok).toBe(true)
    expect((await second).error!.message).toBe('label already in use: taken')
  })

  it('is not waited for by who has nothing to do with it', async () => {
    const { gateway } = await startGateway()
    const { client } = await join(gateway)
    await client.call('health') // loaded now
    const seen = client.frames.length
    client.send({ type: 'req', id: 'now', method: 'health' })
    for (let n = 0; n < 10; n++) await Promise.resolve()
    expect(client.frames).toHaveLength(seen + 1)
  })
})

/** A socket of its own, with methods of its own; whoever connects is an admin at once. */
function create(methods: readonly AnyMethod[], connect: Handshake['connect'] = async () => '{"type":"hello-ok"}') {
  const base = foundation()
  const links = new Map<string, Link>()
  const connections = createConnections()
  const presence = createPresence({ ...base, self: () => ({ ts: 0 }) })
  const fanout = createFanout({ links: () => links.values(), clock: base.clock, version: () => ({ presence: 0, health: 0 }) })
  base.bus.attach(fanout)
  const registry = createRegistry(methods.map(toListed), { clock: base.clock } as unknown as Services, {})
  const door: Handshake = {
    async connect(connection, dialect, params, isOpen) {
      const hello = await connect(connection, dialect, params, isOpen)
      const client = { id: 'cli', version: '1', platform: 'linux', mode: 'cli' } as const
      connection.establish({ dialect, protocol: 4, client, principalId: 'operator', role: 'operator', scopes: ['operator.admin'], caps: [] })
      return hello
    },
  }
  const socket = createSocket({ ...base, links, connections, presence, handshake: door, registry, fanout, maxPayload: () => 1024 })
  const frames: Frame[] = []
  const closed: [code: number, reason: string][] = []
  let record: unknown = null
  const peer: Peer = {
    id: 'c1',
    load: () => record,
    save: (state) => void (record = structuredClone(state)),
    send: (text) => void frames.push(JSON.parse(text)),
    sendShared: (head, tail) => void frames.push(JSON.parse(head.text + tail)),
    buffered: () => 0,
    close: (code, reason) => void closed.push([code, reason]),
  }
  const facts = { address: '127.0.0.1', direct: true, host: null, origin: null }
  const open = () => socket.open(peer, facts)
  const say = (id: string, method: string, params?: unknown) => socket.message(peer, JSON.stringify({ type: 'req', id, method, ...(params !== undefined && { params }) }))
  const answerTo = (id: string) => frames.filter((frame) => frame.id === id)
  return { ...base, socket, links, connections, presence, fanout, peer, frames, closed, open, say, answerTo }
}

const method = (name: string, handler: (use: Call) => unknown) =>
  defineMethod({ name, scope: null, summary: 'x', params: z.unknown(), result: z.unknown(), uses: [], handler: (_, use) => handler(use) as object }) as unknown as AnyMethod

describe('errors', () => {
  const SECRET = 'sk-the-secret-in-the-message'
  const failures: readonly (readonly [what: string, fail: () => unknown])[] = [
    ['an error', () => Promise.reject(new Error(`cannot reach https://x?key=${SECRET}`))],
    [
      'an error at once',
      () => {
        throw new TypeError(SECRET)
      },
    ],
    ['something that is no error', () => Promise.reject(SECRET)], // oxlint-disable-line prefer-promise-reject-errors
    ['nothing at all', () => Promise.reject(undefined)], // oxlint-disable-line prefer-promise-reject-errors
  ]

  it.each(failures)('of ours are INTERNAL with the id of a log line: %s', async (_, fail) => {
    const { open, say, answerTo, logged } = create([method('breaks', fail)])
    open()
    await say('1', 'connect')
    await say('2', 'breaks')
    const [answer] = answerTo('2')
    expect(answer).toMatchObject({ type: 'res', ok: false, error: { code: 'INTERNAL' } })
    expect(Object.keys(answer!.error!).toSorted()).toEqual(['code', 'message'])
    const text = JSON.stringify(answer)
    expect(text).not.toContain(SECRET)
    expect(text).not.toMatch(/\bat \w|\.ts\b/)
    const id = /internal error ([0-9a-f-]{36}):/.exec(answer!.error!.message)![1]
    const line = logged.find(({ fields }) => fields?.['id'] === id)
    expect(line).toMatchObject({ level: 'error', message: 'breaks failed' })
    if (_ === 'an error') expect(line!.fields!['stack']).toContain('socket.test.ts')
  })

  it('of a result that is not what was declared are ours', async () => {
    const leaks = defineMethod({
      name: 'leaks',
      scope: null,
      summary: 'x',
      params: z.unknown(),
      result: z.strictObject({ id: z.string() }),
      uses: [],
      handler: () => ({ id: 'a', secret: SECRET }),
    }) as unknown as AnyMethod
    const { open, say, answerTo, frames } = create([leaks])
    open()
    await say('1', 'connect')
    await say('2', 'leaks')
    expect(answerTo('2')[0]).toMatchObject({ ok: false, error: { code: 'INTERNAL' } })
    expect(JSON.stringify(frames)).not.toContain(SECRET)
  })

  it('of a service are for the client, as they are', async () => {
    const refusal = new GatewayError('RATE_LIMITED', 'too often: wait', { retryAfterMs: 50, details: { code: 'X' }, cause: new Error(SECRET) })
    const { open, say, answerTo, logged } = create([method('refuses', () => Promise.reject(refusal))])
    open()
    await say('1', 'connect')
    await say('2', 'refuses')
    expect(answerTo('2')[0]!.error).toEqual({ code: 'UNAVAILABLE', message: 'too often: wait', details: { code: 'X' }, retryable: true, retryAfterMs: 50 })
    expect(logged).toEqual([])
  })

  it('of the handshake close the connection, and say no more', async () => {
    const { open, say, answerTo, closed, logged } = create([], () => Promise.reject(new Error(SECRET)))
    open()
    await say('1', 'connect')
    expect(answerTo('1')[0]).toMatchObject({ ok: false, error: { code: 'INTERNAL' } })
    expect(closed).toEqual([[1008, expect.stringMatching(/^internal error [0-9a-f-]{36}/)]])
    expect(closed[0]![1]).not.toContain(SECRET)
    expect(logged).toContainEqual(expect.objectContaining({ level: 'error', message: 'connect failed' }))
  })

  it('do not end the connection', async () => {
    const { open, say, answerTo, closed } = create([method('breaks', () => Promise.reject(new Error('x'))), method('works', () => 1)])
    open()
    await say('1', 'connect')
    await say('2', 'breaks')
    await say('3', 'works')
    expect(answerTo('3')[0]).toMatchObject({ ok: true, payload: 1 })
    expect(closed).toEqual([])
  })
})

describe('a request', () => {
  it('may be answered in between, under the same id, in order', async () => {
    const { open, say, answerTo, sql, commit } = create([
      method('steps', async ({ interim }) => {
        commit.tx(() => sql.run("INSERT INTO collections VALUES ('n', 'i', 1, '1')"))
        interim({ step: 1 })
        await settled()
        return { step: 2 }
      }),
    ])
    open()
    await say('1', 'connect')
    await say('2', 'steps')
    await settled()
    expect(answerTo('2').map(({ payload }) => payload as unknown)).toEqual([{ step: 1 }, { step: 2 }])
  })

  it('may have nothing to say, in between and in the end', async () => {
    const { open, say, answerTo } = create([method('silent', ({ interim }) => interim(undefined))])
    open()
    await say('1', 'connect')
    await say('2', 'silent')
    expect(answerTo('2')).toEqual([1, 2].map(() => ({ type: 'res', id: '2', ok: true, payload: null })))
  })

  it('that is none is refused behind hello-ok, also when that waits for the disk', async () => {
    const { open, say, socket, peer, frames, commit, sql } = create([], async () => {
      commit.tx(() => sql.run("INSERT INTO collections VALUES ('n', 'i', 1, '1')"))
      return '{"type":"hello-ok"}'
    })
    const disk = holdDisk(sql)
    open()
    await say('1', 'connect')
    await socket.message(peer, '{"type":"req"}')
    await disk.release()
    expect(frames.map((frame) => [frame.event ?? frame.id, frame.ok])).toEqual([['connect.challenge', undefined], ['1', true], ['invalid', false]])
  })

  it('hears that its caller has gone', async () => {
    const signals: AbortSignal[] = []
    const { promise, resolve } = Promise.withResolvers<number>()
    const { open, say, socket, peer, answerTo } = create([
      method('waits', ({ signal }) => {
        signals.push(signal)
        return promise
      }),
    ])
    open()
    await say('1', 'connect')
    const asked = say('2', 'waits')
    await settled()
    expect(signals[0]!.aborted).toBe(false)
    socket.close(peer)
    expect(signals[0]!.aborted).toBe(true)
    resolve(1)
    await asked
    expect(answerTo('2')).toEqual([])
  })

  it('makes room for the next when it is answered, well or badly', async () => {
    const { open, say, links } = create([method('works', () => 1), method('breaks', () => Promise.reject(new Error('x')))])
    open()
    await say('1', 'connect')
    await Promise.all([say('2', 'works'), say('3', 'breaks'), say('4', 'none')])
    expect(links.get('c1')!.inFlight).toBe(0)
  })
})

describe('an end', () => {
  it('leaves nothing behind', async () => {
    const { open, say, socket, peer, links, connections, clock, bus, frames } = create([])
    open()
    await say('1', 'connect')
    const seen = frames.length
    socket.close(peer)
    socket.close(peer)
    expect([links.size, connections.size, clock.pending]).toEqual([0, 0, 0])
    await say('2', 'anything')
    bus.publish(tick, { ts: 1 })
    expect(frames).toHaveLength(seen)
  })

  it('can be wished by a service', async () => {
    const { open, say, connections, closed } = create([])
    open()
    await say('1', 'connect')
    connections.disconnect(() => true, 1008, 'device removed')
    expect(closed).toEqual([[1008, 'device removed']])
  })

  it('comes to all, those in the middle of the handshake too', async () => {
    const { gateway } = await startGateway()
    const clients = [(await join(gateway)).client, (await dial(gateway)).client]
    await gateway.close('over')
    for (const client of clients) expect(await closedNow(client)).toEqual({ code: 1012, reason: 'over' })
  })

  it('during the handshake is the end of what was sent behind it', async () => {
    const { promise, resolve } = Promise.withResolvers<string>()
    const done: string[] = []
    const { open, say, socket, peer, frames } = create([method('acts', () => done.push('acted'))], () => promise)
    open()
    const sent = [say('1', 'connect'), say('2', 'acts'), say('3', 'acts')]
    socket.close(peer)
    resolve('{}')
    await Promise.all(sent)
    expect(done).toEqual([])
    expect(frames.filter((frame) => frame.type === 'res')).toEqual([])
  })

  it('by a refusal is the end of what was sent behind it', async () => {
    const done: string[] = []
    const { open, say, closed } = create([method('acts', () => done.push('acted'))], () => Promise.reject(new GatewayError('UNAUTHORIZED', 'no')))
    open()
    await Promise.all([say('1', 'connect'), say('2', 'acts'), say('3', 'connect')])
    expect(done).toEqual([])
    expect(closed).toEqual([[1008, 'no']])
  })
})

describe('R6 a slow consumer', () => {
  const deltasOf = (client: Client) =>
    client
      .events('chat')
      .filter((payload) => payload.state === 'delta')
      .map((payload) => payload.deltaText as string)

  it('gets the whole text in fewer pieces, and the numbers without a gap', async () => {
    const { gateway, clock } = await startGateway()
    const [quick, slow] = [await join(gateway), await join(gateway)]
    slow.peer.waiting = MERGE_ABOVE_BYTES + 1
    const script = JSON.stringify(Array.from({ length: 40 }, (_, n) => ({ text: `piece ${n} `, delayMs: 10 })))
    await quick.client.call('chat.send', { sessionKey: 'main', message: `script:${script}`, idempotencyKey: 'one' })
    await clock.advance(500)
    await quick.client.ended('one')
    await slow.client.ended('one')
    const whole = Array.from({ length: 40 }, (_, n) => `piece ${n} `).join('')
    expect(deltasOf(quick.client).join('')).toBe(whole)
    expect(deltasOf(slow.client).join('')).toBe(whole)
    expect(deltasOf(quick.client)).toHaveLength(40)
    expect(deltasOf(slow.client).length).toBeLessThan(20)
    const numbers = slow.client.frames.flatMap((frame) => frame.seq ?? [])
    expect(numbers).toEqual(numbers.map((_, index) => index + 1))
  })

  it('gets what was held back as soon as the runtime tells that it has room', async () => {
    const { gateway, clock } = await startGateway()
    const { client, peer } = await join(gateway)
    peer.waiting = MERGE_ABOVE_BYTES + 1
    const sent = client.request('chat.send', { sessionKey: 'main', message: 'script:[{"text":"a"},{"text":"b","delayMs":1},{"hang":true}]', idempotencyKey: 'one' })
    await sent
    await clock.advance(1)
    peer.waiting = 0
    gateway.socket.drained(peer)
    expect(deltasOf(client).join('')).toBe('ab')
  })

  it('is closed when it reads nothing at all', async () => {
    const { gateway } = await startGateway()
    const { client, peer } = await join(gateway)
    peer.waiting = MAX_BUFFERED_BYTES + 1
    client.send({ type: 'req', id: 'a', method: 'health' })
    expect(await closedNow(client)).toEqual({ code: 1008, reason: 'slow consumer' })
    expect(client.frames.some((frame) => frame.id === 'a')).toBe(false)
  })

  it('that is not known has no room that matters', async () => {
    const { gateway } = await startGateway()
    const { peer, client } = await join(gateway)
    client.close()
    expect(() => gateway.socket.drained(peer)).not.toThrow()
  })
})

describe('over sleep', () => {
  interface Woken {
    readonly gateway: Gateway
    /** As the runtime would: to the gateway that is awake now. */
    say(peer: Peer, method: string, params?: unknown): Promise<Frame>
  }

  /** The same platform with a gateway that has just been made, and the peers that outlived the last one. */
  async function wake(platform: TestPlatform, peers: readonly FakePeer[], frames: ReadonlyMap<Peer, Client>): Promise<Woken> {
    const gateway = createGateway({ ...platform, peers: () => peers })
    await gateway.start()
    let count = 0
    return {
      gateway,
      async say(peer, name, params) {
        const id = `woken-${++count}`
        await gateway.socket.message(peer, JSON.stringify({ type: 'req', id, method: name, ...(params !== undefined && { params }) }))
        return frames.get(peer)!.next((frame) => frame.id === id)
      },
    }
  }

  const hibernating = () => startGateway({ platform: testPlatform({ hibernates: true }) })
  const recordOf = (peer: Peer) => peer.load() as ConnectionRecord
  const advance = (clock: FakeClock, ms: number) => clock.advance(ms)

  it('events go on at once: hello-ok was said before', async () => {
    const { gateway, platform } = await hibernating()
    const { client, peer } = await join(gateway)
    await client.call('sessions.messages.subscribe', { key: 'main' })
    const woken = await wake(platform, [peer], new Map([[peer, client]]))
    const other = await join(woken.gateway)
    await other.client.call('chat.send', { sessionKey: 'main', message: 'script:[{"text":"hi"}]', idempotencyKey: 'one' })
    expect((await client.event('session.message')).message).toMatchObject({ role: 'user' })
    expect(other.client.events('session.message')).toEqual([])
  })

  it('an established connection goes on: its principal, scopes, dialect and subscriptions', async () => {
    const { gateway, platform } = await hibernating()
    const [reader, plain] = [await join(gateway, { scopes: ['operator.read'] }), await dial(gateway)]
    await reader.client.call('sessions.subscribe', {})
    plain.client.send({ id: 'p', method: 'connect', params: { auth: { token: TOKEN } } })
    await plain.client.next((frame) => frame.id === 'p')
    const clients = new Map<Peer, Client>([[reader.peer, reader.client], [plain.peer, plain.client]])
    const woken = await wake(platform, [reader.peer, plain.peer], clients)
    expect((await woken.say(reader.peer, 'sessions.list', {})).ok).toBe(true)
    expect((await woken.say(reader.peer, 'sessions.create', {})).error!.details).toMatchObject({ code: 'MISSING_SCOPE' })
    await woken.gateway.socket.message(plain.peer, JSON.stringify({ id: 'q', method: 'sessions.create', params: {}, meta: 5 }))
    expect(await plain.client.next((frame) => frame.id === 'q')).toMatchObject({ ok: true, error: null, meta: 5 })
    expect(await reader.client.event('sessions.changed')).toMatchObject({ reason: 'create' })
    expect(plain.client.events('sessions.changed')).toEqual([])
  })

  it('no number of an event is used twice', async () => {
    const { gateway, platform } = await hibernating()
    const { client, peer } = await join(gateway)
    await client.call('sessions.subscribe', {})
    for (let round = 0; round < 4; round++) {
      // The timers of a gateway that is gone do not ring: each has a clock of its own.
      const asleep = testPlatform({ sql: platform.sql, hibernates: true })
      const current = await wake(asleep, [peer], new Map([[peer, client]]))
      for (let n = 0; n < round * 20; n++) expect((await current.say(peer, 'sessions.create', {})).ok).toBe(true)
      await advance(asleep.clock, 1000)
    }
    const numbers = client.frames.flatMap((frame) => frame.seq ?? [])
    expect(numbers.length).toBeGreaterThan(100)
    expect(numbers.every((seq, index) => index === 0 || seq > numbers[index - 1]!)).toBe(true)
  })

  it('a version of the state never goes back on a connection that goes on', async () => {
    const { gateway, platform, clock } = await hibernating()
    const { client, peer, hello } = await join(gateway)
    for (let n = 0; n < 5; n++) {
      const visitor = await join(gateway, { client: { instanceId: `visitor ${n}` } })
      visitor.client.close()
    }
    await advance(clock, 1000)
    const woken = await wake(platform, [peer], new Map([[peer, client]]))
    await join(woken.gateway, { client: { instanceId: 'another' } })
    await advance(clock, 1000)
    const versions = [hello.snapshot.stateVersion.presence as number, ...client.frames.flatMap((frame) => frame.stateVersion?.presence ?? [])]
    expect(versions.length).toBeGreaterThan(2)
    expect(versions).toEqual(versions.toSorted((a, b) => a - b))
  })

  it('presence shows who is still there', async () => {
    const { gateway, platform, clock } = await hibernating()
    const { client, peer } = await join(gateway, { client: { instanceId: 'still here' } })
    await advance(clock, 60_000)
    const woken = await wake(platform, [peer], new Map([[peer, client]]))
    const { payload } = await woken.say(peer, 'system-presence')
    expect(payload).toEqual([expect.objectContaining({ mode: 'gateway' }), expect.objectContaining({ instanceId: 'still here' })])
    woken.gateway.socket.close(peer)
    const { client: other } = await join(woken.gateway)
    expect(await other.call('system-presence')).toHaveLength(1)
  })

  it('a handshake goes on with the nonce of its challenge', async () => {
    const { gateway, platform, clock } = await hibernating()
    const { client, peer } = await dial(gateway)
    const challenge = await client.event('connect.challenge')
    await advance(clock, 5000)
    const woken = await wake(platform, [peer], new Map([[peer, client]]))
    const device = await createDevice()
    const answer = await woken.say(peer, 'connect', await deviceParams(device, challenge, { auth: { token: TOKEN } }))
    expect(answer.payload).toMatchObject({ type: 'hello-ok', auth: { deviceToken: expect.any(String) } })
    expect(client.events('connect.challenge')).toHaveLength(1)
    expect((await woken.say(peer, 'health')).ok).toBe(true)
    expect(recordOf(peer).session).toMatchObject({ deviceId: device.id })
  })

  it('a handshake has the rest of its time, and no more', async () => {
    const { gateway, platform, clock } = await hibernating()
    const { client, peer } = await dial(gateway)
    const late = await dial(gateway)
    await client.event('connect.challenge')
    // The timers of a gateway that is gone do not ring: what follows is on a clock of its own.
    const asleep = testPlatform({ sql: platform.sql, hibernates: true })
    await advance(asleep.clock, 10_000)
    await wake(asleep, [peer], new Map([[peer, client]]))
    await advance(asleep.clock, 4999)
    expect(await closedNow(client)).toBe('open')
    await advance(asleep.clock, 1)
    expect(await closedNow(client)).toEqual({ code: 1008, reason: 'handshake timeout' })
    await wake(asleep, [late.peer], new Map([[late.peer, late.client]]))
    await advance(asleep.clock, 0)
    expect(await closedNow(late.client)).toEqual({ code: 1008, reason: 'handshake timeout' })
    expect(clock.now()).toBeLessThan(asleep.clock.now())
  })

  it('a connection that cannot be taken up is closed, and keeps none of the others', async () => {
    const { gateway, platform } = await hibernating()
    const [lost, kept] = [await join(gateway), await join(gateway)]
    const broken: FakePeer = { ...lost.peer, load: () => ({ ...recordOf(lost.peer), session: {} }) }
    const woken = await wake(platform, [broken, kept.peer], new Map([[kept.peer, kept.client]]))
    expect((await woken.say(kept.peer, 'health')).ok).toBe(true)
    expect(await lost.client.closed).toEqual({ code: 1012, reason: 'service restart' })
  })

  it('a connection of which nothing was kept is not one', async () => {
    const { gateway, platform } = await hibernating()
    const { peer, client } = await join(gateway)
    peer.save(null)
    const woken = await wake(platform, [peer], new Map([[peer, client]]))
    const seen = client.frames.length
    await woken.gateway.socket.message(peer, JSON.stringify({ type: 'req', id: 'a', method: 'health' }))
    await settled()
    expect(client.frames).toHaveLength(seen)
    expect(await (await join(woken.gateway)).client.call('status')).toMatchObject({ connections: 1 })
  })

  it('a connection that is known is not taken up twice', () => {
    const { socket, open, peer, connections, links } = create([])
    open()
    const link = links.get('c1')
    socket.restore([peer, peer])
    expect(links.get('c1')).toBe(link)
    expect(connections.size).toBe(1)
  })

  it('no timer stands for those who have connected', async () => {
    const { gateway, platform } = await hibernating()
    const { peer, client } = await join(gateway)
    const asleep = testPlatform({ sql: platform.sql, hibernates: true })
    await wake(asleep, [peer], new Map([[peer, client]]))
    expect(asleep.clock.pending).toBe(0)
  })
})

it('tells of a dialect only what a client can understand', async () => {
  const { gateway } = await startGateway()
  const { client } = await dial(gateway)
  client.send({ id: 'a', method: 'connect', params: { auth: { token: 'wrong' } }, meta: [1] })
  const answer: Data = await client.next((frame) => frame.id === 'a')
  expect(Object.keys(answer).toSorted()).toEqual(['error', 'id', 'meta', 'ok', 'payload'])
  await expect(handshake((await dial(gateway)).client, { token: 'wrong' })).rejects.toThrow('unauthorized')
})
