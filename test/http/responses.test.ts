// The paths of OpenResponses: who may use them, how, and when they are switched off.

import { expect, it } from 'vitest'
import { errorOf, openDoor } from './door.ts'

const PATHS = [['POST', ''], ['POST', '/compact'], ['GET', '/resp_x'], ['DELETE', '/resp_x'], ['GET', '/resp_x/input_items']] as const
const bodyFor = (method: string) => (method === 'POST' ? { body: {} } : {})

it('wants a key on each path', async () => {
  const { ask } = await openDoor()
  for (const [method, path] of PATHS) {
    expect(await errorOf(await ask(`/v1/responses${path}`, { method, ...bodyFor(method), headers: { authorization: null } })), path).toMatchObject({ status: 401 })
  }
})

it('names the methods that a path has', async () => {
  const { ask } = await openDoor()
  const allowed = async (path: string) => {
    const response = await ask(`/v1/responses${path}`, { method: 'PATCH', body: {} })
    return [response.status, response.headers.get('allow')]
  }
  expect(await Promise.all(['', '/compact', '/resp_x', '/resp_x/input_items'].map(allowed))).toEqual([[405, 'POST'], [405, 'POST'], [405, 'GET, DELETE'], [405, 'GET']])
})

it('can be switched off', async () => {
  const { ask } = await openDoor({ config: { gateway: { http: { endpoints: { responses: { enabled: false } } } } } })
  for (const [method, path] of PATHS) expect((await errorOf(await ask(`/v1/responses${path}`, { method, ...bodyFor(method) }))).message).toContain('switched off')
})
