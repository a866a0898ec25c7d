// Secrets that the configuration names: found, resolved for known places, and missing.

import { describe, expect, it } from 'vitest'
import { createSecrets } from '../../../src/services/operations/secrets.ts'
import { fakeFile, startConfiguration } from './configuration.ts'

const TEXT = `{
  gateway: { auth: { token: '\${GATEWAY}' } },
  models: { providers: {
    a: { apiKey: '\${KEY_A}', headers: { 'x-team': '\${TEAM}' } },
    b: { apiKey: { source: 'env', id: 'KEY_B' } },
    c: { apiKey: 'written out', baseUrl: 'https://\${HOST}/v1' },
  } },
  session: { mainKey: '\${PLAIN}' },
}`
const ENV = { GATEWAY: 'g-1', KEY_A: 'sk-a', KEY_B: 'sk-b', TEAM: 't', HOST: 'h.example', PLAIN: 'main' }

async function create(env: Record<string, string | undefined> = ENV) {
  const { config } = await startConfiguration({ file: fakeFile(TEXT), env: ENV })
  return createSecrets({ config, env })
}

describe('what references stand for', () => {
  it('is told for the places that are asked about', async () => {
    const secrets = await create()
    const { assignments, diagnostics } = secrets.resolve(['models.providers.*.apiKey', 'models.providers.*.headers.*', 'gateway.auth.token'])
    expect(assignments).toEqual([
      { path: 'gateway.auth.token', pathSegments: ['gateway', 'auth', 'token'], value: 'g-1' },
      { path: 'models.providers.a.apiKey', pathSegments: ['models', 'providers', 'a', 'apiKey'], value: 'sk-a' },
      { path: 'models.providers.a.headers.x-team', pathSegments: ['models', 'providers', 'a', 'headers', 'x-team'], value: 't' },
      { path: 'models.providers.b.apiKey', pathSegments: ['models', 'providers', 'b', 'apiKey'], value: 'sk-b' },
    ])
    expect(diagnostics).toEqual([])
  })

  it('is told for allowed paths only, where some are named', async () => {
    const secrets = await create()
    expect(secrets.resolve(['models.providers.*.apiKey'], ['models.providers.b.apiKey']).assignments.map(({ value }) => value)).toEqual(['sk-b'])
    expect(secrets.resolve(['models.providers.c.apiKey']).assignments).toEqual([])
  })

  it.each(['session.mainKey', 'models.providers.*.baseUrl', '*', '', 'apiKey.models'])('is not told for %j', async (target) => {
    const secrets = await create()
    expect(() => secrets.resolve([target])).toThrow(`unknown target id "${target}"`)
  })

  it('is missed by its name', async () => {
    const secrets = await create({ ...ENV, KEY_A: '', TEAM: undefined })
    expect(secrets.resolve(['models.providers.*.apiKey'])).toEqual({
      assignments: [{ path: 'models.providers.b.apiKey', pathSegments: ['models', 'providers', 'b', 'apiKey'], value: 'sk-b' }],
      diagnostics: ['models.providers.a.apiKey: the environment variable KEY_A is not set'],
    })
    expect(secrets.missing()).toEqual([
      'models.providers.a.apiKey: the environment variable KEY_A is not set',
      'models.providers.a.headers.x-team: the environment variable TEAM is not set',
    ])
  })
})
