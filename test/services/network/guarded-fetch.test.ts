// What the one way out refuses, and where it follows.

import { describe, expect, it } from 'vitest'
import type { Fetch } from '../../../src/ports/platform.ts'
import { createGuardedFetch, type Wanted } from '../../../src/services/network/guarded-fetch.ts'
import { fakeClock } from '../../harness/clock.ts'

type Answer = { status?: number; location?: string; type?: string; body?: string | AsyncIterable<Uint8Array>; never?: boolean }

function make({ answers = {}, allowed = [] }: { answers?: Record<string, Answer>; allowed?: readonly string[] } = {}) {
  const clock = fakeClock()
  const asked: { url: string; method: string; headers: Record<string, string>; body: unknown }[] = []
  const addresses: string[] = []
  const fetch: Fetch = async (url, { method, headers, body, signal }) => {
    asked.push({ url, method, headers: { ...headers }, body })
    const { status = 200, location, type = 'text/plain', body: text = 'hello', never } = answers[url] ?? {}
    if (never) await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)))
    const head: Record<string, string> = { 'content-type': type, ...(location !== undefined && { location }) }
    return { status, headers: { get: (name) => head[name] ?? null }, body: typeof text === 'string' ? bytesOf(text) : text, text: async () => String(text) }
  }
  const reach = (url: string, init: Parameters<Fetch>[1], mayReach: (address: string) => boolean) => {
    for (const address of ['1.1.1.1', '10.0.0.1']) addresses.push(`${address} ${mayReach(address)}`)
    return fetch(url, init)
  }
  const outside = createGuardedFetch({ fetch, host: { reach }, clock, allowed: () => allowed })
  const get = (url: string, wanted: Partial<Wanted> = {}) => outside.fetch(url, { maxBytes: 1000, signal: new AbortController().signal, ...wanted })
  const refusal = (url: string, wanted: Partial<Wanted> = {}) => get(url, wanted).then(() => null, (error: Error) => error.message)
  return { clock, asked, addresses, outside, get, refusal }
}

async function* bytesOf(text: string) {
  yield new TextEncoder().encode(text)
}

it('brings what is outside', async () => {
  const { get, asked, addresses } = make({ answers: { 'https://a.com/x?y=1': { type: 'Text/HTML; charset=utf-8', body: 'hi' } } })
  const found = await get('https://a.com/x?y=1#part', { headers: { authorization: 'k' }, types: ['text/html', 'text/plain'] })
  expect({ ...found, bytes: new TextDecoder().decode(found.bytes) }).toEqual({ url: 'https://a.com/x?y=1', status: 200, type: 'text/html', bytes: 'hi' })
  expect(asked[0]).toMatchObject({ method: 'GET', headers: { authorization: 'k', accept: 'text/html, text/plain', 'accept-encoding': 'identity' } })
  expect(addresses).toEqual(['1.1.1.1 true', '10.0.0.1 false'])
})

describe('addresses', () => {
  it.each([
    'ftp://a.com/', 'file:///etc/passwd', 'data:text/plain,x', 'javascript:alert(1)', 'gopher://a.com', 'ws://a.com', 'blob:https://a.com/x', '//a.com', 'a.com', '', 'http://', 'http:///x',
    'http://user@a.com/', 'http://user:pass@a.com/', 'http://a.com:22/', 'http://a.com:25/', 'http://a.com:1/', `http://a.com/${'x'.repeat(9000)}`,
    'http://localhost/', 'http://LOCALHOST./', 'http://localhost:8080/', 'http://x.localhost/', 'http://printer/', 'http://printer.local/', 'http://metadata.google.internal/',
    'http://127.0.0.1/', 'http://127.1/', 'http://127.0.1/', 'http://2130706433/', 'http://0x7f000001/', 'http://0x7f.1/', 'http://0177.0.0.1/', 'http://017700000001/', 'http://127.0.0.1./',
    'http://0/', 'http://0.0.0.0/', 'http://10.0.0.1/', 'http://167772161/', 'http://0xa000001/', 'http://192.168.1.1/', 'http://3232235777/', 'http://172.16.0.1/', 'http://169.254.169.254/',
    'http://2852039166/', 'http://0xa9fea9fe/', 'http://0251.0376.0251.0376/', 'http://100.100.100.200/', 'http://168.63.129.16/', 'http://224.0.0.1/', 'http://255.255.255.255/',
    'http://①②⑦.⓪.⓪.①/', 'http://127。0。0。1/', 'http://%31%32%37.0.0.1/', 'http://[::1]/', 'http://[::]/', 'http://[::ffff:127.0.0.1]/', 'http://[::ffff:7f00:1]/', 'http://[::ffff:a9fe:a9fe]/',
    'http://[64:ff9b::7f00:1]/', 'http://[2002:7f00:1::]/', 'http://[fd00:ec2::254]/', 'http://[fe80::1]/', 'http://[fc00::1]/', 'http://[ff02::1]/', 'http://[2001:db8::1]/', 'http://[::127.0.0.1]/',
  ])('%s cannot be used', async (url) => {
    const { refusal, asked, outside } = make()
    expect(await refusal(url)).toMatch(/^the address cannot be used: /)
    expect(() => outside.check(url)).toThrow('the address cannot be used')
    expect(asked).toEqual([])
  }) // prettier-ignore

  it.each(['http://a.com', 'https://a.com:8443/', 'http://1.1.1.1/', 'http://[2606:4700:4700::1111]/', 'https://bücher.de/', 'http://a.com./'])('%s can', async (url) => {
    expect((await make().get(url)).status).toBe(200)
  })

  it('inside can be used where the configuration allows it', async () => {
    const { get, refusal, addresses } = make({ allowed: ['nas.lan:5000', '10.0.0.0/8', '127.0.0.1:25'] })
    expect((await get('http://nas.lan:5000/')).status).toBe(200)
    expect((await get('http://10.9.9.9/')).status).toBe(200)
    expect((await get('http://127.0.0.1:25/')).status).toBe(200)
    expect(await refusal('http://nas.lan/')).toContain('name it in gateway.http.allowPrivateHosts')
    expect(await refusal('http://127.0.0.1/')).toContain('does not lie on the public internet')
    expect(addresses.slice(0, 2)).toEqual(['1.1.1.1 true', '10.0.0.1 true'])
  })
})

