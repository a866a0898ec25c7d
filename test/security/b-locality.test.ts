// Where a request comes from: no header makes it local, none gives anybody a name, and to be local is no credential. Which
// hop of a trusted proxy counts (S10, S12) waits for the mode trusted-proxy: no word of a proxy counts until then.

import { describe, expect, it } from 'vitest'
import fc from 'fast-check'
import { toFacts } from '../../src/services/identity/facts.ts'
import { connectDevice, createDevice } from '../harness/device.ts'
import { dial, join } from '../harness/peer.ts'
import { TOKEN } from '../harness/platform.ts'
import { connectParams } from '../harness/client.ts'
import { openDoor } from '../http/door.ts'

const HOST = '127.0.0.1:18789'
/** What proxies write, with what an attacker would have it say. */
const FORWARDING: Readonly<Record<string, readonly string[]>> = {
  forwarded: ['for=127.0.0.1;host=localhost', 'for="[::1]"', ''],
  'x-forwarded-for': ['127.0.0.1', '::1', 'localhost', '127.0.0.1, 127.0.0.1', ''],
  'x-forwarded-host': ['localhost', HOST],
  'x-forwarded-proto': ['https', 'http'],
  'x-forwarded-user': ['admin', 'operator'],
  'x-real-ip': ['127.0.0.1', '::1'],
  'cf-connecting-ip': ['127.0.0.1'],
  'true-client-ip': ['127.0.0.1'],
  via: ['1.1 proxy'],
}
const LOOPBACK = ['127.0.0.1', '127.8.8.8', '::1', '::ffff:127.0.0.1', '::FFFF:127.0.0.1']
const ELSEWHERE = ['192.168.1.9', '10.0.0.1', '203.0.113.7', '2001:db8::1', 'fe80::1%eth0', '::ffff:192.168.1.9', '::ffff:8.8.8.8', '0.0.0.0', '::', '128.0.0.1', '127.0.0.1.evil.example', '127.evil.com', 'localhost', '', null]
const OWN_HOSTS = [undefined, HOST, 'localhost', 'localhost:18789', '[::1]:18789']
const OTHER_HOSTS = ['evil.example', '127.0.0.1.evil.example', '127.evil.com', 'gateway.lan', '192.168.1.5:18789', 'mybox', 'x', '']
/** Headers by which others say who somebody is. */
const IDENTITY = ['x-forwarded-user', 'x-forwarded-email', 'x-auth-request-user', 'x-remote-user', 'remote-user', 'tailscale-user-login', 'cf-access-authenticated-user-email', 'x-openclaw-scopes', 'x-openclaw-user', 'x-ssl-client-s-dn']

it('S9 is local only with a loopback socket, a loopback host and no word of a proxy', () => {
  const forwarded = [{}, ...Object.entries(FORWARDING).flatMap(([name, values]) => values.map((value) => ({ [name]: value })))]
  let checked = 0
  for (const address of [...LOOPBACK, ...ELSEWHERE]) {
    for (const host of [...OWN_HOSTS, ...OTHER_HOSTS]) {
      for (const said of forwarded) {
        const { direct, address: kept } = toFacts(new Headers({ ...(host !== undefined && { host }), ...said }), address)
        const isLocal = LOOPBACK.includes(address ?? '') && OWN_HOSTS.includes(host) && Object.keys(said).length === 0
        expect([direct, kept], `${address} to ${host} with ${JSON.stringify(said)}`).toEqual([isLocal, address])
        checked++
      }
    }
  }
  expect(checked).toBeGreaterThan(4000)
})

