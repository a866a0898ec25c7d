// Clients that exist: the published OpenClaw client, and OpenAI's SDK, both unchanged.

import OpenAI from 'openai'
import { zodResponseFormat } from 'openai/helpers/zod'
import * as z from 'zod'
import { afterEach, describe, expect, it } from 'vitest'
import type { Data } from '../harness/client.ts'
import { createDeviceKeys, runClient, type Choice, type Running } from '../harness/openclaw.ts'
import { loadPublished } from '../harness/published.ts'
import { PIXEL } from '../harness/serve.ts'
import { freshKey, script, textIn, type Target } from './target.ts'

/** `url`: where the gateway is, over the network. */
export function clientSuite(get: () => Target & { readonly url: string }): void {
  describe('R17 @openclaw/gateway-client', () => openclawCases(get))
  describe('R18 openai', () => openaiCases(get))
}

function openclawCases(get: () => Target & { readonly url: string }): void {
  const published = loadPublished()
  const running: Running[] = []

  afterEach(async () => {
    const wrong = running.flatMap((client) => client.wrong)
    await Promise.all(running.splice(0).map((client) => client.stop()))
    expect([...new Set(wrong)]).toEqual([])
  })

  async function run(choice: Omit<Choice, 'url'> = {}): Promise<Running> {
    const client = await runClient({ url: get().url, token: get().token, ...choice }, published)
    running.push(client)
    return client
  }

  /** What a client does in an hour, in a second. */
  async function converse(client: Running) {
    const sessionKey = freshKey()
    await client.request('sessions.subscribe')
    const runId = crypto.randomUUID()
    expect(await client.request('chat.send', { sessionKey, message: script({ text: 'a ' }, { text: 'b', delayMs: 5 }), idempotencyKey: runId })).toEqual({ runId, status: 'started' })
    const final = await client.event('chat', (payload) => payload.runId === runId && payload.state === 'final')
    expect(textIn(final.message)).toBe('a b')

    const second = crypto.randomUUID()
    await client.request('chat.send', { sessionKey, message: script({ text: 'kept' }, { hang: true }), idempotencyKey: second })
    await client.event('chat', (payload) => payload.runId === second && payload.state === 'delta')
    expect(await client.request('chat.abort', { sessionKey })).toMatchObject({ aborted: true, runIds: [second] })

    const { messages } = await client.request('chat.history', { sessionKey })
    expect(messages.map((message: Data) => message.role)).toEqual(['user', 'assistant', 'user', 'assistant'])
    expect(textIn(messages[3])).toBe('kept')
    await client.event('session.message', (payload) => payload.sessionKey === sessionKey)
  }

  it('connects by token, chats, aborts, and reads the history', async () => {
    const client = await run()
    expect(client.hello.protocol).toBe(4)
    await converse(client)
  })

  it('calls everything that only reads', async () => {
    const client = await run()
    const { key, sessionId } = await client.request('sessions.create', { label: `label ${freshKey()}` })
    const reads: readonly (readonly [method: string, params?: Data])[] = [
      ['health'],
      ['status'],
      ['system-presence'],
      ...(get().machine ? [['system.info'] as const] : []),
      ['gateway.identity.get'],
      ['logs.tail'],
      ['config.get'],
      ['models.list'],
      ['agents.list'],
      ['agent.identity.get', { agentId: 'second' }],
      ['chat.metadata'],
      ['chat.startup', { sessionKey: key }],
      ['sessions.list', { includeDerivedTitles: true, includeLastMessage: true }],
      ['sessions.describe', { key }],
      ['sessions.resolve', { sessionId }],
      ['sessions.preview', { keys: [key] }],
      ['sessions.get', { key }],
      ['device.pair.list'],
    ]
    for (const [method, params] of reads) await client.request(method, params)
    await client.request('sessions.patch', { key, displayName: 'x' })
    await client.request('sessions.reset', { key })
    await client.request('sessions.delete', { key })
  })

  it('rejects a wrong token as the client knows it', async () => {
    await expect(run({ token: 'wrong' })).rejects.toMatchObject({ details: { code: 'AUTH_TOKEN_MISMATCH' } })
  })

  it('connects as a device, and later by its device token alone', async () => {
    const device = createDeviceKeys()
    const scopes = ['operator.read', 'operator.write']
    if (!get().local) {
      const refusal = await run({ device, scopes }).catch((error: Data) => error)
      expect(refusal.details).toMatchObject({ code: 'PAIRING_REQUIRED' })
      const admin = await run()
      const { pending } = await admin.request('device.pair.list')
      await admin.request('device.pair.approve', { requestId: pending.find((row: Data) => row.deviceId === device.deviceId).requestId })
    }
    const first = await run({ device, scopes })
    expect(first.hello.auth.scopes).toEqual(scopes)
    await converse(first)
    const { deviceToken } = first
    expect(deviceToken).toBeTruthy()
    const { token: _, ...withoutToken } = { token: get().token, url: get().url, device, scopes, deviceToken: deviceToken! }
    const second = await runClient(withoutToken, published)
    running.push(second)
    await converse(second)
  })
}

