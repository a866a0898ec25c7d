// Garbage in, error out: whatever is sent to a method, a path or a port, the answer is a documented one, nothing breaks,
// and whoever comes next is served.

import { connect as connectSocket } from 'node:net'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as z from 'zod'
import { ROUTES } from '../../src/http/routes.ts'
import { METHODS } from '../../src/methods/all.gen.ts'
import { ERRORS } from '../../src/protocol/errors.ts'
import type { Client, Data } from '../harness/client.ts'
import { settled } from '../harness/clock.ts'
import { join } from '../harness/peer.ts'
import { startGateway, TOKEN, type Started } from '../harness/platform.ts'
import { serve, type Served } from '../harness/serve.ts'
import { connect } from '../harness/ws.ts'

const WIRE_CODES = new Set<string>(Object.values(ERRORS).map(({ wire }) => wire))
const BATCH = 50

/** What escapes: a promise that nobody looks at. */
const escaped: unknown[] = []
const onEscape = (error: unknown) => void escaped.push(error)
beforeAll(() => void process.on('unhandledRejection', onEscape))
afterAll(() => {
  process.off('unhandledRejection', onEscape)
  expect(escaped).toEqual([])
})

const strange = fc.constantFrom<unknown>('', ' ', 'main', 'agent:main:main', 'agent:nobody:x', '__proto__', '../../etc/passwd', '\u0000', '\ud800', 'x'.repeat(5000), 0, -1, 1e308, 2 ** 53, null, true, [], {}, [[]], { a: { b: {} } })
const value = fc.oneof({ weight: 2, arbitrary: strange }, { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }) })

/** Words that mean something somewhere: what is refused for its form alone does not get far. */
const word = fc.constantFrom('main', 'agent:main:main', 'agent:main:x', 'x', 'openclaw', 'builtin/operator', '2030-01-01T00:00:00Z', '* * * * *', 'key', '00000000-0000-4000-8000-000000000000')

type Schema = Readonly<Record<string, Data>>

/** Mostly what the schema of a method, or of a body, asks for; and anything at all in any place of it. */
function given(schema: Schema, depth = 0): fc.Arbitrary<unknown> {
  const fitting = depth > 4 ? fc.constant(null) : fittingTo(schema, depth)
  return fc.oneof({ weight: 12, arbitrary: fitting }, { weight: 1, arbitrary: value })
}

function fittingTo(schema: Schema, depth: number): fc.Arbitrary<unknown> {
  const choices = schema['anyOf'] ?? schema['oneOf']
  if (choices) return fc.oneof(...(choices as Schema[]).map((each) => given(each, depth + 1)))
  if ('const' in schema) return fc.constant(schema['const'])
  if (schema['enum']) return fc.constantFrom(...(schema['enum'] as unknown[]))
  switch (schema['type']) {
    case 'string':
      return word
    case 'integer':
    case 'number':
      return fc.constantFrom(0, 1, 2, 50, 1000, 60_000, 1.5, -1)
    case 'boolean':
      return fc.boolean()
    case 'array':
      return fc.array(given((schema['items'] as Schema | undefined) ?? {}, depth + 1), { maxLength: 3 })
    case 'object':
      return objectOf(schema, depth)
    default:
      return value
  }
}

function objectOf({ properties = {}, required = [] }: Schema, depth: number): fc.Arbitrary<unknown> {
  const known = Object.entries(properties as Record<string, Schema>).map(([name, each]) => [name, given(each, depth + 1)] as const)
  const whole = fc.record(Object.fromEntries(known), { requiredKeys: required as string[] })
  return fc.oneof({ weight: 15, arbitrary: whole }, { weight: 1, arbitrary: fc.dictionary(fc.constantFrom('extra', 'constructor', 'key', 'id'), value, { maxKeys: 3 }) })
}

const paramsOf = (schema: z.ZodType) => given(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Schema)

describe('R15 on the socket', () => {
  const REQUESTS = 2500

  it(`R15 ${REQUESTS} requests with garbage for params get results and documented errors`, async () => {
    const { gateway, clock, platform }: Started = await startGateway({ config: { agents: { defaults: { model: 'builtin/operator' } } } })
    const methods = await Promise.all(METHODS.map(async (listed) => ({ name: listed.name, params: paramsOf((await listed.load()).params) })))
    const request = fc.constantFrom(...methods).chain(({ name, params }) => params.map((given) => ({ method: name, params: given })))
    const codes = new Map<string, number>()
    let client: Client
    const ask = async (requests: readonly { method: string; params: unknown }[]) => {
      client = (await join(gateway)).client
      for (const [n, each] of requests.entries()) client.send({ type: 'req', id: `g${n}`, ...each })
      await settled()
      await clock.advance(0)
      for (const { id, ok, error } of client.frames) {
        if (!id?.startsWith('g')) continue
        const code = ok ? 'ok' : error!.code
        codes.set(code, (codes.get(code) ?? 0) + 1)
        if (!ok) expect(WIRE_CODES, code).toContain(code)
        if (code === 'INTERNAL') throw new Error(`${JSON.stringify(requests[Number(id.slice(1))])}: ${JSON.stringify(platform.logged.filter(({ level }) => level === 'error').at(-1))}`)
      }
      client.close()
    }
    await fc.assert(fc.asyncProperty(fc.array(request, { minLength: BATCH, maxLength: BATCH }), ask), { numRuns: REQUESTS / BATCH, endOnFailure: true })
    expect([...codes.values()].reduce((sum, count) => sum + count)).toBeGreaterThan(REQUESTS * 0.9)
    expect((await (await join(gateway)).client.request('health')).ok).toBe(true)
  })
})

