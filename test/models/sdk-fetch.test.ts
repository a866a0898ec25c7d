// The platform's transport as `fetch`.

import { expect, it } from 'vitest'
import type { Fetch, FetchResponse } from '../../src/index.ts'
import { toSdkFetch, TransportError } from '../../src/models/sdk-fetch.ts'

type Init = Parameters<Fetch>[1]

function make(response: Partial<FetchResponse> = {}) {
  const asked: { url: string; init: Init }[] = []
  let heard = 0
  const fetch: Fetch = async (url, init) => {
    asked.push({ url, init })
    return { status: 200, headers: { get: () => null }, body: null, text: async () => '', ...response }
  }
  const aborter = new AbortController()
  return { asked, heard: () => heard, aborter, fetch: toSdkFetch(fetch, aborter.signal, () => heard++) }
}

async function* pieces(...texts: readonly string[]) {
  for (const text of texts) yield new TextEncoder().encode(text)
}

it('follows nobody, and sends no empty credential', async () => {
  const { asked, fetch, aborter } = make()
  await fetch(new URL('https://v.test/x'), { method: 'POST', headers: { 'X-Api-Key': '', Authorization: 'Bearer ', 'X-Team': 'crabs' }, body: '{}' })
  expect(asked).toEqual([{ url: 'https://v.test/x', init: { method: 'POST', headers: expect.objectContaining({ 'x-team': 'crabs' }) as object, body: '{}', signal: aborter.signal, redirect: 'manual' } }])
  expect(Object.keys(asked[0]!.init.headers)).not.toEqual(expect.arrayContaining(['x-api-key']))
  expect(asked[0]!.init.headers['authorization']).toBeUndefined()
})

it('encodes forms and bytes', async () => {
  const { asked, fetch } = make()
  const form = new FormData()
  form.append('model', 'm')
  await fetch('https://v.test/x', { method: 'POST', body: form })
  await fetch('https://v.test/x', { method: 'POST', body: new Uint8Array([1, 2]) })
  expect(asked[0]!.init.headers['content-type']).toMatch(/^multipart\/form-data/)
  expect(new TextDecoder().decode(asked[0]!.init.body as Uint8Array)).toContain('name="model"')
  expect(asked[1]!.init.body).toEqual(new Uint8Array([1, 2]))
})

it('passes on what comes, and tells of each piece', async () => {
  const { fetch, heard } = make({ status: 429, headers: { get: (name) => (name === 'retry-after' ? '3' : null) }, body: pieces('a', 'b') })
  const response = await fetch('https://v.test/x')
  expect([response.status, response.headers.get('retry-after'), await response.text()]).toEqual([429, '3', 'ab'])
  expect(heard()).toBe(4)
  expect((await make({ status: 204, body: pieces('x') }).fetch('https://v.test/x')).body).toBeNull()
})

it('says that the transport broke, and ends it when nobody reads on', async () => {
  async function* breaking() {
    yield new Uint8Array([1])
    throw new Error('reset')
  }
  const broken = await make({ body: breaking() }).fetch('https://v.test/x')
  await expect(broken.arrayBuffer()).rejects.toBeInstanceOf(TransportError)
  let ended = false
  async function* endless() {
    try {
      for (;;) yield new Uint8Array([1])
    } finally {
      ended = true
    }
  }
  const reader = (await make({ body: endless() }).fetch('https://v.test/x')).body!.getReader()
  await reader.read()
  await reader.cancel()
  expect(ended).toBe(true)
})
