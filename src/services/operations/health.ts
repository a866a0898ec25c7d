// The health snapshot: computed when asked for and then kept for a second, serialised once, with a version that grows
// when something in it has changed.

import { Serialized } from '../../kit/json.ts'
import { health as healthEvent } from '../../protocol/events.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Bus } from '../bus.ts'
import type { Agents } from '../conversation/agents.ts'
import type { SessionTable } from '../conversation/session-table.ts'
import type { HeartbeatFacts, Vitals } from './vitals.ts'

const FRESH_MS = 1000
const RECENT = 5

export interface HealthSnapshot {
  readonly ok: true
  readonly ts: number
  readonly durationMs: number
  readonly [member: string]: unknown
}

export interface Health {
  readonly version: number
  snapshot(): Serialized<HealthSnapshot>
  /** Something has changed: looks again, and tells everybody when that shows. */
  refresh(): void
}

export function createHealth(deps: {
  table: SessionTable
  agents: Agents
  clock: Clock
  bus: Bus
  vitals: Vitals
  path: string
  /** Changes of the configuration's file take effect: there is one, it is watched, and it was good when read last. */
  hotReload?: () => boolean
}): Health {
  const { table, agents, clock, bus, vitals, path } = deps
  let version = clock.now() // above all that was told before a sleep
  let facts = ''
  let kept: { at: number; snapshot: Serialized<HealthSnapshot> } | null = null

  function sessionsOf(agentId: string, now: number) {
    const filter = { archived: false, agentIds: [agentId] }
    const recent = table.page(filter, RECENT, 0).map(({ key, updatedAt }) => ({ key, updatedAt, age: Math.max(0, now - updatedAt) }))
    return { path, count: table.count(filter), recent }
  }

  function compute(now: number) {
    const defaultId = agents.defaultId()
    const rows = agents.list().map(({ id, name }) => ({
      agentId: id,
      ...(name !== undefined && { name }),
      isDefault: id === defaultId,
      heartbeat: { ...vitals.heartbeatOf(id) },
      sessions: sessionsOf(id, now),
    }))
    return {
      plugins: { loaded: [], errors: [] },
      configReload: { hotReloadStatus: deps.hotReload?.() ? 'active' : 'disabled' },
      channels: {},
      channelOrder: [],
      channelLabels: {},
      heartbeatSeconds: secondsOf(vitals.heartbeatOf(defaultId)),
      defaultAgentId: defaultId,
      agents: rows,
      sessions: rows.find((row) => row.isDefault)!.sessions,
    }
  }

  /** `isNews`: also when nothing was seen before. Whoever outlived a sleep has a snapshot from before it. */
  function look(now: number, isNews: boolean) {
    const content = compute(now)
    const snapshot = { ok: true as const, ts: now, durationMs: Math.max(0, clock.now() - now), ...content }
    kept = { at: now, snapshot: new Serialized(JSON.stringify(snapshot)) }
    const found = JSON.stringify(content, withoutAges)
    if (found === facts) return
    if (isNews || facts !== '') {
      version++
      bus.publish(healthEvent, () => snapshot)
    }
    facts = found
  }

  return {
    get version() {
      return version
    },
    snapshot() {
      const now = clock.now()
      if (!kept || now - kept.at >= FRESH_MS || now < kept.at) look(now, false)
      return kept!.snapshot
    },
    refresh: () => look(clock.now(), true),
  }
}

/** 0 when there is no heartbeat. */
const secondsOf = ({ enabled, everyMs }: HeartbeatFacts): number => (enabled && everyMs !== null ? Math.round(everyMs / 1000) : 0)

/** Ages change by themselves; they are no news. */
const withoutAges = (key: string, value: unknown): unknown => (key === 'age' ? undefined : value)
