// The handshake: which params are taken, and what exactly a device signs.

import { readFileSync } from 'node:fs'
import { buildDeviceAuthPayload, buildDeviceAuthPayloadV3 } from '@openclaw/gateway-client'
import { Ajv } from 'ajv'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CLIENT_IDS, CLIENT_MODES, connectParams, helloOk, plainConnectParams, signedPayloads } from '../../src/protocol/connect.ts'
import { startGateway } from '../harness/platform.ts'
import { join } from '../harness/peer.ts'

const FILE = new URL('../../node_modules/@openclaw/gateway-protocol/protocol.schema.json', import.meta.url)
const published = JSON.parse(readFileSync(FILE, 'utf8')) as { definitions: Record<string, { properties: Record<string, { properties: Record<string, unknown> }> }> }

const client = { id: 'cli', version: '1.0.0', platform: 'linux', mode: 'cli' } as const
const device = { id: 'd', publicKey: 'k', signature: 's', signedAt: 5, nonce: 'n' }

describe('connect params', () => {
  it('know the clients and the modes that the published schema knows', () => {
    const { id, mode } = published.definitions['ConnectParams']!.properties['client']!.properties
    expect({ enum: CLIENT_IDS }).toEqual(id)
    expect({ enum: CLIENT_MODES }).toEqual(mode)
  })

  it('of a typed client name a protocol and a client', () => {
    expect(connectParams.safeParse({ minProtocol: 4, maxProtocol: 4, client }).success).toBe(true)
    for (const wrong of [{}, { minProtocol: 4, maxProtocol: 4 }, { minProtocol: 0, maxProtocol: 4, client }, { minProtocol: 4.5, maxProtocol: 5, client }, { client }]) {
      expect(connectParams.safeParse(wrong).success, JSON.stringify(wrong)).toBe(false)
    }
  })

  it('of a plain client may be empty: protocol 4', () => {
    expect(plainConnectParams.parse({})).toEqual({ minProtocol: 4, maxProtocol: 4 })
    expect(plainConnectParams.safeParse({ minProtocol: 3, client: { ...client, more: 1 } }).success).toBe(false)
    expect(plainConnectParams.safeParse({ bogus: 1 }).success).toBe(false)
  })

  it('bound the lists that a stranger may send', () => {
    const base = { minProtocol: 4, maxProtocol: 4, client }
    const list = (length: number) => Array.from({ length }, (_, index) => `x${index}`)
    for (const [key, limit] of [['caps', 64], ['scopes', 64], ['commands', 512]] as const) {
      expect(connectParams.safeParse({ ...base, [key]: list(limit) }).success, key).toBe(true)
      expect(connectParams.safeParse({ ...base, [key]: list(limit + 1) }).success, key).toBe(false)
    }
  })

  it('take what the published schema takes, and refuse what it refuses', () => {
    const ajv = new Ajv({ strict: false })
    ajv.addSchema({ ...published, $id: 'published' })
    const isPublished = ajv.compile({ $ref: 'published#/definitions/ConnectParams' })
    const value = fc.constantFrom<unknown>('', 'cli', 'linux', 4, 0, -1, 1.5, true, null, [], ['operator.read'], [''], {}, { a: true }, { a: 1 }, { token: 't' }, { token: 1 })
    const key = fc.constantFrom('minProtocol', 'maxProtocol', 'client', 'caps', 'commands', 'permissions', 'pathEnv', 'role', 'scopes', 'device', 'auth', 'locale', 'userAgent', 'bogus')
    const member = fc.constantFrom('id', 'version', 'platform', 'mode', 'displayName', 'buildId', 'timeZone', 'publicKey', 'signedAt', 'nonce', 'bogus')
    const change = fc.record({ part: fc.constantFrom('', 'client', 'device'), key, member, value: fc.option(value, { nil: undefined }) })
    fc.assert(
      fc.property(fc.array(change, { maxLength: 3 }), (changes) => {
        const given: Record<string, unknown> = { minProtocol: 4, maxProtocol: 4, client: { ...client }, device: { ...device }, auth: { token: 't' }, scopes: ['operator.read'] }
        for (const { part, key, member, value } of changes) {
          const inner = part === '' ? null : given[part]
          const [target, name] = typeof inner === 'object' && inner !== null && !Array.isArray(inner) ? [inner as Record<string, unknown>, member] : [given, key]
          if (value === undefined) delete target[name]
          else target[name] = value
        }
        expect(connectParams.safeParse(given).success).toBe(isPublished(given))
      }),
      { numRuns: 2000 },
    )
  })
})

it('hello-ok is what its schema says', async () => {
  const { gateway } = await startGateway()
  const { hello } = await join(gateway)
  expect(helloOk.parse(hello)).toEqual(hello)
})

// --- what a device signs ---