function openaiCases(get: () => Target & { readonly url: string }): void {
  const openai = (options: { apiKey?: string } = {}) =>
    new OpenAI({ baseURL: new URL('/v1', get().url).href, apiKey: get().token, maxRetries: 0, ...options })
  const say = (...steps: readonly Data[]) => [{ role: 'user' as const, content: script(...steps) }]

  it('completes a chat', async () => {
    const { data, response, request_id } = await openai()
      .chat.completions.create({ model: 'openclaw', messages: say({ text: 'hello' }) })
      .withResponse()
    expect(data.choices[0]!.message.content).toBe('hello')
    expect(data.usage!.total_tokens).toBeGreaterThan(0)
    expect(response.status).toBe(200)
    expect(request_id).toBeTruthy()
  })

  it('streams a chat', async () => {
    const stream = openai().chat.completions.stream({ model: 'openclaw', messages: say({ text: 'one ' }, { text: 'two', delayMs: 5 }), stream_options: { include_usage: true } })
    let text = ''
    stream.on('content', (delta) => (text += delta))
    const final = await stream.finalChatCompletion()
    expect(text).toBe('one two')
    expect(final.choices[0]).toMatchObject({ finish_reason: 'stop', message: { content: 'one two' } })
    expect(final.usage!.completion_tokens).toBe(2)
  })

  it('carries a tool call there and its result back', async () => {
    const model = `sdk-tools-${crypto.randomUUID()}`
    get().upstream.on(model, (exchange) => {
      const last = exchange.body.messages.at(-1)
      if (last.role === 'tool') exchange.answer(`Sum: ${last.content}`)
      else exchange.answer('', { toolCalls: [{ id: 'call_a', function: { name: 'add', arguments: '{"a":2,"b":3}' } }], finish: 'tool_calls' })
    })
    const added: unknown[] = []
    const add = {
      type: 'function' as const,
      function: {
        name: 'add',
        description: 'Adds.',
        parameters: { type: 'object', properties: { a: { type: 'number' }, b: { type: 'number' } } },
        parse: JSON.parse as (text: string) => Data,
        function({ a, b }: Data) {
          added.push([a, b])
          return String(a + b)
        },
      },
    }
    const runner = openai().chat.completions.runTools({ model: `mock/${model}`, messages: [{ role: 'user', content: '2 + 3?' }], tools: [add as never] })
    expect(await runner.finalContent()).toBe('Sum: 5')
    expect(added).toEqual([[2, 3]])
    const streamed = openai().chat.completions.runTools({ model: `mock/${model}`, stream: true, messages: [{ role: 'user', content: '2 + 3?' }], tools: [add as never] })
    expect(await streamed.finalContent()).toBe('Sum: 5')
  })

  it('has structured output, sends images and files, and embeds', async () => {
    const model = `sdk-more-${crypto.randomUUID()}`
    get().upstream.on(model, (exchange) => {
      if (exchange.body.input === undefined) return exchange.answer('{"name":"Ada"}')
      const data = exchange.body.input.map((text: string, index: number) => ({ object: 'embedding', index, embedding: [text.length, 0.5] }))
      exchange.send('application/json', new TextEncoder().encode(JSON.stringify({ object: 'list', data, usage: { prompt_tokens: 2, total_tokens: 2 } })))
    })
    const content = [
      { type: 'text' as const, text: 'who is this?' },
      { type: 'image_url' as const, image_url: { url: `data:image/png;base64,${PIXEL}` } },
      { type: 'file' as const, file: { filename: 'notes.txt', file_data: `data:text/plain;base64,${btoa('some notes')}` } },
    ]
    const response_format = zodResponseFormat(z.object({ name: z.string() }), 'person')
    const { choices } = await openai().chat.completions.parse({ model: `mock/${model}`, messages: [{ role: 'user', content }], response_format })
    expect(choices[0]!.message.parsed).toEqual({ name: 'Ada' })
    const asked = get().upstream.requests.findLast((request) => request.model === model)!
    expect(asked.response_format).toMatchObject({ type: 'json_schema', json_schema: { name: 'person' } })
    for (const part of [PIXEL, 'some notes']) expect(JSON.stringify(asked.messages)).toContain(part)
    const { data } = await openai().embeddings.create({ model: `mock/${model}`, input: ['a', 'bb'] })
    expect(data.map(({ embedding }) => embedding)).toEqual([[1, 0.5], [2, 0.5]])
  })

  it('stops when it is aborted', async () => {
    const stream = await openai().chat.completions.create({ model: 'openclaw', stream: true, messages: say({ text: '.', times: 100_000, delayMs: 10 }) })
    let seen = 0
    for await (const chunk of stream) {
      expect(chunk.object).toBe('chat.completion.chunk')
      if (++seen === 3) break
    }
    expect(seen).toBe(3)
    const client = await get().open()
    client.close()
  })

  it('throws the classes of errors that programs catch', async () => {
    const create = (body: Data, options = {}) => openai(options).chat.completions.create({ model: 'openclaw', messages: say({ text: 'x' }), ...body })
    await expect(create({}, { apiKey: 'wrong' })).rejects.toBeInstanceOf(OpenAI.AuthenticationError)
    await expect(create({ model: 'nothing' })).rejects.toBeInstanceOf(OpenAI.NotFoundError)
    await expect(create({ messages: [] })).rejects.toBeInstanceOf(OpenAI.BadRequestError)
    await expect(create({ messages: say({ error: { message: 'slow down', kind: 'rate_limit' } }) })).rejects.toBeInstanceOf(OpenAI.RateLimitError)
    await expect(create({ messages: say({ error: { message: 'broken', kind: 'server' } }) })).rejects.toBeInstanceOf(OpenAI.InternalServerError)
    await expect(create({ messages: say({ error: { message: 'no', kind: 'auth' } }) })).rejects.toMatchObject({ status: 502, code: 'upstream_auth' })
  })

  it('lists and finds models', async () => {
    const ids: string[] = []
    for await (const model of openai().models.list()) ids.push(model.id)
    expect(ids).toEqual(expect.arrayContaining(['openclaw', 'openclaw/second', 'mock/plain']))
    expect(await openai().models.retrieve('openclaw/second')).toMatchObject({ id: 'openclaw/second', object: 'model' })
    await expect(openai().models.retrieve('nothing')).rejects.toBeInstanceOf(OpenAI.NotFoundError)
  })
}
