// The start: its phases, what is said when one fails, and what the doors answer before, meanwhile and afterwards.

import { describe, expect, it } from 'vitest'
import { createGateway, StartError, VERSION, type Gateway, type GatewayOptions } from '../src/index.ts'
import { createPhases, walkPhases, type Phase, type Startable } from '../src/startup.ts'
import { fakeClock, settled } from './harness/clock.ts'
import { foundation, holdDisk } from './harness/foundation.ts'
import { dial, join } from './harness/peer.ts'
import { startGateway, testPlatform, TOKEN, type TestPlatform } from './harness/platform.ts'

const DAY = 24 * 60 * 60 * 1000
const PHASES = [
  'configuration', 'core', 'runtime configuration', 'state', 'services', 'events', 'maintenance', 'hot reload', 'socket', 'listen', 'after start',
] as const satisfies readonly Phase['name'][] // prettier-ignore

const LOCAL = { remoteAddress: '127.0.0.1' }
const get = (gateway: Gateway, path: string) =>
  gateway.fetch(new Request(`http://127.0.0.1:18789${path}`, { headers: { authorization: `Bearer ${TOKEN}` } }), LOCAL)
const statusOf = async (gateway: Gateway, path: string) => (await get(gateway, path)).status

/** A gateway that was not told to start, and how often it read its configuration. */
function make(options: GatewayOptions & { platform?: TestPlatform; text?: string | null } = {}) {
  const { text = null, platform = testPlatform(), ...rest } = options
  let reads = 0
  const config = {
    path: '/test/openclaw.json',
    async read() {
      reads++
      return text
    },
  }
  const gateway = createGateway({ ...platform, config }, rest)
  return { gateway, platform, clock: platform.clock, reads: () => reads }
}

/** A port that does not open until it is told to. */
function heldPort() {
  const [begun, port] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const listen = () => {
    begun.resolve()
    return port.promise
  }
  return { listen, reached: begun.promise, port }
}

async function failureOf(work: Promise<unknown>): Promise<StartError> {
  const failure: unknown = await work.catch((error: unknown) => error)
  expect(failure).toBeInstanceOf(StartError)
  return failure as StartError
}

describe('the phases', () => {
  it('have the names of the design, in its order, and are logged with what each took', async () => {
    const { platform } = await startGateway()
    const line = platform.logged.find(({ message }) => message.startsWith('the start took'))!
    const spans = line.message.replace(/^the start took \d+ ms: /, '').split(', ')
    expect(spans.map((span) => span.replace(/ \d+$/, ''))).toEqual(PHASES)
    expect(platform.logged.at(-2)!.message).toBe(`edgeclaw ${VERSION} is ready on test, auth token`)
  })

  it('are walked one after the other', async () => {
    const clock = fakeClock()
    const { log, logged } = foundation()
    const walked: string[] = []
    const phase = (name: Phase['name'], ms: number): Phase => ({
      name,
      mend: 'x',
      async run() {
        walked.push(`${name} begins`)
        await clock.advance(ms)
        walked.push(`${name} ends`)
      },
    })
    await walkPhases([phase('configuration', 5), phase('core', 7)], clock, log)
    expect(walked).toEqual(['configuration begins', 'configuration ends', 'core begins', 'core ends'])
    expect(logged.map(({ message }) => message)).toEqual(['the start took 12 ms: configuration 5, core 7'])
  })

  /** Parts that do nothing, but for the one that belongs to `failing`. */
  function partsFailingIn(failing: Phase['name'] | null, done: string[]): Startable {
    const { log, sql } = foundation()
    const act = (name: Phase['name']) => () => {
      done.push(name)
      if (name === failing) throw new Error(`${name} is broken`)
    }
    const nothing = { begin: () => {}, recover: () => {} }
    return {
      platform: { name: 'test', sql, peers: () => [], config: {} },
      config: { load: async () => act('configuration')(), current: {} },
      logs: { setLevel: act('core'), setStyle: () => {} },
      runtime: { resolve: act('runtime configuration'), settings: {}, authMode: { name: 'none' } },
      identity: { load: async () => act('state')() },
      models: { begin: act('services') },
      scheduler: nothing,
      heartbeat: nothing,
      approvals: nothing,
      nodeInvokes: nothing,
      subAgents: nothing,
      hooks: nothing,
      configConfirm: nothing,
      reload: { begin: act('hot reload'), keep: () => {} },
      socket: { restore: act('events') },
      runs: { recover: () => {} },
      tracing: { begin: async () => {} },
      maintenance: { begin: act('maintenance') },
      serve: act('socket'),
      listen: async () => act('listen')(),
      log: { ...log, info: act('after start') },
    } as unknown as Startable
  }

  it.each(PHASES)('stop when "%s" fails: with its name, the reason and the way out', async (name) => {
    const done: string[] = []
    const { log, clock } = foundation()
    const phases = createPhases(partsFailingIn(name, done))
    const failure = await failureOf(walkPhases(phases, clock, log))
    const { mend } = phases.find((phase) => phase.name === name)!
    expect(failure.phase).toBe(name)
    expect(failure.message).toBe(`the start failed in the phase "${name}": ${name} is broken\n${mend}`)
    expect(failure.cause).toEqual(new Error(`${name} is broken`))
    expect(mend).toMatch(/^[A-Z].+\.$/)
    expect(done).toEqual(PHASES.slice(0, PHASES.indexOf(name) + 1))
  })

  it('do without a port where the runtime listens by itself', async () => {
    const { listen: _, ...parts } = partsFailingIn(null, [])
    const { log, clock } = foundation()
    await expect(walkPhases(createPhases(parts as Startable), clock, log)).resolves.toBeUndefined()
  })
})

