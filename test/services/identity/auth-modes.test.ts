// What each mode says of what is offered.

import { describe, expect, it } from 'vitest'
import type { Credentials } from '../../../src/protocol/connect.ts'
import { createAuthMode, type AuthSettings, type Verdict } from '../../../src/services/identity/auth-modes.ts'
import type { Facts } from '../../../src/services/identity/connections.ts'

const SECRET = 'correct horse'
const facts = (direct: boolean): Facts => ({ address: '127.0.0.1', direct, host: 'localhost', origin: null })

const NONE: AuthSettings = { mode: 'none' }
const TOKEN: AuthSettings = { mode: 'token', secret: SECRET }
const PASSWORD: AuthSettings = { mode: 'password', secret: SECRET }
const EMPTY: AuthSettings = { mode: 'token', secret: '' }

const CASES: readonly (readonly [what: string, settings: AuthSettings, credentials: Credentials, direct: boolean, verdict: Verdict])[] = [
  ['none, direct, with nothing', NONE, {}, true, 'valid'],
  ['none, direct, with any token', NONE, { token: 'anything' }, true, 'valid'],
  ['none, not direct', NONE, {}, false, 'absent'],
  ['none, not direct, with a token', NONE, { token: 'anything' }, false, 'absent'],
  ['token, with nothing', TOKEN, {}, true, 'absent'],
  ['token, with empty texts', TOKEN, { token: '', password: '' }, true, 'absent'],
  ['token, the right one', TOKEN, { token: SECRET }, true, 'valid'],
  ['token, the right one from afar', TOKEN, { token: SECRET }, false, 'valid'],
  ['token, in the other field', TOKEN, { password: SECRET }, true, 'valid'],
  ['token, in one of two fields', TOKEN, { token: 'wrong', password: SECRET }, true, 'valid'],
  ['token, in both fields', TOKEN, { token: SECRET, password: SECRET }, true, 'valid'],
  ['token, a wrong one', TOKEN, { token: 'wrong' }, true, 'wrong'],
  ['token, a beginning of it', TOKEN, { token: SECRET.slice(0, -1) }, true, 'wrong'],
  ['token, more than it', TOKEN, { token: `${SECRET}!` }, true, 'wrong'],
  ['token, it twice', TOKEN, { token: SECRET + SECRET }, true, 'wrong'],
  ['token, in upper case', TOKEN, { token: SECRET.toUpperCase() }, true, 'wrong'],
  ['token, as what is no shared secret', TOKEN, { deviceToken: SECRET, bootstrapToken: SECRET, agentRuntimeIdentityToken: SECRET }, true, 'absent'],
  ['password, the right one', PASSWORD, { password: SECRET }, true, 'valid'],
  ['password, in the other field', PASSWORD, { token: SECRET }, true, 'valid'],
  ['password, a wrong one', PASSWORD, { password: 'wrong' }, true, 'wrong'],
  ['password, with nothing', PASSWORD, {}, false, 'absent'],
  ['no secret, with nothing', EMPTY, {}, true, 'absent'],
  ['no secret, with an empty text', EMPTY, { token: '' }, true, 'absent'],
  ['no secret, with any', EMPTY, { token: 'anything' }, true, 'wrong'],
]

describe('a mode', () => {
  it.each(CASES)('%s', (_, settings, credentials, direct, verdict) => {
    expect(createAuthMode(settings).check(credentials, facts(direct))).toBe(verdict)
  })

  it.each([NONE, TOKEN, PASSWORD])('knows its name: $mode', (settings) => {
    expect(createAuthMode(settings).name).toBe(settings.mode)
  })
})
