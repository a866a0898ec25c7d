// The proof of a device: what its signature binds, how old it may be, and in which order it is looked at.

import { beforeAll, describe, expect, it } from 'vitest'
import { sha256Hex, toBase64Url } from '../../../src/kit/bytes.ts'
import { signedPayloads, type Client, type DeviceProof } from '../../../src/protocol/connect.ts'
import { GatewayError } from '../../../src/protocol/errors.ts'
import { verifyDevice, type Claim } from '../../../src/services/identity/device-proof.ts'
import { createDevice, type Device } from '../../harness/device.ts'

const NOW = Date.UTC(2026, 0, 1)
const client: Client = { id: 'openclaw-ios', version: '1', platform: 'iOS', deviceFamily: 'iPhone', mode: 'ui' }
const signed = { client, role: 'operator', scopes: ['operator.read', 'operator.write'], token: 'a token', nonce: 'a nonce' }

let device: Device
beforeAll(async () => {
  device = await createDevice()
})

async function proofOf(version: 'v3' | 'v2' = 'v3', signedAt = NOW): Promise<DeviceProof> {
  const [v3, v2] = signedPayloads({ deviceId: device.id, ...signed, signedAt })
  return { id: device.id, publicKey: device.publicKey, signature: await device.sign(version === 'v3' ? v3 : v2), signedAt, nonce: signed.nonce }
}

/** The code of the refusal, or `ok`. */
async function verdict(claim: Partial<Claim> & { device: DeviceProof }): Promise<unknown> {
  try {
    await verifyDevice({ ...signed, now: NOW, ...claim })
    return 'ok'
  } catch (error) {
    if (!(error instanceof GatewayError) || error.code !== 'UNAUTHORIZED') throw error
    return error.options.details!['code']
  }
}

const INVALID = 'DEVICE_AUTH_SIGNATURE_INVALID'

describe('a signature', () => {
  it.each(['v3', 'v2'] as const)('of version %s is accepted', async (version) => {
    expect(await verdict({ device: await proofOf(version) })).toBe('ok')
  })

  it('of version 1, which binds no nonce, is refused', async () => {
    const text = ['v1', device.id, client.id, client.mode, signed.role, signed.scopes.join(','), String(NOW), signed.token].join('|')
    expect(await verdict({ device: { ...(await proofOf()), signature: await device.sign(text) } })).toBe(INVALID)
  })

  it.each([
    ['the client', { client: { ...client, id: 'cli' as const } }],
    ['the mode', { client: { ...client, mode: 'backend' as const } }],
    ['the role', { role: 'node' }],
    ['the scopes', { scopes: ['operator.admin'] }],
    ['the order of the scopes', { scopes: signed.scopes.toReversed() }],
    ['the token', { token: 'another token' }],
    ['that there is a token', { token: '' }],
  ])('binds %s', async (_, changes) => {
    for (const version of ['v3', 'v2'] as const) expect(await verdict({ device: await proofOf(version), ...changes }), version).toBe(INVALID)
  })

  it('binds the time', async () => {
    const proof = await proofOf()
    expect(await verdict({ device: { ...proof, signedAt: proof.signedAt + 1 } })).toBe(INVALID)
  })

  it.each([
    ['the platform', { ...client, platform: 'android' }],
    ['the family', { ...client, deviceFamily: 'iPad' }],
  ])('binds %s in version 3 only', async (_, changed) => {
    expect(await verdict({ device: await proofOf('v3'), client: changed })).toBe(INVALID)
    expect(await verdict({ device: await proofOf('v2'), client: changed })).toBe('ok')
  })

  it('takes platform and family without blanks and in any case', async () => {
    expect(await verdict({ device: await proofOf(), client: { ...client, platform: ' IOS ', deviceFamily: 'IPHONE' } })).toBe('ok')
  })

  it('does not bind what a client may change freely', async () => {
    expect(await verdict({ device: await proofOf(), client: { ...client, version: '2', displayName: 'Another name' } })).toBe('ok')
  })

  it('may be padded', async () => {
    const proof = await proofOf()
    expect(await verdict({ device: { ...proof, signature: `${proof.signature}==`, publicKey: `${proof.publicKey}=` } })).toBe('ok')
  })

  it.each(['not base64!', 'AAAA', toBase64Url(new Uint8Array(64)), toBase64Url(new Uint8Array(65))])('%s is refused', async (signature) => {
    expect(await verdict({ device: { ...(await proofOf()), signature } })).toBe(INVALID)
  })

  it.each([0, 255])('with a key that is no point of the curve is refused (%i)', async (byte) => {
    const raw = new Uint8Array(32).fill(byte)
    const proof = { ...(await proofOf()), id: await sha256Hex(raw), publicKey: toBase64Url(raw) }
    expect(await verdict({ device: proof })).toBe(INVALID)
  })
})

describe('the time', () => {
  it.each([
    [-120_000, 'ok'],
    [120_000, 'ok'],
    [-120_001, 'DEVICE_AUTH_SIGNATURE_EXPIRED'],
    [120_001, 'DEVICE_AUTH_SIGNATURE_EXPIRED'],
  ])('may differ by two minutes: %i ms is %s', async (skew, code) => {
    expect(await verdict({ device: await proofOf('v3', NOW + skew) })).toBe(code)
  })
})

describe('the order of the checks', () => {
  /** Each fault comes with all that are looked for after it. */
  it('is the key, the id, the length of the key, the time, the nonce, the signature', async () => {
    const short = new Uint8Array(31)
    const bad = { signature: 'AAAA', nonce: 'another', signedAt: 0 }
    const proof = { ...(await proofOf()), ...bad }
    const { signedAt, nonce } = await proofOf()
    expect(await verdict({ device: { ...proof, publicKey: '!', id: 'x' } })).toBe('DEVICE_AUTH_PUBLIC_KEY_INVALID')
    expect(await verdict({ device: { ...proof, publicKey: toBase64Url(short), id: 'x' } })).toBe('DEVICE_AUTH_DEVICE_ID_MISMATCH')
    expect(await verdict({ device: { ...proof, publicKey: toBase64Url(short), id: await sha256Hex(short) } })).toBe('DEVICE_AUTH_PUBLIC_KEY_INVALID')
    expect(await verdict({ device: proof })).toBe('DEVICE_AUTH_SIGNATURE_EXPIRED')
    expect(await verdict({ device: { ...proof, signedAt } })).toBe('DEVICE_AUTH_NONCE_MISMATCH')
    expect(await verdict({ device: { ...proof, signedAt, nonce } })).toBe(INVALID)
  })
})
