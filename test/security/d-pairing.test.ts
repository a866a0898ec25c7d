// Devices: who may let them in, what they come back with, and that nothing outlives what was taken back.

import { describe, expect, it } from 'vitest'
import fc from 'fast-check'
import { METHODS } from '../../src/methods/all.gen.ts'
import { signedPayloads } from '../../src/protocol/connect.ts'
import { covers, expandScopes, ROLES, SCOPES, type KeyLimits, type Principal, type Role, type Scope } from '../../src/protocol/scopes.ts'
import type { Call } from '../../src/rpc/method.ts'
import { createRegistry } from '../../src/rpc/registry.ts'
import type { Services } from '../../src/services/services.ts'
import type { Client, Data } from '../harness/client.ts'
import { settled } from '../harness/clock.ts'
import { connectDevice, createDevice, deviceParams, type Device, type DeviceChoice } from '../harness/device.ts'
import { dial, join } from '../harness/peer.ts'
import { startGateway, TOKEN } from '../harness/platform.ts'
import { createFleet, identity } from '../services/fleet/fleet.ts'

const AWAY = { headers: { host: 'gateway.lan:18789' }, address: '192.168.1.9' }
type Gateway = Parameters<typeof dial>[0]

async function attempt(gateway: Gateway, device: Device, choice: DeviceChoice, from = AWAY) {
  const { client, peer } = await dial(gateway, from)
  return { client, peer, answer: await connectDevice(client, device, choice) }
}

/** A device that was approved from elsewhere for this, with its token. */
async function approved(gateway: Gateway, scopes: readonly string[], role: Role = 'operator', more: Record<string, unknown> = {}) {
  const device = await createDevice()
  const choice: DeviceChoice = { role, scopes, auth: { token: TOKEN }, more, ...(role === 'node' && { client: { id: 'node-host', mode: 'node' } }) }
  const { answer } = await attempt(gateway, device, choice)
  const { client: admin } = await join(gateway)
  await admin.call('device.pair.approve', { requestId: answer.error!.details.requestId })
  const { client, answer: hello } = await attempt(gateway, device, choice)
  return { device, admin, client, deviceToken: hello.payload.auth.deviceToken as string }
}

