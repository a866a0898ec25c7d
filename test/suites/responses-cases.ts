// OpenResponses: a response in one piece and as events, tools, continuation, what is stored, and what is refused.

import { expect, it } from 'vitest'
import { compactedResponse, deletedResponse, inputItemList, responseObject } from '../../src/protocol/responses-object.ts'
import type { Data } from '../harness/client.ts'
import { checkEvents, eventsIn } from '../harness/response-events.ts'
import { script, type Reach, type Target } from './target.ts'

const PATH = '/v1/responses'
const WEATHER = { type: 'function', name: 'weather', parameters: { type: 'object', properties: { city: { type: 'string' } } } }
const CALL = { id: 'call_w', function: { name: 'weather', arguments: '{"city":"Bonn"}' } }

export function responsesCases(at: Reach, get: () => Target): void {
  const post = (body: Data, init = {}, path = PATH) => at.http(path, { model: 'openclaw', ...body }, init)
  const errorOf = async (response: Response) => ({ status: response.status, ...((await response.json()) as Data).error }) as Data
  const respond = async (body: Data, init = {}): Promise<Data> => {
    const response = await post(body, init)
    const given = (await response.json()) as Data
    expect(response.status, JSON.stringify(given)).toBe(200)
    expect(responseObject.safeParse(given).error?.issues ?? [], JSON.stringify(given)).toEqual([])
    return given
  }
  const stream = async (body: Data): Promise<Data[]> => {
    const response = await post({ stream: true, ...body })
    if (response.status !== 200) throw new Error(await response.text())
    expect(response.headers.get('content-type')).toContain('text/event-stream')
    return eventsIn(await response.text())
  }
  const textOf = (response: Data): string =>
    response.output.flatMap((item: Data) => (item.type === 'message' ? item.content.map((part: Data) => part.text ?? part.refusal) : [])).join('')
  /** A model of the upstream that nobody else uses. */
  const model = (play: Parameters<Target['upstream']['on']>[1]): string => {
    const name = `responses-${crypto.randomUUID()}`
    get().upstream.on(name, play)
    return name
  }
  const asked = (name: string): Data => get().upstream.requests.findLast((request) => request.model === name)

  it('answers in one piece, with all members', async () => {
    const response = await respond({ input: script({ text: 'hello there' }), metadata: { a: 'b' }, temperature: 0.5 })
    expect(response).toMatchObject({ status: 'completed', model: 'openclaw', metadata: { a: 'b' }, temperature: 0.5, store: true, error: null })
    expect(response.output).toMatchObject([{ type: 'message', role: 'assistant', status: 'completed', content: [{ type: 'output_text', text: 'hello there' }] }])
    expect(response.usage.output_tokens).toBe(3)
  })

  it('tells text as events in their order', async () => {
    const events = await stream({ input: script({ text: 'one ' }, { text: 'two', delayMs: 20 }) })
    const ended = checkEvents(events)
    expect(textOf(ended)).toBe('one two')
    expect(events.filter((event) => event.type === 'response.output_text.delta').length).toBeGreaterThan(1)
  })

  it('tells thoughts, as a summary when one is asked for', async () => {
    const input = script({ reasoning: 'let me ' }, { reasoning: 'see' }, { text: 'done' })
    const summed = checkEvents(await stream({ input, reasoning: { effort: 'low', summary: 'auto' } }))
    expect(summed.output).toMatchObject([{ type: 'reasoning', summary: [{ type: 'summary_text', text: 'let me see' }] }, { type: 'message' }])
    const raw = checkEvents(await stream({ input, reasoning: { effort: 'low' } }))
    expect(raw.output).toMatchObject([{ type: 'reasoning', summary: [], content: [{ type: 'reasoning_text', text: 'let me see' }] }, { type: 'message' }])
    expect(checkEvents(await stream({ input })).output).toMatchObject([{ type: 'message' }])
    expect((await respond({ input, reasoning: { summary: 'auto' } })).output).toMatchObject([{ type: 'reasoning', summary: [{ text: 'let me see' }] }, { type: 'message' }])
  })

  it('tells a refusal', async () => {
    const input = script({ refusal: 'I will ' }, { refusal: 'not.' })
    const ended = checkEvents(await stream({ input }))
    expect(ended.output).toMatchObject([{ type: 'message', content: [{ type: 'refusal', refusal: 'I will not.' }] }])
    expect((await respond({ input })).output).toMatchObject([{ type: 'message', content: [{ type: 'refusal', refusal: 'I will not.' }] }])
  })

  it('tells what is incomplete, and why', async () => {
    for (const [stop, reason] of [['length', 'max_output_tokens'], ['content_filter', 'content_filter']] as const) {
      const input = script({ text: 'cut sh' }, { stop })
      for (const ended of [checkEvents(await stream({ input, max_output_tokens: 16 })), await respond({ input, max_output_tokens: 16 })]) {
        expect(ended).toMatchObject({ status: 'incomplete', incomplete_details: { reason }, max_output_tokens: 16, output: [{ status: 'incomplete' }] })
      }
    }
  })

  it('tells of a late failure inside the stream, and gives an early one a status', async () => {
    const events = await stream({ input: script({ text: 'begun' }, { delayMs: 30 }, { error: { message: 'broke' } }) })
    expect(checkEvents(events)).toMatchObject({ status: 'failed', error: { code: 'server_error', message: 'broke' }, output: [{ status: 'incomplete' }] })
    expect(events.at(-2)).toMatchObject({ type: 'error', message: 'broke' })
    for (const [kind, status] of [['rate_limit', 429], ['context_length', 400], ['server', 502]] as const) {
      for (const streamed of [true, false]) {
        expect(await errorOf(await post({ stream: streamed, input: script({ error: { message: 'no', kind } }) })), kind).toMatchObject({ status, message: 'no' })
      }
    }
  })

  it('hands the calls of a client’s tools to the client, and takes their results', async () => {
    const name = model((exchange) => {
      const result = exchange.body.messages.at(-1)
      if (result.role === 'tool') exchange.answer(`It is ${result.content}.`)
      else exchange.answer('', { toolCalls: [CALL], finish: 'tool_calls' })
    })
    const body = { model: `mock/${name}`, tools: [WEATHER], input: 'weather in Bonn?' }
    const first = await respond(body)
    expect(first.output).toMatchObject([{ type: 'function_call', call_id: 'call_w', name: 'weather', arguments: '{"city":"Bonn"}', status: 'completed' }])
    expect(first.tools).toEqual([{ ...WEATHER, description: null, strict: null }])
    const output = { type: 'function_call_output', call_id: 'call_w', output: 'sunny' }
    const byHand = await respond({ ...body, input: [{ role: 'user', content: 'weather in Bonn?' }, ...first.output, output] })
    expect(textOf(byHand)).toBe('It is sunny.')
    const continued = await respond({ ...body, previous_response_id: first.id, input: [output] })
    expect(textOf(continued)).toBe('It is sunny.')
    expect(asked(name).messages.map((message: Data) => message.role)).toEqual(['user', 'assistant', 'tool'])
    expect(checkEvents(await stream(body)).output).toMatchObject([{ type: 'function_call', call_id: 'call_w' }])
    expect(await errorOf(await post({ ...body, previous_response_id: first.id, input: [{ ...output, call_id: 'call_x' }] }))).toMatchObject({ status: 400, param: 'input' })
    expect(await errorOf(await post({ ...body, previous_response_id: first.id, input: 'never mind' }))).toMatchObject({ status: 400, param: 'input' })
  })

  it('obeys tool_choice', async () => {
    const name = model((exchange) => exchange.answer('ok'))
    const body = { model: `mock/${name}`, tools: [WEATHER, { ...WEATHER, name: 'other' }], input: 'x' }
    const offered = () => (asked(name).tools ?? []).map((tool: Data) => tool.function.name)
    await respond({ ...body, tool_choice: 'none' })
    expect(offered()).toEqual([])
    await respond({ ...body, tool_choice: 'required' })
    expect(asked(name).tool_choice).toBe('required')
    await respond({ ...body, tool_choice: { type: 'function', name: 'other' } })
    expect(asked(name).tool_choice).toEqual({ type: 'function', function: { name: 'other' } })
    const allowed = { type: 'allowed_tools', mode: 'required', tools: [{ type: 'function', name: 'weather' }] }
    expect((await respond({ ...body, tool_choice: allowed })).tool_choice).toEqual(allowed)
    expect([offered(), asked(name).tool_choice]).toEqual([['weather'], 'required'])
    expect(await errorOf(await post({ ...body, tool_choice: { type: 'function', name: 'third' } }))).toMatchObject({ status: 400, param: 'tool_choice' })
    expect(await errorOf(await post({ input: 'x', tool_choice: 'required' }))).toMatchObject({ status: 400, param: 'tool_choice' })
  })

  it('takes tools with free text, and leaves out those of other servers', async () => {
    const name = model((exchange) => {
      if (exchange.body.messages.at(-1).role === 'tool') return exchange.answer('patched')
      exchange.answer('', { toolCalls: [{ id: 'call_p', function: { name: 'patch', arguments: '{"input":"*** Begin"}' } }], finish: 'tool_calls' })
    })
    const body = { model: `mock/${name}`, tools: [{ type: 'custom', name: 'patch', description: 'Patches.' }, { type: 'web_search' }], input: 'go' }
    const ended = checkEvents(await stream(body))
    expect(ended.output).toMatchObject([{ type: 'custom_tool_call', name: 'patch', input: '*** Begin', call_id: 'call_p' }])
    expect(ended.tools).toMatchObject([{ type: 'custom', name: 'patch' }])
    const output = { type: 'custom_tool_call_output', call_id: 'call_p', output: 'fine' }
    expect(textOf(await respond({ ...body, previous_response_id: ended.id, input: [output] }))).toBe('patched')
  })

  it('passes on what is asked of the answer', async () => {
    const name = model((exchange) => exchange.answer('{}'))
    const format = { type: 'json_schema', name: 'thing', schema: { type: 'object', properties: {} }, strict: true }
    const response = await respond({
      model: `mock/${name}`,
      instructions: 'be brief',
      input: [{ type: 'message', role: 'developer', content: 'and kind' }, { role: 'user', content: [{ type: 'input_text', text: 'hi' }] }],
      text: { format },
      reasoning: { effort: 'high' },
      max_output_tokens: 50,
      top_p: 0.9,
    })
    expect(response).toMatchObject({ instructions: 'be brief', text: { format }, reasoning: { effort: 'high', summary: null }, top_p: 0.9 })
    expect(asked(name)).toMatchObject({
      messages: [{ role: 'system', content: 'be brief\n\nand kind' }, { role: 'user', content: 'hi' }],
      response_format: { type: 'json_schema', json_schema: { name: 'thing', strict: true } },
      reasoning_effort: 'high',
      max_completion_tokens: 50,
      top_p: 0.9,
    })
  })

  it('reads images and files', async () => {
    const name = model((exchange) => exchange.answer('seen'))
    const image = `data:image/png;base64,${PIXEL}`
    const file = (filename: string, type: string, bytes: string) => ({ type: 'input_file', filename, file_data: `data:${type};base64,${btoa(bytes)}` })
    await respond({
      model: `mock/${name}`,
      input: [{ role: 'user', content: [{ type: 'input_text', text: 'look' }, { type: 'input_image', image_url: image }, file('a.txt', 'text/plain', 'plain words'), file('b.pdf', 'application/pdf', PDF)] }],
    })
    const parts = asked(name).messages[0].content as Data[]
    expect(parts.find((part) => part.type === 'image_url').image_url.url).toBe(image)
    const words = parts.map((part) => part.text ?? '').join('\n')
    expect(words).toContain('[file: a.txt]\nplain words')
    expect(words).toContain('Words in a PDF')
    const wrong = (part: Data) => post({ input: [{ role: 'user', content: [part] }] }).then(errorOf)
    expect(await wrong({ type: 'input_image', image_url: 'ftp://x' })).toMatchObject({ status: 400, param: 'input[0].content[0].image_url' })
    expect(await wrong({ type: 'input_file', file_id: 'file_1' })).toMatchObject({ status: 400, param: 'input[0].content[0].file_id' })
    expect(await wrong(file('c.zip', 'application/zip', 'PK'))).toMatchObject({ status: 400, param: 'input[0].content[0].file_data' })
    expect(await wrong(file('d.pdf', 'application/pdf', '%PDF-1.4 broken'))).toMatchObject({ status: 400 })
  })

  it('continues what is stored, and only that', async () => {
    const name = model((exchange) => exchange.answer(`heard ${exchange.body.messages.length}`))
    const body = { model: `mock/${name}` }
    const first = await respond({ ...body, instructions: 'only now', input: 'one' })
    const second = await respond({ ...body, input: 'two', previous_response_id: first.id })
    expect(second.previous_response_id).toBe(first.id)
    const third = checkEvents(await stream({ ...body, input: 'three', previous_response_id: second.id }))
    expect(asked(name).messages.map((message: Data) => message.content)).toEqual(['one', 'heard 2', 'two', 'heard 3', 'three'])
    expect(textOf(third)).toBe('heard 5')
    const unstored = await respond({ ...body, input: 'x', store: false })
    for (const id of [unstored.id, 'resp_nothing']) {
      const error = { status: 400, code: 'previous_response_not_found', param: 'previous_response_id' }
      expect(await errorOf(await post({ ...body, input: 'y', previous_response_id: id }))).toMatchObject(error)
    }
  })

  it('is one conversation in the session list when it is continued', async () => {
    const { client } = await at.join()
    const first = await respond({ input: script({ text: 'first' }) })
    await respond({ input: script({ text: 'second' }), previous_response_id: first.id })
    const { sessions } = await client.call('sessions.list', { limit: 50 })
    const key = sessions.map((session: Data) => session.key as string).find((each: string) => each.includes(':openresponses:'))
    const { messages } = await client.call('chat.history', { sessionKey: key })
    expect(messages.filter((message: Data) => message.role === 'assistant')).toHaveLength(2)
  })

  it('takes references to items that are stored', async () => {
    const name = model((exchange) => exchange.answer('an answer'))
    const first = await respond({ model: `mock/${name}`, input: 'one' })
    await respond({ model: `mock/${name}`, input: [{ role: 'user', content: 'one' }, { type: 'item_reference', id: first.output[0].id }, { role: 'user', content: 'two' }] })
    expect(asked(name).messages.map((message: Data) => message.content)).toEqual(['one', 'an answer', 'two'])
    expect(await errorOf(await post({ input: [{ id: 'msg_nothing' }] }))).toMatchObject({ status: 404, param: 'input' })
  })

  it('gives, lists and deletes what is stored', async () => {
    const input = [{ role: 'user', content: 'a' }, { role: 'assistant', content: 'b' }, { type: 'message', role: 'user', content: script({ text: 'kept' }) }]
    const response = await respond({ input })
    expect(await (await at.http(`${PATH}/${response.id}`)).json()).toEqual(response)
    const list = async (query: string) => inputItemList.parse(await (await at.http(`${PATH}/${response.id}/input_items${query}`)).json())
    const oldest = await list('?order=asc&limit=2')
    expect(oldest).toMatchObject({ has_more: true, data: [{ role: 'user', content: 'a' }, { role: 'assistant' }] })
    expect((await list(`?order=asc&after=${oldest.last_id}`)).data).toHaveLength(1)
    expect((await list('')).data[0]).toMatchObject({ role: 'user', content: input[2]!.content })
    expect(await errorOf(await at.http(`${PATH}/${response.id}/input_items?after=nothing`))).toMatchObject({ status: 400, param: 'after' })
    const deleted = await at.http(`${PATH}/${response.id}`, undefined, { method: 'DELETE' })
    expect(deletedResponse.parse(await deleted.json())).toMatchObject({ id: response.id })
    for (const path of ['', '/input_items']) expect(await errorOf(await at.http(`${PATH}/${response.id}${path}`))).toMatchObject({ status: 404 })
    expect(await errorOf(await post({ input: 'x', previous_response_id: response.id }))).toMatchObject({ code: 'previous_response_not_found' })
  })

  it('compacts a conversation into an item that goes on', async () => {
    const name = model((exchange) => exchange.answer(exchange.body.messages.at(-1).content.includes('Sum up') ? 'They like tea.' : 'go on'))
    const conversation = [{ role: 'user', content: 'I like tea' }, { role: 'assistant', content: 'noted' }]
    const answer = await at.http(`${PATH}/compact`, { model: `mock/${name}`, input: conversation })
    const compacted = compactedResponse.parse(await answer.json())
    await respond({ model: `mock/${name}`, input: [...compacted.output, { role: 'user', content: 'what do I like?' }] })
    expect(asked(name).messages).toMatchObject([{ role: 'user', content: expect.stringContaining('They like tea.') }, { role: 'user', content: 'what do I like?' }])
    expect(await errorOf(await at.http(`${PATH}/compact`, { input: conversation }))).toMatchObject({ status: 400, param: 'model' })
    expect(await errorOf(await post({ input: [{ type: 'compaction', encrypted_content: 'of another' }, { role: 'user', content: 'x' }] }))).toMatchObject({ status: 400, param: 'input' })
  })

  it('makes an input ready to be continued, without a word', async () => {
    const name = model((exchange) => exchange.answer('now'))
    const ready = checkEvents(await stream({ model: `mock/${name}`, input: 'first', generate: false }))
    expect(ready).toMatchObject({ status: 'completed', output: [] })
    expect(asked(name)).toBeUndefined()
    await respond({ model: `mock/${name}`, input: 'second', previous_response_id: ready.id })
    expect(asked(name).messages.map((message: Data) => message.content)).toEqual(['first', 'second'])
  })

  it('leaves out the oldest when it does not fit, if that is asked for', async () => {
    const { upstream } = get()
    upstream.on('plain', (exchange) => exchange.answer('ok'))
    const long = 'x'.repeat(30_000)
    const input = [{ role: 'user', content: long }, { role: 'assistant', content: 'a' }, { role: 'user', content: 'now' }]
    const given = async (truncation: string) => {
      expect((await respond({ model: 'mock/plain', input, truncation })).truncation).toBe(truncation)
      return asked('plain').messages.length as number
    }
    expect([await given('auto'), await given('disabled')]).toEqual([3, 3])
    const longer = [...Array.from({ length: 3 }, () => ({ role: 'user', content: long })), ...input]
    await respond({ model: 'mock/plain', input: longer, truncation: 'auto' })
    expect(asked('plain').messages.at(-1)).toMatchObject({ content: 'now' })
    expect(asked('plain').messages.length).toBeLessThan(5)
  })

  it('answers in JSON whatever is wrong', async () => {
    expect(await errorOf(await post({ input: 'x', background: true }))).toMatchObject({ status: 400, param: 'background' })
    expect(await errorOf(await post({}))).toMatchObject({ status: 400, param: 'input' })
    expect(await errorOf(await post({ model: undefined, input: 'x' }))).toMatchObject({ status: 400, param: 'model' })
    expect(await errorOf(await post({ input: [{ type: 'nonsense' }] }))).toMatchObject({ status: 400, param: 'input[0]' })
    expect(await errorOf(await post({ input: [{ role: 'system', content: 'x' }] }))).toMatchObject({ status: 400, param: 'input' })
    expect(await errorOf(await post({ input: 'x', temperature: 9 }))).toMatchObject({ status: 400, param: 'temperature' })
    expect(await errorOf(await post({ input: 'x', model: 'gpt-nothing' }))).toMatchObject({ status: 404, code: 'model_not_found', param: 'model' })
    expect(await errorOf(await at.http(PATH, undefined, { method: 'POST', body: '{no json' }))).toMatchObject({ status: 400 })
    const wrongMethod = await at.http(PATH)
    expect([wrongMethod.status, wrongMethod.headers.get('allow')]).toEqual([405, 'POST'])
    expect((await get().fetch(PATH, { method: 'POST', body: '{}' })).status).toBe(401)
    expect(await errorOf(await at.http(`${PATH}/resp_nothing`))).toMatchObject({ status: 404 })
  })

  it('keeps one session for one user', async () => {
    const { client } = await at.join()
    const user = crypto.randomUUID()
    for (const text of ['first', 'second']) await respond({ user, input: script({ text }) })
    const { messages } = await client.call('chat.history', { sessionKey: `agent:main:openresponses-user:${user}` })
    expect(messages.filter((message: Data) => message.role === 'assistant')).toHaveLength(2)
  })
}

/** One white pixel. */
const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8/5+hHgAHggJ/PchI7wAAAABJRU5ErkJggg=='

/** One page with a few words. */
const PDF = [
  '%PDF-1.4',
  '1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj',
  '2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj',
  '3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 100]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>endobj',
  '4 0 obj<</Length 45>>stream\nBT /F1 18 Tf 10 50 Td (Words in a PDF) Tj ET \nendstream endobj',
  '5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj',
  'trailer<</Root 1 0 R>>',
  '%%EOF',
].join('\n')
