// The HTTP door, and the OpenAI wire on it.

import { expect, it } from 'vitest'
import type { Data } from '../harness/client.ts'
import { script, textIn, type Reach, type Target } from './target.ts'

const CHAT = '/v1/chat/completions'
const user = (content: Data) => ({ role: 'user', content })

/** The chunks of a streamed answer, `[DONE]` not included. */
export async function readStream(response: Response): Promise<Data[]> {
  const lines = (await response.text()).split('\n\n').filter((line) => line.startsWith('data: '))
  expect(lines.at(-1)).toBe('data: [DONE]')
  return lines.slice(0, -1).map((line) => JSON.parse(line.slice(6)) as Data)
}

export function httpCases(at: Reach, get: () => Target): void {
  const errorOf = async (response: Response) => {
    const body = (await response.json()) as Data
    expect(Object.keys(body.error)).toEqual(expect.arrayContaining(['message', 'type', 'param', 'code']))
    return { status: response.status, ...body.error } as Data
  }
  const complete = async (body: Data, init = {}) => (await (await at.http(CHAT, { model: 'openclaw', ...body }, init)).json()) as Data

  it('says that it lives and is ready, to anybody', async () => {
    for (const path of ['/health', '/healthz']) expect(await (await get().fetch(path)).json()).toEqual({ ok: true, status: 'live' })
    for (const path of ['/ready', '/readyz']) expect(await (await get().fetch(path)).json()).toMatchObject({ ready: true, failing: [] })
    expect(await errorOf(await get().fetch('/health', { method: 'POST' }))).toMatchObject({ status: 405 })
  })

  it('marks every answer with security headers and a request id', async () => {
    const given = await get().fetch('/health', { headers: { 'x-request-id': 'my-id-1' } })
    expect(given.headers.get('x-request-id')).toBe('my-id-1')
    expect(given.headers.get('x-content-type-options')).toBe('nosniff')
    expect(given.headers.get('x-frame-options')).toBe('DENY')
    const made = await get().fetch('/v1/nothing', { headers: { 'x-request-id': 'no good id!' } })
    expect(made.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
  })

  it('serves the page', async () => {
    const root = await get().fetch('/', { redirect: 'manual' })
    expect([root.status, root.headers.get('location')]).toEqual([302, '/control-ui/'])
    const page = await get().fetch('/control-ui/')
    expect(page.status).toBe(200)
    expect((await get().fetch('/control-ui/', { headers: { 'if-none-match': page.headers.get('etag')! } })).status).toBe(304)
    expect((await get().fetch('/control-ui/chat')).headers.get('content-type')).toContain('text/html')
    expect((await at.http('/avatar/second')).headers.get('content-type')).toContain('image/svg+xml')
    expect(page.headers.get('content-type')).toContain('text/html')
    expect((await get().fetch('/../package.json')).status).toBe(404)
    expect((await get().fetch('/..%2fpackage.json')).status).toBe(404)
  })

  it('lists the agents and models that can be addressed', async () => {
    const list = (await (await at.http('/v1/models')).json()) as Data
    const ids = list.data.map((row: Data) => row.id as string)
    expect(ids).toEqual(expect.arrayContaining(['openclaw', 'openclaw/default', 'openclaw/main', 'openclaw/second', 'builtin/operator', 'mock/plain']))
    for (const id of ['openclaw/second', 'mock/plain']) {
      expect(await (await at.http(`/v1/models/${id}`)).json()).toMatchObject({ id, object: 'model' })
      expect(await (await at.http(`/v1/models/${encodeURIComponent(id)}`)).json()).toMatchObject({ id })
    }
    expect(await errorOf(await at.http('/v1/models/nothing'))).toMatchObject({ status: 404, code: 'model_not_found', param: 'model' })
  })

  it('refuses strangers', async () => {
    for (const authorization of ['', 'Bearer', 'Bearer wrong', `Basic ${get().token}`, `bearer ${get().token} x`]) {
      const headers = authorization === '' ? {} : { authorization }
      const response = await get().fetch('/v1/models', { headers })
      expect(response.headers.get('www-authenticate')).toBe('Bearer')
      expect(await errorOf(response), authorization).toMatchObject({ status: 401, type: 'authentication_error', code: 'invalid_api_key' })
    }
  })

  it('refuses pages of other origins', async () => {
    expect(await errorOf(await at.http('/v1/models', undefined, { headers: { origin: 'https://evil.example' } }))).toMatchObject({ status: 403 })
  })

  it('answers in JSON whatever is wrong', async () => {
    expect(await errorOf(await at.http('/v1/nothing'))).toMatchObject({ status: 404, type: 'invalid_request_error' })
    const wrongMethod = await at.http(CHAT)
    expect(wrongMethod.headers.get('allow')).toBe('POST')
    expect(await errorOf(wrongMethod)).toMatchObject({ status: 405 })
    expect(await errorOf(await at.http(CHAT, undefined, { method: 'POST', body: '{no json' }))).toMatchObject({ status: 400 })
    expect(await errorOf(await at.http(CHAT, { model: 'openclaw' }))).toMatchObject({ status: 400, param: 'messages' })
    expect(await errorOf(await at.http(CHAT, { model: 'openclaw', messages: [] }))).toMatchObject({ status: 400, param: 'messages' })
    expect(await errorOf(await at.http(CHAT, { model: 'openclaw', messages: [user('x')], n: 3 }))).toMatchObject({ status: 400, param: 'n' })
    expect(await errorOf(await at.http(CHAT, { model: 'openclaw', messages: [user('x')], temperature: 9 }))).toMatchObject({ status: 400, param: 'temperature' })
    expect(await errorOf(await at.http(CHAT, { model: 'openclaw', messages: [{ role: 'system', content: 'x' }] }))).toMatchObject({ status: 400, param: 'messages' })
    expect(await errorOf(await at.http(CHAT, { model: 'gpt-nothing', messages: [user('x')] }))).toMatchObject({ status: 404, code: 'model_not_found' })
    expect(await errorOf(await at.http(CHAT, { model: 'openclaw/nobody', messages: [user('x')] }))).toMatchObject({ status: 404 })
  })

  it('limits bodies by their declared length, and without one', async () => {
    const big = `{"model":"openclaw","messages":[{"role":"user","content":"${'x'.repeat(21 * 1024 * 1024)}"}]}`
    // The answer comes before the body has been sent: some clients read it, some only see the connection end.
    const refusal = await at.http(CHAT, undefined, { method: 'POST', body: big }).then(errorOf).catch(() => null)
    expect([413, undefined]).toContain(refusal?.status)
  })

  it('completes a chat', async () => {
    const body = await complete({ messages: [user(script({ text: 'hello there' }))] })
    expect(body).toMatchObject({
      object: 'chat.completion',
      model: 'openclaw',
      choices: [{ index: 0, message: { role: 'assistant', content: 'hello there', refusal: null }, finish_reason: 'stop' }],
      usage: { prompt_tokens: expect.any(Number), completion_tokens: 3, total_tokens: expect.any(Number) },
    })
    expect(body.id).toMatch(/^chatcmpl-/)
  })

  it('streams a chat: role first, pieces, the reason it ended, usage, [DONE]', async () => {
    const response = await at.http(CHAT, {
      model: 'openclaw',
      stream: true,
      stream_options: { include_usage: true },
      messages: [user(script({ text: 'one ' }, { text: 'two', delayMs: 20 }))],
    })
    expect(response.headers.get('content-type')).toContain('text/event-stream')
    const chunks = await readStream(response)
    expect(new Set(chunks.map((chunk) => chunk.id)).size).toBe(1)
    expect(chunks[0].choices[0].delta).toEqual({ role: 'assistant', content: '' })
    expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('')).toBe('one two')
    expect(chunks.filter((chunk) => chunk.choices[0]?.finish_reason).map((chunk) => chunk.choices[0].finish_reason)).toEqual(['stop'])
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { completion_tokens: 2 } })
  })

  it('leaves usage out of a stream that did not ask for it', async () => {
    const chunks = await readStream(await at.http(CHAT, { model: 'openclaw', stream: true, messages: [user(script({ text: 'x' }))] }))
    expect(chunks.every((chunk) => !('usage' in chunk))).toBe(true)
  })

  it('gives an early failure the status that it deserves, streamed or not', async () => {
    const failing = (kind: string) => [user(script({ error: { message: 'no', kind } }))]
    const statuses: readonly (readonly [kind: string, status: number])[] = [
      ['rate_limit', 429],
      ['context_length', 400],
      ['auth', 502],
      ['server', 502],
      ['timeout', 504],
    ]
    for (const [kind, status] of statuses) {
      for (const stream of [true, false]) {
        const response = await at.http(CHAT, { model: 'openclaw', stream, messages: failing(kind) })
        expect(await errorOf(response), kind).toMatchObject({ status, message: 'no' })
      }
    }
  })

  it('tells of a late failure inside the stream', async () => {
    const response = await at.http(CHAT, {
      model: 'openclaw',
      stream: true,
      messages: [user(script({ text: 'begun' }, { delayMs: 30 }, { error: { message: 'broke' } }))],
    })
    expect(response.status).toBe(200)
    const chunks = await readStream(response)
    expect(chunks.at(-1)).toMatchObject({ error: { message: 'broke', type: 'server_error' } })
  })

  it('keeps one session for one user, and one for each call without', async () => {
    const { client } = await at.join()
    const name = crypto.randomUUID()
    for (const text of ['first', 'second']) await complete({ user: name, messages: [user(script({ text }))] })
    const { messages } = await client.call('chat.history', { sessionKey: `agent:main:openai-user:${name}` })
    expect(messages.filter((message: Data) => message.role === 'assistant').map(textIn)).toEqual(['first', 'second'])
  })

  it('goes to the session, agent and model that the headers name', async () => {
    const { client } = await at.join()
    const key = `agent:second:${crypto.randomUUID()}`
    await complete({ messages: [user(script({ text: 'by header' }))] }, { headers: { 'x-openclaw-session-key': key } })
    const { messages } = await client.call('chat.history', { sessionKey: key })
    expect(messages).toHaveLength(2)
    const name = crypto.randomUUID()
    await complete({ user: name, messages: [user(script({ text: 'x' }))] }, { headers: { 'x-openclaw-agent-id': 'second' } })
    expect((await client.call('sessions.describe', { key: `agent:second:openai-user:${name}` })).session).not.toBeNull()
    const override = await complete({ messages: [user('x')] }, { headers: { 'x-openclaw-model': 'mock/plain' } })
    expect(override.choices[0].message.content).toBe('an answer of plain')
    expect(await errorOf(await at.http(CHAT, { model: 'openclaw', messages: [user('x')] }, { headers: { 'x-openclaw-agent-id': 'nobody' } }))).toMatchObject({ status: 404 })
  })

  it('addresses agents in all their forms', async () => {
    for (const model of ['openclaw/second', 'openclaw:second', 'agent:second', 'openclaw/default']) {
      expect((await complete({ model, messages: [user(script({ text: 'here' }))] })).choices[0].message.content, model).toBe('here')
    }
  })

  it('passes a bare model through: no instructions, no tools, the settings as given', async () => {
    const model = `bare-${crypto.randomUUID()}`
    get().upstream.on(model, (exchange) => exchange.answer('bare'))
    const body = await complete({
      model: `mock/${model}`,
      messages: [{ role: 'system', content: 'be brief' }, user('hi')],
      temperature: 0.5,
      max_tokens: 7,
      stop: 'END',
      seed: 3,
    })
    expect(body).toMatchObject({
      model: `mock/${model}`,
      choices: [{ message: { content: 'bare' } }],
      usage: { prompt_tokens: 12, completion_tokens: 5, prompt_tokens_details: { cached_tokens: 4 }, completion_tokens_details: { reasoning_tokens: 2 } },
    })
    const request = get().upstream.requests.find((each) => each.model === model)
    expect(request).toMatchObject({ temperature: 0.5, max_tokens: 7, stop: ['END'], seed: 3 })
    expect(request.messages).toEqual([{ role: 'system', content: 'be brief' }, { role: 'user', content: 'hi' }])
    expect(request).not.toHaveProperty('tools')
  })

  it('hands the calls of a client’s tools to the client, and takes their results', async () => {
    const model = `tools-${crypto.randomUUID()}`
    get().upstream.on(model, (exchange) => {
      const result = exchange.body.messages.at(-1)
      if (result.role === 'tool') exchange.answer(`It is ${result.content}.`)
      else exchange.answer('', { toolCalls: [{ id: 'call_w', function: { name: 'weather', arguments: '{"city":"Bonn"}' } }], finish: 'tool_calls' })
    })
    const tools = [{ type: 'function', function: { name: 'weather', parameters: { type: 'object', properties: { city: { type: 'string' } } } } }]
    const first = await complete({ model: `mock/${model}`, tools, messages: [user('weather in Bonn?')] })
    expect(first.choices[0]).toMatchObject({
      finish_reason: 'tool_calls',
      message: { content: null, tool_calls: [{ id: 'call_w', type: 'function', function: { name: 'weather', arguments: '{"city":"Bonn"}' } }] },
    })
    const result = { role: 'tool', tool_call_id: 'call_w', content: 'sunny' }
    const second = await complete({ model: `mock/${model}`, tools, messages: [user('weather in Bonn?'), first.choices[0].message, result] })
    expect(second.choices[0].message.content).toBe('It is sunny.')
    const streamed = await readStream(await at.http(CHAT, { model: `mock/${model}`, tools, stream: true, messages: [user('weather?')] }))
    const calls = streamed.flatMap((chunk) => chunk.choices[0]?.delta.tool_calls ?? [])
    expect(calls[0]).toEqual({ index: 0, id: 'call_w', type: 'function', function: { name: 'weather', arguments: '' } })
    expect(calls.slice(1).every((call: Data) => call.index === 0 && Object.keys(call.function).join() === 'arguments')).toBe(true)
    expect(calls.map((call: Data) => call.function.arguments).join('')).toBe('{"city":"Bonn"}')
    expect(await errorOf(await at.http(CHAT, { model: 'openclaw', messages: [user('x')], tools, tool_choice: { type: 'function', function: { name: 'other' } } }))).toMatchObject({
      status: 400,
      param: 'tool_choice',
    })
  })

  it('ends the run when the caller goes away', async () => {
    const { client } = await at.join()
    const name = crypto.randomUUID()
    const aborter = new AbortController()
    const response = await at.http(
      CHAT,
      { model: 'openclaw', stream: true, user: name, messages: [user(script({ text: 'begun' }, { text: '.', times: 100_000, delayMs: 20 }))] },
      { signal: aborter.signal },
    )
    const reader = response.body!.getReader()
    await reader.read()
    aborter.abort()
    await reader.cancel().catch(() => {})
    const end = await client.event('chat', (payload) => payload.sessionKey === `agent:main:openai-user:${name}` && payload.state === 'aborted')
    expect(end.stopReason).toBe('disconnect')
  })

  it('shows a run that came over HTTP to those on the socket', async () => {
    const { client } = await at.join()
    const name = crypto.randomUUID()
    await complete({ user: name, messages: [user(script({ text: 'seen by both' }))] })
    const final = await client.event('chat', (payload) => payload.sessionKey === `agent:main:openai-user:${name}` && payload.state === 'final')
    expect(textIn(final.message)).toBe('seen by both')
  })
}
