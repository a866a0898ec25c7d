// Keys that are signed: what they say, and that nobody else can say it.

import { SignJWT } from 'jose'
import { describe, expect, it } from 'vitest'
import { toUtf8 } from '../../../src/kit/bytes.ts'
import { createKeySigning, type SignedKey } from '../../../src/services/identity/key-signing.ts'
import { foundation } from '../../harness/foundation.ts'

function make(base = foundation()) {
  const signed = (more: Partial<SignedKey['limits']> = {}): SignedKey => ({
    limits: { id: 'k1', expiresAtMs: base.clock.now() + 60_000, ...more },
    scopes: ['operator.read', 'operator.write'],
  })
  return { ...base, signing: createKeySigning(base), signed }
}

describe('a signed key', () => {
  it('says what it allows, until its end', async () => {
    const { signing, signed, clock } = make()
    const key = signed({ agents: ['main'], models: ['m/*'], requestsPerMinute: 7, budget: { tokens: 5, period: 'day' } })
    const token = await signing.sign(key)
    expect(await signing.verify(token)).toEqual(key)
    await clock.advance(60_000)
    expect(await signing.verify(token)).toBeNull()
  })

  it('is right after a restart, and of no other gateway', async () => {
    const { signing, signed, sql, clock } = make()
    const token = await signing.sign(signed())
    expect(await make(foundation(sql, clock)).signing.verify(token)).toEqual(signed())
    const other = make()
    expect(await other.signing.verify(token), 'one that has never signed').toBeNull()
    await other.signing.sign(other.signed())
    expect(await other.signing.verify(token)).toBeNull()
  })

  it('cannot be changed, nor be signed in another way', async () => {
    const { signing, signed, clock } = make()
    const [head, body, signature] = (await signing.sign(signed())).split('.') as [string, string, string]
    const decoded = JSON.parse(atob(body.replaceAll('-', '+').replaceAll('_', '/')))
    const encode = (value: unknown) => btoa(JSON.stringify(value)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
    const wider = encode({ ...decoded, scopes: ['operator.admin'] })
    const wrong = [
      `${head}.${wider}.${signature}`,
      `${encode({ alg: 'none', typ: 'JWT' })}.${wider}.`,
      `${encode({ alg: 'HS512', typ: 'JWT' })}.${body}.${signature}`,
      `${head}.${body}.${signature.slice(0, -2)}AA`,
      'a.b.c',
    ]
    for (const token of wrong) expect(await signing.verify(token), token).toBeNull()
    const foreign = await new SignJWT({ scopes: ['operator.read'] })
      .setProtectedHeader({ alg: 'HS256' })
      .setJti('k1')
      .setIssuer('edgeclaw')
      .setAudience('edgeclaw')
      .setExpirationTime(Math.floor(clock.now() / 1000) + 100)
      .sign(toUtf8('another secret of some length ...'))
    expect(await signing.verify(foreign)).toBeNull()
  })

  it('gives no scope that there is not', async () => {
    const { signing, signed } = make()
    const token = await signing.sign({ ...signed(), scopes: ['operator.everything' as never] })
    expect(await signing.verify(token)).toBeNull()
  })
})
