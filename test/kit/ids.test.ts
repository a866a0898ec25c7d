// Random identifiers: their form, and that ordered ones are ordered.

import fc from 'fast-check'
import { expect, it } from 'vitest'
import { fromBase64Url } from '../../src/kit/bytes.ts'
import { orderedUuid, randomToken, uuid } from '../../src/kit/ids.ts'

const LATEST = 2 ** 48 - 1

it('makes UUIDs of version 4', () => {
  expect(uuid()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
})

it('makes ordered UUIDs of version 7, which carry their time', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: LATEST }), (now) => {
      const id = orderedUuid(now)
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
      expect(Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16)).toBe(now)
    }),
  )
})

it('makes a later one greater', () => {
  const moment = fc.integer({ min: 0, max: LATEST })
  fc.assert(
    fc.property(moment, moment, (a, b) => {
      fc.pre(a !== b)
      expect(orderedUuid(a) < orderedUuid(b)).toBe(a < b)
    }),
  )
})

it('keeps the form for a time that is none', () => {
  for (const now of [-5, 0.5, 1.999]) expect(orderedUuid(now)).toMatch(/^00000000-000[01]-7/)
})

it('makes tokens of 256 bits that can stand in an address', () => {
  const tokens = Array.from({ length: 50 }, randomToken)
  for (const token of tokens) {
    expect(token).toMatch(/^[A-Za-z0-9_-]{43}$/)
    expect(fromBase64Url(token)?.byteLength).toBe(32)
  }
  expect(new Set(tokens).size).toBe(50)
})

it('makes different ids within one moment', () => {
  expect(new Set(Array.from({ length: 500 }, () => orderedUuid(1_700_000_000_000))).size).toBe(500)
})
