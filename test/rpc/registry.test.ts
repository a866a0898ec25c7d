// The method engine: the order in which a call is looked at, what a handler gets, and what leaves it.

import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { serialize } from '../../src/kit/json.ts'
import { GatewayError } from '../../src/protocol/errors.ts'
import { expandScopes, type Principal, type Role, type Scope } from '../../src/protocol/scopes.ts'
import type { Host } from '../../src/ports/host.ts'
import { defineMethod, toListed, type AnyMethod, type Call, type ListedMethod } from '../../src/rpc/method.ts'
import { createRegistry } from '../../src/rpc/registry.ts'
import type { Services } from '../../src/services/services.ts'
import { foundation } from '../harness/foundation.ts'

const ABLE: Host = { loopback: true, tell: () => {} }

/** A definition that says what it was called with; parts of it are replaced. */
const method = (changes: Partial<AnyMethod> = {}) =>
  defineMethod({
    name: 'test.method',
    scope: 'operator.read',
    summary: 'A method of the tests.',
    params: z.strictObject({ n: z.int() }),
    result: z.unknown(),
    uses: [],
    handler: (params) => ({ called: params }),
    ...changes,
  } as AnyMethod) as AnyMethod

const create = (methods: readonly AnyMethod[], host: Host = {}) => createFrom(methods.map(toListed), host)

function createFrom(methods: readonly ListedMethod[], host: Host = {}) {
  const { clock, bus, commit, log } = foundation()
  const registry = createRegistry(methods, { clock, bus, commit } as unknown as Services, host)
  const callAs = (role: Role, scopes: readonly Scope[]): Call => ({
    caller: { id: 'someone', role, scopes: expandScopes(scopes) },
    connection: null,
    signal: new AbortController().signal,
    log,
    interim: () => {},
  })
  /** The result, or what the refusal says. */
  async function dispatch(name: string, params: unknown, role: Role = 'operator', scopes: readonly Scope[] = ['operator.admin']): Promise<unknown> {
    try {
      return JSON.parse(await registry.dispatch(name, params, callAs(role, scopes)))
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error
      return { code: error.code, message: error.message, ...error.options }
    }
  }
  return { registry, clock, callAs, dispatch }
}

describe('registering', () => {
  it('refuses two methods of one name', () => {
    expect(() => create([method(), method()])).toThrow('the method "test.method" is defined twice')
    expect(() => create([method(), method({ hidden: true })])).toThrow('defined twice')
  })

  it('advertises what is served here, in the order of registration', () => {
    const methods = [
      method({ name: 'b' }),
      method({ name: 'hidden', hidden: true }),
      method({ name: 'unable', needs: ['loopback', 'system'] }),
      method({ name: 'able', needs: ['loopback'] }),
      method({ name: 'a' }),
    ]
    expect(create(methods, ABLE).registry.advertised).toEqual(['b', 'able', 'a'])
    expect(create(methods).registry.advertised).toEqual(['b', 'a'])
  })
})

describe('a call', () => {
  it('is answered with JSON', async () => {
    const { dispatch } = create([method()])
    expect(await dispatch('test.method', { n: 1 })).toEqual({ called: { n: 1 } })
  })

  it('without params is one with none', async () => {
    const { dispatch } = create([method({ params: z.strictObject({ n: z.int().default(7) }) })])
    for (const params of [undefined, null, {}]) expect(await dispatch('test.method', params)).toEqual({ called: { n: 7 } })
  })

  it('of a method whose file is gone says what to do', async () => {
    const listed = { ...toListed(method()), load: async () => Promise.reject(new Error('ENOENT')) }
    const { dispatch } = createFrom([listed])
    expect(await dispatch('test.method', { n: 1 })).toMatchObject({ code: 'UNAVAILABLE', retryable: true, message: expect.stringContaining('restart the gateway') })
  })

  it('of a hidden method is answered', async () => {
    const { dispatch } = create([method({ hidden: true })])
    expect(await dispatch('test.method', { n: 1 })).toEqual({ called: { n: 1 } })
  })

  it('gets its answer later, too', async () => {
    const { dispatch } = create([method({ handler: async () => 5 })])
    expect(await dispatch('test.method', { n: 1 })).toBe(5)
  })

  it.each(['', 'no.such.method', 'toString', '__proto__', 'TEST.METHOD', ' test.method'])('of %j is refused: there is none', async (name) => {
    const { dispatch } = create([method()])
    expect(await dispatch(name, {})).toEqual({ code: 'INVALID_REQUEST', message: `unknown method: ${name}` })
  })

  it('repeats no more than the beginning of a long name', async () => {
    const { dispatch } = create([])
    expect(await dispatch('x'.repeat(10_000), {})).toMatchObject({ message: `unknown method: ${'x'.repeat(200)}` })
  })
})

