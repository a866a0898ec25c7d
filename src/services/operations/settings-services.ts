// How the gateway is to run: what the other groups need to be made.

import type { Ground } from '../ground.ts'
import { createAuthMode } from '../identity/auth-modes.ts'
import { createConfig, type ConfigService } from './config.ts'
import { createIdentity, type IdentityService } from './identity.ts'
import type { Logs } from './logs.ts'
import { createRuntimeConfiguration, type RuntimeConfiguration } from './runtime-settings.ts'

export interface Settings {
  readonly config: ConfigService
  readonly runtime: RuntimeConfiguration
  readonly identity: IdentityService
  readonly logs: Logs
}

/** `given`: a configuration instead of the one that the platform would read. */
export function createSettings(ground: Ground, logs: Logs, given: unknown): Settings {
  const { platform, host, log, commit } = ground
  const config = createConfig({ source: platform.config, env: platform.env, log: log.child('config'), given })
  const runtime = createRuntimeConfiguration({
    config,
    env: platform.env,
    host,
    hasSockets: !ground.hibernates,
    maxMessageBytes: platform.maxMessageBytes,
    createAuthMode,
  })
  return { config, runtime, identity: createIdentity({ sql: platform.sql, commit }), logs }
}
