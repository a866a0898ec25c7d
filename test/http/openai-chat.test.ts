// Chat completions: exact chunks, the reasons why they end, and how failures are told, early or late.

import { describe, expect, it } from 'vitest'
import { ModelError, type ModelErrorKind, type ModelEvent, type ModelRequest, type StopReason } from '../../src/ports/model.ts'
import type { GatewayOptions } from '../../src/index.ts'
import { chatChunk, chatCompletion } from '../../src/protocol/openai.ts'
import type { Data } from '../harness/client.ts'
import { fakeClock, settled } from '../harness/clock.ts'
import { join } from '../harness/peer.ts'
import { testPlatform } from '../harness/platform.ts'
import { script } from '../suites/target.ts'
import { answer, call, PLAYED, playedProvider } from '../services/conversation/conversation.ts'
import { errorOf, openDoor, type Ask } from './door.ts'

const CHAT = '/v1/chat/completions'
const bodyOf = (content: string, more: Data = {}) => ({ model: 'openclaw', messages: [{ role: 'user', content }], ...more })

async function open(options: GatewayOptions = {}) {
  const door = await openDoor(options)
  const post = (content: string, more: Data = {}, given: Ask = {}) => door.ask(CHAT, { body: bodyOf(content, more), ...given })
  return {
    ...door,
    post,
    complete: async (content: string, more: Data = {}) => (await (await post(content, more)).json()) as Data,
    stream: async (content: string, more: Data = {}) => dataIn(await (await post(content, { stream: true, ...more })).text()),
  }
}

/** The data of the events of a stream, which must end with [DONE]. */
function dataIn(text: string): Data[] {
  const events = text.split('\n\n').filter((event) => event !== '' && !event.startsWith(':'))
  expect(events.at(-1)).toBe('data: [DONE]')
  return events.slice(0, -1).map((event) => JSON.parse(event.replace(/^data: /, '')) as Data)
}

/** A gateway whose model plays these events. */
const playing = (play: (request: ModelRequest, signal: AbortSignal) => AsyncIterable<readonly ModelEvent[]>) => ({ config: PLAYED, providers: [playedProvider(play)] })

describe('an answer in one piece', () => {
  it('has the shape of the wire, down to the last member', async () => {
    const { complete, clock } = await open()
    const completion = await complete(script({ text: 'hello' }))
    expect(chatCompletion.parse(completion)).toEqual(completion)
    expect(completion).toMatchObject({ object: 'chat.completion', model: 'openclaw', created: Math.floor(clock.now() / 1000), id: expect.stringMatching(/^chatcmpl-[0-9a-f-]{36}$/) })
  })

  it('counts cached tokens as part of the prompt', async () => {
    const { complete } = await open(playing(async function* () { yield answer('x') })) // prettier-ignore
    expect((await complete('hi')).usage).toEqual({
      prompt_tokens: 4,
      completion_tokens: 2,
      total_tokens: 6,
      prompt_tokens_details: { cached_tokens: 1 },
      completion_tokens_details: { reasoning_tokens: 0 },
    })
  })

  it('of tools alone has no content, of words and tools has both', async () => {
    const tools = [{ type: 'function', function: { name: 'theirs' } }]
    for (const text of ['', 'let me ask']) {
      const { complete } = await open(playing(async function* () {
        yield [...(text === '' ? [] : [{ type: 'text' as const, text }]), call('theirs', '{"a":1}', 'c1'), call('theirs', '{}', 'c2'), { type: 'stop', reason: 'tool_calls' }]
      }))
      const [choice] = (await complete('go', { tools })).choices
      expect(choice).toMatchObject({ finish_reason: 'tool_calls', message: { content: text === '' ? null : text } })
      expect(choice.message.tool_calls).toEqual([
        { id: 'c1', type: 'function', function: { name: 'theirs', arguments: '{"a":1}' } },
        { id: 'c2', type: 'function', function: { name: 'theirs', arguments: '{}' } },
      ])
    }
  })

  it('without a word is an empty one', async () => {
    const { complete } = await open()
    const [choice] = (await complete(script())).choices
    expect(choice.message).toEqual({ role: 'assistant', content: '', refusal: null })
  })

  it('is asked for in one piece where nobody hears deltas, and only there', async () => {
    const asked: boolean[] = []
    const { gateway, complete, stream } = await open(playing(async function* ({ whole }) {
      asked.push(whole)
      yield answer('x')
    }))
    await complete('nobody is there')
    await stream('a stream')
    await join(gateway)
    await complete('somebody looks on')
    expect(asked).toEqual([true, false, false])
  })
})

