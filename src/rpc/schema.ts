// JSON Schemas (2020-12) out of the shapes: one at a time for whoever asks, or many in one document that name one another.

import * as z from 'zod'
import type { AnyEvent } from '../protocol/event.ts'
import type { AnyMethod } from './method.ts'

export type JsonSchema = Readonly<Record<string, unknown>>
type Direction = 'input' | 'output'

export const SCHEMA_DIALECT = 'https://json-schema.org/draft/2020-12/schema'

/** Schemas of one document, by name. */
export interface SchemaShelf {
  /** Puts the schema of a shape under this name, and returns what refers to it. */
  add(name: string, shape: z.ZodType, direction: Direction): { readonly $ref: string }
  readonly all: Readonly<Record<string, JsonSchema>>
}

/** `at`: where in the document they stand, as `#/components/schemas`. */
export function createShelf(at: string): SchemaShelf {
  const all: Record<string, JsonSchema> = {}
  return {
    add(name, shape, direction) {
      if (!(name in all)) {
        const { $schema: _, $defs = {}, ...schema } = z.toJSONSchema(shape, { io: direction, unrepresentable: 'any' }) as JsonSchema
        const rename = (ref: string) => (ref === '#' ? `${at}/${name}` : `${at}/${name}.${nameOf(ref)}`)
        all[name] = withRefs(schema, rename) as JsonSchema
        for (const [key, part] of Object.entries($defs as Record<string, unknown>)) all[`${name}.${key}`] = withRefs(part, rename) as JsonSchema
      }
      return { $ref: `${at}/${name}` }
    },
    all,
  }
}

const nameOf = (ref: string): string => ref.split('/').at(-1)!

function withRefs(value: unknown, rename: (ref: string) => string): unknown {
  if (Array.isArray(value)) return value.map((each) => withRefs(each, rename))
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([key, member]) => [key, key === '$ref' && typeof member === 'string' ? rename(member) : withRefs(member, rename)])
  return Object.fromEntries(entries) as unknown
}

/** Of one method: `#/$defs/params` and `#/$defs/result`. */
export const methodSchema = ({ name, summary, params, result }: Pick<AnyMethod, 'name' | 'summary' | 'params' | 'result'>): JsonSchema =>
  standing(`/schemas/${name}.json`, name, summary, { params: [params, 'input'], result: [result, 'output'] })

/** Of one event: `#/$defs/payload`. */
export const eventSchema = ({ name, summary, payload }: Pick<AnyEvent, 'name' | 'summary' | 'payload'>): JsonSchema =>
  standing(`/schemas/events/${name}.json`, name, summary, { payload: [payload, 'output'] })

function standing(id: string, title: string, description: string, shapes: Readonly<Record<string, readonly [z.ZodType, Direction]>>): JsonSchema {
  const shelf = createShelf('#/$defs')
  for (const [name, [shape, direction]] of Object.entries(shapes)) shelf.add(name, shape, direction)
  return { $schema: SCHEMA_DIALECT, $id: id, title, description, $defs: shelf.all }
}

/** JSON with a line for each member down to `depth`, and the rest of it in that line: what changed can be read in a diff. */
export function toLines(value: unknown, depth: number, indent = ''): string {
  if (depth === 0 || typeof value !== 'object' || value === null || Object.keys(value).length === 0) return JSON.stringify(value)
  const deeper = `${indent} `
  if (Array.isArray(value)) return `[\n${value.map((each) => deeper + toLines(each, depth - 1, deeper)).join(',\n')}\n${indent}]`
  const members = Object.entries(value).filter(([, member]) => member !== undefined)
  return `{\n${members.map(([key, member]) => `${deeper}${JSON.stringify(key)}: ${toLines(member, depth - 1, deeper)}`).join(',\n')}\n${indent}}`
}
