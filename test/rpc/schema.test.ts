// JSON Schemas out of shapes.

import { Ajv2020 } from 'ajv/dist/2020.js'
import * as z from 'zod'
import { describe, expect, it } from 'vitest'
import { METHODS } from '../../src/methods/all.gen.ts'
import { EVENTS } from '../../src/protocol/events.ts'
import { createShelf, eventSchema, methodSchema, toLines } from '../../src/rpc/schema.ts'

const tree = z.strictObject({
  name: z.string(),
  get children() {
    return z.array(tree)
  },
})

describe('a shelf', () => {
  it('keeps each schema once, under its name', () => {
    const shelf = createShelf('#/defs')
    expect(shelf.add('a', z.strictObject({ n: z.int().default(1) }), 'input')).toEqual({ $ref: '#/defs/a' })
    shelf.add('a', z.string(), 'input')
    expect(Object.keys(shelf.all)).toEqual(['a'])
    expect(shelf.all['a']).toMatchObject({ type: 'object', properties: { n: { default: 1 } } })
    expect(shelf.all['a']).not.toHaveProperty('$schema')
  })

  it('finds shapes that name themselves where they stand then', () => {
    const shelf = createShelf('#/defs')
    shelf.add('tree', tree, 'output')
    shelf.add('list', z.array(tree), 'output')
    const refs = [...JSON.stringify(shelf.all).matchAll(/"\$ref":"([^"]+)"/g)].map(([, ref]) => ref!)
    expect(refs.length).toBeGreaterThan(1)
    for (const ref of refs) expect(shelf.all).toHaveProperty([ref.replace('#/defs/', '')])
  })
})

describe('the schema of a method', () => {
  it('checks what goes in and what comes out', () => {
    const schema = methodSchema({ name: 'a.b', summary: 'Does it.', params: z.strictObject({ n: z.int().default(1) }), result: tree })
    expect(schema).toMatchObject({ $id: '/schemas/a.b.json', title: 'a.b', description: 'Does it.' })
    const ajv = new Ajv2020({ strict: false })
    ajv.addSchema(schema)
    const check = (part: string, value: unknown) => ajv.getSchema(`/schemas/a.b.json#/$defs/${part}`)!(value)
    expect(check('params', {})).toBe(true)
    expect(check('params', { n: 'x' })).toBe(false)
    expect(check('result', { name: 'a', children: [{ name: 'b', children: [] }] })).toBe(true)
    expect(check('result', { name: 'a', children: [{ name: 'b' }] })).toBe(false)
  })

  it('can be made and compiled for all methods and events', async () => {
    const ajv = new Ajv2020({ strict: false, validateFormats: false })
    const schemas = [...(await Promise.all(METHODS.map(async (each) => methodSchema(await each.load())))), ...EVENTS.map(eventSchema)]
    for (const schema of schemas) ajv.addSchema(schema)
    for (const { $id, $defs } of schemas) for (const part of Object.keys($defs as object)) expect(() => ajv.getSchema(`${String($id)}#/$defs/${part}`), `${String($id)} ${part}`).not.toThrow()
    expect(schemas.length).toBeGreaterThan(250)
  })
})

describe('lines', () => {
  it('are one for each member down to a depth, and the same value', () => {
    const value = { a: { b: { c: [1, 2] }, d: undefined }, e: [], f: [{ g: 1 }] }
    const text = toLines(value, 2)
    expect(text).toBe('{\n "a": {\n  "b": {"c":[1,2]}\n },\n "e": [],\n "f": [\n  {"g":1}\n ]\n}')
    expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)))
  })
})
