// The AI SDK with its OpenAI provider, which speaks the responses of a running gateway.

import { createOpenAI } from '@ai-sdk/openai'
import { APICallError, generateText, Output, stepCountIs, streamText, tool, type ModelMessage } from 'ai'
import * as z from 'zod'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { callsFirst, PIXEL, serve, type Served } from '../harness/serve.ts'
import { script } from '../suites/target.ts'

describe('@ai-sdk/openai', () => {
  let served: Served
  let model: (name: string) => ReturnType<ReturnType<typeof createOpenAI>['responses']>
  beforeAll(async () => {
    served = await serve()
    const provider = createOpenAI({ baseURL: served.baseURL, apiKey: served.apiKey })
    model = (name) => provider.responses(name)
  })
  afterAll(() => served.close())

  const weather = tool({ description: 'The weather.', inputSchema: z.object({ city: z.string() }), execute: async ({ city }) => `sunny in ${city}` })

  it('generates text', async () => {
    const { text, usage, finishReason } = await generateText({ model: model('openclaw'), prompt: script({ text: 'hello there' }) })
    expect([text, finishReason]).toEqual(['hello there', 'stop'])
    expect(usage.outputTokens).toBe(3)
  })

  it('streams text, and thoughts where they are asked for', async () => {
    const result = streamText({
      model: model('openclaw'),
      prompt: script({ reasoning: 'hm' }, { text: 'one ' }, { text: 'two', delayMs: 20 }),
      providerOptions: { openai: { reasoningSummary: 'auto', forceReasoning: true } },
    })
    const types: string[] = []
    for await (const part of result.fullStream) types.push(part.type)
    expect(await result.text).toBe('one two')
    expect(await result.reasoningText).toBe('hm')
    expect(types.indexOf('reasoning-delta')).toBeLessThan(types.indexOf('text-delta'))
  })

  it('runs tools over two steps, with items that are stored and with items that are not', async () => {
    for (const store of [true, false]) {
      const name = served.model(callsFirst('weather', { city: 'Bonn' }, (result) => `It is ${result}.`))
      const options = { model: model(name), prompt: 'weather in Bonn?', tools: { weather }, stopWhen: stepCountIs(3), providerOptions: { openai: { store } } }
      const whole = await generateText(options)
      expect([whole.text, whole.steps.length]).toEqual(['It is sunny in Bonn.', 2])
      const streamed = streamText(options)
      expect(await streamed.text).toBe('It is sunny in Bonn.')
      expect(served.asked(name).messages.map((message: { role: string }) => message.role)).toEqual(['user', 'assistant', 'tool'])
    }
  })

  it('holds a conversation of several turns', async () => {
    const name = served.model((exchange) => exchange.answer(`heard ${exchange.body.messages.length}`))
    const messages: ModelMessage[] = []
    for (const content of ['one', 'two', 'three']) {
      messages.push({ role: 'user', content })
      const { responseMessages } = await generateText({ model: model(name), messages })
      messages.push(...responseMessages)
    }
    expect(served.asked(name).messages.map((message: { content: string }) => message.content)).toEqual(['one', 'heard 1', 'two', 'heard 3', 'three'])
  })

  it('generates objects', async () => {
    const name = served.model((exchange) => exchange.answer('{"name":"Ada"}'))
    const { output } = await generateText({ model: model(name), prompt: 'who?', output: Output.object({ schema: z.object({ name: z.string() }) }) })
    expect(output).toEqual({ name: 'Ada' })
    expect(served.asked(name).response_format).toMatchObject({ type: 'json_schema' })
  })

  it('sends images', async () => {
    const name = served.model((exchange) => exchange.answer('seen'))
    const content = [{ type: 'text' as const, text: 'look' }, { type: 'image' as const, image: Uint8Array.from(atob(PIXEL), (char) => char.charCodeAt(0)), mediaType: 'image/png' }]
    expect((await generateText({ model: model(name), messages: [{ role: 'user', content }] })).text).toBe('seen')
    expect(JSON.stringify(served.asked(name).messages)).toContain(PIXEL)
  })

  it('throws what is wrong, with its status', async () => {
    const failing = generateText({ model: model('openclaw'), prompt: script({ error: { message: 'no', kind: 'context_length' } }), maxRetries: 0 })
    const error = await failing.then(() => null, (thrown: unknown) => thrown)
    expect(APICallError.isInstance(error) && [error.statusCode, error.message]).toEqual([400, 'no'])
    const prompt = script({ text: 'x' }, { delayMs: 20 }, { error: { message: 'broke' } })
    const told: string[] = []
    for await (const part of streamText({ model: model('openclaw'), prompt, maxRetries: 0, onError: () => {} }).fullStream) {
      if (part.type === 'error') told.push(String((part.error as Error).message ?? part.error))
    }
    expect(told.join()).toContain('broke')
  })

  it('tells that an answer was cut', async () => {
    const { finishReason } = await generateText({ model: model('openclaw'), prompt: script({ text: 'cut' }, { stop: 'length' }), maxOutputTokens: 16 })
    expect(finishReason).toBe('length')
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
