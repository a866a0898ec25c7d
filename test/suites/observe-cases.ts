// What those who run a gateway see of it: ids of requests, traces, figures, and the documents.

import { expect, it } from 'vitest'
import type { Exchange } from '../harness/upstream.ts'
import { freshKey, type Reach, type Target } from './target.ts'

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const PARENT = `00-${TRACE}-b7ad6b7169203331-01`

export function observeCases(at: Reach, get: () => Target): void {
  /** A model of its own, and the headers of what it was asked. */
  function model(provider = 'mock') {
    const name = `observed-${crypto.randomUUID()}`
    const asked: Exchange['headers'][] = []
    get().upstream.on(name, (exchange) => {
      asked.push(exchange.headers)
      exchange.answer('seen')
    })
    return { id: `${provider}/${name}`, asked }
  }
  const chat = (id: string, headers: Record<string, string>, more: object = {}) =>
    at.http('/v1/chat/completions', { model: id, messages: [{ role: 'user', content: 'Hello.' }], ...more }, { headers })

  it.each([[{}], [{ stream: true }]])('a trace goes on to the model: %j', async (more) => {
    const { id, asked } = model()
    const response = await chat(id, { traceparent: PARENT, tracestate: 'a=1, b=2' }, more)
    expect(response.status).toBe(200)
    await response.text()
    expect(asked.map(({ traceparent, tracestate }) => [traceparent, tracestate])).toEqual([[PARENT, 'a=1,b=2']])
  })

  it('a trace that is not well formed goes nowhere, and none is made up', async () => {
    const { id, asked } = model()
    for (const traceparent of ['nonsense', PARENT.replace('00-', 'ff-'), '']) await (await chat(id, { traceparent, tracestate: 'a=1' })).text()
    expect(asked.map(({ traceparent, tracestate }) => [traceparent, tracestate])).toEqual([[undefined, undefined], [undefined, undefined], [undefined, undefined]])
  })

  it('a trace comes with a response, and over a socket', async () => {
    const one = model()
    await (await at.http('/v1/responses', { model: one.id, input: 'Hello.' }, { headers: { traceparent: PARENT } })).text()
    expect(one.asked[0]?.traceparent).toBe(PARENT)

    const two = model()
    const { client } = await at.join()
    const sessionKey = freshKey()
    await client.call('sessions.create', { key: sessionKey, model: two.id })
    const frame = { type: 'req', id: 'traced', method: 'chat.send', params: { sessionKey, message: 'Hello.', idempotencyKey: crypto.randomUUID() }, traceparent: PARENT }
    client.send(frame)
    const { payload } = await client.next(({ id }) => id === 'traced')
    await client.call('agent.wait', { runId: payload.runId })
    expect(two.asked[0]?.traceparent).toBe(PARENT)
  })

  it('the id of a request comes back, if it is one', async () => {
    const idOf = async (given: string) => (await get().fetch('/health', { headers: { 'x-request-id': given } })).headers.get('x-request-id')
    expect(await idOf('mine-1.2:3_4')).toBe('mine-1.2:3_4')
    for (const wrong of ['a b', 'x'.repeat(129), '"quoted"', '<script>']) expect(await idOf(wrong)).toMatch(/^[0-9a-f-]{36}$/)
  })

  it('figures are for those whom the configuration lets see them', async () => {
    const response = await at.http('/metrics')
    expect(response.status).toBe(404)
    expect(((await response.json()) as { error: { message: string } }).error.message).toContain('gateway.http.endpoints.metrics.enabled')
  })

  it('documents and schemas are there', async () => {
    for (const path of ['/openapi.json', '/asyncapi.json', '/schemas', '/schemas/chat.send.json', '/schemas/events/chat.json', '/reference/']) {
      const response = await get().fetch(path)
      expect([path, response.status]).toEqual([path, 200])
      await response.text()
    }
  })
}
