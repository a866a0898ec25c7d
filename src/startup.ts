// The start-up sequence: named phases, in order, each with what it needs. They carry the names of the design's
// initialization sequence; those whose features do not exist yet (plugins, discovery, sidecars, exposure)
// are not here.

import { messageOf, type Logger } from './kit/log.ts'
import type { Clock } from './ports/clock.ts'
import type { Platform } from './ports/platform.ts'
import { migrate } from './store/migrate.ts'
import { MIGRATIONS } from './services/migrations.ts'
import type { Heartbeat } from './services/automation/heartbeat.ts'
import type { Hooks } from './services/automation/hooks.ts'
import type { Scheduler } from './services/automation/scheduler.ts'
import type { Approvals } from './services/conversation/approvals.ts'
import type { Models } from './services/conversation/models.ts'
import type { Runs } from './services/conversation/runs.ts'
import type { ConfigConfirm } from './services/operations/config-confirm.ts'
import type { NodeInvokes } from './services/fleet/node-invokes.ts'
import type { ConfigService } from './services/operations/config.ts'
import type { IdentityService } from './services/operations/identity.ts'
import type { Logs } from './services/operations/logs.ts'
import type { Maintenance } from './services/operations/maintenance.ts'
import type { Reload } from './services/operations/reload.ts'
import type { Tracing } from './services/operations/tracing.ts'
import type { RuntimeConfiguration } from './services/operations/runtime-settings.ts'
import type { SubAgents } from './services/tools/sub-agents.ts'
import type { Socket } from './socket/socket.ts'
import { VERSION } from './version.ts'

export interface Phase {
  readonly name:
    | 'configuration'
    | 'core'
    | 'runtime configuration'
    | 'state'
    | 'services'
    | 'events'
    | 'maintenance'
    | 'hot reload'
    | 'socket'
    | 'listen'
    | 'after start'
  /** What to do when it fails; said behind the reason. */
  readonly mend: string
  run(): void | Promise<void>
}

/** Where to listen, where the runtime does not do so by itself. */
export type Listen = (at: { readonly host: string; readonly port: number; readonly maxPayload: number }) => Promise<void>

export interface Startable {
  readonly platform: Platform
  readonly config: ConfigService
  readonly configConfirm: ConfigConfirm
  readonly reload: Reload
  readonly logs: Logs
  readonly runtime: RuntimeConfiguration
  readonly identity: IdentityService
  readonly models: Models
  readonly scheduler: Scheduler
  readonly heartbeat: Heartbeat
  readonly hooks: Hooks
  readonly approvals: Approvals
  readonly subAgents: SubAgents
  readonly runs: Runs
  readonly nodeInvokes: NodeInvokes
  readonly maintenance: Maintenance
  readonly socket: Socket
  readonly tracing: Tracing
  readonly log: Logger
  readonly listen: Listen | undefined
  /** From now on requests are served. */
  readonly loadTools: () => Promise<void>
  readonly hibernates: boolean
  readonly serve: () => void
}

export function createPhases(parts: Startable): readonly Phase[] {
  const { platform, config, logs, runtime, identity, models, runs, maintenance, socket, log } = parts
  const takeUp = (...steps: readonly Step[]) => takeUpInOrder(steps, platform.clock, log)
  return [
    {
      name: 'configuration',
      get mend() {
        const { backup } = platform.config
        const copy = backup?.exists() ? `put back the last good copy (${backup.path}), ` : ''
        return `Mend the file, ${copy}or name another one with --config.`
      },
      run: () => config.load(),
    },
    {
      name: 'core',
      mend: 'Mend logging.level.',
      run() {
        logs.setLevel(config.current.logging?.level ?? 'info')
        logs.setStyle(config.current.logging?.consoleStyle)
      },
    },
    {
      name: 'runtime configuration',
      mend: 'Mend the setting named above.',
      run: () => runtime.resolve(),
    },
    {
      name: 'state',
      mend: 'Look at the state directory: it must be writable, and not be used by a newer version.',
      async run() {
        migrate(platform.sql, MIGRATIONS)
        await identity.load()
      },
    },
    {
      name: 'services',
      mend: 'Mend the models section.',
      async run() {
        await parts.tracing.begin()
        models.begin()
        takeUp({ what: 'jobs', work: parts.scheduler.begin })
        takeUp({ what: 'heartbeats', work: parts.heartbeat.begin })
        if (parts.hibernates) return parts.loadTools()
      },
    },
    {
      name: 'events',
      mend: 'Look at the state directory.',
      run() {
        socket.restore(platform.peers())
        takeUp({ what: 'approvals', work: parts.approvals.begin })
        parts.nodeInvokes.recover()
        takeUp({ what: 'runs', work: runs.recover }, { what: 'sub-agents', work: parts.subAgents.recover }, { what: 'hooks', work: parts.hooks.begin })
      },
    },
    {
      name: 'maintenance',
      mend: 'Look at the state directory.',
      run: () => maintenance.begin(),
    },
    {
      name: 'hot reload',
      mend: 'Look at the state directory.',
      run() {
        takeUp({ what: 'a change that nobody has confirmed', work: parts.configConfirm.begin })
        parts.reload.begin()
      },
    },
    {
      name: 'socket',
      mend: 'Look at the log.',
      run: () => parts.serve(),
    },
    {
      name: 'listen',
      mend: 'Is another gateway running? End it, or choose another port with --port.',
      run: () => parts.listen?.(runtime.settings),
    },
    {
      name: 'after start',
      mend: 'Look at the log.',
      run() {
        parts.reload.keep()
        log.info(`edgeclaw ${VERSION} is ready on ${platform.name}, auth ${runtime.authMode.name}`)
      },
    },
  ]
}

interface Step {
  readonly what: string
  readonly work: () => void
}

/** How long after a failure it is tried again; twice as long each time. */
const RETRY_MS = 1000
const MAX_RETRY_MS = 60 * 60 * 1000

/**
 * What the last process left may be broken, or the disk that it is on: that keeps nobody from being answered. Each step
 * waits for the one before it, and is tried again until it has worked.
 */
function takeUpInOrder(steps: readonly Step[], clock: Clock, log: Logger, retryMs = RETRY_MS): void {
  for (const [index, { what, work }] of steps.entries()) {
    try {
      work()
    } catch (error) {
      log.error(`${what} could not be taken up as they were left: it is tried again`, { error: messageOf(error) })
      clock.after(retryMs, () => takeUpInOrder(steps.slice(index), clock, log, Math.min(retryMs * 2, MAX_RETRY_MS)))
      return
    }
  }
}

/** The start stopped. The message names the phase, the reason and the way out. */
export class StartError extends Error {
  readonly phase: Phase['name']

  constructor({ name, mend }: Phase, cause: unknown) {
    super(`the start failed in the phase "${name}": ${messageOf(cause)}\n${mend}`, { cause })
    this.phase = name
  }
}

/** `mayGoOn` is asked before each phase: a gateway that is closed meanwhile goes no further. */
export async function walkPhases(phases: readonly Phase[], clock: Clock, log: Logger, mayGoOn = () => true): Promise<void> {
  const beganAt = clock.now()
  const spans: string[] = []
  for (const phase of phases) {
    if (!mayGoOn()) return log.info(`the start was given up before the phase "${phase.name}"`)
    const startedAt = clock.now()
    try {
      await phase.run()
    } catch (error) {
      throw new StartError(phase, error)
    }
    spans.push(`${phase.name} ${clock.now() - startedAt}`)
  }
  log.info(`the start took ${clock.now() - beganAt} ms: ${spans.join(', ')}`)
}
