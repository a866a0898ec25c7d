// Devices are renamed and removed by who may.

import { describe, expect, it } from 'vitest'
import { settled } from '../../harness/clock.ts'
import { ASKER, askerWith, createIdentities, identity } from './identities.ts'

describe('removing', () => {
  it('ends all that a device had, and tells', async () => {
    const { devices, connect, closed, heard } = createIdentities()
    devices.approveSilently(identity('phone'), 'operator', ['operator.read'])
    const { deviceToken } = await devices.issueToken('phone', 'operator')
    connect('a', 'phone')
    const removed: unknown[] = []
    devices.onRemoved((...told) => void removed.push(told))
    devices.remove('phone', ASKER)
    expect(devices.find('phone')).toBeNull()
    expect(await devices.holdsToken('phone', 'operator', deviceToken)).toBe(false)
    expect(removed).toEqual([['phone', null]])
    expect(closed).toEqual(['a 4001 device removed'])
    await settled()
    expect(heard.at(-1)).toMatchObject({ event: 'device.pair.changed' })
    expect(() => devices.remove('phone', ASKER)).toThrow('unknown deviceId')
  })

  it('of one role leaves the other', async () => {
    const { devices, connect, closed } = createIdentities()
    devices.approveSilently(identity('phone'), 'operator', ['operator.read'])
    devices.approveSilently(identity('phone'), 'node', [])
    for (const role of ['operator', 'node'] as const) {
      await devices.issueToken('phone', role)
      connect(role, 'phone', role)
    }
    const removed: unknown[] = []
    devices.onRemoved((...told) => void removed.push(told))
    expect(devices.removeRole('phone', 'node', ASKER)).toBe(true)
    expect([devices.grantOf('phone', 'node'), devices.hasToken('phone', 'node'), devices.hasToken('phone', 'operator')]).toEqual([null, false, true])
    expect(closed).toEqual(['node 4001 device removed'])
    expect(devices.removeRole('phone', 'node', ASKER)).toBe(false)
    expect(devices.removeRole('phone', 'operator', ASKER)).toBe(true)
    expect(devices.find('phone')).toBeNull()
    expect(removed).toEqual([['phone', 'node'], ['phone', null]])
    expect(devices.removeRole('nobody', 'node', ASKER)).toBe(false)
  })
})

it('renames, and keeps the name through a new approval', async () => {
  const { devices, heard } = createIdentities()
  devices.approveSilently(identity('phone'), 'operator', ['operator.read'])
  devices.rename('phone', 'Pocket', ASKER.caller)
  devices.approveSilently({ ...identity('phone'), displayName: 'New' }, 'operator', ['operator.write'])
  expect(devices.find('phone')).toMatchObject({ label: 'Pocket', displayName: 'New' })
  await settled()
  expect(heard.filter(({ event }) => event === 'device.pair.changed')).toHaveLength(1)
  expect(() => devices.rename('nobody', 'x', ASKER.caller)).toThrow('unknown deviceId')
})

describe('a device that is no admin', () => {
  const own = askerWith(['operator.pairing', 'operator.read'], 'phone')

  it('changes and sees itself alone', () => {
    const { devices } = createIdentities()
    for (const name of ['phone', 'tablet']) devices.approveSilently(identity(name), 'operator', ['operator.read'])
    expect(() => devices.remove('tablet', own)).toThrow('device pairing removal denied')
    expect(() => devices.remove('nobody', own), 'whether it exists').toThrow('device pairing removal denied')
    expect(() => devices.rename('tablet', 'x', own.caller)).toThrow('device pairing rename denied')
    expect(devices.list(own.caller).paired.map(({ deviceId }) => deviceId)).toEqual(['phone'])
    devices.rename('phone', 'mine', own.caller)
    devices.remove('phone', own)
    expect(devices.list().paired.map(({ deviceId }) => deviceId)).toEqual(['tablet'])
  })

  it('answers its own requests alone, with no more than it holds', () => {
    const { devices } = createIdentities()
    const other = devices.request(identity('tablet'), 'operator', ['operator.read'], null)
    const wider = devices.request(identity('phone'), 'operator', ['operator.admin'], null)
    expect(devices.list(own.caller).pending.map(({ requestId }) => requestId)).toEqual([wider])
    for (const id of [other, 'nothing']) {
      expect(() => devices.approve(id, own.caller)).toThrow('device pairing approval denied')
      expect(() => devices.reject(id, own.caller)).toThrow('device pairing rejection denied')
    }
    expect(() => devices.approve(wider, own.caller)).toThrow('scopes that you do not hold')
    const held = devices.request(identity('phone'), 'operator', ['operator.read'], null)
    expect(devices.approve(held, own.caller).grants).toEqual({ operator: ['operator.read'] })
  })
})

it('says of a request that the device is known already', async () => {
  const { devices, heard } = createIdentities()
  devices.request(identity('phone'), 'operator', [], null)
  devices.approveSilently(identity('tablet'), 'operator', [])
  devices.request(identity('tablet'), 'operator', ['operator.read'], null)
  await settled()
  expect(heard.filter(({ event }) => event === 'device.pair.requested').map(({ payload }) => payload.isRepair)).toEqual([undefined, true])
})