describe('the order', () => {
  const ELEVATED = { scope: 'operator.read' as const, elevate: (params: unknown) => ((params as { n: number }).n > 5 ? ('operator.admin' as const) : null) }
  const wrong = { code: 'INVALID_REQUEST', message: 'invalid test.method params: at /n: must be integer' }
  const missing = (scope: Scope) => ({
    code: 'FORBIDDEN',
    message: `missing scope: ${scope}`,
    details: { code: 'MISSING_SCOPE', missingScope: scope, requiredScopes: [scope] },
  })

  it('is: the role', async () => {
    const { dispatch } = create([method({ needs: ['system'] })])
    const denied = { code: 'INVALID_REQUEST', message: 'unauthorized role: node' }
    expect(await dispatch('test.method', { n: 'wrong' }, 'node', [])).toEqual(denied)
    expect(await dispatch('no.such.method', {}, 'node', [])).toEqual(denied) // a node cannot find out what there is
  })

  it('then: the scope', async () => {
    const { dispatch } = create([method({ ...ELEVATED, needs: ['system'] })])
    expect(await dispatch('test.method', { n: 'wrong' }, 'operator', ['operator.approvals'])).toEqual(missing('operator.read'))
    expect(await dispatch('test.method', { n: 'wrong' }, 'operator', [])).toEqual(missing('operator.read'))
  })

  it('then: what the runtime must be able to do', async () => {
    const { dispatch } = create([method({ ...ELEVATED, needs: ['loopback', 'system', 'secrets'] })], ABLE)
    expect(await dispatch('test.method', { n: 'wrong' }, 'operator', ['operator.read'])).toEqual({
      code: 'UNAVAILABLE',
      message: 'test.method cannot be served here: this runtime has no system, secrets',
      retryable: false,
      details: { code: 'ABILITY_MISSING', missing: ['system', 'secrets'] },
    })
  })

  it('then: the params', async () => {
    const { dispatch } = create([method(ELEVATED)])
    expect(await dispatch('test.method', { n: 5.5 }, 'operator', ['operator.read'])).toEqual(wrong)
    expect(await dispatch('test.method', { n: 1, more: 1 }, 'operator', ['operator.read'])).toMatchObject({
      message: "invalid test.method params: at root: unexpected property 'more'",
    })
    expect(await dispatch('test.method', null, 'operator', ['operator.read'])).toMatchObject({
      message: "invalid test.method params: must have required property 'n'",
    })
    expect(await dispatch('test.method', [1], 'operator', ['operator.read'])).toMatchObject({ message: 'invalid test.method params: must be object' })
  })

  it('then: what these params need', async () => {
    const { dispatch } = create([method(ELEVATED)])
    expect(await dispatch('test.method', { n: 6 }, 'operator', ['operator.write'])).toEqual(missing('operator.admin'))
    expect(await dispatch('test.method', { n: 5 }, 'operator', ['operator.read'])).toEqual({ called: { n: 5 } })
    expect(await dispatch('test.method', { n: 6 }, 'operator', ['operator.admin'])).toEqual({ called: { n: 6 } })
  })

  it('calls no handler before all of them', async () => {
    let called = 0
    const handler = () => ++called
    const { dispatch } = create([
      method({ ...ELEVATED, handler }),
      method({ name: 'unable', needs: ['system'], handler }),
    ])
    await dispatch('test.method', { n: 1 }, 'node', [])
    await dispatch('test.method', { n: 1 }, 'operator', [])
    await dispatch('test.method', { n: '1' })
    await dispatch('test.method', { n: 6 }, 'operator', ['operator.read'])
    await dispatch('unable', { n: 1 })
    expect(called).toBe(0)
  })
})

