// OpenAI's own SDK on the chat completions, embeddings and audio of a running gateway.

import OpenAI, { toFile } from 'openai'
import { zodResponseFormat } from 'openai/helpers/zod'
import * as z from 'zod'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { callsFirst, PIXEL, serve, type Served } from '../harness/serve.ts'
import { script } from '../suites/target.ts'
import type { Data } from '../harness/client.ts'

describe('R18 openai.chat', () => {
  let served: Served
  let client: OpenAI
  beforeAll(async () => {
    served = await serve()
    client = new OpenAI({ baseURL: served.baseURL, apiKey: served.apiKey, maxRetries: 0 })
  })
  afterAll(() => served.close())

  const say = (...steps: readonly Data[]) => [{ role: 'user' as const, content: script(...steps) }]
  const ask = (content: string) => [{ role: 'user' as const, content }]
  const weather = { type: 'function' as const, function: { name: 'weather', parameters: { type: 'object', properties: { city: { type: 'string' } } } } }

  it('completes', async () => {
    const { data, request_id } = await client.chat.completions.create({ model: 'openclaw', messages: say({ text: 'hello there' }) }).withResponse()
    expect(data.choices[0]).toMatchObject({ message: { content: 'hello there', refusal: null }, finish_reason: 'stop' })
    expect(data.usage!.total_tokens).toBeGreaterThan(0)
    expect(request_id).toBeTruthy()
  })

  it('streams, thoughts and refusals too', async () => {
    const stream = client.chat.completions.stream({ model: 'openclaw', messages: say({ reasoning: 'hm' }, { text: 'one ' }, { text: 'two', delayMs: 20 }), stream_options: { include_usage: true } })
    const thoughts: string[] = []
    for await (const chunk of stream) thoughts.push((chunk.choices[0]?.delta as Data | undefined)?.['reasoning_content'] ?? '')
    const final = await stream.finalChatCompletion()
    expect([final.choices[0]!.message.content, thoughts.join(''), final.usage!.completion_tokens]).toEqual(['one two', 'hm', 2])
    const refused = await client.chat.completions.stream({ model: 'openclaw', messages: say({ refusal: 'I will not.' }) }).finalChatCompletion()
    expect(refused.choices[0]!.message.refusal).toBe('I will not.')
  })

  it('carries calls of tools there and results back, by hand and by its runner', async () => {
    const model = served.model(callsFirst('weather', { city: 'Bonn' }, (result) => `It is ${result}.`))
    const first = await client.chat.completions.create({ model, messages: ask('weather in Bonn?'), tools: [weather] })
    const { message } = first.choices[0]!
    expect(message.tool_calls).toMatchObject([{ type: 'function', function: { name: 'weather', arguments: '{"city":"Bonn"}' } }])
    const result = { role: 'tool' as const, tool_call_id: message.tool_calls![0]!.id, content: 'sunny' }
    const second = await client.chat.completions.create({ model, messages: [...ask('weather in Bonn?'), message, result], tools: [weather] })
    expect(second.choices[0]!.message.content).toBe('It is sunny.')
    const runnable = { type: 'function' as const, function: { ...weather.function, description: 'The weather.', parse: JSON.parse as (text: string) => Data, function: ({ city }: Data) => `sunny in ${city}` } }
    for (const stream of [false, true] as const) {
      const runner = client.chat.completions.runTools({ model, stream: stream as true, messages: ask('weather in Bonn?'), tools: [runnable as never] })
      expect(await runner.finalContent()).toBe('It is sunny in Bonn.')
    }
  })

  it('takes several calls at once, streamed', async () => {
    const model = served.model((exchange) =>
      exchange.answer('', { toolCalls: ['Bonn', 'Köln'].map((city, n) => ({ id: `call_${n}`, function: { name: 'weather', arguments: JSON.stringify({ city }) } })), finish: 'tool_calls' }),
    )
    const { choices } = await client.chat.completions.stream({ model, messages: ask('both?'), tools: [weather], parallel_tool_calls: true }).finalChatCompletion()
    expect(choices[0]!.message.tool_calls!.map((call) => call.type === 'function' && JSON.parse(call.function.arguments).city)).toEqual(['Bonn', 'Köln'])
  })

  it('parses structured output, in one piece and streamed', async () => {
    const model = served.model((exchange) => exchange.answer('{"name":"Ada","born":1815}'))
    const response_format = zodResponseFormat(z.object({ name: z.string(), born: z.number() }), 'person')
    const parsed = await client.chat.completions.parse({ model, messages: ask('who?'), response_format })
    expect(parsed.choices[0]!.message.parsed).toEqual({ name: 'Ada', born: 1815 })
    expect(served.asked(model).response_format).toMatchObject({ type: 'json_schema', json_schema: { name: 'person', strict: true } })
    const streamed = await client.chat.completions.stream({ model, messages: ask('who?'), response_format }).finalChatCompletion()
    expect(streamed.choices[0]!.message.parsed).toEqual({ name: 'Ada', born: 1815 })
  })

  it('sends images and files', async () => {
    const model = served.model((exchange) => exchange.answer('seen'))
    const content = [
      { type: 'text' as const, text: 'look' },
      { type: 'image_url' as const, image_url: { url: `data:image/png;base64,${PIXEL}` } },
      { type: 'file' as const, file: { filename: 'notes.txt', file_data: `data:text/plain;base64,${btoa('some notes')}` } },
    ]
    const { choices } = await client.chat.completions.create({ model, messages: [{ role: 'user', content }] })
    expect(choices[0]!.message.content).toBe('seen')
    for (const part of [PIXEL, 'some notes']) expect(JSON.stringify(served.asked(model).messages)).toContain(part)
  })

  it('throws the error of each kind', async () => {
    const create = (body: Data, options = {}) => new OpenAI({ baseURL: served.baseURL, apiKey: served.apiKey, maxRetries: 0, ...options }).chat.completions.create({ model: 'openclaw', messages: say({ text: 'x' }), ...body })
    const failing = (kind: string) => ({ messages: say({ error: { message: 'no', kind } }) })
    await expect(create({}, { apiKey: 'wrong' })).rejects.toBeInstanceOf(OpenAI.AuthenticationError)
    await expect(create({ model: 'nothing' })).rejects.toBeInstanceOf(OpenAI.NotFoundError)
    await expect(create({ n: 2 })).rejects.toMatchObject({ status: 400, param: 'n' })
    await expect(create(failing('context_length'))).rejects.toMatchObject({ code: 'context_length_exceeded' })
    await expect(create(failing('rate_limit'))).rejects.toBeInstanceOf(OpenAI.RateLimitError)
    await expect(create(failing('server'))).rejects.toBeInstanceOf(OpenAI.InternalServerError)
    const late = await client.chat.completions.create({ model: 'openclaw', stream: true, messages: say({ text: 'begun' }, { delayMs: 20 }, { error: { message: 'broke' } }) })
    const readAll = async () => {
      for await (const chunk of late) expect(chunk.object).toBe('chat.completion.chunk')
    }
    await expect(readAll()).rejects.toThrow('broke')
  })

  it('comes again by itself when that helps, and not when it does not', async () => {
    const patient = new OpenAI({ baseURL: served.baseURL, apiKey: served.apiKey, maxRetries: 2 })
    let asked = 0
    const busy = served.model((exchange) => (++asked === 1 ? exchange.fail(429, { message: 'slow' }, { 'retry-after-ms': '1' }) : exchange.answer('at last')))
    expect((await patient.chat.completions.create({ model: busy, messages: ask('x') })).choices[0]!.message.content).toBe('at last')
    expect(asked).toBe(2)
    let refused = 0
    const closed = served.model((exchange) => (refused++, exchange.fail(401, { message: 'bad key' })))
    await expect(patient.chat.completions.create({ model: closed, messages: ask('x') })).rejects.toMatchObject({ status: 502, code: 'upstream_auth' })
    expect(refused).toBe(1)
  })

  it('aborts: the model is let go of', async () => {
    for (const stream of [true, false]) {
      const [begun, gone] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
      const model = served.model(async (exchange) => {
        begun.resolve()
        if (stream) {
          exchange.begin()
          exchange.chunk({ content: 'begun' })
        }
        await exchange.gone
        gone.resolve()
      })
      const aborter = new AbortController()
      const asking = client.chat.completions.create({ model, messages: ask('x'), stream }, { signal: aborter.signal })
      if (stream) for await (const _ of (await asking) as AsyncIterable<unknown>) break
      const refused = stream ? null : expect(asking).rejects.toBeInstanceOf(OpenAI.APIUserAbortError)
      await begun.promise
      aborter.abort()
      await gone.promise
      await refused
    }
  })

  it('embeds, as floats and as it asks by itself', async () => {
    const model = served.model((exchange) => {
      const data = (exchange.body.input as string[]).map((text, index) => ({ object: 'embedding', index, embedding: [text.length, 0.5] }))
      exchange.send('application/json', new TextEncoder().encode(JSON.stringify({ object: 'list', data, usage: { prompt_tokens: 2, total_tokens: 2 } })))
    })
    for (const encoding_format of [undefined, 'float', 'base64'] as const) {
      const { data, usage } = await client.embeddings.create({ model, input: ['a', 'bb'], ...(encoding_format && { encoding_format }) })
      const vectors = data.map(({ embedding }) => (typeof embedding === 'string' ? [...new Float32Array(Uint8Array.from(atob(embedding), (char) => char.charCodeAt(0)).buffer)] : [...embedding]))
      expect([vectors, usage.total_tokens]).toEqual([[[1, 0.5], [2, 0.5]], 2])
    }
  })

  it('speaks and listens', async () => {
    const bytes = new Uint8Array([1, 2, 3, 4])
    const speaks = served.model((exchange) => exchange.send('audio/mpeg', bytes))
    const spoken = await client.audio.speech.create({ model: speaks, voice: 'alloy', input: 'say this' })
    expect([spoken.headers.get('content-type'), [...new Uint8Array(await spoken.arrayBuffer())]]).toEqual(['audio/mpeg', [...bytes]])
    const hears = served.model((exchange) => exchange.send('application/json', new TextEncoder().encode('{"text":"Hello.","language":"english","duration":1}')))
    const heard = await client.audio.transcriptions.create({ model: hears, file: await toFile(bytes, 'said.mp3') })
    expect(heard.text).toBe('Hello.')
    const verbose = await client.audio.transcriptions.create({ model: hears, file: await toFile(bytes, 'said.mp3'), response_format: 'verbose_json' })
    expect(verbose).toMatchObject({ duration: 1, language: 'english' })
  })

  it('lists and finds models', async () => {
    const ids: string[] = []
    for await (const model of client.models.list()) ids.push(model.id)
    expect(ids).toEqual(expect.arrayContaining(['openclaw', 'openclaw/second', 'mock/plain']))
    expect(await client.models.retrieve('openclaw/default')).toMatchObject({ id: 'openclaw/default', object: 'model' })
  })
})
