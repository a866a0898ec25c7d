// Which networks an address lies in.

import { expect, it } from 'vitest'
import { isInNetworks } from '../../../src/services/identity/cidr.ts'

it.each([
  ['10.1.2.3', ['10.0.0.0/8'], true],
  ['11.1.2.3', ['10.0.0.0/8'], false],
  ['192.168.1.77', ['192.168.1.64/26'], true],
  ['192.168.1.128', ['192.168.1.64/26'], false],
  ['1.2.3.4', ['1.2.3.4'], true],
  ['1.2.3.5', ['1.2.3.4/32'], false],
  ['1.2.3.4', ['0.0.0.0/0'], true],
  ['::ffff:10.1.2.3', ['10.0.0.0/8'], true],
  ['::FFFF:10.1.2.3', ['10.0.0.0/8'], true],
  ['fd00::1', ['fd00::/8'], true],
  ['fe80::1%eth0', ['fe80::/10'], true],
  ['2001:db8::1', ['2001:db8:0:0::/64'], true],
  ['2001:db8:1::1', ['2001:db8::/48'], false],
  ['::1', ['::1'], true],
  ['::1', ['0.0.0.0/0'], false],
  ['1.2.3.4', ['::/0'], false],
  ['1.2.3.4', ['9.9.9.9', '1.2.3.0/24'], true],
  ['1.2.3.4', [], false],
  [null, ['0.0.0.0/0'], false],
])('%s in %j: %s', (address, cidrs, isIn) => {
  expect(isInNetworks(address, cidrs)).toBe(isIn)
})

it('matches nothing with what is no network, or of what is no address', () => {
  for (const cidr of ['', '/', '/0', '1.2.3.4/', '1.2.3.4/33', '1.2.3.4/-1', '1.2.3.4/0/0', '1.2.3/0', '256.0.0.0/0', 'fd00::/129', 'g::/0', ':::/0', '1::2::3/0', 'localhost']) {
    expect(isInNetworks('1.2.3.4', [cidr]), cidr).toBe(false)
    expect(isInNetworks('fd00::1', [cidr]), cidr).toBe(false)
  }
  for (const address of ['', 'localhost', '1.2.3', '1.2.3.4.5', '01.2.3.999', '1:2', '1:2:3:4:5:6:7:8:9']) expect(isInNetworks(address, ['0.0.0.0/0', '::/0']), address).toBe(false)
})
