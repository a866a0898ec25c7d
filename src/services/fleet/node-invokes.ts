// What nodes are asked to do. An invoke is accepted under the key of whoever asks, on disk before the node hears of it,
// and has exactly one outcome: what the node answered, or why it did not. A repeated key gets that same outcome.

import { sha256Hex } from '../../kit/bytes.ts'
import { stableStringify } from '../../kit/json.ts'
import { uuid } from '../../kit/ids.ts'
import { messageOf, type Logger } from '../../kit/log.ts'
import { unavailable } from '../../protocol/errors.ts'
import { nodeInvokeCancel, nodeInvokeRequest } from '../../protocol/node-events.ts'
import type { Principal } from '../../protocol/scopes.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Commit } from '../../store/commit.ts'
import { idempotencyConflict } from '../../store/idempotency.ts'
import type { Bus } from '../bus.ts'
import type { Admission } from './invoke-admission.ts'
import { errorOf, failure, notConnected, successOf, type InvokeAnswer, type InvokeOutcome } from './invoke-outcome.ts'
import type { InvokeTable } from './node-invoke-table.ts'
import type { NodePending } from './node-pending.ts'
import { platformOf, waitsForForeground } from './node-policy.ts'
import type { Nodes } from './nodes.ts'
import { createOpenInvoke, createOpenInvokes, type InvokeRequest, type OpenInvoke } from './open-invokes.ts'
import { claimedApproval, toNodeParams, unknownApproval, type RunApprovals } from './system-run.ts'

const DEFAULT_TIMEOUT_MS = 30_000
/** What "no time-out" means: nothing is waited for longer. */
const MAX_TIMEOUT_MS = 24 * 60 * 60 * 1000
/** How long a node that is not ready is left alone, each time; after that it is given up. */
const RETRY_AFTER_MS = [100, 250, 500, 1000]
/** Keys longer than this are known by their hash. */
const MAX_KEY_CHARS = 200
/** Rows that are closed in one transaction at the start. */
const RECOVER_STEP = 1000

export interface NodeInvokes {
  /** Resolves with the outcome. Throws what is refused before it is accepted: nothing is kept of that. */
  invoke(request: InvokeRequest): Promise<InvokeOutcome>
  /** The answer of a node. False when it comes too late, or from another connection than the one that was asked. */
  answer(answer: InvokeAnswer, connectionId: string): boolean
  /** False when nobody listens. */
  progress(id: string, seq: number, chunk: string, connectionId: string): boolean
  /** The open run of this node under this id, once for each kind of event: what a node tells of runs is believed only of those. */
  claimRun(nodeId: string, runId: string, kind: 'started' | 'ended'): boolean
  /** Says who decides whether something was approved. */
  approveBy(approvals: RunApprovals): void
  /** Closes what the last process left open. Call it once, before anything is invoked: what cannot be closed waits for the next start. */
  recover(): void
  readonly open: number
}

