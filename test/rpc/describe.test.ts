// The methods as text for people.

import * as z from 'zod'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { describeMethod, describeMethods, describeShape } from '../../src/rpc/describe.ts'
import { defineMethod, type AnyMethod } from '../../src/rpc/method.ts'
import { DESIGNED, USED } from '../fixtures/methods.ts'

describe('shapes', () => {
  it.each([
    [z.string().min(1).max(9), 'string(≥1 ≤9)'],
    [z.int().min(0), 'int(≥0)'],
    [z.number(), 'number'],
    [z.enum(['a', 'b']), '"a" | "b"'],
    [z.literal(true), 'true'],
    [z.null(), 'null'],
    [z.string().nullable(), 'string | null'],
    [z.never(), 'never'],
    [z.unknown(), 'any'],
    [z.array(z.string()).max(3), 'string[](≤3)'],
    [z.array(z.union([z.string(), z.int()])), '(string | int)[]'],
    [z.array(z.strictObject({ a: z.union([z.string(), z.null()]) })), '{ a: string | null }[]'],
    [z.strictObject({}), '{}'],
    [z.strictObject({ a: z.string(), 'b.c': z.boolean().optional(), d: z.int().default(3) }), '{ a: string, "b.c"?: boolean, d?: int = 3 }'],
    [z.looseObject({ a: z.string() }), '{ a: string, … }'],
    [z.record(z.string(), z.int()), '{ [name]: int }'],
    [z.string().regex(/^x$/), 'string(/^x$/)'],
    [z.discriminatedUnion('k', [z.strictObject({ k: z.literal(1) }), z.strictObject({ k: z.literal(2) })]), '{ k: 1 } | { k: 2 }'],
    [z.tuple([z.string(), z.int()]), '[string, int]'],
  ])('%#: %s', (shape, text) => {
    expect(describeShape(shape, 'input')).toBe(text)
  })

  it('shows a default as what may be left out on the way in, and as what is there on the way out', () => {
    const shape = z.strictObject({ n: z.int().default(1) })
    expect(describeShape(shape, 'input')).toBe('{ n?: int = 1 }')
    expect(describeShape(shape, 'output')).toContain('n')
  })
})

const method = (more: object): AnyMethod =>
  ({ ...defineMethod({ name: 'a.b', scope: 'operator.read', summary: 'Does it.', params: z.strictObject({}), result: z.null(), uses: [], handler: () => null }), ...more }) as AnyMethod

describe('methods', () => {
  it('says who may call it, and where it is served', () => {
    expect(describeMethod(method({}))).toBe('## a.b\n\nDoes it.\n\noperator.read · every runtime\n\n```ts\nparams: {}\nresult: null\n```\n')
    expect(describeMethod(method({ needs: ['system'], hidden: true }))).toContain('operator.read · Node and Bun, where there is `system` · not advertised')
    expect(describeMethod(method({ role: 'node', scope: null }))).toContain('\nnodes · ')
    expect(describeMethod(method({ elevate: () => null }))).toContain('operator.read, more for some params · ')
  })

  it('are in the order of their names, the handshake among them', () => {
    const text = describeMethods([method({ name: 'z' }), method({})])
    expect([...text.matchAll(/^## (.*)$/gm)].map(([, name]) => name)).toEqual(['a.b', 'connect', 'z'])
    expect(text).toContain('3 methods')
  })
})

describe('the reference', () => {
  const text = readFileSync(new URL('../../public/reference/methods.md', import.meta.url), 'utf8')
  const names = [...text.matchAll(/^## (.*)$/gm)].map(([, name]) => name)

  it.each([
    ['of the design', DESIGNED],
    ['that clients use', USED],
  ])('has every method %s', (_, wanted) => {
    expect(wanted.length).toBeGreaterThan(90)
    expect(wanted.filter((name) => !names.includes(name))).toEqual([])
  })
})
