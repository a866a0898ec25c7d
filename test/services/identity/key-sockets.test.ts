// Connections of a key, when it ends.

import { expect, it } from 'vitest'
import { createConnections } from '../../../src/services/identity/connections.ts'
import { closeWithKey } from '../../../src/services/identity/key-sockets.ts'
import type { KeyLimits } from '../../../src/protocol/scopes.ts'
import { fakeClock } from '../../harness/clock.ts'

const FACTS = { address: '127.0.0.1', direct: true, host: null, origin: null }
const CLIENT = { id: 'cli', version: '1', platform: 'x', mode: 'cli' } as const

function make(hibernates = false) {
  const clock = fakeClock()
  const connections = createConnections()
  const closed: unknown[] = []
  const revoked = new Set<string>()
  let tell: (id: string) => void = () => {}
  connections.onDisconnect((...args) => void closed.push(args))
  closeWithKey({ keys: { onRevoked: (listener) => void (tell = listener), isRevoked: (id) => revoked.has(id) }, connections, clock, hibernates })
  function open(id: string, key?: KeyLimits) {
    const connection = connections.open(id, FACTS, 'n', 0, () => {})
    connection.establish({ dialect: 'typed', protocol: 4, client: CLIENT, principalId: key ? `key:${key.id}` : 'operator', role: 'operator', scopes: [], caps: [], ...(key && { key }) })
    connections.joined(connection, null)
  }
  return { clock, connections, closed, revoked, open, revoke: (id: string) => tell(id) }
}

it('are let go when it is revoked, and no others', () => {
  const { open, revoke, closed } = make()
  open('one', { id: 'a' })
  open('two', { id: 'b' })
  open('three')
  revoke('a')
  expect(closed).toEqual([['one', 4001, 'the key was revoked']])
})

it('are let go when it expires, however far away that is', async () => {
  const { open, clock, closed } = make()
  open('soon', { id: 'a', expiresAtMs: clock.now() + 1000 })
  open('late', { id: 'b', expiresAtMs: clock.now() + 2 ** 32 })
  open('gone', { id: 'c', expiresAtMs: clock.now() - 1 })
  expect(closed).toEqual([['gone', 4001, 'the key has ended']])
  await clock.advance(1000)
  expect(closed.slice(1)).toEqual([['soon', 4001, 'the key has ended']])
  await clock.advance(2 ** 31)
  expect(closed).toHaveLength(2)
  await clock.advance(2 ** 31)
  expect(closed.slice(2)).toEqual([['late', 4001, 'the key has ended']])
})

it('that slept are let go when they come back to a key that was revoked', () => {
  const { open, revoked, closed } = make()
  revoked.add('a')
  open('one', { id: 'a' })
  expect(closed).toEqual([['one', 4001, 'the key has ended']])
})

it('are not waited for where gateways sleep', () => {
  const { open, clock } = make(true)
  open('one', { id: 'a', expiresAtMs: clock.now() + 1000 })
  expect(clock.pending).toBe(0)
})

it('leave no timer behind', () => {
  const { open, clock, connections } = make()
  open('one', { id: 'a', expiresAtMs: clock.now() + 1000 })
  expect(clock.pending).toBe(1)
  connections.close('one')
  expect(clock.pending).toBe(0)
})
