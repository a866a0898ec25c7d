// Merging, what a merge would remove, and what differs.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { changedPaths, findDangerousKey, isDeeperThan, layOver, mergePatch, patchedPaths, removedEntries, toPatch, valueAt, withValueAt, type ConfigObject } from '../../../src/services/operations/config-merge.ts'

describe('a merge patch', () => {
  // The examples of RFC 7396, appendix A, without those that replace the root.
  it.each([
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [['a', 'b'], ['c', 'd'], ['c', 'd']],
    [{ a: 'b' }, ['c'], ['c']],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: 'b', c: null }, { a: 'b' }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ])('%j with %j is %j', (target, patch, result) => {
    expect(mergePatch(target, patch)).toEqual(result)
  })

  it('merges lists by ids, in the order that they have, new ones last', () => {
    const target = { list: [{ id: 'a', n: 1 }, { id: 'b', n: 2, deep: { x: 1 } }] }
    expect(mergePatch(target, { list: [{ id: 'c', gone: null }, { id: 'b', n: null, deep: { y: 2 } }] })).toEqual({
      list: [{ id: 'a', n: 1 }, { id: 'b', deep: { x: 1, y: 2 } }, { id: 'c' }],
    })
  })

  it('replaces lists without ids, of other things, and those that are named', () => {
    expect(mergePatch({ list: ['a'] }, { list: ['b'] })).toEqual({ list: ['b'] })
    expect(mergePatch({ list: [{ x: 1 }] }, { list: [{ id: 'a' }] })).toEqual({ list: [{ id: 'a' }] })
    expect(mergePatch({ list: [{ id: 'a' }] }, { list: ['a'] })).toEqual({ list: ['a'] })
    expect(mergePatch({ list: [{ id: 'a' }] }, { list: [{ id: 'b' }] }, ['list'])).toEqual({ list: [{ id: 'b' }] })
    expect(mergePatch({ a: [{ id: 'x', b: [{ id: 'y' }] }] }, { a: [{ id: 'x', b: [{ id: 'z' }] }] }, ['a[].b'])).toEqual({ a: [{ id: 'x', b: [{ id: 'z' }] }] })
  })

  it('does not guess which of two with one id is meant', () => {
    expect(() => mergePatch({ a: { list: [{ id: 'x' }, { id: 'x' }] } }, { a: { list: [{ id: 'x' }] } })).toThrow('Ambiguous duplicate ID x in array at a.list.')
    expect(() => mergePatch({ list: [{ id: 'x' }] }, { list: [{ id: 'n' }, { id: 'n' }] })).toThrow('Ambiguous duplicate ID n in array at list.')
  })

  it('changes neither of the two', () => {
    const [target, patch] = [{ a: { b: [{ id: 'x', n: 1 }] } }, { a: { b: [{ id: 'x', n: 2 }] } }]
    const before = structuredClone([target, patch])
    mergePatch(target, patch)
    expect([target, patch]).toEqual(before)
  })
})

describe('what a change would remove', () => {
  it.each([
    [{ a: ['x', 'y'] }, { a: ['y', 'z'] }, ['a']],
    [{ a: ['x'] }, { a: ['x', 'y'] }, []],
    [{ a: ['x'] }, { a: ['y', 'x'] }, []],
    [{ a: ['x'] }, {}, ['a']],
    [{ a: { b: ['x'] } }, { a: 5 }, ['a.b']],
    [{ a: [] }, {}, []],
    [{ a: [{ id: 'x' }, { id: 'y' }] }, { a: [{ id: 'y', n: 1 }] }, ['a']],
    [{ a: [{ id: 'x', b: ['t'] }] }, { a: [{ id: 'x', b: [] }] }, ['a[].b']],
    [{ a: [{ x: { y: 1 } }] }, { a: [{ x: { y: 1 } }] }, []],
    [{ a: [{ x: 1 }] }, { a: [{ x: 2 }] }, ['a']],
    [{ a: 1 }, {}, []],
  ])('from %j to %j: %j', (before, after, paths) => {
    expect(removedEntries(before, after)).toEqual(paths)
  })

  it('leaves out what is meant', () => {
    expect(removedEntries({ a: ['x'], b: ['y'] }, {}, ['a'])).toEqual(['b'])
  })
})