describe('a real start fails in', () => {
  it.each<readonly [phase: Phase['name'], said: RegExp, options: () => Parameters<typeof make>[0]]>([
    ['configuration', /\/test\/openclaw\.json cannot be used:\n {2}gateway\.port .*\nMend the file, or name another one with --config\.$/, () => ({ text: '{ gateway: { port: 0 } }' })],
    ['configuration', /the file is not JSON5/, () => ({ text: '{' })],
    ['runtime configuration', /no gateway token is set — set the secret OPENCLAW_GATEWAY_TOKEN/, () => ({ platform: { ...testPlatform(), env: {}, host: {} } })],
    ['runtime configuration', /accepted on loopback only/, () => ({ text: '{ gateway: { auth: { mode: "none" }, bind: "lan" } }' })],
    [
      'state',
      /has migration 1 "of the future", which this version of edgeclaw does not know/,
      () => {
        const platform = testPlatform()
        platform.sql.exec("CREATE TABLE schema_migrations (n INTEGER PRIMARY KEY, name TEXT NOT NULL); INSERT INTO schema_migrations VALUES (1, 'of the future')")
        return { platform }
      },
    ],
    ['listen', /port 1 is in use\nIs another gateway running\? End it, or choose another port with --port\.$/, () => ({ listen: () => Promise.reject(new Error('port 1 is in use')) })],
  ])('%s: %s', async (phase, said, options) => {
    const { gateway } = make(options())
    const failure = await failureOf(gateway.start())
    expect(failure.phase).toBe(phase)
    expect(failure.message).toMatch(said)
  })
})

