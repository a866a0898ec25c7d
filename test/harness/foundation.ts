// What every service stands on, in memory: the database, the clock, commits, the gate, and a bus of which everything
// that is told is written down.

import { createGate, type Gate } from '../../src/store/gate.ts'
import { createCommit, type Commit } from '../../src/store/commit.ts'
import { migrate } from '../../src/store/migrate.ts'
import { createBus, type Audience, type Bus } from '../../src/services/bus.ts'
import type { SessionRecord } from '../../src/services/conversation/session-table.ts'
import { MIGRATIONS } from '../../src/services/migrations.ts'
import { createLogger, type Logger, type LogRecord } from '../../src/kit/log.ts'
import type { Data } from './client.ts'
import { fakeClock, settled, type FakeClock } from './clock.ts'
import { memorySql, type TestSql } from './sql.ts'

export interface Heard {
  readonly event: string
  readonly payload: Data
  readonly audience: Audience
}

/** A flush to disk that does not end until it is told how. */
export interface HeldDisk {
  /** Resolves once something waits for the disk. */
  readonly reached: Promise<void>
  release(): Promise<void>
  fail(error?: Error): Promise<void>
}

export interface Foundation {
  readonly sql: TestSql
  readonly clock: FakeClock
  readonly commit: Commit
  readonly gate: Gate
  readonly bus: Bus
  readonly log: Logger
  readonly logged: LogRecord[]
  /** What was told over the bus, in order. */
  readonly heard: Heard[]
  /** Flushes to disk that failed. */
  readonly failures: unknown[]
}

/** `sql` of another foundation: what a restart finds. */
export function foundation(sql: TestSql = memorySql(), clock: FakeClock = fakeClock()): Foundation {
  migrate(sql, MIGRATIONS)
  const failures: unknown[] = []
  const heard: Heard[] = []
  const logged: LogRecord[] = []
  const commit = createCommit(sql, clock, (error) => void failures.push(error))
  const gate = createGate(commit, (error) => void failures.push(error))
  const bus = createBus(gate)
  bus.attach({
    isHeard: () => true,
    deliver: (event, payload, audience) => void heard.push({ event: event.name, payload: payload(), audience }),
  })
  const log = createLogger('test', (record) => void logged.push(record), clock.now)
  return { sql, clock, commit, gate, bus, log, logged, heard, failures }
}

/** Lets no flush to disk end from now on. */
export function holdDisk(sql: TestSql): HeldDisk {
  const before = sql.sync
  const held: { resolve: () => void; reject: (error: Error) => void }[] = []
  const reached = Promise.withResolvers<void>()
  sql.sync = () => {
    reached.resolve()
    return new Promise((resolve, reject) => void held.push({ resolve, reject }))
  }
  const end = async (each: (flush: (typeof held)[number]) => void) => {
    await settled() // so that what is about to be flushed is held too
    sql.sync = before
    held.splice(0).forEach(each)
    await settled()
  }
  return {
    reached: reached.promise,
    release: () => end((flush) => flush.resolve()),
    fail: (error = new Error('the disk is gone')) => end((flush) => flush.reject(error)),
  }
}

/** The record of a session of which nothing is known but its key. */
export function sessionRecord(key: string, changes: Partial<SessionRecord> = {}): SessionRecord {
  return {
    key,
    agentId: key.split(':')[1]!,
    sessionId: `id of ${key}`,
    label: null,
    archived: false,
    archivedAt: null,
    createdAt: 0,
    updatedAt: 0,
    interactedAt: null,
    createdVia: 'operator',
    parentKey: null,
    floor: 0,
    messages: 0,
    title: null,
    preview: null,
    status: null,
    lastRunId: null,
    lastError: null,
    startedAt: null,
    endedAt: null,
    provider: null,
    model: null,
    inputTokens: 0,
    outputTokens: 0,
    totalTokens: 0,
    settings: {},
    ...changes,
  }
}