/** Whatever stands in a field, `|` included. */
const anything = fc.oneof(fc.string({ maxLength: 12 }), fc.string({ maxLength: 6, unit: 'binary' }), fc.constantFrom('|', 'a|b', ' Linux ', 'ÄÖ', '\u00a0X'))
const facts = (field: fc.Arbitrary<string>) =>
  fc.record({
    deviceId: field,
    client: fc.record({ id: fc.constantFrom(...CLIENT_IDS), mode: fc.constantFrom(...CLIENT_MODES), version: field, platform: field, deviceFamily: field }),
    role: field,
    scopes: fc.array(field, { maxLength: 4 }),
    signedAt: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
    token: field,
    nonce: field,
  })

describe('the signed text', () => {
  it('is that of the published client, whatever stands in it', () => {
    fc.assert(
      fc.property(facts(anything), (given) => {
        const { client: known, signedAt: signedAtMs, ...rest } = given
        const params = { ...rest, clientId: known.id, clientMode: known.mode, signedAtMs, platform: known.platform, deviceFamily: known.deviceFamily }
        expect(signedPayloads(given)).toEqual([buildDeviceAuthPayloadV3(params), buildDeviceAuthPayload(params)])
      }),
      { numRuns: 500 },
    )
  })

  it('keeps its fields apart: each can be read back', () => {
    const field = anything.map((value) => value.replaceAll('|', '').replaceAll(',', '').trim())
    fc.assert(
      fc.property(facts(field), (given) => {
        const [v3, v2] = signedPayloads(given)
        const { deviceId, role, scopes, signedAt, token, nonce } = given
        const shared = [deviceId, given.client.id, given.client.mode, role, scopes.join(','), String(signedAt), token, nonce]
        expect(v2.split('|')).toEqual(['v2', ...shared])
        const lower = (value: string) => value.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
        expect(v3.split('|')).toEqual(['v3', ...shared, lower(given.client.platform), lower(given.client.deviceFamily)])
      }),
      { numRuns: 500 },
    )
  })

  it('is another one when any field is another', () => {
    const field = anything.map((value) => value.replaceAll('|', '').replaceAll(',', '').trim().toLowerCase())
    const key = fc.constantFrom('deviceId', 'role', 'token', 'nonce', 'signedAt', 'scopes', 'id', 'mode', 'platform', 'deviceFamily')
    fc.assert(
      fc.property(facts(field), facts(field), key, (given, other, changed) => {
        const own = changed in given.client
        const from = (own ? other.client : other) as Record<string, unknown>
        const into = (own ? given.client : given) as Record<string, unknown>
        fc.pre(String(from[changed]) !== String(into[changed]))
        const tampered = own ? { ...given, client: { ...given.client, [changed]: from[changed] } } : { ...given, [changed]: from[changed] }
        const [v3, v2] = signedPayloads(given)
        const [otherV3, otherV2] = signedPayloads(tampered as typeof given)
        expect(otherV3).not.toBe(v3)
        expect(otherV2 === v2).toBe(changed === 'platform' || changed === 'deviceFamily')
      }),
      { numRuns: 1000 },
    )
  })

  it('of version 3 binds platform and family whatever their case and the space around them', () => {
    const space = fc.string({ unit: fc.constantFrom(' ', '\t', '\n', '\u00a0'), maxLength: 3 })
    const flips = fc.array(fc.boolean(), { minLength: 12, maxLength: 12 })
    fc.assert(
      fc.property(facts(anything), space, space, flips, (given, before, after, flip) => {
        const written = (value: string) =>
          before + [...value].map((char, index) => (/[a-z]/i.test(char) && flip[index] ? swapCase(char) : char)).join('') + after
        const { platform, deviceFamily } = given.client
        const other = { ...given, client: { ...given.client, platform: written(platform), deviceFamily: written(deviceFamily) } }
        expect(signedPayloads(other)).toEqual(signedPayloads(given))
      }),
      { numRuns: 500 },
    )
  })

  it('of version 3 leaves letters that are not ASCII as they are', () => {
    const [v3] = signedPayloads({ deviceId: 'd', client: { ...client, platform: ' ÄB ', deviceFamily: 'İK' }, role: 'operator', scopes: [], signedAt: 1, token: '', nonce: 'n' })
    expect(v3).toBe('v3|d|cli|cli|operator||1||n|Äb|İk')
  })

  it('takes a family that is not there for an empty one', () => {
    const given = { deviceId: 'd', client, role: 'operator', scopes: ['a', 'b'], signedAt: 1, token: 't', nonce: 'n' }
    expect(signedPayloads(given)).toEqual(['v3|d|cli|cli|operator|a,b|1|t|n|linux|', 'v2|d|cli|cli|operator|a,b|1|t|n'])
  })
})

const swapCase = (char: string): string => (char === char.toLowerCase() ? char.toUpperCase() : char.toLowerCase())
