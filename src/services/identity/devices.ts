// Pairing: which devices are known and what each may be, and the requests of those that are not. Nobody can approve
// more than it holds itself, and a device that is no admin changes nothing but itself.

import { uuid } from '../../kit/ids.ts'
import { devicePairChanged } from '../../protocol/device-events.ts'
import { devicePairRequested, devicePairResolved } from '../../protocol/events.ts'
import { GatewayError, invalid } from '../../protocol/errors.ts'
import { covers, expandScopes, ROLES, type Principal, type Role, type Scope } from '../../protocol/scopes.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Sql } from '../../ports/sql.ts'
import type { Commit } from '../../store/commit.ts'
import type { Bus } from '../bus.ts'
import { mayTouch, type Asker } from './asker.ts'
import type { DeviceSockets } from './device-sockets.ts'
import { createDeviceTable, grantIn, type DeviceIdentity, type DeviceRecord, type PairRequest } from './device-table.ts'
import { createDeviceTokens, type DeviceTokens } from './device-tokens.ts'

export type { DeviceIdentity, DeviceRecord, PairRequest } from './device-table.ts'

/** Told after a device, or one role of it (null: all), was removed or revoked. */
export type RemovalListener = (deviceId: string, role: Role | null) => void

export interface Devices extends DeviceTokens {
  find(deviceId: string): DeviceRecord | null
  /** What the device may have in this role; null when it is not approved for it. */
  grantOf(deviceId: string, role: Role): readonly Scope[] | null
  /** Approves without asking anybody: the caller has decided that it may. */
  approveSilently(device: DeviceIdentity, role: Role, scopes: readonly Scope[], via?: DeviceRecord['approvedVia']): void
  /** As `approveSilently`, as a part of the caller's transaction, and instead of what was granted before. Tells nobody. Connections that came by what was before end. */
  grantAnew(device: DeviceIdentity, grants: DeviceRecord['grants'], via: DeviceRecord['approvedVia']): void
  /** Keeps the wish of a device to be paired, and tells operators. Returns the id to approve. */
  request(device: DeviceIdentity, role: Role, scopes: readonly Scope[], remoteIp: string | null): string
  approve(requestId: string, approver: Principal): DeviceRecord
  reject(requestId: string, approver?: Principal): PairRequest
  /** A device that is no admin sees itself alone. */
  list(viewer?: Principal): { pending: PairRequest[]; paired: DeviceRecord[] }
  rename(deviceId: string, label: string, caller: Principal): void
  /** Row and tokens are gone, and sockets are closed. */
  remove(deviceId: string, asker: Asker): void
  /** As `remove`, of one role; the device goes with its last one. False when it has no such role. */
  removeRole(deviceId: string, role: Role, asker: Asker): boolean
  onRemoved(listener: RemovalListener): void
  /** Forgets requests that nobody answered in time. */
  prune(now: number): void
}

const NO_SOCKETS: DeviceSockets = { close: () => {} }

