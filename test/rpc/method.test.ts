// What a method definition promises to the compiler. `npm run types` is what runs most of this: a line below an
// expected error that compiles is an error itself.

import { describe, expect, expectTypeOf, it } from 'vitest'
import * as z from 'zod'
import type { Api, GatewayApi } from '../../src/index.ts'
import { Serialized, serialize } from '../../src/kit/json.ts'
import { defineMethod, type AnyMethod, type Call } from '../../src/rpc/method.ts'
import type { Health } from '../../src/services/operations/health.ts'

const greet = defineMethod({
  name: 'test.greet',
  scope: 'operator.read',
  summary: 'Greets.',
  params: z.strictObject({ name: z.string(), times: z.int().default(1) }),
  result: z.strictObject({ text: z.string(), at: z.string().transform(Number) }),
  uses: ['clock', 'health'],
  handler(params, use) {
    expectTypeOf(params).toEqualTypeOf<{ name: string; times: number }>() // defaults are filled in
    expectTypeOf(use.health).toEqualTypeOf<Health>()
    expectTypeOf(use.caller).toEqualTypeOf<Call['caller']>()
    expectTypeOf(use).not.toHaveProperty('devices')
    return { text: `${params.name}!`.repeat(params.times), at: String(use.clock.now()) }
  },
})

const base = { name: 'test.x', scope: null, summary: 'x', params: z.object({}), result: z.object({ n: z.number() }) } as const

describe('a definition', () => {
  it('is the value that was given', () => {
    const given = { ...base, uses: [] as const, handler: () => ({ n: 1 }) }
    expect(defineMethod(given)).toBe(given)
  })

  it('keeps its name as a type', () => {
    expectTypeOf(greet.name).toEqualTypeOf<'test.greet'>()
    expect(greet.name).toBe('test.greet')
  })

  it('can be put into a list with others', () => {
    const list = [greet, defineMethod({ ...base, uses: [], handler: () => ({ n: 1 }) })] as unknown as readonly AnyMethod[]
    expect(list.map(({ name }) => name)).toEqual(['test.greet', 'test.x'])
  })

  it('may answer later, or with what is serialised already', () => {
    const methods = [
      defineMethod({ ...base, uses: [], handler: async () => ({ n: 1 }) }),
      defineMethod({ ...base, uses: [], handler: () => serialize({ n: 1 }) }),
      defineMethod({ ...base, uses: [], handler: async () => new Serialized<{ n: number }>('{"n":1}') }),
    ]
    expect(methods).toHaveLength(3)
  })

  it('does not compile when it takes what it did not name', () => {
    const methods = [
      // @ts-expect-error clock is not in `uses`
      defineMethod({ ...base, uses: ['health'], handler: (_, { clock }) => ({ n: clock.now() }) }),
      // @ts-expect-error nothing is in `uses`
      defineMethod({ ...base, uses: [], handler: (_, { clock }) => ({ n: clock.now() }) }),
      // @ts-expect-error params have no such member
      defineMethod({ ...base, uses: [], handler: (params) => ({ n: params.n }) }),
    ]
    expect(methods).toHaveLength(3)
  })

  it('does not compile when it answers something else', () => {
    const methods = [
      // @ts-expect-error text instead of a number
      defineMethod({ ...base, uses: [], handler: () => ({ n: 'one' }) }),
      // @ts-expect-error a member is missing
      defineMethod({ ...base, uses: [], handler: () => ({}) }),
      // @ts-expect-error nothing
      defineMethod({ ...base, uses: [], handler: () => {} }),
      // @ts-expect-error text instead of a number, later
      defineMethod({ ...base, uses: [], handler: async () => ({ n: 'one' }) }),
      // @ts-expect-error text instead of a number, serialised
      defineMethod({ ...base, uses: [], handler: () => serialize({ n: 'one' }) }),
    ]
    expect(methods).toHaveLength(5)
  })

  it('does not compile when it names what is not there', () => {
    const handler = () => ({ n: 1 })
    const methods = [
      // @ts-expect-error no such scope
      defineMethod({ ...base, scope: 'operator.everything', uses: [], handler }),
      // @ts-expect-error no such service
      defineMethod({ ...base, uses: ['teapot'], handler }),
      // @ts-expect-error no such ability
      defineMethod({ ...base, uses: [], needs: ['teleport'], handler }),
      // @ts-expect-error no such role
      defineMethod({ ...base, uses: [], role: 'king', handler }),
      // @ts-expect-error no such scope
      defineMethod({ ...base, uses: [], elevate: () => 'operator.everything' as const, handler }),
      // @ts-expect-error params are a schema
      defineMethod({ ...base, params: {}, uses: [], handler }),
    ]
    expect(methods).toHaveLength(6)
  })

  it('does not compile when a part of it is missing', () => {
    const { scope: _, ...withoutScope } = base
    const methods = [
      // @ts-expect-error who may call it must be said
      defineMethod({ ...withoutScope, uses: [], handler: () => ({ n: 1 }) }),
      // @ts-expect-error there must be a handler
      defineMethod({ ...base, uses: [] }),
      // @ts-expect-error what it touches must be said
      defineMethod({ ...base, handler: () => ({ n: 1 }) }),
    ]
    expect(methods).toHaveLength(3)
  })
})

describe('an API', () => {
  it('has what a client sends and what it receives', () => {
    type Test = Api<typeof greet>
    expectTypeOf<Test['test.greet']['params']>().toEqualTypeOf<{ name: string; times?: number | undefined }>()
    expectTypeOf<Test['test.greet']['result']>().toEqualTypeOf<{ text: string; at: number }>()
    expectTypeOf<keyof Test>().toEqualTypeOf<'test.greet'>()
    const params: Test['test.greet']['params'] = { name: 'a' }
    // @ts-expect-error there is no such member
    const wrong: Test['test.greet']['params'] = { name: 'a', extra: 1 }
    expect([params.name, wrong.name]).toEqual(['a', 'a'])
  })

  it('of the gateway knows its methods', () => {
    expectTypeOf<GatewayApi['chat.send']['params']>().toHaveProperty('idempotencyKey')
    expectTypeOf<GatewayApi['gateway.identity.get']['result']>().toEqualTypeOf<{ deviceId: string; publicKey: string }>()
    const names: (keyof GatewayApi)[] = ['health', 'chat.send', 'gateway.identity.get']
    // @ts-expect-error there is no such method
    names.push('no.such.method')
    expect(names).toHaveLength(4)
  })
})

it('reads what it declared', async () => {
  const use = { clock: { now: () => 5 }, caller: { id: 'x', role: 'operator', scopes: new Set() } } as unknown as Parameters<typeof greet.handler>[1]
  expect(await greet.handler({ name: 'a', times: 2 }, use)).toEqual({ text: 'a!a!', at: '5' })
})
