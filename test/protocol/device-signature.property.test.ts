// A device's proof: it holds for what was signed, and for nothing that differs in any field.

import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { fromBase64Url, sha256Hex, toBase64Url } from '../../src/kit/bytes.ts'
import { CLIENT_IDS, CLIENT_MODES, signedPayloads } from '../../src/protocol/connect.ts'
import { GatewayError } from '../../src/protocol/errors.ts'
import { ROLES, SCOPES } from '../../src/protocol/scopes.ts'
import { verifyDevice, type Claim } from '../../src/services/identity/device-proof.ts'
import { createDevice, type Device } from '../harness/device.ts'

const NOW = Date.UTC(2026, 0, 1)
const SKEW_MS = 120_000

let device: Device
let other: Device
beforeAll(async () => {
  device = await createDevice()
  other = await createDevice()
})

const word = fc.string({ unit: fc.constantFrom(...'abcxyz0189-._'), minLength: 1, maxLength: 10 })

/** What a device says of itself, before it signs. */
const facts = fc.record({
  client: fc.record({ id: fc.constantFrom(...CLIENT_IDS), mode: fc.constantFrom(...CLIENT_MODES), version: word, displayName: word, platform: word, deviceFamily: word }),
  role: fc.constantFrom(...ROLES),
  scopes: fc.uniqueArray(fc.constantFrom<string>(...SCOPES), { maxLength: 4 }),
  signedAt: fc.integer({ min: NOW - SKEW_MS, max: NOW + SKEW_MS }),
  token: fc.oneof(fc.constant(''), word),
  nonce: fc.uuid(),
})
type Facts = typeof facts extends fc.Arbitrary<infer T> ? T : never
const sample = (): Facts => fc.sample(facts, { numRuns: 1, seed: 1 })[0]!
type Version = 'v3' | 'v2'
const version = fc.constantFrom<Version>('v3', 'v2')

async function prove(given: Facts, signed: Version): Promise<Claim> {
  const { client, role, scopes, signedAt, token, nonce } = given
  const [v3, v2] = signedPayloads({ deviceId: device.id, client, role, scopes, signedAt, token, nonce })
  const signature = await device.sign(signed === 'v3' ? v3 : v2)
  return { device: { id: device.id, publicKey: device.publicKey, signature, signedAt, nonce }, client, role, scopes, token, nonce, now: NOW }
}

/** The code of the refusal; null when the proof holds. */
async function refusalOf(claim: Claim): Promise<string | null> {
  try {
    await verifyDevice(claim)
    return null
  } catch (error) {
    if (!(error instanceof GatewayError) || error.code !== 'UNAUTHORIZED') throw error
    return String(error.options.details?.['code'])
  }
}

const INVALID = 'DEVICE_AUTH_SIGNATURE_INVALID'
const withProof = (claim: Claim, proof: Partial<Claim['device']>): Claim => ({ ...claim, device: { ...claim.device, ...proof } })
const withClient = (claim: Claim, client: Partial<Claim['client']>): Claim => ({ ...claim, client: { ...claim.client, ...client } })
const another = <T>(list: readonly T[], known: T, by: number): T => list.filter((each) => each !== known)[by % (list.length - 1)]!

/** `by` chooses among the ways in which a field can be changed. */
interface Tampering {
  readonly change: (claim: Claim, by: number) => Claim
  readonly refusal: string
  /** Version 2 does not bind it. */
  readonly onlyV3?: boolean
}

const TAMPERINGS: Readonly<Record<string, Tampering>> = {
  'the device id': { change: (claim) => withProof(claim, { id: other.id }), refusal: 'DEVICE_AUTH_DEVICE_ID_MISMATCH' },
  'the device id, by one digit': {
    change: (claim, by) => withProof(claim, { id: replaceAt(claim.device.id, by, (digit) => another([...'0123456789abcdef'], digit, by)) }),
    refusal: 'DEVICE_AUTH_DEVICE_ID_MISMATCH',
  },
  'the public key': { change: (claim) => withProof(claim, { publicKey: other.publicKey }), refusal: 'DEVICE_AUTH_DEVICE_ID_MISMATCH' },
  'the public key and the id that belongs to it': { change: (claim) => withProof(claim, { id: other.id, publicKey: other.publicKey }), refusal: INVALID },
  'one bit of the signature': { change: (claim, by) => withProof(claim, { signature: flipBit(claim.device.signature, by) }), refusal: INVALID },
  'the length of the signature': { change: (claim, by) => withProof(claim, { signature: claim.device.signature.slice(0, -1 - (by % 80)) }), refusal: INVALID },
  'the time': { change: (claim, by) => withProof(claim, { signedAt: claim.device.signedAt + (claim.device.signedAt > NOW ? -1 : 1) * (1 + (by % 1000)) }), refusal: INVALID },
  'the time, beyond the skew': {
    change: (claim, by) => withProof(claim, { signedAt: NOW + (by % 2 === 0 ? 1 : -1) * (SKEW_MS + 1 + (by % 1000)) }),
    refusal: 'DEVICE_AUTH_SIGNATURE_EXPIRED',
  },
  'the nonce of the proof': { change: (claim, by) => withProof(claim, { nonce: `${claim.nonce}${by}` }), refusal: 'DEVICE_AUTH_NONCE_MISMATCH' },
  'the connection that it is sent on': { change: (claim, by) => ({ ...claim, nonce: `${claim.nonce}${by}` }), refusal: 'DEVICE_AUTH_NONCE_MISMATCH' },
  'the nonce of both': { change: (claim, by) => ({ ...withProof(claim, { nonce: `${claim.nonce}${by}` }), nonce: `${claim.nonce}${by}` }), refusal: INVALID },
  'the role': { change: (claim, by) => ({ ...claim, role: another(ROLES, claim.role as 'node', by) }), refusal: INVALID },
  'a scope more': { change: (claim, by) => ({ ...claim, scopes: [...claim.scopes, SCOPES[by % SCOPES.length]!] }), refusal: INVALID },
  'a scope less, or one where there was none': { change: (claim) => ({ ...claim, scopes: claim.scopes.length > 0 ? claim.scopes.slice(1) : ['operator.admin'] }), refusal: INVALID },
  'the order of the scopes': {
    change: (claim) => ({ ...claim, scopes: claim.scopes.length > 1 ? claim.scopes.toReversed() : ['operator.read', ...claim.scopes] }),
    refusal: INVALID,
  },
  'the token': { change: (claim, by) => ({ ...claim, token: by % 3 === 0 && claim.token !== '' ? '' : `${claim.token}${by}` }), refusal: INVALID },
  'the id of the client': { change: (claim, by) => withClient(claim, { id: another(CLIENT_IDS, claim.client.id, by) }), refusal: INVALID },
  'the mode of the client': { change: (claim, by) => withClient(claim, { mode: another(CLIENT_MODES, claim.client.mode, by) }), refusal: INVALID },
  'the platform': { change: (claim, by) => withClient(claim, { platform: `${claim.client.platform}${by}` }), refusal: INVALID, onlyV3: true },
  'the family': { change: (claim, by) => withClient(claim, { deviceFamily: by % 3 === 0 ? '' : `${claim.client.deviceFamily}${by}` }), refusal: INVALID, onlyV3: true },
}

