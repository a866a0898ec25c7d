// Changes that are taken back unless somebody confirms them in time: whoever has locked itself out need do nothing. The
// deadline is kept on disk, so that it outlives a restart, a crash and a sleep.

import { messageOf, type Logger } from '../../kit/log.ts'
import type { Turns } from '../../kit/turns.ts'
import { invalid } from '../../protocol/errors.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Commit } from '../../store/commit.ts'
import type { ConfigAdopt } from './config-adopt.ts'
import type { ConfigState, Unconfirmed } from './config-state.ts'
import type { ConfigReading, ConfigText } from './config-text.ts'
import type { Wakeups } from './wakeups.ts'

export interface ConfigConfirm {
  /** From now on `next` is taken back at the deadline. Resolves when that is on disk: `next` is written after it. */
  hold(next: ConfigReading, current: ConfigReading, withinMs: number, by: string): Promise<Unconfirmed>
  /** Nothing waits any more: it was confirmed, or written over. */
  release(): void
  /** Keeps the change with this hash. Throws when none waits, or another. */
  confirm(hash: string): void
  readonly pending: Unconfirmed | null
  /** At the start, when everybody can hear: tells what was taken back before it, and sets the wake-up again. */
  begin(): void
}

export interface TakenBack {
  readonly reading: ConfigReading
  readonly by: string
}

const NOTE = 'nobody confirmed it in time'
const WAKEUP = 'config-confirm'
/** When the disk refuses. */
const RETRY_MS = 30_000

export function createConfigConfirm(deps: {
  state: ConfigState
  text: ConfigText
  /** What this start has taken back, before anything was read. */
  takenBack: () => TakenBack | null
  adopt: ConfigAdopt
  turns: Turns
  wakeups: Wakeups
  commit: Commit
  clock: Clock
  log: Logger
}): ConfigConfirm {
  const { state, text, adopt, turns, wakeups, commit, clock, log } = deps

  wakeups.on(WAKEUP, () => turns.take(takeBack))

  async function takeBack() {
    const waiting = state.unconfirmed()
    if (!waiting) return
    if (clock.now() < waiting.deadline) return wakeups.set(WAKEUP, waiting.deadline)
    const found = await putBack(waiting, text, log)
    if (found === 'failed') return wakeups.set(WAKEUP, clock.now() + RETRY_MS)
    state.setUnconfirmed(null)
    if (found === 'gone') return
    const issues = adopt.issuesOf(found)
    if (issues.length > 0) return log.error('what was active before cannot be used any more', { issues: issues.map(({ message }) => message).join('; ') })
    adopt.adopt(found, { by: waiting.by, how: 'rollback', note: NOTE }, { force: true, restartDelayMs: 0 })
  }

  function release() {
    state.setUnconfirmed(null)
    wakeups.set(WAKEUP, null)
  }

  return {
    async hold(next, current, withinMs, by) {
      const before = state.unconfirmed()
      // One that was never confirmed is nothing to go back to: what was there before it is.
      const previous = before?.hash === current.hash ? before.previous : current.text
      const waiting = { hash: next.hash, previous, deadline: clock.now() + withinMs, by }
      state.setUnconfirmed(waiting)
      wakeups.set(WAKEUP, waiting.deadline)
      await commit.reached(commit.position)
      return waiting
    },
    release,
    confirm(hash) {
      const waiting = state.unconfirmed()
      if (!waiting) throw invalid('no change waits to be confirmed: it was confirmed before, or taken back')
      if (waiting.hash !== hash) throw invalid('the change that waits has another hash: see config.get', { details: { code: 'CONFIG_CHANGED', hash: waiting.hash } })
      release()
    },
    get pending() {
      return state.unconfirmed()
    },
    begin() {
      const waiting = state.unconfirmed()
      const takenBack = deps.takenBack()
      if (takenBack) adopt.tell(takenBack.reading, [], { by: takenBack.by, how: 'rollback', note: NOTE })
      if (waiting) wakeups.set(WAKEUP, waiting.deadline)
    },
  }
}

/** Before the first reading of a start: a change whose time ran out while nothing ran is taken back. */
export async function takeBackOverdue(deps: { state: ConfigState; text: ConfigText; clock: Clock; log: Logger }): Promise<TakenBack | null> {
  const { state, text, clock, log } = deps
  const waiting = state.unconfirmed()
  if (!waiting || clock.now() < waiting.deadline) return null
  const found = await putBack(waiting, text, log)
  if (found !== 'failed') state.setUnconfirmed(null)
  return typeof found === 'string' ? null : { reading: found, by: waiting.by }
}

/** Writes the earlier text. `gone`: somebody has written another since, which stays. */
async function putBack(waiting: Unconfirmed, text: ConfigText, log: Logger): Promise<ConfigReading | 'gone' | 'failed'> {
  const { hash } = await text.read()
  if (hash !== waiting.hash) {
    log.info('a change of the configuration that nobody confirmed was written over since, and is not taken back')
    return 'gone'
  }
  log.warn(`${text.path}: a change that nobody confirmed in time is taken back`)
  try {
    return await text.restore(waiting.previous)
  } catch (error) {
    log.error(`${text.path} could not be put back`, { error: messageOf(error) })
    return 'failed'
  }
}
