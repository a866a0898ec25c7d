// How often one client may change jobs: what a mistake in a loop could do is bounded.

import { GatewayError } from '../../protocol/errors.ts'
import type { Clock } from '../../ports/clock.ts'

export interface WriteBudget {
  /** Counts a call. Throws when there were too many. */
  spend(method: string, client: string): void
}

const LIMIT = 30
const WINDOW_MS = 60_000
/** Clients that are remembered; those that called longest ago are forgotten first. */
const MAX_CLIENTS = 1000

export function createWriteBudget(clock: Clock): WriteBudget {
  const windows = new Map<string, { readonly since: number; spent: number }>()

  return {
    spend(method, client) {
      const key = `${method} ${client}`
      const now = clock.now()
      const known = windows.get(key)
      const window = known && now - known.since < WINDOW_MS && now >= known.since ? known : { since: now, spent: 0 }
      if (window.spent >= LIMIT) throw overspent(method, window.since + WINDOW_MS - now)
      window.spent++
      windows.delete(key)
      windows.set(key, window)
      if (windows.size > MAX_CLIENTS) windows.delete(windows.keys().next().value!)
    },
  }
}

const overspent = (method: string, retryAfterMs: number): GatewayError =>
  new GatewayError('UNAVAILABLE', `rate limit exceeded for ${method}; retry after ${Math.ceil(retryAfterMs / 1000)}s`, {
    retryAfterMs,
    details: { method, limit: `${LIMIT} per ${WINDOW_MS / 1000}s` },
  })
