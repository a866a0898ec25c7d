// Where it listens, who gets in, how much it takes: what wins over what, and what is refused.

import { describe, expect, it } from 'vitest'
import type { Host } from '../../../src/ports/host.ts'
import { createAuthMode } from '../../../src/services/identity/auth-modes.ts'
import type { Config } from '../../../src/services/operations/config-schema.ts'
import { createConfig } from '../../../src/services/operations/config.ts'
import { createRuntimeConfiguration, resolveRuntimeSettings, type Surroundings } from '../../../src/services/operations/runtime-settings.ts'
import { foundation } from '../../harness/foundation.ts'

const TOKEN = { OPENCLAW_GATEWAY_TOKEN: 'a token of these tests' }

const resolve = (gateway: Config['gateway'], env: Record<string, string> = TOKEN, around: Partial<Surroundings> = {}) =>
  resolveRuntimeSettings({ config: { gateway }, env, host: {}, hasSockets: true, maxMessageBytes: undefined, ...around })

function secretsHost() {
  const kept = new Map<string, string>()
  const told: string[] = []
  const host: Host = {
    secrets: { get: (name) => kept.get(name) ?? null, set: (name, value) => void kept.set(name, value) },
    tell: (text) => void told.push(text),
  }
  return { host, kept, told }
}

it('listens on loopback, with a token, for 25 MiB, when nothing is said', () => {
  expect(resolve(undefined)).toEqual({ auth: { mode: 'token', secret: 'a token of these tests' }, host: '127.0.0.1', port: 18_789, maxPayload: 25 * 1024 * 1024 })
})

describe('the address', () => {
  it.each([
    [undefined, undefined, '127.0.0.1'],
    [{ bind: 'auto' }, undefined, '127.0.0.1'],
    [{ bind: 'loopback' }, undefined, '127.0.0.1'],
    [{ bind: 'lan' }, undefined, '0.0.0.0'],
    [{ bind: 'custom', customBindHost: '10.0.0.5' }, undefined, '10.0.0.5'],
    [{ bind: 'loopback', customBindHost: '10.0.0.5' }, undefined, '127.0.0.1'],
    [{ bind: 'loopback' }, 'lan', '0.0.0.0'],
    [{ bind: 'lan' }, 'loopback', '127.0.0.1'],
    [{ bind: 'lan' }, '', '0.0.0.0'],
    [{ customBindHost: '10.0.0.5' }, 'custom', '10.0.0.5'],
    [undefined, '192.168.1.2', '192.168.1.2'],
    [undefined, '::1', '::1'],
    [undefined, 'fd7a::5', 'fd7a::5'],
  ] as const)('of %j with bind %s in the environment is %s', (gateway, bind, host) => {
    expect(resolve(gateway, { ...TOKEN, ...(bind !== undefined && { OPENCLAW_GATEWAY_BIND: bind }) }).host).toBe(host)
  })

  it.each([
    [{ bind: 'custom' }, undefined, 'set gateway.customBindHost'],
    [{ bind: 'tailnet' }, undefined, 'use "custom" with the address of the tailnet as gateway.customBindHost'],
    [undefined, 'somewhere', 'the bind "somewhere" is not known — use loopback, lan, custom or an IP address'],
    [undefined, 'evil.example', 'the bind "evil.example" is not known'],
  ] as const)('of %j with bind %s in the environment is refused', (gateway, bind, said) => {
    expect(() => resolve(gateway, { ...TOKEN, ...(bind !== undefined && { OPENCLAW_GATEWAY_BIND: bind }) })).toThrow(said)
  })
})

