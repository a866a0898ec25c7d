// The documents for programs, as they are served.

import { describe, expect, it } from 'vitest'
import { createAssets } from '../../runtimes/shared/static.ts'
import type { Data } from '../harness/client.ts'
import { testPlatform } from '../harness/platform.ts'
import { errorOf, openDoor } from './door.ts'

const PUBLIC = new URL('../../public', import.meta.url).pathname
const open = () => openDoor({ platform: testPlatform({ assets: createAssets(PUBLIC) }) })
const nobody = { headers: { authorization: null } }

describe('documents', () => {
  it.each([
    ['/openapi.json', 'openapi', '3.1.0', 'application/json; charset=utf-8'],
    ['/asyncapi.json', 'asyncapi', '3.0.0', 'application/json; charset=utf-8'],
    ['/schemas/chat.send.json', '$id', '/schemas/chat.send.json', 'application/schema+json; charset=utf-8'],
    ['/schemas/connect.json', 'title', 'connect', 'application/schema+json; charset=utf-8'],
    ['/schemas/events/chat.json', '$id', '/schemas/events/chat.json', 'application/schema+json; charset=utf-8'],
  ])('%s is there for everybody, once', async (path, member, value, type) => {
    const { ask } = await open()
    const first = await ask(path, nobody)
    expect([first.status, first.headers.get('content-type'), first.headers.get('access-control-allow-origin')]).toEqual([200, type, '*'])
    expect(((await first.json()) as Data)[member]).toBe(value)
    const etag = first.headers.get('etag')!
    for (const known of [etag, `"other", W/${etag}`]) {
      const again = await ask(path, { headers: { authorization: null, 'if-none-match': known } })
      expect([again.status, await again.text(), again.headers.get('etag')]).toEqual([304, '', etag])
    }
    expect((await ask(path, { headers: { 'if-none-match': '"other"' } })).status).toBe(200)
    expect(await errorOf(await ask(path, { method: 'POST', body: {} }))).toMatchObject({ status: 405 })
  })

  it('list all schemas, and each of them is there', async () => {
    const { ask } = await open()
    const { methods, events } = (await (await ask('/schemas', nobody)).json()) as { methods: string[]; events: string[] }
    expect([methods.length > 200, events.length > 30]).toEqual([true, true])
    for (const path of [...methods, ...events]) expect((await ask(path, nobody)).status, path).toBe(200)
  })

  it.each(['nothing.json', 'chat.send', 'events/nothing.json', '..%2f..%2fetc.json', 'events/../chat.send.json5', `${'x'.repeat(300)}.json`, '__proto__.json', 'events/constructor.json'])('there is no schema %s', async (name) => {
    const { ask } = await open()
    expect(await errorOf(await ask(`/schemas/${name}`, nobody))).toMatchObject({ status: 404, message: expect.stringContaining('GET /schemas lists them') })
  })

  it('that were not installed are not there, and it is said why', async () => {
    const { ask } = await openDoor()
    expect(await errorOf(await ask('/openapi.json'))).toMatchObject({ status: 404, message: expect.stringContaining('public/') })
    expect((await ask('/schemas/health.json')).status).toBe(200)
  })
})
