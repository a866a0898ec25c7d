// Approvals: what waits for a person, durable from the first moment to the last. The first answer is the only one; one
// that is not given in time is a no. An approval is good for exactly what was asked, once.

import { sha256Hex } from '../../kit/bytes.ts'
import { uuid } from '../../kit/ids.ts'
import { invalid, unavailable, GatewayError } from '../../protocol/errors.ts'
import { isDecision, type Decision, type Resolver } from '../../protocol/approval-shapes.ts'
import type { Principal } from '../../protocol/scopes.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Commit } from '../../store/commit.ts'
import type { Gate } from '../../store/gate.ts'
import type { Wakeups } from '../operations/wakeups.ts'
import type { ApprovalGrants } from './approval-grants.ts'
import { draftOf, type Draft } from './approval-request.ts'
import type { ApprovalRoutes } from './approval-routes.ts'
import type { Approval, ApprovalTable, AskedKind, Ending, HistoryPosition } from './approval-table.ts'
import { createApprovalWaiters } from './approval-waiters.ts'
import type { ApprovalWish } from './approval-wish.ts'

/** Who asks, and how. */
export interface Asking {
  /** Who asks: nobody else can use what is approved, where the gateway runs it for a caller. */
  readonly principal?: string | undefined
  /** The connection that asks: it cannot be the one that answers. */
  readonly connection?: string | null
  readonly id?: string | undefined
  /** It is not worth waiting when nobody is there who could answer. Absent: so. */
  readonly requireRoute?: boolean | undefined
  /** Nobody is told. */
  readonly isSilent?: boolean | undefined
  /** Written in the same transaction. */
  readonly alongside?: (approval: Approval) => void
}

export interface Verdict {
  /** What the one who decides takes it for; another kind is no answer at all. */
  readonly kind?: string | undefined
  readonly decision: string
  readonly resolver: Resolver
  /** The resolver's name, for people. */
  readonly by: string
  readonly grantExpiresInDays?: number | undefined
}

export interface Approvals {
  /** Asks. Returns at once: with what waits, or with an end where a grant answers or nobody could. */
  ask(wish: ApprovalWish, asking: Asking): Promise<Approval>
  get(id: string): Approval | null
  pending(which: { kind?: AskedKind; sessionKey?: string }, limit?: number): readonly Approval[]
  history(page: { before?: HistoryPosition; kind?: string; limit: number }): readonly Approval[]
  /** The approval once it has ended; rejects with the signal's reason. */
  wait(id: string, signal: AbortSignal): Promise<Approval>
  /** Decides. `applied` is false when it had ended before: what stands then, stands. A malformed verdict is a no. */
  resolve(id: string, verdict: Verdict): { readonly applied: boolean; readonly approval: Approval }
  /**
   * Uses one up for exactly this wish: false when it does not allow it, or not any more. Call it right before acting.
   * `alongside` is written in the same transaction, if it does.
   */
  spend(id: string, wish: ApprovalWish, alongside?: () => void): Promise<boolean>
  /** An approval of exactly this wish that waits, or was given and not used. */
  openFor(wish: ApprovalWish): Promise<Approval | null>
  /** Ends what a run, or a whole session, waits for. */
  cancel(which: { runId: string } | { sessionKey: string }, reason: 'run-aborted' | 'gateway-restart'): void
  /** Takes up what the last process left: call it once, before anything is asked. */
  begin(): void
  /** Whoever reaches nodes: calls a command of a node that gets or sets its own policy. */
  relayToNode(relay: NodeRelay): void
  onNode: NodeRelay
}

export interface NodeQuestion {
  readonly nodeId: string
  readonly command: 'system.execApprovals.get' | 'system.execApprovals.set'
  readonly params: unknown
  readonly caller: Principal
}
/** Resolves with what the node answered. */
export type NodeRelay = (question: NodeQuestion) => Promise<unknown>

