// Proof that a connection comes from a device: an Ed25519 signature over the challenge. Pure; the order of the checks
// and their codes are the protocol's.

import { fromBase64Url, sha256Hex, toUtf8 } from '../../kit/bytes.ts'
import { signedPayloads, type Client, type DeviceProof } from '../../protocol/connect.ts'
import { GatewayError } from '../../protocol/errors.ts'

/** How far `signedAt` may be from the gateway's clock, either way. */
const MAX_SKEW_MS = 120_000

export interface Claim {
  readonly device: DeviceProof
  readonly client: Client
  readonly role: string
  readonly scopes: readonly string[]
  /** The credential that the signature binds: `auth.token`, else the device token, else the bootstrap token, else ''. */
  readonly token: string
  /** The nonce of this connection's challenge. */
  readonly nonce: string
  readonly now: number
}

/** Returns when the device proved to be what it says, else throws the refusal. */
export async function verifyDevice(claim: Claim): Promise<void> {
  const { device } = claim
  const publicKey = fromBase64Url(device.publicKey)
  if (!publicKey) throw refusal('PUBLIC_KEY_INVALID', 'device-public-key', 'device public key invalid')
  if ((await sha256Hex(publicKey)) !== device.id) {
    throw refusal('DEVICE_ID_MISMATCH', 'device-id-mismatch', 'device identity mismatch')
  }
  if (publicKey.byteLength !== 32) throw refusal('PUBLIC_KEY_INVALID', 'device-public-key', 'device public key invalid')
  if (Math.abs(claim.now - device.signedAt) > MAX_SKEW_MS) {
    throw refusal('SIGNATURE_EXPIRED', 'device-signature-stale', 'device signature expired')
  }
  if (device.nonce !== claim.nonce) {
    throw refusal('NONCE_MISMATCH', 'device-nonce-mismatch', 'device nonce mismatch')
  }
  if (!(await isSigned(publicKey, claim))) {
    throw refusal('SIGNATURE_INVALID', 'device-signature', 'device signature invalid')
  }
}

async function isSigned(publicKey: Uint8Array<ArrayBuffer>, claim: Claim): Promise<boolean> {
  const signature = fromBase64Url(claim.device.signature)
  if (!signature) return false
  try {
    const key = await crypto.subtle.importKey('raw', publicKey, 'Ed25519', false, ['verify'])
    const payloads = signedPayloads({
      deviceId: claim.device.id,
      client: claim.client,
      role: claim.role,
      scopes: claim.scopes,
      signedAt: claim.device.signedAt,
      token: claim.token,
      nonce: claim.nonce,
    })
    for (const payload of payloads) {
      if (await crypto.subtle.verify('Ed25519', key, signature, toUtf8(payload))) return true
    }
    return false
  } catch {
    return false // not a point of the curve, or a signature of the wrong length
  }
}

const refusal = (code: string, reason: string, message: string): GatewayError =>
  new GatewayError('UNAUTHORIZED', message, { details: { code: `DEVICE_AUTH_${code}`, reason } })
