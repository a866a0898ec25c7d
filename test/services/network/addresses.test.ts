// Which hosts are outside.

import { describe, expect, it } from 'vitest'
import { isAllowed, isPublicAddress, isPublicName, toAddress } from '../../../src/services/network/addresses.ts'

describe('addresses', () => {
  it.each([
    '1.1.1.1', '8.8.8.8', '9.9.9.9', '11.0.0.1', '93.184.215.14', '100.63.255.255', '100.128.0.1', '126.255.255.255', '128.0.0.1',
    '169.253.255.255', '172.15.255.255', '172.32.0.1', '192.167.0.1', '193.0.0.1', '198.17.0.1', '198.20.0.1', '223.255.255.254',
    '2606:4700:4700::1111', '2001:4860:4860::8888', '2a00:1450:4001:81b::200e', '2400:cb00::1', '2620:fe::fe',
  ])('%s is public', (address) => expect(isPublicAddress(address)).toBe(true)) // prettier-ignore

  it.each([
    '0.0.0.0', '0.1.2.3', '10.0.0.0', '10.255.255.255', '100.64.0.1', '100.100.100.200', '100.127.255.255', '127.0.0.1', '127.1.2.3', '127.255.255.255',
    '168.63.129.16', '169.254.0.1', '169.254.169.254', '172.16.0.1', '172.31.255.255', '192.0.0.1', '192.0.0.192', '192.0.2.1', '192.88.99.1', '192.168.0.1',
    '192.168.255.255', '198.18.0.1', '198.19.255.255', '198.51.100.1', '203.0.113.1', '224.0.0.1', '239.255.255.250', '240.0.0.1', '255.255.255.255',
    '::', '::1', '::2', '::127.0.0.1', '::ffff:127.0.0.1', '::ffff:8.8.8.8', '::ffff:7f00:1', '::ffff:0:127.0.0.1', '64:ff9b::7f00:1', '64:ff9b::808:808',
    '64:ff9b:1::1', '100::1', '2001::1', '2001:0:4136:e378:8000:63bf:3fff:fdd2', '2001:2::1', '2001:10::1', '2001:20::1', '2001:db8::1', '2002:7f00:1::', '2002:c0a8:101::1',
    '3fff::1', '4000::1', '5f00::1', 'fc00::1', 'fd00:ec2::254', 'fd12:3456:789a::1', 'fe80::1', 'fe80::1%eth0', 'febf::1', 'fec0::1', 'ff02::1', 'ff0e::1',
    '', 'x', '1.2.3', '1.2.3.4.5', '256.1.1.1', '0x7f.1', '0177.0.0.1', '2130706433', '127.1', '[::1]', '1.1.1.1/32', ' 8.8.8.8', 'localhost',
  ])('%j is not', (address) => expect(isPublicAddress(address)).toBe(false)) // prettier-ignore
})

describe('names', () => {
  it.each(['a.co', 'example.com', 'xn--bcher-kva.de', 'a.b.c.d.org', 'api.openai.com', 'localhost.com', 'internal.example.net', 'example.com.'])('%s may be resolved', (name) =>
    expect(isPublicName(name)).toBe(true),
  )

  it.each([
    'localhost', 'localhost.', 'a.localhost', 'printer', 'printer.local', 'printer.local.', 'db.internal', 'metadata.google.internal', 'x.lan', 'x.home', 'x.corp', 'x.home.arpa',
    'x.localdomain', 'x.onion', 'x.intranet', 'x.private', 'a.1', '1.2.3', '',
  ])('%j may not', (name) => expect(isPublicName(name)).toBe(false)) // prettier-ignore
})

describe('what is allowed', () => {
  const at = (hostname: string, port = 80) => ({ hostname, port, address: toAddress(hostname) })

  it.each([
    ['nas.lan', at('nas.lan')],
    ['NAS.lan', at('nas.lan', 5000)],
    ['nas.lan:5000', at('nas.lan', 5000)],
    ['*.lan', at('a.b.lan')],
    ['192.168.1.5', at('192.168.1.5')],
    ['192.168.1.5:81', at('192.168.1.5', 81)],
    ['10.0.0.0/8', at('10.20.30.40')],
    ['fd00::/8', at('[fd00::1]')],
    ['fd00::1', at('[fd00::1]')],
    ['::1', at('[::1]', 8080)],
    ['10.0.0.0/8', { hostname: 'nas.lan', port: 80, address: '10.1.1.1' }],
  ])('%s allows %j', (entry, target) => expect(isAllowed([entry], target)).toBe(true))

  it.each([
    ['nas.lan', at('evil.nas.lan')],
    ['nas.lan', at('nas.lan.evil.com')],
    ['nas.lan:5000', at('nas.lan', 5001)],
    ['*.lan', at('lan')],
    ['*.lan', at('evillan')],
    ['192.168.1.5', at('192.168.1.50')],
    ['10.0.0.0/8', at('11.0.0.1')],
    ['10.0.0.0/8', at('nas.lan')],
    ['10.0.0.0/33', at('10.0.0.1')],
    ['fd00::/8', at('10.0.0.1')],
    ['::1', at('[::2]')],
    ['', at('nas.lan')],
    ['*', at('nas.lan')],
  ])('%s does not allow %j', (entry, target) => expect(isAllowed([entry], target)).toBe(false))
})
