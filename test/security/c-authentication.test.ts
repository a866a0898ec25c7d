// Who gets in, as what, and what a secret is worth. S19 waits for the limiter of failed attempts.

import { spawn } from 'node:child_process'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { globSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import fc from 'fast-check'
import { createFetch } from '../../runtimes/node/fetch.ts'
import { createGateway } from '../../src/index.ts'
import { secretsEqual } from '../../src/kit/bytes.ts'
import { METHODS } from '../../src/methods/all.gen.ts'
import { expandScopes, isScope, ROLES, SCOPES, type Principal, type Scope } from '../../src/protocol/scopes.ts'
import type { Call } from '../../src/rpc/method.ts'
import { createRegistry } from '../../src/rpc/registry.ts'
import { createGuardedFetch } from '../../src/services/network/guarded-fetch.ts'
import type { Services } from '../../src/services/services.ts'
import { BACKEND, CLI, connectParams, type Client, type Data } from '../harness/client.ts'
import { fakeClock, settled } from '../harness/clock.ts'
import { connectDevice, createDevice, deviceParams, type Device } from '../harness/device.ts'
import { dial, join } from '../harness/peer.ts'
import { startGateway, testPlatform, TOKEN } from '../harness/platform.ts'
import { makeStateDir } from '../harness/processes.ts'
import { openDoor } from '../http/door.ts'

const AWAY = { headers: { host: 'gateway.lan:18789' }, address: '192.168.1.9' }
const HOST = { host: '127.0.0.1:18789' }

/** A device that was approved for these scopes, and its token. */
async function pairedDevice(gateway: Parameters<typeof dial>[0], scopes: readonly string[]): Promise<{ device: Device; deviceToken: string }> {
  const device = await createDevice()
  const { client } = await dial(gateway)
  const { payload } = await connectDevice(client, device, { scopes, auth: { token: TOKEN } })
  client.close()
  return { device, deviceToken: payload.auth.deviceToken }
}

describe('S13', () => {
  const wrong = fc.oneof(
    fc.constantFrom('', ' ', 'x', TOKEN.slice(0, -1), `${TOKEN} `, ` ${TOKEN}`, TOKEN.toUpperCase(), `${TOKEN}\0`, 'null', 'undefined', 'true', '*'),
    fc.string({ maxLength: 30 }),
  )
  const odd = fc.constantFrom<unknown>(null, true, 0, [], {}, [TOKEN], { token: TOKEN })
  /** `known`: the token of the device that is paired. */
  const offered = (known: string) => fc.oneof({ weight: 18, arbitrary: wrong }, { weight: 12, arbitrary: fc.constant(TOKEN) }, { weight: 9, arbitrary: fc.constant(known) }, { weight: 1, arbitrary: odd })
  const TAMPERINGS: Readonly<Record<string, (proof: Data) => Data>> = {
    nothing: (proof) => proof,
    'the nonce': (proof) => ({ ...proof, nonce: crypto.randomUUID() }),
    'the time': (proof) => ({ ...proof, signedAt: proof.signedAt + 1 }),
    'the signature': (proof) => ({ ...proof, signature: 'A'.repeat(86) }),
    'the id': (proof) => ({ ...proof, id: '0'.repeat(64) }),
    'all of it': () => ({ id: 'x', publicKey: 'x', signature: 'x', signedAt: 0, nonce: 'x' }),
    'its shape': () => 'a device',
  }

  it('S13 accepts only what verifies, whatever else is in a connect', async () => {
    const { gateway } = await startGateway()
    const { device: known, deviceToken } = await pairedDevice(gateway, ['operator.read'])
    const stranger = await createDevice()
    const field = offered(deviceToken)
    const bodies = fc.record({
      auth: fc.oneof({ weight: 9, arbitrary: fc.record({ token: field, password: field, deviceToken: field, bootstrapToken: field, approvalRuntimeToken: field }, { requiredKeys: [] }) }, { weight: 1, arbitrary: odd }),
      who: fc.constantFrom<'nobody' | 'known' | 'stranger'>('nobody', 'known', 'stranger'),
      tampering: fc.oneof({ weight: 2, arbitrary: fc.constant('nothing') }, { weight: 1, arbitrary: fc.constantFrom(...Object.keys(TAMPERINGS)) }),
      role: fc.oneof({ weight: 4, arbitrary: fc.constantFrom('operator', 'node') }, { weight: 1, arbitrary: fc.constantFrom('admin', 'Operator', '__proto__', '') }),
      scopes: fc.subarray([...SCOPES, 'operator.invented']),
      client: fc.constantFrom(CLI, BACKEND, { ...BACKEND, id: 'openclaw-macos', mode: 'ui' }, { ...BACKEND, id: 'node-host', mode: 'node' }, { ...BACKEND, mode: 'probe' }, { ...BACKEND, id: 'root' }),
      more: fc.constantFrom<Data>({}, { authenticated: true }, { principal: 'operator' }, { permissions: { admin: true } }, { caps: ['admin'] }, { userAgent: 'operator' }, { locale: 'operator.admin' }),
    })
    const count = { accepted: 0, refused: 0 }
    await fc.assert(
      fc.asyncProperty(bodies, async ({ auth, who, tampering, role, scopes, client: said, more }) => {
        const { client } = await dial(gateway, AWAY)
        const challenge = await client.event('connect.challenge')
        const params: Data = { ...connectParams({ scopes, client: said, more: { role, auth, ...more } }) }
        if (who !== 'nobody') {
          const signed = await deviceParams(who === 'known' ? known : stranger, challenge, { auth: auth as Data ?? {}, role: role as 'node', scopes, client: { deviceFamily: '', ...said }, tamper: TAMPERINGS[tampering]! })
          Object.assign(params, { device: signed.device, client: signed.client })
        }
        if (params.client.deviceFamily === '') delete params.client.deviceFamily
        const { ok, payload, error } = await client.request('connect', params)
        const { token, password, deviceToken: own } = (auth ?? {}) as Data
        const hasSecret = [token, password].includes(TOKEN)
        const isProven = who === 'known' && tampering === 'nothing'
        const hasOwn = isProven && [own, token].includes(deviceToken)
        const isAlone = isProven && !own && !token
        if (ok) expect([hasSecret, hasOwn, isAlone], JSON.stringify(params)).toContain(true)
        else expect([error!.code.length > 0, payload, client.frames.length]).toEqual([true, undefined, 2])
        if (ok && who !== 'nobody') expect([payload.auth.scopes, isProven]).toEqual([scopes.filter((scope) => scope === 'operator.read' && said.mode !== 'probe'), true])
        count[ok ? 'accepted' : 'refused']++
        client.close()
      }),
      { numRuns: 800, examples: [[{ auth: { token: 'wrong', deviceToken: '' }, who: 'known', tampering: 'nothing', role: 'operator', scopes: [], client: CLI, more: {} }]] },
    )
    expect(count.accepted).toBeGreaterThan(8)
    expect(count.refused).toBeGreaterThan(300)
  })

  it('S13 takes no authorization over HTTP but the secret itself', async () => {
    const { ask } = await openDoor()
    await fc.assert(
      fc.asyncProperty(fc.constantFrom('Bearer ', 'bearer ', 'Basic ', 'Token ', '', 'Bearer Bearer '), wrong, fc.constantFrom('authorization', 'x-api-key', 'api-key', 'x-openclaw-token', 'proxy-authorization', 'cookie'), async (scheme, secret, name) => {
        const value = `${scheme}${name === 'authorization' ? secret : TOKEN}`.replace(/[^\x20-\x7e]/g, '')
        fc.pre(!/^bearer +/i.test(value) || value.replace(/^bearer +/i, '').trimEnd() !== TOKEN || name !== 'authorization')
        expect((await ask('/v1/models', { headers: { authorization: null, [name]: value } })).status).toBe(401)
      }),
      { numRuns: 300 },
    )
    expect((await ask('/v1/models')).status).toBe(200)
  })
})

describe('S14', () => {
  const WISHES = [...SCOPES, 'operator.invented', 'admin', '*', 'operator.*', 'node.invoke', 'OPERATOR.ADMIN']
  const wishes = fc.array(fc.constantFrom(...WISHES), { maxLength: 10 })
  /** Says that it holds more: nobody looks at that. */
  const boasting = { ...HOST, 'x-openclaw-scopes': 'operator.admin', 'x-openclaw-role': 'operator' }
  const meet = (wanted: readonly string[], allowed: readonly Scope[]) => [...new Set(wanted)].filter((scope) => isScope(scope) && expandScopes(allowed).has(scope))

  interface Entry {
    readonly what: string
    readonly allowed: readonly Scope[]
    connect(client: Client, scopes: readonly string[]): Promise<Data>
  }

  async function entries(mode: 'token' | 'password' | 'none'): Promise<{ gateway: Parameters<typeof dial>[0]; all: Entry[] }> {
    const auth = mode === 'password' ? { mode, password: TOKEN } : { mode }
    const { gateway } = await startGateway({ config: { gateway: { auth } } })
    const credential = mode === 'none' ? {} : { [mode]: TOKEN }
    const plain = (client: object): Entry['connect'] => (peer, scopes) => peer.request('connect', connectParams({ scopes, client: client as Data, more: { auth: credential } }))
    const { client: admin } = await dial(gateway)
    await admin.request('connect', connectParams({ scopes: SCOPES, more: { auth: credential } }))
    const device = await createDevice()
    const scopes: readonly Scope[] = ['operator.pairing', 'operator.read']
    const { client: first } = await dial(gateway)
    const { payload } = await connectDevice(first, device, { scopes, auth: credential })
    const { deviceToken } = payload.auth
    const keyOf = async (kind: string) => (await admin.call('keys.create', { name: kind, kind, scopes: ['operator.write'], expiresAtMs: Date.UTC(2026, 3, 1) })).key
    const [opaque, signed] = [await keyOf('opaque'), await keyOf('signed')]
    const node = await createDevice()
    return {
      gateway,
      all: [
        { what: 'a program with the secret', allowed: SCOPES, connect: plain(CLI) },
        { what: 'a backend with the secret', allowed: SCOPES, connect: plain(BACKEND) },
        { what: 'an app with the secret and no device', allowed: [], connect: plain({ id: 'openclaw-macos', mode: 'ui' }) },
        { what: 'a program in the mode of another', allowed: [], connect: plain({ ...CLI, mode: 'ui' }) },
        { what: 'a probe', allowed: [], connect: plain({ ...BACKEND, mode: 'probe' }) },
        { what: 'a key', allowed: ['operator.write'], connect: (peer, wanted) => peer.request('connect', connectParams({ token: opaque, scopes: wanted })) },
        { what: 'a signed key', allowed: ['operator.write'], connect: (peer, wanted) => peer.request('connect', connectParams({ token: signed, scopes: wanted, client: { id: 'openclaw-macos', mode: 'ui' } })) },
        ...(mode === 'none' ? [] : [{ what: 'a device with its token', allowed: scopes, connect: (peer: Client, wanted: readonly string[]) => connectDevice(peer, device, { scopes: wanted, auth: { deviceToken } }) }]),
        { what: 'a node', allowed: [], connect: (peer, wanted) => connectDevice(peer, node, { role: 'node', scopes: wanted, auth: credential, client: { id: 'node-host', mode: 'node' } }) },
      ],
    }
  }

  it.each(['token', 'password', 'none'] as const)('S14 grants what is asked for as far as it is held, in the mode %s, on each connection anew', async (mode) => {
    const { gateway, all } = await entries(mode)
    const granted = new Map<string, number>()
    const attempt = ({ what, allowed, connect }: Entry) =>
      fc.asyncProperty(wishes, async (wanted) => {
        const { client } = await dial(gateway, { headers: boasting, address: '127.0.0.1' })
        const { ok, payload, error } = await connect(client, wanted)
        const expected = meet(wanted, allowed)
        if (what === 'a device with its token' && wanted.some((scope) => isScope(scope) && !expected.includes(scope))) {
          expect(error?.details).toEqual({ code: 'AUTH_SCOPE_MISMATCH', approvedScopes: allowed })
          return
        }
        expect([ok, payload?.auth.scopes], what).toEqual([true, expected])
        granted.set(what, (granted.get(what) ?? 0) + 1)
        const again = await client.request('connect', connectParams({ token: TOKEN, scopes: SCOPES }))
        expect(again.error!.message).toBe('connect is only valid as the first request')
        const { error: denied } = await client.request('keys.list', {})
        const isNode = what === 'a node'
        expect(denied?.details?.code ?? denied?.message ?? 'allowed', what).toBe(isNode ? 'unauthorized role: node' : expected.includes('operator.admin') ? 'allowed' : 'MISSING_SCOPE')
        client.close()
      })
    for (const entry of all) await fc.assert(attempt(entry), { numRuns: 14, examples: [[[]]] })
    expect([...granted.keys()].toSorted()).toEqual(all.map(({ what }) => what).toSorted())
  })

  it('S14 grants over HTTP what a key holds, whatever headers say', async () => {
    const { ask, gateway } = await openDoor()
    const { client } = await join(gateway)
    const { key } = await client.call('keys.create', { name: 'reader', scopes: ['operator.read'] })
    const headers = { authorization: `Bearer ${key}`, 'x-openclaw-scopes': 'operator.admin,operator.write', 'x-forwarded-scopes': 'operator.admin' }
    expect((await ask('/v1/models', { headers })).status).toBe(200)
    for (const path of ['/v1/chat/completions', '/v1/responses', '/tools/invoke', '/mcp']) expect((await ask(path, { headers, body: {} })).status, path).toBe(403)
  })
})

describe('S15', () => {
  it('S15 enters no handler without what its method needs: all methods, all sets of scopes, both roles', async () => {
    const entered: string[] = []
    const counted = METHODS.map((listed) => ({
      ...listed,
      load: async () => {
        const method = await listed.load()
        return { ...method, handler: () => void entered.push(method.name) as never }
      },
    }))
    const host = new Proxy({}, { get: () => () => {} })
    const registry = createRegistry(counted, {} as Services, host as never)
    const call = (caller: Principal): Call => ({ caller, connection: null, signal: new AbortController().signal, log: {} as Call['log'], interim: () => {} })
    let denied = 0
    const sets = Array.from({ length: 2 ** SCOPES.length }, (_, bits) => expandScopes(SCOPES.filter((_, at) => bits & (2 ** at))))
    for (const scopes of new Map(sets.map((set) => [[...set].toSorted().join(), set])).values()) {
      for (const role of ROLES) {
        const caller: Principal = { id: 'x', role, scopes }
        for (const { name, role: needed, scope } of METHODS) {
          const isAllowed = (needed === 'any' || needed === role) && (role === 'node' || scope === null || scopes.has(scope))
          if (isAllowed) continue
          const said = await registry.dispatch(name, {}, call(caller)).catch((error: Error) => error.message)
          if (!/^unauthorized role: |^missing scope: /.test(said)) expect.fail(`${name} by ${role} with ${[...scopes].join()}: ${said}`)
          denied++
        }
      }
    }
    expect(entered).toEqual([])
    expect(denied).toBeGreaterThan(20_000)
    const all: Principal = { id: 'x', role: 'operator', scopes: new Set(SCOPES) }
    await Promise.allSettled(METHODS.map(({ name }) => registry.dispatch(name, {}, call(all))))
    expect(entered.length, 'handlers are entered where they may be').toBeGreaterThan(40)
  })

  it('S15 answers no method before connect, and none of a connection that was refused', async () => {
    const { gateway, platform } = await startGateway()
    for (const { name } of METHODS) {
      const { client } = await dial(gateway)
      client.send({ type: 'req', id: 'r0', method: name, params: {} })
      client.send({ type: 'req', id: 'r00', method: name, params: {} })
      expect(await client.closed, name).toEqual({ code: 1008, reason: 'invalid handshake: first request must be connect' })
      expect(client.frames.map(({ event, ok }) => event ?? ok), name).toEqual(['connect.challenge', false])
    }
    const { client } = await dial(gateway)
    client.send({ type: 'req', id: 'r0', method: 'connect', params: connectParams({ token: 'wrong' }) })
    client.send({ type: 'req', id: 'r1', method: 'config.apply', params: { raw: '{ gateway: { auth: { mode: "none" } } }' } })
    expect((await client.closed).code).toBe(1008)
    await settled()
    expect(client.frames).toHaveLength(2)
    expect(platform.sql.all("SELECT * FROM collections WHERE name LIKE 'config%'")).toEqual([])
  })
})

describe('S16', () => {
  const WEAK = ['   ', 'x', 'token', 'my-token', 'changeme', 'change-me-please', 'your-gateway-token-here', 'password', 'super-secret-token', 'a-token-of-your-own', '<token>', '${OPENCLAW_GATEWAY_TOKEN}', '$OPENCLAW_TOKEN', 'aaaaaaaaaaaaaaaa', 'elevenchars']
  const OPEN = [{ bind: 'lan' }, { bind: 'custom', customBindHost: '10.0.0.5' }, { bind: 'custom', customBindHost: '::' }, { bind: 'custom', customBindHost: '127.0.0.1.evil.example' }]
  const start = (gateway: object, env: Record<string, string> = { OPENCLAW_GATEWAY_TOKEN: '' }, changes: object = {}) => {
    const listened: unknown[] = []
    const made = createGateway(testPlatform({ env, ...changes }), { config: { gateway }, listen: async (at) => void listened.push(at) })
    return { gateway: made, listened, started: made.start() }
  }

  it('S16 listens beyond this machine with no secret that is empty, short or an example', async () => {
    for (const at of OPEN) {
      for (const secret of WEAK) {
        for (const [auth, env] of [[{ token: secret }, {}], [{ mode: 'password', password: secret }, {}], [{}, { OPENCLAW_GATEWAY_TOKEN: secret }], [{}, { OPENCLAW_GATEWAY_PASSWORD: secret }]] as const) {
          const { listened, started } = start({ ...at, auth }, { OPENCLAW_GATEWAY_TOKEN: '', ...env })
          await expect(started, `${JSON.stringify(at)} with "${secret}"`).rejects.toThrow(/the gateway (?:token|password) is (?:empty|a placeholder|too short)|"custom"|is not known|needs the environment variable/)
          expect(listened).toEqual([])
        }
      }
      await expect(start({ ...at, auth: { mode: 'none' } }).started).rejects.toThrow('accepted on loopback only')
      await expect(start({ ...at, auth: { mode: 'password' } }).started).rejects.toThrow('set OPENCLAW_GATEWAY_PASSWORD')
    }
    await expect(start({}, { OPENCLAW_GATEWAY_TOKEN: 'x', OPENCLAW_GATEWAY_BIND: '0.0.0.0' }).started).rejects.toThrow('too short')
    const { listened, started } = start({ bind: 'lan', auth: { token: 'of-these-tests-alone' } })
    await started
    expect(listened).toHaveLength(1)
  })

  it('S16 lets nobody in when the configuration could not be read, nor before it was', async () => {
    const broken = ['{', '{ gateway: { auth: { mode: "nobody" } } }', '{ gateway: { auth: { mode: "none" }, port: "x" } }', '[]', 'null', '\0']
    for (const text of broken) {
      const { gateway, listened, started } = (() => {
        const listened: unknown[] = []
        const platform = testPlatform({ config: { path: '/test/openclaw.json', read: async () => text } })
        const made = createGateway(platform, { listen: async (at) => void listened.push(at) })
        return { gateway: made, listened, started: made.start().then(() => 'started', () => 'failed') }
      })()
      const { client } = await dial(gateway)
      client.send({ type: 'req', id: 'r1', method: 'connect', params: connectParams({}) })
      expect(await started, text).toBe('failed')
      await client.closed
      expect(client.frames, text).toEqual([])
      const response = await gateway.fetch(new Request('http://127.0.0.1:18789/v1/models', { headers: HOST }), { remoteAddress: '127.0.0.1' })
      expect([response.status, listened], text).toEqual([503, []])
    }
  })

  it('S16 ends the process with 1, says why, and has opened no port', async () => {
    const state = makeStateDir({ gateway: { bind: 'lan' } })
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('OPENCLAW_')))
    const child = spawn(process.execPath, ['runtimes/node/index.ts'], { cwd: new URL('../..', import.meta.url).pathname, env: { ...env, OPENCLAW_STATE_DIR: state.path, OPENCLAW_GATEWAY_PORT: '0', OPENCLAW_GATEWAY_TOKEN: 'changeme' }, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece: Buffer) => (output += piece.toString()))
    const code = await new Promise((resolve) => {
      child.once('close', resolve)
      child.stderr.on('data', (piece: Buffer) => piece.includes('listens on') && child.kill())
    })
    state.remove()
    expect([code, output]).toEqual([1, expect.stringContaining('the gateway token is a placeholder — beyond loopback set another one')])
    expect(output).not.toContain('listens on')
  })
})