export function createDevices(deps: { sql: Sql; commit: Commit; clock: Clock; bus: Bus; sockets?: DeviceSockets }): Devices {
  const { sockets = NO_SOCKETS, commit, clock, bus } = deps
  const table = createDeviceTable(deps.sql)
  const removals: RemovalListener[] = []

  /** Finds a request that `approver` may decide on, and takes it away. */
  function take(requestId: string, approver: Principal | undefined, what: string): PairRequest {
    const request = table.pending(clock.now()).find((each) => each.requestId === requestId)
    if (approver && !mayTouch(approver, request?.deviceId ?? '')) throw invalid(`device pairing ${what} denied`)
    if (!request) throw invalid('unknown or expired pairing request: let the device connect again, then list the requests')
    table.deleteRequest(requestId)
    return request
  }

  function put(device: DeviceIdentity, grants: DeviceRecord['grants'], via: DeviceRecord['approvedVia']): DeviceRecord {
    const now = clock.now()
    const known = table.find(device.deviceId)
    const { revokedAtMs, ...kept } = known ?? {}
    const revoked = Object.entries(revokedAtMs ?? {}).filter(([role]) => grants[role as Role] === undefined)
    const record: DeviceRecord = {
      ...kept,
      ...device,
      grants: { ...known?.grants, ...grants },
      tokens: known?.tokens ?? [],
      ...(revoked.length > 0 && { revokedAtMs: Object.fromEntries(revoked) }),
      approvedVia: known?.approvedVia ?? via,
      createdAtMs: known?.createdAtMs ?? now,
      approvedAtMs: now,
    }
    table.put(record)
    return record
  }

  /** What was granted before stays granted: a second tab must not take from the first. */
  function widen(device: DeviceIdentity, role: Role, wanted: readonly Scope[], via: DeviceRecord['approvedVia']): DeviceRecord {
    const before = grantIn(table.find(device.deviceId), role) ?? []
    return put(device, { [role]: [...new Set([...before, ...wanted])].toSorted() }, via)
  }

  function tellResolved(request: Pick<PairRequest, 'requestId' | 'deviceId'>, decision: 'approved' | 'rejected') {
    const { requestId, deviceId } = request
    bus.publish(devicePairResolved, { requestId, deviceId, decision, ts: clock.now() })
  }

  function ended(deviceId: string, role: Role | null) {
    for (const listener of removals) listener(deviceId, role)
  }

  function removed(deviceId: string, role: Role | null, asker: Asker) {
    ended(deviceId, role)
    bus.publish(devicePairChanged, {})
    sockets.close(deviceId, role, asker.connectionId)
  }

  return {
    ...createDeviceTokens({ table, sockets, commit, clock, bus, ended }),
    find: table.find,
    grantOf: (deviceId, role) => grantIn(table.find(deviceId), role),

    approveSilently(device, role, scopes, via = 'silent') {
      commit.tx(() => widen(device, role, scopes, via))
      tellResolved({ requestId: uuid(), deviceId: device.deviceId }, 'approved')
    },

    grantAnew(device, grants, via) {
      put(device, grants, via)
      for (const role of ROLES) if (grants[role]) sockets.close(device.deviceId, role, null)
    },

    request(device, role, scopes, remoteIp) {
      const now = clock.now()
      const earlier = table.pending(now).find((each) => each.deviceId === device.deviceId && each.role === role)
      // Under other scopes it is another request: who approves an id approves what was shown under it.
      const isRepeated = earlier !== undefined && isSame(earlier.scopes, scopes)
      const request: PairRequest = {
        requestId: isRepeated ? earlier.requestId : uuid(),
        ...device,
        role,
        scopes: [...scopes],
        ...(remoteIp !== null && { remoteIp }),
        createdAtMs: now,
      }
      commit.tx(() => {
        if (earlier && !isRepeated) table.deleteRequest(earlier.requestId)
        table.putRequest(request, now)
      })
      const { createdAtMs: ts, ...shown } = request
      bus.publish(devicePairRequested, { ...shown, roles: [role], ...(table.find(device.deviceId) && { isRepair: true }), ts })
      return request.requestId
    },

    approve(requestId, approver) {
      const { request, record } = commit.tx(() => {
        const request = take(requestId, approver, 'approval')
        if (!covers(approver.scopes, [...expandScopes(request.scopes)])) {
          throw new GatewayError('FORBIDDEN', 'the request asks for scopes that you do not hold: an admin can approve it', {
            details: { code: 'MISSING_SCOPE', requiredScopes: request.scopes },
          })
        }
        const { requestId: _, role, scopes, remoteIp: __, createdAtMs: ___, ...device } = request
        return { request, record: widen(device, role, scopes, 'operator') }
      })
      tellResolved(request, 'approved')
      return record
    },

    reject(requestId, approver) {
      const request = commit.tx(() => take(requestId, approver, 'rejection'))
      tellResolved(request, 'rejected')
      return request
    },

    list(viewer) {
      const seen = ({ deviceId }: { deviceId: string }) => viewer === undefined || mayTouch(viewer, deviceId)
      return { pending: table.pending(clock.now()).filter(seen), paired: table.list().filter(seen) }
    },

    rename(deviceId, label, caller) {
      if (!mayTouch(caller, deviceId)) throw invalid('device pairing rename denied')
      const device = table.find(deviceId)
      if (!device) throw invalid('unknown deviceId')
      commit.tx(() => table.put({ ...device, label }))
      bus.publish(devicePairChanged, {})
    },

    remove(deviceId, asker) {
      if (!mayTouch(asker.caller, deviceId)) throw invalid('device pairing removal denied')
      if (!table.find(deviceId)) throw invalid('unknown deviceId')
      commit.tx(() => table.delete(deviceId))
      removed(deviceId, null, asker)
    },

    removeRole(deviceId, role, asker) {
      const device = table.find(deviceId)
      if (!device?.grants[role]) return false
      const { [role]: _, ...grants } = device.grants
      const isLast = Object.keys(grants).length === 0
      commit.tx(() => {
        if (isLast) table.delete(deviceId)
        else table.put({ ...device, grants, tokens: device.tokens.filter((token) => token.role !== role) })
      })
      removed(deviceId, isLast ? null : role, asker)
      return true
    },

    onRemoved: (listener) => void removals.push(listener),
    prune: table.prune,
  }
}

const isSame = (one: readonly Scope[], other: readonly Scope[]): boolean => covers(new Set(one), other) && covers(new Set(other), one)
