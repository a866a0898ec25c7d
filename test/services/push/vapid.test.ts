// Who sends a push: one key over all starts, and tokens that a push service can check with it.

import { webcrypto } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createVapid, isPublicKey } from '../../../src/services/push/vapid.ts'
import { foundation } from '../../harness/foundation.ts'
import { createBrowser } from './browser.ts'

const make = (base = foundation(), contact = 'mailto:a@b.example') => ({ ...base, vapid: createVapid({ ...base, contact: () => contact }) })

it('makes its key once', async () => {
  const first = make()
  const [one, two] = await Promise.all([first.vapid.publicKey(), first.vapid.publicKey()])
  expect(one).toBe(two)
  expect(Buffer.from(one, 'base64url')).toHaveLength(65)
  expect(await make(foundation(first.sql)).vapid.publicKey()).toBe(one)
  const [three, four] = [make(foundation(make().sql)), make()]
  expect(await three.vapid.publicKey()).not.toBe(await four.vapid.publicKey())
})

it('makes one key also when two ask at once on a new database', async () => {
  const base = foundation()
  const [one, two] = await Promise.all([make(base).vapid.publicKey(), make(base).vapid.publicKey()])
  expect(one).toBe(two)
})

it('signs for one push service, for twelve hours', async () => {
  const { vapid, clock } = make()
  const header = await vapid.authorization('https://push.example:8443/some/where?x=1')
  const [, token, key] = /^vapid t=([\w.-]+), k=([\w-]+)$/.exec(header)!
  expect(key).toBe(await vapid.publicKey())
  const [head, claims, signature] = token!.split('.')
  const read = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString()) as unknown
  expect(read(head!)).toEqual({ typ: 'JWT', alg: 'ES256' })
  expect(read(claims!)).toEqual({ aud: 'https://push.example:8443', exp: clock.now() / 1000 + 12 * 3600, sub: 'mailto:a@b.example' })
  const publicKey = await webcrypto.subtle.importKey('raw', Buffer.from(key!, 'base64url'), { name: 'ECDSA', namedCurve: 'P-256' }, false, ['verify'])
  const isValid = await webcrypto.subtle.verify({ name: 'ECDSA', hash: 'SHA-256' }, publicKey, Buffer.from(signature!, 'base64url'), Buffer.from(`${head}.${claims}`))
  expect(isValid).toBe(true)
})

describe('public keys of browsers', () => {
  it('are points of the curve', async () => {
    expect(await isPublicKey((await createBrowser()).keys.p256dh)).toBe(true)
    for (const text of ['', 'AAAA', '§', Buffer.alloc(65, 4).toString('base64url'), Buffer.alloc(65).toString('base64url')]) expect(await isPublicKey(text), text).toBe(false)
  })
})