describe('after a start that failed', () => {
  const failing = () => make({ text: '{ gateway: { port: 0 } }' })

  it('the doors say so, and do not let anybody in', async () => {
    const { gateway } = failing()
    await failureOf(gateway.start())
    expect(await gateway.ready()).toBe(false)
    expect(await statusOf(gateway, '/v1/models')).toBe(503)
    expect(await (await get(gateway, '/v1/models')).json()).toMatchObject({ error: { message: 'the gateway could not start: its log says why' } })
    expect(await (await get(gateway, '/ready')).json()).toMatchObject({ ready: false, failing: ['startup'] })
    expect(await statusOf(gateway, '/ready')).toBe(503)
    expect(await statusOf(gateway, '/health')).toBe(200)
    const { client } = await dial(gateway)
    expect(await client.closed).toEqual({ code: 1011, reason: 'the gateway could not start: its log says why' })
    expect(client.frames).toEqual([])
  })

  it('whoever comes first finds out, and the log says it once', async () => {
    const { gateway, platform, reads } = failing()
    expect(await statusOf(gateway, '/v1/models')).toBe(503)
    await Promise.all([gateway.ready(), gateway.ready(), gateway.wake(), dial(gateway), get(gateway, '/ready')])
    const errors = platform.logged.filter(({ level }) => level === 'error')
    expect(errors).toEqual([expect.objectContaining({ message: expect.stringContaining('the start failed in the phase "configuration"') })])
    expect(reads()).toBe(1)
  })

  it('a second start fails as the first, and walks nothing again', async () => {
    const { gateway, reads } = failing()
    const first = await failureOf(gateway.start())
    expect(await failureOf(gateway.start())).toBe(first)
    expect(reads()).toBe(1)
  })

  it('nothing is left that ticks', async () => {
    const { gateway, clock } = failing()
    await failureOf(gateway.start())
    expect(clock.pending).toBe(0)
  })

  it.each([
    ['not kept as the good configuration when the port does not open', () => Promise.reject(new Error('the port is taken')), null],
    ['kept when it does', async () => {}, '{ gateway: { port: 4000 } }'],
  ] as const)('what it started with is %s', async (_, listen, kept) => {
    let copy: string | null = null
    const platform = testPlatform()
    const text = '{ gateway: { port: 4000 } }'
    const backup = { path: '/test/openclaw.json.bak', exists: () => copy !== null, keep: async (next: string) => void (copy = next) }
    const gateway = createGateway({ ...platform, config: { path: '/test/openclaw.json', read: async () => text, write: async () => {}, backup } }, { listen })
    await gateway.start().catch(() => {})
    await settled()
    expect(copy).toBe(kept)
  })

  it('in the phase "listen" the doors are closed, too', async () => {
    const { gateway } = make({ listen: () => Promise.reject(new Error('the port is taken')) })
    await failureOf(gateway.start())
    expect(await gateway.ready()).toBe(false)
    expect(await statusOf(gateway, '/v1/models')).toBe(503)
    const { client } = await dial(gateway)
    await settled()
    expect(client.isOpen).toBe(false)
  })

  it('in the phase "listen" nothing is left that ticks, and who came in meanwhile is told', async () => {
    const { listen, reached, port } = heldPort()
    const { gateway, clock } = make({ listen })
    const starting = failureOf(gateway.start())
    await reached
    const { client } = await join(gateway)
    port.reject(new Error('the port is taken'))
    await starting
    expect(await client.closed).toEqual({ code: 1011, reason: 'the gateway could not start: its log says why' })
    await clock.advance(1000) // what presence has to tell
    expect(clock.pending).toBe(0)
  })

  it('a connection that outlived sleep is told, too', async () => {
    const platform = testPlatform({ hibernates: true })
    const { gateway } = await startGateway({ platform })
    const { client, peer } = await join(gateway)
    const woken = createGateway({ ...platform, env: {}, host: {}, peers: () => [peer] })
    await woken.socket.message(peer, JSON.stringify({ type: 'req', id: 'a', method: 'health' }))
    await settled()
    expect(client.isOpen).toBe(false)
    expect(await client.closed).toEqual({ code: 1011, reason: 'the gateway could not start: its log says why' })
  })
})

