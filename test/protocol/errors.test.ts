// The table of errors is closed, and what a client sees of an error is in it.

import { ErrorCodes } from '@openclaw/gateway-protocol/gateway-error-details'
import { expect, it } from 'vitest'
import { ERRORS, GatewayError, invalid, toShape, unavailable, type ErrorCode } from '../../src/protocol/errors.ts'

const CODES = Object.keys(ERRORS) as ErrorCode[]

it('every code has an HTTP status of an error, and a code that clients know', () => {
  const known = new Set<string>([...Object.values(ErrorCodes), 'INTERNAL'])
  for (const code of CODES) {
    expect(ERRORS[code].status, code).toBeGreaterThanOrEqual(400)
    expect(ERRORS[code].status, code).toBeLessThan(600)
    expect(known, code).toContain(ERRORS[code].wire)
    expect(ERRORS[code].type, code).toMatch(/^[a-z_]+_error$/)
  }
})

it('what may succeed later is what is not the fault of the request', () => {
  expect(CODES.filter((code) => ERRORS[code].retryable)).toEqual(['RATE_LIMITED', 'UPSTREAM', 'UNAVAILABLE', 'AGENT_TIMEOUT'])
})

it('an error has the status and the patience of its kind, unless it says otherwise', () => {
  for (const code of CODES) {
    const error = new GatewayError(code, 'm')
    expect([error.status, error.retryable]).toEqual([ERRORS[code].status, ERRORS[code].retryable])
  }
  const error = new GatewayError('UPSTREAM', 'm', { status: 529, retryable: false })
  expect([error.status, error.retryable]).toEqual([529, false])
})

it('an error is an Error, with its cause', () => {
  const cause = new Error('inner')
  const error = new GatewayError('INTERNAL', 'outer', { cause })
  expect(error).toBeInstanceOf(Error)
  expect([error.message, error.cause]).toEqual(['outer', cause])
  expect('cause' in new GatewayError('INTERNAL', 'outer')).toBe(false)
})

it('shows of an error what stands in the published shape, and no more', () => {
  expect(toShape(invalid('no'))).toEqual({ code: 'INVALID_REQUEST', message: 'no' })
  expect(toShape(new GatewayError('NOT_FOUND', 'no', { param: 'model', code: 'model_not_found', status: 404, cause: new Error('secret') }))).toEqual({
    code: 'INVALID_REQUEST',
    message: 'no',
  })
  expect(toShape(unavailable('later', { retryAfterMs: 0, details: { code: 'BUSY' } }))).toEqual({
    code: 'UNAVAILABLE',
    message: 'later',
    details: { code: 'BUSY' },
    retryable: true,
    retryAfterMs: 0,
  })
  expect(toShape(unavailable('never', { retryable: false }))).toEqual({ code: 'UNAVAILABLE', message: 'never' })
})
