// Payloads that only the browser of a subscription can read (RFC 8291), in the one encoding that push services take
// (aes128gcm, RFC 8188). Each message has a key pair and a salt of its own.

import { fromBase64Url, joinBytes, toUtf8 } from '../../kit/bytes.ts'

export interface SubscriptionKeys {
  /** The public key of the browser: 65 raw bytes, base64url. */
  readonly p256dh: string
  /** 16 bytes, base64url. */
  readonly auth: string
}

const ECDH = { name: 'ECDH', namedCurve: 'P-256' } as const
const RECORD_BYTES = 4096
/** What is left in one record behind its header, the tag and the delimiter. */
export const MAX_PAYLOAD_BYTES = RECORD_BYTES - 86 - 16 - 1
/** Behind the payload of the last record. */
const LAST = new Uint8Array([2])

async function hkdf(secret: Uint8Array<ArrayBuffer>, salt: Uint8Array<ArrayBuffer>, info: Uint8Array<ArrayBuffer>, bytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const key = await crypto.subtle.importKey('raw', secret, 'HKDF', false, ['deriveBits'])
  return new Uint8Array(await crypto.subtle.deriveBits({ name: 'HKDF', hash: 'SHA-256', salt, info }, key, bytes * 8))
}

/** Throws for keys that are none, and for a payload that does not fit. */
export async function encryptPayload(payload: Uint8Array<ArrayBuffer>, keys: SubscriptionKeys): Promise<Uint8Array<ArrayBuffer>> {
  if (payload.length > MAX_PAYLOAD_BYTES) throw new Error(`the message is too long: ${MAX_PAYLOAD_BYTES} bytes are the most`)
  const theirs = fromBase64Url(keys.p256dh)
  const auth = fromBase64Url(keys.auth)
  if (theirs?.length !== 65 || auth?.length !== 16) throw new Error('the keys of the subscription are not valid')
  const pair = (await crypto.subtle.generateKey(ECDH, true, ['deriveBits'])) as CryptoKeyPair
  const ours = new Uint8Array((await crypto.subtle.exportKey('raw', pair.publicKey)) as ArrayBuffer)
  const peer = await crypto.subtle.importKey('raw', theirs, ECDH, false, [])
  // The types of a runtime name the member differently than the standard does.
  const algorithm = { name: 'ECDH', public: peer } as unknown as Parameters<typeof crypto.subtle.deriveBits>[0]
  const shared = new Uint8Array(await crypto.subtle.deriveBits(algorithm, pair.privateKey, 256))
  const secret = await hkdf(shared, auth, joinBytes([toUtf8('WebPush: info\0'), theirs, ours]), 32)
  const salt = crypto.getRandomValues(new Uint8Array(16))
  const contentKey = await hkdf(secret, salt, toUtf8('Content-Encoding: aes128gcm\0'), 16)
  const iv = await hkdf(secret, salt, toUtf8('Content-Encoding: nonce\0'), 12)
  const key = await crypto.subtle.importKey('raw', contentKey, 'AES-GCM', false, ['encrypt'])
  const sealed = new Uint8Array(await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, key, joinBytes([payload, LAST])))
  const head = new Uint8Array(5)
  new DataView(head.buffer).setUint32(0, RECORD_BYTES)
  head[4] = ours.length
  return joinBytes([salt, head, ours, sealed])
}