describe('S9', () => {
  it('S9 takes nobody at the word of an identity header, from this machine or not, and has no mode that would', async () => {
    for (const mode of ['token', 'none'] as const) {
      const { ask, gateway } = await openDoor({ config: { gateway: { auth: { mode } } } })
      for (const name of IDENTITY) {
        for (const value of ['admin', 'operator', 'operator.admin']) {
          for (const address of ['127.0.0.1', '192.168.1.9', null]) {
            // Somebody that no credential is asked of is somebody here, and stays who it is.
            const isAsked = mode === 'token' || address !== '127.0.0.1' || FORWARDING[name] !== undefined
            const status = (await ask('/v1/models', { headers: { authorization: null, [name]: value }, address })).status
            expect(status, `${mode}: ${name} from ${address}`).toBe(isAsked ? 401 : 200)
            const { client } = await dial(gateway, { headers: { host: HOST, [name]: value }, address })
            const { ok, payload } = await client.request('connect', connectParams({ scopes: ['operator.read'] }))
            expect([ok, payload?.auth.scopes], `${mode}: ${name} from ${address}`).toEqual(isAsked ? [false, undefined] : [true, ['operator.read']])
          }
        }
      }
      await gateway.close()
    }
    await expect(openDoor({ config: { gateway: { auth: { mode: 'trusted-proxy' } } } })).rejects.toThrow('"trusted-proxy" is not supported yet')
  })

  it('S9 pairs nothing in silence for what a proxy forwards, whichever header shows that', async () => {
    const { gateway } = await openDoor()
    const device = await createDevice()
    for (const [name, values] of Object.entries(FORWARDING)) {
      for (const value of values) {
        for (const role of ['operator', 'node'] as const) {
          const { client } = await dial(gateway, { headers: { host: HOST, [name]: value } })
          const { error } = await connectDevice(client, device, { role, scopes: role === 'node' ? [] : ['operator.admin'], auth: { token: TOKEN } })
          expect(error?.details.code, `${role} with ${name}: ${value}`).toBe('PAIRING_REQUIRED')
        }
      }
    }
    const { client: admin } = await join(gateway)
    expect((await admin.call('device.pair.list')).paired).toEqual([])
  })
})

const hop = fc.oneof(fc.ipV4(), fc.ipV6(), fc.constantFrom('127.0.0.1', '::1', '::ffff:127.0.0.1', 'localhost', 'unknown', '_hidden', '', ' ', '127.0.0.1:80', '"[::1]"', '0x7f000001'), fc.string({ maxLength: 12, unit: 'grapheme-ascii' }))
const chain = fc.array(hop, { minLength: 1, maxLength: 6 }).map((hops) => hops.join(', ').trim())

it('S10 is somewhere else for every chain of hops, and keeps the address of the socket whatever the chain says', async () => {
  const { gateway } = await openDoor({ config: { gateway: { nodes: { pairing: { autoApproveCidrs: ['127.0.0.0/8', '::1/128', '10.0.0.0/8', '203.0.113.0/24'] } } } } })
  const device = await createDevice()
  const addresses = fc.constantFrom('127.0.0.1', '::1', '10.0.0.1', '203.0.113.7')
  fc.assert(
    fc.property(chain, fc.constantFrom('x-forwarded-for', 'forwarded', 'x-real-ip'), addresses, (said, name, address) => {
      expect(toFacts(new Headers({ host: HOST, [name]: said }), address)).toEqual({ address, direct: false, forwarded: true, host: HOST, origin: null })
    }),
    { numRuns: 1000 },
  )
  await fc.assert(
    fc.asyncProperty(chain, addresses, fc.constantFrom('operator' as const, 'node' as const), async (said, address, role) => {
      const { client } = await dial(gateway, { headers: { host: HOST, 'x-forwarded-for': said }, address })
      const { error } = await connectDevice(client, device, { role, scopes: [], auth: { token: TOKEN } })
      expect(error?.details.code).toBe('PAIRING_REQUIRED')
    }),
    { numRuns: 60 },
  )
  const { client: admin } = await join(gateway)
  const { paired, pending } = await admin.call('device.pair.list')
  expect(paired).toEqual([])
  for (const { remoteIp } of pending) expect(['127.0.0.1', '::1', '10.0.0.1', '203.0.113.7']).toContain(remoteIp)
})

