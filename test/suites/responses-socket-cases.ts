// OpenResponses over WebSocket: the same events as over HTTP, one response after the other, and what is continued.

import { expect, it } from 'vitest'
import { socketError } from '../../src/protocol/responses-events.ts'
import type { ResponseObject } from '../../src/protocol/responses-object.ts'
import type { Client, Data } from '../harness/client.ts'
import { checkEvents, textIn } from '../harness/response-events.ts'
import { script, type Reach, type Target } from './target.ts'

const PATH = '/v1/responses'
const WEATHER = { type: 'function', name: 'weather', parameters: { type: 'object', properties: {} } }
const ENDS = ['response.completed', 'response.incomplete', 'response.failed']

export interface Conversation {
  readonly client: Client
  send(body: Data): void
  /** The events of the next response that ends. */
  response(): Promise<Data[]>
  /** The next error that belongs to no response. */
  error(): Promise<Data>
}

/** What arrives on a connection, response by response. */
export function converse(client: Client): Conversation {
  let read = 0
  /** The next message from `from` on. */
  const next = async (): Promise<Data> => {
    const at = read++
    return client.next((frame) => client.frames.indexOf(frame) === at, `message ${at}`)
  }
  return {
    client,
    send: (body) => client.send({ type: 'response.create', model: 'openclaw', ...body }),
    async response() {
      const events: Data[] = []
      do events.push(await next())
      while (!ENDS.includes(events.at(-1).type) && events.at(-1).status === undefined)
      return events
    },
    async error() {
      const message = await next()
      return socketError.parse(message)
    },
  }
}

