// Models behind the OpenAI wire: attempts and pauses by the clock, silence, and answers in whatever pieces they come.

import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createFetch } from '../../runtimes/node/fetch.ts'
import type { Fetch, FetchResponse, ModelEvent, ModelRequest, ModelSpec } from '../../src/index.ts'
import { openaiCompatible } from '../../src/models/openai-compatible.ts'
import { fakeClock, settled } from '../harness/clock.ts'
import { startUpstream, type Upstream } from '../harness/upstream.ts'

const SPEC: ModelSpec = { provider: 'mock', model: 'm', baseUrl: 'http://mock.test/v1', apiKey: 'sk-mock', headers: { 'x-team': 'crabs' }, timeoutMs: 60_000 }
const REQUEST: ModelRequest = { messages: [{ role: 'user', content: 'hi' }], tools: [], settings: {}, whole: false }

type Init = Parameters<Fetch>[1]
type Reply = (init: Init) => FetchResponse | Promise<FetchResponse>

const head = (name: string, value: string) => ({ get: (wanted: string) => (wanted === name ? value : null) })
const failing = (status: number, retryAfter?: string): Reply => () => ({
  status,
  headers: retryAfter === undefined ? head('', '') : head('retry-after', retryAfter),
  body: null,
  text: async () => '{"error":{"message":"not now"}}',
})
const json = (body: unknown): Reply => () => ({ status: 200, headers: head('content-type', 'application/json; charset=utf-8'), body: null, text: async () => JSON.stringify(body) })
const streaming = (body: (signal: AbortSignal) => AsyncIterable<Uint8Array>): Reply => ({ signal }) => ({
  status: 200,
  headers: head('content-type', 'text/event-stream'),
  body: body(signal),
  text: () => Promise.reject(new Error('it is a stream')),
})
/** Nothing more, until the signal aborts. */
const silence = (signal: AbortSignal) => new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)))
const encode = (text: string) => new TextEncoder().encode(text)
const chunk = (content: string, finish: string | null = null) => `data: ${JSON.stringify({ id: 'up', choices: [{ delta: { content }, finish_reason: finish }] })}\n\n`
const DONE = 'data: [DONE]\n\n'
const pieces = (...texts: readonly string[]): Reply => streaming(async function* () {
  for (const text of texts) yield encode(text)
})
const OK = pieces(chunk('recovered', 'stop'), DONE)

/** A model whose upstream gives these replies, one after the other. */
function make(replies: readonly Reply[], { spec = {}, request = {} }: { spec?: Partial<ModelSpec>; request?: Partial<ModelRequest> } = {}) {
  const clock = fakeClock()
  const begun = clock.now()
  const asked: { url: string; init: Init; at: number }[] = []
  const fetch: Fetch = async (url, init) => {
    const reply = replies[asked.length] ?? expect.unreachable('it was asked once more')
    asked.push({ url, init, at: clock.now() - begun })
    return reply(init)
  }
  const model = openaiCompatible.model({ ...SPEC, ...spec }, { fetch, clock })
  const aborter = new AbortController()
  const events: ModelEvent[] = []
  let outcome: unknown = 'in the works'
  async function run() {
    for await (const batch of model.stream({ ...REQUEST, ...request }, { signal: aborter.signal })) events.push(...batch)
    return 'ended'
  }
  const ended = run().then((value) => (outcome = value), (error: unknown) => (outcome = error))
  return {
    model, clock, asked, aborter, events, ended,
    text: () => events.map((event) => (event.type === 'text' ? event.text : '')).join(''),
    outcome: () => outcome,
  } // prettier-ignore
}

describe('the request', () => {
  it('goes to the address of the provider, with its key and headers', async () => {
    const { asked, ended, model } = make([OK])
    await ended
    expect(model).toMatchObject({ id: 'mock/m', provider: 'mock', model: 'm', api: 'openai-completions' })
    expect(asked).toMatchObject([
      {
        url: 'http://mock.test/v1/chat/completions',
        init: { method: 'POST', headers: { 'content-type': 'application/json', authorization: 'Bearer sk-mock', 'x-team': 'crabs' } },
      },
    ])
    expect(JSON.parse(String(asked[0]!.init.body))).toEqual({ model: 'm', messages: [{ role: 'user', content: 'hi' }], stream: true, stream_options: { include_usage: true } })
  })

  it('has no credential where there is none', async () => {
    const { asked, ended } = make([OK], { spec: { apiKey: null, headers: {} } })
    await ended
    expect(asked[0]!.init.headers).toEqual({ 'content-type': 'application/json' })
  })
})