describe('S17', () => {
  it('S17 takes no old secret after it was changed: not over HTTP, not by a socket for longer than a second, not for hooks', async () => {
    let text = JSON.stringify({ gateway: { auth: { token: 'secret number 0' } }, hooks: { enabled: true, token: 'hooks number 0' } })
    const platform = testPlatform({ env: { OPENCLAW_GATEWAY_TOKEN: '' }, config: { path: '/test/openclaw.json', read: async () => text, write: async (next) => void (text = next) } })
    const { gateway, clock } = await startGateway({ platform })
    const local = { remoteAddress: '127.0.0.1' }
    const bearer = (token: string) => gateway.fetch(new Request('http://127.0.0.1:18789/v1/models', { headers: { ...HOST, authorization: `Bearer ${token}` } }), local)
    const hook = (token: string) => gateway.fetch(new Request('http://127.0.0.1:18789/hooks/wake', { method: 'POST', body: '{"text":"x","mode":"next-heartbeat"}', headers: { ...HOST, authorization: `Bearer ${token}` } }), local)
    const { client: admin } = await dial(gateway)
    expect((await connectDevice(admin, await createDevice(), { scopes: SCOPES, auth: { token: 'secret number 0' } })).ok).toBe(true)
    const page = await createDevice()

    /** Those who are about to come in with this secret: programs, and pages whose proof takes a while to check. */
    async function crowd(token: string) {
      const waiting: { client: Client; enter: () => void }[] = []
      for (let n = 0; n < 12; n++) {
        const isPage = n % 3 > 0
        const { client } = await dial(gateway, { headers: { ...HOST, ...(isPage && { origin: 'http://localhost:18789' }) } })
        const params = isPage ? await deviceParams(page, await client.event('connect.challenge'), { scopes: ['operator.admin'], auth: { token } }) : connectParams({ token })
        waiting.push({ client, enter: () => client.send({ type: 'req', id: 'c', method: 'connect', params }) })
      }
      return waiting
    }
    /** One in each turn of the event loop, so that some are being checked whenever something happens. */
    async function enter(waiting: Awaited<ReturnType<typeof crowd>>) {
      for (const each of waiting) {
        each.enter()
        await new Promise((resolve) => setImmediate(resolve))
      }
    }

    const ROTATIONS = 30
    let letIn = 0
    for (let n = 0; n < ROTATIONS; n++) {
      const old = `secret number ${n}`
      const before = await join(gateway, { token: old })
      const [rushing, late] = [await crowd(old), await crowd(old)]
      const raw = JSON.stringify({ gateway: { auth: { token: `secret number ${n + 1}` } }, hooks: { token: `hooks number ${n + 1}` } })
      const { hash: baseHash } = await admin.call('config.get')
      const entered = enter(rushing)
      await admin.call('config.patch', { raw, baseHash })
      expect([(await bearer(old)).status, (await bearer(`secret number ${n + 1}`)).status]).toEqual([401, 200])
      expect([(await hook(`hooks number ${n}`)).status, (await hook(`hooks number ${n + 1}`)).status]).toEqual([401, 200])
      await expect(join(gateway, { token: old })).rejects.toThrow('unauthorized')
      await Promise.all([entered, enter(late)])
      const clients = [before, ...rushing, ...late].map(({ client }) => client)
      await Promise.all(clients.map((client) => client.next(({ ok }) => ok !== undefined)))
      await clock.advance(1000)
      letIn += clients.filter(({ frames }) => frames.some(({ ok }) => ok)).length
      expect(clients.map(({ isOpen }) => isOpen), `rotation ${n}`).toEqual(clients.map(() => false))
    }
    expect(letIn).toBeGreaterThanOrEqual(ROTATIONS)
    expect(admin.isOpen, 'a device has a token of its own').toBe(true)
    await gateway.close()
  })
})