describe('starting', () => {
  it('happens once, whoever asks for it', async () => {
    const { gateway, reads } = make()
    await Promise.all([gateway.start(), gateway.start(), gateway.ready(), get(gateway, '/v1/models'), dial(gateway)])
    await gateway.start()
    expect(reads()).toBe(1)
  })

  it('is what every door waits for', async () => {
    const config = Promise.withResolvers<string | null>()
    const gateway = createGateway({ ...testPlatform(), config: { path: 'x', read: () => config.promise } })
    const answers: number[] = []
    const asked = statusOf(gateway, '/v1/models').then((status) => answers.push(status))
    const dialing = dial(gateway)
    await settled()
    expect(answers).toEqual([])
    config.resolve(null)
    await asked
    expect(answers).toEqual([200])
    expect((await dialing).client.events('connect.challenge')).toHaveLength(1)
  })

  it('starts nothing before it is asked to', () => {
    const { platform, reads, clock } = make()
    expect([reads(), clock.pending, platform.logged.length, platform.alarmAt()]).toEqual([0, 0, 0, null])
    expect(platform.sql.all("SELECT name FROM sqlite_master WHERE type = 'table'")).toEqual([])
  })

  it('opens the port that was configured, after everything else', async () => {
    const opened: unknown[] = []
    const { gateway } = make({
      text: '{ gateway: { port: 4000, bind: "lan", maxPayloadBytes: 70000 } }',
      async listen(at) {
        opened.push(at, await statusOf(gateway, '/v1/models'))
      },
    })
    await gateway.start()
    expect(opened).toEqual([expect.objectContaining({ host: '0.0.0.0', port: 4000, maxPayload: 70_000 }), 200])
  })

  it('takes the level of the log from the configuration', async () => {
    const { gateway, platform } = make({ text: '{ logging: { level: "warn" }, unknown: {} }' })
    await gateway.start()
    expect(platform.logged.map(({ level, message }) => [level, message])).toEqual([['warn', expect.stringContaining('unknown is not a known section')]])
  })

  it('forgets what is old: runs that ended a week ago, and keys that are used up', async () => {
    const { sql, commit, clock } = foundation()
    const now = clock.now()
    const addRun = (id: string, endedAt: number) =>
      sql.run("INSERT INTO runs (id, session_key, origin, hash, state, attempts, accepted_at, ordinal, ended_at) VALUES (?, 'k', 'chat', 'h', 'ok', 1, 0, 0, ?)", id, endedAt)
    const addKey = (key: string, expiresAt: number) => sql.run("INSERT INTO idempotency VALUES ('p', 'm', ?, 'h', '1', ?)", key, expiresAt)
    addRun('old', now - 7 * DAY - 1)
    addRun('new', now - 7 * DAY)
    addKey('old', now)
    addKey('new', now + 1)
    await commit.flush()
    await startGateway({ platform: testPlatform({ sql, clock }) })
    expect(sql.all('SELECT id FROM runs')).toEqual([{ id: 'new' }])
    expect(sql.all('SELECT key FROM idempotency')).toEqual([{ key: 'new' }])
  })

  it('again on what another has left is the same gateway', async () => {
    const platform = testPlatform()
    const first = await startGateway({ platform })
    const { client } = await join(first.gateway)
    const identity = await client.call('gateway.identity.get', {})
    const { key } = await client.call('sessions.create', { label: 'kept' })
    await first.gateway.close()
    const second = await startGateway({ platform })
    const { client: later } = await join(second.gateway)
    expect(await later.call('gateway.identity.get', {})).toEqual(identity)
    expect((await later.call('sessions.describe', { key })).session).toMatchObject({ label: 'kept' })
  })

  it('makes gateways that do not touch', async () => {
    const [one, two] = [await startGateway(), await startGateway()]
    const [a, b] = [await join(one.gateway), await join(two.gateway)]
    await a.client.call('sessions.create', { label: 'mine' })
    expect((await b.client.call('sessions.list', {})).totalCount).toBe(0)
    expect((await b.client.call('status')).connections).toBe(1)
    await one.gateway.close()
    await settled()
    expect(b.client.isOpen).toBe(true)
    expect((await b.client.request('health')).ok).toBe(true)
  })
})

describe('the alarm', () => {
  it('starts the gateway, and sets itself for what is in the works', async () => {
    const { gateway, platform, clock, reads } = make({ platform: testPlatform({ hibernates: true }) })
    await gateway.wake()
    expect(reads()).toBe(1)
    const { client } = await join(gateway)
    await client.call('chat.send', { sessionKey: 'main', message: 'script:[{"hang":true}]', idempotencyKey: 'one' })
    expect(platform.alarmAt()).toBe(clock.now() + 30_000)
    await clock.advance(30_000)
    await gateway.wake()
    expect(platform.alarmAt()).toBe(clock.now() + 30_000)
    await client.call('chat.abort', { sessionKey: 'main' })
    expect(platform.alarmAt()).toBeNull()
  })
})

