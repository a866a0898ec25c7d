// The restart of the gateway: what stands against it now, and one that waits until nothing does. Only a process can
// restart; what it needs of it is `Host.restart`.

import { messageOf, type Logger } from '../../kit/log.ts'
import { unavailable } from '../../protocol/errors.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Host } from '../../ports/host.ts'

/** What can be in the works, as `GatewaySuspendBlocker` of the published schema names it. */
export type BlockerKind = 'queue' | 'reply' | 'embedded-run' | 'background-exec' | 'cron-run' | 'task'

export interface Blocker {
  readonly kind: BlockerKind
  readonly count: number
  readonly message: string
}

export interface Preflight {
  readonly safe: boolean
  readonly blockers: readonly Blocker[]
  readonly summary: string
}

export interface RestartTicket {
  readonly reason: string
  /** When it is tried first, epoch milliseconds. */
  readonly at: number
  /** It joined one that was asked for before. */
  readonly coalesced: boolean
}

export interface Restart {
  readonly possible: boolean
  /** `count`: how much of this kind is in the works. */
  deferFor(kind: BlockerKind, says: (count: number) => string, count: () => number): void
  preflight(): Preflight
  /** Restarts as soon as nothing is in the works, or after five minutes. Throws where there is no restart. */
  request(reason: string, delayMs?: number): RestartTicket
  /** Calls off what was asked for: the gateway ends anyway. */
  end(): void
}

/** So that the answer of the call that asked for it still goes out. */
const DELAY_MS = 500
/** How often it is looked whether work has ended, and how long it may keep the restart waiting. */
const LOOK_MS = 500
const PATIENCE_MS = 5 * 60 * 1000

export function createRestart(deps: { host: Host; clock: Clock; log: Logger }): Restart {
  const { host, clock, log } = deps
  const kinds: { kind: BlockerKind; says: (count: number) => string; count: () => number }[] = []
  let pending: { ticket: RestartTicket; cancel: () => void } | null = null

  function preflight(): Preflight {
    const blockers = kinds
      .map(({ kind, says, count }) => ({ kind, count: count(), says }))
      .filter(({ count }) => count > 0)
      .map(({ kind, count, says }) => ({ kind, count, message: says(count) }))
    const summary = blockers.length === 0 ? 'safe to restart now' : `restart deferred: ${blockers.map(({ message }) => message).join('; ')}`
    return { safe: blockers.length === 0, blockers, summary }
  }

  function attempt(ticket: RestartTicket) {
    const { safe, summary } = preflight()
    if (!safe && clock.now() - ticket.at < PATIENCE_MS) {
      pending = { ticket, cancel: clock.after(LOOK_MS, () => attempt(ticket)) }
      return
    }
    pending = null
    log.info(`the gateway restarts: ${ticket.reason}${safe ? '' : `; it has waited long enough (${summary})`}`)
    try {
      host.restart!(ticket.reason)
    } catch (error) {
      log.error('the gateway could not restart', { error: messageOf(error) })
    }
  }

  return {
    possible: host.restart !== undefined,
    deferFor: (kind, says, count) => void kinds.push({ kind, says, count }),
    preflight,
    request(reason, delayMs = DELAY_MS) {
      if (!host.restart) {
        throw unavailable('this gateway cannot restart by itself: what runs it decides when', {
          retryable: false,
          details: { code: 'ABILITY_MISSING', missing: ['restart'] },
        })
      }
      if (pending) return { ...pending.ticket, coalesced: true }
      const ticket = { reason, at: clock.now() + delayMs, coalesced: false }
      const { safe, summary } = preflight()
      if (!safe) log.info(`a restart waits: ${summary}`)
      pending = { ticket, cancel: clock.after(delayMs, () => attempt(ticket)) }
      return ticket
    },
    end() {
      pending?.cancel()
      pending = null
    },
  }
}