describe('another attempt', () => {
  it('comes after 500 ms, then after 2 s, and no fourth one', async () => {
    const { asked, clock, outcome } = make([failing(503), failing(500), failing(503)])
    await settled()
    await clock.advance(10_000)
    expect(asked.map(({ at }) => at)).toEqual([0, 500, 2500])
    expect(outcome()).toMatchObject({ kind: 'server', status: 503, message: 'mock answered 503: not now' })
    expect(clock.pending).toBe(0)
  })

  it('may succeed', async () => {
    const { asked, clock, text, outcome } = make([failing(429), OK])
    await settled()
    await clock.advance(499)
    expect(asked).toHaveLength(1)
    await clock.advance(1)
    expect([outcome(), text()]).toEqual(['ended', 'recovered'])
  })

  it('comes when the upstream says, but within 30 s', async () => {
    const { asked, clock } = make([failing(429, '7'), failing(503, '3600'), OK])
    await settled()
    await clock.advance(60_000)
    expect(asked.map(({ at }) => at)).toEqual([0, 7000, 37_000])
  })

  it('comes when the upstream cannot be reached', async () => {
    const { asked, clock, outcome } = make([() => Promise.reject(new Error('connection refused')), () => Promise.reject(new Error('reset')), () => Promise.reject(new Error('no route'))])
    await settled()
    await clock.advance(10_000)
    expect(asked).toHaveLength(3)
    expect(outcome()).toMatchObject({ kind: 'network', message: 'mock cannot be reached: no route', status: null })
  })

  it.each([400, 401, 403, 404, 422])('does not come after %i', async (status) => {
    const { asked, clock, ended, outcome } = make([failing(status)])
    await ended
    expect(asked).toHaveLength(1)
    expect(outcome()).toMatchObject({ status })
    expect(clock.pending).toBe(0)
  })

  it.each([
    ['a cut', streaming(async function* () {
      yield encode(chunk('first'))
      throw new Error('socket hang up')
    }), 'socket hang up'],
    ['an error of the upstream', pieces(chunk('first'), 'data: {"error":{"message":"overloaded"}}\n\n'), 'mock failed: overloaded'],
    ['an end too early', pieces(chunk('first')), 'mock broke off in the middle of the answer'],
    ['[DONE] too early', pieces(chunk('first'), DONE), 'mock broke off in the middle of the answer'],
    ['nonsense', pieces(chunk('first'), 'data: {nonsense\n\n'), 'mock sent a chunk that is not JSON'],
  ])('does not come after the first word: %s', async (_, reply, message) => {
    const { asked, clock, ended, text, outcome } = make([reply])
    await ended
    await clock.advance(10_000)
    expect(asked).toHaveLength(1)
    expect(text()).toBe('first')
    expect((outcome() as Error).message).toContain(message)
  })

  it('does not come after the head of an answer without a word either', async () => {
    const { asked, clock, ended, outcome } = make([pieces(': ping\n\n')])
    await ended
    await clock.advance(10_000)
    expect(asked).toHaveLength(1)
    expect(outcome()).toMatchObject({ kind: 'network' })
  })

  it('does not come after a cut, which is a failure of the network', async () => {
    const { ended, outcome } = make([
      streaming(async function* () {
        yield encode(chunk('first'))
        throw new Error('socket hang up')
      }),
    ])
    await ended
    expect(outcome()).toMatchObject({ kind: 'network', message: expect.stringContaining('socket hang up') })
  })
})

describe('silence', () => {
  const silent = { kind: 'timeout', message: 'mock was silent for 60 s' }

  it('before the answer ends the attempt at the limit, and the connection', async () => {
    const { asked, clock, outcome } = make([({ signal }) => silence(signal)])
    await settled()
    await clock.advance(59_999)
    expect(outcome()).toBe('in the works')
    await clock.advance(1)
    expect(outcome()).toMatchObject(silent)
    expect(asked).toHaveLength(1)
    expect(asked[0]!.init.signal.aborted).toBe(true)
    expect(clock.pending).toBe(0)
  })

  it('counts anew with each piece, a comment too', async () => {
    const next = [Promise.withResolvers<string>(), Promise.withResolvers<string>()]
    const { clock, outcome, text } = make([
      streaming(async function* (signal) {
        yield encode(chunk('one '))
        for (const { promise } of next) yield encode(await promise)
        await silence(signal)
      }),
    ])
    await settled()
    for (const [n, piece] of [': ping\n\n', chunk('two')].entries()) {
      await clock.advance(59_000)
      next[n]!.resolve(piece)
      await settled()
    }
    await clock.advance(59_999)
    expect(outcome()).toBe('in the works')
    await clock.advance(1)
    expect(outcome()).toMatchObject(silent)
    expect(text()).toBe('one two')
  })

  it('may last ten minutes where the answer comes in one piece', async () => {
    const { clock, outcome } = make([({ signal }) => silence(signal)], { request: { whole: true } })
    await settled()
    await clock.advance(10 * 60_000 - 1)
    expect(outcome()).toBe('in the works')
    await clock.advance(1)
    expect(outcome()).toMatchObject({ kind: 'timeout', message: 'mock was silent for 600 s' })
  })

  it('may last longer where that is configured', async () => {
    const { clock, outcome } = make([({ signal }) => silence(signal)], { request: { whole: true }, spec: { timeoutMs: 900_000 } })
    await settled()
    await clock.advance(899_999)
    expect(outcome()).toBe('in the works')
  })

  it('is not the pause that an upstream asks for', async () => {
    const { asked, clock, text, outcome } = make([failing(429, '20'), OK], { spec: { timeoutMs: 5000 } })
    await settled()
    await clock.advance(20_000)
    expect(asked.map(({ at }) => at)).toEqual([0, 20_000])
    expect([outcome(), text(), clock.pending]).toEqual(['ended', 'recovered', 0])
  })

  it('is none when the upstream has answered each attempt in time', async () => {
    const replies = [1, 2, 3].map(() => Promise.withResolvers<void>())
    const { asked, clock, outcome } = make(replies.map(({ promise }): Reply => (init) => Promise.race([promise.then(() => failing(503)(init)), silence(init.signal)])))
    await settled()
    for (const { resolve } of replies) {
      await clock.advance(50_000)
      resolve()
      await settled()
      await clock.advance(2000)
    }
    expect(asked).toHaveLength(3)
    expect(outcome()).toMatchObject({ kind: 'server', status: 503 })
  })
})