describe('the port', () => {
  it.each([
    [undefined, {}, 18_789],
    [4000, {}, 4000],
    [4000, { OPENCLAW_GATEWAY_PORT: '5000' }, 5000],
    [4000, { PORT: '6000' }, 6000],
    [4000, { OPENCLAW_GATEWAY_PORT: '5000', PORT: '6000' }, 5000],
    [4000, { OPENCLAW_GATEWAY_PORT: '', PORT: '' }, 4000],
    [undefined, { OPENCLAW_GATEWAY_PORT: '0' }, 0],
    [undefined, { OPENCLAW_GATEWAY_PORT: '65535' }, 65_535],
  ])('configured %s, environment %j: %i', (port, env, expected) => {
    expect(resolve(port === undefined ? {} : { port }, { ...TOKEN, ...env }).port).toBe(expected)
  })

  it.each(['-1', '65536', '80.5', 'eighty', '80 81', 'Infinity', 'NaN'])('"%s" is none', (given) => {
    expect(() => resolve({}, { ...TOKEN, OPENCLAW_GATEWAY_PORT: given })).toThrow(`the port "${given}" is not a port — use a number up to 65535`)
  })
})

describe('who gets in', () => {
  it.each([
    [{ token: 'of the file' }, {}, { mode: 'token', secret: 'of the file' }],
    [{ token: 'of the file' }, TOKEN, { mode: 'token', secret: 'a token of these tests' }],
    [{ password: 'of the file' }, {}, { mode: 'password', secret: 'of the file' }],
    [{ password: 'of the file' }, { OPENCLAW_GATEWAY_PASSWORD: 'a password' }, { mode: 'password', secret: 'a password' }],
    [{ token: 'of the file', password: 'too' }, {}, { mode: 'token', secret: 'of the file' }],
    [{ mode: 'password', token: 'of the file', password: 'too' }, {}, { mode: 'password', secret: 'too' }],
    [{ mode: 'password' }, { ...TOKEN, OPENCLAW_GATEWAY_PASSWORD: 'a password' }, { mode: 'password', secret: 'a password' }],
    [{ mode: 'token', password: 'x' }, TOKEN, { mode: 'token', secret: 'a token of these tests' }],
    [{ mode: 'none' }, {}, { mode: 'none' }],
    [{ mode: 'none', token: 'x' }, TOKEN, { mode: 'none' }],
  ] as const)('file %j, environment %j: %j', (auth, env, expected) => {
    expect(resolve({ auth }, env).auth).toEqual(expected)
  })

  it.each([
    ['everybody on the network', { auth: { mode: 'none' }, bind: 'lan' }, {}, {}, 'it is accepted on loopback only — set a token'],
    ['everybody on an address of the network', { auth: { mode: 'none' }, bind: 'custom', customBindHost: '192.168.1.2' }, {}, {}, 'accepted on loopback only'],
    ['everybody, by the environment', { auth: { mode: 'none' } }, { OPENCLAW_GATEWAY_BIND: 'lan' }, {}, 'accepted on loopback only'],
    ['everybody on all addresses of IPv6', { auth: { mode: 'none' } }, { OPENCLAW_GATEWAY_BIND: '::' }, {}, 'accepted on loopback only'],
    ['everybody where sockets have no address', { auth: { mode: 'none' } }, {}, { hasSockets: false }, 'accepted on loopback only'],
    ['a password that is not there', { auth: { mode: 'password' } }, TOKEN, {}, 'set OPENCLAW_GATEWAY_PASSWORD or gateway.auth.password'],
    ['a proxy that is trusted', { auth: { mode: 'trusted-proxy' } }, TOKEN, {}, 'not supported yet — use "token"'],
    ['no token where none can be kept', {}, {}, {}, 'set the secret OPENCLAW_GATEWAY_TOKEN'],
    ['the file of a client', { mode: 'remote' }, TOKEN, {}, 'set it to "local" to run a gateway here'],
  ] as const)('is refused: %s', (_, gateway, env, around, said) => {
    expect(() => resolve(gateway as Config['gateway'], env, around)).toThrow(said)
  })

  it.each(['127.0.0.1', '127.0.0.2', '::1'])('may be everybody on %s', (bind) => {
    expect(resolve({ auth: { mode: 'none' } }, { OPENCLAW_GATEWAY_BIND: bind }).auth).toEqual({ mode: 'none' })
  })

  it('is whoever has the token that was made at the first start, and shown that once', () => {
    const { host, kept, told } = secretsHost()
    const first = resolve({}, {}, { host }).auth
    expect(first).toEqual({ mode: 'token', secret: expect.stringMatching(/^[\w-]{43}$/) })
    const { secret } = first as { secret: string }
    expect([...kept]).toEqual([['gateway-token', secret]])
    expect(told).toEqual([expect.stringContaining(secret)])
    expect(resolve({}, {}, { host }).auth).toEqual(first)
    expect(told).toHaveLength(1)
  })

  it('makes no token when one is chosen, or none is needed', () => {
    const { host, kept, told } = secretsHost()
    resolve({}, TOKEN, { host })
    resolve({ auth: { mode: 'none' } }, {}, { host })
    resolve({ auth: { password: 'x' } }, {}, { host })
    expect([kept.size, told.length]).toEqual([0, 0])
  })
})