export function responsesSocketCases(at: Reach, get: () => Target): void {
  const open = async (headers: Record<string, string> = {}) =>
    converse(await get().open({ path: PATH, headers: { authorization: `Bearer ${get().token}`, ...headers } }))
  const textOf = ({ output }: ResponseObject) => output.map(textIn).join('')
  const notFound = { type: 'error', status: 400, error: { code: 'previous_response_not_found', param: 'previous_response_id' } }
  const model = (play: Parameters<Target['upstream']['on']>[1]): string => {
    const name = `responses-${crypto.randomUUID()}`
    get().upstream.on(name, play)
    return name
  }
  const asked = (name: string): Data => get().upstream.requests.findLast((request) => request.model === name)

  it('tells text, thoughts, refusals, cuts and failures as over HTTP', async () => {
    const socket = await open()
    const ask = async (input: string, more: Data = {}) => {
      socket.send({ input, ...more })
      return checkEvents(await socket.response())
    }
    expect(textOf(await ask(script({ text: 'one ' }, { text: 'two', delayMs: 20 })))).toBe('one two')
    const thought = await ask(script({ reasoning: 'hm' }, { text: 'so' }), { reasoning: { summary: 'auto' } })
    expect(thought.output.map((item) => item.type)).toEqual(['reasoning', 'message'])
    expect((await ask(script({ refusal: 'no' }))).output).toMatchObject([{ content: [{ type: 'refusal', refusal: 'no' }] }])
    expect(await ask(script({ text: 'cut' }, { stop: 'length' }))).toMatchObject({ status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } })
    expect(await ask(script({ text: 'begun' }, { delayMs: 20 }, { error: { message: 'broke' } }))).toMatchObject({ status: 'failed', error: { message: 'broke' } })
    socket.send({ input: script({ error: { message: 'at once', kind: 'rate_limit' } }) })
    expect(await socket.error()).toMatchObject({ status: 429, error: { code: 'rate_limit_exceeded', message: 'at once' } })
    socket.client.close()
  })

  it('refuses those without a good key before the connection is there', async () => {
    for (const headers of [{}, { authorization: 'Bearer wrong' }]) await expect(get().open({ path: PATH, headers })).rejects.toThrow('401')
    await expect(get().open({ path: PATH, headers: { authorization: `Bearer ${get().token}`, origin: 'https://evil.example' } })).rejects.toThrow('403')
  })

  it('answers one after the other, however many are asked for', async () => {
    const socket = await open()
    for (const text of ['first', 'second', 'third']) socket.send({ input: script({ text, delayMs: 10 }) })
    const texts = []
    for (let n = 0; n < 3; n++) texts.push(textOf(checkEvents(await socket.response())))
    expect(texts).toEqual(['first', 'second', 'third'])
    socket.client.close()
  })

  it('goes on with what is not stored, on the same connection alone', async () => {
    const name = model((exchange) => exchange.answer(`heard ${exchange.body.messages.length}`))
    const body = { model: `mock/${name}`, store: false }
    const socket = await open()
    socket.send({ ...body, input: 'one' })
    const first = checkEvents(await socket.response())
    expect(first.store).toBe(false)
    socket.send({ ...body, input: 'two', previous_response_id: first.id })
    const second = checkEvents(await socket.response())
    expect(asked(name).messages.map((message: Data) => message.content)).toEqual(['one', 'heard 1', 'two'])

    const other = await open()
    other.send({ ...body, input: 'x', previous_response_id: second.id })
    expect(await other.error()).toMatchObject(notFound)
    expect((await at.http(`${PATH}/${second.id}`)).status).toBe(404)

    socket.send({ ...body, store: true, input: 'three', previous_response_id: second.id })
    const third = checkEvents(await socket.response())
    const kept = await at.http(PATH, { ...body, store: true, input: 'four', previous_response_id: third.id })
    expect(kept.status).toBe(200)
    expect(asked(name).messages.map((message: Data) => message.content)).toEqual(['one', 'heard 1', 'two', 'heard 3', 'three', 'heard 5', 'four'])
    for (const each of [socket, other]) each.client.close()
  })

  it('goes on with what is stored, on any connection', async () => {
    const first = (await (await at.http(PATH, { model: 'openclaw', input: script({ text: 'stored' }) })).json()) as Data
    const socket = await open()
    socket.send({ input: script({ text: 'went on' }), previous_response_id: first.id })
    expect(checkEvents(await socket.response())).toMatchObject({ previous_response_id: first.id, status: 'completed' })
    socket.client.close()
  })

  it('takes results of tools, and forgets what could not be continued', async () => {
    const name = model((exchange) => {
      const last = exchange.body.messages.at(-1)
      if (last.role === 'tool') exchange.answer(`It is ${last.content}.`)
      else exchange.answer('', { toolCalls: [{ id: 'call_w', function: { name: 'weather', arguments: '{}' } }], finish: 'tool_calls' })
    })
    const body = { model: `mock/${name}`, store: false, tools: [WEATHER] }
    const socket = await open()
    const call = async () => {
      socket.send({ ...body, input: 'weather?' })
      return checkEvents(await socket.response())
    }
    const first = await call()
    expect(first.output).toMatchObject([{ type: 'function_call', call_id: 'call_w', name: 'weather' }])
    socket.send({ ...body, previous_response_id: first.id, input: [{ type: 'function_call_output', call_id: 'call_w', output: 'sunny' }] })
    expect(textOf(checkEvents(await socket.response()))).toBe('It is sunny.')

    const second = await call()
    const wrong = { ...body, previous_response_id: second.id, input: [{ type: 'function_call_output', call_id: 'call_unknown', output: 'x' }] }
    socket.send(wrong)
    expect(await socket.error()).toMatchObject({ status: 400, error: { param: 'input' } })
    socket.send({ ...wrong, input: [{ type: 'function_call_output', call_id: 'call_w', output: 'sunny' }] })
    expect(await socket.error()).toMatchObject(notFound)
    socket.client.close()
  })

  it('stays usable after what it does not understand', async () => {
    const socket = await open()
    for (const text of ['no json', '[]', '{"type":"something.else"}']) {
      socket.client.send(text)
      expect(await socket.error()).toMatchObject({ status: 400 })
    }
    socket.send({ input: 'x', temperature: 9 })
    expect(await socket.error()).toMatchObject({ status: 400, error: { param: 'temperature', type: 'invalid_request_error' } })
    socket.send({ input: 'x', model: 'gpt-nothing' })
    expect(await socket.error()).toMatchObject({ status: 404, error: { code: 'model_not_found' } })
    socket.send({ input: script({ text: 'still here' }) })
    expect(textOf(checkEvents(await socket.response()))).toBe('still here')
    socket.client.close()
  })

  it('ends the run when the connection ends', async () => {
    const { client } = await at.join()
    const key = `agent:main:${crypto.randomUUID()}`
    const socket = await open({ 'x-openclaw-session-key': key })
    socket.send({ input: script({ text: 'begun' }, { text: '.', times: 100_000, delayMs: 20 }) })
    await client.event('chat', (payload) => payload.sessionKey === key && payload.state === 'delta')
    socket.client.close()
    const end = await client.event('chat', (payload) => payload.sessionKey === key && payload.state === 'aborted')
    expect(end.stopReason).toBe('disconnect')
  })

  it('makes an input ready to be continued', async () => {
    const name = model((exchange) => exchange.answer('now'))
    const socket = await open()
    for (const input of [[{ role: 'developer', content: 'be kind' }], 'first']) {
      socket.send({ model: `mock/${name}`, store: false, input, generate: false })
      const ready = checkEvents(await socket.response())
      expect(ready.output).toEqual([])
      socket.send({ model: `mock/${name}`, store: false, input: 'second', previous_response_id: ready.id })
      checkEvents(await socket.response())
      const said = typeof input === 'string' ? input : input[0]!.content
      expect(asked(name).messages.map((message: Data) => message.content)).toEqual([said, 'second'])
    }
    socket.client.close()
  })
}
