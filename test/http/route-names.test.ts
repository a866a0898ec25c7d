// By which path a request is served.

import { describe, expect, it } from 'vitest'
import { createRouteNames } from '../../src/http/route-names.ts'

const mounted = ['/health', '/v1/models', '/v1/models/*', '/v1/responses/:id', '/v1/responses/:id/input_items', '/n/:n{[0-9]+}', '/a.b'].map((path) => ({ method: 'GET', path }))

describe('the name of a route', () => {
  const names = createRouteNames([...mounted, { method: 'ALL', path: '/v1/*' }, { method: 'POST', path: '/health' }])

  it.each([
    ['/health', '/health'],
    ['/v1/models', '/v1/models'],
    ['/v1/models/openclaw/main', '/v1/models/*'],
    ['/v1/responses/resp_1', '/v1/responses/:id'],
    ['/v1/responses/resp_1/input_items', '/v1/responses/:id/input_items'],
    ['/n/7', '/n/:n{[0-9]+}'],
    ['/v1/nothing', 'other'],
    ['/', 'other'],
    ['/axb', 'other'],
    ['/health/', 'other'],
  ])('of %s is %s', (path, name) => {
    expect(names.of(path)).toBe(name)
  })

  it('is one of a few', () => {
    expect(names.all).toEqual(mounted.map(({ path }) => path))
  })
})
