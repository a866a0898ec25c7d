// Tokens are rotated and revoked by who may, and allow no more than was approved and than who asks holds.

import { describe, expect, it } from 'vitest'
import { SCOPES, type Scope } from '../../../src/protocol/scopes.ts'
import { ASKER, askerWith, createIdentities, identity } from './identities.ts'

const BOTH: readonly Scope[] = ['operator.pairing', 'operator.read']

async function create(scopes: readonly Scope[] = BOTH) {
  const all = createIdentities()
  all.devices.approveSilently(identity('phone'), 'operator', scopes)
  const { deviceToken } = await all.devices.issueToken('phone', 'operator')
  return { ...all, deviceToken, rotate: (wanted?: readonly string[], asker = askerWith(SCOPES, 'phone')) => all.devices.rotateToken('phone', 'operator', wanted, asker) }
}

describe('a token', () => {
  it('allows what was approved, or what it was made for', async () => {
    const { devices, deviceToken, rotate } = await create()
    expect(await devices.tokenScopes('phone', 'operator', deviceToken)).toEqual(BOTH)
    const { token } = await rotate(['operator.read'])
    expect(await devices.tokenScopes('phone', 'operator', token!)).toEqual(['operator.read'])
    expect(await devices.tokenScopes('phone', 'operator')).toEqual(['operator.read'])
    devices.approveSilently(identity('phone'), 'operator', ['operator.write'])
    expect(await devices.tokenScopes('phone', 'operator', token!)).toEqual(['operator.read'])
    await devices.issueToken('phone', 'operator')
    expect((await devices.tokenScopes('phone', 'operator'))!.toSorted()).toEqual(['operator.pairing', 'operator.read', 'operator.write'])
    for (const [id, role, offered] of [['phone', 'operator', 'x'], ['phone', 'node', token!], ['nobody', 'operator', token!]] as const) expect(await devices.tokenScopes(id, role, offered)).toBeNull()
  })

  it('that was prepared is one as soon as it is kept', async () => {
    const { devices, commit } = await create()
    const prepared = await devices.prepareToken()
    expect(await devices.holdsToken('phone', 'operator', prepared.deviceToken)).toBe(false)
    commit.tx(() => devices.keepToken('phone', 'operator', prepared))
    expect(await devices.holdsToken('phone', 'operator', prepared.deviceToken)).toBe(true)
    expect(() => devices.keepToken('phone', 'node', prepared)).toThrow('this device was removed')
  })
})

describe('to rotate', () => {
  it('ends the tokens that there were, and keeps their scopes', async () => {
    const { devices, deviceToken, rotate, clock, connect, closed, heard } = await create()
    connect('c', 'phone')
    await clock.advance(1000)
    const rotated = await rotate()
    expect(rotated).toEqual({ role: 'operator', scopes: BOTH, rotatedAtMs: clock.now(), token: expect.any(String) })
    expect(await devices.holdsToken('phone', 'operator', deviceToken)).toBe(false)
    expect(await devices.holdsToken('phone', 'operator', rotated.token!)).toBe(true)
    expect(closed).toEqual(['c 4001 device removed'])
    expect(heard.at(-1)).toMatchObject({ event: 'device.pair.changed', payload: {} })
    expect(JSON.stringify(devices.list())).not.toContain(rotated.token)
  })

  it('tells the new token to the device alone', async () => {
    const { rotate, devices } = await create()
    for (const asker of [ASKER, askerWith(['operator.admin'], 'tablet')]) expect((await rotate(undefined, asker)).token).toBeNull()
    expect(devices.hasToken('phone', 'operator')).toBe(true)
  })

  // Every scope that might be asked for, by who holds every other one.
  it.each(SCOPES)('gives %s only if it was approved and is held', async (scope) => {
    const others = SCOPES.filter((each) => each !== scope && each !== 'operator.admin' && each !== 'operator.write')
    const approved = await create([scope, 'operator.pairing'])
    await expect(approved.rotate([scope], askerWith(others, 'phone'))).rejects.toThrow('device token rotation denied')
    expect((await approved.rotate([scope], askerWith(['operator.admin'], 'phone'))).scopes).toEqual([scope])
    const unapproved = await create(others.filter((each) => each !== 'operator.talk' || scope !== 'operator.talk'))
    await expect(unapproved.rotate([scope], askerWith(['operator.admin'], 'phone'))).rejects.toThrow('device token rotation denied')
  })

  it('gives nothing that is no scope, to nobody else, and in no role that was not approved', async () => {
    const { devices, rotate } = await create()
    await expect(rotate(['operator.read', 'no.such.scope'])).rejects.toThrow('denied')
    await expect(rotate(undefined, askerWith(['operator.pairing'], 'phone'))).rejects.toThrow('denied') // it would get operator.read
    await expect(rotate(['operator.read'], askerWith(BOTH, 'tablet'))).rejects.toThrow('denied')
    for (const [id, role] of [['phone', 'node'], ['phone', 'other'], ['nobody', 'operator']]) await expect(devices.rotateToken(id!, role!, undefined, ASKER)).rejects.toThrow('denied')
    devices.approveSilently(identity('phone'), 'node', [])
    await expect(devices.rotateToken('phone', 'node', ['operator.read'], ASKER)).rejects.toThrow('denied')
    expect((await devices.rotateToken('phone', 'node', undefined, ASKER)).scopes).toEqual([])
  })

  it('does not undo that it was revoked', async () => {
    const { devices, rotate } = await create()
    devices.revokeTokens('phone', 'operator', ASKER)
    await expect(rotate()).rejects.toThrow('denied')
  })
})

describe('to revoke', () => {
  it('ends the access until a new approval, and of no other role', async () => {
    const { devices, deviceToken, connect, closed, clock } = await create()
    devices.approveSilently(identity('phone'), 'node', [])
    const node = await devices.issueToken('phone', 'node')
    connect('o', 'phone')
    connect('n', 'phone', 'node')
    expect(devices.revokeTokens('phone', 'operator', ASKER)).toBe(clock.now())
    expect(closed).toEqual(['o 4001 device removed'])
    expect(devices.grantOf('phone', 'operator')).toBeNull()
    expect(devices.hasToken('phone', 'operator')).toBe(false)
    expect(await devices.holdsToken('phone', 'operator', deviceToken)).toBe(false)
    expect(await devices.holdsToken('phone', 'node', node.deviceToken)).toBe(true)
    await expect(devices.issueToken('phone', 'operator')).rejects.toMatchObject({ code: 'NOT_PAIRED' })
    devices.approveSilently(identity('phone'), 'operator', ['operator.read'])
    expect(devices.grantOf('phone', 'operator'), 'not what was approved before').toEqual(['operator.read'])
    expect(devices.find('phone')).not.toHaveProperty('revokedAtMs')
  })

  it('can be done again, by who may', async () => {
    const { devices } = await create()
    devices.revokeTokens('phone', 'operator', askerWith(['operator.pairing'], 'phone'))
    devices.revokeTokens('phone', 'operator', ASKER)
    const denied = 'device token revocation denied'
    expect(() => devices.revokeTokens('phone', 'operator', askerWith(BOTH, 'tablet'))).toThrow(denied)
    for (const [id, role] of [['phone', 'node'], ['phone', 'x'], ['nobody', 'operator']]) expect(() => devices.revokeTokens(id!, role!, ASKER)).toThrow(denied)
  })
})
