// The OpenAI wire in full: each answer against the schemas that OpenAI publishes, and each refusal with its status.

import { expect, it } from 'vitest'
import { embeddingList, transcriptEvent, transcription, verboseTranscription } from '../../src/protocol/openai-media.ts'
import { chatChunk, chatCompletion, openaiError, openaiModel, openaiModelList } from '../../src/protocol/openai.ts'
import type { Data } from '../harness/client.ts'
import type { Exchange } from '../harness/upstream.ts'
import { readStream } from './http-cases.ts'
import { script, type Reach, type Target } from './target.ts'

const CHAT = '/v1/chat/completions'
const AUDIO = new Uint8Array([0xff, 0xf3, 0x00, 0x0a, 0x0d, 0x80, 0x7f])
const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8/5+hHgAHggJ/PchI7wAAAABJRU5ErkJggg=='
const user = (content: unknown) => ({ role: 'user', content })
const tool = (name: string) => ({ type: 'function', function: { name, parameters: { type: 'object', properties: {} } } })

export function openaiCases(at: Reach, get: () => Target): void {
  /** A model of its own that answers so. */
  function model(play: (exchange: Exchange) => void | Promise<void>): string {
    const name = `openai-${crypto.randomUUID()}`
    get().upstream.on(name, play)
    return `mock/${name}`
  }
  const asked = (id: string): Data => get().upstream.requests.findLast((request) => `mock/${request.model}` === id)!

  async function complete(body: Data): Promise<Data> {
    const response = await at.http(CHAT, { model: 'openclaw', ...body })
    expect(response.status, await response.clone().text()).toBe(200)
    return chatCompletion.parse(await response.json())
  }

  const chunksOf = async (body: Data): Promise<Data[]> =>
    (await readStream(await at.http(CHAT, { model: 'openclaw', stream: true, ...body }))).map((chunk) => chatChunk.parse(chunk))

  async function refusalOf(response: Response): Promise<Data> {
    const { error } = openaiError.parse(await response.json())
    expect(response.headers.get('x-request-id')).toBeTruthy()
    return { status: response.status, ...error }
  }

  // --- chat completions ---

  it('answers with thoughts and refusals, in one piece and streamed', async () => {
    const thought = [user(script({ reasoning: 'hm, ' }, { reasoning: 'well' }, { text: 'so' }))]
    expect((await complete({ messages: thought })).choices[0].message).toEqual({ role: 'assistant', content: 'so', refusal: null, reasoning_content: 'hm, well' })
    const deltas = (await chunksOf({ messages: thought })).map((chunk) => chunk['choices'][0].delta as Data)
    expect(deltas.map((delta) => delta['reasoning_content'] ?? '').join('')).toBe('hm, well')
    expect(deltas.map((delta) => delta['content'] ?? '').join('')).toBe('so')
    const refusing = [user(script({ refusal: 'I will not.' }))]
    expect((await complete({ messages: refusing })).choices[0].message).toEqual({ role: 'assistant', content: null, refusal: 'I will not.' })
    expect((await chunksOf({ messages: refusing })).map((chunk) => chunk['choices'][0].delta.refusal ?? '').join('')).toBe('I will not.')
  })

  it('tells why an answer ended', async () => {
    for (const [step, reason] of [['length', 'length'], ['content_filter', 'content_filter'], ['stop', 'stop']] as const) {
      expect((await complete({ messages: [user(script({ text: 'x' }, { stop: step }))] })).choices[0].finish_reason).toBe(reason)
    }
  })

  it('runs the gateway’s own tools and hands over the client’s, in one run', async () => {
    const id = model((exchange) => {
      const last = exchange.body.messages.at(-1)
      if (last.role !== 'tool') return exchange.answer('', { toolCalls: [{ id: 'call_own', function: { name: 'sessions_list', arguments: '{}' } }], finish: 'tool_calls' })
      exchange.answer('', {
        toolCalls: [1, 2].map((n) => ({ id: `call_${n}`, function: { name: 'act', arguments: JSON.stringify({ n }) } })),
        finish: 'tool_calls',
      })
    })
    const headers = { 'x-openclaw-model': id }
    const body = { model: 'openclaw', messages: [user('act')], tools: [tool('act')], parallel_tool_calls: true }
    const whole = chatCompletion.parse(await (await at.http(CHAT, body, { headers })).json())
    expect(whole.choices[0]).toMatchObject({ finish_reason: 'tool_calls', message: { content: null, tool_calls: [{ id: 'call_1' }, { id: 'call_2' }] } })
    expect(asked(id)).toMatchObject({ parallel_tool_calls: true })
    expect(asked(id)['tools'].map((each: Data) => each['function'].name)).toEqual(expect.arrayContaining(['sessions_list', 'act']))
    const chunks = (await readStream(await at.http(CHAT, { ...body, stream: true }, { headers }))).map((chunk) => chatChunk.parse(chunk))
    const calls: Data = {}
    for (const call of chunks.flatMap((chunk) => chunk.choices[0]?.delta.tool_calls ?? [])) {
      calls[call.index] = { ...calls[call.index], ...(call.id && { id: call.id, name: call.function.name }), args: (calls[call.index]?.args ?? '') + call.function.arguments }
    }
    expect(calls).toEqual({ 0: { id: 'call_1', name: 'act', args: '{"n":1}' }, 1: { id: 'call_2', name: 'act', args: '{"n":2}' } })
    expect(chunks.findLast((chunk) => chunk.choices.length > 0)!.choices[0]!.finish_reason).toBe('tool_calls')
  })

  it('keeps to tool_choice in all of its forms', async () => {
    const offered = async (tool_choice: unknown, to = 'agent') => {
      const id = model((exchange) => exchange.answer('done'))
      const headers: Record<string, string> = to === 'agent' ? { 'x-openclaw-model': id } : {}
      const response = await at.http(CHAT, { model: to === 'agent' ? 'openclaw' : id, messages: [user('x')], tools: [tool('one'), tool('two')], tool_choice }, { headers })
      expect(response.status).toBe(200)
      const { tools = [], tool_choice: told } = asked(id)
      return { names: tools.map((each: Data) => each['function'].name as string), told }
    }
    const auto = await offered('auto')
    expect(auto.names).toEqual(expect.arrayContaining(['one', 'two', 'sessions_list']))
    expect(auto.told).toBeUndefined()
    expect(await offered('none')).toEqual({ names: [], told: undefined })
    expect(await offered('required', 'model')).toEqual({ names: ['one', 'two'], told: 'required' })
    const named = { type: 'function', function: { name: 'two' } }
    expect(await offered(named, 'model')).toEqual({ names: ['one', 'two'], told: named })
    const some = (mode: string) => ({ type: 'allowed_tools', allowed_tools: { mode, tools: [named] } })
    expect(await offered(some('auto'))).toEqual({ names: ['two'], told: undefined })
    expect(await offered(some('required'))).toEqual({ names: ['two'], told: 'required' })
  })

  it('passes on schemas, limits and effort as they were given', async () => {
    const id = model((exchange) => exchange.answer('{"a":1}'))
    const response_format = { type: 'json_schema', json_schema: { name: 'thing', strict: true, schema: { type: 'object', properties: { a: { type: 'integer' } }, required: ['a'], additionalProperties: false } } }
    const strict = { type: 'function', function: { name: 'f', strict: true, parameters: { type: 'object', properties: {} } } }
    await complete({ model: id, messages: [user('x')], response_format, max_completion_tokens: 9, reasoning_effort: 'low', stop: ['A', 'B'], top_p: 0.5, tools: [strict] })
    expect(asked(id)).toMatchObject({ response_format, max_completion_tokens: 9, reasoning_effort: 'low', stop: ['A', 'B'], top_p: 0.5, tools: [{ function: { strict: true } }] })
  })

  it('sends images and the words of files', async () => {
    const id = model((exchange) => exchange.answer('seen'))
    const content = [
      { type: 'text', text: 'look' },
      { type: 'image_url', image_url: { url: `data:image/png;base64,${PIXEL}`, detail: 'low' } },
      { type: 'file', file: { filename: 'notes.txt', file_data: `data:text/plain;base64,${btoa('some notes')}` } },
    ]
    await complete({ model: id, messages: [user(content)] })
    const said = JSON.stringify(asked(id)['messages'])
    for (const part of [PIXEL, 'some notes', 'notes.txt']) expect(said).toContain(part)
  })

  it('follows no link that leads inside', async () => {
    const id = model((exchange) => exchange.answer('seen'))
    for (const url of ['http://127.0.0.1:1/x.png', 'http://[::1]/x', 'http://169.254.169.254/latest/meta-data', 'http://metadata.internal/x', 'file:///etc/passwd', 'http://2130706433/x']) {
      const response = await at.http(CHAT, { model: id, messages: [user([{ type: 'image_url', image_url: { url } }])] })
      expect(await refusalOf(response), url).toMatchObject({ status: 400, type: 'invalid_request_error' })
    }
    expect(get().upstream.requests.some((request) => `mock/${request.model}` === id)).toBe(false)
  })

  it('refuses what it cannot do by the name of the member', async () => {
    for (const [param, more] of Object.entries({
      n: { n: 2 },
      logprobs: { logprobs: true },
      top_logprobs: { top_logprobs: 2 },
      modalities: { modalities: ['audio'] },
      functions: { functions: [{ name: 'f' }] },
      web_search_options: { web_search_options: {} },
      tools: { tools: 'all' },
      stop: { stop: ['1', '2', '3', '4', '5'] },
      tool_choice: { tool_choice: 'required' },
    })) {
      expect(await refusalOf(await at.http(CHAT, { model: 'openclaw', messages: [user('x')], ...more })), param).toMatchObject({ status: 400, param, type: 'invalid_request_error' })
    }
  })

  it('has a status for each thing that can be wrong', async () => {
    const failing = (kind: string) => ({ model: 'openclaw', messages: [user(script({ error: { message: 'no', kind } }))] })
    const answers: readonly (readonly [what: string, response: Promise<Response>, expected: Data])[] = [
      ['key', get().fetch(CHAT, { method: 'POST', body: '{}' }), { status: 401, code: 'invalid_api_key' }],
      ['path', at.http('/v1/chat/nothing'), { status: 404 }],
      ['method', at.http(CHAT), { status: 405 }],
      ['type', at.http(CHAT, undefined, { method: 'POST', body: 'x', headers: { 'content-type': 'text/plain' } }), { status: 415 }],
      ['json', at.http(CHAT, undefined, { method: 'POST', body: '{"model":' }), { status: 400 }],
      ['rate', at.http(CHAT, failing('rate_limit')), { status: 429, type: 'rate_limit_error', code: 'rate_limit_exceeded' }],
      ['long', at.http(CHAT, failing('context_length')), { status: 400, code: 'context_length_exceeded' }],
      ['time', at.http(CHAT, failing('timeout')), { status: 504, code: 'timeout' }],
      ['server', at.http(CHAT, failing('server')), { status: 502, type: 'server_error' }],
      ['auth', at.http(CHAT, failing('auth')), { status: 502, code: 'upstream_auth' }],
    ]
    for (const [what, response, expected] of answers) expect(await refusalOf(await response), what).toMatchObject(expected)
    expect((await at.http(CHAT)).headers.get('allow')).toBe('POST')
    expect((await at.http(CHAT, failing('rate_limit'))).headers.get('retry-after')).toBe('5')
    expect((await at.http(CHAT, failing('auth'))).headers.get('x-should-retry')).toBe('false')
  })

  // --- models ---

  it('lists models as OpenAI does', async () => {
    const list = openaiModelList.parse(await (await at.http('/v1/models')).json())
    for (const { id } of list.data.slice(0, 5)) expect(openaiModel.parse(await (await at.http(`/v1/models/${encodeURIComponent(id)}`)).json()).id).toBe(id)
  })

  // --- embeddings ---

  const vectors = (exchange: Exchange) => {
    const input = exchange.body.input as string[]
    const data = input.map((text, index) => ({ object: 'embedding', index, embedding: Array.from({ length: exchange.body.dimensions ?? 3 }, (_, n) => text.length + n / 4) }))
    exchange.send('application/json', new TextEncoder().encode(JSON.stringify({ object: 'list', data: data.toReversed(), model: exchange.body.model, usage: { prompt_tokens: 7, total_tokens: 7 } })))
  }

  it('embeds a text or several, as numbers or in base64', async () => {
    const id = model(vectors)
    const embed = async (body: Data) => embeddingList.parse(await (await at.http('/v1/embeddings', { model: id, ...body })).json())
    const one = await embed({ input: 'abc' })
    expect(one).toEqual({ object: 'list', model: id, data: [{ object: 'embedding', index: 0, embedding: [3, 3.25, 3.5] }], usage: { prompt_tokens: 7, total_tokens: 7 } })
    const two = await embed({ input: ['a', 'bb'], dimensions: 2, encoding_format: 'base64' })
    const floats = two.data.map(({ embedding }) => [...new Float32Array(Uint8Array.from(atob(embedding as string), (char) => char.charCodeAt(0)).buffer)])
    expect(floats).toEqual([[1, 1.25], [2, 2.25]])
    expect(asked(id)).toMatchObject({ input: ['a', 'bb'], dimensions: 2 })
  })

  it('refuses what it cannot embed, and says what to configure', async () => {
    const refused = async (body: unknown) => refusalOf(await at.http('/v1/embeddings', body))
    for (const input of [[1, 2, 3], [[1, 2]], [], '', [''], null, undefined]) expect(await refused({ model: 'mock/any', input }), JSON.stringify(input)).toMatchObject({ status: 400, param: 'input' })
    expect(await refused({ model: 'openclaw', input: 'x' })).toMatchObject({ status: 503, message: expect.stringContaining('models.embeddings') })
    expect(await refused({ model: 'builtin/operator', input: 'x' })).toMatchObject({ status: 400 })
    expect(await refused({ model: 'nothing/x', input: 'x' })).toMatchObject({ status: 404, code: 'model_not_found' })
    expect(await refused({ model: 'openclaw/nobody', input: 'x' })).toMatchObject({ status: 404 })
    const failing = model((exchange) => exchange.fail(429, { message: 'slow' }, { 'retry-after': '9' }))
    expect(await refused({ model: failing, input: 'x' })).toMatchObject({ status: 429 })
    expect((await at.http('/v1/embeddings')).headers.get('allow')).toBe('POST')
  })

  // --- audio ---

  it('speaks, in the format that was asked for', async () => {
    const name = `speaks-${crypto.randomUUID()}`
    get().upstream.on(name, (exchange) => exchange.send('audio/wav', AUDIO))
    const response = await at.http('/v1/audio/speech', { model: `mock/${name}`, input: 'say this', voice: 'ann', response_format: 'wav', speed: 1.5, instructions: 'softly' })
    expect([response.status, response.headers.get('content-type'), response.headers.get('content-length')]).toEqual([200, 'audio/wav', String(AUDIO.byteLength)])
    expect([...new Uint8Array(await response.arrayBuffer())]).toEqual([...AUDIO])
    expect(asked(`mock/${name}`)).toMatchObject({ input: 'say this', voice: 'ann', response_format: 'wav', speed: 1.5, instructions: 'softly' })
    for (const [param, more] of [['response_format', { response_format: 'midi' }], ['speed', { speed: 9 }], ['input', { input: '' }], ['stream_format', { stream_format: 'sse' }]] as const) {
      expect(await refusalOf(await at.http('/v1/audio/speech', { model: 'mock/x', input: 'x', voice: 'ann', ...more })), param).toMatchObject({ status: 400, param })
    }
    const broken = model((exchange) => exchange.fail(500, { message: 'broken' }))
    expect(await refusalOf(await at.http('/v1/audio/speech', { model: broken, input: 'x', voice: 'ann' }))).toMatchObject({ status: 503, message: expect.stringContaining('broken') })
  })

  /** Its type has a boundary in it that only the form itself knows. */
  const send = (form: FormData) => get().fetch('/v1/audio/transcriptions', { method: 'POST', body: form, headers: { authorization: `Bearer ${get().token}` } })

  function recording(id: string, fields: Record<string, string> = {}, name = 'said.wav'): FormData {
    const form = new FormData()
    form.append('file', new Blob([AUDIO], { type: 'audio/wav' }), name)
    for (const [key, value] of Object.entries({ model: id, ...fields })) form.append(key, value)
    return form
  }

  const heard = { task: 'transcribe', language: 'english', duration: 2.5, text: 'Hello there.', segments: [{ id: 0, start: 0, end: 1, text: ' Hello' }, { id: 1, start: 1, end: 2.5, text: ' there.' }] }
  const hears = (exchange: Exchange) => exchange.send('application/json', new TextEncoder().encode(JSON.stringify(heard)))

  it('writes down what is said, in each format', async () => {
    const id = model(hears)
    const first = await send(recording(id, { language: 'en', prompt: 'names', temperature: '0.2' }))
    expect(first.status, await first.clone().text()).toBe(200)
    expect(transcription.parse(await first.json())).toEqual({ text: 'Hello there.' })
    expect(asked(id)).toMatchObject({ language: 'en', prompt: 'names', temperature: '0.2' })
    const verbose = verboseTranscription.parse(await (await send(recording(id, { response_format: 'verbose_json' }))).json())
    expect(verbose).toMatchObject({ language: 'english', duration: 2.5, segments: [{ end: 1 }, { text: ' there.' }] })
    expect(await (await send(recording(id, { response_format: 'text' }))).text()).toBe('Hello there.\n')
    expect(await (await send(recording(id, { response_format: 'srt' }))).text()).toBe('1\n00:00:00,000 --> 00:00:01,000\nHello\n\n2\n00:00:01,000 --> 00:00:02,500\nthere.\n')
    expect(await (await send(recording(id, { response_format: 'vtt' }))).text()).toBe('WEBVTT\n\n00:00:00.000 --> 00:00:01.000\nHello\n\n00:00:01.000 --> 00:00:02.500\nthere.\n')
    const events = await readStream(await send(recording(id, { stream: 'true' })))
    expect(events.map((event) => transcriptEvent.parse(event).type)).toEqual(['transcript.text.delta', 'transcript.text.done'])
  })

  it('refuses what is no recording, and says what to configure', async () => {
    const refused = async (form: FormData) => refusalOf(await send(form))
    expect(await refusalOf(await at.http('/v1/audio/transcriptions', { model: 'mock/x' }))).toMatchObject({ status: 415 })
    const empty = new FormData()
    empty.append('model', 'mock/x')
    expect(await refused(empty)).toMatchObject({ status: 400, param: 'file' })
    expect(await refused(recording('mock/x', { response_format: 'pdf' }))).toMatchObject({ status: 400, param: 'response_format' })
    expect(await refused(recording('openclaw'))).toMatchObject({ status: 503, message: expect.stringContaining('models.transcription') })
    expect(await refused(recording('nothing/x'))).toMatchObject({ status: 404, code: 'model_not_found' })
    const typeless = new FormData()
    typeless.append('file', new Blob([AUDIO]), 'said.docx')
    typeless.append('model', 'mock/x')
    expect(await refused(typeless)).toMatchObject({ status: 400, message: expect.stringContaining('no recording that is known') })
  })
}
