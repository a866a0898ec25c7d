// Pairing: who may approve what, how long a request waits, how many there can be, and what is kept of tokens.

import { describe, expect, it } from 'vitest'
import { GatewayError } from '../../../src/protocol/errors.ts'
import { expandScopes, type Principal, type Role, type Scope } from '../../../src/protocol/scopes.ts'
import { createDevices, type DeviceIdentity } from '../../../src/services/identity/devices.ts'
import { settled } from '../../harness/clock.ts'
import { foundation, holdDisk, type Foundation } from '../../harness/foundation.ts'

const MINUTE = 60_000

function create(base: Foundation = foundation()) {
  return { ...base, devices: createDevices(base) }
}

const identity = (name: string): DeviceIdentity => ({
  deviceId: name,
  publicKey: `key of ${name}`,
  displayName: `The ${name}`,
  platform: 'ios',
  clientId: 'openclaw-ios',
  clientMode: 'ui',
})

const holding = (...scopes: Scope[]): Principal => ({ id: 'someone', role: 'operator', scopes: expandScopes(scopes) })
const ADMIN = holding('operator.admin')

/** Everything that stands in the database. */
function contentOf({ sql }: Foundation): string {
  const tables = sql.all<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table'")
  return JSON.stringify(tables.map(({ name }) => sql.all(`SELECT * FROM "${name}"`)))
}

describe('a request', () => {
  it('waits, and is told to operators', async () => {
    const { devices, heard, clock } = create()
    const requestId = devices.request(identity('phone'), 'operator', ['operator.read'], '203.0.113.7')
    const wish = { ...identity('phone'), requestId, role: 'operator', scopes: ['operator.read'], remoteIp: '203.0.113.7' }
    expect(devices.list()).toEqual({ pending: [{ ...wish, createdAtMs: clock.now() }], paired: [] })
    await settled()
    expect(heard).toEqual([{ event: 'device.pair.requested', payload: { ...wish, roles: ['operator'], ts: clock.now() }, audience: {} }])
    expect(devices.grantOf('phone', 'operator')).toBeNull()
  })

  it('has no address where the runtime knows none', () => {
    const { devices } = create()
    devices.request(identity('phone'), 'operator', [], null)
    expect(devices.list().pending[0]).not.toHaveProperty('remoteIp')
  })

  it('is one however often it is repeated, and begins anew each time', async () => {
    const { devices, clock } = create()
    const first = devices.request(identity('phone'), 'operator', ['operator.read'], null)
    await clock.advance(4 * MINUTE)
    expect(devices.request(identity('phone'), 'operator', ['operator.read'], null)).toBe(first)
    await clock.advance(4 * MINUTE)
    expect(devices.list().pending.map(({ requestId }) => requestId)).toEqual([first])
  })

  it('is another for another role', () => {
    const { devices } = create()
    const ids = (['operator', 'node'] as const).map((role) => devices.request(identity('phone'), role, [], null))
    expect(new Set(ids).size).toBe(2)
  })

  it('is another for other scopes: who approves an id approves what was shown under it', () => {
    const { devices } = create()
    const shown = devices.request(identity('phone'), 'operator', ['operator.read'], null)
    devices.request(identity('phone'), 'operator', ['operator.admin'], null)
    try {
      devices.approve(shown, ADMIN)
    } catch (error) {
      expect(error).toBeInstanceOf(GatewayError) // it was replaced by the later one
    }
    expect(devices.grantOf('phone', 'operator') ?? []).not.toContain('operator.admin')
  })

  it.each<readonly [earlier: Scope[], later: Scope[], isSame: boolean]>([
    [['operator.read'], ['operator.read', 'operator.write'], false],
    [['operator.read', 'operator.write'], ['operator.read'], false],
    [['operator.read'], [], false],
    [['operator.read', 'operator.write'], ['operator.write', 'operator.read'], true],
  ])('for %j and then for %j is one wish that waits, under the same id: %s', (earlier, later, isSame) => {
    const { devices } = create()
    const first = devices.request(identity('phone'), 'operator', earlier, null)
    const second = devices.request(identity('phone'), 'operator', later, null)
    expect(first === second).toBe(isSame)
    expect(devices.list().pending).toEqual([expect.objectContaining({ requestId: second, scopes: later })])
    if (!isSame) expect(() => devices.approve(first, ADMIN)).toThrow(/unknown or expired pairing request/)
    expect(devices.approve(second, ADMIN).grants.operator).toEqual(later.toSorted())
  })

  it('expires after five minutes', async () => {
    const { devices, clock } = create()
    const requestId = devices.request(identity('phone'), 'operator', ['operator.read'], null)
    await clock.advance(5 * MINUTE - 1)
    expect(devices.list().pending).toHaveLength(1)
    await clock.advance(1)
    expect(devices.list().pending).toEqual([])
    expect(() => devices.approve(requestId, ADMIN)).toThrow(/unknown or expired pairing request/)
    expect(() => devices.reject(requestId)).toThrow(/unknown or expired pairing request/)
    expect(devices.grantOf('phone', 'operator')).toBeNull()
  })

  it('can be approved in the last millisecond', async () => {
    const { devices, clock } = create()
    const requestId = devices.request(identity('phone'), 'operator', ['operator.read'], null)
    await clock.advance(5 * MINUTE - 1)
    expect(devices.approve(requestId, ADMIN)).toMatchObject({ deviceId: 'phone' })
  })

  it('makes room: of more than a hundred the oldest goes', async () => {
    const { devices, clock } = create()
    const ids: string[] = []
    for (let n = 0; n < 103; n++) {
      ids.push(devices.request(identity(`phone-${n}`), 'operator', [], null))
      await clock.advance(1)
    }
    expect(devices.list().pending.map(({ requestId }) => requestId)).toEqual(ids.slice(3))
    expect(devices.request(identity('phone-50'), 'operator', [], null)).toBe(ids[50]) // one that waits needs no room
    expect(devices.list().pending).toHaveLength(100)
  })

  it('can be approved however many have expired before it', async () => {
    const { devices, clock, sql } = create()
    for (let round = 0; round < 60; round++) {
      for (let n = 0; n < 10; n++) devices.request(identity(`phone-${round}-${n}`), 'operator', [], null)
      await clock.advance(6 * MINUTE)
    }
    const last = Array.from({ length: 5 }, (_, n) => devices.request(identity(`last-${n}`), 'operator', ['operator.read'], null))
    expect(devices.list().pending.map(({ requestId }) => requestId).toSorted()).toEqual(last.toSorted())
    for (const requestId of last) expect(() => devices.approve(requestId, ADMIN)).not.toThrow()
    const { rows } = sql.get<{ rows: number }>("SELECT count(*) AS rows FROM collections WHERE name = 'device-requests'")!
    expect(rows).toBeLessThanOrEqual(100)
  })
})

