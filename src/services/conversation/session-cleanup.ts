// Tidying up sessions: what nobody has touched for long is archived, and what never had a message can be removed. Nothing
// that was said is lost.

import { parseDuration } from '../../kit/duration.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Commit } from '../../store/commit.ts'
import type { Activity } from './activity.ts'
import type { Agents } from './agents.ts'
import type { SessionRecord } from './session-table.ts'
import type { Sessions } from './sessions.ts'

export interface CleanupSettings {
  readonly mode?: 'enforce' | 'warn' | undefined
  /** A span of time, such as `30d`. */
  readonly pruneAfter?: string | undefined
  /** Sessions of an agent that are not archived at most; absent: any number. */
  readonly maxEntries?: number | undefined
}

export interface CleanupWish {
  /** Absent: all. */
  readonly agentId: string | undefined
  /** Whether it is done, or only told what would be. */
  readonly enforce: boolean
  /** Remove what never had a message. */
  readonly empty: boolean
  /** A session that stays as it is. */
  readonly keep: string | undefined
}

export interface Cleaned {
  readonly beforeCount: number
  readonly afterCount: number
  /** Removed: nothing was ever said in them. */
  readonly missing: number
  readonly archived: number
  readonly capArchived: number
  /** More is left for another time. */
  readonly more: boolean
}

export interface SessionCleanup {
  run(wish: CleanupWish, settings: CleanupSettings): Cleaned
}

export const DEFAULT_PRUNE_AFTER = '30d'
/** Sessions that are looked at in one go. */
const STEP = 5000

export function createSessionCleanup(deps: { sessions: Sessions; agents: Agents; activity: Activity; commit: Commit; clock: Clock }): SessionCleanup {
  const { sessions, agents, activity, commit, clock } = deps

  const mayTouch = ({ key, agentId, settings }: SessionRecord, keep: string | undefined): boolean =>
    key !== keep && key !== agents.mainSessionKey(agentId) && !settings.pinned && activity.runsOf(key).length === 0

  /** The oldest of an agent, oldest first, and how many there are. */
  function oldest(agentId: string): { records: SessionRecord[]; count: number } {
    const filter = { agentIds: [agentId], archived: false }
    const count = sessions.count(filter)
    return { count, records: sessions.page(filter, STEP, Math.max(0, count - STEP)).toReversed() }
  }

  function plan(agentId: string, { keep, empty }: CleanupWish, { pruneAfter = DEFAULT_PRUNE_AFTER, maxEntries }: CleanupSettings) {
    const { records, count } = oldest(agentId)
    const touchable = records.filter((record) => mayTouch(record, keep))
    const removed = empty ? touchable.filter(({ messages }) => messages === 0) : []
    const rest = touchable.filter((record) => !removed.includes(record))
    const before = clock.now() - (parseDuration(pruneAfter) ?? 0)
    const stale = rest.filter(({ updatedAt }) => updatedAt < before)
    const left = count - removed.length - stale.length
    const over = maxEntries === undefined ? [] : rest.slice(stale.length).slice(0, Math.max(0, left - maxEntries))
    return { removed, stale, over, more: count > records.length && removed.length + stale.length + over.length > 0 }
  }

  return {
    run: (wish, settings) =>
      commit.tx(() => {
        const agentIds = wish.agentId === undefined ? agents.list().map(({ id }) => id) : [wish.agentId]
        const beforeCount = sessions.count({ agentIds })
        const plans = agentIds.map((agentId) => plan(agentId, wish, settings))
        const removed = plans.flatMap((each) => each.removed)
        const [stale, over] = [plans.flatMap((each) => each.stale), plans.flatMap((each) => each.over)]
        if (wish.enforce) {
          for (const { key } of removed) sessions.delete(key)
          for (const { key } of [...stale, ...over]) sessions.patch(key, { archived: true })
        }
        return {
          beforeCount,
          afterCount: beforeCount - removed.length,
          missing: removed.length,
          archived: stale.length,
          capArchived: over.length,
          more: plans.some(({ more }) => more),
        }
      }),
  }
}
