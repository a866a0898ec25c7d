// The headers that every answer carries.

import { Hono } from 'hono'
import { describe, expect, it } from 'vitest'
import type { HttpEnv } from '../../src/http/env.ts'
import { requestId, respond, respondJson } from '../../src/http/respond.ts'

const app = new Hono<HttpEnv>()
app.get('/id', (c) => c.text(requestId(c)))
app.get('/json', (c) => respondJson(c, { a: 'ü' }, 201, { 'x-more': 'yes' }))
app.get('/text', (c) => respond(c, 'body', { 'content-type': 'text/plain', 'x-frame-options': 'SAMEORIGIN' }))
app.get('/none', (c) => respond(c, null, {}, 204))

const get = (path: string, id?: string) => app.request(path, id === undefined ? {} : { headers: { 'x-request-id': id } })

describe('the id of a request', () => {
  it.each(['a', 'my-id_1.2:3', 'x'.repeat(128)])('is its own: %s', async (id) => {
    expect(await (await get('/id', id)).text()).toBe(id)
  })

  it.each(['', ' ', 'two words', 'x'.repeat(129), 'a"b', 'ü', 'a,b'])('is made where it brought %j', async (id) => {
    expect(await (await get('/id', id)).text()).toMatch(/^[0-9a-f-]{36}$/)
  })

  it('is another for each request', async () => {
    expect(await (await get('/id')).text()).not.toBe(await (await get('/id')).text())
  })
})

it('answers with the headers of all answers', async () => {
  const response = await get('/json', 'r1')
  expect(response.status).toBe(201)
  expect(Object.fromEntries(response.headers)).toEqual({
    'content-type': 'application/json; charset=utf-8',
    'permissions-policy': 'camera=(), microphone=(self), geolocation=()',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'x-more': 'yes',
    'x-request-id': 'r1',
  })
  expect(await response.text()).toBe('{"a":"ü"}')
})

it('lets an answer have headers of its own', async () => {
  const response = await get('/text')
  expect(response.headers.get('x-frame-options')).toBe('SAMEORIGIN')
  expect(await response.text()).toBe('body')
  expect((await get('/none')).status).toBe(204)
})
