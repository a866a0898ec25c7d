// The HTTP door as an OpenAPI document.

import spectral from '@stoplight/spectral-core'
import rulesets from '@stoplight/spectral-rulesets'
import { readFileSync } from 'node:fs'
import * as z from 'zod'
import { describe, expect, it } from 'vitest'
import { describeRoutes, toTemplate } from '../../src/http/openapi.ts'
import type { Route } from '../../src/http/route.ts'
import type { Data } from '../harness/client.ts'

const read = (): Data => JSON.parse(readFileSync(new URL('../../public/reference/openapi.json', import.meta.url), 'utf8')) as Data

async function lint(document: unknown) {
  const linter = new spectral.Spectral()
  linter.setRuleset({ extends: [[rulesets.oas as never, 'recommended']] } as never)
  return (await linter.run(document as never)).map(({ code, path, message }) => `${code} at ${path.join('.')}: ${message}`)
}

const ROUTE: Route = {
  verb: 'POST',
  path: '/things/:id',
  tag: 'tools',
  id: 'makeThing',
  entry: 'operator.write',
  summary: 'Makes it.',
  params: { id: { in: 'path', says: 'Which.' }, mode: { in: 'query', says: 'How.', values: ['a', 'b'] } },
  body: { 'application/json': z.strictObject({ n: z.int().default(1) }) },
  answers: { 200: { says: 'Made.', content: { 'application/json': z.strictObject({ n: z.int() }), 'text/event-stream': null } }, 204: { says: 'Nothing.' } },
}

describe('a route', () => {
  const made = describeRoutes([ROUTE], '1') as Data
  const operation = made.paths['/things/{id}'].post

  it('says who may use it, what goes in and what comes back', () => {
    expect(operation).toMatchObject({
      operationId: 'makeThing',
      'x-scope': 'operator.write',
      security: [{ bearer: [] }],
      parameters: [
        { name: 'id', in: 'path', required: true, schema: { type: 'string' } },
        { name: 'mode', in: 'query', required: false, schema: { enum: ['a', 'b'] } },
      ],
      requestBody: { content: { 'application/json': { schema: { $ref: '#/components/schemas/makeThing.body' } } } },
    })
    expect(operation.responses['200'].content['text/event-stream']).toEqual({ schema: { type: 'string' } })
    expect(operation.responses['204']).toEqual({ description: 'Nothing.' })
    expect(operation.responses.default).toEqual({ $ref: '#/components/responses/Error' })
  })

  it('takes what may be left out on the way in, and has it on the way out', () => {
    const { schemas } = made.components
    expect(schemas['makeThing.body'].required).toBeUndefined()
    expect(schemas['makeThing.200'].required).toEqual(['n'])
  })

  it('that anybody may use, or that has a key of its own, needs no bearer', () => {
    for (const [entry, says] of [[null, 'Everybody may.'], [{ own: 'Needs the token of hooks.' }, 'Needs the token of hooks.']] as const) {
      const { post } = (describeRoutes([{ ...ROUTE, entry }], '1') as Data).paths['/things/{id}']
      expect(post).toMatchObject({ security: [], description: says })
      expect(post['x-scope']).toBeUndefined()
    }
  })

  it.each([
    [{ path: '/a/:id/b/:other{[0-9]+}' }, '/a/{id}/b/{other}'],
    [{ path: '/a/*', params: { name: { in: 'path', says: 'x' } } }, '/a/{name}'],
    [{ path: '/a/:b/*', params: { b: { in: 'path', says: 'x' }, rest: { in: 'path', says: 'x' } } }, '/a/{b}/{rest}'],
  ] as const)('%j is at %s', (route, path) => {
    expect(toTemplate(route)).toBe(path)
  })
})

describe('the document', () => {
  it('has no fault that Spectral knows', async () => {
    expect(await lint(read())).toEqual([])
  })

  it('would be refused with a fault', async () => {
    const document = read()
    document.paths['/v1/models'].get.operationId = 'readModel'
    document.paths['/v1/models/{model}'].get.parameters = []
    const faults = (await lint(document)).join('\n')
    expect(faults).toContain('operation-operationId-unique')
    expect(faults).toContain('path-params')
  })

  it('names nothing that it does not have', () => {
    const text = JSON.stringify(read())
    const { schemas } = read().components
    const named = [...text.matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map(([, name]) => name!)
    expect(named.length).toBeGreaterThan(20)
    expect(named.filter((name) => !(name in schemas))).toEqual([])
  })
})