function replaceAt(text: string, by: number, change: (char: string) => string): string {
  const at = by % text.length
  return text.slice(0, at) + change(text[at]!) + text.slice(at + 1)
}

function flipBit(signature: string, by: number): string {
  const bytes = fromBase64Url(signature)!
  const at = by % (bytes.length * 8)
  bytes[at >> 3]! ^= 1 << (at & 7)
  return toBase64Url(bytes)
}

describe('a proof', () => {
  it('holds for what was signed, in both versions', async () => {
    await fc.assert(
      fc.asyncProperty(facts, version, async (given, signed) => {
        expect(await refusalOf(await prove(given, signed))).toBeNull()
      }),
      { numRuns: 150 },
    )
  })

  for (const [field, { change, refusal, onlyV3 }] of Object.entries(TAMPERINGS)) {
    it(`does not hold with another value of ${field}`, async () => {
      await fc.assert(
        fc.asyncProperty(facts, version, fc.nat(), async (given, signed, by) => {
          const claim = await prove(given, signed)
          const expected = onlyV3 && signed === 'v2' ? null : refusal
          expect(await refusalOf(change(claim, by))).toBe(expected)
        }),
        { numRuns: 50 },
      )
    })
  }

  it('does not become one of version 2 by leaving out what version 3 binds', async () => {
    await fc.assert(
      fc.asyncProperty(facts, async (given) => {
        const claim = await prove(given, 'v3')
        const { deviceFamily: _, ...client } = claim.client
        expect(await refusalOf({ ...claim, client })).toBe(INVALID)
      }),
      { numRuns: 50 },
    )
  })

  it('holds whatever is said in fields that nobody signs, and in the case of those that ignore it', async () => {
    await fc.assert(
      fc.asyncProperty(facts, version, word, async (given, signed, said) => {
        const claim = await prove(given, signed)
        const { platform, deviceFamily } = claim.client
        const changed = withClient(claim, { version: said, displayName: said, platform: ` ${platform.toUpperCase()} `, deviceFamily: deviceFamily!.toUpperCase() })
        expect(await refusalOf(changed)).toBeNull()
      }),
      { numRuns: 50 },
    )
  })

  it('is refused, and nothing else is thrown, whatever stands in its place', async () => {
    const text = fc.oneof(fc.string({ maxLength: 100 }), fc.base64String({ maxLength: 100 }), fc.constantFrom('', '=', '\0'))
    await fc.assert(
      fc.asyncProperty(facts, text, text, fc.constantFrom('publicKey', 'signature', 'id'), async (given, value, more, field) => {
        const claim = await prove(given, 'v3')
        fc.pre(value !== claim.device[field])
        expect(await refusalOf(withProof(claim, { [field]: value, ...(field === 'id' && { publicKey: more }) }))).toMatch(/^DEVICE_AUTH_/)
      }),
      { numRuns: 100 },
    )
  })

  it('is refused for a key of another length, even when the id is its digest', async () => {
    const claim = await prove(sample(), 'v3')
    for (const length of [0, 31, 33, 64]) {
      const key = new Uint8Array(length).fill(7)
      const id = await sha256Hex(key)
      expect(await refusalOf(withProof(claim, { id, publicKey: toBase64Url(key) }))).toBe('DEVICE_AUTH_PUBLIC_KEY_INVALID')
    }
  })

  it('is refused for a key that is no point of the curve, and for one of low order', async () => {
    const claim = await prove(sample(), 'v3')
    for (const first of [0, 1, 2, 0xff]) {
      const key = new Uint8Array(32).fill(first === 0xff ? 0xff : 0)
      key[0] = first
      const id = await sha256Hex(key)
      const signature = toBase64Url(new Uint8Array([...key, ...new Uint8Array(32)]))
      expect(await refusalOf(withProof(claim, { id, publicKey: toBase64Url(key), signature }))).toBe(INVALID)
    }
  })
})
