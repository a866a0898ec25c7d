// Who may change a device.

import type { Principal } from '../../protocol/scopes.ts'

/** Who asks, and over which connection: its own is closed last, behind the answer. */
export interface Asker {
  readonly caller: Principal
  readonly connectionId: string | null
}

/** Whether `caller` may change this device: those who hold the gateway's own secret, admins, and the device itself. */
export const mayTouch = (caller: Principal, deviceId: string): boolean =>
  (caller.deviceId === undefined && !caller.key) || caller.deviceId === deviceId || caller.scopes.has('operator.admin')
