// Who sends a push (RFC 8292): a key pair of the gateway, made when it is first needed and kept, and a short-lived
// token for each push service that is signed with it.

import * as z from 'zod'
import { fromBase64Url, toBase64Url, toUtf8 } from '../../kit/bytes.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Sql } from '../../ports/sql.ts'
import { createCollection } from '../../store/collection.ts'
import type { Commit } from '../../store/commit.ts'

const stored = z.strictObject({
  /** The 65 raw bytes, base64url. */
  publicKey: z.string(),
  privateKey: z.looseObject({ kty: z.string() }),
})

export interface Vapid {
  /** What browsers subscribe with. The same over all starts. */
  publicKey(): Promise<string>
  /** The value of the header `authorization` for a push service. */
  authorization(endpoint: string): Promise<string>
}

const ONLY = 'only'
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256' } as const
const TOKEN_MS = 12 * 60 * 60 * 1000

/** `contact`: whom a push service can turn to, an `https:` or `mailto:` address. */
export function createVapid(deps: { sql: Sql; commit: Commit; clock: Clock; contact: () => string }): Vapid {
  const { commit, clock, contact } = deps
  const kept = createCollection(deps.sql, 'push-vapid', stored)
  let keys: Promise<{ publicKey: string; privateKey: CryptoKey }> | null = null

  async function make(): Promise<z.output<typeof stored>> {
    const pair = (await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])) as CryptoKeyPair
    const raw = new Uint8Array((await crypto.subtle.exportKey('raw', pair.publicKey)) as ArrayBuffer)
    const privateKey = (await crypto.subtle.exportKey('jwk', pair.privateKey)) as { kty: string }
    return commit.tx(() => {
      const known = kept.get(ONLY)?.value
      if (known) return known
      const made = { publicKey: toBase64Url(raw), privateKey: { ...privateKey } }
      kept.put(ONLY, made)
      return made
    })
  }

  async function load() {
    const { publicKey, privateKey } = kept.get(ONLY)?.value ?? (await make())
    return { publicKey, privateKey: await crypto.subtle.importKey('jwk', privateKey, ALGORITHM, false, ['sign']) }
  }

  function own() {
    keys ??= load().catch((error: unknown) => {
      keys = null
      throw error
    })
    return keys
  }

  return {
    publicKey: async () => (await own()).publicKey,
    async authorization(endpoint) {
      const { publicKey, privateKey } = await own()
      const exp = Math.floor((clock.now() + TOKEN_MS) / 1000)
      const encode = (part: unknown) => toBase64Url(toUtf8(JSON.stringify(part)))
      const signed = `${encode({ typ: 'JWT', alg: 'ES256' })}.${encode({ aud: new URL(endpoint).origin, exp, sub: contact() })}`
      const signature = await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, privateKey, toUtf8(signed))
      return `vapid t=${signed}.${toBase64Url(new Uint8Array(signature))}, k=${publicKey}`
    },
  }
}

/** Whether a text is a public key of P-256, as browsers give it. */
export async function isPublicKey(text: string): Promise<boolean> {
  const raw = fromBase64Url(text)
  if (raw?.length !== 65) return false
  return crypto.subtle.importKey('raw', raw, { name: 'ECDH', namedCurve: 'P-256' }, false, []).then(
    () => true,
    () => false,
  )
}
