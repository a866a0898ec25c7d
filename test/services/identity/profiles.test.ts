// The person whose gateway it is, and what their pages keep.

import { describe, expect, it } from 'vitest'
import { createConnections, type Connection } from '../../../src/services/identity/connections.ts'
import { createProfiles } from '../../../src/services/identity/profiles.ts'
import { settled } from '../../harness/clock.ts'
import { foundation } from '../../harness/foundation.ts'

function make(base = foundation()) {
  const connections = createConnections()
  const profiles = createProfiles({ ...base, connections })
  let count = 0
  function connect(id: string, role: 'operator' | 'node' = 'operator'): Connection {
    const connection = connections.open(`c${++count}`, { address: null, direct: false, host: null, origin: null }, 'n', 0, () => {})
    connection.establish({ dialect: 'typed', protocol: 4, client: { id: id as 'cli', version: '1', platform: 'x', mode: 'ui' }, principalId: 'p', role, scopes: [], caps: [] })
    return connection
  }
  return { ...base, connections, profiles, connect }
}

const OWNER = 'gateway-owner'

describe('whose a connection is', () => {
  it.each([
    ['openclaw-control-ui', OWNER],
    ['webchat', OWNER],
    ['webchat-ui', OWNER],
    ['cli', null],
    ['openclaw-ios', null],
  ])('%s: %s', (id, owner) => {
    const { profiles, connect } = make()
    expect(profiles.of(connect(id))).toBe(owner)
    expect(profiles.of(connect(id, 'node'))).toBeNull()
  })

  it('is nobody’s without one, and before the handshake', () => {
    const { profiles, connections } = make()
    expect(profiles.of(null)).toBeNull()
    expect(profiles.of(connections.open('x', { address: null, direct: false, host: null, origin: null }, 'n', 0, () => {}))).toBeNull()
  })
})

it('is the same person from the first time on', async () => {
  const { profiles, clock, sql } = make()
  const first = profiles.get(OWNER)
  expect(first).toEqual({ id: OWNER, createdAt: clock.now(), updatedAt: clock.now() })
  await clock.advance(5)
  expect(make(foundation(sql)).profiles.get(OWNER)).toEqual(first)
})

describe('settings', () => {
  it('are kept over a restart, and taken away with null', async () => {
    const { profiles, sql, commit } = make()
    profiles.setPrefs(OWNER, { a: 1, 'b c': { d: [null] }, e: false })
    await commit.flush()
    const after = make(foundation(sql)).profiles
    expect(after.prefs(OWNER)).toEqual({ a: 1, 'b c': { d: [null] }, e: false })
    expect(after.prefs(OWNER, ['a', 'nothing'])).toEqual({ a: 1 })
    after.setPrefs(OWNER, { a: null, nothing: null })
    expect(after.prefs(OWNER)).toEqual({ 'b c': { d: [null] }, e: false })
    expect(after.prefs('somebody')).toEqual({})
  })

  it.each([
    ['', 1, 'invalid-key'],
    ['x'.repeat(257), 1, 'invalid-key'],
    ['a\nb', 1, 'invalid-key'],
    ['constructor', 1, 'invalid-key'],
    ['a', 'x'.repeat(70_000), 'value-too-large'],
  ])('%#: are refused, with all that came along', (key, value, why) => {
    const { profiles } = make()
    expect(() => profiles.setPrefs(OWNER, { good: 1, [key]: value })).toThrow(why)
    expect(profiles.prefs(OWNER)).toEqual({})
  })

  it('are a thousand at most', () => {
    const { profiles } = make()
    profiles.setPrefs(OWNER, Object.fromEntries(Array.from({ length: 1000 }, (_, n) => [`k${n}`, n])))
    expect(() => profiles.setPrefs(OWNER, { more: 1 })).toThrow('1000 are the most')
    profiles.setPrefs(OWNER, { k0: null, more: 1 })
    expect(profiles.prefs(OWNER, ['k0', 'more'])).toEqual({ more: 1 })
  })

  it('are told to the pages of the person alone', async () => {
    const { profiles, connect, heard } = make()
    const [page, other] = [connect('openclaw-control-ui'), connect('webchat')]
    connect('cli')
    profiles.setPrefs(OWNER, { a: 1, b: null })
    profiles.setPrefs(OWNER, {})
    await settled()
    expect(heard).toEqual([page, other].map(({ id: connection }) => ({ event: 'users.prefs.changed', payload: { profileId: OWNER, keys: ['a', 'b'] }, audience: { connection } })))
  })
})
