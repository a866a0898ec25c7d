// Where the models of a provider are reached: addresses, keys, and whom the credentials of the environment are for.

import { describe, expect, it } from 'vitest'
import { openaiCompatible } from '../../../src/models/openai-compatible.ts'
import { sdkProviders } from '../../../src/models/sdk-wires.ts'
import { createSources } from '../../../src/services/conversation/model-sources.ts'
import { createConversation } from './conversation.ts'

async function make(providers: unknown = {}, env: Record<string, string> = {}) {
  const { config } = await createConversation({ config: { models: { providers } } })
  const reach = createSources({ config, env, wires: [openaiCompatible, ...sdkProviders()], loopback: false })
  return (id: string) => {
    const [provider, model] = id.split('/')
    const { wire, spec } = reach(provider!, model!)
    return { api: wire.api, ...spec }
  }
}

describe('the wire', () => {
  it('is known by its name and by others', async () => {
    const names = { 'anthropic-messages': 'anthropic-messages', anthropic: 'anthropic-messages', gemini: 'google-generative-ai', responses: 'openai-responses', bedrock: 'bedrock-converse-stream', 'openai-compatible': 'openai-completions' }
    const reach = await make(Object.fromEntries(Object.keys(names).map((api) => [`p-${api}`, { api, baseUrl: 'http://p.test' }])))
    for (const [name, api] of Object.entries(names)) expect(reach(`p-${name}/m`).api).toBe(api)
  })

  it('is the vendor’s own where a known vendor says nothing else', async () => {
    const reach = await make({ google: { apiKey: 'mine' }, anthropic: { apiKey: 'sk', api: 'openai-completions', baseUrl: 'http://proxy.test/v1' } })
    expect(reach('google/m')).toMatchObject({ api: 'google-generative-ai', apiKey: 'mine', baseUrl: 'https://generativelanguage.googleapis.com/v1beta' })
    expect(reach('anthropic/m')).toMatchObject({ api: 'openai-completions', baseUrl: 'http://proxy.test/v1' })
  })

  it('is refused where nobody speaks it', async () => {
    const reach = await make({ odd: { api: 'smoke-signals', baseUrl: 'http://p.test' } })
    expect(() => reach('odd/m')).toThrow('models.providers.odd.api "smoke-signals" is not supported: use "openai-completions", "anthropic-messages"')
  })
})

describe('the address', () => {
  it('follows from what the vendor is told', async () => {
    const reach = await make({ aws: { api: 'bedrock-converse-stream', region: 'eu-north-1' }, az: { api: 'azure-openai-responses', resourceName: 'my-team', apiKey: 'k' }, claude: { api: 'anthropic-messages', apiKey: 'k' } })
    expect(reach('aws/m')).toMatchObject({ baseUrl: 'https://bedrock-runtime.eu-north-1.amazonaws.com', options: { region: 'eu-north-1' }, apiKey: null })
    expect(reach('az/m').baseUrl).toBe('https://my-team.openai.azure.com/openai')
    expect(reach('claude/m').baseUrl).toBe('https://api.anthropic.com/v1')
  })

  it('may follow from the environment', async () => {
    const reach = await make({ aws: { api: 'bedrock' } }, { AWS_REGION: 'us-west-2', AWS_ACCESS_KEY_ID: 'AKIA', AWS_SECRET_ACCESS_KEY: 'shh', AWS_SESSION_TOKEN: 'tok' })
    expect(reach('aws/m')).toMatchObject({ baseUrl: 'https://bedrock-runtime.us-west-2.amazonaws.com', options: { region: 'us-west-2', accessKeyId: 'AKIA', secretAccessKey: 'shh', sessionToken: 'tok' } })
  })

  it('is asked for by name where it is missing', async () => {
    const reach = await make({ aws: { api: 'bedrock' }, az: { api: 'azure', apiKey: 'k' }, plain: { apiKey: 'k' } })
    expect(() => reach('aws/m')).toThrow('models.providers.aws lacks an address: set models.providers.aws.region (or AWS_REGION) or models.providers.aws.baseUrl')
    expect(() => reach('az/m')).toThrow('set models.providers.az.resourceName (or AZURE_OPENAI_RESOURCE_NAME)')
    expect(() => reach('plain/m')).toThrow('model "plain/m" is not configured')
    expect(() => reach('nobody/m')).toThrow('model "nobody/m" is not configured')
  })
})

describe('credentials of the environment', () => {
  const env = { ANTHROPIC_API_KEY: 'sk-env', AWS_SECRET_ACCESS_KEY: 'shh', AWS_REGION: 'eu-north-1' }

  it('are for the vendor whom they are of', async () => {
    const reach = await make({ claude: { api: 'anthropic-messages' } }, env)
    expect(reach('claude/m')).toMatchObject({ apiKey: 'sk-env', baseUrl: 'https://api.anthropic.com/v1' })
    expect(reach('anthropic/m')).toMatchObject({ apiKey: 'sk-env', api: 'anthropic-messages' })
  })

  it('never go to an address that somebody else wrote', async () => {
    const reach = await make({ mine: { api: 'anthropic-messages', baseUrl: 'http://elsewhere.test' }, aws: { api: 'bedrock', baseUrl: 'http://elsewhere.test' } }, env)
    expect(reach('mine/m')).toMatchObject({ apiKey: null })
    expect(JSON.stringify(reach('aws/m'))).not.toContain('shh')
  })

  it('give way to those of the configuration', async () => {
    const reach = await make({ claude: { api: 'anthropic-messages', apiKey: 'sk-own' } }, env)
    expect(reach('claude/m').apiKey).toBe('sk-own')
  })
})
