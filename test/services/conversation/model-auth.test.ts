// By which credentials providers are reached.

import { expect, it } from 'vitest'
import { createModelAuth } from '../../../src/services/conversation/model-auth.ts'
import { createConfig } from '../../../src/services/operations/config.ts'
import { foundation } from '../../harness/foundation.ts'

it('is told of those that are configured, and of those whose key is in the environment', async () => {
  const given = { models: { providers: { local: { baseUrl: 'http://x/v1' }, openai: { apiKey: 'sk-1' }, groq: {}, xai: {} } } }
  const config = createConfig({ source: { path: 'x', read: async () => null }, env: {}, log: foundation().log, given })
  await config.load()
  const auth = createModelAuth({ config, env: { GROQ_API_KEY: 'k', OPENAI_API_KEY: 'other', MISTRAL_API_KEY: 'm' } })
  expect(auth.providers().map(({ provider, status, apiKey }) => [provider, status, apiKey?.source])).toEqual([
    ['local', 'static', undefined],
    ['openai', 'static', 'config'],
    ['groq', 'static', 'env'],
    ['xai', 'missing', undefined],
    ['mistral', 'static', 'env'],
  ])
  expect(JSON.stringify(auth.providers())).not.toMatch(/sk-1|other/)
  expect(auth.capabilities()).toContainEqual({ provider: 'ollama', apiKeySupported: false, quickApiKeySetup: false })
})
