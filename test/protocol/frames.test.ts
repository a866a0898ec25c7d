// Frames: what is decoded and what is answered, by examples and by a hundred thousand made-up frames in both dialects.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ERRORS, invalid, toShape } from '../../src/protocol/errors.ts'
import {
  decodeFrame,
  encodeError,
  encodeEventHead,
  encodeEventTail,
  encodeResult,
  type Decoded,
  type Dialect,
} from '../../src/protocol/frames.ts'
import { loadPublished } from '../harness/published.ts'

describe('decoding', () => {
  it('takes a typed request as it is', () => {
    const text = '{"type":"req","id":"1","method":"health","params":{"a":[1]},"traceparent":"00-x","expectedProfileId":"p"}'
    for (const dialect of [null, 'typed'] as const) {
      expect(decodeFrame(text, dialect)).toEqual({ kind: 'request', dialect: 'typed', request: { id: '1', method: 'health', params: { a: [1] } } })
    }
  })

  it('takes a plain request, with what is to be echoed', () => {
    for (const dialect of [null, 'plain'] as const) {
      expect(decodeFrame('{"id":"1","method":"health","params":null,"meta":{"trace":7}}', dialect)).toEqual({
        kind: 'request',
        dialect: 'plain',
        request: { id: '1', method: 'health', params: null, meta: { trace: 7 } },
      })
    }
  })

  it('hears the dialect from the first frame, and keeps to the one that is spoken', () => {
    expect(decodeFrame('{"id":"1","method":"health"}', null)).toMatchObject({ kind: 'request', dialect: 'plain' })
    expect(decodeFrame('{"id":"1","method":"health"}', 'typed')).toMatchObject({ kind: 'invalid', dialect: 'typed', id: '1' })
    expect(decodeFrame('{"type":"req","id":"1","method":"health"}', 'plain')).toMatchObject({ kind: 'invalid', dialect: 'plain', id: '1', isRequest: true })
    expect(decodeFrame('{"id":"1"}', null)).toMatchObject({ kind: 'invalid', dialect: 'typed' })
  })

  it('says what is wrong, and whom an answer can be addressed to', () => {
    const cases: readonly (readonly [text: string, id: string, message: string])[] = [
      ['{"id":"1","method":"m"}', '1', "invalid request frame: must have required property 'type'"],
      ['{"type":"req","id":"1"}', '1', "invalid request frame: must have required property 'method'"],
      ['{"type":"req","id":"","method":"m"}', 'invalid', 'invalid request frame: at /id: must not have fewer than 1 characters'],
      ['{"type":"req","id":5,"method":"m"}', 'invalid', 'invalid request frame: at /id: must be string'],
      ['{"type":"res","id":"1","method":"m"}', '1', 'invalid request frame: at /type: must be equal to constant'],
      ['{"type":"req","id":"1","method":"m","a":1}', '1', "invalid request frame: at root: unexpected property 'a'"],
      ['{"type":"req","id":"1","method":"m","traceparent":7}', '1', 'invalid request frame: at /traceparent: must be string'],
      ['[]', 'invalid', 'invalid request frame: must be object'],
      ['null', 'invalid', 'invalid request frame: must be object'],
      ['"req"', 'invalid', 'invalid request frame: must be object'],
    ]
    for (const [text, id, message] of cases) expect(decodeFrame(text, 'typed'), text).toMatchObject({ kind: 'invalid', id, message })
  })

  it('lets no dangerous key into a frame', () => {
    for (const key of ['__proto__', 'constructor', 'prototype']) {
      const decoded = decodeFrame(`{"type":"req","id":"1","method":"m","${key}":{"type":"req"}}`, 'typed')
      expect(decoded).toMatchObject({ kind: 'invalid', message: `invalid request frame: at root: unexpected property '${key}'` })
    }
    expect(decodeFrame('{"__proto__":{"type":"req","id":"1","method":"m"}}', 'typed')).toMatchObject({ kind: 'invalid', id: 'invalid', isRequest: false })
  })

  it('takes what is no JSON, or is nested too deep, for no frame at all', () => {
    const deep = (levels: number) => `{"type":"req","id":"1","method":"m","params":${'['.repeat(levels)}${']'.repeat(levels)}}`
    for (const text of ['', '{', 'x', '{"type":"req",}', deep(64), deep(100_000), '\u0000']) expect(decodeFrame(text, null)).toEqual({ kind: 'not-json' })
    expect(decodeFrame(deep(63), null)).toMatchObject({ kind: 'request' })
  })

  it('says what is wrong in a text that is not longer than a client can use, however much is wrong', () => {
    const many = Array.from({ length: 5_000 }, (_, index) => `"unexpected ${index}":0`).join(',')
    const long = `"${'x'.repeat(100_000)}":0`
    for (const members of [many, long]) {
      const decoded = decodeFrame(`{"type":"req","id":"1","method":"m",${members}}`, 'typed')
      expect(decoded.kind === 'invalid' && decoded.message.length).toBeLessThan(10_000)
    }
  })
})

