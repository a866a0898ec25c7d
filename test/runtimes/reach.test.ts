// Requests to addresses that somebody has named, over real sockets.

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { reach } from '../../runtimes/shared/reach.ts'

describe('reaching', () => {
  let port = 0
  let connections = 0
  const server = createServer((request, response) => {
    if (request.url === '/elsewhere') return void response.writeHead(302, { location: 'http://a.com/' }).end()
    if (request.url === '/never') return
    let body = ''
    request.on('data', (piece: Buffer) => (body += piece.toString()))
    request.on('end', () => response.end(`${request.method} ${request.headers.host?.split(':')[0]} ${body}`))
  })
  server.on('connection', () => connections++)

  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    port = (server.address() as AddressInfo).port
  })
  afterAll(() => {
    server.closeAllConnections()
    server.close()
  })

  const init = { method: 'GET', headers: {}, signal: new AbortController().signal }

  it('asks of each address that a name leads to, and connects to one of them', async () => {
    const asked: string[] = []
    const mayReach = (address: string) => asked.push(address) > 0
    const response = await reach(`http://localhost:${port}/x`, { ...init, method: 'POST', body: 'hé' }, mayReach)
    expect(await response.text()).toBe('POST localhost hé')
    expect(asked).toContain('127.0.0.1')
  })

  it('does not connect when one of them may not be reached', async () => {
    const before = connections
    await expect(reach(`http://localhost:${port}/x`, init, () => false)).rejects.toThrow('localhost leads to an address that may not be reached')
    expect(connections).toBe(before)
  })

  it('does not connect to an address that may not be reached', async () => {
    const before = connections
    for (const host of ['127.0.0.1', '[::ffff:127.0.0.1]', '127.1', '2130706433']) {
      await expect(reach(`http://${host}:${port}/x`, init, () => false), host).rejects.toThrow('leads to an address that may not be reached')
    }
    expect(connections).toBe(before)
  })

  it('keeps no connection for the next', async () => {
    const before = connections
    for (const path of ['a', 'b']) await (await reach(`http://localhost:${port}/${path}`, init, () => true)).text()
    expect(connections).toBe(before + 2)
  })

  it('does not go where an answer leads', async () => {
    const response = await reach(`http://localhost:${port}/elsewhere`, init, () => true)
    expect([response.status, response.headers.get('Location')]).toEqual([302, 'http://a.com/'])
    await response.text()
  })

  it('ends when nobody waits any more', async () => {
    const aborter = new AbortController()
    const waiting = reach(`http://localhost:${port}/never`, { ...init, signal: aborter.signal }, () => true)
    aborter.abort(new Error('gone'))
    await expect(waiting).rejects.toThrow('gone')
    await expect(reach(`http://localhost:${port}/never`, { ...init, signal: aborter.signal }, () => true)).rejects.toThrow('gone')
  })
})
