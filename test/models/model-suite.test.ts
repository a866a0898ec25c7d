// Every wire against a vendor of its own.

import { expect, it } from 'vitest'
import { createFetch } from '../../runtimes/node/fetch.ts'
import { aiSdk } from '../../src/models/ai-sdk.ts'
import { openaiCompatible } from '../../src/models/openai-compatible.ts'
import { SDK_WIRES } from '../../src/models/sdk-wires.ts'
import { anthropicWire } from '../harness/vendors/anthropic.ts'
import { bedrockWire } from '../harness/vendors/bedrock.ts'
import { completionsWire, mistralWire } from '../harness/vendors/completions.ts'
import { geminiWire } from '../harness/vendors/gemini.ts'
import { responsesWire } from '../harness/vendors/responses.ts'
import { fakeClock } from '../harness/clock.ts'
import { startVendor } from '../harness/vendors/vendor.ts'
import { modelSuite } from '../suites/model-suite.ts'

const sdk = (api: string) => aiSdk(SDK_WIRES.find((wire) => wire.api === api)!)

modelSuite({
  name: 'openai-completions',
  provider: openaiCompatible,
  vendor: completionsWire,
  model: 'gpt-5.5',
  toBaseUrl: (origin) => `${origin}/v1`,
  path: /^\/v1\/chat\/completions$/,
  credential: ['authorization', 'Bearer KEY'],
  uncounted: ['cacheWrite'],
  takesAddresses: true,
  signs: false,
  keepsIds: true,
})

modelSuite({
  name: 'anthropic-messages',
  provider: sdk('anthropic-messages'),
  vendor: anthropicWire,
  model: 'claude-sonnet-4-5',
  toBaseUrl: (origin) => origin,
  path: /^\/v1\/messages$/,
  credential: ['x-api-key', 'KEY'],
  takesAddresses: true,
  signs: true,
  keepsIds: true,
  check({ headers, body }) {
    expect(headers['anthropic-version']).toBe('2023-06-01')
    expect(body).toMatchObject({ stream: true, system: [{ text: 'Be brief.', cache_control: { type: 'ephemeral' } }], messages: [{ role: 'user', content: [{ text: 'hi', cache_control: { type: 'ephemeral' } }] }] })
  },
})

modelSuite({
  name: 'google-generative-ai',
  provider: sdk('google-generative-ai'),
  vendor: geminiWire,
  model: 'gemini-2.5-flash',
  toBaseUrl: (origin) => `${origin}/v1beta`,
  path: /^\/v1beta\/models\/gemini-2\.5-flash:streamGenerateContent\?alt=sse$/,
  credential: ['x-goog-api-key', 'KEY'],
  uncounted: ['cacheWrite'],
  takesAddresses: true,
  signs: true,
  keepsIds: false,
  check: ({ body }) => expect(body).toMatchObject({ systemInstruction: { parts: [{ text: 'Be brief.' }] } }),
})

modelSuite({
  name: 'openai-responses',
  provider: sdk('openai-responses'),
  vendor: responsesWire,
  model: 'gpt-5.5',
  toBaseUrl: (origin) => `${origin}/v1`,
  path: /^\/v1\/responses$/,
  credential: ['authorization', 'Bearer KEY'],
  uncounted: ['cacheWrite'],
  takesAddresses: true,
  signs: true,
  keepsIds: true,
  check: ({ body }) => expect(body).toMatchObject({ stream: true, store: false, include: ['reasoning.encrypted_content'] }),
})

modelSuite({
  name: 'azure-openai-responses',
  provider: sdk('azure-openai-responses'),
  vendor: responsesWire,
  model: 'my-deployment',
  toBaseUrl: (origin) => `${origin}/openai/v1`,
  path: /^\/openai\/v1\/responses/,
  credential: ['api-key', 'KEY'],
  uncounted: ['cacheWrite'],
  takesAddresses: true,
  signs: true,
  keepsIds: true,
  check: ({ body }) => expect(body).toMatchObject({ model: 'my-deployment', store: false }),
})

modelSuite({
  name: 'bedrock-converse-stream',
  provider: sdk('bedrock-converse-stream'),
  vendor: bedrockWire,
  model: 'eu.anthropic.claude-sonnet-4-5-20250929-v1:0',
  toBaseUrl: (origin) => origin,
  options: { region: 'eu-north-1' },
  path: /^\/model\/eu\.anthropic\.claude-sonnet-4-5-20250929-v1%3A0\/converse-stream$/,
  credential: ['authorization', 'Bearer KEY'],
  uncounted: ['reasoning'],
  takesAddresses: false,
  signs: true,
  keepsIds: true,
  check: ({ body }) => expect(body).toMatchObject({ system: [{ text: 'Be brief.' }, { cachePoint: { type: 'default' } }] }),
})

