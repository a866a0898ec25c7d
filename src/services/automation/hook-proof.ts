// How a call proves that it comes from where it says: a token, a signature of its raw body, or a signed token of Google.

import { toBase64, toHex, toUtf8, secretsEqual } from '../../kit/bytes.ts'
import type { HmacSettings } from './hook-settings.ts'

const DEFAULT_TOLERANCE_SECONDS = 300
const HASHES = { sha1: 'SHA-1', sha256: 'SHA-256', sha512: 'SHA-512' } as const

type Headers = Readonly<Record<string, string>>

/** `Authorization: Bearer …` or `X-OpenClaw-Token`. A blank secret lets nobody in. */
export function hasToken(headers: Headers, secret: string): boolean {
  const given = /^Bearer\s+(.+)$/i.exec(headers['authorization'] ?? '')?.[1] ?? headers['x-openclaw-token'] ?? ''
  return secret.trim() !== '' && secretsEqual(given.trim(), secret)
}

/** Whether the signature is that of the raw body, and, where the time is signed, of a call of now. */
export async function hasSignature(headers: Headers, body: Uint8Array<ArrayBuffer>, settings: HmacSettings, now: number): Promise<boolean> {
  const { header, secret, algorithm = 'sha256', encoding = 'hex', prefix = '', timestampHeader, toleranceSeconds = DEFAULT_TOLERANCE_SECONDS } = settings
  const given = headers[header.toLowerCase()] ?? ''
  if (secret.trim() === '' || !given.startsWith(prefix)) return false
  const time = timestampHeader === undefined ? null : (headers[timestampHeader.toLowerCase()] ?? '')
  if (time !== null && !(/^\d{1,12}$/.test(time) && Math.abs(now / 1000 - Number(time)) <= toleranceSeconds)) return false
  const signed = time === null ? body : joined(toUtf8(`${time}.`), body)
  const key = await crypto.subtle.importKey('raw', toUtf8(secret), { name: 'HMAC', hash: HASHES[algorithm] }, false, ['sign'])
  const own = new Uint8Array(await crypto.subtle.sign('HMAC', key, signed))
  const wanted = encoding === 'hex' ? toHex(own) : toBase64(own)
  const said = given.slice(prefix.length)
  return secretsEqual(encoding === 'hex' ? said.toLowerCase() : said, wanted)
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(a.byteLength + b.byteLength)
  both.set(a)
  both.set(b, a.byteLength)
  return both
}

export interface GoogleProof {
  readonly audience: string
  readonly serviceAccount: string
  /** Google's keys, as JSON; `anew` when those that were known did not fit. */
  readonly keys: (anew: boolean) => Promise<unknown>
}

const ISSUERS = ['https://accounts.google.com', 'accounts.google.com']

/** Whether the bearer token was made by Google for this audience, and for that service account. */
export async function hasGoogleToken(headers: Headers, { audience, serviceAccount, keys }: GoogleProof, now: number): Promise<boolean> {
  const token = /^Bearer\s+(\S+)$/i.exec(headers['authorization'] ?? '')?.[1]
  if (token === undefined) return false
  const { createLocalJWKSet, errors, jwtVerify } = await import('jose')
  const check = async (anew: boolean) => {
    const found = createLocalJWKSet((await keys(anew)) as Parameters<typeof createLocalJWKSet>[0])
    return jwtVerify(token, found, { audience, issuer: ISSUERS, algorithms: ['RS256'], requiredClaims: ['exp'], currentDate: new Date(now) })
  }
  try {
    const { payload } = await check(false).catch((error: unknown) => (error instanceof errors.JWKSNoMatchingKey ? check(true) : Promise.reject(error as Error)))
    return payload['email'] === serviceAccount && payload['email_verified'] === true
  } catch {
    return false // it is none, or somebody else's
  }
}
