// A device: a key pair that signs challenges as the published clients do.

import type { webcrypto } from 'node:crypto'
import { signedPayloads } from '../../src/protocol/connect.ts'
import { sha256Hex, toBase64Url, toUtf8 } from '../../src/kit/bytes.ts'
import { BACKEND, type Client, type Data } from './client.ts'

export interface Device {
  readonly id: string
  readonly publicKey: string
  sign(text: string): Promise<string>
}

export async function createDevice(): Promise<Device> {
  const pair = (await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair
  const raw = new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey))
  return {
    id: await sha256Hex(raw),
    publicKey: toBase64Url(raw),
    sign: async (text) => toBase64Url(new Uint8Array(await crypto.subtle.sign('Ed25519', pair.privateKey, toUtf8(text)))),
  }
}

export interface DeviceChoice {
  readonly auth?: { readonly token?: string; readonly deviceToken?: string; readonly bootstrapToken?: string }
  readonly role?: 'operator' | 'node'
  readonly scopes?: readonly string[]
  readonly client?: Record<string, string>
  readonly signature?: 'v3' | 'v2'
  readonly protocol?: number
  /** Further params of `connect`: what a node says that it can do, say. */
  readonly more?: Record<string, unknown>
  readonly signedAt?: number
  /** Changes the finished proof: what an attacker would do. */
  readonly tamper?: (proof: Record<string, unknown>) => Record<string, unknown>
}

/** The params of `connect` for a device. */
export async function deviceParams(device: Device, challenge: Data, choice: DeviceChoice = {}) {
  const { auth = {}, role = 'operator', scopes = ['operator.read', 'operator.write'], signature = 'v3', protocol = 4, more = {}, tamper = (proof) => proof } = choice
  const client = { ...BACKEND, deviceFamily: 'Test', ...choice.client }
  const signedAt = choice.signedAt ?? challenge.ts
  const token = auth.token ?? auth.deviceToken ?? auth.bootstrapToken ?? ''
  const [v3, v2] = signedPayloads({ deviceId: device.id, client, role, scopes, signedAt, token, nonce: challenge.nonce })
  const proof = {
    id: device.id,
    publicKey: device.publicKey,
    signature: await device.sign(signature === 'v3' ? v3 : v2),
    signedAt,
    nonce: challenge.nonce,
  }
  return { minProtocol: protocol, maxProtocol: protocol, client, role, scopes, auth, device: tamper(proof), ...more }
}

/** Waits for the challenge and connects as this device; returns the answer, refused or not. */
export async function connectDevice(client: Client, device: Device, choice: DeviceChoice = {}) {
  const challenge = await client.event('connect.challenge')
  return client.request('connect', await deviceParams(device, challenge, choice))
}
