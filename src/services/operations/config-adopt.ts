// From a text that was read to the active configuration: what can change at once does, what needs a restart waits for
// one. A text that cannot be used changes nothing, and is named.

import { messageOf, type Logger } from '../../kit/log.ts'
import { configChanged } from '../../protocol/config-events.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Commit } from '../../store/commit.ts'
import type { Bus } from '../bus.ts'
import type { ConfigHistory } from './config-history.ts'
import { planChange } from './config-plan.ts'
import type { ConfigIssue } from './config-parse.ts'
import type { Config } from './config-schema.ts'
import type { ConfigReading, ConfigText } from './config-text.ts'
import type { ConfigService } from './config.ts'
import type { Restart, RestartTicket } from './restart.ts'
import type { RuntimeConfiguration } from './runtime-settings.ts'

/** Whose change it is. */
export interface Authorship {
  readonly by: string
  readonly how: string
  readonly note?: string | undefined
}

export interface AdoptOptions {
  /** Also where `gateway.reload.mode` is "off". */
  readonly force?: boolean
  readonly restartDelayMs?: number | undefined
}

export interface Adopted {
  /** Against what was active. */
  readonly changed: readonly string[]
  /** Of these, what is not active yet. */
  readonly waiting: readonly string[]
  readonly restart: RestartTicket | null
}

export interface ConfigAdopt {
  /** Everything that is wrong with a reading, also in what it means for this runtime. Empty: it can be used. */
  issuesOf(reading: ConfigReading): readonly ConfigIssue[]
  /** Throws nothing of what a text can cause; `issuesOf` must have found none. */
  adopt(reading: ConfigReading, authorship: Authorship, options?: AdoptOptions): Adopted
  /** Records a change, and tells everybody of it: `adopt` does so itself. */
  tell(reading: ConfigReading, paths: readonly string[], authorship: Authorship): void
}

export function createConfigAdopt(deps: {
  config: ConfigService
  text: ConfigText
  runtime: RuntimeConfiguration
  restart: Restart
  history: ConfigHistory
  commit: Commit
  bus: Bus
  clock: Clock
  log: Logger
}): ConfigAdopt {
  const { config, text, runtime, restart, history, commit, bus, clock, log } = deps

  function issuesOf({ parsed }: ConfigReading): readonly ConfigIssue[] {
    if (!parsed.ok) return parsed.issues
    try {
      runtime.preview(parsed.config)
      return []
    } catch (error) {
      return [{ path: 'gateway', message: messageOf(error) }]
    }
  }

  /** What is active is one with its settings: if these cannot be made, nothing has changed. */
  function activate(reading: ConfigReading, now: Config, waiting: readonly string[]) {
    config.adopt(reading, now, waiting)
    if (waiting.length === 0) void text.keepGood(reading)
  }

  function adopt(reading: ConfigReading, authorship: Authorship, options: AdoptOptions = {}): Adopted {
    if (!reading.parsed.ok) throw new Error('a configuration that cannot be used was to become active')
    const next = reading.parsed.config
    const isNews = reading.hash !== config.reading?.hash
    const { paths, deep, now } = planChange(config.current, next, runtime.settings, runtime.preview(next))
    const mode = next.gateway?.reload?.mode ?? 'hybrid'
    const isOff = mode === 'off' && !options.force && paths.length > 0
    const waiting = isOff ? paths : deep
    if (isOff) config.note(reading, [], waiting)
    else activate(reading, now, waiting)
    if (isNews) tell(reading, paths, authorship)
    if (isOff) log.info(`changes wait for a restart, because gateway.reload.mode is "off": ${shown(paths)}`)
    return { changed: paths, waiting, restart: isOff || deep.length === 0 ? null : plan(deep, mode, options) }
  }

  function plan(deep: readonly string[], mode: string, { restartDelayMs }: AdoptOptions): RestartTicket | null {
    if (!restart.possible || mode === 'hot') {
      log.warn(`${shown(deep)} can only change at a restart: until then the old settings hold`)
      return null
    }
    return restart.request(`config change: ${shown(deep)}`, restartDelayMs)
  }

  function tell({ hash }: ConfigReading, paths: readonly string[], { by, how, note }: Authorship) {
    const ts = clock.now()
    commit.tx(() => history.add({ hash, at: ts, by, how, paths, note: note ?? null }))
    log.info(`the configuration was changed (${how}, by ${by}): ${shown(paths) || 'nothing that is looked at'}`)
    bus.publish(configChanged, { path: text.path, hash, ts })
  }

  return { issuesOf, adopt, tell }
}

const shown = (paths: readonly string[]): string => (paths.length > 10 ? `${paths.slice(0, 10).join(', ')} and ${paths.length - 10} more` : paths.join(', '))