describe('encoding', () => {
  const published = loadPublished()

  it('answers in the dialect of the request', () => {
    const request = { id: 'a"1', meta: { trace: 7 } }
    expect(JSON.parse(encodeResult('typed', request, '{"ok":true}'))).toEqual({ type: 'res', id: 'a"1', ok: true, payload: { ok: true } })
    expect(JSON.parse(encodeResult('plain', request, '[1]'))).toEqual({ id: 'a"1', ok: true, payload: [1], error: null, meta: { trace: 7 } })
    expect(JSON.parse(encodeResult('plain', { id: '1' }, 'null'))).toEqual({ id: '1', ok: true, payload: null, error: null })
    const error = { code: 'INVALID_REQUEST', message: 'no' }
    expect(JSON.parse(encodeError('typed', request, error))).toEqual({ type: 'res', id: 'a"1', ok: false, error })
    expect(JSON.parse(encodeError('plain', request, error))).toEqual({ id: 'a"1', ok: false, payload: null, error, meta: { trace: 7 } })
  })

  it('echoes a meta of null, which is not the same as none', () => {
    expect(JSON.parse(encodeResult('plain', { id: '1', meta: null }, '1'))).toHaveProperty('meta', null)
    expect(JSON.parse(encodeResult('plain', { id: '1', meta: undefined }, '1'))).not.toHaveProperty('meta')
  })

  it('makes events out of a head that is shared and an end of its own', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.jsonValue(), fc.option(fc.nat()), fc.option(fc.record({ presence: fc.nat(), health: fc.nat() })), (event, value, seq, version) => {
        const payload = JSON.stringify(value)
        const typed = encodeEventHead('typed', event, payload, version ?? undefined) + encodeEventTail('typed', seq)
        const frame = JSON.parse(typed) as Parameters<typeof published.check>[0]
        expect(frame).toEqual({ type: 'event', event, payload: JSON.parse(payload), ...(version && { stateVersion: version }), ...(seq !== null && { seq }) })
        const plain = encodeEventHead('plain', event, payload, version ?? undefined) + encodeEventTail('plain', seq)
        expect(JSON.parse(plain)).toEqual({ event, payload: JSON.parse(payload) })
        // eslint-disable-next-line no-control-regex
        expect(encodeEventTail('typed', seq)).toMatch(/^[\u0000-\u007f]*$/)
      }),
    )
  })

  it('makes answers that the published schema knows', () => {
    const results = ['{"a":1}', 'null', '[]'].map((payload) => encodeResult('typed', { id: '1' }, payload))
    const errors = (Object.keys(ERRORS) as (keyof typeof ERRORS)[]).map((code) => encodeError('typed', { id: '1' }, { code: ERRORS[code].wire, message: code }))
    for (const text of [...results, ...errors]) expect(published.check(JSON.parse(text) as Parameters<typeof published.check>[0])).toBeNull()
  })
})

// --- made-up frames ---

type Member = readonly [key: string, value: string]

const DANGEROUS = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty']
const KEYS = ['type', 'id', 'method', 'params', 'meta', 'traceparent', 'expectedProfileId', ...DANGEROUS]

const quoted = (text: fc.Arbitrary<string>) => text.map((value) => JSON.stringify(value))
const word = fc.oneof(fc.string({ maxLength: 8 }), fc.string({ maxLength: 6, unit: 'binary' }), fc.constantFrom('', 'req', 'connect', 'health', 'a"\\\u2028'))
const huge = fc.constantFrom(127, 128, 129, 2_000).map((length) => 'x'.repeat(length))
const depth = fc.oneof({ weight: 30, arbitrary: fc.integer({ min: 1, max: 80 }) }, { weight: 1, arbitrary: fc.constant(3_000) })

