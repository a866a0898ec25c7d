// The published client of the protocol, as a program uses it: by token, or as a device with a key pair of its own.

import { createHash, createPublicKey, generateKeyPairSync, sign } from 'node:crypto'
import { GatewayClient } from '@openclaw/gateway-client'
import type { Data, Frame } from './client.ts'
import type { Published } from './published.ts'

export interface DeviceKeys {
  readonly deviceId: string
  readonly privateKeyPem: string
  readonly publicKeyPem: string
}

const rawPublicKey = (pem: string): Buffer => Buffer.from(createPublicKey(pem).export({ format: 'jwk' }).x!, 'base64url')

export function createDeviceKeys(): DeviceKeys {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const publicKeyPem = publicKey.export({ type: 'spki', format: 'pem' }).toString()
  const deviceId = createHash('sha256').update(rawPublicKey(publicKeyPem)).digest('hex')
  return { deviceId, privateKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), publicKeyPem }
}

export interface Running {
  readonly hello: Data
  readonly events: readonly Frame[]
  /** What of all that was heard does not fit the published schema. */
  readonly wrong: readonly string[]
  /** The device token that hello-ok brought. */
  readonly deviceToken: string | undefined
  request(method: string, params?: unknown): Promise<Data>
  /** The payload of the first event that fits. */
  event(name: string, fits?: (payload: Data) => boolean): Promise<Data>
  stop(): Promise<void>
}

export interface Choice {
  readonly url: string
  readonly token?: string
  readonly deviceToken?: string
  readonly device?: DeviceKeys
  readonly scopes?: readonly string[]
}

const PATIENCE_MS = 15_000

/** Connects; rejects with the refusal of the gateway. */
export async function runClient({ url, token, deviceToken, device, scopes = ['operator.admin'] }: Choice, published: Published): Promise<Running> {
  const events: Frame[] = []
  const wrong: string[] = []
  const waiting = new Set<(frame: Frame) => void>()
  const connected = Promise.withResolvers<Data>()
  let issued: string | undefined
  const note = (found: string | null) => void (found !== null && wrong.push(found))

  const client = new GatewayClient({
    url: url.replace(/^http/, 'ws'),
    ...(token !== undefined && { token }),
    ...(deviceToken !== undefined && { deviceToken }),
    scopes: [...scopes],
    deviceIdentity: device ?? null,
    hostDeps: {
      signDevicePayload: (pem, payload) => sign(null, Buffer.from(payload), pem).toString('base64url'),
      publicKeyRawBase64UrlFromPem: (pem) => rawPublicKey(pem).toString('base64url'),
      storeDeviceAuthToken: (stored) => void (issued = stored.token),
    },
    onHelloOk(hello) {
      note(published.check({ type: 'res', id: 'hello', ok: true, payload: hello }, 'connect'))
      connected.resolve(hello)
    },
    onConnectError: (error) => connected.reject(error),
    onEvent(event) {
      const frame = event as Frame
      events.push(frame)
      note(published.check(frame))
      for (const each of waiting) each(frame)
    },
    onGap: (gap) => void wrong.push(`events are missing: ${JSON.stringify(gap)}`),
  })
  client.start()
  const hello = await connected.promise.catch(async (error: unknown) => {
    await client.stopAndWait()
    throw error
  })

  return {
    hello,
    events,
    wrong,
    get deviceToken() {
      return issued
    },
    async request(method, params = {}) {
      const payload = await client.request(method, params)
      note(published.check({ type: 'res', id: 'any', ok: true, payload }, method))
      return payload
    },
    event: (name, fits = () => true) =>
      new Promise((resolve, reject) => {
        const limit = setTimeout(() => reject(new Error(`an event "${name}" did not arrive`)), PATIENCE_MS)
        const take = (frame: Frame) => {
          if (frame.event !== name || !fits(frame.payload)) return
          clearTimeout(limit)
          waiting.delete(take)
          resolve(frame.payload)
        }
        waiting.add(take)
        events.forEach(take)
      }),
    stop: () => client.stopAndWait(),
  }
}