describe('an abort', () => {
  const reason = new Error('enough')

  it('in a pause ends it at once', async () => {
    const { asked, aborter, clock, outcome } = make([failing(503)])
    await settled()
    aborter.abort(reason)
    await settled()
    expect(outcome()).toBe(reason)
    await clock.advance(10_000)
    expect(asked).toHaveLength(1)
    expect(clock.pending).toBe(0)
  })

  it.each([
    ['before the answer', (({ signal }) => silence(signal)) as Reply],
    ['in the answer', streaming(async function* (signal) {
      yield encode(chunk('one'))
      await silence(signal)
    })],
  ])('%s ends the connection, and no other attempt comes', async (_, reply) => {
    const { asked, aborter, clock, outcome } = make([reply])
    await settled()
    aborter.abort(reason)
    await settled()
    expect(outcome()).toBe(reason)
    expect(asked[0]!.init.signal.reason).toBe(reason)
    expect(clock.pending).toBe(0)
  })

  it('is what a reader does who stops reading', async () => {
    const clock = fakeClock()
    let signal: AbortSignal | null = null
    const reply = streaming(async function* (given) {
      signal = given
      yield encode(chunk('one'))
      await silence(given)
    })
    const model = openaiCompatible.model(SPEC, { fetch: async (_, init) => reply(init), clock })
    for await (const _ of model.stream(REQUEST, { signal: new AbortController().signal })) break
    expect(signal!.aborted).toBe(true)
    expect(clock.pending).toBe(0)
  })
})