describe('S22', () => {
  const KINDS = ['the secret', 'a key', 'the device itself', 'another device', 'a node'] as const
  /** What a caller may hold: nothing, one thing, one thing and pairing, and everything but admin. */
  const HOLDINGS: readonly (readonly Scope[])[] = [
    [],
    ...SCOPES.flatMap((scope): Scope[][] => (scope === 'operator.pairing' ? [[scope]] : [[scope], ['operator.pairing', scope]])),
    SCOPES.filter((scope) => scope !== 'operator.admin'),
  ]

  function callerOf(kind: (typeof KINDS)[number], scopes: readonly Scope[]): Principal {
    const own: Partial<Principal> = kind === 'a key' ? { key: { id: 'k' } as KeyLimits } : kind === 'the secret' ? {} : { deviceId: kind === 'another device' ? 'other' : 'target' }
    return { id: kind, role: kind === 'a node' ? 'node' : 'operator', scopes: expandScopes(scopes), ...own }
  }

  function createDoor() {
    const fleet = createFleet()
    const registry = createRegistry(METHODS, { ...fleet, keyLimiter: { assertLive: () => {} } } as unknown as Services, {})
    const dispatch = async (caller: Principal, method: string, params: unknown): Promise<Data> => {
      const call: Call = { caller, connection: null, signal: new AbortController().signal, log: fleet.log, interim: () => {} }
      return registry.dispatch(method, params, call).then((json) => JSON.parse(json) as Data, () => null)
    }
    return { ...fleet, dispatch }
  }

  it('S22 lets nobody approve, rotate, mint or widen what it does not hold: all callers, all pairs of scopes', async () => {
    const { devices, dispatch } = createDoor()
    const count = { allowed: 0, refused: 0 }
    for (const kind of KINDS) {
      for (const held of HOLDINGS) {
        const caller = callerOf(kind, held)
        const isAdmin = caller.scopes.has('operator.admin')
        const mayTouch = caller.role === 'operator' && caller.scopes.has('operator.pairing') && (isAdmin || kind === 'the secret' || kind === 'the device itself')
        for (const wanted of SCOPES) {
          const what = `${kind} with ${held.join()} for ${wanted}`
          const isHeld = covers(caller.scopes, [...expandScopes([wanted])])
          devices.grantAnew(identity('target'), { operator: ['operator.talk.secrets'] }, 'operator')
          const requestId = devices.request(identity('target'), 'operator', [wanted], null)
          const answer = await dispatch(caller, 'device.pair.approve', { requestId })
          expect([answer !== null, devices.grantOf('target', 'operator')!.includes(wanted) || wanted === 'operator.talk.secrets'], `approve: ${what}`).toEqual([mayTouch && isHeld, (mayTouch && isHeld) || wanted === 'operator.talk.secrets'])

          devices.grantAnew(identity('target'), { operator: ['operator.admin'] }, 'operator')
          await devices.issueToken('target', 'operator')
          const rotated = await dispatch(caller, 'device.token.rotate', { deviceId: 'target', role: 'operator', scopes: [wanted] })
          expect(rotated !== null, `rotate: ${what}`).toBe(mayTouch && isHeld)
          if (rotated) {
            expect(rotated.scopes).toEqual([wanted])
            expect([rotated.token !== undefined, rotated.tokenDelivery], what).toEqual(kind === 'the device itself' ? [true, 'in-band'] : [false, 'withheld-cross-device'])
          }
          count[rotated ? 'allowed' : 'refused']++
        }
        const params = { deviceId: 'target', role: 'operator' }
        devices.grantAnew(identity('target'), { operator: ['operator.admin'] }, 'operator')
        await devices.issueToken('target', 'operator')
        expect((await dispatch(caller, 'device.token.rotate', params)) !== null, `rotate all: ${kind} with ${held.join()}`).toBe(mayTouch && isAdmin)
        const pending = devices.request(identity('target'), 'operator', ['operator.admin'], null)
        for (const [method, given] of [
          ['device.pair.reject', { requestId: pending }],
          ['device.pair.rename', { deviceId: 'target', label: 'x' }],
          ['device.token.revoke', params],
          ['device.pair.remove', { deviceId: 'target' }],
        ] as const) {
          expect((await dispatch(caller, method, given)) !== null, `${method}: ${kind} with ${held.join()}`).toBe(mayTouch)
        }
        expect(devices.find('target') === null, 'removed').toBe(mayTouch)
      }
    }
    expect(count.allowed).toBeGreaterThan(40)
    expect(count.refused).toBeGreaterThan(400)
  })

  it('S22 makes no key and no setup code for those who are no admin, and no key wider than its maker', async () => {
    const { gateway } = await startGateway()
    for (const held of HOLDINGS) {
      const { client } = await join(gateway, { scopes: held })
      const isAdmin = held.includes('operator.admin')
      for (const [method, params] of [['keys.create', { name: 'x', scopes: ['operator.read'] }], ['device.pair.setupCode', { publicUrl: 'wss://g.example', includeQr: false }], ['device.pair.setupStatus', { setupId: 'x' }], ['keys.list', {}], ['keys.revoke', { id: 'x' }]] as const) {
        const { error } = await client.request(method, params)
        expect(error?.details?.code === 'MISSING_SCOPE', `${method} with ${held.join()}`).toBe(!isAdmin)
      }
      client.close()
    }
    const { client } = await join(gateway)
    const { key } = await client.call('keys.create', { name: 'admin of reading', scopes: ['operator.admin'], agents: undefined, expiresAtMs: Date.UTC(2026, 5, 1) })
    const { client: narrow } = await join(gateway, { token: key })
    expect((await narrow.request('keys.create', { name: 'longer', scopes: ['operator.read'] })).error!.code).toBe('FORBIDDEN')
    expect((await narrow.request('keys.create', { name: 'not longer', scopes: ['operator.read'], expiresAtMs: Date.UTC(2026, 4, 1) })).ok).toBe(true)
  })

  it('S22 widens no device over the wire: it comes back, of all roles and scopes, with what was approved', async () => {
    const { gateway } = await startGateway()
    const { device, deviceToken } = await approved(gateway, ['operator.pairing', 'operator.read'])
    for (const auth of [{ deviceToken }, { token: deviceToken }, {}, { token: TOKEN }]) {
      for (const role of ROLES) {
        for (const wanted of SCOPES) {
          const { answer, client } = await attempt(gateway, device, { role, scopes: [wanted], auth })
          const isOwn = role === 'operator' && ['operator.pairing', 'operator.read'].includes(wanted)
          expect([answer.ok, answer.payload?.auth.scopes], `${JSON.stringify(Object.keys(auth))} ${role} ${wanted}`).toEqual(isOwn ? [true, [wanted]] : [false, undefined])
          client.close()
        }
      }
    }
    const { client } = await attempt(gateway, device, { scopes: ['operator.pairing'], auth: { deviceToken } })
    const { pending } = await client.call('device.pair.list')
    expect(pending.length).toBeGreaterThan(0)
    for (const { requestId, role } of pending) if (role === 'operator') expect((await client.request('device.pair.approve', { requestId })).ok).toBe(false)
  })
})

