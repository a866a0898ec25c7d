// The arguments of a tool as JSON Schema. Providers want an object at the top: what is one of several shapes here becomes
// an object with the members of all of them.

import * as z from 'zod'

interface Schema {
  readonly type?: unknown
  readonly const?: unknown
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly oneOf?: readonly Schema[]
  readonly anyOf?: readonly Schema[]
  readonly [key: string]: unknown
}

export function toParameters(params: z.ZodType): unknown {
  const { $schema: _, ...schema } = z.toJSONSchema(params, { io: 'input', override: ({ jsonSchema }) => withoutSafeBounds(jsonSchema) }) as Schema
  const shapes = schema.oneOf ?? schema.anyOf
  return shapes ? merge(shapes) : schema
}

/** That a whole number is one that can be written down is no news to a model, and costs tokens in each turn. */
function withoutSafeBounds(schema: { minimum?: number | undefined; maximum?: number | undefined }): void {
  if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum
}

function merge(shapes: readonly Schema[]): Schema {
  const members = new Map<string, Schema[]>()
  for (const { properties = {} } of shapes) {
    for (const [name, member] of Object.entries(properties)) members.set(name, [...(members.get(name) ?? []), member])
  }
  const required = [...members.keys()].filter((name) => shapes.every((shape) => shape.required?.includes(name)))
  return { type: 'object', properties: Object.fromEntries([...members].map(([name, all]) => [name, one(all)])), required, additionalProperties: false }
}

/** What tells the shapes apart is one of its values; anything else is what the first says. */
function one(all: readonly Schema[]): Schema {
  const values = all.map((each) => each.const)
  return values.every((value) => typeof value === 'string') ? { type: 'string', enum: [...new Set(values)] } : all[0]!
}

/** Whether there is a member of this name. */
export const hasMember = (parameters: unknown, name: string): boolean => Object.hasOwn((parameters as Schema | null)?.properties ?? {}, name)