describe('an answer', () => {
  it('approves once, and tells', async () => {
    const { devices, heard, clock } = create()
    const requestId = devices.request(identity('phone'), 'operator', ['operator.read'], '203.0.113.7')
    await clock.advance(1000)
    const now = clock.now()
    expect(devices.approve(requestId, ADMIN)).toEqual({
      ...identity('phone'),
      grants: { operator: ['operator.read'] },
      tokens: [],
      approvedVia: 'operator',
      createdAtMs: now,
      approvedAtMs: now,
    })
    await settled()
    expect(heard.at(-1)).toEqual({ event: 'device.pair.resolved', payload: { requestId, deviceId: 'phone', decision: 'approved', ts: now }, audience: {} })
    expect(() => devices.approve(requestId, ADMIN)).toThrow(/unknown or expired/)
  })

  it('rejects, and tells', async () => {
    const { devices, heard } = create()
    const requestId = devices.request(identity('phone'), 'operator', ['operator.read'], null)
    expect(devices.reject(requestId)).toMatchObject({ requestId, deviceId: 'phone' })
    await settled()
    expect(heard.at(-1)!.payload).toMatchObject({ requestId, decision: 'rejected' })
    expect(devices.list()).toEqual({ pending: [], paired: [] })
  })

  it.each<readonly [wanted: Scope[], held: Scope[], may: boolean]>([
    [['operator.read'], ['operator.pairing', 'operator.read'], true],
    [['operator.read'], ['operator.pairing', 'operator.write'], true],
    [['operator.read', 'operator.talk'], ['operator.pairing', 'operator.write'], true],
    [['operator.admin'], ['operator.admin'], true],
    [[], ['operator.pairing'], true],
    [['operator.pairing'], ['operator.pairing'], true],
    [['operator.read'], ['operator.pairing'], false],
    [['operator.write'], ['operator.pairing', 'operator.read'], false],
    // What is implied by what is asked for counts as asked for.
    [['operator.write'], ['operator.pairing', 'operator.read', 'operator.talk'], false],
    [['operator.admin'], ['operator.pairing', 'operator.write', 'operator.approvals'], false],
    [['operator.read', 'operator.talk.secrets'], ['operator.pairing', 'operator.write'], false],
  ])('a request for %j by who holds %j: %s', (wanted, held, may) => {
    const { devices } = create()
    const requestId = devices.request(identity('phone'), 'operator', wanted, null)
    if (may) return expect(devices.approve(requestId, holding(...held)).grants.operator).toEqual(wanted.toSorted())
    expect(() => devices.approve(requestId, holding(...held))).toThrow(expect.objectContaining({ code: 'FORBIDDEN' }))
    expect(devices.grantOf('phone', 'operator')).toBeNull()
    expect(devices.list().pending).toHaveLength(1) // it waits on for somebody who may
    expect(devices.approve(requestId, ADMIN).deviceId).toBe('phone')
  })

  it('adds to what was approved before, and forgets nothing of the device', async () => {
    const { devices, clock } = create()
    const bornAt = clock.now()
    devices.approveSilently(identity('phone'), 'operator', ['operator.write', 'operator.read'])
    const { deviceToken } = await devices.issueToken('phone', 'operator')
    await clock.advance(1000)
    const renamed = { ...identity('phone'), displayName: 'Renamed' }
    devices.approve(devices.request(renamed, 'operator', ['operator.approvals'], null), ADMIN)
    devices.approve(devices.request(renamed, 'node', [], null), ADMIN)
    expect(devices.list().paired).toEqual([
      expect.objectContaining({
        displayName: 'Renamed',
        grants: { operator: ['operator.approvals', 'operator.read', 'operator.write'], node: [] },
        approvedVia: 'silent',
        createdAtMs: bornAt,
        approvedAtMs: clock.now(),
      }),
    ])
    expect(await devices.holdsToken('phone', 'operator', deviceToken)).toBe(true)
  })

  it('is told when it was given without asking', async () => {
    const { devices, heard } = create()
    devices.approveSilently(identity('phone'), 'operator', ['operator.read'])
    await settled()
    expect(heard).toEqual([expect.objectContaining({ event: 'device.pair.resolved', payload: expect.objectContaining({ deviceId: 'phone', decision: 'approved' }) })])
  })

  it('is told to nobody when it could not be kept', async () => {
    const { devices, sql, heard } = create()
    const disk = holdDisk(sql)
    devices.approveSilently(identity('phone'), 'operator', ['operator.read'])
    await disk.fail()
    expect(heard).toEqual([])
  })
})