describe('S23', () => {
  it('S23 uses a code up once, of a thousand that try at the same time, for the key that was first', async () => {
    const { setupCodes, devices } = createFleet()
    const { bootstrapToken } = await setupCodes.make('full')
    const tries = await Promise.all(Array.from({ length: 1000 }, (_, n) => setupCodes.redeem(bootstrapToken, identity(`d${n % 20}`), n % 2 === 0 ? 'node' : 'operator', (profile) => profile)))
    expect(tries.filter((each) => each !== null)).toHaveLength(1)
    const [first, ...further] = devices.list().paired.map(({ deviceId }) => deviceId)
    expect(further).toEqual([])
    const { token, others: more } = tries.find((each) => each !== null)!
    for (const each of [token, ...more.map((other) => other.token)]) {
      for (let n = 0; n < 20; n++) if (`d${n}` !== first) for (const role of ROLES) expect(await devices.tokenScopes(`d${n}`, role, each.deviceToken)).toBeNull()
    }
    for (let n = 0; n < 20; n++) expect(await setupCodes.redeem(bootstrapToken, identity(`d${n}`), 'node', () => [])).toBeNull()
  })

  it('S23 keeps nothing of what a device had when it pairs anew for less: no grant, no token, no connection', async () => {
    for (const wanted of [[], ['operator.read']] as const) {
      const { gateway, clock } = await startGateway()
      const { device, deviceToken, admin, client: before } = await approved(gateway, ['operator.admin', 'operator.pairing'])
      const { client: second } = await attempt(gateway, device, { scopes: ['operator.admin'], auth: { deviceToken } })
      const { token: own } = await second.call('device.token.rotate', { deviceId: device.id, role: 'operator', scopes: ['operator.admin'] })
      await second.closed
      const { client: third } = await attempt(gateway, device, { scopes: ['operator.admin'], auth: { deviceToken: own } })
      expect(third.frames.some(({ ok }) => ok)).toBe(true)
      const { setupCode } = await admin.call('device.pair.setupCode', { publicUrl: 'wss://gateway.example', includeQr: false, bootstrapProfile: 'limited' })
      const { bootstrapToken } = JSON.parse(Buffer.from(setupCode, 'base64url').toString()) as { bootstrapToken: string }
      const { answer, client: now } = await attempt(gateway, device, { scopes: wanted, auth: { bootstrapToken } })
      expect(answer.payload.auth.scopes).toEqual(wanted)
      await clock.advance(1000)
      expect([before.isOpen, third.isOpen, now.isOpen], 'connections with what it had').toEqual([false, false, true])
      for (const token of [deviceToken, own, answer.payload.auth.deviceToken]) {
        const { answer: again } = await attempt(gateway, device, { scopes: ['operator.admin'], auth: { deviceToken: token } })
        expect(again.ok, `${wanted.length} with ${[deviceToken, own].indexOf(token)}`).toBe(false)
      }
      const { paired } = await admin.call('device.pair.list')
      expect(paired.map(({ scopes }: Data) => scopes)).toEqual([wanted])
      await gateway.close()
    }
  })

  it('S23 gives by a code no more when it is tried again with more, under another role, or beside another credential', async () => {
    const { gateway } = await startGateway()
    const { client: admin } = await join(gateway)
    const device = await createDevice()
    const { setupCode } = await admin.call('device.pair.setupCode', { publicUrl: 'wss://gateway.example', includeQr: false, bootstrapProfile: 'limited' })
    const { bootstrapToken } = JSON.parse(Buffer.from(setupCode, 'base64url').toString()) as { bootstrapToken: string }
    const { answer } = await attempt(gateway, device, { scopes: ['operator.admin', 'operator.pairing', 'operator.read'], auth: { bootstrapToken } })
    expect(answer.payload.auth.scopes).toEqual(['operator.read'])
    for (const auth of [{ bootstrapToken }, { bootstrapToken, deviceToken: answer.payload.auth.deviceToken as string }, { bootstrapToken, token: 'wrong' }]) {
      for (const role of ROLES) {
        const { answer: again } = await attempt(gateway, device, { role, scopes: ['operator.write'], auth })
        expect([again.ok, again.error!.details.code], JSON.stringify([Object.keys(auth), role])).toEqual([false, expect.stringMatching(/^AUTH_/)])
      }
    }
  })
})

