import { expect, it } from 'vitest'
import * as z from 'zod'
import { hasMember, toParameters } from '../../../src/services/conversation/tool-schema.ts'

it('is an object as it is, without the dialect', () => {
  expect(toParameters(z.strictObject({ n: z.int().min(1) }))).toEqual({ type: 'object', properties: { n: expect.objectContaining({ type: 'integer', minimum: 1 }) }, required: ['n'], additionalProperties: false })
})

it('does not say that a number is one that can be written down', () => {
  const { properties } = toParameters(z.strictObject({ any: z.int(), some: z.int().min(-1).max(7) })) as { properties: unknown }
  expect(properties).toEqual({ any: { type: 'integer' }, some: { type: 'integer', minimum: -1, maximum: 7 } })
})

it('makes one object of several shapes', () => {
  const shapes = z.discriminatedUnion('action', [
    z.strictObject({ action: z.literal('list'), limit: z.int().optional() }),
    z.strictObject({ action: z.literal('get'), id: z.string() }),
    z.strictObject({ action: z.literal('drop'), id: z.string() }),
  ])
  const parameters = toParameters(shapes)
  expect(parameters).toMatchObject({ type: 'object', properties: { action: { type: 'string', enum: ['list', 'get', 'drop'] }, id: { type: 'string' } }, required: ['action'], additionalProperties: false })
  expect([hasMember(parameters, 'limit'), hasMember(parameters, 'action'), hasMember(parameters, 'other'), hasMember(undefined, 'x'), hasMember(parameters, 'toString')]).toEqual([true, true, false, false, false])
})
