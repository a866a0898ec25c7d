// JSON from outside is bounded, and the same value has one text.

import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { defined, parseJson, serialize, stableStringify } from '../../src/kit/json.ts'

const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels)
const nestedObjects = (levels: number) => '{"a":'.repeat(levels) + '0' + '}'.repeat(levels)

describe('parseJson', () => {
  it('reads what JSON.stringify writes', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
        const text = JSON.stringify(value)
        expect(parseJson(text)).toEqual({ ok: true, value: JSON.parse(text) as unknown })
      }),
    )
  })

  it('never throws, and agrees with JSON.parse on what is JSON', () => {
    const almost = fc.tuple(fc.json({ maxDepth: 3 }), fc.nat(), fc.string({ maxLength: 2 })).map(([text, position, more]) => {
      const at = position % (text.length + 1)
      return text.slice(0, at) + more + text.slice(at + 1)
    })
    fc.assert(
      fc.property(fc.oneof(fc.string(), almost), (text) => {
        let isJson = true
        try {
          JSON.parse(text)
        } catch {
          isJson = false
        }
        expect(parseJson(text).ok).toBe(isJson)
      }),
      { numRuns: 2000 },
    )
  })

  it('takes 64 levels, and not one more, of whatever they are made', () => {
    for (const at of [nested, nestedObjects, (levels: number) => `[1,{"x":[]},${nested(levels - 1)}]`]) {
      expect(parseJson(at(64)).ok).toBe(true)
      expect(parseJson(at(65)).ok).toBe(false)
    }
  })

  it('survives nesting that would overflow a stack', () => {
    for (const text of [nested(1_000_000), nestedObjects(500_000), '['.repeat(1_000_000)]) expect(parseJson(text)).toEqual({ ok: false })
  })

  it('looks for depth behind dangerous keys too', () => {
    for (const key of ['__proto__', 'constructor', 'prototype', 'length']) {
      expect(parseJson(`{"${key}":${nested(63)}}`).ok).toBe(true)
      expect(parseJson(`{"${key}":${nested(64)}}`).ok).toBe(false)
    }
  })

  it('keeps a dangerous key as a member, and touches no prototype', () => {
    const parsed = parseJson('{"__proto__":{"admin":true},"constructor":{"prototype":{"admin":true}}}')
    const value = (parsed as { value: Record<string, unknown> }).value
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
    expect(Object.hasOwn(value, '__proto__')).toBe(true)
    expect(value['admin']).toBeUndefined()
    expect(({} as Record<string, unknown>)['admin']).toBeUndefined()
  })

  it('refuses what JSON does not have', () => {
    for (const text of ['', ' ', 'undefined', 'NaN', "'a'", '{a:1}', '[1,]', '01', '{"a":1}x', '\u00a01', '// 1']) {
      expect(parseJson(text), text).toEqual({ ok: false })
    }
  })
})

/** The same value with its keys in another order. */
function shuffled(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shuffled)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, member]) => [key, shuffled(member)]),
  )
}

describe('stableStringify', () => {
  it('is JSON of the same value, whatever the order of the keys', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        const text = stableStringify(value)
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)))
        expect(stableStringify(shuffled(value))).toBe(text)
      }),
      { numRuns: 500 },
    )
  })

  it('tells different values apart', () => {
    const value = fc.jsonValue({ maxDepth: 2 }).map((given) => JSON.parse(JSON.stringify(given)) as unknown)
    fc.assert(
      fc.property(value, value, (a, b) => {
        expect(stableStringify(a) === stableStringify(b)).toBe(isDeepStrictEqual(a, b))
      }),
      { numRuns: 1000 },
    )
    const texts = [{ a: [1, 2] }, { a: [2, 1] }, { a: '1,2' }, { a: { 0: 1, 1: 2 } }, { a: null }, {}, [], null, '', 0, false].map(stableStringify)
    expect(new Set(texts).size).toBe(texts.length)
  })

  it('leaves out members that are undefined, and writes null where an array has none', () => {
    expect(stableStringify({ b: undefined, a: [undefined, 1] })).toBe('{"a":[null,1]}')
    expect(stableStringify(undefined)).toBe('null')
  })

  it('writes a member "__proto__" as any other', () => {
    expect(stableStringify(JSON.parse('{"b":1,"__proto__":2}'))).toBe('{"__proto__":2,"b":1}')
  })
})

describe('defined', () => {
  it('is what JSON would carry', () => {
    expect(defined({ a: 1, b: undefined, c: null, d: '' })).toEqual({ a: 1, c: null, d: '' })
    expect('b' in defined({ a: 1, b: undefined })).toBe(false)
  })

  it('carries a member "__proto__" as JSON would, and gives nobody a prototype', () => {
    const result = defined(JSON.parse('{"__proto__":{"admin":true},"a":1}') as Record<string, unknown>)
    expect(Object.getPrototypeOf(result)).toBe(Object.prototype)
    expect(JSON.stringify(result)).toBe('{"__proto__":{"admin":true},"a":1}')
  })
})

it('serialize is JSON, made once', () => {
  expect(serialize({ b: 1, a: [null] }).json).toBe('{"b":1,"a":[null]}')
})
