// The gateway's own key pair: made once, kept, and its private half shown to nobody.

import { webcrypto } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { fromBase64Url, sha256Hex, toUtf8 } from '../../../src/kit/bytes.ts'
import { createIdentity } from '../../../src/services/operations/identity.ts'
import { foundation } from '../../harness/foundation.ts'

describe('the identity', () => {
  it('is not there before it is loaded', () => {
    const identity = createIdentity(foundation())
    expect(() => identity.get()).toThrow('not loaded yet')
  })

  it('is a public key and its hash, and nothing more', async () => {
    const identity = createIdentity(foundation())
    await identity.load()
    const { deviceId, publicKey } = identity.get()
    expect(Object.keys(identity.get())).toEqual(['deviceId', 'publicKey'])
    const raw = fromBase64Url(publicKey)!
    expect(raw).toHaveLength(32)
    expect(deviceId).toBe(await sha256Hex(raw))
  })

  it('is kept: over a second load, and over a restart', async () => {
    const base = foundation()
    const identity = createIdentity(base)
    await identity.load()
    const first = identity.get()
    await identity.load()
    expect(identity.get()).toEqual(first)
    await base.commit.flush()
    const later = createIdentity(foundation(base.sql))
    await later.load()
    expect(later.get()).toEqual(first)
  })

  it('is another for each gateway', async () => {
    const [one, two] = [createIdentity(foundation()), createIdentity(foundation())]
    await Promise.all([one.load(), two.load()])
    expect(one.get().deviceId).not.toBe(two.get().deviceId)
  })

  it('is kept with the private key that belongs to it', async () => {
    const base = foundation()
    const identity = createIdentity(base)
    await identity.load()
    const { value } = base.sql.get<{ value: string }>("SELECT value FROM collections WHERE name = 'gateway-identity'")!
    const { privateKey } = JSON.parse(value) as { privateKey: webcrypto.JsonWebKey }
    const { subtle } = webcrypto
    const secret = await subtle.importKey('jwk', privateKey, 'Ed25519', false, ['sign'])
    const known = await subtle.importKey('raw', fromBase64Url(identity.get().publicKey)!, 'Ed25519', false, ['verify'])
    const signature = await subtle.sign('Ed25519', secret, toUtf8('a text'))
    expect(await subtle.verify('Ed25519', known, signature, toUtf8('a text'))).toBe(true)
  })
})
