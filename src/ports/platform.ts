// The whole border: everything that the core needs from a runtime.

import type { Storage } from 'unstorage'
import type { LogRecord } from '../kit/log.ts'
import type { Alarm } from './alarm.ts'
import type { Clock } from './clock.ts'
import type { Fetch } from './fetch.ts'
import type { Host } from './host.ts'
import type { Peer } from './peer.ts'
import type { Sql } from './sql.ts'

/** Where the configuration text comes from. */
export interface ConfigSource {
  /** What a person calls it: a path, or the name of a variable. */
  readonly path: string
  /** The text, JSON5; null when there is none yet. */
  read(): Promise<string | null>
  /** Replaces the text, all of it or nothing. Absent where it cannot be written: changes are kept in the database then. */
  write?(text: string): Promise<void>
  /** A copy of the last text that was good, beside the other: what a person can go back to. */
  readonly backup?: { readonly path: string; exists(): boolean; keep(text: string): Promise<void> }
}

export type { Fetch, FetchResponse } from './fetch.ts'

export interface Platform {
  /** For logs only; never branch on it. */
  readonly name: string
  readonly sql: Sql
  /** What a person would call a file: workspace, media. */
  readonly files: Storage
  readonly clock: Clock
  readonly alarm: Alarm
  /** Connections that outlived the memory of this process: after hibernation. Empty elsewhere. */
  readonly peers: () => Iterable<Peer>
  readonly env: Readonly<Record<string, string | undefined>>
  readonly config: ConfigSource
  readonly fetch: Fetch
  /** `json`: the record as a line, where such lines are wanted. */
  readonly log: (record: LogRecord, json?: string) => void
  /** Keeps the process up until `work` has ended, where that must be asked for. */
  readonly waitUntil: (work: Promise<unknown>) => void
  /** Static files of `public/`; null when there is no such file. */
  readonly assets?: (request: Request) => Promise<Response | null>
  readonly host?: Host
  /** The gateway is put to sleep when idle: nothing may tick while nobody is active. */
  readonly hibernates?: boolean
  /** The most bytes that one message from a client can have here; absent: no limit of its own. */
  readonly maxMessageBytes?: number
  /** Where state is kept, as a person would look for it. */
  readonly stateDir?: string
}