describe('S18', () => {
  /** A text that notes where it is looked at. */
  function watched(text: string) {
    const looks: number[] = []
    const fake = { length: text.length, charCodeAt: (at: number) => (looks.push(at), text.charCodeAt(at)) }
    return { looks, text: fake as unknown as string }
  }

  it('S18 compares a guess to its end wherever it goes wrong: the same work for each guess of a length', () => {
    const letter = fc.constantFrom(...'ab0_é')
    fc.assert(
      fc.property(fc.array(letter, { minLength: 1, maxLength: 60 }).map((each) => each.join('')), fc.array(letter, { maxLength: 60 }).map((each) => each.join('')), fc.nat(), (secret, other, at) => {
        const position = at % secret.length
        for (const guess of [secret, other, secret.slice(0, position), `${secret.slice(0, position)}#${secret.slice(position + 1)}`]) {
          const [given, kept] = [watched(guess), watched(secret)]
          expect(secretsEqual(given.text, kept.text)).toBe(guess === secret)
          expect(given.looks).toEqual(Array.from(guess, (_, index) => index))
          expect(kept.looks).toEqual(Array.from(guess, (_, index) => index % secret.length))
        }
      }),
      { numRuns: 2000 },
    )
  })

  const SECRET = '(?:\\w*(?:[sS]ecret|[tT]oken|[pP]assword|[hH]ash|[sS]ignature|[cC]apability|[mM]ac))'
  const compared = new RegExp(`\\b${SECRET}\\b\\)?!?\\s*[!=]==?(?!=)\\s*(?!\\s|undefined|null|''|""|typeof)|[!=]==?\\s*(?:[\\w.?!]+\\.)?${SECRET}\\b(?!\\.length)`)
  /** Where credentials are checked. */
  const CHECKED = 'src/{services/identity,services/automation/hook-*,services/fleet/canvas*,services/operations/runtime-settings*,http/guard*,http/hooks*}{,/*.ts}'

  it('S18 compares no secret, and no digest of one, with ===', () => {
    const root = new URL('../..', import.meta.url).pathname
    const files = globSync(CHECKED, { cwd: root }).filter((path) => path.endsWith('.ts'))
    expect(files.length).toBeGreaterThan(30)
    const found = files.flatMap((path) => readFileSync(root + path, 'utf8').split('\n').filter((line) => compared.test(line) && !line.trim().startsWith('//')).map((line) => `${path}: ${line.trim()}`))
    expect(found).toEqual([])
    for (const planted of ['if (each.hash === hash) return', 'a.secret === b.secret', 'given !== settings.token', 'own == signature', 'return password! === x']) expect(compared.test(planted), planted).toBe(true)
  })
})

