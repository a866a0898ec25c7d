// Named keys at the door: over HTTP and on the socket, in every mode, and never wider than they are.

import { describe, expect, it } from 'vitest'
import type { Client } from '../../../src/protocol/connect.ts'
import { expandScopes, SCOPES } from '../../../src/protocol/scopes.ts'
import { createAuthMode, type AuthSettings } from '../../../src/services/identity/auth-modes.ts'
import { createAuth, type AuthRequest } from '../../../src/services/identity/auth.ts'
import type { Facts } from '../../../src/services/identity/connections.ts'
import { createDevices } from '../../../src/services/identity/devices.ts'
import { createRing, DAY } from './key-rings.ts'

const SECRET = 'the secret of the tests'
const MODES: readonly AuthSettings[] = [{ mode: 'token', secret: SECRET }, { mode: 'password', secret: SECRET }, { mode: 'none' }]
const DIRECT: Facts = { address: '127.0.0.1', direct: true, host: 'localhost', origin: null }
const REMOTE: Facts = { address: '203.0.113.7', direct: false, host: 'gateway.example', origin: null }
const PAGE: Client = { id: 'openclaw-control-ui', version: '1', platform: 'web', mode: 'webchat' }

function create(settings: AuthSettings = MODES[0]!) {
  const ring = createRing()
  const auth = createAuth({ mode: () => createAuthMode(settings), devices: createDevices(ring), keys: ring.keys, keyLimiter: ring.limiter, clock: ring.clock, autoApproveLocal: () => true })
  const connect = (token: string, more: Partial<AuthRequest> = {}) =>
    auth.connect({ client: PAGE, role: 'operator', scopes: ['operator.read', 'operator.admin'], credentials: { token }, nonce: 'n', facts: REMOTE, ...more })
  return { ...ring, auth, connect }
}

describe.each(MODES)('in mode $mode a key', (settings) => {
  it('is its holder, from anywhere', async () => {
    const { auth, make } = create(settings)
    const { key, row } = await make({ scopes: ['operator.read'] })
    for (const facts of [DIRECT, REMOTE]) {
      expect(await auth.bearer(`Bearer ${key}`, facts)).toEqual({ id: `key:${row.id}`, role: 'operator', scopes: new Set(['operator.read']), key: { id: row.id } })
    }
  })

  it('that is wrong lets nobody in, even where no key is needed', async () => {
    const { auth, make, keys } = create(settings)
    const { key, row } = await make()
    keys.revoke(row.id)
    for (const offered of [key, `${key.slice(0, -3)}AAA`, `eck_${'0'.repeat(16)}_${'a'.repeat(43)}`, 'eck_', 'aaaaaaaaaaaa.bbbbbbbbbbbb.cccccccccccc']) {
      await expect(Promise.resolve(auth.bearer(`Bearer ${offered}`, DIRECT)), offered).rejects.toMatchObject({ code: 'UNAUTHORIZED', options: { code: 'invalid_api_key' } })
    }
  })

  it('connects with the scopes that it has, of those that are asked for', async () => {
    const { connect, make } = create(settings)
    const { key, row } = await make({ scopes: ['operator.write'] })
    expect(await connect(key)).toEqual({ principalId: `key:${row.id}`, role: 'operator', scopes: ['operator.read'], key: { id: row.id } })
    expect((await connect(key, { scopes: null })).scopes.toSorted()).toEqual([...expandScopes(['operator.write'])].toSorted())
    await expect(connect(`${key}x`)).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
  })
})

describe('a key', () => {
  it('is for operators, and on the socket for all agents', async () => {
    const { connect, make, auth } = create()
    const all = await make()
    await expect(connect(all.key, { role: 'node' })).rejects.toThrow('a key is for operators')
    const some = await make({ agents: ['main'] })
    await expect(connect(some.key)).rejects.toMatchObject({ code: 'FORBIDDEN', options: { details: { code: 'AGENT_NOT_ALLOWED' } } })
    expect(await auth.bearer(`Bearer ${some.key}`, REMOTE)).toMatchObject({ key: { agents: ['main'] } })
  })

  it('may be the password of a connection, too', async () => {
    const { connect, make } = create()
    const { key } = await make()
    expect((await connect('', { credentials: { password: key } })).principalId).toMatch(/^key:/)
  })

  it('of an admin makes no more than an admin', async () => {
    const { auth, make, clock } = create()
    const { key } = await make({ kind: 'signed', scopes: ['operator.admin'], expiresAtMs: clock.now() + DAY })
    expect(await auth.bearer(`Bearer ${key}`, REMOTE)).toMatchObject({ scopes: new Set(SCOPES) })
  })

  it('is not what the shared secret is, though it may look like one', async () => {
    const { auth } = create({ mode: 'token', secret: 'eck_my-own-secret' })
    expect(auth.bearer('Bearer eck_my-own-secret', REMOTE)).toMatchObject({ id: 'operator' })
  })
})
