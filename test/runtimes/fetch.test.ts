// The transport to models on Node: what stands on the wire.

import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createFetch } from '../../runtimes/node/fetch.ts'

let server: Server
let origin: string
let asked: { headers: IncomingMessage['headers']; raw: string[]; body: string }

beforeAll(async () => {
  server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (piece: string) => (body += piece))
    request.on('end', () => {
      asked = { headers: request.headers, raw: request.rawHeaders.map((each) => each.toLowerCase()), body }
      response.end('answered')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  origin = `127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => void server.close())

const ask = async (init: { headers?: Record<string, string>; body?: string | Uint8Array<ArrayBuffer> } = {}) => {
  const response = await createFetch()(`http://${origin}/v1/x?y=z`, { method: 'POST', headers: {}, signal: new AbortController().signal, ...init })
  return { status: response.status, text: await response.text() }
}

it('says to whom it speaks and how much, in one header each', async () => {
  expect(await ask({ headers: { 'content-type': 'application/json' }, body: '{"word":"ö"}' })).toEqual({ status: 200, text: 'answered' })
  expect(asked.headers).toMatchObject({ host: origin, 'content-length': '13', 'content-type': 'application/json' })
  expect(asked.raw.filter((each) => each === 'host')).toHaveLength(1)
  expect(asked.body).toBe('{"word":"ö"}')
})

it('counts bytes, and says nothing of a body that there is not', async () => {
  await ask({ body: new Uint8Array([104, 105]) })
  expect(asked).toMatchObject({ body: 'hi', headers: { 'content-length': '2' } })
  const { text } = await createFetch()(`http://${origin}/`, { method: 'GET', headers: {}, signal: new AbortController().signal })
  expect(await text()).toBe('answered')
  expect(asked.headers['content-length']).toBeUndefined()
})

it.each(['host', 'Host'])('keeps the name that a provider is configured with: %s', async (name) => {
  await ask({ headers: { [name]: 'models.example' }, body: '' })
  expect(asked.headers.host).toBe('models.example')
  expect(asked.raw.filter((each) => each === 'host')).toHaveLength(1)
})

it('refuses a header that would be two', async () => {
  await expect(ask({ headers: { authorization: 'Bearer x\r\nx-other: y' } })).rejects.toThrow('Invalid character in header content')
})
