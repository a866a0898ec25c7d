// The invokes that wait for their node, found by what the node knows them by, and by the node. Lives in memory: what a
// crash leaves open is closed at the next start.

import { uuid } from '../../kit/ids.ts'
import { unavailable } from '../../protocol/errors.ts'
import type { Principal } from '../../protocol/scopes.ts'
import type { Cancel } from '../../ports/clock.ts'
import type { InvokeOutcome } from './invoke-outcome.ts'

/** Open invokes at most: of one node, and of all. */
const MAX_OF_NODE = 256
const MAX_OPEN = 20_000

export interface InvokeRequest {
  readonly nodeId: string
  readonly command: string
  readonly params?: unknown
  /** 0: none. */
  readonly timeoutMs?: number | undefined
  readonly key: string
  readonly principal: Principal
  /** The gateway itself asks: for commands that have a method of their own. */
  readonly isInternal?: boolean
  /** Ends it as cancelled. For callers inside the gateway: one that merely lost its socket may ask again. */
  readonly signal?: AbortSignal
  readonly onProgress?: (chunk: string) => void
}

export interface OpenInvoke {
  readonly id: string
  readonly request: InvokeRequest
  /** The connection that was asked: only from there an answer is taken. */
  readonly connectionId: string
  readonly paramsJSON: string | undefined
  readonly runId: string | null
  readonly deadline: number
  readonly outcome: Promise<InvokeOutcome>
  readonly resolve: (outcome: InvokeOutcome) => void
  /** What the node knows it by: anew for each time that it is asked. */
  dispatchId: string
  tries: number
  lastSeq: number
  /** What the node has told of the run. */
  readonly claimed: Set<string>
  cancelDeadline: Cancel
  cancelRetry: Cancel
}

export function createOpenInvoke(given: Pick<OpenInvoke, 'request' | 'connectionId' | 'paramsJSON' | 'runId' | 'deadline'>): OpenInvoke {
  const { promise: outcome, resolve } = Promise.withResolvers<InvokeOutcome>()
  const none = () => {}
  return { id: uuid(), ...given, outcome, resolve, dispatchId: '', tries: 0, lastSeq: -1, claimed: new Set(), cancelDeadline: none, cancelRetry: none }
}

export interface OpenInvokes {
  add(invoke: OpenInvoke): void
  /** False when it was not open any more. */
  delete(invoke: OpenInvoke): boolean
  get(id: string): OpenInvoke | undefined
  byDispatch(dispatchId: string): OpenInvoke | undefined
  /** Empty: an answer to what the node was asked before is not taken any more. */
  setDispatch(invoke: OpenInvoke, dispatchId: string): void
  ofNode(nodeId: string): readonly OpenInvoke[]
  /** Throws when too many are open. */
  checkRoom(nodeId: string): void
  readonly size: number
}

export function createOpenInvokes(): OpenInvokes {
  const all = new Map<string, OpenInvoke>()
  const dispatched = new Map<string, OpenInvoke>()
  const byNode = new Map<string, Set<OpenInvoke>>()

  return {
    add(invoke) {
      const { nodeId } = invoke.request
      all.set(invoke.id, invoke)
      byNode.set(nodeId, (byNode.get(nodeId) ?? new Set()).add(invoke))
    },
    delete(invoke) {
      if (!all.delete(invoke.id)) return false
      dispatched.delete(invoke.dispatchId)
      const others = byNode.get(invoke.request.nodeId)
      others?.delete(invoke)
      if (others?.size === 0) byNode.delete(invoke.request.nodeId)
      return true
    },
    get: (id) => all.get(id),
    byDispatch: (dispatchId) => dispatched.get(dispatchId),
    setDispatch(invoke, dispatchId) {
      dispatched.delete(invoke.dispatchId)
      invoke.dispatchId = dispatchId
      if (dispatchId !== '') dispatched.set(dispatchId, invoke)
    },
    ofNode: (nodeId) => [...(byNode.get(nodeId) ?? [])],
    checkRoom(nodeId) {
      if (all.size < MAX_OPEN && (byNode.get(nodeId)?.size ?? 0) < MAX_OF_NODE) return
      throw unavailable('too many invokes of this node are open: wait for one of them', {
        retryAfterMs: 1000,
        details: { code: 'NODE_BUSY', nodeCommandDispatched: false },
      })
    },
    get size() {
      return all.size
    },
  }
}
