// Which proof a call needs, and where the keys for it come from.

import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { describe, expect, it } from 'vitest'
import { toUtf8 } from '../../../src/kit/bytes.ts'
import { createHookSenders } from '../../../src/services/automation/hook-senders.ts'
import type { HooksConfig } from '../../../src/services/automation/hook-settings.ts'
import { fakeClock } from '../../harness/clock.ts'

const NO_BODY = new Uint8Array(0)
const GMAIL = { audience: 'https://claw.example/hooks/gmail', serviceAccount: 'push@p.iam' }

async function make() {
  const clock = fakeClock()
  const asked: string[] = []
  const pair = await generateKeyPair('RS256')
  const served = { status: 200, keys: [{ ...(await exportJWK(pair.publicKey)), kid: 'one', alg: 'RS256' }] as object[] }
  const fetch = async (url: string) => {
    asked.push(url)
    return { url, status: served.status, type: 'application/json', bytes: toUtf8(JSON.stringify({ keys: served.keys })) }
  }
  const senders = createHookSenders({ outside: { fetch }, clock })
  const token = (kid = 'one', key = pair.privateKey) =>
    new SignJWT({ iss: 'https://accounts.google.com', aud: GMAIL.audience, email: GMAIL.serviceAccount, email_verified: true, exp: clock.now() / 1000 + 100_000 }).setProtectedHeader({ alg: 'RS256', kid }).sign(key)
  const push = (bearer: string, hooks: HooksConfig = { presets: ['gmail'], gmail: GMAIL }) => senders.isProven({ id: 'gmail' }, { headers: { authorization: `Bearer ${bearer}` } }, NO_BODY, hooks)
  return { clock, asked, served, senders, token, push }
}

describe('a call', () => {
  it('is proven by the token of the hooks, unless its mapping wants something else', async () => {
    const { senders } = await make()
    const headers = { authorization: 'Bearer own' }
    const verify = { header: 'x-sig', secret: 's' }
    for (const mapping of [null, { id: 'a' }, { id: 'gmail' }]) expect(await senders.isProven(mapping, { headers }, NO_BODY, { token: 'own' })).toBe(true)
    expect(await senders.isProven({ id: 'a', verify }, { headers }, NO_BODY, { token: 'own' })).toBe(false)
    expect(await senders.isProven(null, { headers }, NO_BODY, {})).toBe(false)
  })

  it('of Google is proven by its token alone', async () => {
    const { push, token, asked } = await make()
    expect(await push(await token())).toBe(true)
    expect(asked).toEqual(['https://www.googleapis.com/oauth2/v3/certs'])
    expect(await push('own', { token: 'own', presets: ['gmail'], gmail: GMAIL })).toBe(false)
    expect(await push('own', { token: 'own', presets: ['gmail'] }), 'mail that is forwarded').toBe(true)
    expect(await push(await token(), { presets: ['gmail'], gmail: { ...GMAIL, jwksUrl: 'https://keys.example/' } })).toBe(true)
    expect(asked.at(-1)).toBe('https://keys.example/')
  })
})

describe('the keys of Google', () => {
  it('are read once in an hour', async () => {
    const { push, token, asked, clock } = await make()
    for (let n = 0; n < 3; n++) await push(await token())
    expect(asked).toHaveLength(1)
    await clock.advance(60 * 60_000)
    await push(await token())
    expect(asked).toHaveLength(2)
  })

  it('are read again for one that is new, and not for everybody who names one', async () => {
    const { push, token, asked, clock, served } = await make()
    await push(await token())
    const next = await generateKeyPair('RS256')
    served.keys.push({ ...(await exportJWK(next.publicKey)), kid: 'two', alg: 'RS256' })
    for (let n = 0; n < 5; n++) expect(await push(await token('two', next.privateKey))).toBe(false)
    expect(asked).toHaveLength(1)
    await clock.advance(60_000)
    expect(await push(await token('two', next.privateKey))).toBe(true)
    expect(asked).toHaveLength(2)
  })

  it('that could not be read are asked for again', async () => {
    const { push, token, asked, served } = await make()
    served.status = 503
    expect(await push(await token())).toBe(false)
    served.status = 200
    expect(await push(await token())).toBe(true)
    expect(asked).toHaveLength(2)
  })
})