/** JSON text whose objects may have any key, twice and dangerous ones included. */
const json: fc.Arbitrary<string> = fc.letrec<{ value: string; object: string; list: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    { weight: 4, arbitrary: fc.constantFrom('null', 'true', 'false', '0', '-0', '1e400', '-1.5e-7', '9007199254740993', '""', '"\\ud800"', '{}', '[]') },
    { weight: 2, arbitrary: quoted(word) },
    { weight: 1, arbitrary: tie('object') },
    { weight: 1, arbitrary: tie('list') },
  ),
  object: fc.array(fc.tuple(fc.oneof(fc.constantFrom(...KEYS), word), tie('value')), { maxLength: 3 }).map(toText),
  list: fc.array(tie('value'), { maxLength: 3 }).map((items) => `[${items.join(',')}]`),
})).value

const deep = fc.tuple(depth, fc.boolean()).map(([levels, isList]) => (isList ? '['.repeat(levels) + ']'.repeat(levels) : '{"a":'.repeat(levels) + '1' + '}'.repeat(levels)))
const content = fc.oneof({ weight: 30, arbitrary: json }, { weight: 1, arbitrary: deep })
const name = quoted(fc.oneof({ weight: 8, arbitrary: fc.string({ minLength: 1, maxLength: 8 }) }, { weight: 3, arbitrary: word }, { weight: 1, arbitrary: huge }))

function toText(members: readonly Member[]): string {
  return `{${members.map(([key, value]) => `${JSON.stringify(key)}:${value}`).join(',')}}`
}

const optional = (key: string, value: fc.Arbitrary<string>) => fc.option(value.map((text): Member => [key, text]), { freq: 2 })
const member = (key: string, value: fc.Arbitrary<string>) => value.map((text): Member => [key, text])
const isMember = (each: Member | null): each is Member => each !== null

const typedMembers = fc
  .tuple(fc.constant<Member>(['type', '"req"']), member('id', name), member('method', name), optional('params', content), optional('traceparent', name))
  .map((members) => members.filter(isMember))
const plainMembers = fc
  .tuple(member('id', name), member('method', name), optional('params', content), optional('meta', content))
  .map((members) => members.filter(isMember))
const members = fc.oneof(typedMembers, plainMembers)

const mutation = fc.record({
  at: fc.nat(),
  kind: fc.constantFrom('drop', 'replace', 'add', 'repeat', 'rename'),
  key: fc.oneof(fc.constantFrom(...KEYS), word),
  value: content,
})

const mutated = fc.tuple(members, fc.array(mutation, { minLength: 1, maxLength: 2 })).map(([given, mutations]) => {
  const list: Member[] = [...given]
  for (const { at, kind, key, value } of mutations) {
    const index = at % Math.max(1, list.length)
    const known = list[index] ?? [key, value]
    if (kind === 'drop') list.splice(index, 1)
    else if (kind === 'replace') list.splice(index, 1, [known[0], value])
    else if (kind === 'rename') list.splice(index, 1, [key, known[1]])
    else list.splice(index, 0, [kind === 'repeat' ? known[0] : key, value])
  }
  return toText(list)
})

const broken = fc.tuple(members, fc.nat(), fc.string({ maxLength: 2 }), fc.nat({ max: 3 })).map(([given, position, more, less]) => {
  const text = toText(given)
  const at = position % text.length
  return text.slice(0, at) + more + text.slice(at + less)
})

const frame = fc.oneof(
  { weight: 5, arbitrary: members.map(toText) },
  { weight: 6, arbitrary: mutated },
  { weight: 2, arbitrary: broken },
  { weight: 2, arbitrary: json },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 20 }) },
  { weight: 1, arbitrary: deep },
)

// --- what a frame is, said a second time and without a schema ---

type Expected = { kind: 'not-json' } | { kind: 'invalid'; dialect: Dialect } | { kind: 'request'; dialect: Dialect }

const ALLOWED = { typed: ['type', 'id', 'method', 'params', 'traceparent', 'expectedProfileId'], plain: ['id', 'method', 'params', 'meta'] }

function expectedOf(text: string, dialect: Dialect | null): Expected {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return { kind: 'not-json' }
  }
  if (text.length > 128 && levelsOf(value) > 64) return { kind: 'not-json' }
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  const own = new Map(isObject ? Object.entries(value as object) : [])
  const isPlain = dialect === null ? own.has('id') && own.has('method') && !own.has('type') : dialect === 'plain'
  const spoken = isPlain ? 'plain' : 'typed'
  const isText = (key: string, min: number, max: number) => typeof own.get(key) === 'string' && (own.get(key) as string).length >= min && (own.get(key) as string).length <= max
  const fits =
    isObject &&
    [...own.keys()].every((key) => ALLOWED[spoken].includes(key)) &&
    isText('id', 1, Infinity) &&
    isText('method', 1, Infinity) &&
    (spoken === 'plain' || own.get('type') === 'req') &&
    (!own.has('traceparent') || isText('traceparent', 0, 128)) &&
    (!own.has('expectedProfileId') || isText('expectedProfileId', 0, Infinity))
  return { kind: fits ? 'request' : 'invalid', dialect: spoken }
}

