// The methods as text for people: one section for each, with the shapes of params and result in the short form that
// TypeScript has for types.

import * as z from 'zod'
import { connectParams, helloOk } from '../protocol/connect.ts'
import type { AnyMethod } from './method.ts'

interface Schema {
  readonly $ref?: string
  readonly type?: string | readonly string[]
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly allOf?: readonly Schema[]
  readonly not?: unknown
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean | Schema
  readonly items?: Schema
  readonly prefixItems?: readonly Schema[]
  readonly minLength?: number
  readonly maxLength?: number
  readonly minItems?: number
  readonly maxItems?: number
  readonly minimum?: number
  readonly maximum?: number
  readonly pattern?: string
  readonly default?: unknown
  readonly $defs?: Readonly<Record<string, Schema>>
}

/** A shape in one line. `direction`: as it goes in, or as it comes out. */
export function describeShape(shape: z.ZodType, direction: 'input' | 'output'): string {
  const schema = z.toJSONSchema(shape, { io: direction, unrepresentable: 'any' }) as Schema
  return render(schema, schema)
}

function render(schema: Schema, root: Schema): string {
  const { $ref, anyOf, oneOf, allOf, type } = schema
  if ($ref !== undefined) return $ref === '#' ? 'itself' : nameOf($ref)
  if ('const' in schema) return JSON.stringify(schema.const)
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' | ')
  const choices = anyOf ?? oneOf
  if (choices) return choices.map((each) => render(each, root)).join(' | ')
  if (allOf) return allOf.map((each) => render(each, root)).join(' & ')
  if (schema.not) return 'never'
  if (Array.isArray(type)) return type.map((each) => render({ ...schema, type: each as string }, root)).join(' | ')
  if (type === 'object' || schema.properties) return renderObject(schema, root)
  if (type === 'array') return renderArray(schema, root)
  return typeof type === 'string' ? `${type === 'integer' ? 'int' : type}${limitsOf(schema)}` : 'any'
}

const nameOf = (ref: string): string => ref.split('/').at(-1)!

function renderObject({ properties = {}, required = [], additionalProperties }: Schema, root: Schema): string {
  const members = Object.entries(properties).map(([key, member]) => {
    const isRequired = required.includes(key) && member.default === undefined
    return `${/^\w+$/.test(key) ? key : JSON.stringify(key)}${isRequired ? '' : '?'}: ${render(member, root)}${defaultOf(member)}`
  })
  if (typeof additionalProperties === 'object') {
    const of = Object.keys(additionalProperties).length === 0 ? 'any' : render(additionalProperties, root)
    members.push(members.length === 0 || of !== 'any' ? `[name]: ${of}` : '…')
  }
  return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`
}

function renderArray({ items, prefixItems, minItems, maxItems }: Schema, root: Schema): string {
  if (prefixItems) return `[${prefixItems.map((each) => render(each, root)).join(', ')}]`
  const of = items ? render(items, root) : 'any'
  const isUnion = Boolean(items?.anyOf ?? items?.oneOf ?? items?.enum) || Array.isArray(items?.type)
  const limits = [...(minItems === undefined ? [] : [`≥${minItems}`]), ...(maxItems === undefined ? [] : [`≤${maxItems}`])].join(' ')
  return `${isUnion ? `(${of})` : of}[]${limits === '' ? '' : `(${limits})`}`
}

/** Numbers that are there only because a number has to end somewhere say nothing. */
function limitsOf({ minLength, maxLength, minimum, maximum, pattern }: Schema): string {
  const [low, high] = [minLength ?? minimum, maxLength ?? maximum]
  const limits = [
    ...(low !== undefined && Math.abs(low) < Number.MAX_SAFE_INTEGER ? [`≥${low}`] : []),
    ...(high !== undefined && Math.abs(high) < Number.MAX_SAFE_INTEGER ? [`≤${high}`] : []),
    ...(pattern === undefined ? [] : [`/${pattern}/`]),
  ]
  return limits.length === 0 ? '' : `(${limits.join(' ')})`
}

const defaultOf = ({ default: value }: Schema): string => (value === undefined ? '' : ` = ${JSON.stringify(value)}`)

/** What a process has and a Durable Object does not. */
const PROCESSES = 'Node and Bun'
const EVERYWHERE = 'every runtime'

export function describeMethod(method: AnyMethod): string {
  const { name, scope, role = 'operator', summary, needs = [], hidden = false, elevate, params, result } = method
  const who = role === 'node' ? 'nodes' : (scope ?? 'everybody')
  const where = needs.length === 0 ? EVERYWHERE : `${PROCESSES}, where there is ${needs.map((need) => `\`${need}\``).join(', ')}`
  const facts = [who + (elevate ? ', more for some params' : ''), where, ...(hidden ? ['not advertised'] : [])]
  return section(name, summary, facts, { params, result })
}

function section(name: string, summary: string, facts: readonly string[], shapes: { readonly params: z.ZodType; readonly result: z.ZodType }): string {
  const params = `params: ${describeShape(shapes.params, 'input')}`
  const result = `result: ${describeShape(shapes.result, 'output')}`
  return [`## ${name}`, '', summary, '', facts.join(' · '), '', '```ts', params, result, '```', ''].join('\n')
}

/** The first request of every connection: the one that no method answers. */
const describeConnect = (): string =>
  section('connect', 'The first request of every connection: who it is, and what it may do.', ['everybody', EVERYWHERE], { params: connectParams, result: helloOk })

/** All of them, in the order of their names. */
export function describeMethods(methods: readonly AnyMethod[]): string {
  const described = methods.map((method) => [method.name, describeMethod(method)] as const)
  const sorted = [...described, ['connect', describeConnect()] as const].toSorted(([a], [b]) => (a < b ? -1 : 1))
  const head = [
    '# Methods',
    '',
    `Written by \`npm run gen\`. What this gateway serves over the WebSocket: ${sorted.length} methods.`,
    '`?` may be left out, `= x` is what it is then, `(≥1 ≤9)` are limits of a number, a length or a list.',
    '',
  ]
  return [...head, ...sorted.map(([, text]) => text)].join('\n')
}
