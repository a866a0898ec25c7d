// How the heartbeats of agents are set: out of the configuration, and what holds where that says nothing.

import { parseDuration } from '../../kit/duration.ts'
import { zoneHere } from '../../kit/zone.ts'
import type { Agents } from '../conversation/agents.ts'
import type { Models } from '../conversation/models.ts'
import type { HeartbeatConfig } from '../operations/config-schema.ts'
import type { ConfigService } from '../operations/config.ts'
import type { ActiveHours } from './active-hours.ts'

export interface HeartbeatSettings {
  readonly agentId: string
  /** null: it does not beat by itself. */
  readonly everyMs: number | null
  /** As it was written; `disabled`. */
  readonly every: string
  readonly prompt: string
  readonly target: string
  readonly ackMaxChars: number
  readonly sessionKey: string
  readonly activeHours: ActiveHours | null
  readonly model?: string | undefined
  readonly timeoutMs?: number | undefined
  /** Whether answers that say that there is nothing are shown, and those that say something. */
  readonly showOk: boolean
  readonly showAlerts: boolean
}

export interface HeartbeatSettingsService {
  of(agentId: string): HeartbeatSettings
  /** The agents that beat by themselves. */
  beating(): readonly HeartbeatSettings[]
}

const DEFAULT_EVERY = '30m'
const MIN_EVERY_MS = 1000
const DEFAULT_ACK_MAX_CHARS = 300
const DEFAULT_PROMPT =
  'This is a heartbeat: the gateway asks whether anything needs attention. Look at the system events above, and at what you ' +
  'were asked to watch. Do not take up old tasks again. If nothing needs attention, reply exactly HEARTBEAT_OK.'

export function createHeartbeatSettings(deps: {
  config: ConfigService
  agents: Agents
  models: Models
  hibernates: boolean
}): HeartbeatSettingsService {
  const { config, agents, models, hibernates } = deps

  const common = (): HeartbeatConfig => config.current.agents?.defaults?.heartbeat ?? {}

  /** Where nobody has set it, an agent beats if it has a model of its own, and if beating keeps nothing awake. */
  function intervalOf(every: string | undefined, agentId: string): Pick<HeartbeatSettings, 'every' | 'everyMs'> {
    const isIdle = hibernates || models.choiceFor(agentId).provider === 'builtin'
    const said = every ?? (isIdle ? '0m' : DEFAULT_EVERY)
    const everyMs = parseDuration(said) ?? 0
    return everyMs <= 0 ? { every: 'disabled', everyMs: null } : { every: said, everyMs: Math.max(MIN_EVERY_MS, everyMs) }
  }

  function of(agentId: string): HeartbeatSettings {
    const set: HeartbeatConfig = { ...common(), ...agents.find(agentId)?.heartbeat }
    const interval = owners().includes(agentId) ? intervalOf(set.every, agentId) : { every: 'disabled', everyMs: null }
    const { activeHours } = set
    return {
      agentId,
      ...interval,
      prompt: set.prompt?.trim() || DEFAULT_PROMPT,
      target: set.target ?? 'owner',
      ackMaxChars: set.ackMaxChars ?? DEFAULT_ACK_MAX_CHARS,
      sessionKey: set.session && set.session !== 'main' ? agents.sessionKey(set.session, agentId) : agents.mainSessionKey(agentId),
      activeHours: activeHours?.start && activeHours.end ? { start: activeHours.start, end: activeHours.end, timezone: zoneOf(activeHours.timezone) } : null,
      model: set.model,
      timeoutMs: set.timeoutSeconds === undefined ? undefined : set.timeoutSeconds * 1000,
      showOk: set.visibility?.showOk ?? false,
      showAlerts: set.visibility?.showAlerts ?? true,
    }
  }

  /** Agents that say so themselves; if none does, the one that the defaults name. */
  function owners(): readonly string[] {
    const own = agents.list().filter(({ heartbeat }) => heartbeat !== undefined)
    if (own.length > 0) return own.map(({ id }) => id)
    const named = common().agentId
    return [named !== undefined && agents.find(named) ? named : agents.defaultId()]
  }

  return { of, beating: () => owners().map(of).filter(({ everyMs }) => everyMs !== null) }
}

/** `user` and `local` are the zone of the machine. */
function zoneOf(given: string | undefined): string {
  if (given === undefined || given === 'user' || given === 'local') return zoneHere()
  return given
}