describe('S24', () => {
  const ENDINGS: Readonly<Record<string, (admin: Client, deviceId: string) => Promise<unknown>>> = {
    revoke: (admin, deviceId) => admin.request('device.token.revoke', { deviceId, role: 'operator' }),
    remove: (admin, deviceId) => admin.request('device.pair.remove', { deviceId }),
  }
  const pause = async (turns: number) => {
    for (let n = 0; n < turns; n++) await new Promise((resolve) => setImmediate(resolve))
  }

  it('S24 leaves no socket and no token of a device that comes back while its access ends, in whatever order', async () => {
    const { gateway, clock } = await startGateway()
    let [letIn, refused] = [0, 0]
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...Object.keys(ENDINGS)), fc.array(fc.nat({ max: 12 }), { minLength: 1, maxLength: 4 }), fc.nat({ max: 60 }), async (ending, delays, endAfter) => {
        const { device, deviceToken, admin, client: before } = await approved(gateway, ['operator.read'])
        const auths = [{ deviceToken }, { token: TOKEN }, {}]
        const back = delays.map(async (turns, at) => {
          const { client } = await dial(gateway, AWAY)
          const params = await deviceParams(device, await client.event('connect.challenge'), { scopes: ['operator.read'], auth: auths[at % 3]! })
          await pause(turns)
          client.send({ type: 'req', id: 'c', method: 'connect', params })
          const isIn = await client.next((frame) => frame.id === 'c').then(({ ok }) => ok, () => false) // the close may come before the answer
          if (isIn) letIn++
          else refused++
          return client
        })
        await pause(endAfter)
        await ENDINGS[ending]!(admin, device.id)
        const clients = await Promise.all(back)
        await clock.advance(1000)
        expect([before, ...clients].map(({ isOpen }) => isOpen)).toEqual([before, ...clients].map(() => false))
        for (const auth of auths) expect((await attempt(gateway, device, { scopes: ['operator.read'], auth })).answer.ok, JSON.stringify(Object.keys(auth))).toBe(false)
        admin.close()
      }),
      { numRuns: 100 },
    )
    expect(letIn).toBeGreaterThan(5)
    expect(refused).toBeGreaterThan(20)
  })

  it.each(['device.token.revoke', 'node.pair.remove', 'device.pair.remove'])('S24 cancels what a node was asked and drops what waits for it: %s', async (method) => {
    const { gateway, clock } = await startGateway()
    const { device, admin, client: node } = await approved(gateway, [], 'node', { caps: ['location'], commands: ['location.get'] })
    const { pending } = await admin.call('node.pair.list')
    await admin.call('node.pair.approve', { requestId: pending[0].requestId })
    await admin.call('node.pending.enqueue', { nodeId: device.id, type: 'location.request', priority: 'high' })
    const asked = admin.request('node.invoke', { nodeId: device.id, command: 'location.get', idempotencyKey: 'one' })
    await node.event('node.invoke.request')
    await admin.call(method, method.startsWith('node') ? { nodeId: device.id } : { deviceId: device.id, ...(method === 'device.token.revoke' && { role: 'node' }) })
    expect((await asked).ok).toBe(false)
    await clock.advance(1000)
    expect(node.isOpen).toBe(false)
    expect((await admin.request('node.invoke', { nodeId: device.id, command: 'location.get', idempotencyKey: 'two' })).ok).toBe(false)

    // It is let in again, with more than it had: what was asked before does not come back, and more has to be approved.
    const again: DeviceChoice = { role: 'node', scopes: [], auth: { token: TOKEN }, client: { id: 'node-host', mode: 'node' }, more: { caps: ['location', 'system'], commands: ['location.get', 'system.run'] } }
    const { answer } = await attempt(gateway, device, again)
    await admin.call('device.pair.approve', { requestId: answer.error!.details.requestId })
    const { client: back } = await attempt(gateway, device, again)
    const { pending: wishes } = await admin.call('node.pair.list')
    expect(wishes.map(({ commands }: Data) => commands)).toEqual([['location.get', 'system.run']])
    for (const command of ['system.run', 'location.get']) expect((await admin.request('node.invoke', { nodeId: device.id, command, params: { command: ['true'] }, idempotencyKey: command })).ok, command).toBe(false)
    await admin.call('node.pair.approve', { requestId: wishes[0].requestId })
    expect((await back.call('node.pending.drain', {})).items.map(({ type }: Data) => type)).not.toContain('location.request')
    await settled()
    expect(back.events('node.invoke.request')).toEqual([])
  })
})

