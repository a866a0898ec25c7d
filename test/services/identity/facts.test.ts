// Where a request comes from: nothing that a stranger can write makes it local.

import { describe, expect, it } from 'vitest'
import type { Facts } from '../../../src/services/identity/connections.ts'
import { isLoopbackAddress, isLoopbackHost, isOriginAllowed, toFacts } from '../../../src/services/identity/facts.ts'

const of = (headers: Record<string, string>, address: string | null) => toFacts(new Headers(headers), address)

describe('direct', () => {
  const LOCAL = { host: '127.0.0.1:18789' }

  it.each([
    ['IPv4 loopback', LOCAL, '127.0.0.1', true],
    ['another of its addresses', LOCAL, '127.8.9.10', true],
    ['IPv6 loopback', LOCAL, '::1', true],
    ['IPv4 in IPv6', LOCAL, '::ffff:127.0.0.1', true],
    ['no host at all: no browser', {}, '127.0.0.1', true],
    ['the name of this machine', { host: 'localhost:18789' }, '127.0.0.1', true],
    ['its IPv6 address as host', { host: '[::1]:18789' }, '::1', true],
    ['a socket without an address', LOCAL, null, false],
    ['an address of the network', LOCAL, '192.168.1.5', false],
    ['an address of the network in IPv6', LOCAL, '::ffff:192.168.1.5', false],
    ['an address that begins like loopback', LOCAL, '127.0.0.1.evil.example', false],
    ['a page that was rebound to this machine', { host: 'evil.example:18789' }, '127.0.0.1', false],
    ['a host that begins like loopback', { host: '127.0.0.1.evil.example' }, '127.0.0.1', false],
    ['a host that ends like it', { host: 'evil-localhost' }, '127.0.0.1', false],
    ['an empty host', { host: '' }, '127.0.0.1', false],
    ['a host that is none', { host: 'not a host' }, '127.0.0.1', false],
  ] as const)('%s', (_, headers, address, direct) => {
    expect(of(headers, address).direct).toBe(direct)
  })

  it.each(['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-forwarded-user', 'x-real-ip', 'cf-connecting-ip', 'true-client-ip', 'via'])('not with %s, whatever it says', (name) => {
    for (const value of ['127.0.0.1', '8.8.8.8', 'for=127.0.0.1', '']) {
      expect(of({ ...LOCAL, [name]: value }, '127.0.0.1').direct, value).toBe(false)
    }
  })

  it('takes the address from the socket, never from a header', () => {
    expect(of({ ...LOCAL, 'x-forwarded-for': '127.0.0.1' }, '203.0.113.7')).toEqual({
      address: '203.0.113.7',
      direct: false,
      forwarded: true,
      host: '127.0.0.1:18789',
      origin: null,
    })
  })
})

describe('loopback', () => {
  it.each(['127.0.0.1', '127.255.255.255', '::1', '::ffff:127.0.0.1', '::FFFF:127.0.0.1'])('%s is', (address) => {
    expect(isLoopbackAddress(address)).toBe(true)
  })

  it.each(['0.0.0.0', '::', '128.0.0.1', '10.0.0.1', 'localhost', '', '127.0.0.1:80', '::ffff:10.0.0.1'])('%s is not', (address) => {
    expect(isLoopbackAddress(address)).toBe(false)
  })

  it('as a host, with or without a port', () => {
    for (const host of [null, 'localhost', 'LOCALHOST:1', '127.0.0.1', '127.0.0.1:80', '[::1]', '[::1]:80']) expect(isLoopbackHost(host), String(host)).toBe(true)
    for (const host of ['', 'example.com', '0.0.0.0', '10.0.0.1:80', 'localhost.evil.example', '::1']) expect(isLoopbackHost(host), host).toBe(false)
  })
})

describe('origins', () => {
  const local: Facts = { address: '127.0.0.1', direct: true, host: '127.0.0.1:18789', origin: null }
  const remote: Facts = { address: '203.0.113.7', direct: false, host: 'Gateway.example', origin: null }

  it.each([
    ['no page', local, null, [], true],
    ['no page, from afar', remote, null, [], true],
    ["the gateway's own page", local, 'http://127.0.0.1:18789', [], true],
    ["the gateway's own page, from afar", remote, 'https://gateway.example', [], true],
    ['a page of this machine on another port', local, 'http://localhost:5173', [], true],
    ['a page of this machine over IPv6', local, 'http://[::1]:5173', [], true],
    ['a page of the reader to a gateway elsewhere', remote, 'http://localhost:5173', [], false],
    ['a page of this machine, forwarded', { ...local, direct: false }, 'http://localhost:5173', [], false],
    ['a page elsewhere', local, 'https://evil.example', [], false],
    ['a page that begins like ours', remote, 'https://gateway.example.evil.example', [], false],
    ['our host on another port', remote, 'https://gateway.example:8443', [], false],
    ['a page that begins like this machine', local, 'http://localhost.evil.example', [], false],
    ['a page without an origin', local, 'null', [], false],
    ['an empty origin', local, '', [], false],
    ['a file', local, 'file://', [], false],
    ['an extension', local, 'chrome-extension://abcdef', [], false],
    ['an extension, with everybody allowed', local, 'chrome-extension://abcdef', ['*'], false],
    ['an allowed page', remote, 'https://app.example', ['https://app.example'], true],
    ['an allowed page, written with a path', remote, 'https://app.example', ['https://app.example/chat/'], true],
    ['an allowed page, in other letters', remote, 'https://app.example', ['https://APP.example:443'], true],
    ['an allowed page on another port', remote, 'https://app.example:8443', ['https://app.example'], false],
    ['an allowed page without encryption', remote, 'http://app.example', ['https://app.example'], false],
    ['a page below an allowed one', remote, 'https://a.app.example', ['https://app.example'], false],
    ['everybody allowed', remote, 'https://anything.example', ['https://app.example', '*'], true],
    ['an entry that is no address', remote, 'https://app.example', ['app.example', ''], false],
  ] as const)('%s', (_, facts, origin, allowed, isAllowed) => {
    expect(isOriginAllowed({ ...facts, origin }, allowed)).toBe(isAllowed)
  })
})

it('keeps the beginning of what is longer than a name can be, and lets nobody in by it', () => {
  const long = 'h'.repeat(1000)
  const facts = of({ host: long, origin: `https://${long}` }, '127.0.0.1')
  expect([facts.host, facts.origin]).toEqual(['h'.repeat(300), `https://${'h'.repeat(292)}`])
  expect(facts.direct).toBe(false)
  expect(isOriginAllowed(facts, [])).toBe(false)
})
