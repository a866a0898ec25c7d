// The rows of devices and of requests.

import { describe, expect, it } from 'vitest'
import { createDeviceTable, grantIn, type DeviceRecord, type PairRequest } from '../../../src/services/identity/device-table.ts'
import { foundation } from '../../harness/foundation.ts'

const MINUTE = 60_000
const identity = (deviceId: string) => ({ deviceId, publicKey: 'k', platform: 'linux', clientId: 'cli', clientMode: 'cli' })
const device = (deviceId: string, changes: Partial<DeviceRecord> = {}): DeviceRecord => ({
  ...identity(deviceId),
  grants: { operator: ['operator.read'] },
  tokens: [],
  approvedVia: 'silent',
  createdAtMs: 1,
  approvedAtMs: 1,
  ...changes,
})
const request = (requestId: string, createdAtMs: number): PairRequest => ({ requestId, ...identity(requestId), role: 'operator', scopes: [], createdAtMs })

describe('a device', () => {
  it('is found, listed and deleted', () => {
    const table = createDeviceTable(foundation().sql)
    for (const name of ['a', 'b']) table.put(device(name))
    table.put(device('a', { label: 'desk' }))
    expect(table.find('a')).toEqual(device('a', { label: 'desk' }))
    expect(table.list().map(({ deviceId }) => deviceId)).toEqual(['a', 'b'])
    table.delete('a')
    expect(table.find('a')).toBeNull()
  })

  it('has what was granted, unless that was revoked', () => {
    expect(grantIn(device('a'), 'operator')).toEqual(['operator.read'])
    expect(grantIn(device('a'), 'node')).toBeNull()
    expect(grantIn(device('a', { revokedAtMs: { operator: 5 } }), 'operator')).toBeNull()
    expect(grantIn(device('a', { revokedAtMs: { node: 5 } }), 'operator')).toEqual(['operator.read'])
    expect(grantIn(null, 'operator')).toBeNull()
  })

  it('of before, without what came later, is understood', () => {
    const { sql } = foundation()
    const table = createDeviceTable(sql)
    const old = { ...device('a'), tokens: [{ role: 'operator', hash: 'h', issuedAtMs: 1 }] }
    sql.run("INSERT INTO collections (name, id, version, value) VALUES ('devices', 'a', 1, ?)", JSON.stringify(old))
    expect(table.find('a')).toEqual(old)
  })
})

describe('a request', () => {
  it('waits for five minutes, the oldest first', () => {
    const table = createDeviceTable(foundation().sql)
    table.putRequest(request('late', 2000), 2000)
    table.putRequest(request('early', 1000), 2000)
    expect(table.pending(2000).map(({ requestId }) => requestId)).toEqual(['early', 'late'])
    expect(table.pending(1000 + 5 * MINUTE).map(({ requestId }) => requestId)).toEqual(['late'])
    table.deleteRequest('late')
    expect(table.pending(2000)).toHaveLength(1)
  })

  it('makes room for others, and is forgotten', () => {
    const { sql } = foundation()
    const table = createDeviceTable(sql)
    for (let n = 0; n < 105; n++) table.putRequest(request(`r${n}`, n), 200)
    expect(table.pending(200).map(({ requestId }) => requestId)).toEqual(Array.from({ length: 100 }, (_, n) => `r${n + 5}`))
    table.putRequest(request('r50', 300), 300)
    expect(table.pending(300)).toHaveLength(100)
    table.prune(10 * MINUTE)
    expect(sql.get("SELECT count(*) AS n FROM collections WHERE name = 'device-requests'")).toEqual({ n: 0 })
  })
})