describe('where an answer leads', () => {
  it('is followed a few times, without what was meant for the first', async () => {
    const { get, asked } = make({
      answers: {
        'https://a.com/1': { status: 302, location: '/2' },
        'https://a.com/2': { status: 307, location: 'https://b.com/3' },
        'https://b.com/3': { status: 301, location: '4' },
      },
    })
    expect(await get('https://a.com/1', { headers: { authorization: 'secret', cookie: 'c' } })).toMatchObject({ url: 'https://b.com/4', status: 200 })
    expect(asked.map(({ url, headers }) => [url, 'authorization' in headers, 'cookie' in headers])).toEqual([
      ['https://a.com/1', true, true],
      ['https://a.com/2', true, true],
      ['https://b.com/3', false, false],
      ['https://b.com/4', false, false],
    ])
  })

  it.each([
    ['https://a.com/', 'http://a.com/', 'from https to http'],
    ['http://a.com/', 'http://127.0.0.1/', 'public internet'],
    ['http://a.com/', 'http://169.254.169.254/latest/meta-data', 'public internet'],
    ['http://a.com/', 'http://[::1]/', 'public internet'],
    ['http://a.com/', '//localhost/', 'public internet'],
    ['http://a.com/', 'file:///etc/passwd', 'only http and https'],
    ['http://a.com/', 'http://x:y@b.com/', 'a password in it'],
    ['http://a.com/', 'http://b.com:22/', 'port 22'],
    ['http://a.com/', 'http://', 'no address'],
    ['http://a.com/', 'http://a.com/', 'more than 3 times'],
  ])('from %s to %s is not', async (from, location, said) => {
    const { refusal, asked } = make({ answers: { [from]: { status: 302, location } } })
    expect(await refusal(from)).toContain(said)
    expect(asked.every(({ url }) => url === from)).toBe(true)
  })

  it('is looked at anew each time', async () => {
    const answers = { 'http://a.com/': { status: 302, location: 'http://b.com/' }, 'http://b.com/': { status: 302, location: 'http://10.0.0.1/' } }
    const { refusal, asked } = make({ answers })
    expect(await refusal('http://a.com/')).toContain('10.0.0.1 does not lie')
    expect(asked).toHaveLength(2)
  })

  it('does not get what was to be sent', async () => {
    const { get, refusal, asked } = make({ answers: { 'http://a.com/': { status: 303, location: '/done' }, 'http://b.com/': { status: 307, location: '/x' } } })
    await get('http://a.com/', { method: 'POST', body: 'text' })
    expect(asked.map(({ method, body }) => [method, body])).toEqual([['POST', 'text'], ['GET', undefined]])
    expect(await refusal('http://b.com/', { method: 'POST', body: 'text' })).toContain('with what was to be sent')
  })
})

describe('what comes', () => {
  it('has a limit', async () => {
    let given = 0
    const endless = (async function* () {
      for (;;) {
        given++
        yield new Uint8Array(600)
      }
    })()
    const { refusal } = make({ answers: { 'http://a.com/': { body: endless } } })
    expect(await refusal('http://a.com/')).toContain('more than 1000 bytes')
    expect(given).toBeLessThan(4)
  })

  it.each(['text/html', 'image/svg', 'application/json', ''])('of the type %j is not an image', async (type) => {
    const { refusal } = make({ answers: { 'http://a.com/': { type } } })
    expect(await refusal('http://a.com/', { types: ['image/png', 'audio/*'] })).toContain('and not image/png or audio/*')
  })

  it('that failed is told with its status, of whatever type', async () => {
    const { get } = make({ answers: { 'http://a.com/': { status: 404, type: 'text/html' } } })
    expect(await get('http://a.com/', { types: ['image/*'] })).toMatchObject({ status: 404 })
  })

  it('too late does not come', async () => {
    const { refusal, clock } = make({ answers: { 'http://a.com/': { never: true } } })
    const waiting = refusal('http://a.com/', { timeoutMs: 500 })
    await clock.advance(500)
    expect(await waiting).toBe('a.com could not be reached: no answer within 500 ms')
  })

  it('is given up when nobody waits any more', async () => {
    const { get } = make({ answers: { 'http://a.com/': { never: true } } })
    const aborter = new AbortController()
    const waiting = get('http://a.com/', { signal: aborter.signal })
    aborter.abort(new Error('gone'))
    await expect(waiting).rejects.toThrow('gone')
  })
})
