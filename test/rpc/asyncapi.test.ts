// The WebSocket as an AsyncAPI document.

import { Parser } from '@asyncapi/parser'
import { readFileSync } from 'node:fs'
import * as z from 'zod'
import { describe, expect, it } from 'vitest'
import { METHODS } from '../../src/methods/all.gen.ts'
import { EVENTS } from '../../src/protocol/events.ts'
import { describeSocket } from '../../src/rpc/asyncapi.ts'
import { defineMethod, type AnyMethod } from '../../src/rpc/method.ts'
import type { Data } from '../harness/client.ts'

const text = readFileSync(new URL('../../public/reference/asyncapi.json', import.meta.url), 'utf8')
const method = (more: object = {}): AnyMethod =>
  ({ ...defineMethod({ name: 'a.b', scope: 'operator.read', summary: 'Does it.', params: z.strictObject({ n: z.int() }), result: z.null(), uses: [], handler: () => null }), ...more }) as AnyMethod

/** How many operations the parser is given at once: what it takes grows with the square of them. */
const PIECE = 16

/** The document as it is, with these operations alone, and what they name. */
function pieceOf(document: Data, names: readonly string[]): Data {
  const operations = Object.fromEntries(names.map((name) => [name, document.operations[name]]))
  const messages: Data = {}
  const schemas: Data = {}
  const follow = (value: unknown) => {
    for (const [, kind, name] of JSON.stringify(value).matchAll(/"#\/(channels\/gateway\/messages|components\/schemas)\/([^"]+)"/g)) {
      const [to, from] = kind === 'components/schemas' ? [schemas, document.components.schemas] : [messages, document.components.messages]
      if (name! in to) continue
      to[name!] = from[name!]
      follow(to[name!])
    }
  }
  follow(operations)
  const channel = { ...document.channels.gateway, messages: Object.fromEntries(Object.keys(messages).map((name) => [name, document.channels.gateway.messages[name]])) }
  return { ...document, operations, channels: { gateway: channel }, components: { ...document.components, messages, schemas } } as Data
}

const parser = new Parser()
const faultsOf = async (document: string) => (await parser.validate(document)).filter(({ severity }) => severity <= 1).map(({ code, path, message }) => `${code} at ${path.join('.')}: ${message}`)

describe('a method', () => {
  const made = describeSocket([method()], [], '1') as Data

  it('is a request that has a reply, or an error', () => {
    expect(made.operations['a.b']).toMatchObject({
      action: 'receive',
      summary: 'Does it.',
      'x-scope': 'operator.read',
      messages: [{ $ref: '#/channels/gateway/messages/a.b.request' }],
      reply: { messages: [{ $ref: '#/channels/gateway/messages/a.b.reply' }, { $ref: '#/channels/gateway/messages/error' }] },
    })
    expect(made.components.messages['a.b.request'].payload.properties).toMatchObject({ method: { const: 'a.b' }, params: { $ref: '#/components/schemas/a.b.params' } })
    expect(made.components.schemas['a.b.params'].properties).toEqual({ n: expect.objectContaining({ type: 'integer' }) })
  })

  it('says what is special about it', () => {
    const { operations } = describeSocket([method({ role: 'node', scope: null, needs: ['system'], hidden: true, elevate: () => null })], [], '1') as Data
    expect(operations['a.b']).toMatchObject({ 'x-role': 'node', 'x-scope': null, 'x-needs': ['system'], 'x-hidden': true, 'x-more-scope-for-some-params': true })
  })
})

describe('the document', () => {
  const document = JSON.parse(text) as Data

  it('has every method, the handshake among them, and every event', () => {
    const operations = Object.keys(document.operations)
    expect(operations).toEqual(expect.arrayContaining(['connect', ...METHODS.map(({ name }) => name), ...EVENTS.map(({ name }) => `event.${name}`)]))
    expect(operations).toHaveLength(METHODS.length + EVENTS.length + 1)
  })

  it('numbers events, except those that are directed at one connection', () => {
    const payloadOf = (name: string) => document.components.messages[`event.${name}`].payload.properties
    expect(payloadOf('chat').seq).toEqual({ type: 'integer', minimum: 1 })
    expect(payloadOf('connect.challenge').seq).toBeUndefined()
    expect(payloadOf('presence').stateVersion).toBeDefined()
  })

  it('has no fault that the parser of AsyncAPI knows', { timeout: 120_000 }, async () => {
    const names = Object.keys(document.operations)
    const pieces = Math.ceil(names.length / PIECE)
    for (let at = 0; at < pieces; at++) expect(await faultsOf(JSON.stringify(pieceOf(document, names.slice(at * PIECE, (at + 1) * PIECE))))).toEqual([])
  })

  it('would be refused with a fault', { timeout: 120_000 }, async () => {
    const small = describeSocket([method()], [], '1') as Data
    expect(await faultsOf(JSON.stringify(small))).toEqual([])
    small.operations['a.b'].messages = [{ $ref: '#/channels/gateway/messages/nothing' }]
    small.operations['a.b'].action = 'shout'
    expect((await faultsOf(JSON.stringify(small))).length).toBeGreaterThan(0)
  })
})
