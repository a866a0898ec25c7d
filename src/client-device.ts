// The key of a device, in the browser's own crypto: made once, kept by whoever made it, and used to sign each challenge.

import { fromBase64Url, sha256Hex, toBase64Url, toUtf8 } from './kit/bytes.ts'

export interface ClientDevice {
  /** The SHA-256 of the public key. */
  readonly id: string
  readonly publicKey: string
  sign(text: string): Promise<string>
}

/** As it can be kept between two visits. Whoever has it is the device. */
export interface KeptDevice {
  readonly publicKey: string
  /** PKCS #8, base64url. */
  readonly privateKey: string
}

/** A new device, and what to keep of it. */
export async function createDevice(): Promise<{ readonly device: ClientDevice; readonly kept: KeptDevice }> {
  const pair = (await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify'])) as CryptoKeyPair
  const publicKey = toBase64Url(new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey)))
  const privateKey = toBase64Url(new Uint8Array(await crypto.subtle.exportKey('pkcs8', pair.privateKey)))
  return { device: await toDevice(publicKey, pair.privateKey), kept: { publicKey, privateKey } }
}

export async function loadDevice({ publicKey, privateKey }: KeptDevice): Promise<ClientDevice> {
  const bytes = fromBase64Url(privateKey)
  if (!bytes) throw new Error('the private key of the device is not base64url: make a new device')
  return toDevice(publicKey, await crypto.subtle.importKey('pkcs8', bytes, 'Ed25519', false, ['sign']))
}

async function toDevice(publicKey: string, key: CryptoKey): Promise<ClientDevice> {
  return {
    id: await sha256Hex(fromBase64Url(publicKey) ?? new Uint8Array()),
    publicKey,
    sign: async (text) => toBase64Url(new Uint8Array(await crypto.subtle.sign('Ed25519', key, toUtf8(text)))),
  }
}
