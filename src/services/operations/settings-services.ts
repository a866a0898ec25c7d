// How the gateway is to run: what the other groups need to be made.

import { createTurns } from '../../kit/turns.ts'
import type { Ground } from '../ground.ts'
import { createAuthMode } from '../identity/auth-modes.ts'
import { createConfigAdopt } from './config-adopt.ts'
import { createConfigConfirm, takeBackOverdue, type ConfigConfirm, type TakenBack } from './config-confirm.ts'
import { createConfigHistory, type ConfigHistory } from './config-history.ts'
import { createConfigState } from './config-state.ts'
import { createConfigText } from './config-text.ts'
import { createConfigWriter, type ConfigWriter } from './config-write.ts'
import { createConfig, type ConfigService } from './config.ts'
import { createIdentity, type IdentityService } from './identity.ts'
import type { Logs } from './logs.ts'
import { createReload, type Reload } from './reload.ts'
import { createRestart, type Restart } from './restart.ts'
import { createRuntimeConfiguration, type RuntimeConfiguration } from './runtime-settings.ts'

export interface Settings {
  readonly config: ConfigService
  readonly configWriter: ConfigWriter
  readonly configConfirm: ConfigConfirm
  readonly configHistory: ConfigHistory
  readonly reload: Reload
  readonly restart: Restart
  readonly runtime: RuntimeConfiguration
  readonly identity: IdentityService
  readonly logs: Logs
}

/** `given`: a configuration instead of the one that the platform would read. */
export function createSettings(ground: Ground, logs: Logs, given: unknown): Settings {
  const { platform, host, commit, bus, wakeups } = ground
  const { sql, clock, env } = platform
  const log = ground.log.child('config')
  const state = createConfigState({ sql, commit })
  const text = createConfigText({ source: platform.config, env, state, log, given })
  let takenBack: TakenBack | null = null
  const prepare = async () => void (takenBack = await takeBackOverdue({ state, text, clock, log }))
  const config = createConfig({ source: platform.config, env, log, text, prepare })
  const runtime = createRuntimeConfiguration({
    config,
    env,
    host,
    hasSockets: !ground.hibernates,
    maxMessageBytes: platform.maxMessageBytes,
    createAuthMode,
  })
  config.onChange(() => runtime.resolve())
  config.onChange(({ sections, after }) => {
    if (sections.has('logging')) {
      logs.setLevel(after.logging?.level ?? 'info')
      logs.setStyle(after.logging?.consoleStyle)
    }
  })
  const turns = createTurns()
  const restart = createRestart({ host, clock, log: ground.log.child('restart') })
  const configHistory = createConfigHistory(sql)
  const adopt = createConfigAdopt({ config, text, runtime, restart, history: configHistory, commit, bus, clock, log })
  const configConfirm = createConfigConfirm({ state, text, takenBack: () => takenBack, adopt, turns, wakeups, commit, clock, log })
  const configWriter = createConfigWriter({ text, adopt, confirm: configConfirm, turns })
  const reload = createReload({ config, text, adopt, turns, host, clock, log })
  const identity = createIdentity({ sql, commit })
  return { config, configWriter, configConfirm, configHistory, reload, restart, runtime, identity, logs }
}
