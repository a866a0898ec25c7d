// Newer versions of the program: whether there is one, and installing it. Nothing is looked for over the network unless
// somebody asks.

import { uuid } from '../../kit/ids.ts'
import { messageOf, type Logger } from '../../kit/log.ts'
import { invalid, unavailable } from '../../protocol/errors.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Host } from '../../ports/host.ts'
import type { Release, Updater } from '../../ports/updater.ts'
import type { ConfigService } from './config.ts'
import type { Restart, RestartTicket } from './restart.ts'

export interface UpdateStatus {
  readonly kind: Updater['kind'] | null
  readonly channel: string
  readonly sha?: string
  /** As of the last look; null when there is none, or nobody has looked. */
  readonly available: Release | null
  /** Why the last look found nothing out. */
  readonly failure: string | null
  readonly looked: boolean
}

export interface UpdateOutcome {
  readonly runId: string
  readonly ok: boolean
  readonly kind: Updater['kind']
  readonly status: 'installed' | 'current' | 'failed'
  readonly reason?: string
  readonly version?: string
  readonly durationMs: number
  readonly restart: RestartTicket | null
}

export interface Updates {
  /** `look` asks where versions come from. */
  status(look: boolean, signal?: AbortSignal): Promise<UpdateStatus>
  /** Installs what there is and restarts. Throws where that is not possible here. */
  run(options: { readonly timeoutMs?: number | undefined; readonly restartDelayMs?: number | undefined; readonly sha?: string | undefined }): Promise<UpdateOutcome>
}

const LOOK_MS = 20_000
const INSTALL_MS = 15 * 60 * 1000
const CHANNEL = 'stable'

export function createUpdates(deps: { config: ConfigService; host: Host; restart: Restart; clock: Clock; log: Logger }): Updates {
  const { config, host, restart, clock, log } = deps
  let available: Release | null = null
  let failure: string | null = null
  let looked = false
  let running = false

  async function limited<T>(ms: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const aborter = new AbortController()
    const cancel = clock.after(ms, () => aborter.abort(new Error(`it took longer than ${ms} ms`)))
    try {
      return await work(aborter.signal)
    } finally {
      cancel()
    }
  }

  async function look(updater: Updater) {
    try {
      available = await limited(LOOK_MS, (signal) => updater.latest(signal))
      failure = null
    } catch (error) {
      available = null
      failure = messageOf(error)
    }
    looked = true
  }

  function channel(): string {
    const section = config.current['update'] as { channel?: unknown } | undefined
    return typeof section?.channel === 'string' && section.channel !== '' ? section.channel : CHANNEL
  }

  async function install(updater: Updater, timeoutMs: number): Promise<Pick<UpdateOutcome, 'ok' | 'status' | 'reason' | 'version'>> {
    await look(updater)
    if (failure !== null) return { ok: false, status: 'failed', reason: failure }
    if (!available) return { ok: true, status: 'current' }
    const { version } = available
    try {
      await limited(timeoutMs, (signal) => updater.install(signal))
      available = null
      return { ok: true, status: 'installed', version }
    } catch (error) {
      log.error('the update could not be installed', { error: messageOf(error) })
      return { ok: false, status: 'failed', reason: messageOf(error) }
    }
  }

  return {
    async status(wanted) {
      const updater = host.update
      if (updater && wanted) await look(updater)
      const { sha } = updater?.kind === 'git' ? await updater.current() : {}
      return { kind: updater?.kind ?? null, channel: channel(), ...(sha !== undefined && { sha }), available, failure, looked }
    },
    async run({ timeoutMs = INSTALL_MS, restartDelayMs, sha }) {
      const updater = host.update
      if (!updater || updater.kind === 'unknown') {
        throw unavailable('this installation cannot update itself: it is neither an npm package nor a git checkout. Install the new version where this one came from', {
          retryable: false,
          details: { code: 'UPDATE_NOT_POSSIBLE' },
        })
      }
      if (running) throw unavailable('an update is being installed: wait for its end', { retryAfterMs: 10_000 })
      if (sha !== undefined && updater.kind !== 'git') throw invalid('target names a commit, but this is no git checkout')
      running = true
      const startedAt = clock.now()
      try {
        const outcome = await install(updater, timeoutMs)
        const ticket = outcome.status === 'installed' && restart.possible ? restart.request('update', restartDelayMs) : null
        return { runId: uuid(), kind: updater.kind, ...outcome, durationMs: Math.max(0, clock.now() - startedAt), restart: ticket }
      } finally {
        running = false
      }
    },
  }
}
