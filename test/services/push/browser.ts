// A browser that has subscribed: it alone can read what is pushed to it (RFC 8291, from its side).

import { webcrypto } from 'node:crypto'

const { subtle } = webcrypto
const ECDH = { name: 'ECDH', namedCurve: 'P-256' } as const

export interface Browser {
  readonly keys: { readonly p256dh: string; readonly auth: string }
  /** Rejects for what was not encrypted for it. */
  read(body: Uint8Array): Promise<{ readonly text: string; readonly salt: string; readonly publicKey: string; readonly recordBytes: number }>
}

type Bytes = Uint8Array<ArrayBuffer>
const join = (...parts: readonly (Uint8Array | string)[]): Bytes => new Uint8Array(Buffer.concat(parts.map((part) => Buffer.from(part as Uint8Array))))

const hkdf = async (secret: Bytes, salt: Bytes, info: Bytes, bytes: number): Promise<Bytes> => {
  const key = await subtle.importKey('raw', secret, 'HKDF', false, ['deriveBits'])
  return new Uint8Array(await subtle.deriveBits({ name: 'HKDF', hash: 'SHA-256', salt, info }, key, bytes * 8))
}

export async function createBrowser(): Promise<Browser> {
  const pair = (await subtle.generateKey(ECDH, true, ['deriveBits'])) as webcrypto.CryptoKeyPair
  const own = new Uint8Array(await subtle.exportKey('raw', pair.publicKey))
  const auth = webcrypto.getRandomValues(new Uint8Array(16))
  return {
    keys: { p256dh: Buffer.from(own).toString('base64url'), auth: Buffer.from(auth).toString('base64url') },
    async read(body) {
      const bytes = Buffer.from(body)
      const [salt, idLength] = [join(bytes.subarray(0, 16)), bytes[20]!]
      const theirs = join(bytes.subarray(21, 21 + idLength))
      const peer = await subtle.importKey('raw', theirs, ECDH, false, [])
      const shared = new Uint8Array(await subtle.deriveBits({ name: 'ECDH', public: peer }, pair.privateKey, 256))
      const secret = await hkdf(shared, auth, join('WebPush: info\0', own, theirs), 32)
      const contentKey = await hkdf(secret, salt, join('Content-Encoding: aes128gcm\0'), 16)
      const iv = await hkdf(secret, salt, join('Content-Encoding: nonce\0'), 12)
      const key = await subtle.importKey('raw', contentKey, 'AES-GCM', false, ['decrypt'])
      const plain = Buffer.from(await subtle.decrypt({ name: 'AES-GCM', iv }, key, join(bytes.subarray(21 + idLength))))
      if (plain.at(-1) !== 2) throw new Error('the record does not end as the last one does')
      return { text: plain.subarray(0, -1).toString(), salt: Buffer.from(salt).toString('hex'), publicKey: Buffer.from(theirs).toString('base64url'), recordBytes: bytes.readUInt32BE(16) }
    },
  }
}
