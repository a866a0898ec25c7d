// The list of what can be addressed.

import { describe, expect, it } from 'vitest'
import type { Data } from '../harness/client.ts'
import { openaiModel } from '../../src/protocol/openai.ts'
import { errorOf, openDoor } from './door.ts'

const CONFIG = {
  agents: { list: [{ id: 'main' }, { id: 'second' }] },
  models: { providers: { mock: { baseUrl: 'http://mock.test', models: [{ id: 'plain' }, { id: 'org/deep:7b' }] } } },
}

it('has agents first, then models, each once and in the shape of the wire', async () => {
  const { ask } = await openDoor({ config: CONFIG })
  const list = (await (await ask('/v1/models')).json()) as Data
  expect(list.object).toBe('list')
  expect(list.data.map((row: Data) => row.id)).toEqual(['openclaw', 'openclaw/default', 'openclaw/main', 'openclaw/second', 'mock/plain', 'mock/org/deep:7b', 'builtin/operator'])
  for (const row of list.data) expect(openaiModel.parse(row)).toEqual(row)
  expect(new Set(list.data.map((row: Data) => row.owned_by))).toEqual(new Set(['openclaw', 'mock', 'builtin']))
})

describe('one of them', () => {
  it.each(['openclaw', 'openclaw/second', 'mock/plain', 'mock/org/deep:7b', 'builtin/operator'])('%s, with its slashes written or encoded', async (id) => {
    const { ask } = await openDoor({ config: CONFIG })
    for (const path of [id, encodeURIComponent(id)]) expect(await (await ask(`/v1/models/${path}`)).json()).toMatchObject({ id, object: 'model' })
  })

  it.each(['nothing', 'openclaw/nobody', 'mock', 'mock/plain/', '%20openclaw'])('%s does not exist', async (id) => {
    const { ask } = await openDoor({ config: CONFIG })
    expect(await errorOf(await ask(`/v1/models/${id}`))).toMatchObject({ status: 404, type: 'invalid_request_error', param: 'model', code: 'model_not_found' })
  })

  it('that does not exist is not repeated without end', async () => {
    const { ask } = await openDoor()
    const { message } = await errorOf(await ask(`/v1/models/${'x'.repeat(3000)}`))
    expect((message as string).length).toBeLessThan(300)
  })

  it.each(['%', '%zz', '%E0%A4%A'])('whose name is no name (%s) is the fault of who asks', async (id) => {
    const { ask, platform } = await openDoor()
    const { status } = await errorOf(await ask(`/v1/models/${id}`))
    expect(status).toBe(404)
    expect(platform.logged.filter((line) => line.level === 'error')).toEqual([])
  })

  it('is not shown to strangers', async () => {
    const { ask } = await openDoor()
    for (const path of ['/v1/models', '/v1/models/openclaw']) expect((await ask(path, { headers: { authorization: null } })).status).toBe(401)
  })
})