describe('R15 over HTTP', () => {
  const REQUESTS = 1500

  it(`R15 ${REQUESTS} requests with garbage for bodies and headers are answered, and never with 500`, async () => {
    const { gateway, platform } = await startGateway({ config: { agents: { defaults: { model: 'builtin/operator' } }, hooks: { enabled: true, token: 'of-the-hooks' } } })
    const header = fc.constantFrom('content-type', 'x-openclaw-session-key', 'x-openclaw-agent-id', 'x-openclaw-model', 'x-openclaw-scopes', 'traceparent', 'origin', 'accept', 'range', 'if-none-match', 'content-length')
    const headerValue = fc.oneof(fc.constantFrom('', ':', 'application/json', 'text/plain', 'multipart/form-data; boundary=x', 'null', '99999999999', '%00', 'agent:main:x'), fc.string({ maxLength: 30 }))
    const route = fc.constantFrom(...ROUTES)
    const body = fc.oneof(fc.jsonValue({ maxDepth: 4 }).map((json) => JSON.stringify(json)), fc.string(), fc.uint8Array({ maxLength: 200 }))
    const request = route.chain(({ verb, path, body: contents }) => {
      const shape = Object.values(contents ?? {}).find((content) => content instanceof z.ZodType)
      const own = shape ? fc.oneof({ weight: 4, arbitrary: paramsOf(shape).map((json) => JSON.stringify(json) ?? '') }, { weight: 1, arbitrary: body }) : body
      const piece = fc.constantFrom('x', '..', '%2e%2e', '%00', '%ff', 'a'.repeat(300), '')
      return fc.record({ verb: fc.oneof({ weight: 5, arbitrary: fc.constant<string>(verb) }, { weight: 1, arbitrary: fc.constantFrom('GET', 'POST', 'PUT', 'OPTIONS') }), piece, path: fc.constant(path), body: own, headers: fc.dictionary(header, headerValue, { maxKeys: 3 }), isKnown: fc.integer({ min: 0, max: 4 }).map((n) => n > 0) })
    })
    const statuses = new Map<number, number>()
    await fc.assert(
      fc.asyncProperty(request, async ({ verb, path, piece, body: content, headers, isKnown }) => {
        const url = `http://127.0.0.1:18789${path.replace(/[:*][\w{}.+*]*/g, piece)}`
        const init = { method: verb, headers: new Headers(toHeaders(headers, isKnown)), ...(verb !== 'GET' && { body: content }) }
        const response = await gateway.fetch(new Request(url, init as RequestInit), { remoteAddress: '127.0.0.1' })
        statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1)
        const failed = platform.logged.filter(({ message }) => message === 'an HTTP request failed')
        expect(response.status, `${verb} ${url} ${JSON.stringify(failed)}`).not.toBe(500)
        await response.body?.cancel()
      }),
      { numRuns: REQUESTS, endOnFailure: true },
    )
    expect(statuses.get(400), 'garbage was refused').toBeGreaterThan(50)
    expect(statuses.get(200), 'and some of it is none').toBeGreaterThan(50)
  })

  function toHeaders(headers: Record<string, string>, isKnown: boolean): [string, string][] {
    const sendable = Object.entries({ 'content-type': 'application/json', ...headers }).filter(([, text]) => /^[\x20-\x7e]*$/.test(text))
    return isKnown ? [...sendable, ['authorization', `Bearer ${TOKEN}`]] : sendable
  }
})

