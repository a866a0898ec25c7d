// The AI SDK on the chat completions of a running gateway: by its OpenAI provider, and by the one for all servers of
// this wire.

import { createOpenAI } from '@ai-sdk/openai'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { APICallError, embedMany, generateSpeech, generateText, Output, stepCountIs, streamText, tool, transcribe, type LanguageModel } from 'ai'
import * as z from 'zod'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { callsFirst, PIXEL, serve, type Served } from '../harness/serve.ts'
import { script } from '../suites/target.ts'

const PROVIDERS: readonly (readonly [name: string, thinks: boolean, make: (served: Served) => (model: string) => LanguageModel])[] = [
  ['@ai-sdk/openai chat', false, ({ baseURL, apiKey }) => (name) => createOpenAI({ baseURL, apiKey }).chat(name)],
  [
    '@ai-sdk/openai-compatible',
    true,
    ({ baseURL, apiKey }) =>
      (name) =>
        createOpenAICompatible({ name: 'edgeclaw', baseURL, apiKey, includeUsage: true, supportsStructuredOutputs: true })(name),
  ],
]

describe.each(PROVIDERS)('%s', (_, thinks, make) => {
  let served: Served
  let model: (name: string) => LanguageModel
  beforeAll(async () => {
    served = await serve()
    model = make(served)
  })
  afterAll(() => served.close())

  const weather = tool({ description: 'The weather.', inputSchema: z.object({ city: z.string() }), execute: async ({ city }) => `sunny in ${city}` })

  it('generates text', async () => {
    const { text, usage, finishReason } = await generateText({ model: model('openclaw'), prompt: script({ text: 'hello there' }) })
    expect([text, finishReason, usage.outputTokens]).toEqual(['hello there', 'stop', 3])
  })

  it('streams text, and thoughts where it knows them', async () => {
    const result = streamText({ model: model('openclaw'), prompt: script({ reasoning: 'hm' }, { text: 'one ' }, { text: 'two', delayMs: 20 }) })
    const types: string[] = []
    for await (const part of result.fullStream) types.push(part.type)
    expect([await result.text, (await result.usage).outputTokens]).toEqual(['one two', 2])
    if (!thinks) return
    expect(await result.reasoningText).toBe('hm')
    expect(types.indexOf('reasoning-delta')).toBeLessThan(types.indexOf('text-delta'))
  })

  it('runs tools over two steps', async () => {
    const name = served.model(callsFirst('weather', { city: 'Bonn' }, (result) => `It is ${result}.`))
    const options = { model: model(name), prompt: 'weather in Bonn?', tools: { weather }, stopWhen: stepCountIs(3) }
    const whole = await generateText(options)
    expect([whole.text, whole.steps.length]).toEqual(['It is sunny in Bonn.', 2])
    const streamed = streamText(options)
    expect(await streamed.text).toBe('It is sunny in Bonn.')
    expect(served.asked(name).messages.map((message: { role: string }) => message.role)).toEqual(['user', 'assistant', 'tool'])
    await generateText({ ...options, toolChoice: { type: 'tool', toolName: 'weather' }, stopWhen: stepCountIs(1) })
    expect(served.asked(name).tool_choice).toEqual({ type: 'function', function: { name: 'weather' } })
  })

  it('has structured output', async () => {
    const name = served.model((exchange) => exchange.answer('{"name":"Ada"}'))
    const { output } = await generateText({ model: model(name), prompt: 'who?', output: Output.object({ schema: z.object({ name: z.string() }) }) })
    expect(output).toEqual({ name: 'Ada' })
    expect(served.asked(name).response_format).toMatchObject({ type: 'json_schema' })
  })

  it('sends images and files', async () => {
    const name = served.model((exchange) => exchange.answer('seen'))
    const bytes = (base64: string) => Uint8Array.from(atob(base64), (char) => char.charCodeAt(0))
    const content = [
      { type: 'text' as const, text: 'look' },
      { type: 'file' as const, data: bytes(PIXEL), mediaType: 'image/png' },
      { type: 'file' as const, data: bytes(btoa(PDF)), mediaType: 'application/pdf', filename: 'page.pdf' },
    ]
    expect((await generateText({ model: model(name), messages: [{ role: 'user', content }] })).text).toBe('seen')
    for (const part of [PIXEL, 'words of a page']) expect(JSON.stringify(served.asked(name).messages)).toContain(part)
  })

  it('throws what is wrong, with its status', async () => {
    const failing = generateText({ model: model('openclaw'), prompt: script({ error: { message: 'no', kind: 'context_length' } }), maxRetries: 0 })
    const error = await failing.then(() => null, (thrown: unknown) => thrown)
    expect(APICallError.isInstance(error) && [error.statusCode, error.message]).toEqual([400, 'no'])
    const prompt = script({ text: 'x' }, { delayMs: 20 }, { error: { message: 'broke' } })
    const told: string[] = []
    for await (const part of streamText({ model: model('openclaw'), prompt, maxRetries: 0, onError: () => {} }).fullStream) {
      if (part.type === 'error') told.push(part.error instanceof Error ? part.error.message : JSON.stringify(part.error))
    }
    expect(told.join()).toContain('broke')
  })

  it('aborts: the model is let go of', async () => {
    const { name, gone } = served.lasting()
    const aborter = new AbortController()
    const { textStream } = streamText({ model: model(name), prompt: 'x', abortSignal: aborter.signal, onError: () => {} })
    for await (const _ of textStream) aborter.abort()
    await gone
    expect(aborter.signal.aborted).toBe(true)
  })
})

describe('@ai-sdk/openai', () => {
  let served: Served
  beforeAll(async () => void (served = await serve()))
  afterAll(() => served.close())

  it('embeds, speaks and listens', async () => {
    const { baseURL, apiKey } = served
    const provider = createOpenAI({ baseURL, apiKey })
    const means = served.model((exchange) => {
      const data = (exchange.body.input as string[]).map((text, index) => ({ object: 'embedding', index, embedding: [text.length] }))
      exchange.send('application/json', new TextEncoder().encode(JSON.stringify({ object: 'list', data, usage: { prompt_tokens: 2, total_tokens: 2 } })))
    })
    expect((await embedMany({ model: provider.embedding(means), values: ['a', 'bb'] })).embeddings).toEqual([[1], [2]])
    const speaks = served.model((exchange) => exchange.send('audio/mpeg', new Uint8Array([0xff, 0xfb, 1, 2])))
    expect((await generateSpeech({ model: provider.speech(speaks), text: 'say this', voice: 'alloy' })).audio.mediaType).toBe('audio/mpeg')
    const hears = served.model((exchange) => exchange.send('application/json', new TextEncoder().encode('{"text":"Hello.","language":"english","duration":1}')))
    const audio = new Uint8Array([0xff, 0xfb, 1, 2])
    expect((await transcribe({ model: provider.transcription(hears), audio })).text).toBe('Hello.')
  })
})

const STREAM = 'BT /F1 12 Tf 10 50 Td (words of a page) Tj ET'
const PDF = `%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[4 0 R]/Count 1>>endobj
3 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj
4 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 100]/Contents 5 0 R/Resources<</Font<</F1 3 0 R>>>>>>endobj
5 0 obj<</Length ${STREAM.length}>>stream
${STREAM}
endstream endobj
trailer<</Root 1 0 R>>
%%EOF`