describe('roles', () => {
  it.each([
    ['operator', undefined, true],
    ['node', undefined, false],
    ['operator', 'operator', true],
    ['node', 'node', true],
    ['operator', 'node', false],
    ['node', 'any', true],
    ['operator', 'any', true],
  ] as const)('%s calls a method of %s: %s', async (role, owner, may) => {
    const { dispatch } = create([method(owner === undefined ? {} : { role: owner })])
    const answer = await dispatch('test.method', { n: 1 }, role, role === 'operator' ? ['operator.read'] : [])
    expect(answer).toEqual(may ? { called: { n: 1 } } : { code: 'INVALID_REQUEST', message: `unauthorized role: ${role}` })
  })

  it('without a scope is anybody of the role', async () => {
    const { dispatch } = create([method({ scope: null })])
    expect(await dispatch('test.method', { n: 1 }, 'operator', [])).toEqual({ called: { n: 1 } })
  })

  it('asks no scope of a node', async () => {
    const { dispatch } = create([method({ role: 'any', scope: 'operator.admin' })])
    expect(await dispatch('test.method', { n: 1 }, 'node', [])).toEqual({ called: { n: 1 } })
  })
})

describe('a key', () => {
  it('that has ended calls nothing, even on a socket that is older than its end', async () => {
    const { clock, log } = foundation()
    const ended = new Set<string>()
    const keyLimiter = {
      assertLive({ key }: Principal) {
        if (ended.has(key!.id)) throw new GatewayError('UNAUTHORIZED', 'this key has ended')
      },
    }
    const registry = createRegistry([toListed(method())], { clock, keyLimiter } as unknown as Services, {})
    const caller: Principal = { id: 'key:k', role: 'operator', scopes: expandScopes(['operator.read']), key: { id: 'k' } }
    const call: Call = { caller, connection: null, signal: new AbortController().signal, log, interim: () => {} }
    expect(await registry.dispatch('test.method', { n: 1 }, call)).toBe('{"called":{"n":1}}')
    ended.add('k')
    await expect(registry.dispatch('test.method', { n: 1 }, call)).rejects.toThrow('this key has ended')
  })
})

describe('a handler', () => {
  it('gets the services that it named, the call, and nothing else', async () => {
    let got: object = {}
    const { registry, callAs, clock } = create([
      method({
        uses: ['clock'],
        handler(_, use) {
          got = use
          return 1
        },
      }),
    ])
    const call = callAs('operator', ['operator.read'])
    await registry.dispatch('test.method', { n: 1 }, call)
    expect(Object.keys(got).toSorted()).toEqual(['caller', 'clock', 'connection', 'interim', 'log', 'signal'])
    expect(got).toMatchObject({ caller: call.caller, connection: null })
    expect((got as { clock: unknown }).clock).toBe(clock)
    expect((got as Call).signal).toBe(call.signal)
  })

  it('gets params as the schema made them', async () => {
    const { dispatch } = create([method({ params: z.object({ name: z.string().trim(), limit: z.int().default(10) }) })])
    expect(await dispatch('test.method', { name: ' a ', more: 1 })).toEqual({ called: { name: 'a', limit: 10 } })
  })

  it('that fails, fails the call as it failed', async () => {
    const refusal = new GatewayError('NOT_FOUND', 'no such thing')
    const failure = new Error('broken')
    const { registry, callAs } = create([
      method({ name: 'refuses', handler: () => Promise.reject(refusal) }),
      method({
        name: 'breaks',
        handler: () => {
          throw failure
        },
      }),
    ])
    await expect(registry.dispatch('refuses', { n: 1 }, callAs('operator', ['operator.read']))).rejects.toBe(refusal)
    await expect(registry.dispatch('breaks', { n: 1 }, callAs('operator', ['operator.read']))).rejects.toBe(failure)
  })
})