describe('tokens', () => {
  const paired = (...roles: Role[]) => {
    const created = create()
    for (const role of roles) created.devices.approveSilently(identity('phone'), role, [])
    return created
  }

  it('are for an approved device and role only', async () => {
    const { devices } = paired('operator')
    await expect(devices.issueToken('phone', 'node')).rejects.toMatchObject({ code: 'NOT_PAIRED' })
    await expect(devices.issueToken('tablet', 'operator')).rejects.toMatchObject({ code: 'NOT_PAIRED' })
    expect(devices.hasToken('phone', 'operator')).toBe(false)
  })

  it('are held by exactly this device in this role', async () => {
    const { devices, clock } = paired('operator', 'node')
    devices.approveSilently(identity('tablet'), 'operator', [])
    const { deviceToken, issuedAtMs } = await devices.issueToken('phone', 'operator')
    expect(issuedAtMs).toBe(clock.now())
    expect(await devices.holdsToken('phone', 'operator', deviceToken)).toBe(true)
    for (const [id, role, token] of [
      ['phone', 'node', deviceToken],
      ['tablet', 'operator', deviceToken],
      ['nobody', 'operator', deviceToken],
      ['phone', 'operator', `${deviceToken}x`],
      ['phone', 'operator', ''],
    ] as const) {
      expect(await devices.holdsToken(id, role, token), `${id} ${role} ${token}`).toBe(false)
    }
    expect(devices.hasToken('phone', 'operator')).toBe(true)
    expect(devices.hasToken('phone', 'node')).toBe(false)
    expect(devices.hasToken('nobody', 'operator')).toBe(false)
  })

  it('are four side by side in each role: a fifth takes the place of the oldest', async () => {
    const { devices } = paired('operator', 'node')
    const node = await devices.issueToken('phone', 'node')
    const issued = []
    for (let n = 0; n < 5; n++) issued.push((await devices.issueToken('phone', 'operator')).deviceToken)
    expect(new Set(issued).size).toBe(5)
    const held = await Promise.all(issued.map((token) => devices.holdsToken('phone', 'operator', token)))
    expect(held).toEqual([false, true, true, true, true])
    expect(await devices.holdsToken('phone', 'node', node.deviceToken)).toBe(true)
  })

  it('stand nowhere as they are', async () => {
    const created = paired('operator')
    const tokens = await Promise.all([1, 2, 3].map(() => created.devices.issueToken('phone', 'operator')))
    const content = contentOf(created)
    expect(content).toContain('key of phone')
    for (const { deviceToken } of tokens) expect(content).not.toContain(deviceToken)
    expect(JSON.stringify(created.devices.list())).not.toContain(tokens[0]!.deviceToken)
    expect(JSON.stringify(created.heard)).not.toContain(tokens[0]!.deviceToken)
  })

  it('issued at the same time are all kept', async () => {
    const { devices } = paired('operator')
    const tokens = await Promise.all([1, 2, 3, 4].map(() => devices.issueToken('phone', 'operator')))
    for (const { deviceToken } of tokens) expect(await devices.holdsToken('phone', 'operator', deviceToken)).toBe(true)
  })
})

it('R9 knows devices, tokens and requests again after a restart', async () => {
  const first = create()
  first.devices.approveSilently(identity('phone'), 'operator', ['operator.read'])
  const { deviceToken } = await first.devices.issueToken('phone', 'operator')
  const requestId = first.devices.request(identity('tablet'), 'node', [], null)
  await first.commit.flush()
  const second = create(foundation(first.sql, first.clock))
  expect(second.devices.grantOf('phone', 'operator')).toEqual(['operator.read'])
  expect(await second.devices.holdsToken('phone', 'operator', deviceToken)).toBe(true)
  expect(second.devices.approve(requestId, ADMIN).deviceId).toBe('tablet')
})
