// The HTTP door as an OpenAPI 3.1 document, out of the list of routes.

import { openaiError } from '../protocol/openai.ts'
import { createShelf, SCHEMA_DIALECT, type JsonSchema, type SchemaShelf } from '../rpc/schema.ts'
import type { Answer, Contents, Parameter, Route } from './route.ts'

const TAGS: Readonly<Record<string, string>> = {
  health: 'Whether it lives, and whether it serves.',
  openai: 'What every OpenAI SDK speaks.',
  responses: 'OpenResponses.',
  tools: 'The tools of agents.',
  hooks: 'What other programs tell.',
  pages: 'What a browser shows.',
  documents: 'What stands here, for programs.',
  operations: 'How the gateway fares.',
}

const DESCRIPTION =
  'What edgeclaw serves over HTTP. Every error has the body of OpenAI, and every answer the id of its request in `x-request-id`: the one that was sent, if it was usable. What is said over the WebSocket stands in `/asyncapi.json`.'

/** From Hono's way to write a path to OpenAPI's. A `*` at the end is what is not a name yet in `params`. */
export function toTemplate({ path, params = {} }: Pick<Route, 'path' | 'params'>): string {
  const named = path.replace(/:(\w+)(\{[^}]*\})?/g, '{$1}')
  const rest = Object.keys(params).find((name) => params[name]!.in === 'path' && !named.includes(`{${name}}`))
  return rest === undefined ? named : named.replace(/\*$/, `{${rest}}`)
}

export function describeRoutes(routes: readonly Route[], version: string): JsonSchema {
  const shelf = createShelf('#/components/schemas')
  shelf.add('Error', openaiError, 'output')
  const paths: Record<string, Record<string, JsonSchema>> = {}
  for (const route of routes) {
    const path = (paths[toTemplate(route)] ??= {})
    path[route.verb.toLowerCase()] = describeRoute(route, shelf)
  }
  const used = [...new Set(routes.map(({ tag }) => tag))]
  return {
    openapi: '3.1.0',
    jsonSchemaDialect: SCHEMA_DIALECT,
    info: { title: 'edgeclaw over HTTP', version, description: DESCRIPTION, license: { name: 'MIT', identifier: 'MIT' }, contact: { name: 'edgeclaw', url: 'https://github.com/openclaw' } },
    servers: [{ url: 'http://127.0.0.1:18789', description: 'Where a gateway listens by default.' }],
    tags: used.map((name) => ({ name, description: TAGS[name] ?? name })),
    paths,
    components: {
      schemas: shelf.all,
      responses: { Error: { description: 'What is wrong, and what to do next.', content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } } } },
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer', description: 'The token or the password of the gateway, the token of a device, or a key.' } },
    },
  }
}

function describeRoute({ id, tag, summary, text, entry, params = {}, body, answers }: Route, shelf: SchemaShelf): JsonSchema {
  const scope = typeof entry === 'string' ? entry : null
  const own = typeof entry === 'object' && entry !== null ? entry.own : null
  const needs = scope === null ? (own ?? 'Everybody may.') : `Needs \`${scope}\`.`
  return {
    operationId: id,
    tags: [tag],
    summary,
    description: text === undefined ? needs : `${text} ${needs}`,
    ...(scope !== null && { 'x-scope': scope }),
    security: scope === null ? [] : [{ bearer: [] }],
    ...(Object.keys(params).length > 0 && { parameters: Object.entries(params).map(describeParameter) }),
    ...(body && { requestBody: { required: true, content: describeContents(`${id}.body`, body, 'input', shelf) } }),
    responses: {
      ...Object.fromEntries(Object.entries(answers).map(([status, answer]) => [status, describeAnswer(`${id}.${status}`, answer, shelf)])),
      default: { $ref: '#/components/responses/Error' },
    },
  }
}

const describeParameter = ([name, { in: place, says, required = false, values }]: [string, Parameter]): JsonSchema => ({
  name,
  in: place,
  description: says,
  required: required || place === 'path',
  schema: { type: 'string', ...(values && { enum: values }) },
})

const describeAnswer = (name: string, { says, content }: Answer, shelf: SchemaShelf): JsonSchema => ({
  description: says,
  ...(content && { content: describeContents(name, content, 'output', shelf) }),
})

function describeContents(name: string, contents: Contents, direction: 'input' | 'output', shelf: SchemaShelf): JsonSchema {
  const described = Object.entries(contents).map(([type, shape]) => {
    const named = Object.keys(contents)[0] === type ? name : `${name}.${type.replace(/\W+/g, '-')}`
    return [type, { schema: shape ? shelf.add(named, shape, direction) : { type: 'string' } }]
  })
  return Object.fromEntries(described) as JsonSchema
}
