// OpenAI's own SDK on the responses of a running gateway, over HTTP and over WebSocket.

import OpenAI, { APIUserAbortError, AuthenticationError, BadRequestError, NotFoundError, RateLimitError } from 'openai'
import { zodTextFormat } from 'openai/helpers/zod'
import { ResponsesWS } from 'openai/resources/responses/ws'
import * as z from 'zod'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { checkEvents } from '../harness/response-events.ts'
import { callsFirst, PIXEL, RUNTIMES, serve, type Served } from '../harness/serve.ts'
import { script } from '../suites/target.ts'
import type { Data } from '../harness/client.ts'

describe.each(RUNTIMES)('openai.responses on %s', (runtime) => {
  let served: Served
  let client: OpenAI
  beforeAll(async () => {
    served = await serve(runtime)
    client = new OpenAI({ baseURL: served.baseURL, apiKey: served.apiKey, maxRetries: 0 })
  })
  afterAll(() => served.close())

  const weather = { type: 'function' as const, name: 'weather', strict: true, parameters: { type: 'object', properties: { city: { type: 'string' } } } }

  it('creates', async () => {
    const response = await client.responses.create({ model: 'openclaw', input: script({ text: 'hello there' }) })
    expect(response.output_text).toBe('hello there')
    expect(response.usage?.total_tokens).toBeGreaterThan(0)
  })

  it('streams', async () => {
    const events: Data[] = []
    for await (const event of await client.responses.create({ model: 'openclaw', input: script({ text: 'one ' }, { text: 'two', delayMs: 20 }), stream: true })) events.push(event)
    expect(checkEvents(events).output).toMatchObject([{ content: [{ text: 'one two' }] }])
    const stream = client.responses.stream({ model: 'openclaw', input: script({ text: 'three' }) })
    const deltas: string[] = []
    stream.on('response.output_text.delta', ({ delta }) => void deltas.push(delta))
    expect([(await stream.finalResponse()).output_text, deltas.join('')]).toEqual(['three', 'three'])
  })

  it('shows thoughts and refusals', async () => {
    const thought = await client.responses.create({ model: 'openclaw', input: script({ reasoning: 'hm' }, { text: 'so' }), reasoning: { summary: 'auto' } })
    expect(thought.output).toMatchObject([{ type: 'reasoning', summary: [{ text: 'hm' }] }, { type: 'message' }])
    const refused = await client.responses.create({ model: 'openclaw', input: script({ refusal: 'I will not.' }) })
    expect(refused.output).toMatchObject([{ content: [{ type: 'refusal', refusal: 'I will not.' }] }])
  })

  it('calls tools, by hand and by continuing', async () => {
    const model = served.model(callsFirst('weather', { city: 'Bonn' }, (result) => `It is ${result}.`))
    const first = await client.responses.create({ model, tools: [weather], input: 'weather in Bonn?' })
    const call = first.output[0]
    if (call?.type !== 'function_call') throw new Error('no call')
    expect(JSON.parse(call.arguments)).toEqual({ city: 'Bonn' })
    const output = { type: 'function_call_output' as const, call_id: call.call_id, output: 'sunny' }
    const continued = await client.responses.create({ model, tools: [weather], previous_response_id: first.id, input: [output] })
    expect(continued.output_text).toBe('It is sunny.')
    const byHand = await client.responses.stream({ model, tools: [weather], input: [{ role: 'user', content: 'weather in Bonn?' }, call, output] }).finalResponse()
    expect(byHand.output_text).toBe('It is sunny.')
  })

  it('parses structured output', async () => {
    const model = served.model((exchange) => exchange.answer('{"name":"Ada","born":1815}'))
    const format = zodTextFormat(z.object({ name: z.string(), born: z.number() }), 'person')
    const response = await client.responses.parse({ model, input: 'who?', text: { format } })
    expect(response.output_parsed).toEqual({ name: 'Ada', born: 1815 })
    expect(served.asked(model).response_format).toMatchObject({ type: 'json_schema', json_schema: { name: 'person', strict: true } })
  })

  it('sends images and files', async () => {
    const model = served.model((exchange) => exchange.answer('seen'))
    const image_url = `data:image/png;base64,${PIXEL}`
    const content = [
      { type: 'input_text' as const, text: 'look' },
      { type: 'input_image' as const, image_url, detail: 'auto' as const },
      { type: 'input_file' as const, filename: 'notes.txt', file_data: `data:text/plain;base64,${btoa('some notes')}` },
    ]
    const response = await client.responses.create({ model, input: [{ role: 'user', content }] })
    expect(response.output_text).toBe('seen')
    expect(JSON.stringify(served.asked(model).messages)).toContain(PIXEL)
    expect(JSON.stringify(served.asked(model).messages)).toContain('some notes')
  })

  it('throws the error of each kind', async () => {
    const failing = (kind: string) => script({ error: { message: 'no', kind } })
    const ask = (input: string, more: Data = {}) => client.responses.create({ model: 'openclaw', input, ...more })
    await expect(ask(failing('rate_limit'))).rejects.toBeInstanceOf(RateLimitError)
    await expect(ask(failing('context_length'))).rejects.toMatchObject({ code: 'context_length_exceeded' })
    await expect(ask('x', { model: 'nothing/at-all' })).rejects.toBeInstanceOf(NotFoundError)
    await expect(ask('x', { background: true })).rejects.toBeInstanceOf(BadRequestError)
    await expect(ask('x', { previous_response_id: 'resp_nothing' })).rejects.toMatchObject({ code: 'previous_response_not_found', param: 'previous_response_id' })
    await expect(new OpenAI({ baseURL: served.baseURL, apiKey: 'wrong', maxRetries: 0 }).responses.create({ model: 'openclaw', input: 'x' })).rejects.toBeInstanceOf(AuthenticationError)
    const late = await client.responses.create({ model: 'openclaw', input: script({ text: 'begun' }, { delayMs: 20 }, { error: { message: 'broke' } }), stream: true })
    const readAll = async () => {
      for await (const event of late) expect(event.type).not.toBe('response.completed')
    }
    await expect(readAll()).rejects.toThrow('broke')
  })

  it('aborts: the model is let go of', async () => {
    const gone = Promise.withResolvers<void>()
    const model = served.model(async (exchange) => {
      exchange.begin()
      const saying = setInterval(() => exchange.chunk({ content: 'on and on ' }), 50) // workerd finds out when it writes
      await exchange.gone
      clearInterval(saying)
      gone.resolve()
    })
    const aborter = new AbortController()
    const stream = await client.responses.create({ model, input: 'x', stream: true }, { signal: aborter.signal })
    let id = ''
    for await (const event of stream) {
      if (event.type === 'response.created') ({ id } = event.response)
      if (event.type === 'response.output_text.delta') break
    }
    aborter.abort()
    const ended = await vi.waitFor(() => client.responses.retrieve(id), { timeout: 15_000, interval: 100 })
    expect(ended).toMatchObject({ status: 'failed', error: { message: expect.stringContaining('disconnect') } })
    if (runtime !== 'workerd') await gone.promise // what stands before the network there keeps its connection
    await expect(client.responses.create({ model, input: 'x' }, { signal: AbortSignal.abort() })).rejects.toBeInstanceOf(APIUserAbortError)
  })

  it('retrieves, lists input items page by page, deletes', async () => {
    const input = ['a', 'b', 'c', script({ text: 'kept' })].map((content) => ({ role: 'user' as const, content }))
    const { id } = await client.responses.create({ model: 'openclaw', input })
    expect((await client.responses.retrieve(id)).output_text).toBe('kept')
    const items: Data[] = []
    for await (const item of client.responses.inputItems.list(id, { order: 'asc', limit: 1 })) items.push(item)
    expect(items.map((item) => item.content)).toEqual(input.map(({ content }) => content))
    await client.responses.delete(id)
    await expect(client.responses.retrieve(id)).rejects.toBeInstanceOf(NotFoundError)
  })

  it('compacts, and goes on with what that gives', async () => {
    const model = served.model((exchange) => exchange.answer(String(exchange.body.messages.at(-1).content).includes('Sum up') ? 'They like tea.' : 'tea'))
    const compacted = await client.responses.compact({ model, input: [{ role: 'user', content: 'I like tea' }] })
    expect(compacted.object).toBe('response.compaction')
    const response = await client.responses.create({ model, input: [...(compacted.output as Data[]), { role: 'user', content: 'what do I like?' }] })
    expect(response.output_text).toBe('tea')
    expect(JSON.stringify(served.asked(model).messages)).toContain('They like tea.')
  })

  it('speaks over WebSocket', async () => {
    const model = served.model(callsFirst('weather', {}, (result) => `It is ${result}.`))
    const socket = new ResponsesWS(client)
    const ends: Data[] = []
    const waiting: ((response: Data) => void)[] = []
    let events: Data[] = []
    socket.on('event', (event: Data) => {
      events.push(event)
      if (!['response.completed', 'response.failed', 'response.incomplete'].includes(event.type)) return
      const ended = checkEvents(events)
      events = []
      ;(waiting.shift() ?? ((each) => ends.push(each)))(ended)
    })
    const next = () => new Promise<Data>((resolve) => void waiting.push(resolve))
    const first = next()
    socket.send({ type: 'response.create', model, tools: [weather], input: 'weather?', store: false })
    const { id, output } = await first
    expect(output).toMatchObject([{ type: 'function_call', name: 'weather' }])
    const second = next()
    socket.send({ type: 'response.create', model, tools: [weather], previous_response_id: id, store: false, input: [{ type: 'function_call_output', call_id: output[0].call_id, output: 'sunny' }] })
    expect((await second).output).toMatchObject([{ content: [{ text: 'It is sunny.' }] }])
    socket.close()
  })
})