describe('how much it takes', () => {
  it.each([
    [undefined, undefined, 26_214_400],
    [100_000_000, undefined, 100_000_000],
    [33_554_432, 33_554_432, 33_554_432],
    [undefined, 33_554_432, 26_214_400],
  ])('configured %s, possible %s: %i', (maxPayloadBytes, maxMessageBytes, expected) => {
    expect(resolve(maxPayloadBytes === undefined ? {} : { maxPayloadBytes }, TOKEN, { maxMessageBytes }).maxPayload).toBe(expected)
  })

  it('is refused when the runtime cannot receive that', () => {
    expect(() => resolve({ maxPayloadBytes: 33_554_433 }, TOKEN, { maxMessageBytes: 33_554_432 })).toThrow(
      'gateway.maxPayloadBytes is 33554433, but messages here can have 33554432 bytes at most — use a smaller number',
    )
  })
})

describe('over time', () => {
  const FACTS = { address: '127.0.0.1', direct: true, host: null, origin: null }

  function create(text: string) {
    const { log } = foundation()
    const file = { text }
    const config = createConfig({ source: { path: 'x', read: async () => file.text }, env: {}, log })
    const around = { env: {}, host: secretsHost().host, hasSockets: true, maxMessageBytes: undefined }
    const runtime = createRuntimeConfiguration({ config, ...around, createAuthMode })
    return { config, file, runtime }
  }

  it('lets nobody in before it is resolved', () => {
    const { runtime } = create('{}')
    expect(() => runtime.settings).toThrow('not resolved yet')
    for (const credentials of [{}, { token: '' }, { token: 'x' }, { password: '' }]) {
      expect(runtime.authMode.check(credentials, FACTS), JSON.stringify(credentials)).not.toBe('valid')
    }
  })

  it('takes what is configured then, and keeps it when the next is wrong', async () => {
    const { config, file, runtime } = create('{ gateway: { port: 4000, auth: { token: "one" } } }')
    await config.load()
    runtime.resolve()
    const { settings } = runtime
    expect(settings).toMatchObject({ port: 4000, auth: { secret: 'one' } })
    file.text = '{ gateway: { port: 5000, bind: "lan", auth: { mode: "none" } } }'
    await config.load()
    expect(() => runtime.resolve()).toThrow('accepted on loopback only')
    expect(runtime.settings).toBe(settings)
    expect(runtime.authMode.check({ token: 'one' }, FACTS)).toBe('valid')
    expect(runtime.authMode.check({}, FACTS)).toBe('absent')
    file.text = '{ gateway: { port: 5000, auth: { password: "two" } } }'
    await config.load()
    runtime.resolve()
    expect(runtime.settings).toMatchObject({ port: 5000 })
    expect(runtime.authMode.name).toBe('password')
    expect(runtime.authMode.check({ token: 'one' }, FACTS)).toBe('wrong')
  })
})
