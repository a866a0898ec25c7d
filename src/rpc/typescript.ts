// JSON Schemas as TypeScript, for those who have the client and not the sources: no shape of theirs needs zod.

import * as z from 'zod'
import { connectParams, helloOk } from '../protocol/connect.ts'
import type { AnyEvent } from '../protocol/event.ts'
import type { AnyMethod } from './method.ts'
import { createShelf, type JsonSchema } from './schema.ts'

type Schema = JsonSchema & {
  readonly $ref?: string
  readonly type?: string | readonly string[]
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly allOf?: readonly Schema[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean | Schema
  readonly items?: Schema
  readonly prefixItems?: readonly Schema[]
}

const AT = '#/types'
/** `cron.add.params.__schema0` is no name of a type. */
const toName = (name: string): string => name.replace(/(?:^|[^A-Za-z0-9]+)([A-Za-z0-9])/g, (_, letter: string) => letter.toUpperCase())

export function toTypeScript(schema: Schema): string {
  if (schema.$ref !== undefined) return toName(schema.$ref.slice(AT.length + 1))
  if ('const' in schema) return JSON.stringify(schema['const'])
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' | ')
  const choices = schema.anyOf ?? schema.oneOf
  if (choices) return choices.map(inBrackets).join(' | ')
  if (schema.allOf) return schema.allOf.map(inBrackets).join(' & ')
  if ('not' in schema) return 'never'
  if (Array.isArray(schema.type)) return schema.type.map((type: string) => toTypeScript({ ...schema, type })).join(' | ')
  switch (schema.type) {
    case 'object':
      return toObject(schema)
    case 'array':
      if (schema.prefixItems) return `[${schema.prefixItems.map(toTypeScript).join(', ')}]`
      return `${inBrackets(schema.items ?? {})}[]`
    case 'integer':
      return 'number'
    case 'string':
    case 'number':
    case 'boolean':
    case 'null':
      return schema.type
    default:
      return 'unknown'
  }
}

function inBrackets(schema: Schema): string {
  const text = toTypeScript(schema)
  return / [|&] /.test(text) && !/^\{[^{}]*\}$/.test(text) ? `(${text})` : text
}

function toObject({ properties = {}, required = [], additionalProperties, propertyNames }: Schema): string {
  const members = Object.entries(properties).map(([key, member]) => {
    const name = /^[A-Za-z_$][\w$]*$/.test(key) ? key : JSON.stringify(key)
    return required.includes(key) ? `${name}: ${toTypeScript(member)}` : `${name}?: ${toTypeScript(member)} | undefined`
  })
  const keys = propertyNames as Schema | undefined
  const rest = typeof additionalProperties === 'object' ? toTypeScript(additionalProperties) : additionalProperties === true ? 'unknown' : null
  if (rest !== null && keys?.enum) return `{ [key in ${toTypeScript(keys)}]${required.length > 0 ? '' : '?'}: ${rest} }`
  if (rest !== null) members.push(`[key: string]: ${members.length > 0 ? 'unknown' : rest}`)
  return members.length === 0 ? 'Record<string, never>' : `{ ${members.join('; ')} }`
}

/** A module of types: `GatewayApi`, `GatewayEvents`, `ConnectParams`, `HelloOk`. */
export function describeTypes(methods: readonly AnyMethod[], events: readonly AnyEvent[]): string {
  const shelf = createShelf(AT)
  const inline = (name: string, shape: z.ZodType, direction: 'input' | 'output') => toName(shelf.add(name, shape, direction).$ref.slice(AT.length + 1))
  const named = methods.toSorted((a, b) => (a.name < b.name ? -1 : 1))
  const api = named.map(({ name, summary, params, result }) => {
    const shapes = `{ params: ${inline(`${name}.params`, params, 'input')}; result: ${inline(`${name}.result`, result, 'output')} }`
    return `  /** ${summary} */\n  ${JSON.stringify(name)}: ${shapes}`
  })
  const heard = events.map(({ name, summary, payload }) => `  /** ${summary} */\n  ${JSON.stringify(name)}: ${inline(`event.${name}`, payload, 'output')}`)
  shelf.add('ConnectParams', connectParams, 'input')
  shelf.add('HelloOk', helloOk, 'output')
  const types = Object.entries(shelf.all).map(([name, schema]) => `export type ${toName(name)} = ${toTypeScript(schema as Schema)}`)
  const head = '// Written by `npm run gen`: what a client sends and hears, without what checks it.\n'
  return [head, `export interface GatewayApi {\n${api.join('\n')}\n}\n`, `export interface GatewayEvents {\n${heard.join('\n')}\n}\n`, `${types.join('\n')}\n`].join('\n')
}
