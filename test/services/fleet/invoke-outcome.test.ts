// How an outcome is told.

import { describe, expect, it } from 'vitest'
import { toShape } from '../../../src/protocol/errors.ts'
import { errorOf, failure, notConnected, successOf, toGatewayError } from '../../../src/services/fleet/invoke-outcome.ts'

const answer = (changes: object) => ({ id: 'i', nodeId: 'n', ok: true, ...changes })
const AT = { nodeId: 'n', command: 'location.get' }

describe('a success', () => {
  it.each([
    [{ payload: { a: 1 } }, { payload: { a: 1 }, payloadJSON: null }],
    [{ payload: null }, { payload: null, payloadJSON: null }],
    [{ payloadJSON: '[1]' }, { payload: [1], payloadJSON: '[1]' }],
    [{ payloadJSON: '{no' }, { payloadJSON: '{no' }],
    [{ payloadJSON: '1', payload: 2 }, { payload: 1, payloadJSON: '1' }],
    [{}, { payloadJSON: null }],
  ])('of %j', (given, expected) => {
    expect(successOf(answer(given))).toEqual({ state: 'ok', ...expected })
  })
})

describe('an error of a node', () => {
  it('has a code and a message, and is bounded', () => {
    expect(errorOf(answer({ error: { code: 'A', message: 'b' } }))).toEqual({ code: 'A', message: 'b' })
    expect(errorOf(answer({ error: { message: 'b' } }))).toEqual({ code: 'ERROR', message: 'b' })
    expect(errorOf(answer({ error: { code: 'A' } }))).toEqual({ code: 'A', message: 'node invoke failed' })
    expect(errorOf(answer({ error: {} }))).toBeNull()
    expect(errorOf(answer({}))).toBeNull()
    const long = errorOf(answer({ error: { code: 'x'.repeat(9999), message: 'y'.repeat(99_999) } }))!
    expect(long.code.length + long.message.length).toBeLessThan(5000)
  })
})

describe('a failure', () => {
  it('says what the node said, and that it was asked', () => {
    expect(toShape(toGatewayError(failure('timeout', 'TIMEOUT', 'node invoke timed out'), AT))).toEqual({
      code: 'UNAVAILABLE',
      message: 'TIMEOUT: node invoke timed out',
      details: { nodeError: { code: 'TIMEOUT', message: 'node invoke timed out' }, nodeCommandDispatched: true },
    })
    expect(toShape(toGatewayError({ state: 'error', error: null, dispatched: true }, AT))).toMatchObject({ message: 'node invoke failed', details: { nodeError: null } })
    expect(toShape(toGatewayError({ ...failure('interrupted', 'INTERRUPTED', 'x'), dispatched: false }, AT)).details).toMatchObject({ nodeCommandDispatched: false })
  })

  it('may be tried again when the gateway ended it', () => {
    expect(toShape(toGatewayError(failure('cancelled', 'PAIRING_CHANGED', 'changed'), AT))).toMatchObject({ message: 'changed', retryable: true, details: { code: 'PAIRING_CHANGED' } })
    expect(toShape(toGatewayError({ state: 'queued', error: null, dispatched: true, queuedActionId: 'q' }, AT))).toMatchObject({
      retryable: true,
      details: { code: 'QUEUED_UNTIL_FOREGROUND', queuedActionId: 'q', ...AT },
    })
  })

  it('of a node that is not there says that it was not asked', () => {
    expect(toShape(notConnected())).toEqual({
      code: 'UNAVAILABLE',
      message: 'node not connected',
      details: { code: 'NOT_CONNECTED', nodeError: { code: 'NOT_CONNECTED', message: 'node not connected' }, nodeCommandDispatched: false },
    })
  })
})
