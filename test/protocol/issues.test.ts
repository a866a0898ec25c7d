// What a schema found wrong, in the protocol's words.

import { expect, it } from 'vitest'
import * as z from 'zod'
import { describeIssues } from '../../src/protocol/issues.ts'

const text = z.string().min(1)

function said(schema: z.ZodType, value: unknown): string {
  const result = schema.safeParse(value, { reportInput: true })
  return describeIssues(result.error?.issues ?? [])
}

it('says for each demand what it is', () => {
  const cases: readonly (readonly [schema: z.ZodType, value: unknown, said: string])[] = [
    [z.string(), 5, 'at /a: must be string'],
    [z.int(), '5', 'at /a: must be number'], // the schema does not say of a text that it wanted an integer
    [z.int(), 1.5, 'at /a: must be integer'],
    [z.number(), null, 'at /a: must be number'],
    [z.boolean(), 0, 'at /a: must be boolean'],
    [z.array(text), {}, 'at /a: must be array'],
    [z.strictObject({}), [], 'at /a: must be object'],
    [z.record(z.string(), z.number()), 'x', 'at /a: must be object'],
    [z.literal('req'), 'res', 'at /a: must be equal to constant'],
    [z.enum(['x', 'y']), 'z', 'at /a: must be equal to one of the allowed values'],
    [text, '', 'at /a: must not have fewer than 1 characters'],
    [z.string().max(2), 'abc', 'at /a: must not have more than 2 characters'],
    [z.array(text).min(1), [], 'at /a: must not have fewer than 1 items'],
    [z.array(text).max(1), ['x', 'y'], 'at /a: must not have more than 1 items'],
    [z.int().min(1), 0, 'at /a: must be >= 1'],
    [z.number().max(2), 3, 'at /a: must be <= 2'],
    [z.number().gt(1), 1, 'at /a: must be > 1'],
    [z.number().lt(2), 2, 'at /a: must be < 2'],
    [z.string().regex(/^x$/), 'y', 'at /a: must match pattern "/^x$/"'],
    [z.union([z.string(), z.array(text)]), 5, 'at /a: must match a schema in anyOf'],
    [z.custom(() => false, 'is not it'), 5, 'at /a: is not it'],
  ]
  for (const [schema, value, expected] of cases) expect(said(z.strictObject({ a: schema }), { a: value })).toBe(expected)
})

it('names a member that is missing by its parent, whatever it should have been', () => {
  for (const schema of [text, z.int(), z.enum(['x', 'y']), z.literal('x'), z.union([text, z.int()]), z.array(text), z.strictObject({})]) {
    expect(said(z.strictObject({ a: schema }), {})).toBe("must have required property 'a'")
    expect(said(z.strictObject({ in: z.array(z.strictObject({ a: schema })) }), { in: [{}] })).toBe("at /in/0: must have required property 'a'")
  }
})

it('says of the whole that it is no object', () => {
  expect(said(z.strictObject({ a: text }), 5)).toBe('must be object')
  expect(said(z.strictObject({ a: text }), undefined)).toBe('must be object')
})

it('names members that nobody expects, at the root and below', () => {
  const schema = z.strictObject({ a: z.strictObject({}) })
  expect(said(schema, { a: { x: 1, y: 2 }, b: 3 })).toBe("at /a: unexpected property 'x'; at /a: unexpected property 'y'; at root: unexpected property 'b'")
})

it('puts what is missing first, then what is unexpected, then what is wrong', () => {
  const schema = z.strictObject({ a: text, b: z.int(), c: z.boolean() })
  expect(said(schema, { a: 1, b: 'x', d: 1 })).toBe(
    "must have required property 'c'; at root: unexpected property 'd'; at /a: must be string; at /b: must be number",
  )
})

it('says nothing of what is right', () => {
  expect(said(z.strictObject({ a: text }), { a: 'x' })).toBe('')
})
