// What happens by itself while a gateway serves: the tick, health when it has changed and for those who asked to hear it
// without a change, and the forgetting of what is old. On a gateway that hibernates nothing repeats itself: it forgets
// once for each start, and looks at its health when something was changed.

import { messageOf, type Logger } from '../../kit/log.ts'
import type { AnyEvent } from '../../protocol/event.ts'
import { health as healthEvent, sessionMessage, sessionsChanged, tick as tickEvent } from '../../protocol/events.ts'
import { TICK_INTERVAL_MS } from '../../protocol/version.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Commit } from '../../store/commit.ts'
import type { Bus } from '../bus.ts'
import type { Connections } from '../identity/connections.ts'
import { HEALTH_TOPIC } from '../identity/topics.ts'
import type { Health } from './health.ts'
import type { Upkeep } from './upkeep.ts'

const FORGET_MS = 60 * 60 * 1000
const HEALTH_MS = 5000
/** Changes within this time are one look at the health. */
const LOOK_MS = 1000
const LOOK = 'looking at the health'
const FORGETTING = 'forgetting what is old'
/** Events after which the health may be another. */
const CHANGES: readonly string[] = [sessionsChanged.name, sessionMessage.name]

export interface Maintenance {
  begin(): void
  /** Stops ticking. */
  end(): void
}

export function createMaintenance(deps: {
  commit: Commit
  upkeep: Upkeep
  connections: Connections
  health: Health
  bus: Bus
  clock: Clock
  log: Logger
  /** Nothing may tick while nobody is active. */
  hibernates: boolean
}): Maintenance {
  const { commit, upkeep, connections, health, bus, clock, log } = deps
  /** By what the work is called. */
  const cancels = new Map<string, () => void>()
  let active = false

  function forget() {
    commit.tx(() => upkeep.run(clock.now()))
  }

  function tick() {
    if (connections.size > 0) bus.publish(tickEvent, { ts: clock.now() })
  }

  function repeatHealth() {
    for (const connection of connections.established()) {
      if (!connection.topics.has(HEALTH_TOPIC)) continue
      bus.publish(healthEvent, () => JSON.parse(health.snapshot().json), { connection: connection.id })
    }
  }

  /** Work that fails keeps nothing else from being done, nor itself the next time. */
  function attempt(name: string, work: () => void) {
    try {
      work()
    } catch (error) {
      log.error(`${name} failed`, { error: messageOf(error) })
    }
  }

  function after(ms: number, name: string, work: () => void) {
    const ring = () => {
      cancels.delete(name)
      attempt(name, work)
    }
    cancels.set(name, clock.after(ms, ring))
  }

  function every(ms: number, name: string, work: () => void) {
    after(ms, name, () => {
      every(ms, name, work)
      work()
    })
  }

  const calls = (event: AnyEvent) => active && !cancels.has(LOOK) && CHANGES.includes(event.name)
  bus.attach({
    isHeard: (event) => calls(event) && bus.isHeard(healthEvent),
    deliver(event) {
      if (calls(event)) after(LOOK_MS, LOOK, health.refresh)
    },
  })

  return {
    begin() {
      attempt(FORGETTING, forget)
      active = true
      if (deps.hibernates) return
      every(FORGET_MS, FORGETTING, forget)
      every(TICK_INTERVAL_MS, 'the tick', tick)
      every(HEALTH_MS, 'repeating the health', repeatHealth)
    },
    end() {
      active = false
      for (const cancel of cancels.values()) cancel()
    },
  }
}