describe('closing', () => {
  it('tells everybody, then closes, and the doors say why', async () => {
    const { gateway, clock } = await startGateway()
    const { client } = await join(gateway)
    await gateway.close('an update')
    expect(await client.closed).toEqual({ code: 1012, reason: 'an update' })
    expect(client.frames.at(-1)).toMatchObject({ event: 'shutdown', payload: { reason: 'an update' } })
    expect(await gateway.ready()).toBe(false)
    expect(await statusOf(gateway, '/v1/models')).toBe(503)
    expect(await (await get(gateway, '/ready')).json()).toMatchObject({ ready: false, failing: ['shutdown'] })
    expect(await statusOf(gateway, '/health')).toBe(200)
    const late = await dial(gateway)
    expect(await late.client.closed).toEqual({ code: 1012, reason: 'service restart' })
    expect(clock.pending).toBe(0)
  })

  it('tells everybody also while the disk is busy, and loses nothing that was accepted', async () => {
    const { gateway, platform } = await startGateway()
    const { client } = await join(gateway)
    await settled() // what the start wrote is on disk
    const disk = holdDisk(platform.sql)
    const asked = client.request('sessions.create', { label: 'kept' }).catch((error: unknown) => error)
    await disk.reached
    const closing = gateway.close()
    await settled()
    await disk.release()
    await closing
    expect(await client.closed).toEqual({ code: 1012, reason: 'service restart' })
    expect(await asked).toMatchObject({ ok: true })
    expect(client.events('shutdown')).toEqual([{ reason: 'service restart' }])
    expect(platform.sql.all("SELECT label FROM sessions WHERE label = 'kept'")).toHaveLength(1)
  })

  it('answers first who waits for a run that ends with it', async () => {
    const { gateway } = await startGateway()
    const { client } = await join(gateway)
    await client.call('chat.send', { sessionKey: 'main', message: 'script:[{"text":"half"},{"hang":true}]', idempotencyKey: 'one' })
    await client.event('chat', (payload) => payload.state === 'delta')
    const waiting = client.call('agent.wait', { runId: 'one', timeoutMs: 10_000 })
    await settled()
    await gateway.close()
    expect(await waiting).toMatchObject({ stopReason: 'shutdown' })
  })

  it('twice is as good as once', async () => {
    const { gateway } = await startGateway()
    const { client } = await join(gateway)
    await Promise.all([gateway.close('first'), gateway.close('second')])
    await gateway.close('third')
    expect(await client.closed).toEqual({ code: 1012, reason: 'first' })
    expect(client.events('shutdown')).toEqual([{ reason: 'first' }])
  })

  it('ends runs of which something was seen, and says so before the end', async () => {
    const { gateway, clock } = await startGateway()
    const { client } = await join(gateway)
    await client.call('chat.send', { sessionKey: 'main', message: 'script:[{"text":"half"},{"hang":true}]', idempotencyKey: 'one' })
    await client.event('chat', (payload) => payload.state === 'delta')
    await gateway.close()
    const names = client.frames.map((frame) => (frame.event === 'chat' ? `chat ${frame.payload.state}` : frame.event))
    expect(names.indexOf('chat aborted')).toBeGreaterThan(-1)
    expect(names.indexOf('shutdown')).toBeGreaterThan(names.indexOf('chat aborted'))
    expect(clock.pending).toBe(0)
  })

  it('before the start is the end: nothing is opened afterwards', async () => {
    let opened = 0
    const { gateway, clock } = make({ listen: async () => void opened++ })
    await gateway.close()
    await gateway.start().catch(() => {})
    expect(await gateway.ready()).toBe(false)
    expect(opened).toBe(0)
    expect(await statusOf(gateway, '/v1/models')).toBe(503)
    const { client } = await dial(gateway)
    await settled()
    expect(client.isOpen).toBe(false)
    expect(clock.pending).toBe(0)
  })

  it('during the start is the end of the start', async () => {
    let opened = 0
    const config = Promise.withResolvers<string | null>()
    const platform = testPlatform({ config: { path: 'x', read: () => config.promise } })
    const gateway = createGateway(platform, { listen: async () => void opened++ })
    const starting = gateway.start().catch(() => {})
    const closing = gateway.close()
    config.resolve(null)
    await Promise.all([starting, closing])
    expect(await gateway.ready()).toBe(false)
    expect(opened).toBe(0)
    expect(platform.clock.pending).toBe(0)
    expect(platform.logged.map(({ message }) => message)).toContain('the start was given up before the phase "core"')
  })

  it('while the port is opened waits for that, so that it can be closed again', async () => {
    const { listen, reached, port } = heldPort()
    const { gateway, platform } = make({ listen })
    const starting = gateway.start()
    await reached
    let isOver = false
    const closing = gateway.close().then(() => (isOver = true))
    await settled()
    expect(isOver).toBe(false)
    port.resolve()
    await Promise.all([starting, closing])
    expect(platform.logged.map(({ message }) => message)).not.toContain(`edgeclaw ${VERSION} is ready on test, auth token`)
    expect(await gateway.ready()).toBe(false)
  })

  it('goes on answering on the connections that there are, until it closes them', async () => {
    const { gateway, platform } = await startGateway()
    const { client } = await join(gateway)
    await settled() // what the start wrote is on disk
    const disk = holdDisk(platform.sql)
    const written = client.request('sessions.create', {})
    await disk.reached
    const closing = gateway.close()
    const late = client.request('health')
    await settled()
    await disk.release()
    expect((await Promise.all([written, late])).map(({ ok }) => ok)).toEqual([true, true])
    await closing
    expect((await client.closed).code).toBe(1012)
  })
})
