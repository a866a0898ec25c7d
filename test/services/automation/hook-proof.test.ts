// Who calls, and whether it is true.

import { createHmac } from 'node:crypto'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { describe, expect, it } from 'vitest'
import { toUtf8 } from '../../../src/kit/bytes.ts'
import { hasGoogleToken, hasSignature, hasToken } from '../../../src/services/automation/hook-proof.ts'

const NOW = 1_800_000_000_000

describe('a token', () => {
  it.each([
    [{ authorization: 'Bearer secret' }, true],
    [{ authorization: 'bearer  secret' }, true],
    [{ 'x-openclaw-token': 'secret' }, true],
    [{ authorization: 'Bearer Secret' }, false],
    [{ authorization: 'Basic secret' }, false],
    [{ authorization: 'Bearer ' }, false],
    [{ 'x-openclaw-token': '' }, false],
    [{ 'x-openclaw-token': 'secretsecret' }, false],
    [{}, false],
  ])('%j: %s', (headers, expected) => expect(hasToken(headers as Record<string, string>, 'secret')).toBe(expected))

  it('that nobody has set lets nobody in', () => {
    for (const secret of ['', ' ']) for (const headers of [{}, { authorization: 'Bearer ' }, { 'x-openclaw-token': ' ' }]) expect(hasToken(headers as Record<string, string>, secret)).toBe(false)
  })
})

describe('a signature', () => {
  const body = toUtf8('{"a":"é"}')
  const sign = (text: string | Uint8Array, algorithm = 'sha256', encoding: 'hex' | 'base64' = 'hex', secret = 'key') => createHmac(algorithm, secret).update(text).digest(encoding)
  const settings = { header: 'X-Sig', secret: 'key' }

  it('is that of the raw body', async () => {
    expect(await hasSignature({ 'x-sig': sign(body) }, body, settings, NOW)).toBe(true)
    expect(await hasSignature({ 'x-sig': sign(body).toUpperCase() }, body, settings, NOW)).toBe(true)
    expect(await hasSignature({ 'x-sig': `sha256=${sign(body)}` }, body, { ...settings, prefix: 'sha256=' }, NOW)).toBe(true)
    for (const algorithm of ['sha1', 'sha512'] as const) expect(await hasSignature({ 'x-sig': sign(body, algorithm) }, body, { ...settings, algorithm }, NOW)).toBe(true)
    expect(await hasSignature({ 'x-sig': sign(body, 'sha256', 'base64') }, body, { ...settings, encoding: 'base64' }, NOW)).toBe(true)
  })

  it.each([
    ['none', {}],
    ['an empty one', { 'x-sig': '' }],
    ['that of another key', { 'x-sig': sign(body, 'sha256', 'hex', 'other') }],
    ['that of another body', { 'x-sig': sign('{}') }],
    ['another hash', { 'x-sig': sign(body, 'sha1') }],
    ['half of it', { 'x-sig': sign(body).slice(0, 32) }],
    ['with something before it', { 'x-sig': `sha256=${sign(body)}` }],
  ])('is not %s', async (_, headers) => expect(await hasSignature(headers as Record<string, string>, body, settings, NOW)).toBe(false))

  it('is none where the key is blank', async () => {
    expect(await hasSignature({ 'x-sig': sign(body, 'sha256', 'hex', ' ') }, body, { ...settings, secret: ' ' }, NOW)).toBe(false)
  })

  it('is one of now, where the time is signed', async () => {
    const timed = { ...settings, timestampHeader: 'X-Time', toleranceSeconds: 60 }
    const at = (seconds: number, signedAs = seconds) => hasSignature({ 'x-sig': sign(`${signedAs}.{"a":"é"}`), 'x-time': String(seconds) }, body, timed, NOW)
    const now = NOW / 1000
    expect(await Promise.all([at(now), at(now - 60), at(now + 60)])).toEqual([true, true, true])
    expect(await Promise.all([at(now - 61), at(now + 61), at(now, now - 1)])).toEqual([false, false, false])
    for (const time of ['', 'x', '1e9', '-1']) expect(await hasSignature({ 'x-sig': sign(`${time}.{"a":"é"}`), 'x-time': time }, body, timed, NOW)).toBe(false)
  })
})

describe('a token of Google', async () => {
  const { publicKey, privateKey } = await generateKeyPair('RS256')
  const other = await generateKeyPair('RS256')
  const keys = async () => ({ keys: [{ ...(await exportJWK(publicKey)), kid: 'k', alg: 'RS256' }] })
  const proof = { audience: 'https://claw.example/hooks/gmail', serviceAccount: 'push@p.iam', keys }
  const make = (claims: Record<string, unknown> = {}, key = privateKey) =>
    new SignJWT({ iss: 'https://accounts.google.com', aud: proof.audience, email: proof.serviceAccount, email_verified: true, exp: NOW / 1000 + 60, ...claims })
      .setProtectedHeader({ alg: 'RS256', kid: 'k' })
      .sign(key)
  const isGood = async (token: string) => hasGoogleToken({ authorization: `Bearer ${token}` }, proof, NOW)

  it('is good for this audience and this account, and no longer than it says', async () => {
    expect(await isGood(await make())).toBe(true)
    for (const claims of [{ aud: 'https://other' }, { email: 'other@p.iam' }, { email_verified: false }, { iss: 'https://evil' }, { exp: NOW / 1000 - 1 }]) expect(await isGood(await make(claims)), JSON.stringify(claims)).toBe(false)
    expect(await isGood(await make({}, other.privateKey))).toBe(false)
  })

  it('is no text that only looks like one', async () => {
    const [head, , signature] = (await make()).split('.')
    const none = `${btoa('{"alg":"none"}')}.${btoa('{}')}.`
    for (const token of ['', 'x', `${head}.${btoa('{}')}.${signature}`, none]) expect(await isGood(token)).toBe(false)
    expect(await hasGoogleToken({}, proof, NOW)).toBe(false)
    expect(await hasGoogleToken({ authorization: `Bearer ${await make()}` }, { ...proof, keys: () => Promise.reject(new Error('offline')) }, NOW)).toBe(false)
  })
})
