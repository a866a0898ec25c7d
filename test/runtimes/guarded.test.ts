// The one way out over real sockets: where answers lead, how long and how much they are.

import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createFetch } from '../../runtimes/node/fetch.ts'
import { systemClock } from '../../runtimes/shared/clock.ts'
import { reach } from '../../runtimes/shared/reach.ts'
import { createGuardedFetch, type Wanted } from '../../src/services/network/guarded-fetch.ts'

async function open(server: Server) {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

describe('the one way out', () => {
  let port = 0
  let inner = 0
  let innerConnections = 0
  const seen: { url: string; authorization: string | undefined }[] = []
  /** A server that may be reached; what it answers, its path says. */
  const outer = createServer((request, response) => {
    seen.push({ url: request.url!, authorization: request.headers.authorization })
    const url = new URL(request.url!, 'http://x')
    const hops = Number(url.searchParams.get('hops') ?? 0)
    switch (url.pathname) {
      case '/to':
        return void response.writeHead(Number(url.searchParams.get('status') ?? 302), { location: Buffer.from(url.searchParams.get('url')!).toString('latin1') }).end()
      case '/chain':
        return void (hops > 0 ? response.writeHead(302, { location: `/chain?hops=${hops - 1}` }).end() : response.end('the end'))
      case '/loop':
        return void response.writeHead(302, { location: '/loop' }).end()
      case '/endless': {
        const more = (error?: Error | null) => void (error || request.socket.destroyed || response.write(Buffer.alloc(64 * 1024), more))
        return more()
      }
      case '/drip':
        return void response.write('a little, and nothing more')
      case '/bomb':
        return void response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(10 * 1024 * 1024)))
      case '/cut':
        return void response.writeHead(200, { 'content-length': '100' }).write('x', () => response.destroy())
      default:
        return void response.end('hello')
    }
  })
  /** One that may not. */
  const secret = createServer((_, response) => response.end('the secret'))
  secret.on('connection', () => innerConnections++)

  beforeAll(async () => {
    port = await open(outer)
    inner = await open(secret)
  })
  afterAll(() => {
    for (const server of [outer, secret]) {
      server.closeAllConnections()
      server.close()
    }
  })

  const guarded = (allowed: readonly string[] = [`127.0.0.1:${port}`, `localhost:${port}`]) => createGuardedFetch({ fetch: createFetch(), host: { reach }, clock: systemClock, allowed: () => allowed })
  const get = (path: string, wanted: Partial<Wanted> = {}) => guarded().fetch(`http://127.0.0.1:${port}${path}`, { maxBytes: 100_000, timeoutMs: 2000, signal: new AbortController().signal, ...wanted })
  const refusal = (path: string, wanted: Partial<Wanted> = {}) => get(path, wanted).then((found) => `reached ${new TextDecoder().decode(found.bytes).slice(0, 50)}`, (error: Error) => error.message)

  it('leads to what is allowed, by address and by name', async () => {
    expect(new TextDecoder().decode((await get('/x')).bytes)).toBe('hello')
    const found = await guarded().fetch(`http://localhost:${port}/x`, { maxBytes: 100, signal: new AbortController().signal })
    expect(new TextDecoder().decode(found.bytes)).toBe('hello')
  })

  it('leads to no name whose address is inside, although the name may be public', async () => {
    const outside = createGuardedFetch({ fetch: createFetch(), host: { reach: (url, init, mayReach) => reach(url.replace('public.example', 'localhost'), init, mayReach) }, clock: systemClock, allowed: () => [] })
    await expect(outside.fetch(`http://public.example:${inner}/`, { maxBytes: 100, signal: new AbortController().signal })).rejects.toThrow('leads to an address that may not be reached')
    expect(innerConnections).toBe(0)
  })

  it.each([0, 1, 2, 3])('follows %i times', async (hops) => {
    expect(await refusal(`/chain?hops=${hops}`)).toBe('reached the end')
  })

  it.each(['/chain?hops=4', '/loop'])('does not follow %s for ever', async (path) => {
    expect(await refusal(path)).toContain('more than 3 times')
  })

  const inside = () => [
    '127.0.0.1', '127.1', '127.0.1', '0x7f.1', '0x7f000001', '2130706433', '017700000001', '0177.0.0.1', '0', '0.0.0.0', '[::1]', '[::]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[0:0:0:0:0:ffff:7f00:1]', '[::127.0.0.1]',
    '[64:ff9b::127.0.0.1]', '[2002:7f00:1::]', 'localhost', 'LocalHost', 'localhost.', 'a.localhost', '127.0.0.1.', '①②⑦.⓪.⓪.①', '%31%32%37.0.0.1', '127。0。0。1',
  ].map((host) => `http://${host}:${inner}/`) // prettier-ignore
  const others = ['file:///etc/passwd', 'ftp://a.com/', 'gopher://127.0.0.1/', 'data:text/plain,x', 'javascript:1', 'http://', 'http://[', 'http://user:pw@a.com/', 'http://169.254.169.254/latest/meta-data/', 'http://metadata.google.internal/', 'http://10.0.0.1/', 'http://100.100.100.200/', 'http://[fd00:ec2::254]/', 'http://a.com:22/', 'http://a.com:25/']

  it.each([301, 302, 303, 307, 308])('follows %i to nothing that is inside', async (status) => {
    for (const url of [...inside(), ...inside().map((each) => each.slice('http:'.length)), ...others]) {
      expect(await refusal(`/to?status=${status}&url=${encodeURIComponent(url)}`), url).toMatch(/^the address cannot be used/)
    }
    expect(innerConnections).toBe(0)
  })

  it('follows a second step as carefully as the first', async () => {
    const last = `http://127.0.0.1:${inner}/`
    const first = `http://127.0.0.1:${port}/to?url=${encodeURIComponent(last)}`
    expect(await refusal(`/to?url=${encodeURIComponent(first)}`)).toMatch(/does not lie on the public internet/)
    expect(innerConnections).toBe(0)
  })

  it('keeps what was meant for the first to itself', async () => {
    seen.length = 0
    const other = `http://localhost:${port}/x`
    await get(`/to?url=${encodeURIComponent(other)}`, { headers: { authorization: 'secret' } })
    expect(seen.map(({ authorization }) => authorization)).toEqual(['secret', undefined])
  })

  it('reads no more than it may, and takes nothing apart', async () => {
    expect(await refusal('/endless')).toContain('more than 100000 bytes')
    expect((await get('/bomb')).bytes.byteLength, 'as it was sent').toBeLessThan(20_000)
  })

  it('waits no longer than it may, also in the middle', async () => {
    expect(await refusal('/drip', { timeoutMs: 200 })).toBe(`127.0.0.1:${port} could not be reached: no answer within 200 ms`)
    expect(await refusal('/cut')).toMatch(/could not be reached/)
  })
})