describe('S20', () => {
  const SAME = 'one secret for everything'
  const HOOKS: readonly (readonly [path: string, hooks: object])[] = [
    ['hooks.token', { token: SAME }],
    ['hooks.token', { token: ` ${SAME}\n` }],
    ['hooks.github.secret', { token: 'of the hooks', presets: ['github'], github: { secret: SAME } }],
    ['hooks.mappings[1].verify.secret', { token: 'of the hooks', mappings: [{ id: 'a', messageTemplate: 'x' }, { id: 'b', messageTemplate: 'x', verify: { header: 'x-signature', secret: SAME } }] }],
  ]
  const GATEWAYS: readonly (readonly [auth: object, env: Record<string, string>])[] = [
    [{ token: SAME }, { OPENCLAW_GATEWAY_TOKEN: '' }],
    [{ mode: 'password', password: SAME }, {}],
    [{ mode: 'none', token: SAME }, {}],
    [{}, { OPENCLAW_GATEWAY_TOKEN: SAME }],
    [{}, { OPENCLAW_GATEWAY_TOKEN: '', OPENCLAW_GATEWAY_PASSWORD: SAME }],
  ]

  it('S20 has no secret of a hook that is one of the gateway: not at the start, and not by a change', async () => {
    for (const [auth, env] of GATEWAYS) {
      for (const [path, hooks] of HOOKS) {
        const wrong = { gateway: { auth }, hooks: { enabled: true, ...hooks } }
        await expect(startGateway({ platform: testPlatform({ env }), config: wrong }), JSON.stringify(wrong)).rejects.toThrow(`${path} is the secret of the gateway`)
      }
    }
    let text = '{}'
    const platform = testPlatform({ env: { OPENCLAW_GATEWAY_TOKEN: SAME }, config: { path: '/test/openclaw.json', read: async () => text, write: async (next) => void (text = next) } })
    const { gateway } = await startGateway({ platform })
    const { client } = await join(gateway, { token: SAME })
    for (const [path, hooks] of HOOKS) {
      const { error } = await client.request('config.patch', { raw: JSON.stringify({ hooks: { enabled: true, ...hooks } }), baseHash: (await client.call('config.get')).hash })
      expect(error?.message, path).toContain(`${path} is the secret of the gateway`)
      expect(text).toBe('{}')
    }
    const { ok } = await client.request('config.patch', { raw: '{ hooks: { enabled: true, token: "another secret" } }', baseHash: (await client.call('config.get')).hash })
    expect(ok).toBe(true)
  })
})