describe('the answer', () => {
  it('is the same in whatever pieces its bytes come', async () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
    await fc.assert(
      fc.asyncProperty(fc.array(text, { minLength: 1, maxLength: 8 }), fc.constantFrom('\n', '\r\n'), fc.boolean(), fc.infiniteStream(fc.integer({ min: 1, max: 9 })), async (texts, line, marked, sizes) => {
        const call = { tool_calls: [{ index: 0, id: 'c', function: { name: 'act', arguments: JSON.stringify({ said: texts[0] }) } }] }
        const chunks = [...texts.map((content) => ({ content })), call].map((delta) => JSON.stringify({ id: 'up', choices: [{ delta }] }))
        const end = JSON.stringify({ choices: [{ delta: {}, finish_reason: 'tool_calls' }], usage: { prompt_tokens: 3 } })
        const lines = [...chunks, end, '[DONE]'].flatMap((data) => [': ping', '', `data: ${data}`, ''])
        const bytes = encode((marked ? '\ufeff' : '') + lines.map((each) => each + line).join(''))
        const { events, ended, outcome } = make([
          streaming(async function* () {
            for (let at = 0; at < bytes.length; ) {
              const size = sizes.next().value as number
              yield bytes.slice(at, at + size)
              at += size
            }
          }),
        ])
        await ended
        expect(outcome()).toBe('ended')
        expect(events).toEqual([
          ...texts.map((said) => ({ type: 'text', text: said })),
          { type: 'call-piece', id: 'c', name: 'act', text: JSON.stringify({ said: texts[0] }) },
          { type: 'tool-call', call: { id: 'c', name: 'act', arguments: JSON.stringify({ said: texts[0] }) } },
          { type: 'usage', usage: expect.objectContaining({ input: 3 }) },
          { type: 'stop', reason: 'tool_calls', responseId: 'up' },
        ])
      }),
    )
  })

  it('is over with [DONE], though the connection stays open', async () => {
    let closed = false
    const { ended, text, clock } = make([
      streaming(async function* (signal) {
        try {
          yield encode(chunk('all', 'stop') + DONE)
          await silence(signal)
        } finally {
          closed = true
        }
      }),
    ])
    expect(await ended).toBe('ended')
    expect(text()).toBe('all')
    expect(closed).toBe(true)
    expect(clock.pending).toBe(0)
  })

  it('ends with [DONE] also where more comes in the same piece', async () => {
    const { ended, text } = make([pieces(chunk('all', 'stop') + DONE + chunk(' and more'))])
    expect(await ended).toBe('ended')
    expect(text()).toBe('all')
  })

  it('needs no [DONE], no usage and no id', async () => {
    const { ended, events } = make([pieces('data: {"choices":[{"delta":{"content":"bare"},"finish_reason":"stop"}]}\n\n')])
    expect(await ended).toBe('ended')
    expect(events).toEqual([{ type: 'text', text: 'bare' }, { type: 'usage', usage: expect.objectContaining({ totalTokens: 0 }) }, { type: 'stop', reason: 'stop' }])
  })

  it('of pieces that come together comes together', async () => {
    const { model } = make([])
    expect(model.id).toBe('mock/m')
    const clock = fakeClock()
    const reply = pieces(chunk('a') + chunk('b') + chunk('c'), chunk('d', 'stop'))
    const batches: (readonly ModelEvent[])[] = []
    const stream = openaiCompatible.model(SPEC, { fetch: async (_, init) => reply(init), clock }).stream(REQUEST, { signal: new AbortController().signal })
    for await (const batch of stream) batches.push(batch)
    expect(batches.map((batch) => batch.length)).toEqual([3, 1, 2])
  })

  it('may come in one piece, though a stream was asked for', async () => {
    const { ended, text, events } = make([json({ id: 'up', choices: [{ message: { content: 'whole' }, finish_reason: 'length' }], usage: { completion_tokens: 2 } })])
    expect(await ended).toBe('ended')
    expect(text()).toBe('whole')
    expect(events.at(-1)).toMatchObject({ type: 'stop', reason: 'length' })
  })

  it('may come as a stream, though one piece was asked for', async () => {
    const { ended, text } = make([OK], { request: { whole: true } })
    expect(await ended).toBe('ended')
    expect(text()).toBe('recovered')
  })

  it('that has no body broke off', async () => {
    const { ended, outcome } = make([() => ({ status: 200, headers: head('', ''), body: null, text: async () => '' })])
    await ended
    expect(outcome()).toMatchObject({ kind: 'network' })
  })

  it('says what was said right before a failure in the same piece', async () => {
    const { ended, text, outcome } = make([pieces(`${chunk('so far')}data: {"error":"broke"}\n\n`)])
    await ended
    expect(text()).toBe('so far')
    expect(outcome()).toMatchObject({ message: 'mock failed: broke' })
  })
})

describe('over a real connection', () => {
  let upstream: Upstream
  const fetch = createFetch()

  beforeAll(async () => {
    upstream = await startUpstream()
  })
  afterAll(() => upstream.close())

  async function ask(model: string, request: Partial<ModelRequest> = {}, signal = new AbortController().signal) {
    const clock = fakeClock()
    const events: ModelEvent[] = []
    const spec = { ...SPEC, model, baseUrl: upstream.baseUrl }
    for await (const batch of openaiCompatible.model(spec, { fetch, clock }).stream({ ...REQUEST, ...request }, { signal })) events.push(...batch)
    return events
  }

  it.each([false, true])('answers, in one piece: %s', async (whole) => {
    const events = await ask('words', { whole })
    expect(events.map((event) => (event.type === 'text' ? event.text : '')).join('')).toBe('an answer of words')
    expect(events.at(-2)).toMatchObject({ usage: { input: 8, cacheRead: 4, output: 5, reasoning: 2 } })
  })

  it('refuses with the words of the upstream, without the key', async () => {
    upstream.on('locked', (exchange) => exchange.fail(401, { message: `wrong: ${String(exchange.headers.authorization)}` }))
    await expect(ask('locked')).rejects.toMatchObject({ kind: 'auth', status: 401, message: 'mock answered 401: wrong: Bearer [key]' })
  })

  it('lets the upstream go when the run is aborted', async () => {
    const gone = Promise.withResolvers<void>()
    const aborter = new AbortController()
    upstream.on('endless', (exchange) => {
      exchange.begin()
      exchange.chunk({ content: 'one' })
      void exchange.gone.then(gone.resolve)
      setImmediate(() => aborter.abort(new Error('enough')))
    })
    await expect(ask('endless', {}, aborter.signal)).rejects.toThrow('enough')
    await gone.promise
    expect(aborter.signal.aborted).toBe(true)
  })
})
