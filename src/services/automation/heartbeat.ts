// Heartbeats: an agent is asked by the gateway whether anything needs attention, at set times and when something wakes
// it. It hears the system events of its session then. An answer that says that there is nothing is not shown.

import * as z from 'zod'
import { uuid } from '../../kit/ids.ts'
import { messageOf, type Logger } from '../../kit/log.ts'
import { heartbeat as heartbeatEvent, heartbeatEvent as beatShape, type HeartbeatEvent } from '../../protocol/cron-events.ts'
import { expandScopes, type Principal } from '../../protocol/scopes.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Sql } from '../../ports/sql.ts'
import { createCollection } from '../../store/collection.ts'
import type { Commit } from '../../store/commit.ts'
import type { Bus } from '../bus.ts'
import { isShown, saysNothing } from '../conversation/aside.ts'
import type { RunResult } from '../conversation/run-table.ts'
import type { Runs } from '../conversation/runs.ts'
import type { HeartbeatFacts } from '../operations/vitals.ts'
import type { Wakeups } from '../operations/wakeups.ts'
import { isActive } from './active-hours.ts'
import type { HeartbeatSettings, HeartbeatSettingsService } from './heartbeat-settings.ts'
import { createPulse } from './pulse.ts'
import type { SystemEvents } from './system-events.ts'

export interface Heartbeat {
  begin(): void
  /** Asks nobody any more. */
  end(): void
  /** Asks an agent now, whatever the hour; what it is told meanwhile it is asked about again. */
  wake(agentId: string, sessionKey?: string): void
  /** Switches all of them on or off; kept over restarts. */
  setEnabled(enabled: boolean): void
  readonly enabled: boolean
  readonly last: HeartbeatEvent | null
  describe(agentId: string): HeartbeatFacts
}

/** It may read and write, as a person's agent does, and decides nothing for the person. */
const PRINCIPAL = { id: 'heartbeat', role: 'operator' } as const
const PREVIEW_CHARS = 200
const NO_ROUTE = 'The heartbeat has something to say and no channel to say it on: it stands in the session.'

export function createHeartbeat(deps: {
  settings: HeartbeatSettingsService
  events: SystemEvents
  runs: Runs
  sql: Sql
  commit: Commit
  clock: Clock
  bus: Bus
  wakeups: Wakeups
  log: Logger
}): Heartbeat {
  const { settings, events, runs, commit, clock, bus, log } = deps
  const beats = createCollection(deps.sql, 'heartbeat-last', beatShape)
  const switches = createCollection(deps.sql, 'heartbeat-switch', z.strictObject({ since: z.int() }))
  const pulse = createPulse({ ...deps, due: (set) => beat(set, set.sessionKey, 'interval') })
  /** Sessions that are being asked. */
  const asking = new Set<string>()
  let ended = false

  const isOn = () => switches.get('off') === null

  function beat(set: HeartbeatSettings, sessionKey: string, why: 'interval' | 'wake') {
    if (ended || !isOn() || asking.has(sessionKey)) return
    const startedAt = clock.now()
    const skipped = why === 'interval' ? reasonToSkip(set, sessionKey, startedAt) : null
    if (skipped !== null) return keep({ ts: startedAt, status: 'skipped', reason: skipped, hasMedia: false, durationMs: 0 })
    asking.add(sessionKey)
    try {
      const { run } = runs.start(toRequest(set, sessionKey))
      void run!.done.then((result) => finish(set, sessionKey, startedAt, result))
    } catch (error) {
      asking.delete(sessionKey)
      keep({ ts: clock.now(), status: 'failed', reason: messageOf(error).slice(0, 500), hasMedia: false, durationMs: 0 })
    }
  }

  function reasonToSkip({ activeHours }: HeartbeatSettings, sessionKey: string, now: number): string | null {
    if (activeHours && !isActive(activeHours, now)) return 'quiet-hours'
    return runs.liveIn(sessionKey).length > 0 ? 'requests-in-flight' : null
  }

  function finish(set: HeartbeatSettings, sessionKey: string, startedAt: number, result: RunResult) {
    asking.delete(sessionKey)
    const durationMs = Math.max(0, clock.now() - startedAt)
    try {
      keep({ ts: clock.now(), ...toOutcome(set, result), hasMedia: false, durationMs })
      if (result.state === 'ok' && events.count(sessionKey) > 0) beat(set, sessionKey, 'wake')
    } catch (error) {
      log.error('a heartbeat could not be recorded', { error: messageOf(error) })
    }
  }

  function keep(told: HeartbeatEvent) {
    commit.tx(() => beats.put('last', told))
    bus.publish(heartbeatEvent, told)
  }

  return {
    begin: () => pulse.begin(isOn()),
    end() {
      ended = true
      pulse.end()
    },
    wake(agentId, sessionKey) {
      const set = settings.of(agentId)
      beat(set, sessionKey ?? set.sessionKey, 'wake')
    },
    setEnabled(enabled) {
      commit.tx(() => {
        if (enabled) switches.delete('off')
        else switches.put('off', { since: clock.now() })
      })
      pulse.begin(enabled)
    },
    get enabled() {
      return isOn()
    },
    get last() {
      return beats.get('last')?.value ?? null
    },
    describe(agentId) {
      const { every, everyMs, prompt, target, ackMaxChars } = settings.of(agentId)
      return { enabled: everyMs !== null && isOn(), every, everyMs, prompt, target, ackMaxChars }
    },
  }
}

function toRequest({ prompt, ackMaxChars, showOk, showAlerts, model, timeoutMs }: HeartbeatSettings, sessionKey: string) {
  const principal: Principal = { ...PRINCIPAL, scopes: expandScopes(['operator.write']) }
  return {
    runId: `heartbeat:${uuid()}`,
    sessionKey,
    origin: 'heartbeat' as const,
    principal,
    hash: 'heartbeat',
    input: [],
    settings: {},
    aside: { text: prompt, ackMaxChars, showOk, showAlerts },
    ...(model !== undefined && { model }),
    ...(timeoutMs !== undefined && { timeoutMs }),
  }
}

function toOutcome(set: HeartbeatSettings, result: RunResult): Pick<HeartbeatEvent, 'status' | 'reason' | 'preview' | 'message'> {
  const { state, text, stopReason, error } = result
  const said = text.trim()
  const preview = said === '' ? {} : { preview: said.slice(0, PREVIEW_CHARS) }
  if (state === 'error') return { status: 'failed', reason: (error?.message ?? 'the run failed').slice(0, 500), ...preview }
  if (state !== 'ok') return { status: 'skipped', reason: stopReason, ...preview }
  if (saysNothing(said, set.ackMaxChars)) return { status: said === '' ? 'ok-empty' : 'ok-token', ...preview }
  if (!isShown({ ...set, text: '' }, said)) return { status: 'skipped', reason: 'alerts-disabled', ...preview }
  return set.target === 'none' ? { status: 'skipped', reason: 'no-target', ...preview } : { status: 'skipped', reason: 'no-route', ...preview, message: NO_ROUTE }
}