/** How long a person is waited for, unless the asker says otherwise. */
const WAIT_MS: Readonly<Record<AskedKind, number>> = { exec: 30 * 60 * 1000, plugin: 2 * 60 * 1000 }
const MAX_WAIT_MS = 2 ** 31 - 1
/** Approvals that may wait at once. */
const MAX_PENDING = 1000
const DAY_MS = 24 * 60 * 60 * 1000
const WAKEUP = 'approvals'

export function createApprovals(deps: {
  table: ApprovalTable
  grants: ApprovalGrants
  routes: ApprovalRoutes
  commit: Commit
  gate: Gate
  clock: Clock
  wakeups: Wakeups
}): Approvals {
  const { table, grants, routes, commit, gate, clock, wakeups } = deps
  const waiters = createApprovalWaiters()
  let relay: NodeRelay = () => Promise.reject(nodeNotConnected())

  wakeups.on(WAKEUP, expireDue)

  const arm = () => wakeups.set(WAKEUP, table.nextExpiry())

  function expireDue() {
    endAll(table.pending({ dueAt: clock.now() }), EXPIRED)
    arm()
  }

  function endAll(found: readonly Approval[], ending: Ending) {
    if (found.length === 0) return
    const ended = commit.tx(() => found.map((approval) => end(approval, ending)))
    for (const each of ended) tell(each, null)
  }

  interface Ended {
    readonly applied: boolean
    /** As it stands now. */
    readonly approval: Approval
  }

  /** Within a transaction. */
  function end(approval: Approval, ending: Ending): Ended {
    const applied = table.end(approval.id, ending, clock.now())
    return { applied, approval: table.get(approval.id) ?? approval }
  }

  /** Behind the transaction: nobody hears of what may be taken back. */
  function tell({ applied, approval }: Ended, by: string | null) {
    if (!applied) return
    routes.resolved(approval, by)
    gate.pass(() => waiters.wake(approval))
  }

  /** As it stands now: one whose time is over has ended, whether the alarm rang or not. */
  function get(id: string): Approval | null {
    const approval = table.get(id)
    if (approval?.status !== 'pending' || approval.expiresAtMs > clock.now()) return approval
    endAll([approval], EXPIRED)
    return table.get(id)
  }

  /** The row of a draft. What needs time was done before: from here on nothing comes between. */
  function insert(draft: Draft, row: Pick<Approval, 'id' | 'binding' | 'createdAtMs' | 'expiresAtMs'>, asking: Asking): Approval {
    if (table.get(row.id)) throw invalid('approval id already pending')
    if (table.countPending() >= MAX_PENDING) throw unavailable('too many approvals are waiting for a person: answer some first', { retryAfterMs: 5000 })
    const { askAlways, ...kept } = draft
    const open = { status: 'pending', decision: null, reason: null, resolvedAtMs: null, resolver: null, spentAtMs: null } as const
    const approval: Approval = { ...kept, ...row, ...open, askedBy: asking.principal ?? null }
    table.insert(approval)
    const grantId = askAlways ? null : grants.use(draft.grantFacts, row.createdAtMs)
    if (grantId !== null) return settled(approval, { ...GRANTED, resolver: { kind: 'system', id: `standing-grant:${grantId}` } })
    const isReached = !asking.isSilent && routes.exist(asking.connection ?? null)
    if (!isReached && (asking.requireRoute ?? true)) return settled(approval, NO_ROUTE)
    return approval
  }

  /** Ended before anybody was asked: nobody has to hear of it. */
  function settled(approval: Approval, ending: Ending): Approval {
    table.end(approval.id, ending, approval.createdAtMs)
    return table.get(approval.id)!
  }

  function toEnding(approval: Approval, { kind, decision, resolver }: Verdict): Ending {
    const fits = (kind === undefined || kind === approval.kind) && isDecision(decision) && allows(approval, decision)
    if (!fits) return { status: 'denied', decision: 'deny', reason: 'malformed-verdict', resolver }
    return { status: decision === 'deny' ? 'denied' : 'allowed', decision, reason: 'user', resolver }
  }

  return {
    async ask(wish, asking) {
      const draft = await draftOf(wish)
      const createdAtMs = clock.now()
      const expiresAtMs = createdAtMs + Math.min(wish.timeoutMs ?? WAIT_MS[draft.kind], MAX_WAIT_MS)
      const id = asking.id ?? (draft.kind === 'plugin' ? `plugin:${uuid()}` : uuid())
      const binding = await bindingOf(draft.facts, expiresAtMs)
      const approval = commit.tx(() => {
        const inserted = insert(draft, { id, binding, createdAtMs, expiresAtMs }, asking)
        asking.alongside?.(inserted)
        return inserted
      })
      if (approval.status === 'pending' && !asking.isSilent) routes.requested(approval)
      arm()
      return approval
    },
    get,
    pending: (which, limit) => table.pending(which, limit).filter((approval) => approval.expiresAtMs > clock.now()),
    history: (page) => table.history(page),
    async wait(id, signal) {
      const approval = get(id)
      if (!approval) throw invalid('approval expired or not found')
      if (approval.status !== 'pending') return approval
      return waiters.wait(id, signal)
    },
    resolve(id, verdict) {
      const known = get(id)
      if (!known) throw notFound()
      const ending = toEnding(known, verdict)
      const now = clock.now()
      const result = commit.tx(() => {
        const ended = end(known, ending)
        if (ended.applied && ending.decision === 'allow-always') grants.mint(known, grantEnd(verdict, now), now)
        return ended
      })
      tell(result, verdict.by)
      arm()
      return result
    },
    async spend(id, wish, alongside) {
      const { facts } = await draftOf(wish)
      const approval = get(id)
      if (approval?.status !== 'allowed' || approval.facts !== facts || approval.expiresAtMs <= clock.now()) return false
      if ((await bindingOf(facts, approval.expiresAtMs)) !== approval.binding) return false
      return commit.tx(() => {
        const isFirst = table.spend(id, clock.now())
        if (isFirst) alongside?.()
        return isFirst
      })
    },
    async openFor(wish) {
      const { facts } = await draftOf(wish)
      return table.open(facts, clock.now())
    },
    cancel(which, reason) {
      const found = table.pending(which)
      if (found.length === 0) return
      endAll(found, { status: 'cancelled', decision: null, reason, resolver: { kind: 'system' } })
      arm()
    },
    begin: expireDue,
    relayToNode: (fn) => void (relay = fn),
    onNode: (question) => relay(question),
  }
}

const EXPIRED: Ending = { status: 'expired', decision: null, reason: 'timeout', resolver: { kind: 'system' } }
const NO_ROUTE: Ending = { status: 'denied', decision: 'deny', reason: 'no-route', resolver: { kind: 'system', id: 'no-approval-route' } }
const GRANTED = { status: 'allowed', decision: 'allow-always', reason: 'user' } as const satisfies Omit<Ending, 'resolver'>

export const allows = ({ presentation }: Approval, decision: Decision): boolean => presentation.allowedDecisions.includes(decision)

const bindingOf = (facts: string, expiresAtMs: number): Promise<string> => sha256Hex(`${facts}:${expiresAtMs}`)

const grantEnd = ({ grantExpiresInDays }: Verdict, now: number): number | null => (grantExpiresInDays === undefined ? null : now + grantExpiresInDays * DAY_MS)

export const notFound = (): GatewayError => invalid('approval not found', { details: { reason: 'APPROVAL_NOT_FOUND' } })

export function nodeNotConnected(): GatewayError {
  const nodeError = { code: 'NOT_CONNECTED', message: 'node not connected' }
  return unavailable('NOT_CONNECTED: node not connected', { retryable: false, details: { nodeError, nodeCommandDispatched: false } })
}