modelSuite({
  name: 'mistral-conversations',
  provider: sdk('mistral-conversations'),
  vendor: mistralWire,
  model: 'magistral-medium-latest',
  toBaseUrl: (origin) => `${origin}/v1`,
  path: /^\/v1\/chat\/completions$/,
  credential: ['authorization', 'Bearer KEY'],
  uncounted: ['cacheWrite', 'reasoning'],
  takesAddresses: true,
  textResults: true,
  signs: false,
  keepsIds: true,
})

modelSuite({
  name: 'xai-responses',
  provider: sdk('xai-responses'),
  vendor: responsesWire,
  model: 'grok-4.5',
  toBaseUrl: (origin) => `${origin}/v1`,
  path: /^\/v1\/responses$/,
  credential: ['authorization', 'Bearer KEY'],
  uncounted: ['cacheWrite'],
  takesAddresses: true,
  signs: true,
  keepsIds: true,
  check: ({ body }) => expect(body).toMatchObject({ store: false }),
})

/** A vendor that is not built in: whoever makes a gateway gives it one more wire. */
modelSuite({
  name: 'a wire of one’s own',
  provider: aiSdk({
    api: 'my-vendor',
    load: async () => {
      const { createOpenAICompatible } = await import('@ai-sdk/openai-compatible')
      return (settings) => {
        const provider = createOpenAICompatible({ name: 'my-vendor', includeUsage: true, supportsStructuredOutputs: true, ...settings })
        return { language: (model) => provider.languageModel(model) }
      }
    },
    fetchesImages: true,
    textResults: true,
  }),
  vendor: completionsWire,
  model: 'm',
  toBaseUrl: (origin) => `${origin}/v1`,
  path: /^\/v1\/chat\/completions$/,
  credential: ['authorization', 'Bearer KEY'],
  uncounted: ['cacheWrite'],
  takesAddresses: true,
  textResults: true,
  signs: false,
  keepsIds: true,
})

it('signs requests to Bedrock where there is no bearer token', async () => {
  const vendor = await startVendor(bedrockWire)
  const options = { region: 'eu-north-1', accessKeyId: 'AKIATEST', secretAccessKey: 'very-secret', sessionToken: 'of-the-session' }
  const spec = { provider: 'aws', model: 'amazon.nova-pro-v1:0', baseUrl: vendor.origin, apiKey: null, headers: {}, timeoutMs: 60_000, options }
  const model = sdk('bedrock-converse-stream').model(spec, { fetch: createFetch(), clock: fakeClock() })
  const request = { messages: [{ role: 'user' as const, content: 'hi' }], tools: [], settings: {}, whole: false }
  const said: string[] = []
  for await (const events of model.stream(request, { signal: new AbortController().signal })) for (const event of events) if (event.type === 'text') said.push(event.text)
  const { headers } = vendor.requests[0]!
  await vendor.close()
  expect(said).toEqual(['hello'])
  expect(headers.authorization).toMatch(/^AWS4-HMAC-SHA256 Credential=AKIATEST\/\d{8}\/eu-north-1\/bedrock\/aws4_request, /)
  expect(headers['x-amz-security-token']).toBe('of-the-session')
  expect(JSON.stringify(headers)).not.toContain('very-secret')
})

it('never takes a key out of the environment of the process', async () => {
  const vendor = await startVendor(anthropicWire)
  process.env['ANTHROPIC_API_KEY'] = 'sk-of-the-process'
  try {
    const spec = { provider: 'mine', model: 'm', baseUrl: vendor.origin, apiKey: null, headers: {}, timeoutMs: 60_000 }
    const model = sdk('anthropic-messages').model(spec, { fetch: createFetch(), clock: fakeClock() })
    const request = { messages: [{ role: 'user' as const, content: 'hi' }], tools: [], settings: {}, whole: false }
    for await (const _ of model.stream(request, { signal: new AbortController().signal })) continue
    expect(vendor.requests).toHaveLength(1)
    expect(vendor.requests[0]!.headers['x-api-key']).toBeUndefined()
  } finally {
    delete process.env['ANTHROPIC_API_KEY']
    await vendor.close()
  }
})