function levelsOf(value: unknown): number {
  let levels = 0
  let layer: unknown[] = [value]
  while ((layer = layer.filter((each) => typeof each === 'object' && each !== null)).length > 0) {
    levels++
    layer = layer.flatMap((each) => Object.values(each as object))
  }
  return levels
}

const CODES: ReadonlySet<string> = new Set(Object.values(ERRORS).map((kind) => kind.wire))

/** Whether `text` is JSON that comes back the same when it is read and written again. */
const roundTrips = (text: string) => JSON.stringify(JSON.parse(text)) === text

/** What is wrong with how a frame was taken, or null. (An `expect` per detail would take longer than what is tested.) */
function faultOf(text: string, decoded: Decoded, expected: Expected): string | null {
  if (decoded.kind !== expected.kind) return `taken as ${decoded.kind}, but it is ${expected.kind}`
  if (decoded.kind === 'not-json' || expected.kind === 'not-json') return null
  if (decoded.dialect !== expected.dialect) return `heard as ${decoded.dialect}`
  const value = JSON.parse(text) as Record<string, unknown> | null
  if (decoded.kind === 'request') {
    const { id, method, params, meta } = decoded.request
    if (id !== value!['id'] || method !== value!['method']) return 'the id or the method is another'
    if (JSON.stringify(params) !== JSON.stringify(value!['params'])) return 'the params are others'
    if (decoded.dialect === 'typed' && 'meta' in decoded.request) return 'a typed request has meta'
    if (decoded.dialect === 'plain' && JSON.stringify(meta) !== JSON.stringify(value!['meta'])) return 'the meta is another'
    const result = encodeResult(decoded.dialect, decoded.request, JSON.stringify(params ?? null))
    const { id: answered, ok } = JSON.parse(result) as { id: string; ok: boolean }
    if (!roundTrips(result) || answered !== id || !ok) return `bad result ${result}`
    const error = encodeError(decoded.dialect, decoded.request, toShape(invalid(method)))
    return roundTrips(error) ? null : `bad error ${error}`
  }
  const given = value?.['id']
  const id = typeof given === 'string' && given !== '' && Object.hasOwn(value!, 'id') ? given : 'invalid'
  const shape = toShape(invalid(decoded.message))
  const answer = encodeError(decoded.dialect, decoded, shape)
  const read = JSON.parse(answer) as { id: string; ok: boolean; error: { code: string; message: string } }
  if (decoded.id !== id || read.id !== id) return `answered to ${decoded.id} instead of ${id}`
  if (!roundTrips(answer) || read.ok) return `bad answer ${answer}`
  if (!CODES.has(read.error.code)) return `unknown code ${read.error.code}`
  if (!/^invalid request frame: ./.test(read.error.message)) return `says nothing: ${read.error.message}`
  return null
}

const FRAMES = 100_000

describe('any frame', () => {
  it(`R15 of ${FRAMES} is decoded without a throw as what it is, and its answer is JSON with a known code`, () => {
    const seen = new Map<string, number>()
    fc.assert(
      fc.property(frame, fc.constantFrom<Dialect | null>(null, 'typed', 'plain'), (text, dialect) => {
        const decoded = decodeFrame(text, dialect)
        const kind = decoded.kind === 'not-json' ? decoded.kind : `${decoded.kind} ${decoded.dialect}`
        seen.set(kind, (seen.get(kind) ?? 0) + 1)
        const fault = faultOf(text, decoded, expectedOf(text, dialect))
        if (fault !== null) throw new Error(fault)
      }),
      { numRuns: FRAMES },
    )
    // The frames were of every kind, and many of each.
    for (const kind of ['not-json', 'invalid typed', 'invalid plain', 'request typed', 'request plain']) {
      expect(seen.get(kind), kind).toBeGreaterThan(FRAMES / 50)
    }
    expect(Object.hasOwn(Object.prototype, 'a')).toBe(false)
  })
})