describe('R15 on the port', () => {
  const HANDSHAKES = 200
  const CONNECTIONS = 100
  let served: Served
  beforeAll(async () => {
    served = await serve()
  })
  afterAll(() => served.close()) // which throws what the server could not handle

  /** Sends bytes as they are, and returns all that comes until the other end closes, or says no more for a while. */
  function exchange(...pieces: readonly (string | Uint8Array)[]): Promise<{ text: string; isClosed: boolean }> {
    const socket = connectSocket(Number(new URL(served.url).port), '127.0.0.1')
    const { promise, resolve } = Promise.withResolvers<{ text: string; isClosed: boolean }>()
    let text = ''
    const end = (isClosed: boolean) => {
      socket.destroy()
      resolve({ text, isClosed })
    }
    socket.setTimeout(PATIENCE_MS, () => end(false))
    socket.on('data', (piece) => (text += piece.toString('latin1'))).on('error', () => end(true)).on('close', () => end(true))
    for (const piece of pieces) socket.write(piece)
    return promise
  }

  const KEY = 'dGhlIHNhbXBsZSBub25jZQ=='
  const upgrade = (lines: Record<string, string | null> = {}, first = 'GET / HTTP/1.1') => {
    const headers = { host: '127.0.0.1', upgrade: 'websocket', connection: 'Upgrade', 'sec-websocket-key': KEY, 'sec-websocket-version': '13', ...lines }
    return [first, ...Object.entries(headers).flatMap(([name, text]) => (text === null ? [] : [`${name}: ${text}`])), '', ''].join('\r\n')
  }

  it(`R15 ${HANDSHAKES} handshakes that RFC 6455 forbids are refused, and the next client is let in`, async () => {
    const part = fc.constantFrom<[string, string | null]>(
      ['sec-websocket-key', null],
      ['sec-websocket-key', ''],
      ['sec-websocket-key', 'too short'],
      ['sec-websocket-key', `${KEY}${KEY}`],
      ['sec-websocket-version', null],
      ['sec-websocket-version', '7'],
      ['sec-websocket-version', '13, 8'],
      ['upgrade', 'h2c'],
      ['upgrade', 'websocket2'],
    )
    const first = fc.constantFrom('GET / HTTP/1.1', 'POST / HTTP/1.1', 'GET / HTTP/1.0', 'GET /%ff HTTP/1.1', `GET /${'a'.repeat(3000)} HTTP/1.1`)
    const noise = fc.string({ maxLength: 20 }).map((text) => encodeURIComponent(text))
    const handshake = fc.oneof(
      { weight: 4, arbitrary: fc.tuple(part, first, noise).map(([[name, text], line, more]) => upgrade({ [name]: text, 'x-more': more }, line)) },
      { weight: 1, arbitrary: fc.uint8Array({ minLength: 1, maxLength: 300 }).map((bytes) => `${Buffer.from(bytes).toString('latin1')}\r\n\r\n`) },
    )
    for (const chunk of inTens(fc.sample(handshake, HANDSHAKES))) {
      const answers = await Promise.all(chunk.map(async (text) => ({ text, answer: await exchange(text) })))
      for (const { text, answer } of answers) expect(answer.text, JSON.stringify(text)).not.toMatch(/^HTTP\/1\.1 (101|5)/)
    }
    expect((await connect(served.url, { token: TOKEN })).hello.protocol).toBe(4)
  })

  /** A frame of a client: its first two bytes as given, then whatever. */
  const frame = (opcode: number, length: number, isMasked: boolean, rest: Uint8Array) =>
    Buffer.concat([Uint8Array.of(opcode, (isMasked ? 0x80 : 0) | length), ...(isMasked ? [Uint8Array.of(0, 0, 0, 0)] : []), rest])

  it(`R15 ${CONNECTIONS} connections that break the rules of frames are closed, and the others go on`, async () => {
    const { client: other } = await connect(served.url, { token: TOKEN })
    const bytes = fc.uint8Array({ minLength: 0, maxLength: 125 })
    const broken = fc.oneof(
      bytes.map((rest) => frame(0x81, rest.length, false, rest)), // not masked
      fc.constantFrom(0xc1, 0xa1, 0x91).map((opcode) => frame(opcode, 1, true, Buffer.from('x'))), // reserved bits
      fc.constantFrom(0x83, 0x87, 0x8b, 0x8f).map((opcode) => frame(opcode, 1, true, Buffer.from('x'))), // reserved kinds
      fc.constantFrom(0x09, 0x08).map((opcode) => frame(opcode, 1, true, Buffer.from('x'))), // control in pieces
      fc.constantFrom(0x80, 0x00).map((opcode) => frame(opcode, 1, true, Buffer.from('x'))), // goes on with nothing
      fc.constant(frame(0x89, 126, true, Buffer.alloc(126))), // a ping that is too long
      fc.constant(frame(0x81, 2, true, Uint8Array.of(0xc3, 0x28))), // no UTF-8
      fc.constantFrom(0, 999, 1005, 1006, 2999, 65_535).map((code) => frame(0x88, 2, true, Uint8Array.of(code >> 8, code & 0xff))), // codes that cannot be
      fc.constant(frame(0x81, 127, true, Buffer.from('ffffffffffffffff', 'hex'))), // a length that cannot be
    )
    for (const chunk of inTens(fc.sample(broken, CONNECTIONS))) {
      const answers = await Promise.all(chunk.map(async (sent) => ({ sent, answer: await exchange(upgrade(), sent) })))
      for (const { sent, answer } of answers) expect({ isUpgraded: answer.text.startsWith('HTTP/1.1 101'), isClosed: answer.isClosed }, sent.toString('hex')).toEqual({ isUpgraded: true, isClosed: true })
    }
    expect(await other.call('health')).toMatchObject({ ok: true })
    other.close()
  })
})

const PATIENCE_MS = 1000

const inTens = <T>(all: readonly T[]): T[][] => Array.from({ length: Math.ceil(all.length / 10) }, (_, n) => all.slice(n * 10, n * 10 + 10))
