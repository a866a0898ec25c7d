// JSON Schemas as TypeScript.

import * as z from 'zod'
import { describe, expect, it } from 'vitest'
import { tick } from '../../src/protocol/events.ts'
import { defineMethod, type AnyMethod } from '../../src/rpc/method.ts'
import { describeTypes, toTypeScript } from '../../src/rpc/typescript.ts'

const method = defineMethod({ name: 'a.b', scope: null, summary: 'Does it.', params: z.strictObject({ n: z.int() }), result: z.null(), uses: [], handler: () => null }) as unknown as AnyMethod

const typeOf = (shape: z.ZodType, io: 'input' | 'output' = 'output') => toTypeScript(z.toJSONSchema(shape, { io, unrepresentable: 'any' }) as Parameters<typeof toTypeScript>[0])

describe('a shape', () => {
  it.each([
    [z.string().min(3), 'string'],
    [z.int(), 'number'],
    [z.boolean(), 'boolean'],
    [z.null(), 'null'],
    [z.never(), 'never'],
    [z.unknown(), 'unknown'],
    [z.literal('a'), '"a"'],
    [z.literal(7), '7'],
    [z.enum(['a', 'b']), '"a" | "b"'],
    [z.array(z.enum(['a', 'b'])), '("a" | "b")[]'],
    [z.array(z.strictObject({ a: z.string() })), '{ a: string }[]'],
    [z.array(z.strictObject({ a: z.string().nullable() })), '{ a: string | null }[]'],
    [z.array(z.union([z.strictObject({ a: z.string() }), z.null()])), '({ a: string } | null)[]'],
    [z.tuple([z.string(), z.int()]), '[string, number]'],
    [z.strictObject({}), 'Record<string, never>'],
    [z.strictObject({ a: z.string(), 'b-c': z.int().optional() }), '{ a: string; "b-c"?: number | undefined }'],
    [z.looseObject({ a: z.string() }), '{ a: string; [key: string]: unknown }'],
    [z.looseObject({}), '{ [key: string]: unknown }'],
    [z.record(z.string(), z.int()), '{ [key: string]: number }'],
    [z.record(z.enum(['a', 'b']), z.int()), '{ [key in "a" | "b"]: number }'],
    [z.partialRecord(z.enum(['a', 'b']), z.int()), '{ [key in "a" | "b"]?: number }'],
    [z.intersection(z.union([z.string(), z.int()]), z.union([z.string(), z.null()])), '(string | number) & (string | null)'],
    [z.discriminatedUnion('k', [z.strictObject({ k: z.literal('x') }), z.strictObject({ k: z.literal('y'), n: z.int() })]), '{ k: "x" } | { k: "y"; n: number }'],
  ])('%#: %s', (shape, text) => {
    expect(typeOf(shape)).toBe(text)
  })

  it('with a default may be left out on the way in, and is there on the way out', () => {
    const shape = z.strictObject({ n: z.int().default(1) })
    expect([typeOf(shape, 'input'), typeOf(shape, 'output')]).toEqual(['{ n?: number | undefined }', '{ n: number }'])
  })
})

describe('the module', () => {
  it('has each method and event under its name, and the handshake', () => {
    const text = describeTypes([method], [tick])
    expect(text).toContain('  /** Does it. */\n  "a.b": { params: ABParams; result: ABResult }\n')
    expect(text).toContain('  "tick": EventTick\n')
    for (const name of ['ConnectParams', 'HelloOk', 'EventTick']) expect(text).toMatch(new RegExp(`^export type ${name} = `, 'm'))
  })

  it('names shapes that name themselves', () => {
    const tree = z.strictObject({
      name: z.string(),
      get children() {
        return z.array(tree)
      },
    })
    const text = describeTypes([{ ...method, name: 'tree.get', params: z.strictObject({}), result: tree }], [])
    expect(text).toContain('export type TreeGetResult = { name: string; children: TreeGetResult[] }')
  })
})
