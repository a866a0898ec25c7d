// The words that wake voice clients, and where what is said then goes. Nodes are told when they join, and of changes.

import * as z from 'zod'
import { firstUnits } from '../../kit/text.ts'
import { voiceWakeChanged, voiceWakeDirected, voiceWakeRoutingDirected, type wakeRouting } from '../../protocol/voice-events.ts'
import type { Sql } from '../../ports/sql.ts'
import { createCollection } from '../../store/collection.ts'
import type { Commit } from '../../store/commit.ts'
import type { Bus } from '../bus.ts'
import type { Connection } from '../identity/connections.ts'

export type WakeRouting = z.output<typeof wakeRouting>

export interface VoiceWake {
  triggers(): string[]
  /** Keeps what is left of them without blanks; none at all are the usual ones. */
  setTriggers(words: readonly string[]): string[]
  /** There is one agent to talk with at a time: the one that the client has before it. */
  routing(): WakeRouting
}

const USUAL: readonly string[] = ['openclaw', 'claude', 'computer']
const MAX_TRIGGERS = 32
const MAX_CHARS = 64
const ONLY = 'only'

export function createVoiceWake(deps: {
  sql: Sql
  commit: Commit
  bus: Bus
  /** Those that are connected. */
  nodes: { onJoin(listener: (nodeId: string, connection: Connection) => void): void; connections(): Iterable<Connection> }
}): VoiceWake {
  const { sql, commit, bus, nodes } = deps
  const kept = createCollection(sql, 'voice-wake', z.strictObject({ triggers: z.array(z.string()) }))
  const triggers = () => kept.get(ONLY)?.value.triggers ?? [...USUAL]
  const routing = (): WakeRouting => ({ version: 1, defaultTarget: { mode: 'current' }, routes: [], updatedAtMs: 0 })

  nodes.onJoin((_, { id: connection }) => {
    bus.publish(voiceWakeDirected, () => ({ triggers: triggers() }), { connection })
    bus.publish(voiceWakeRoutingDirected, () => ({ config: routing() }), { connection })
  })

  return {
    triggers,
    setTriggers(words) {
      const cleaned = words.map((word) => firstUnits(word.trim(), MAX_CHARS)).filter((word) => word !== '')
      const next = cleaned.length === 0 ? [...USUAL] : [...new Set(cleaned)].slice(0, MAX_TRIGGERS)
      commit.tx(() => void kept.put(ONLY, { triggers: next }))
      bus.publish(voiceWakeChanged, { triggers: next })
      for (const { id: connection } of nodes.connections()) bus.publish(voiceWakeDirected, { triggers: next }, { connection })
      return next
    },
    routing,
  }
}
