// What the gateway says of itself: version, uptime, figures of the machine, the status page.

import type { Host, SystemInfo } from '../../ports/host.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Agents } from '../conversation/agents.ts'
import type { Models } from '../conversation/models.ts'
import type { SessionTable } from '../conversation/session-table.ts'
import type { Vitals } from './vitals.ts'

export interface SystemService {
  readonly version: string
  /** Of this process; changes with every start. */
  readonly bootId: string
  uptimeMs(): number
  /** Only where a process can tell: see `Host.system`. */
  info(): (SystemInfo & { uptimeMs: number; processInstanceId: string }) | null
  status(): Status
}

export interface Status {
  readonly runtimeVersion: string
  readonly uptimeMs: number
  readonly [member: string]: unknown
}

const RECENT = 10

export function createSystem(deps: {
  version: string
  bootId: string
  runtime: string
  clock: Clock
  host: Host
  agents: Agents
  models: Models
  table: SessionTable
  vitals: Vitals
  activeRuns: () => number
  connections: () => number
  path: string
}): SystemService {
  const { version, bootId, clock, host, agents, models, table, vitals } = deps
  const startedAt = clock.now()
  const uptimeMs = () => Math.max(0, clock.now() - startedAt)

  function heartbeatOf(agentId: string) {
    const { enabled, every, everyMs } = vitals.heartbeatOf(agentId)
    return { agentId, enabled, every, everyMs }
  }

  function sessionsOf(agentId?: string) {
    const filter = { archived: false, ...(agentId !== undefined && { agentIds: [agentId] }) }
    const now = clock.now()
    const recent = table.page(filter, RECENT, 0).map(({ key, updatedAt, status, model }) => {
      return { key, agentId, kind: 'direct', updatedAt, age: Math.max(0, now - updatedAt), status, model }
    })
    return { count: table.count(filter), recent }
  }

  return {
    version,
    bootId,
    uptimeMs,
    info: () => (host.system ? { ...host.system(), uptimeMs: uptimeMs(), processInstanceId: bootId } : null),
    status() {
      const defaultId = agents.defaultId()
      const choice = models.choiceFor(defaultId)
      return {
        runtimeVersion: version,
        runtime: deps.runtime,
        uptimeMs: uptimeMs(),
        heartbeat: {
          defaultAgentId: defaultId,
          agents: agents.list().map(({ id }) => heartbeatOf(id)),
        },
        channelSummary: [],
        queuedSystemEvents: [...vitals.queuedEvents()],
        connections: deps.connections(),
        activeRuns: deps.activeRuns(),
        sessions: {
          paths: [deps.path],
          ...sessionsOf(),
          defaults: { modelProvider: choice.provider, model: choice.model, contextTokens: choice.contextWindow ?? null },
          byAgent: agents.list().map(({ id }) => ({ agentId: id, path: deps.path, ...sessionsOf(id) })),
        },
      }
    },
  }
}