describe('S21', () => {
  interface Heard {
    readonly host: string
    readonly headers: IncomingHttpHeaders
  }
  /** Two servers: the first leads to the second. */
  async function servers() {
    const heard: Heard[] = []
    const listen = async (name: string, location?: () => string) => {
      const server = createServer((request, response) => {
        heard.push({ host: name, headers: request.headers })
        request.resume()
        const status = Number(/\d{3}/.exec(request.url ?? '')?.[0] ?? 302)
        if (location) response.writeHead(status, { location: location() }).end()
        else response.writeHead(200, { 'content-type': 'text/plain' }).end('arrived')
      })
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      return { url: (host: string) => `http://${host}:${(server.address() as AddressInfo).port}`, close: () => server.close() }
    }
    const second = await listen('second')
    const first = await listen('first', () => `${second.url('localhost')}/there`)
    return { heard, first, close: () => (first.close(), second.close()) }
  }

  it('S21 gives no credential of the gateway to an address that a tool, a model or a caller names, nor to where that leads', async () => {
    const { heard, first, close } = await servers()
    const provider = { api: 'openai-completions', baseUrl: `${first.url('127.0.0.1')}/v1`, apiKey: 'the key of the vendor', models: [{ id: 'far' }] }
    const config = {
      agents: { defaults: { model: 'vendor/far' } },
      models: { providers: { vendor: provider } },
      gateway: { http: { allowPrivateHosts: ['127.0.0.1', 'localhost'] }, tools: { allow: ['web_fetch'] } },
    }
    const { ask } = await openDoor({ platform: testPlatform({ fetch: createFetch() }), config })
    const secrets = { cookie: `session=${TOKEN}`, 'x-api-key': TOKEN, 'x-openclaw-token': TOKEN, 'proxy-authorization': `Bearer ${TOKEN}` }
    for (const status of [301, 302, 303, 307, 308]) {
      await ask('/tools/invoke', { body: { tool: 'web_fetch', args: { url: `${first.url('127.0.0.1')}/${status}` } }, headers: secrets })
    }
    const arrived = heard.filter(({ host }) => host === 'second').length
    expect(arrived, 'a tool follows').toBeGreaterThan(0)
    const chat = await ask('/v1/chat/completions', { body: { model: 'openclaw', messages: [{ role: 'user', content: 'hello' }] }, headers: secrets })
    expect(chat.ok).toBe(false)
    expect(heard.some(({ headers }) => headers.authorization === 'Bearer the key of the vendor'), 'a provider gets its own key').toBe(true)
    expect(heard.filter(({ host }) => host === 'second').length, 'no key is sent to where a provider leads').toBe(arrived)
    expect(JSON.stringify(heard)).not.toContain(TOKEN)
    for (const { host, headers } of heard) if (host === 'second') expect([headers.authorization, headers.cookie]).toEqual([undefined, undefined])
    close()
  })

  it('S21 drops what a caller sends along as soon as an address leads to another origin', async () => {
    const origins = fc.constantFrom('https://one.example', 'https://two.example', 'https://one.example:8443', 'https://a.one.example', 'https://one.example.evil.example')
    const secret = { authorization: 'Bearer s', cookie: 's', 'x-key': 's' }
    await fc.assert(
      fc.asyncProperty(fc.array(origins, { minLength: 1, maxLength: 3 }), fc.constantFrom(301, 302, 303, 307, 308), async (chain, status) => {
        const urls = chain.map((origin, at) => `${origin}/${at}`)
        const asked: { url: string; headers: Readonly<Record<string, string>> }[] = []
        const outside = createGuardedFetch({
          clock: fakeClock(),
          host: {},
          allowed: () => [],
          async fetch(url, { headers }) {
            asked.push({ url, headers })
            const location = urls[asked.length]
            return { status: location ? status : 200, headers: { get: (name: string) => (name === 'location' ? (location ?? null) : null) }, body: null, text: async () => '' }
          },
        })
        await outside.fetch(urls[0]!, { headers: secret, maxBytes: 10, signal: new AbortController().signal })
        expect(asked.map(({ url }) => url)).toEqual(urls)
        const left = chain.findIndex((origin) => origin !== chain[0])
        const withSecret = asked.map(({ headers }) => Object.keys(secret).some((name) => name in headers))
        expect(withSecret).toEqual(chain.map((_, at) => left === -1 || at < left))
      }),
      { numRuns: 200 },
    )
  })
})
