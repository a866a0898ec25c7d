// When heartbeats are due. The times stand in the database: a gateway that was asleep, and is woken for one, has not
// forgotten which.

import * as z from 'zod'
import type { Clock } from '../../ports/clock.ts'
import type { Sql } from '../../ports/sql.ts'
import { createCollection } from '../../store/collection.ts'
import type { Commit } from '../../store/commit.ts'
import type { Wakeups } from '../operations/wakeups.ts'
import { isActive } from './active-hours.ts'
import type { HeartbeatSettings, HeartbeatSettingsService } from './heartbeat-settings.ts'
import { timetableOf } from './schedule.ts'

export interface Pulse {
  /** Looks at the settings anew, and sets the alarm. `on`: whether there are heartbeats at all. */
  begin(on: boolean): void
  end(): void
}

/** Beats outside the active hours that are passed over; a night of half hours has far less. */
const MAX_PASSED = 2000

export function createPulse(deps: {
  settings: HeartbeatSettingsService
  sql: Sql
  commit: Commit
  clock: Clock
  wakeups: Wakeups
  due: (set: HeartbeatSettings) => void
}): Pulse {
  const { settings, commit, clock, wakeups } = deps
  const times = createCollection(deps.sql, 'heartbeat-due', z.strictObject({ at: z.int(), everyMs: z.int() }))

  wakeups.on('heartbeat', ring)

  function nextOf({ agentId, everyMs, activeHours }: HeartbeatSettings): number {
    const beats = timetableOf({ kind: 'every', everyMs: everyMs!, anchorMs: phaseOf(agentId, everyMs!) }, '')
    let at = beats.next(clock.now())!
    for (let passed = 0; activeHours && passed < MAX_PASSED && !isActive(activeHours, at); passed++) at = beats.next(at)!
    return at
  }

  function dueOf(set: HeartbeatSettings): number {
    const known = times.get(set.agentId)?.value
    const next = nextOf(set)
    if (known?.everyMs === set.everyMs && known.at <= next) return known.at
    commit.tx(() => times.put(set.agentId, { at: next, everyMs: set.everyMs! }))
    return next
  }

  function arm() {
    const all = settings.beating().map(dueOf)
    wakeups.set('heartbeat', all.length === 0 ? null : Math.min(...all))
  }

  function ring() {
    const now = clock.now()
    for (const set of settings.beating()) {
      if (dueOf(set) > now) continue
      commit.tx(() => times.put(set.agentId, { at: nextOf(set), everyMs: set.everyMs! }))
      deps.due(set)
    }
    arm()
  }

  return {
    begin(on) {
      if (on) arm()
      else wakeups.set('heartbeat', null)
    },
    end: () => wakeups.set('heartbeat', null),
  }
}

/** So that not all agents are asked in one moment. */
function phaseOf(agentId: string, everyMs: number): number {
  let sum = 0
  for (let i = 0; i < agentId.length; i++) sum = (sum * 31 + agentId.charCodeAt(i)) >>> 0
  return sum % everyMs
}