export function createNodeInvokes(deps: {
  table: InvokeTable
  nodes: Nodes
  admission: Admission
  pending: NodePending
  commit: Commit
  clock: Clock
  bus: Bus
  log: Logger
}): NodeInvokes {
  const { table, nodes, admission, pending, commit, clock, bus, log } = deps
  const open = createOpenInvokes()
  let approvals: RunApprovals = async () => null

  nodes.onLeave((nodeId, connection, reason) => {
    for (const live of open.ofNode(nodeId)) {
      if (live.connectionId !== connection.id) continue
      const { command } = live.request
      if (reason === 'removed') end(live, failure('cancelled', 'PAIRING_CHANGED', 'node pairing changed while invocation was active'))
      else end(live, failure('disconnected', 'DISCONNECTED', `node disconnected (${command})`))
    }
  })

  async function invoke(request: InvokeRequest): Promise<InvokeOutcome> {
    const { nodeId, command, params, principal, key } = request
    const approvalId = claimedApproval(command, params)
    const hash = await sha256Hex(stableStringify({ nodeId, command, params }))
    const rowKey = key.length <= MAX_KEY_CHARS ? key : `sha256:${await sha256Hex(key)}`
    const known = repeated(principal, rowKey, hash)
    if (known) return known
    admission.check(request)
    let sent = toNodeParams(command, params)
    if (approvalId !== null) {
      const decision = await approvals({ approvalId, nodeId, caller: principal, params: sent as Record<string, unknown> })
      if (decision === null) throw unknownApproval(approvalId)
      sent = { ...(sent as object), approved: true, approvalDecision: decision }
    }
    return repeated(principal, rowKey, hash) ?? accept(request, { rowKey, hash, sent }).outcome
  }

  /** What became of the invoke that was made with this key before, if there was one. */
  function repeated(principal: Principal, key: string, hash: string): Promise<InvokeOutcome> | null {
    const known = table.find(principal.id, key)
    if (!known) return null
    if (known.hash !== hash) throw idempotencyConflict()
    if (known.outcome === 'lost') throw notKept()
    if (known.outcome) return Promise.resolve(known.outcome)
    return open.get(known.id)?.outcome ?? Promise.resolve(NOT_WRITTEN)
  }

  function accept(request: InvokeRequest, { rowKey, hash, sent }: { rowKey: string; hash: string; sent: unknown }): OpenInvoke {
    const { nodeId, command, principal, timeoutMs = DEFAULT_TIMEOUT_MS, signal } = request
    const connection = nodes.connectionOf(nodeId)
    if (!connection) throw notConnected()
    open.checkRoom(nodeId)
    const now = clock.now()
    const wait = timeoutMs === 0 ? MAX_TIMEOUT_MS : Math.min(timeoutMs, MAX_TIMEOUT_MS)
    const live = createOpenInvoke({
      request,
      connectionId: connection.id,
      paramsJSON: sent === undefined ? undefined : JSON.stringify(sent),
      runId: command === 'system.run' ? (sent as { runId: string }).runId : null,
      deadline: now + wait,
    })
    commit.tx(() => table.insert({ id: live.id, principal: principal.id, key: rowKey, hash, nodeId, command, acceptedAt: now }))
    open.add(live)
    live.cancelDeadline = clock.after(wait, () => end(live, failure('timeout', 'TIMEOUT', 'node invoke timed out')))
    dispatch(live)
    watch(live, signal)
    return live
  }

  function watch(live: OpenInvoke, signal: AbortSignal | undefined) {
    if (!signal) return
    const cancel = () => end(live, failure('cancelled', 'CANCELLED', 'the invoke was cancelled'))
    if (signal.aborted) return cancel()
    signal.addEventListener('abort', cancel, { once: true })
    void live.outcome.then(() => signal.removeEventListener('abort', cancel))
  }

  /** The event goes out behind the row: the node never hears of what is not on disk. */
  function dispatch(live: OpenInvoke) {
    const { nodeId, command, key, timeoutMs } = live.request
    open.setDispatch(live, uuid())
    live.tries++
    const left = timeoutMs === 0 ? 0 : Math.max(1, live.deadline - clock.now())
    const { paramsJSON } = live
    const payload = { id: live.dispatchId, nodeId, command, ...(paramsJSON !== undefined && { paramsJSON }), timeoutMs: left, idempotencyKey: key }
    bus.publish(nodeInvokeRequest, payload, { connection: live.connectionId })
  }

  function end(live: OpenInvoke, outcome: InvokeOutcome) {
    if (!open.delete(live)) return
    live.cancelDeadline()
    live.cancelRetry()
    const { nodeId } = live.request
    live.resolve(keep(live, outcome))
    const isGivenUp = outcome.state === 'timeout' || outcome.state === 'cancelled'
    if (isGivenUp && live.dispatchId !== '') {
      bus.publish(nodeInvokeCancel, { invokeId: live.dispatchId, nodeId }, { connection: live.connectionId })
    }
  }

  /** The answer to whoever asked waits at the gate for this. */
  function keep(live: OpenInvoke, outcome: InvokeOutcome): InvokeOutcome {
    try {
      commit.tx(() => table.end(live.id, outcome, clock.now()))
      return outcome
    } catch (error) {
      log.error('the outcome of an invoke could not be written', { invoke: live.id, error: messageOf(error) })
      return NOT_WRITTEN
    }
  }

  function answer(given: InvokeAnswer, connectionId: string): boolean {
    const live = open.byDispatch(given.id)
    if (!live || live.connectionId !== connectionId || live.request.nodeId !== given.nodeId) {
      log.warn('an answer of a node came too late, or was not asked of it, and is dropped', { node: given.nodeId, invoke: given.id.slice(0, 128) })
      return false
    }
    if (given.ok) end(live, successOf(given))
    else if (given.error?.code === 'NODE_NOT_READY' && live.tries <= RETRY_AFTER_MS.length) retry(live)
    else if (given.error?.code === 'NODE_BACKGROUND_UNAVAILABLE' && isForegroundOnly(live)) end(live, queue(live, given))
    else end(live, { state: 'error', error: errorOf(given), dispatched: true })
    return true
  }

  function retry(live: OpenInvoke) {
    open.setDispatch(live, '')
    live.cancelRetry = clock.after(RETRY_AFTER_MS[live.tries - 1]!, () => dispatch(live))
  }

  const isForegroundOnly = ({ request: { nodeId, command } }: OpenInvoke) => waitsForForeground(command) && platformOf(nodes.get(nodeId).row) === 'ios'

  function queue({ request: { nodeId, command }, paramsJSON }: OpenInvoke, given: InvokeAnswer): InvokeOutcome {
    const queuedActionId = pending.addAction(nodeId, command, paramsJSON)
    const failed = { error: errorOf(given), dispatched: true }
    return queuedActionId === null ? { state: 'error', ...failed } : { state: 'queued', ...failed, queuedActionId }
  }

  function closeOpen() {
    for (let rows = table.open(RECOVER_STEP); rows.length > 0; rows = table.open(RECOVER_STEP)) {
      const outcome = failure('interrupted', 'INTERRUPTED', 'the gateway stopped before the node had answered')
      commit.tx(() => rows.forEach(({ id, dispatched }) => table.end(id, { ...outcome, dispatched }, clock.now())))
      log.warn(`invokes of nodes that a restart interrupted were closed: ${rows.length}`)
    }
  }

  return {
    invoke,
    answer,
    progress(id, seq, chunk, connectionId) {
      const live = open.byDispatch(id)
      if (!live?.request.onProgress || live.connectionId !== connectionId || seq <= live.lastSeq) return false
      live.lastSeq = seq
      live.request.onProgress(chunk)
      return true
    },
    claimRun(nodeId, runId, kind) {
      for (const live of open.ofNode(nodeId)) {
        if (live.runId !== runId || live.claimed.has(kind)) continue
        live.claimed.add(kind)
        return true
      }
      return false
    },
    approveBy: (check) => void (approvals = check),
    recover() {
      try {
        closeOpen()
      } catch (error) {
        log.error('invokes of nodes that a restart interrupted could not be closed', { error: messageOf(error) })
      }
    },
    get open() {
      return open.size
    },
  }
}

const NOT_WRITTEN = failure('interrupted', 'STORAGE_FAILED', 'the outcome could not be written to disk: see the log of the gateway')

const notKept = () =>
  unavailable('this was done, but its result was too large to be kept: ask with a new key', {
    retryable: false,
    details: { code: 'OUTCOME_NOT_KEPT', nodeCommandDispatched: true },
  })
