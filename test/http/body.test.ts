// The size of bodies: refused by what they say of themselves, and by what they turn out to be.

import { Hono } from 'hono'
import { describe, expect, it } from 'vitest'
import { limitBody, MAX_BODY_BYTES, requireJson } from '../../src/http/body.ts'
import type { HttpEnv } from '../../src/http/env.ts'
import { GatewayError } from '../../src/protocol/errors.ts'
import { openDoor, errorOf, toRequest } from './door.ts'

const MIB = 1024 * 1024

/** A door that answers with the size of the body. */
function door() {
  const app = new Hono<HttpEnv>()
  app.onError((error) => new Response(error.message, { status: error instanceof GatewayError ? error.status : 500 }))
  app.all('/', async (c) => {
    await limitBody(c)
    return c.text(String((await c.req.arrayBuffer()).byteLength))
  })
  return app
}
const send = (body: string | Uint8Array | ReadableStream | null, headers: Record<string, string> = {}, method = 'POST') =>
  door().request(new Request('http://door.test/', { method, headers, ...(body !== null && { body, duplex: 'half' }) } as RequestInit))

/** So many bytes in pieces of 1 MiB; `given` counts what was taken of them. */
function streamOf(bytes: number) {
  const state = { given: 0, cancelled: false }
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const size = Math.min(MIB, bytes - state.given)
      state.given += size
      if (size === 0) controller.close()
      else controller.enqueue(new Uint8Array(size))
    },
    cancel: () => void (state.cancelled = true),
  })
  return { state, body }
}

describe('with a length', () => {
  it.each([String(MAX_BODY_BYTES + 1), '1e99', 'NaN', 'many', '0x7fffffff'])('of %s it is refused without being read', async (length) => {
    const { state, body } = streamOf(MIB)
    const response = await send(body, { 'content-length': length })
    expect(response.status).toBe(413)
    expect(await response.text()).toBe('Payload too large: at most 20971520 bytes are accepted')
    expect(state.given).toBeLessThanOrEqual(MIB)
  })

  it('that fits it is taken', async () => {
    expect(await (await send('12345', { 'content-length': '5' })).text()).toBe('5')
    expect((await send(new Uint8Array(1), { 'content-length': String(MAX_BODY_BYTES) })).status).toBe(200)
  })
})

describe('without a length', () => {
  it('it is taken up to the limit', async () => {
    const { body } = streamOf(MAX_BODY_BYTES)
    expect(await (await send(body)).text()).toBe(String(MAX_BODY_BYTES))
  })

  it('it is refused as soon as it is larger, and not read on', async () => {
    const { state, body } = streamOf(100 * MIB)
    expect((await send(body)).status).toBe(413)
    expect(state.cancelled).toBe(true)
    expect(state.given).toBeLessThanOrEqual(23 * MIB)
  })

  it('it may be empty, and may be none', async () => {
    expect(await (await send('')).text()).toBe('0')
    expect(await (await send(null)).text()).toBe('0')
  })

  it('it arrives as it was sent', async () => {
    const { ask } = await openDoor()
    const text = JSON.stringify({ model: 'openclaw', messages: [{ role: 'user', content: `script:${JSON.stringify([{ text: 'déjà 🦀' }])}` }] })
    const bytes = new TextEncoder().encode(text)
    const inHalves = new ReadableStream({
      start(controller) {
        for (const byte of bytes) controller.enqueue(new Uint8Array([byte]))
        controller.close()
      },
    })
    const answer = (await (await ask('/v1/chat/completions', { body: inHalves })).json()) as { choices: { message: { content: string } }[] }
    expect(answer.choices[0]!.message.content).toBe('déjà 🦀')
  })

  it('the request still ends when its caller goes away', async () => {
    const aborter = new AbortController()
    const app = new Hono<HttpEnv>()
    app.post('/', async (c) => {
      await limitBody(c)
      aborter.abort(new Error('gone'))
      return c.text(String(c.req.raw.signal.aborted))
    })
    const request = toRequest('/', { body: streamOf(10).body, signal: aborter.signal })
    expect(await (await app.request(request)).text()).toBe('true')
  })
})

it('is not looked for where there is none', async () => {
  expect((await send(null, { 'content-length': '999999999999' }, 'GET')).status).toBe(200)
})

it('is refused at the door of the gateway, in the words of the wire', async () => {
  const { ask } = await openDoor()
  expect(await errorOf(await ask('/v1/chat/completions', { body: '{}', headers: { 'content-length': String(MAX_BODY_BYTES + 1) } }))).toMatchObject({
    status: 413,
    type: 'invalid_request_error',
  })
  expect(await errorOf(await ask('/v1/chat/completions', { body: streamOf(MAX_BODY_BYTES + 1).body }))).toMatchObject({ status: 413 })
})

describe('the type', () => {
  const typed = async (type: string | null) => {
    const app = new Hono<HttpEnv>()
    app.onError((error) => new Response(error.message, { status: error instanceof GatewayError ? error.status : 500 }))
    app.post('/', requireJson, (c) => c.text('taken'))
    return app.request(new Request('http://door.test/', { method: 'POST', headers: type === null ? {} : { 'content-type': type }, body: new Uint8Array([123, 125]) }))
  }

  it.each(['application/json', 'application/json; charset=utf-8', 'Application/JSON;charset=UTF-8', 'application/vnd.x+json'])('%s is one of JSON', async (type) => {
    expect((await typed(type)).status).toBe(200)
  })

  it.each([null, 'text/plain', 'application/jsonp', 'text/json', 'multipart/form-data; boundary=x', `x/${'y'.repeat(500)}`])('%s is none', async (type) => {
    const response = await typed(type)
    expect(response.status).toBe(415)
    expect((await response.text()).length).toBeLessThan(300)
  })
})
