// The typed client, against a gateway in this process behind a real port.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createClient } from '../src/client.ts'
import { createTries } from '../src/client-tries.ts'
import { serve, type Served } from './harness/serve.ts'
import { clientCases } from './suites/client-cases.ts'

describe('the client', () => {
  let served: Served
  beforeAll(async () => void (served = await serve()))
  afterAll(() => served.close())
  clientCases(() => ({ url: served.url, token: served.apiKey }), () => createClient)
})

describe('tries', () => {
  it('wait twice as long each time, up to a limit, and never all at once', () => {
    const early = createTries({ minMs: 100, maxMs: 1000 }, () => 0)
    expect([1, 2, 3, 4, 5, 6].map(() => early.next(null))).toEqual([50, 100, 200, 400, 500, 500])
    const late = createTries({ minMs: 100, maxMs: 1000 }, () => 1)
    expect([1, 2].map(() => late.next(null))).toEqual([100, 200])
    late.succeeded()
    expect(late.next(null)).toBe(100)
  })

  it('wait until the gateway is expected back', () => {
    const tries = createTries({ minMs: 100, maxMs: 1000 })
    expect(tries.next(1500)).toBe(1500)
    expect(tries.next(null)!).toBeLessThanOrEqual(200)
  })

  it('end where there are to be none', () => {
    expect(createTries(null).next(null)).toBeNull()
  })
})

describe('what is published', () => {
  it('has no package, and is small', async () => {
    const { readFileSync } = await import('node:fs')
    for (const name of ['client', 'client-device', 'client-pending', 'client-tries', 'client-types', 'protocol/device-text', 'kit/bytes']) {
      const source = readFileSync(new URL(`../src/${name}.ts`, import.meta.url), 'utf8')
      const values = [...source.matchAll(/^import (?!type)[^'"]*from '([^'"]+)'/gm)].map(([, from]) => from!)
      expect(values.filter((from) => !/^\.\.?\/(client-[a-z]+|kit\/bytes|protocol\/device-text)\.ts$/.test(from)), name).toEqual([])
    }
  })
})
