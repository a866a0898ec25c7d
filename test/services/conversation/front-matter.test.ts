// The heads of Markdown files.

import { describe, expect, it } from 'vitest'
import { parseFrontMatter } from '../../../src/services/conversation/front-matter.ts'

const fieldsOf = (head: string) => parseFrontMatter(`---\n${head}\n---\nbody`)?.fields

describe('values', () => {
  it.each([
    ['a: plain text', { a: 'plain text' }],
    ['a: "quoted: \\"text\\""', { a: 'quoted: "text"' }],
    ["a: 'it''s'", { a: "it's" }],
    ['a: true\nb: false\nc: null\nd: ~\ne: -1.5', { a: true, b: false, c: null, d: null, e: -1.5 }],
    ['a: 1.2.3', { a: '1.2.3' }],
    ['a: text # a comment', { a: 'text' }],
    ['# a comment\na: x', { a: 'x' }],
    ['"a b": x\n\'c\': y', { 'a b': 'x', c: 'y' }],
    ['a:\nb: x', { a: null, b: 'x' }],
    ['a: http://x.example:80/y', { a: 'http://x.example:80/y' }],
    ['a: |\n  one\n  two\nb: x', { a: 'one\ntwo', b: 'x' }],
    ['a: >\n  one\n  two', { a: 'one two' }],
    ['a:\n  b: x\n  c:\n    d: y\ne: z', { a: { b: 'x', c: { d: 'y' } }, e: 'z' }],
    ['a:\n  - x\n  - "y"\n  - {n: 1}', { a: ['x', 'y', { n: 1 }] }],
    ['a:\n- x\n- y\nb: z', { a: ['x', 'y'], b: 'z' }],
    ['a: [x, y]', undefined],
    ["a: ['x', 2,]", { a: ['x', 2] }],
    ['a: {b: {c: 1}}', { a: { b: { c: 1 } } }],
    ['a: { "b":\n  1, // why\n  }\nc: x', { a: { b: 1 }, c: 'x' }],
    ['a:\n  {\n    "b": [1],\n  }\nc: x', { a: { b: [1] }, c: 'x' }],
    ['', {}],
  ])('%j', (head, fields) => {
    expect(fieldsOf(head)).toEqual(fields)
  })
})

it('gives the rest of the file', () => {
  expect(parseFrontMatter('---\na: x\n---\n# Title\n---\nmore')).toEqual({ fields: { a: 'x' }, body: '# Title\n---\nmore' })
  expect(parseFrontMatter('\uFEFF---\r\na: x\r\n---\r\nbody')).toEqual({ fields: { a: 'x' }, body: 'body' })
})

it.each(['', 'no head', '---\na: x', '--\na: x\n--', '---\nthis is no mapping\n---', '---\na: x\n   b: y\n---', '---\na: {\n---', '---\na: "\\q"\n---'])('%j has no head that can be read', (text) => {
  expect(parseFrontMatter(text)).toBeNull()
})

it('reaches no prototype', () => {
  const fields = fieldsOf('__proto__: x\nconstructor: y\na: z')!
  expect(Object.keys(fields)).toEqual(['a'])
  expect(Object.getPrototypeOf(fields)).toBe(Object.prototype)
})

it('takes no long time over what never ends', () => {
  const deep = Array.from({ length: 500 }, (_, n) => `${' '.repeat(n)}a:`).join('\n')
  expect(fieldsOf(deep)).toBeUndefined()
  expect(fieldsOf(`a: {\n${'x,\n'.repeat(20_000)}`)).toBeUndefined()
})
