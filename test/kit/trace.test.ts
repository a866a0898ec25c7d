// W3C trace context, read strictly.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readTrace, traceHeaders, traceOf } from '../../src/kit/trace.ts'

const ID = '0af7651916cd43dd8448eb211c80319c'
const SPAN = 'b7ad6b7169203331'
const PARENT = `00-${ID}-${SPAN}-01`

describe('traceparent', () => {
  it('is read and passed on as it came', () => {
    const trace = readTrace(PARENT, 'congo=t61rcWkgMzE, rojo@vendor=00f067aa0ba902b7')!
    expect(trace).toEqual({ traceId: ID, spanId: SPAN, flags: '01', state: 'congo=t61rcWkgMzE,rojo@vendor=00f067aa0ba902b7' })
    expect(traceHeaders(trace)).toEqual({ traceparent: PARENT, tracestate: trace.state })
    expect(traceHeaders(readTrace(PARENT)!)).toEqual({ traceparent: PARENT })
    expect(traceOf(new Headers({ traceparent: PARENT }))).toEqual({ traceId: ID, spanId: SPAN, flags: '01' })
    expect(traceOf(new Headers())).toBeNull()
  })

  it.each([`01-${ID}-${SPAN}-01`, `cc-${ID}-${SPAN}-01-more`])('of a later version counts: %s', (parent) => {
    expect(readTrace(parent)).toMatchObject({ traceId: ID, spanId: SPAN })
  })

  it.each([
    '',
    'x',
    `ff-${ID}-${SPAN}-01`,
    `00-${ID}-${SPAN}-01-more`,
    `00-${ID}-${SPAN}-1`,
    `00-${ID}-${SPAN}-zz`,
    `00-${ID.toUpperCase()}-${SPAN}-01`,
    `00-${'0'.repeat(32)}-${SPAN}-01`,
    `00-${ID}-${'0'.repeat(16)}-01`,
    `00-${ID.slice(1)}-${SPAN}-01`,
    `00_${ID}_${SPAN}_01`,
    ` ${PARENT}`,
    `${PARENT}\n`,
    `cc-${ID}-${SPAN}-01more`,
    `cc-${ID}-${SPAN}-01-${'x'.repeat(200)}`,
  ])('that is not well formed is as if it were not there: %j', (parent) => {
    expect(readTrace(parent)).toBeNull()
  })

  it('makes nothing of what is no header of a trace', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const trace = readTrace(text)
        expect(trace === null || /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}/.test(text)).toBe(true)
      }),
    )
  })
})

describe('tracestate', () => {
  const stateOf = (state: string) => readTrace(PARENT, state)!.state

  it.each(['a=1', 'a=1,b=2', 'a_-*/=x', '0tenant@vendor=x', 'a=b c', `a=${'x'.repeat(256)}`, Array.from({ length: 32 }, (_, at) => `k${at}=v`).join(',')])('%s counts', (state) => {
    expect(stateOf(state)).toBe(state)
  })

  it('may have empty members', () => {
    expect(stateOf('a=1,, b=2 ,')).toBe('a=1,b=2')
  })

  it.each([
    '',
    ',',
    'a',
    '=1',
    'a=',
    'A=1',
    'a=1,a=2',
    'a=b=c',
    'a=é',
    'a=\u0007',
    'a b=1',
    `${'a'.repeat(257)}=1`,
    `a=${'x'.repeat(257)}`,
    '0tenant=x',
    Array.from({ length: 33 }, (_, at) => `k${at}=v`).join(','),
    `a=${'x'.repeat(250)},b=${'x'.repeat(250)},c=${'x'.repeat(20)}`,
  ])('%j does not, and the trace does all the same', (state) => {
    expect(readTrace(PARENT, state)).toEqual({ traceId: ID, spanId: SPAN, flags: '01' })
  })
})
