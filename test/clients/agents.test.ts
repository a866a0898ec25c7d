// OpenAI's Agents SDK on the responses of a running gateway, over HTTP and over WebSocket.

import { Agent, MemorySession, OpenAIProvider, Runner, tool } from '@openai/agents'
import OpenAI from 'openai'
import * as z from 'zod'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { callsFirst, PIXEL, serve, type Served } from '../harness/serve.ts'
import { script } from '../suites/target.ts'

describe.each(['http', 'websocket'] as const)('@openai/agents over %s', (transport) => {
  let served: Served
  let provider: OpenAIProvider
  let runner: Runner
  beforeAll(async () => {
    served = await serve()
    const openAIClient = new OpenAI({ baseURL: served.baseURL, apiKey: served.apiKey, maxRetries: 0 })
    provider = new OpenAIProvider({ openAIClient, useResponses: true, useResponsesWebSocket: transport === 'websocket' })
    runner = new Runner({ modelProvider: provider, tracingDisabled: true })
  })
  afterAll(async () => {
    await provider.close()
    await served.close()
  })

  const weather = tool({
    name: 'weather',
    description: 'The weather.',
    parameters: z.object({ city: z.string() }),
    execute: async ({ city }) => `sunny in ${city}`,
  })

  it('runs an agent', async () => {
    const agent = new Agent({ name: 'Plain', instructions: 'Be brief.', model: 'openclaw' })
    expect((await runner.run(agent, script({ text: 'hello there' }))).finalOutput).toBe('hello there')
  })

  it('streams an agent', async () => {
    const agent = new Agent({ name: 'Plain', model: 'openclaw' })
    const result = await runner.run(agent, script({ text: 'one ' }, { text: 'two', delayMs: 20 }), { stream: true })
    const deltas: string[] = []
    for await (const event of result) if (event.type === 'raw_model_stream_event' && event.data.type === 'output_text_delta') deltas.push(event.data.delta)
    await result.completed
    expect([deltas.join(''), result.finalOutput]).toEqual(['one two', 'one two'])
  })

  it('calls tools, and hands over to another agent', async () => {
    const name = served.model(callsFirst('weather', { city: 'Bonn' }, (result) => `It is ${result}.`))
    const agent = new Agent({ name: 'Weather', model: name, tools: [weather] })
    const result = await runner.run(agent, 'weather in Bonn?')
    expect(result.finalOutput).toBe('It is sunny in Bonn.')
    expect(result.newItems.map((item) => item.type)).toEqual(['tool_call_item', 'tool_call_output_item', 'message_output_item'])
    const chooser = served.model(callsFirst('transfer_to_Weather', {}, () => 'never'))
    const triage = new Agent({ name: 'Triage', model: chooser, handoffs: [agent] })
    expect((await runner.run(triage, 'weather in Bonn?')).lastAgent?.name).toBe('Weather')
  })

  it('gives structured output', async () => {
    const name = served.model((exchange) => exchange.answer('{"name":"Ada"}'))
    const agent = new Agent({ name: 'Who', model: name, outputType: z.object({ name: z.string() }) })
    expect((await runner.run(agent, 'who?')).finalOutput).toEqual({ name: 'Ada' })
    expect(served.asked(name).response_format).toMatchObject({ type: 'json_schema' })
  })

  it('sends images', async () => {
    const name = served.model((exchange) => exchange.answer('seen'))
    const agent = new Agent({ name: 'Eyes', model: name })
    const content = [{ type: 'input_text' as const, text: 'look' }, { type: 'input_image' as const, image: `data:image/png;base64,${PIXEL}` }]
    expect((await runner.run(agent, [{ role: 'user', content }])).finalOutput).toBe('seen')
    expect(JSON.stringify(served.asked(name).messages)).toContain(PIXEL)
  })

  it('keeps a conversation: in a session of its own, and by continuing', async () => {
    const name = served.model((exchange) => exchange.answer(`heard ${exchange.body.messages.length}`))
    const agent = new Agent({ name: 'Plain', model: name })
    const session = new MemorySession()
    for (const text of ['one', 'two']) await runner.run(agent, text, { session })
    expect(served.asked(name).messages.map((message: { content: string }) => message.content)).toEqual(['one', 'heard 1', 'two'])
    const first = await runner.run(agent, 'three')
    await runner.run(agent, 'four', { previousResponseId: first.lastResponseId! })
    expect(served.asked(name).messages.map((message: { content: string }) => message.content)).toEqual(['three', 'heard 1', 'four'])
  })

  it('throws what is wrong', async () => {
    const agent = new Agent({ name: 'Plain', model: 'openclaw' })
    // Over WebSocket this SDK says no more than that there was an error.
    const said = (reason: string) => (transport === 'http' ? reason : 'unsuccessful terminal state "error"')
    await expect(runner.run(agent, script({ error: { message: 'too long', kind: 'context_length' } }))).rejects.toThrow(said('too long'))
    await expect(runner.run(new Agent({ name: 'Nobody', model: 'nothing/at-all' }), 'x')).rejects.toThrow(said('does not exist'))
  })

  it('aborts: the model is let go of', async () => {
    const { name, gone } = served.lasting()
    const aborter = new AbortController()
    const result = await runner.run(new Agent({ name: 'Plain', model: name }), 'x', { stream: true, signal: aborter.signal })
    for await (const event of result) if (event.type === 'raw_model_stream_event' && event.data.type === 'output_text_delta') break
    aborter.abort()
    await gone
    expect(aborter.signal.aborted).toBe(true)
  })
})