describe('S25', () => {
  it('S25 takes a proof for its own connection, device, role, time and form alone, and says what is wrong by the documented codes', async () => {
    const { gateway, clock } = await startGateway()
    const { device, deviceToken } = await approved(gateway, ['operator.read'])
    const other = await createDevice()
    const now = clock.now()
    const oldChallenge = await (await dial(gateway, AWAY)).client.event('connect.challenge')
    const replayed = (await deviceParams(device, oldChallenge, { scopes: ['operator.read'], auth: { deviceToken } })).device
    const sign = async (challenge: Data, make: (facts: { v3: string; v2: string; nonce: string }) => string) => {
      const facts = { deviceId: device.id, client: { id: 'gateway-client', mode: 'backend', platform: 'linux', deviceFamily: 'Test' }, role: 'operator', scopes: ['operator.read'], signedAt: now, token: deviceToken, nonce: challenge.nonce as string }
      const [v3, v2] = signedPayloads(facts)
      return device.sign(make({ v3, v2, nonce: facts.nonce }))
    }
    type Forge = (proof: Data, challenge: Data) => Data | Promise<Data>
    const FORGERIES: readonly (readonly [what: string, code: string, reason: string, forge: Forge, choice?: DeviceChoice])[] = [
      ['a replay', 'NONCE_MISMATCH', 'device-nonce-mismatch', () => replayed],
      ['a replay under the new nonce', 'SIGNATURE_INVALID', 'device-signature', (_, { nonce }) => ({ ...replayed, nonce })],
      ['an empty nonce', '', '', (proof) => ({ ...proof, nonce: '' })],
      ['no nonce', '', '', (proof) => ({ ...proof, nonce: undefined })],
      ['another device id', 'DEVICE_ID_MISMATCH', 'device-id-mismatch', (proof) => ({ ...proof, id: other.id })],
      ['the id in capitals', 'DEVICE_ID_MISMATCH', 'device-id-mismatch', (proof) => ({ ...proof, id: proof.id.toUpperCase() })],
      ['another device', 'SIGNATURE_INVALID', 'device-signature', (proof) => ({ ...proof, id: other.id, publicKey: other.publicKey })],
      ['a key that is none', 'PUBLIC_KEY_INVALID', 'device-public-key', (proof) => ({ ...proof, publicKey: '!!' })],
      ['another role', 'SIGNATURE_INVALID', 'device-signature', (proof) => proof, { role: 'node' }],
      ['other scopes', 'SIGNATURE_INVALID', 'device-signature', (proof) => proof, { scopes: ['operator.admin'] }],
      ['another token', 'SIGNATURE_INVALID', 'device-signature', (proof) => proof, { auth: { token: TOKEN } }],
      ['another client', 'SIGNATURE_INVALID', 'device-signature', (proof) => proof, { client: { id: 'cli', mode: 'cli' } }],
      ['another platform', 'SIGNATURE_INVALID', 'device-signature', (proof) => proof, { client: { platform: 'ios' } }],
      ['a time that was not signed', 'SIGNATURE_INVALID', 'device-signature', (proof) => ({ ...proof, signedAt: proof.signedAt - 1 })],
      ['version 1', 'SIGNATURE_INVALID', 'device-signature', async (proof, challenge) => ({ ...proof, signature: await sign(challenge, ({ v2, nonce }) => v2.replace(/^v2/, 'v1').replace(`|${nonce}`, '')) })],
      ['version 1 with a nonce', 'SIGNATURE_INVALID', 'device-signature', async (proof, challenge) => ({ ...proof, signature: await sign(challenge, ({ v2 }) => v2.replace(/^v2/, 'v1')) })],
      ['version 3 with the fields of 2', 'SIGNATURE_INVALID', 'device-signature', async (proof, challenge) => ({ ...proof, signature: await sign(challenge, ({ v2 }) => v2.replace(/^v2/, 'v3')) })],
      ['version 2 with the fields of 3', 'SIGNATURE_INVALID', 'device-signature', async (proof, challenge) => ({ ...proof, signature: await sign(challenge, ({ v3 }) => v3.replace(/^v3/, 'v2')) })],
      ['no version', 'SIGNATURE_INVALID', 'device-signature', async (proof, challenge) => ({ ...proof, signature: await sign(challenge, ({ v3 }) => v3.slice(3)) })],
      ['no signature', 'SIGNATURE_INVALID', 'device-signature', (proof) => ({ ...proof, signature: 'A' })],
      ...[-120_001, 120_001, -3_600_000, 2 ** 40].map((skew): [string, string, string, Forge] => [
        `a clock that is ${skew} ms away`,
        'SIGNATURE_EXPIRED',
        'device-signature-stale',
        async (_, challenge) => (await deviceParams(device, challenge, { scopes: ['operator.read'], auth: { deviceToken }, signedAt: now + skew })).device,
      ]),
    ]
    for (const [what, code, reason, forge, choice = {}] of FORGERIES) {
      const { client } = await dial(gateway, AWAY)
      const challenge = await client.event('connect.challenge')
      const honest = await deviceParams(device, challenge, { scopes: ['operator.read'], auth: { deviceToken } })
      const changed = { ...honest, ...choice, ...(choice.client && { client: { ...honest.client, ...choice.client } }), device: await forge(honest.device, challenge) }
      const { ok, error } = await client.request('connect', changed)
      const expected = code === '' ? [false, 'INVALID_REQUEST', undefined] : [false, 'INVALID_REQUEST', { code: `DEVICE_AUTH_${code}`, reason }]
      expect([ok, error?.code, error?.details], what).toEqual(expected)
      if (code === '') expect(error!.message, what).toMatch(/invalid connect params: at \/device/)
      expect((await client.closed).code, what).toBe(1008)
    }
    for (const signature of ['v3', 'v2'] as const) for (const skew of [-120_000, 0, 120_000]) {
      expect((await attempt(gateway, device, { scopes: ['operator.read'], auth: { deviceToken }, signature, signedAt: now + skew })).answer.ok, `${signature} ${skew}`).toBe(true)
    }
  })

  it('S25 takes a proof once: not again on the connection, not on any other', async () => {
    const { gateway } = await startGateway()
    const { device, deviceToken } = await approved(gateway, ['operator.read'])
    const { client } = await dial(gateway, AWAY)
    const params = await deviceParams(device, await client.event('connect.challenge'), { scopes: ['operator.read'], auth: { deviceToken } })
    expect((await client.request('connect', params)).ok).toBe(true)
    expect((await client.request('connect', params)).error!.message).toBe('connect is only valid as the first request')
    for (let n = 0; n < 100; n++) {
      const { client: thief } = await dial(gateway, AWAY)
      expect((await thief.request('connect', params)).error!.details.code).toBe('DEVICE_AUTH_NONCE_MISMATCH')
    }
  })
})
