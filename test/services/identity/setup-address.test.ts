// The address in a setup code.

import { describe, expect, it } from 'vitest'
import { toSetupAddress, type Whereabouts } from '../../../src/services/identity/setup-address.ts'

const at = (changes: Partial<Whereabouts> = {}) => toSetupAddress({ publicUrl: undefined, publicOrigin: undefined, listening: null, ...changes })
const listening = (host: string, lanAddress?: string) => ({ listening: { host, port: 18_789, lanAddress } })

it.each([
  ['wss://gateway.example', 'wss://gateway.example', false],
  ['https://gateway.example/', 'wss://gateway.example', false],
  ['https://gateway.example:8443/base/', 'wss://gateway.example:8443/base/', false],
  ['wss://gateway.example/a?b=1#c', 'wss://gateway.example/a', false],
  ['ws://127.0.0.1:18789', 'ws://127.0.0.1:18789', false],
  ['http://localhost:18789', 'ws://localhost:18789', false],
  ['ws://[::1]:18789', 'ws://[::1]:18789', false],
  ['ws://192.168.1.5:18789', 'ws://192.168.1.5:18789', true],
  ['http://10.0.0.5', 'ws://10.0.0.5', true],
  ['ws://172.31.0.1', 'ws://172.31.0.1', true],
  ['ws://169.254.1.1', 'ws://169.254.1.1', true],
  ['ws://mac.local', 'ws://mac.local', true],
  ['ws://[fd00::5]:1', 'ws://[fd00::5]:1', true],
  ['192.168.1.5:18789', 'ws://192.168.1.5:18789', true],
])('%s is %s', (publicUrl, url, isPlain) => {
  expect(at({ publicUrl })).toEqual({ url, source: 'request.publicUrl', isPlain })
})

it.each(['ws://gateway.example', 'http://gateway.example', 'ws://10.evil.example', 'ws://172.32.0.1', 'ws://8.8.8.8', 'gateway.example', 'ftp://x', 'javascript://x', 'wss://a:b@x', 'wss://', '', `wss://${'x'.repeat(1100)}.example`])('refuses %s', (publicUrl) => {
  expect(() => at({ publicUrl })).toThrow(/publicUrl/)
})

describe('without one that is given', () => {
  it('is what the configuration says, else where the gateway listens', () => {
    expect(at({ publicOrigin: 'https://gateway.example', ...listening('0.0.0.0', '192.168.1.5') })).toEqual({ url: 'wss://gateway.example', source: 'gateway.publicOrigin', isPlain: false })
    expect(at(listening('0.0.0.0', '192.168.1.5'))).toEqual({ url: 'ws://192.168.1.5:18789', source: 'gateway.bind', isPlain: true })
    expect(at(listening('192.168.1.9', '192.168.1.5')).url).toBe('ws://192.168.1.9:18789')
    expect(at(listening('fd00::5')).url).toBe('ws://[fd00::5]:18789')
  })

  it('says what to do where nobody else can reach it, or it does not know', () => {
    expect(() => at(listening('127.0.0.1', '192.168.1.5'))).toThrow('Gateway is only bound to loopback. Set gateway.bind=lan, or give publicUrl.')
    expect(() => at(listening('0.0.0.0'))).toThrow('give publicUrl')
    expect(() => at(listening('0.0.0.0', '203.0.113.5'))).toThrow('must be a wss:// URL')
    expect(() => at()).toThrow('give publicUrl, or set gateway.publicOrigin')
  })
})