describe('a stream', () => {
  it('is role, words, reason, usage and [DONE], byte for byte', async () => {
    const { post, clock } = await open()
    const response = await post(script({ text: 'one' }), { stream: true, stream_options: { include_usage: true } })
    expect(Object.fromEntries(response.headers)).toMatchObject({ 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache, no-transform', 'x-accel-buffering': 'no' })
    const text = await response.text()
    const id = /chatcmpl-[0-9a-f-]{36}/.exec(text)![0]
    const head = `{"id":"${id}","object":"chat.completion.chunk","created":${Math.floor(clock.now() / 1000)},"model":"openclaw"`
    const { usage } = dataIn(text).at(-1)
    expect(text).toBe(
      [
        `${head},"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}],"usage":null}`,
        `${head},"choices":[{"index":0,"delta":{"content":"one"},"finish_reason":null}],"usage":null}`,
        `${head},"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":null}`,
        `${head},"choices":[],"usage":${JSON.stringify(usage)}}`,
        '[DONE]',
      ].map((data) => `data: ${data}\n\n`).join(''), // prettier-ignore
    )
  })

  it('fits the shape of the wire, with tools and without', async () => {
    const { stream } = await open(playing(async function* () {
      yield [{ type: 'text', text: 'let me' }, call('theirs', '{"a":1}', 'c1'), call('theirs', '{}', 'c2'), { type: 'stop', reason: 'tool_calls' }]
    }))
    const chunks = await stream('go', { tools: [{ type: 'function', function: { name: 'theirs' } }] })
    for (const chunk of chunks) expect(chatChunk.parse(chunk)).toEqual(chunk)
    expect(chunks.map((chunk) => chunk.choices[0].delta)).toEqual([
      { role: 'assistant', content: '' },
      { content: 'let me' },
      { tool_calls: [{ index: 0, id: 'c1', type: 'function', function: { name: 'theirs', arguments: '' } }] },
      { tool_calls: [{ index: 0, function: { arguments: '{"a":1}' } }] },
      { tool_calls: [{ index: 1, id: 'c2', type: 'function', function: { name: 'theirs', arguments: '' } }] },
      { tool_calls: [{ index: 1, function: { arguments: '{}' } }] },
      {},
    ])
    expect(chunks.at(-1).choices[0].finish_reason).toBe('tool_calls')
  })

  it('tells the calls of the client’s tools as they are written, and of no others', async () => {
    const piece = (id: string, name: string, text: string): ModelEvent => ({ type: 'call-piece', id, name, text })
    const { post, clock } = await open(playing(async function* () {
      yield [piece('c0', 'sessions_list', '{}'), piece('c1', 'theirs', '')]
      yield [piece('c1', 'theirs', '{"a"'), piece('c2', 'theirs', '{')]
      yield [piece('c1', 'theirs', ':1}')]
      await new Promise<void>((resolve) => clock.after(1000, resolve))
      yield [call('sessions_list', '{}', 'c0'), call('theirs', '{"a":1}', 'c1'), call('theirs', '{}', 'c2'), { type: 'stop', reason: 'tool_calls' }]
    }))
    const response = await post('go', { stream: true, tools: [{ type: 'function', function: { name: 'theirs' } }] })
    expect(response.status, 'before the model has ended').toBe(200)
    const text = response.text()
    await settled()
    await clock.advance(1000)
    const deltas = dataIn(await text).flatMap((chunk) => (chatChunk.parse(chunk).choices[0]!.delta.tool_calls ?? []) as Data[])
    const head = (index: number, id: string) => ({ index, id, type: 'function', function: { name: 'theirs', arguments: '' } })
    const more = (index: number, args: string) => ({ index, function: { arguments: args } })
    expect(deltas).toEqual([head(0, 'c1'), more(0, '{"a"'), head(1, 'c2'), more(1, '{'), more(0, ':1}'), more(1, '}')])
  })

  it('without a word has its role and its end', async () => {
    const { stream } = await open()
    expect((await stream(script())).map((chunk) => chunk.choices[0])).toEqual([
      { index: 0, delta: { role: 'assistant', content: '' }, finish_reason: null },
      { index: 0, delta: {}, finish_reason: 'stop' },
    ])
  })

  it('breathes while the model thinks', async () => {
    const { post, clock } = await open()
    const responding = post(script({ text: 'one' }, { delayMs: 20_000 }, { text: 'two' }), { stream: true })
    const text = (await responding).text()
    await settled()
    await clock.advance(20_000)
    expect((await text).split('\n\n').filter((event) => event.startsWith(':'))).toEqual([': keep-alive'])
  })
})

describe('the reason', () => {
  it.each(['stop', 'length', 'content_filter', 'tool_calls'] as const)('%s of the model is told, streamed or not', async (reason: StopReason) => {
    const { complete, stream } = await open(playing(async function* () {
      yield [{ type: 'text', text: 'x' }, { type: 'stop', reason }]
    }))
    const told = reason === 'tool_calls' ? 'stop' : reason // there are no calls
    expect((await complete('go')).choices[0].finish_reason).toBe(told)
    expect((await stream('go')).at(-1).choices[0].finish_reason).toBe(told)
  })

  it('of a run that somebody else ended is stop, with what there was', async () => {
    const { gateway, post } = await open()
    const { client } = await join(gateway)
    const headers = { 'x-openclaw-session-key': 'agent:main:shared' }
    const responding = post(script({ text: 'half' }, { hang: true }), {}, { headers })
    await settled()
    await client.call('chat.abort', { sessionKey: 'agent:main:shared' })
    const completion = (await (await responding).json()) as Data
    expect(completion.choices[0]).toMatchObject({ finish_reason: 'stop', message: { content: 'half' } })
  })
})

describe('a failure', () => {
  const cases: readonly (readonly [ModelErrorKind, number, Data])[] = [
    ['rate_limit', 429, { type: 'rate_limit_error', code: 'rate_limit_exceeded' }],
    ['context_length', 400, { type: 'invalid_request_error', code: 'context_length_exceeded' }],
    ['invalid', 400, { type: 'invalid_request_error', code: null }],
    ['refusal', 400, { type: 'invalid_request_error', code: null }],
    ['timeout', 504, { type: 'server_error', code: 'timeout' }],
    ['auth', 502, { type: 'server_error', code: 'upstream_auth' }],
    ['server', 502, { type: 'server_error', code: 'upstream_error' }],
    ['network', 502, { type: 'server_error', code: 'upstream_error' }],
  ]

  it.each(cases)('before the first word (%s) is answered with %i', async (kind, status, expected) => {
    const { post } = await open()
    for (const stream of [false, true]) {
      const response = await post(script({ error: { message: 'no', kind } }), { stream })
      expect(response.headers.get('retry-after')).toBe(kind === 'rate_limit' ? '5' : null)
      expect(await errorOf(response)).toMatchObject({ status, message: 'no', ...expected })
    }
  })

  it('of a provider that wants to be left alone says how long', async () => {
    const { post } = await open(playing(async function* () {
      yield* []
      throw new ModelError('rate_limit', 'slow down', 429, 31_000)
    }))
    const response = await post('go')
    expect([response.status, response.headers.get('retry-after'), response.headers.get('retry-after-ms'), response.headers.get('x-should-retry')]).toEqual([429, '31', '31000', null])
  })

  it('of the gateway itself is its own, and shows nothing', async () => {
    const { post } = await open(playing(async function* () {
      yield []
      throw new TypeError('secret of the inside')
    }))
    const { status, message } = await errorOf(await post('go'))
    expect(status).toBe(500)
    expect(message).toBe('internal error: the log of the gateway says more')
  })

  it('of the time limit is 504', async () => {
    const { post, clock } = await open({ config: { agents: { defaults: { timeoutSeconds: 2 } } } })
    const responding = post(script({ hang: true }))
    await settled()
    await clock.advance(2000)
    expect(await errorOf(await responding)).toMatchObject({ status: 504, code: 'timeout' })
  })

  it('after the first word is told inside the stream', async () => {
    const { post, clock } = await open()
    const response = await post(script({ text: 'begun' }, { delayMs: 10 }, { error: { message: 'broke', kind: 'rate_limit' } }), { stream: true })
    expect(response.status).toBe(200)
    const text = response.text()
    await settled()
    await clock.advance(10)
    const events = dataIn(await text)
    expect(events.map((event) => event.choices?.[0].delta.content)).toEqual(['', 'begun', undefined])
    expect(events.at(-1)).toEqual({ error: { message: 'broke', type: 'rate_limit_error', param: null, code: 'rate_limit_exceeded' } })
  })

  it('after words of a whole answer is a failure all the same', async () => {
    const { post } = await open()
    expect(await errorOf(await post(script({ text: 'begun' }, { error: { message: 'broke' } })))).toMatchObject({ status: 502, message: 'broke' })
  })
})

it('of a model that was addressed by itself is not covered up by the fallbacks of an agent', async () => {
  const config = { ...PLAYED, agents: { defaults: { model: { primary: 'played/one', fallbacks: ['builtin/operator'] } } } }
  const provider = playedProvider(async function* () {
    yield* []
    throw new ModelError('auth', 'no key')
  })
  const { post } = await open({ config, providers: [provider] })
  expect((await post('hi')).status, 'an agent may fall back').toBe(200)
  expect((await post('hi', { model: 'played/other' })).status).toBe(502)
})

describe('the status of a stream', () => {
  async function responding(...steps: readonly unknown[]) {
    const { post, clock } = await open()
    let response: Response | null = null
    const answered = post(script(...steps), { stream: true }).then((given) => (response = given))
    await settled()
    return { clock, answered, response: () => response }
  }

  it('is held back for ten seconds, so that a failure can have one', async () => {
    const { clock, answered, response } = await responding({ delayMs: 9999 }, { error: { message: 'no', kind: 'auth' } })
    await clock.advance(9998)
    expect(response()).toBeNull()
    await clock.advance(1)
    expect((await answered).status).toBe(502)
  })

  it('is given after them, and a failure then comes in the stream', async () => {
    const { clock, answered } = await responding({ delayMs: 10_001 }, { error: { message: 'no', kind: 'auth' } })
    await clock.advance(10_000)
    const response = await answered
    expect(response.status).toBe(200)
    const text = response.text()
    await clock.advance(1)
    expect(dataIn(await text)).toEqual([{ error: { message: 'no', type: 'server_error', param: null, code: 'upstream_auth' } }])
  })

  it('is given with the first word, or the first thought', async () => {
    for (const step of [{ text: 'word' }, { reasoning: 'hm' }]) {
      const { clock, answered } = await responding(step, { delayMs: 100 })
      expect((await answered).status).toBe(200)
      await clock.advance(100)
    }
  })
})

describe('a caller that goes away', () => {
  it('ends its run, whenever it goes, and is not told of', async () => {
    for (const stream of [true, false]) {
      const { gateway, post } = await open()
      const { client } = await join(gateway)
      const aborter = new AbortController()
      const responding = post(script({ text: 'half' }, { hang: true }), { stream }, { signal: aborter.signal })
      await settled()
      aborter.abort()
      const end = await client.event('chat', (payload) => payload.state === 'aborted')
      expect(end.stopReason).toBe('disconnect')
      await responding
      expect((await client.call('status')).activeRuns).toBe(0)
    }
  })

  it('before its run began leaves nothing running', async () => {
    const { gateway, post } = await open()
    const { client } = await join(gateway)
    const aborter = new AbortController()
    aborter.abort()
    await post(script({ hang: true }), {}, { signal: aborter.signal }).catch(() => {})
    await settled()
    expect((await client.call('status')).activeRuns).toBe(0)
  })

  it('in the middle of the body of the answer ends it too', async () => {
    const { gateway, post } = await open()
    const { client } = await join(gateway)
    const response = await post(script({ text: 'half' }, { hang: true }), { stream: true })
    await response.body!.cancel()
    expect(await client.event('chat', (payload) => payload.state === 'aborted')).toMatchObject({ stopReason: 'disconnect' })
  })
})

describe('what is refused', () => {
  it('is anything, where it is switched off', async () => {
    const { post } = await open({ config: { gateway: { http: { endpoints: { chatCompletions: { enabled: false } } } } } })
    expect(await errorOf(await post('hi'))).toMatchObject({ status: 404, message: expect.stringContaining('gateway.http.endpoints.chatCompletions.enabled') })
  })

  it('is what does not fit a full queue, with the time to come again', async () => {
    const { post } = await open()
    const headers = { 'x-openclaw-session-key': 'agent:main:busy' }
    for (let n = 0; n < 100; n++) void post(script({ hang: true }), {}, { headers })
    await settled()
    const response = await post('one more', {}, { headers })
    expect(response.headers.get('retry-after')).toBe('1')
    expect(await errorOf(response)).toMatchObject({ status: 503, message: expect.stringContaining('too many messages are waiting') })
  })

  it.each([
    [{}, 'model'],
    [{ model: 'openclaw' }, 'messages'],
    [{ model: '', messages: [{ role: 'user', content: 'x' }] }, 'model'],
    [{ model: 'openclaw', messages: [{ role: 'crab', content: 'x' }] }, 'messages'],
    [{ model: 'openclaw', messages: [{ role: 'tool', content: 'x' }] }, 'messages'],
    [{ model: 'openclaw', messages: [{ role: 'user', content: [{ type: 'video' }] }] }, 'messages'],
    [bodyOf('x', { temperature: 2.1 }), 'temperature'],
    [bodyOf('x', { stop: ['1', '2', '3', '4', '5'] }), 'stop'],
    [bodyOf('x', { tools: [{ type: 'function', function: { name: 'no spaces' } }] }), 'tools'],
    [bodyOf('x', { stream: 'yes' }), 'stream'],
    [bodyOf('x', { user: '' }), 'user'],
  ])('is %j, by the name of the member', async (body, param) => {
    const { ask } = await open()
    expect(await errorOf(await ask(CHAT, { body }))).toMatchObject({ status: 400, type: 'invalid_request_error', param, message: expect.stringMatching(/^invalid request: /) })
  })

  it('is what is no JSON, or not said to be', async () => {
    const { ask } = await open()
    for (const body of ['', '{', 'null', '[]', '"x"']) expect(await errorOf(await ask(CHAT, { body })), body).toMatchObject({ status: 400 })
    expect(await errorOf(await ask(CHAT, { body: bodyOf('x'), headers: { 'content-type': 'text/plain' } }))).toMatchObject({ status: 415, message: expect.stringContaining('application/json') })
    expect(await errorOf(await ask(CHAT, { body: bodyOf('x'), headers: { 'content-type': null } }))).toMatchObject({ status: 415 })
  })

  it('leaves no session behind', async () => {
    const { ask, gateway } = await open()
    await ask(CHAT, { body: bodyOf('x', { n: 2 }) })
    await ask(CHAT, { body: bodyOf('x', { model: 'nothing' }) })
    const { client } = await join(gateway)
    expect((await client.call('sessions.list', {})).totalCount).toBe(0)
  })
})

it('tells of its end only once that is on disk', async () => {
  const platform = testPlatform({ clock: fakeClock() })
  const { post } = await open({ platform } as GatewayOptions)
  const disk = Promise.withResolvers<void>()
  platform.sql.sync = () => disk.promise
  let answered = false
  const responding = post(script({ text: 'x' })).then((response) => ((answered = true), response))
  await settled()
  expect(answered).toBe(false)
  disk.resolve()
  expect((await responding).status).toBe(200)
})

it('says so when its end could not be written', async () => {
  const platform = testPlatform()
  const { post, clock } = await open({ platform } as GatewayOptions)
  platform.sql.sync = () => Promise.reject(new Error('the disk is gone'))
  const responding = post(script({ text: 'x' }))
  await settled()
  await clock.advance(6000)
  expect(await errorOf(await responding)).toMatchObject({ status: 500, message: expect.stringContaining('could not be written to disk') })
})