it('S12 knows no caller behind a proxy that names none: it is not of this machine, and has no address but the proxy’s', async () => {
  const { gateway } = await openDoor({ config: { gateway: { nodes: { pairing: { autoApproveCidrs: ['127.0.0.0/8', '192.168.0.0/16'] } } } } })
  const nameless = [{ via: '1.1 proxy' }, { 'x-forwarded-proto': 'https' }, { 'x-forwarded-host': HOST }, { 'x-forwarded-user': 'admin' }, { forwarded: 'proto=https' }, { 'x-forwarded-for': '' }, { 'x-forwarded-for': 'unknown' }]
  for (const said of nameless) {
    for (const address of ['127.0.0.1', '::1', '192.168.1.1']) {
      expect(toFacts(new Headers({ host: HOST, ...said }), address)).toMatchObject({ address, direct: false, forwarded: true })
      const { client } = await dial(gateway, { headers: { host: HOST, ...said }, address })
      const { error } = await connectDevice(client, await createDevice(), { role: 'node', scopes: [], auth: { token: TOKEN } })
      expect(error?.details.code, `${JSON.stringify(said)} from ${address}`).toBe('PAIRING_REQUIRED')
    }
  }
})

describe('S11', () => {
  const LOCAL = [
    { headers: { host: HOST }, address: '127.0.0.1' },
    { headers: { host: 'localhost' }, address: '::1' },
    { headers: { host: HOST, origin: 'http://localhost:18789' }, address: '127.0.0.1' },
    { headers: { host: HOST, 'x-forwarded-for': '127.0.0.1' }, address: '127.0.0.1' },
    { headers: { host: HOST }, address: '10.0.0.1' },
  ]
  const CREDENTIALS = [{}, { token: '' }, { token: 'wrong' }, { password: 'wrong' }, { deviceToken: 'wrong' }, { bootstrapToken: 'wrong' }, { approvalRuntimeToken: TOKEN }, { agentRuntimeIdentityToken: TOKEN }]

  it('S11 grants nothing for being local: a device without the secret gets no scope, no token and no pairing', async () => {
    const { gateway, ask } = await openDoor({ config: { gateway: { nodes: { pairing: { autoApproveCidrs: ['0.0.0.0/0', '::/0'] } } } } })
    const device = await createDevice()
    for (const from of LOCAL) {
      for (const auth of CREDENTIALS) {
        for (const role of ['operator', 'node'] as const) {
          const { client } = await dial(gateway, from)
          const { ok, payload, error } = await connectDevice(client, device, { role, scopes: ['operator.admin'], auth })
          expect([ok, payload, error?.details.code], JSON.stringify([from, auth, role])).toEqual([false, undefined, expect.stringMatching(/^AUTH_/)])
        }
        const { client } = await dial(gateway, from)
        expect((await client.request('connect', connectParams({ scopes: ['operator.admin'], more: { auth } }))).ok).toBe(false)
      }
      expect((await ask('/v1/models', { headers: { ...from.headers, authorization: null }, address: from.address })).status).toBe(401)
    }
    const { client: admin } = await join(gateway)
    expect(await admin.call('device.pair.list')).toEqual({ pending: [], paired: [] })
  })

  it('S11 widens nothing for being local: a device comes back with what it has, however near it is', async () => {
    const { gateway } = await openDoor()
    const device = await createDevice()
    const { client: first } = await dial(gateway)
    const { payload } = await connectDevice(first, device, { scopes: ['operator.read'], auth: { token: TOKEN } })
    const { deviceToken } = payload.auth
    for (const from of LOCAL) {
      for (const auth of [{ deviceToken }, {}]) {
        const { client } = await dial(gateway, from)
        const { error } = await connectDevice(client, device, { scopes: ['operator.read', 'operator.admin'], auth })
        expect(error?.details, JSON.stringify(from)).toEqual({ code: 'AUTH_SCOPE_MISMATCH', approvedScopes: ['operator.read'] })
      }
    }
  })
})