describe('what differs', () => {
  it.each([
    [{ a: 1 }, { a: 1 }, []],
    [{ a: { b: 1, c: 2 } }, { c: 3, a: { b: 2, c: 2 } }, ['a.b', 'c']],
    [{ a: [1] }, { a: [1, 2] }, ['a']],
    [{}, { a: { b: 1 } }, ['a']],
    [{ a: { b: 1 } }, {}, ['a']],
    [{ a: { b: 1, c: 2 } }, { a: { c: 2, b: 1 } }, []],
  ])('%j, %j: %j', (before, after, paths) => {
    expect(changedPaths(before, after)).toEqual(paths)
  })

  it('names the members of a patch', () => {
    expect(patchedPaths({ a: { b: 1, c: { d: null } }, e: [1], f: {} })).toEqual(['a.b', 'a.c.d', 'e', 'f'])
    expect(patchedPaths({})).toEqual([])
  })
})

describe('a patch between two', () => {
  const leaf = fc.oneof(fc.integer(), fc.string(), fc.boolean(), fc.array(fc.integer(), { maxLength: 3 }))
  const { value: config } = fc.letrec<{ value: Record<string, unknown> }>((tie) => ({
    value: fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd', 'e'), fc.oneof({ maxDepth: 4 }, leaf, tie('value')), { maxKeys: 5 }) as fc.Arbitrary<Record<string, unknown>>,
  }))

  it('makes the second out of the first', () => {
    fc.assert(
      fc.property(config, config, (before, after) => {
        expect(layOver(before, toPatch(before, after))).toEqual(after)
      }),
    )
  })

  it('between equals is empty, and laid over something else changes what it names only', () => {
    fc.assert(
      fc.property(config, (value) => {
        expect(toPatch(value, structuredClone(value))).toEqual({})
      }),
    )
    expect(layOver({ x: 1, list: ['kept'], y: { z: 1 } }, toPatch({ y: {} }, { y: { n: 1 } }))).toEqual({ x: 1, list: ['kept'], y: { z: 1, n: 1 } })
  })
})

describe('keys', () => {
  it.each([
    ['{"__proto__": 1}', '__proto__'],
    ['{"a": [{"constructor": 1}]}', 'a.0.constructor'],
    ['{"a": {"b": {"prototype": {}}}}', 'a.b.prototype'],
    ['{"a.__proto__": 1, "proto": 2, "_": ["__proto__"]}', null],
  ])('that are dangerous in %s: %s', (text, path) => {
    expect(findDangerousKey(JSON.parse(text))).toBe(path)
  })

  it('lead to values that are there themselves, and to nothing else', () => {
    expect(valueAt({ a: [{ b: 1 }] }, ['a', '0', 'b'])).toBe(1)
    for (const keys of [['a', 'x'], ['constructor'], ['a', 'length', 'x'], ['toString']]) expect(valueAt({ a: [] }, keys), keys.join()).toBeUndefined()
    expect(valueAt(5, [])).toBe(5)
  })

  it('are set and taken away in a copy', () => {
    const value: ConfigObject = { a: { b: 1 }, c: 2 }
    expect(withValueAt(value, ['a', 'x', 'y'], 3)).toEqual({ a: { b: 1, x: { y: 3 } }, c: 2 })
    expect(withValueAt(value, ['a', 'b'], undefined)).toEqual({ a: {}, c: 2 })
    expect(withValueAt(value, ['n', 'o'], undefined)).toBe(value)
    expect(withValueAt({ a: 'text' }, ['a', 'b'], 1)).toEqual({ a: { b: 1 } })
    expect(value).toEqual({ a: { b: 1 }, c: 2 })
  })

  it('do not go down for ever', () => {
    const nested = JSON.parse(`${'['.repeat(60)}${']'.repeat(60)}`) as unknown
    expect(isDeeperThan(nested, 60)).toBe(false)
    expect(isDeeperThan([nested], 60)).toBe(true)
    expect(isDeeperThan({ a: 1 }, 1)).toBe(false)
  })
})
