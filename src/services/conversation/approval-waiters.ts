// Who waits for an approval to end. In memory: whoever waited when a process ended asks again, and what has ended by then
// is told at once.

import { abortable } from '../../kit/async.ts'
import { unavailable } from '../../protocol/errors.ts'
import type { Approval } from './approval-table.ts'

export interface ApprovalWaiters {
  /** Resolves with the ended approval; rejects with the signal's reason. */
  wait(id: string, signal: AbortSignal): Promise<Approval>
  wake(ended: Approval): void
}

const MAX_WAITERS = 5000

export function createApprovalWaiters(): ApprovalWaiters {
  const waiting = new Map<string, Set<(approval: Approval) => void>>()
  let count = 0

  return {
    async wait(id, signal) {
      if (count >= MAX_WAITERS) throw unavailable('too many callers wait for approvals: ask again in a moment', { retryAfterMs: 1000 })
      const { promise, resolve } = Promise.withResolvers<Approval>()
      const all = waiting.get(id) ?? new Set()
      waiting.set(id, all.add(resolve))
      count++
      try {
        return await abortable(promise, signal)
      } finally {
        count--
        all.delete(resolve)
        if (all.size === 0 && waiting.get(id) === all) waiting.delete(id)
      }
    },
    wake(ended) {
      const all = waiting.get(ended.id)
      waiting.delete(ended.id)
      for (const resolve of all ?? []) resolve(ended)
    },
  }
}
