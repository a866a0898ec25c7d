// The WebSocket as an AsyncAPI 3.0 document: each method a request that has a reply, each event a message that comes by
// itself. In the typed dialect; what differs in the plain one is said in words.

import * as z from 'zod'
import { connectParams, helloOk } from '../protocol/connect.ts'
import { ERRORS } from '../protocol/errors.ts'
import type { AnyEvent } from '../protocol/event.ts'
import type { AnyMethod } from './method.ts'
import { createShelf, type JsonSchema } from './schema.ts'

const CHANNEL = { $ref: '#/channels/gateway' }
const messageAt = (name: string) => ({ $ref: `#/channels/gateway/messages/${name}` })
const componentAt = (name: string) => ({ $ref: `#/components/messages/${name}` })

const DESCRIPTION = `One JSON object in each text message. The gateway begins with the event \`connect.challenge\`; the first request is \`connect\`, and its answer \`hello-ok\`.

Beside the typed frames that stand here there are plain ones: a request without \`type\`, \`{id, method, params?, meta?}\`, has the answer \`{id, ok, payload, error, meta?}\`, and its events are \`{event, payload}\`. A connection keeps the dialect of its first frame.`

const errorShape = z.strictObject({
  code: z.enum([...new Set(Object.values(ERRORS).map(({ wire }) => wire))] as [string, ...string[]]),
  message: z.string().describe('What is wrong, and what to do next.'),
  details: z.record(z.string(), z.unknown()).optional(),
  retryable: z.boolean().optional(),
  retryAfterMs: z.int().min(0).optional(),
})

interface Described {
  readonly name: string
  readonly summary: string
  readonly params: z.ZodType
  readonly result: z.ZodType
  readonly facts: JsonSchema
}

const CONNECT: Described = {
  name: 'connect',
  summary: 'The first request of every connection: who it is, and what it may do.',
  params: connectParams,
  result: helloOk,
  facts: { 'x-scope': null, 'x-role': 'any' },
}

const describe = ({ name, summary, params, result, scope, role = 'operator', needs = [], hidden = false, elevate }: AnyMethod): Described => ({
  name,
  summary,
  params,
  result,
  facts: {
    'x-scope': scope,
    'x-role': role,
    ...(elevate && { 'x-more-scope-for-some-params': true }),
    ...(needs.length > 0 && { 'x-needs': needs }),
    ...(hidden && { 'x-hidden': true }),
  },
})

/** Methods in the order of their names, events in that of the protocol. */
export function describeSocket(methods: readonly AnyMethod[], events: readonly AnyEvent[], version: string): JsonSchema {
  const shelf = createShelf('#/components/schemas')
  const messages: Record<string, JsonSchema> = {}
  const operations: Record<string, JsonSchema> = {}
  const error = shelf.add('error', errorShape, 'output')
  const reply = (payload: object) => ({ type: 'object', required: ['type', 'id', 'ok'], properties: { type: { const: 'res' }, id: { type: 'string' }, ...payload } })

  messages['error'] = message('error', 'A request was refused, or has failed.', reply({ ok: { const: false }, error }), true)

  function addMethod({ name, summary, params, result, facts }: Described) {
    const [request, answer] = [`${name}.request`, `${name}.reply`]
    const frame = {
      type: 'object',
      required: ['type', 'id', 'method'],
      properties: {
        type: { const: 'req' },
        id: { type: 'string', minLength: 1 },
        method: { const: name },
        params: shelf.add(`${name}.params`, params, 'input'),
        traceparent: { type: 'string', maxLength: 128 },
      },
      additionalProperties: false,
    }
    messages[request] = message(request, summary, frame, true)
    messages[answer] = message(answer, `The answer of ${name}.`, reply({ ok: { const: true }, payload: shelf.add(`${name}.result`, result, 'output') }), true)
    operations[name] = {
      action: 'receive',
      channel: CHANNEL,
      summary,
      tags: [{ name: name.split('.')[0] }],
      messages: [messageAt(request)],
      reply: { channel: CHANNEL, messages: [messageAt(answer), messageAt('error')] },
      ...facts,
    }
  }

  function addEvent({ name, summary, payload, scope, reach, versioned = false, dropIfSlow = false }: AnyEvent) {
    const key = `event.${name}`
    const frame = {
      type: 'object',
      required: ['type', 'event', 'payload'],
      properties: {
        type: { const: 'event' },
        event: { const: name },
        payload: shelf.add(key, payload, 'output'),
        ...(reach !== 'direct' && { seq: { type: 'integer', minimum: 1 } }),
        ...(versioned && { stateVersion: { type: 'object', properties: { presence: { type: 'integer' }, health: { type: 'integer' } } } }),
      },
    }
    messages[key] = message(key, summary, frame, false)
    operations[key] = { action: 'send', channel: CHANNEL, summary, tags: [{ name: 'events' }], messages: [messageAt(key)], 'x-scope': scope, 'x-reach': reach, ...(dropIfSlow && { 'x-drop-if-slow': true }) }
  }

  for (const method of [CONNECT, ...methods.map(describe)].toSorted((a, b) => (a.name < b.name ? -1 : 1))) addMethod(method)
  for (const event of events) addEvent(event)
  return {
    asyncapi: '3.0.0',
    id: 'urn:edgeclaw:gateway',
    info: { title: 'edgeclaw over WebSocket', version, description: DESCRIPTION, license: { name: 'MIT' }, contact: { name: 'edgeclaw' }, tags: [{ name: 'gateway' }] },
    defaultContentType: 'application/json',
    servers: { local: { host: '127.0.0.1:18789', protocol: 'ws', description: 'Where a gateway listens by default.' } },
    channels: {
      gateway: {
        address: '/',
        description: 'The control plane.',
        servers: [{ $ref: '#/servers/local' }],
        messages: Object.fromEntries(Object.keys(messages).map((name) => [name, componentAt(name)])),
        bindings: { ws: { method: 'GET' } },
      },
    },
    operations,
    components: { messages, schemas: shelf.all, correlationIds: { request: { description: 'An answer has the id of its request.', location: '$message.payload#/id' } } },
  }
}

const message = (name: string, summary: string, payload: JsonSchema, correlated: boolean): JsonSchema => ({
  name,
  title: name,
  summary,
  ...(correlated && { correlationId: { $ref: '#/components/correlationIds/request' } }),
  payload,
})
