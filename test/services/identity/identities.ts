// Devices, their tokens and their sockets on real values.

import { expandScopes, SCOPES, type Principal, type Role, type Scope } from '../../../src/protocol/scopes.ts'
import type { Asker } from '../../../src/services/identity/asker.ts'
import { createConnections } from '../../../src/services/identity/connections.ts'
import { createDeviceSockets } from '../../../src/services/identity/device-sockets.ts'
import { createDevices, type DeviceIdentity } from '../../../src/services/identity/devices.ts'
import { createSetupCodes } from '../../../src/services/identity/setup-codes.ts'
import { foundation, type Foundation } from '../../harness/foundation.ts'

export const OPERATOR: Principal = { id: 'operator', role: 'operator', scopes: new Set(SCOPES) }
export const ASKER = { caller: OPERATOR, connectionId: null }

export const identity = (deviceId: string): DeviceIdentity => ({ deviceId, publicKey: `key of ${deviceId}`, displayName: `The ${deviceId}`, platform: 'ios', clientId: 'openclaw-ios', clientMode: 'ui' })

/** A caller that is a device, or one that holds the secret of the gateway. */
export const askerWith = (scopes: readonly Scope[], deviceId?: string, connectionId: string | null = null): Asker => ({
  caller: { id: 'x', role: 'operator', scopes: expandScopes(scopes), ...(deviceId !== undefined && { deviceId }) },
  connectionId,
})

export function createIdentities(base: Foundation = foundation()) {
  const { sql, commit, gate, clock, bus } = base
  const connections = createConnections()
  const sockets = createDeviceSockets({ connections, gate, clock })
  const devices = createDevices({ sql, commit, clock, bus, sockets })
  const setupCodes = createSetupCodes({ sql, devices, commit, clock, bus })
  const closed: string[] = []
  connections.onDisconnect((id, code, reason) => void closed.push(`${id} ${code} ${reason}`))

  /** An established connection of a device. */
  function connect(id: string, deviceId: string, role: Role = 'operator') {
    const facts = { address: null, direct: false, host: null, origin: null }
    const connection = connections.open(id, facts, 'n', clock.now(), () => {})
    const client = { id: 'openclaw-ios', version: '1', platform: 'ios', mode: 'ui' } as const
    connection.establish({ dialect: 'typed', protocol: 4, client, principalId: `device:${deviceId}`, role, scopes: [], deviceId, caps: [] })
    return connection
  }
  return { ...base, connections, sockets, devices, setupCodes, closed, connect }
}
