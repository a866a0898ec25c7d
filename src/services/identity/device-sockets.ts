// Lets go of the sockets of a device whose access ended.

import type { Role } from '../../protocol/scopes.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Gate } from '../../store/gate.ts'
import type { Connection, Connections } from './connections.ts'

const CLOSE_CODE = 4001
const CLOSE_REASON = 'device removed'

export interface DeviceSockets {
  /** Closes those of this device and role (null: any). That of the asker goes once it has its answer. */
  close(deviceId: string, role: Role | null, askerId: string | null): void
}

export function createDeviceSockets(deps: { connections: Connections; gate: Gate; clock: Clock }): DeviceSockets {
  const { connections, gate, clock } = deps
  const letGo = (which: (connection: Connection) => boolean) => connections.disconnect(which, CLOSE_CODE, CLOSE_REASON)

  return {
    close(deviceId, role, askerId) {
      const isMeant = ({ session }: Connection) => session?.deviceId === deviceId && (role === null || session.role === role)
      letGo((connection) => connection.id !== askerId && isMeant(connection))
      const asker = askerId === null ? undefined : connections.get(askerId)
      if (!asker || !isMeant(asker)) return
      clock.turn(() => gate.pass(() => letGo((connection) => connection === asker))) // the answer waits at the gate by then
    },
  }
}
