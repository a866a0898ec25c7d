// The gateway's own device identity: an Ed25519 key pair, made at the first start and kept.

import * as z from 'zod'
import { sha256Hex, toBase64Url } from '../../kit/bytes.ts'
import type { Sql } from '../../ports/sql.ts'
import { createCollection } from '../../store/collection.ts'
import type { Commit } from '../../store/commit.ts'

const stored = z.strictObject({
  /** SHA-256 of the raw public key, in hex. */
  deviceId: z.string(),
  /** The raw 32 bytes, base64url. */
  publicKey: z.string(),
  /** JSON Web Key. */
  privateKey: z.unknown(),
})

export interface GatewayIdentity {
  readonly deviceId: string
  readonly publicKey: string
}

export interface IdentityService {
  load(): Promise<void>
  /** Throws before `load`. */
  get(): GatewayIdentity
}

export function createIdentity(deps: { sql: Sql; commit: Commit }): IdentityService {
  const collection = createCollection(deps.sql, 'gateway-identity', stored)
  let identity: GatewayIdentity | null = null

  async function make(): Promise<GatewayIdentity> {
    const pair = (await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify'])) as CryptoKeyPair
    const raw = new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey))
    const privateKey = await crypto.subtle.exportKey('jwk', pair.privateKey)
    const made = { deviceId: await sha256Hex(raw), publicKey: toBase64Url(raw) }
    deps.commit.tx(() => collection.put('gateway', { ...made, privateKey }))
    return made
  }

  return {
    async load() {
      const known = collection.get('gateway')?.value
      identity = known ? { deviceId: known.deviceId, publicKey: known.publicKey } : await make()
    },
    get() {
      if (!identity) throw new Error('the identity is not loaded yet')
      return identity
    },
  }
}
