// Who is there.

import type { Ground } from '../ground.ts'
import type { Settings } from '../operations/settings-services.ts'
import { createAuth, type Auth } from './auth.ts'
import { createConnections, type Connections } from './connections.ts'
import { createDevices, type Devices } from './devices.ts'
import { createPresence, type Presence } from './presence.ts'

export interface IdentityServices {
  readonly connections: Connections
  readonly devices: Devices
  readonly auth: Auth
  readonly presence: Presence
}

export function createIdentityServices(ground: Ground, { config, runtime }: Settings, version: string): IdentityServices {
  const { platform, host, commit, bus } = ground
  const { sql, clock } = platform
  const connections = createConnections()
  const devices = createDevices({ sql, commit, clock, bus })
  const auth = createAuth({
    mode: () => runtime.authMode,
    devices,
    clock,
    autoApproveLocal: () => config.current.gateway?.nodes?.pairing?.autoApproveLocal ?? true,
  })
  const bornAt = clock.now()
  const presence = createPresence({ bus, clock, self })

  function self() {
    const text = `Gateway · edgeclaw ${version} on ${platform.name}`
    const { hostname } = host.system?.() ?? { hostname: 'edgeclaw' }
    return { host: hostname, version, platform: platform.name, mode: 'gateway', reason: 'self', text, ts: bornAt }
  }

  return { connections, devices, auth, presence }
}
