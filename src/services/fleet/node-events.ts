// What nodes tell without being asked. Believed is only what is theirs to tell: of their own machine, and of runs that
// the gateway gave them. What nobody knows is answered as not handled.

import * as z from 'zod'
import { parseJson } from '../../kit/json.ts'
import { hostStats, nodeHostStats } from '../../protocol/node-events.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Commit } from '../../store/commit.ts'
import type { Bus } from '../bus.ts'
import type { Connection } from '../identity/connections.ts'
import type { NodeInvokes } from './node-invokes.ts'
import { effectiveSurface, type NodeRow, type NodeTable } from './node-table.ts'
import type { Nodes } from './nodes.ts'

/** Signs of life within this time after one that was kept change nothing. */
const ALIVE_EVERY_MS = 60_000
/** Only a program that sees input everywhere knows when a person was active. */
const ACTIVITY_PERMISSION = 'accessibility'

const ALIVE_TRIGGERS = ['background', 'silent_push', 'bg_app_refresh', 'significant_location', 'manual', 'connect'] as const

const alive = z.looseObject({ trigger: z.string().min(1) })
const activity = z.union([
  z.strictObject({
    idleSeconds: z.int().min(0).max(2_592_000),
    source: z.enum(['app', 'system']).optional(),
    saturated: z.boolean().optional(),
  }),
  z.strictObject({ action: z.literal('clear') }),
])
const exec = z.looseObject({ runId: z.string().min(1) })

export interface NodeEventResult {
  readonly handled: boolean
  readonly reason?: string
}

export interface EventOrigin {
  readonly nodeId: string
  readonly connection: Connection
}

export type NodeEventHandler = (payload: unknown, origin: EventOrigin) => NodeEventResult

/** What a node tells of a run that it was given. */
export interface ExecEvent {
  readonly nodeId: string
  readonly event: 'exec.started' | 'exec.finished' | 'exec.denied'
  readonly runId: string
  readonly payload: Readonly<Record<string, unknown>>
}

export interface NodeEvents {
  handle(event: string, given: { payload?: unknown; payloadJSON?: string | undefined }, origin: EventOrigin, row: NodeRow): NodeEventResult
  /** Says who handles an event; one each. */
  on(event: string, handler: NodeEventHandler): void
  onExec(listener: (event: ExecEvent) => void): void
}

const UNREADABLE = Symbol('unreadable')
const INVALID: NodeEventResult = { handled: false, reason: 'invalid_payload' }

export function createNodeEvents(deps: { table: NodeTable; nodes: Nodes; invokes: NodeInvokes; commit: Commit; clock: Clock; bus: Bus }): NodeEvents {
  const { table, nodes, invokes, commit, clock, bus } = deps
  const handlers = new Map<string, NodeEventHandler>()
  const execListeners: ((event: ExecEvent) => void)[] = []
  const lastAlive = new Map<string, number>()

  nodes.onLeave((nodeId) => void lastAlive.delete(nodeId))

  function keepStats(payload: unknown, { nodeId }: EventOrigin): NodeEventResult {
    const parsed = hostStats.safeParse(payload)
    if (!parsed.success || parsed.data.memoryFreeBytes > parsed.data.memoryTotalBytes) return INVALID
    const stats = { ...parsed.data, updatedAtMs: clock.now() }
    commit.lazily(() => table.change(nodeId, { hostStats: stats }))
    bus.publish(nodeHostStats, { nodeId, hostStats: stats })
    return { handled: true, reason: 'updated' }
  }

  function keepAlive(payload: unknown, { nodeId }: EventOrigin): NodeEventResult {
    const parsed = alive.safeParse(payload)
    if (!parsed.success) return INVALID
    const now = clock.now()
    if (now - (lastAlive.get(nodeId) ?? 0) < ALIVE_EVERY_MS) return { handled: true, reason: 'throttled' }
    lastAlive.set(nodeId, now)
    nodes.seen(nodeId, ALIVE_TRIGGERS.find((each) => each === parsed.data.trigger) ?? 'background')
    return { handled: true, reason: 'persisted' }
  }

  function keepActivity(payload: unknown, { nodeId }: EventOrigin, row: NodeRow): NodeEventResult {
    const parsed = activity.safeParse(payload)
    if (!parsed.success) return INVALID
    if ('action' in parsed.data) return { handled: true, reason: nodes.setActivity(nodeId, null) ? 'cleared' : 'already_clear' }
    if (effectiveSurface(row).permissions?.[ACTIVITY_PERMISSION] !== true) return { handled: false, reason: 'permission_required' }
    nodes.setActivity(nodeId, clock.now() - parsed.data.idleSeconds * 1000)
    return { handled: true, reason: 'updated' }
  }

  function tellExec(event: ExecEvent['event'], payload: unknown, { nodeId }: EventOrigin): NodeEventResult {
    const parsed = exec.safeParse(payload)
    const kind = event === 'exec.started' ? 'started' : 'ended'
    if (!parsed.success || !invokes.claimRun(nodeId, parsed.data.runId, kind)) return { handled: false, reason: 'unmatched_exec_event' }
    for (const listener of execListeners) listener({ nodeId, event, runId: parsed.data.runId, payload: parsed.data })
    return { handled: true }
  }

  return {
    handle(event, given, origin, row) {
      const payload = read(given)
      if (payload === UNREADABLE) return INVALID
      switch (event) {
        case 'node.host.stats':
          return keepStats(payload, origin)
        case 'node.presence.alive':
          return keepAlive(payload, origin)
        case 'node.presence.activity':
          return keepActivity(payload, origin, row)
        case 'exec.started':
        case 'exec.finished':
        case 'exec.denied':
          return tellExec(event, payload, origin)
      }
      return handlers.get(event)?.(payload, origin) ?? { handled: false, reason: 'unsupported_event' }
    },
    on: (event, handler) => void handlers.set(event, handler),
    onExec: (listener) => void execListeners.push(listener),
  }
}

function read({ payload, payloadJSON }: { payload?: unknown; payloadJSON?: string | undefined }): unknown {
  if (payloadJSON === undefined) return payload
  const parsed = parseJson(payloadJSON)
  return parsed.ok ? parsed.value : UNREADABLE
}
