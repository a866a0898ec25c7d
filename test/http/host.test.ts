// Under which names a request may come to this machine. That every route and upgrade asks is in test/security/a-browser.test.ts.

import { expect, it } from 'vitest'
import { refuseHost } from '../../src/http/host.ts'
import type { Config } from '../../src/services/operations/config-schema.ts'

const ask = (host: string | null, gateway: Config['gateway'] = {}, remoteAddress: string | null = '127.0.0.1') =>
  refuseHost(new Headers(host === null ? {} : { host }), { remoteAddress }, { config: { current: { gateway } } } as Parameters<typeof refuseHost>[2])

it.each([
  ['its own', 'localhost:18789', {}],
  ['none: no browser', null, {}],
  ['the public one', 'gate.example:444', { publicOrigin: 'https://gate.example' }],
  ['the public one without a scheme', 'gate.example', { publicOrigin: 'gate.example' }],
  ['the public one in other letters', 'GATE.example', { publicOrigin: 'https://Gate.example/' }],
  ['of an allowed page', 'app.example', { controlUi: { allowedOrigins: ['https://app.example'] } }],
  ['any, where all pages are allowed', 'any.example', { controlUi: { allowedOrigins: ['*'] } }],
] as const)('takes %s', (_, host, gateway) => {
  expect(ask(host, gateway as Config['gateway'])).toBeNull()
})

it.each([
  ['another', 'evil.example', { publicOrigin: 'https://gate.example' }],
  ['one that begins alike', 'gate.example.evil.example', { publicOrigin: 'https://gate.example' }],
  ['one below', 'a.gate.example', { publicOrigin: 'https://gate.example' }],
  ['what is none', 'a b', { publicOrigin: 'not an origin' }],
] as const)('refuses %s', async (_, host, gateway) => {
  const response = ask(host, gateway)
  expect([response?.status, response?.headers.get('x-content-type-options')]).toEqual([403, 'nosniff'])
  expect(await response!.json()).toMatchObject({ error: { type: 'permission_error', message: expect.stringContaining('set gateway.publicOrigin'), details: { code: 'HOST_NOT_ALLOWED' } } })
})

it('does not look at the names of requests from elsewhere', () => {
  expect(ask('evil.example', {}, '192.168.1.9')).toBeNull()
  expect(ask('evil.example', {}, null)).toBeNull()
})