describe('a result', () => {
  const answering = (result: z.ZodType, value: unknown) => create([method({ result, handler: () => value as never })])

  it('carries what was declared, at every depth', async () => {
    const result = z.object({ id: z.string(), rows: z.array(z.object({ name: z.string() })) })
    const { dispatch } = answering(result, { id: 'a', secret: 's', rows: [{ name: 'b', secret: 's' }] })
    expect(await dispatch('test.method', { n: 1 })).toEqual({ id: 'a', rows: [{ name: 'b' }] })
  })

  it('that is not what was declared does not leave', async () => {
    for (const [schema, value] of [
      [z.strictObject({ id: z.string() }), { id: 'a', secret: 's' }],
      [z.object({ id: z.string() }), { secret: 's' }],
      [z.array(z.string()), 'secret'],
    ] as const) {
      const { registry, callAs } = answering(schema, value)
      const failure: unknown = await registry.dispatch('test.method', { n: 1 }, callAs('operator', ['operator.read'])).catch((error: unknown) => error)
      expect(failure).toBeInstanceOf(z.core.$ZodError)
      expect(failure).not.toBeInstanceOf(GatewayError)
    }
  })

  it('is sent as its schema makes it', async () => {
    const { dispatch } = answering(z.object({ at: z.date().transform((date) => date.getTime()) }), { at: new Date(5) })
    expect(await dispatch('test.method', { n: 1 })).toEqual({ at: 5 })
  })

  it('that is serialised already goes out as it is', async () => {
    const { registry, callAs } = create([method({ result: z.strictObject({ n: z.number() }), handler: () => serialize({ n: 1 }) })])
    expect(await registry.dispatch('test.method', { n: 1 }, callAs('operator', ['operator.read']))).toBe('{"n":1}')
  })

  it('is JSON, also when there is nothing to say', async () => {
    const { dispatch } = answering(z.unknown(), undefined)
    expect(await dispatch('test.method', { n: 1 })).toBeNull()
  })
})

it('loads a method when it is first called, and once', async () => {
  const { clock, bus, commit, log } = foundation()
  let loads = 0
  const listed = {
    ...toListed(defineMethod({ name: 'late', scope: null, summary: 'Late.', params: z.unknown(), result: z.literal(1), uses: [], handler: () => 1 as const }) as unknown as AnyMethod),
  }
  const late = { ...listed, load: () => (loads++, listed.load()) }
  const registry = createRegistry([late], { clock, bus, commit } as unknown as Services, {})
  const call: Call = { caller: { id: 'x', role: 'operator', scopes: new Set() }, connection: null, signal: new AbortController().signal, log, interim: () => {} }
  expect([registry.advertised, loads]).toEqual([['late'], 0])
  expect([await registry.dispatch('late', {}, call), await registry.dispatch('late', {}, call), loads]).toEqual(['1', '1', 1])
})

describe('whoever listens to calls', () => {
  const listened = (methods: readonly AnyMethod[]) => {
    const calls: unknown[] = []
    const registry = createRegistry(methods.map(toListed), {} as Services, {}, ({ method: name, scope, role, caller, outcome }) => void calls.push([name, scope, role, caller.id, outcome]))
    const { callAs } = create([])
    const dispatch = (name: string, params: unknown, scopes: readonly Scope[] = ['operator.admin']) => registry.dispatch(name, params, callAs('operator', scopes)).catch(() => {})
    return { calls, dispatch }
  }

  it('is told how each of them has ended', async () => {
    const fails = (name: string, error: Error) => method({ name, handler: () => Promise.reject(error) })
    const { calls, dispatch } = listened([method(), fails('refused', new GatewayError('NOT_FOUND', 'x')), fails('broken', new Error('x'))])
    await dispatch('test.method', { n: 1 })
    await dispatch('test.method', {})
    await dispatch('test.method', { n: 1 }, [])
    await dispatch('refused', { n: 1 })
    await dispatch('broken', { n: 1 })
    expect(calls).toEqual([
      ['test.method', 'operator.read', 'operator', 'someone', 'ok'],
      ['test.method', 'operator.read', 'operator', 'someone', 'INVALID_REQUEST'],
      ['test.method', 'operator.read', 'operator', 'someone', 'FORBIDDEN'],
      ['refused', 'operator.read', 'operator', 'someone', 'NOT_FOUND'],
      ['broken', 'operator.read', 'operator', 'someone', 'INTERNAL'],
    ])
  })

  it('hears nothing of names that strangers made up', async () => {
    const { calls, dispatch } = listened([method()])
    await dispatch('nonsense', {})
    expect(calls).toEqual([])
  })
})
