// What happens when the file of the configuration changes by itself: it is read again, checked, and becomes active as
// far as it can. A bad file changes nothing and ends nothing: what was active stays, and why is said.

import { messageOf, type Logger } from '../../kit/log.ts'
import type { Turns } from '../../kit/turns.ts'
import type { Cancel, Clock } from '../../ports/clock.ts'
import type { Host } from '../../ports/host.ts'
import type { Adopted, AdoptOptions, Authorship, ConfigAdopt } from './config-adopt.ts'
import type { ConfigIssue } from './config-parse.ts'
import type { ConfigReading, ConfigText } from './config-text.ts'
import type { ConfigService } from './config.ts'

export interface Reloaded extends Adopted {
  readonly hash: string
  /** Why what stands there was not taken; empty when it was. */
  readonly issues: readonly ConfigIssue[]
}

export interface Reload {
  /** Watches the file, where there is one that can be watched. */
  begin(): void
  /** The gateway has started, its port included: what it has started with is good, and a copy of that is kept. */
  keep(): void
  end(): void
  /** Reads again and takes what has changed. Never rejects for what stands in the text. */
  run(authorship: Authorship, options?: AdoptOptions): Promise<Reloaded>
  /** Changes of the file are seen, and the last one was good. */
  readonly active: boolean
}

/** Editors write in several steps: it is read when they have been silent for this long. */
const SETTLE_MS = 200
/** Something that never falls silent is read all the same. */
const MAX_SETTLE_MS = 2000

const BY_FILE: Authorship = { by: 'file', how: 'file' }

export function createReload(deps: {
  config: ConfigService
  text: ConfigText
  adopt: ConfigAdopt
  turns: Turns
  host: Host
  clock: Clock
  log: Logger
}): Reload {
  const { config, text, adopt, turns, host, clock, log } = deps
  let stop: (() => void) | null = null
  let timer: { readonly firstAt: number; readonly cancel: Cancel } | null = null
  let ended = false

  async function run(authorship: Authorship, options: AdoptOptions = {}): Promise<Reloaded> {
    const found = await read()
    if (typeof found === 'string') return unreadable(found)
    const isKnown = found.hash === config.reading?.hash && found.text === config.reading.text
    const nothing = { changed: [], waiting: [], restart: null, hash: found.hash }
    if (isKnown && !options.force) return { ...nothing, waiting: config.snapshot().waiting, issues: config.snapshot().issues }
    const issues = issuesOf(found)
    if (issues.length === 0) return { ...adopt.adopt(found, authorship, options), hash: found.hash, issues }
    config.note(found, issues, [])
    if (!isKnown) refuse(issues)
    return { ...nothing, issues }
  }

  const read = (): Promise<ConfigReading | string> => text.read().catch((error: unknown) => messageOf(error))

  function unreadable(why: string): Reloaded {
    const issues = [{ path: '', message: `cannot be read: ${why}` }]
    if (config.reading) config.note(config.reading, issues, [])
    refuse(issues)
    return { changed: [], waiting: [], restart: null, hash: config.reading?.hash ?? '', issues }
  }

  /** A file that was there and is gone is being written anew, or was lost: neither means that all settings are taken back. */
  function issuesOf(found: ConfigReading): readonly ConfigIssue[] {
    const isGone = found.text === null && config.reading !== null && config.reading.text !== null
    return isGone ? [{ path: '', message: 'is not there any more — put it back; what was active stays so' }] : adopt.issuesOf(found)
  }

  function refuse(issues: readonly ConfigIssue[]) {
    const said = issues.map(({ path, message }) => `${path === '' ? 'the file' : path} ${message}`).join('; ')
    log.error(`${text.path} cannot be used, and what was active before stays so: ${said}`)
  }

  function look() {
    timer = null
    turns.take(() => run(BY_FILE)).catch((error: unknown) => log.error(`${text.path} could not be taken`, { error: messageOf(error) }))
  }

  function onChange() {
    if (ended) return
    const firstAt = timer?.firstAt ?? clock.now()
    timer?.cancel()
    const wait = Math.min(SETTLE_MS, Math.max(0, firstAt + MAX_SETTLE_MS - clock.now()))
    timer = { firstAt, cancel: clock.after(wait, look) }
  }

  return {
    begin() {
      if (!host.watch || !text.isFile || stop) return
      try {
        stop = host.watch(text.path, onChange)
      } catch (error) {
        log.warn(`${text.path} cannot be watched: call config.reload after changing it`, { error: messageOf(error) })
      }
    },
    keep() {
      if (config.reading) void text.keepGood(config.reading)
    },
    end() {
      ended = true
      timer?.cancel()
      stop?.()
      stop = null
    },
    run: (authorship, options) => turns.take(() => run(authorship, options)),
    get active() {
      return stop !== null && config.snapshot().valid
    },
  }
}
