// Who is there.

import { createPrices } from '../conversation/prices.ts'
import type { Ground } from '../ground.ts'
import type { Settings } from '../operations/settings-services.ts'
import { createAuth, type Auth } from './auth.ts'
import { createConnections, type Connection, type Connections } from './connections.ts'
import { createDeviceSockets } from './device-sockets.ts'
import { createDevices, type Devices } from './devices.ts'
import { createKeyLimiter, type KeyLimiter } from './key-limits.ts'
import { createKeySigning } from './key-signing.ts'
import { closeWithKey } from './key-sockets.ts'
import { createKeyTable } from './key-table.ts'
import { createKeys, type Keys } from './keys.ts'
import { createPresence, type Presence } from './presence.ts'
import { createProfiles, type Profiles } from './profiles.ts'
import { closeOnNewSecret } from './secret-sockets.ts'
import { createSetupCodes, type SetupCodes } from './setup-codes.ts'
import type { Whereabouts } from './setup-address.ts'

export interface IdentityServices {
  readonly connections: Connections
  readonly devices: Devices
  readonly setupCodes: SetupCodes
  /** Where devices would look for this gateway, as far as it knows. */
  readonly whereabouts: () => Pick<Whereabouts, 'publicOrigin' | 'listening'>
  readonly auth: Auth
  readonly keys: Keys
  readonly keyLimiter: KeyLimiter
  readonly profiles: Profiles
  readonly presence: Presence
}

export function createIdentityServices(ground: Ground, { config, runtime }: Settings, version: string): IdentityServices {
  const { platform, host, commit, gate, bus, hibernates } = ground
  const { sql, clock } = platform
  const connections = createConnections()
  closeOnNewSecret({ runtime, connections, clock })
  const devices = createDevices({ sql, commit, clock, bus, sockets: createDeviceSockets({ connections, gate, clock }) })
  const setupCodes = createSetupCodes({ sql, devices, commit, clock, bus })
  const keyTable = createKeyTable(sql)
  const keys = createKeys({ table: keyTable, signing: createKeySigning({ sql, commit, clock }), commit, clock })
  const keyLimiter = createKeyLimiter({ keys, table: keyTable, prices: createPrices(config), commit, clock })
  closeWithKey({ keys, connections, clock, hibernates })
  ground.upkeep.add((now) => {
    devices.prune(now)
    setupCodes.prune(now)
    keys.prune(now)
  })
  const pairing = () => config.current.gateway?.nodes?.pairing
  const auth = createAuth({
    mode: () => runtime.authMode,
    devices,
    setupCodes,
    keys,
    keyLimiter,
    clock,
    autoApproveLocal: () => pairing()?.autoApproveLocal ?? true,
    autoApproveCidrs: () => pairing()?.autoApproveCidrs ?? [],
  })
  const bornAt = clock.now()
  const presence = createPresence({ bus, clock, self })

  function self() {
    const text = `Gateway · edgeclaw ${version} on ${platform.name}`
    const { hostname } = host.system?.() ?? { hostname: 'edgeclaw' }
    return { host: hostname, version, platform: platform.name, mode: 'gateway', reason: 'self', text, ts: bornAt }
  }

  function whereabouts() {
    const { host: address, port } = runtime.settings
    const listening = hibernates ? null : { host: address, port, lanAddress: host.system?.().lanAddress }
    return { publicOrigin: config.current.gateway?.publicOrigin, listening }
  }

  const kindOf = ({ session }: Connection) => ({ source: `${session!.role}/${session!.client.mode}` })
  connections.onJoin((connection) => ground.stability.note('connection.opened', kindOf(connection)))
  connections.onLeave((connection) => ground.stability.note('connection.closed', kindOf(connection)))
  const profiles = createProfiles({ sql, commit, clock, bus, connections })
  return { connections, devices, setupCodes, whereabouts, auth, keys, keyLimiter, presence, profiles }
}
