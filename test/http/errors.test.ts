// From an error to an HTTP answer: four members always, and nothing of the inside.

import { Hono } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { describe, expect, it } from 'vitest'
import type { HttpEnv } from '../../src/http/env.ts'
import { errorResponse, methodNotAllowed, toGatewayError, toOpenaiError } from '../../src/http/errors.ts'
import { createLogger, type LogRecord } from '../../src/kit/log.ts'
import { StorageError } from '../../src/ports/sql.ts'
import { ERRORS, GatewayError, type ErrorCode } from '../../src/protocol/errors.ts'
import { openaiError } from '../../src/protocol/openai.ts'
import { errorOf } from './door.ts'

/** An app whose every route throws this. */
async function thrown(error: unknown, headers: Record<string, string> = {}) {
  const logged: LogRecord[] = []
  const log = createLogger('test', (record) => logged.push(record), () => 0)
  const app = new Hono<HttpEnv>()
  app.onError((given, c) => errorResponse(c, toGatewayError(c, given, log)))
  app.get('/', () => Promise.reject(error as Error))
  return { response: await app.request('/', { headers }), logged }
}

describe('each code', () => {
  it.each(Object.keys(ERRORS) as ErrorCode[])('%s has its status and the shape of the wire', async (code) => {
    const error = new GatewayError(code, 'what is wrong')
    expect(openaiError.parse(toOpenaiError(error))).toEqual({ error: { message: 'what is wrong', type: ERRORS[code].type, param: null, code: null } })
    const { response, logged } = await thrown(error)
    expect(await errorOf(response)).toMatchObject({ status: ERRORS[code].status, type: ERRORS[code].type })
    expect(logged).toEqual([])
  })
})

it('carries param, code, details and a status of its own where an error has them', async () => {
  const { response } = await thrown(new GatewayError('INVALID_REQUEST', 'no', { param: 'model', code: 'model_not_found', details: { x: 1 }, status: 422 }))
  expect(await errorOf(response)).toEqual({ status: 422, message: 'no', type: 'invalid_request_error', param: 'model', code: 'model_not_found', details: { x: 1 } })
})

it.each([
  [1, '1', '1'],
  [1000, '1', '1000'],
  [1001, '2', '1001'],
  [0, '1', '0'],
])('says to come again after %i ms', async (retryAfterMs, seconds, ms) => {
  const { response } = await thrown(new GatewayError('UNAVAILABLE', 'busy', { retryAfterMs }))
  expect([response.headers.get('retry-after'), response.headers.get('retry-after-ms')]).toEqual([seconds, ms])
})

it('asks for a credential where one is missing, and only there', async () => {
  expect((await thrown(new GatewayError('UNAUTHORIZED', 'no'))).response.headers.get('www-authenticate')).toBe('Bearer')
  const { response } = await thrown(new GatewayError('FORBIDDEN', 'no'))
  expect([response.headers.get('www-authenticate'), response.headers.get('retry-after')]).toEqual([null, null])
})

it('R1 says to come again when the disk is full, and the log says why', async () => {
  const { response, logged } = await thrown(new StorageError('database or disk is full'))
  expect(await errorOf(response)).toMatchObject({ status: 503, details: { code: 'STORAGE_FAILED' } })
  expect(response.headers.get('retry-after')).toBe('1')
  expect(logged).toMatchObject([{ level: 'error', fields: { error: 'database or disk is full' } }])
})

describe('what was not meant for the client', () => {
  it('is in the log, and only its id in the answer', async () => {
    const { response, logged } = await thrown(new TypeError('secret of the inside'), { 'x-request-id': 'r1' })
    const error = await errorOf(response)
    expect(error).toMatchObject({ status: 500, type: 'server_error', message: 'internal error r1: the log of the gateway says more under this id' })
    expect(logged).toMatchObject([{ level: 'error', fields: { id: 'r1', error: 'secret of the inside', stack: expect.stringContaining('errors.test') } }])
  })

  it('has one id, in the message, the header and the log', async () => {
    const { response, logged } = await thrown(new TypeError('x'))
    const { message } = await errorOf(response)
    const [id] = /[0-9a-f-]{36}/.exec(message as string)!
    expect([response.headers.get('x-request-id'), logged[0]!.fields!['id']]).toEqual([id, id])
  })

  it('of the framework keeps its words when the request is at fault', async () => {
    expect(await errorOf((await thrown(new HTTPException(400, { message: 'Malformed JSON in request body' }))).response)).toMatchObject({ status: 400, message: 'Malformed JSON in request body' })
    expect(await errorOf((await thrown(new HTTPException(413))).response)).toMatchObject({ status: 400, message: 'bad request' })
    expect(await errorOf((await thrown(new HTTPException(500, { message: 'inside' }))).response)).toMatchObject({ status: 500, message: expect.not.stringContaining('inside') })
  })
})

it('says which methods a path has', async () => {
  const app = new Hono<HttpEnv>()
  app.all('/', methodNotAllowed('GET', 'POST'))
  const response = await app.request('/', { method: 'DELETE' })
  expect(response.headers.get('allow')).toBe('GET, POST')
  expect(await errorOf(response)).toMatchObject({ status: 405, message: 'DELETE is not allowed here: use GET or POST' })
})

it('says when it is of no use to come again, where clients do so by themselves', async () => {
  const told = async (error: GatewayError) => (await thrown(error)).response.headers.get('x-should-retry')
  expect(await told(new GatewayError('UPSTREAM', 'no'))).toBeNull()
  expect(await told(new GatewayError('UPSTREAM', 'no', { retryable: false }))).toBe('false')
  expect(await told(new GatewayError('RATE_LIMITED', 'no', { retryable: false }))).toBe('false')
  expect(await told(new GatewayError('INTERNAL', 'no'))).toBe('false')
  expect(await told(new GatewayError('INVALID_REQUEST', 'no'))).toBeNull()
})
