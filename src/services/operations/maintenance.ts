// What happens by itself while a gateway serves: the tick, health for those who asked to hear it without a change, and
// the forgetting of what is old. On a gateway that hibernates only the last, once for each start.

import { health as healthEvent, tick as tickEvent } from '../../protocol/events.ts'
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
  /** Nothing may tick while nobody is active. */
  hibernates: boolean
}): Maintenance {
  const { commit, upkeep, connections, health, bus, clock } = deps
  const cancels = new Map<() => void, () => void>()

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

  function every(ms: number, work: () => void) {
    const again = () => {
      work()
      every(ms, work)
    }
    cancels.set(work, clock.after(ms, again))
  }

  return {
    begin() {
      forget()
      if (deps.hibernates) return
      every(FORGET_MS, forget)
      every(TICK_INTERVAL_MS, tick)
      every(HEALTH_MS, repeatHealth)
    },
    end() {
      for (const cancel of cancels.values()) cancel()
    },
  }
}
