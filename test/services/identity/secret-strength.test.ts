// What keeps nobody out.

import { expect, it } from 'vitest'
import { randomToken } from '../../../src/kit/ids.ts'
import { weaknessOf } from '../../../src/services/identity/secret-strength.ts'

it.each([
  ['', 'empty'],
  ['   \t', 'empty'],
  ['changeme', 'placeholder'],
  ['CHANGE-ME-PLEASE', 'placeholder'],
  ['my-token', 'placeholder'],
  ['your_gateway_token_here', 'placeholder'],
  ['super-secret-token-123456', 'placeholder'],
  ['<the token of your gateway that is 30 long>', 'placeholder'],
  ['${OPENCLAW_GATEWAY_TOKEN}', 'placeholder'],
  ['xxxxxxxxxxxxxxxxxxxxxxxx', 'placeholder'],
  ['k7', 'too short'],
  ['elevenchars', 'too short'],
  ['121212121212121212', 'too short'],
])('"%s" %s', (secret, why) => {
  expect(weaknessOf(secret)).toContain(why)
})

it.each(['correct horse battery', 'of-the-tests', 'kX9!mQ2@vL5#', '8f14e45fceea167a', '1a2a3be4a5be6', randomToken()])('"%s" may do', (secret) => {
  expect(weaknessOf(secret)).toBeNull()
})
