// One gateway at a time has a state directory: a second one would take up the runs that are the first one's.

import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { SqliteDriver } from './sqlite.ts'

/** Two that come at the same moment stand in each other's way, until one of them has tried again. */
const WAIT_MS = 250

/** What this process has taken: a gateway that restarts in its place finds it taken by itself. */
const taken = new Set<string>()

/**
 * Takes the directory for as long as this process lives. The lock is a transaction that is never ended, on a database
 * of its own: however the process ends, the system gives it back. Throws an error that says who has it.
 */
export function lockState(directory: string, openDatabase: (path: string) => Pick<SqliteDriver, 'exec'>): void {
  if (taken.has(directory)) return
  const owner = join(directory, 'owner.pid')
  const lock = openDatabase(join(directory, 'lock.sqlite'))
  try {
    lock.exec(`PRAGMA busy_timeout = ${WAIT_MS}`)
    lock.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    if (!(error instanceof Error) || !error.message.includes('locked')) throw error
    const message = `${directory} is in use by another gateway${nameOf(owner)}: end it, or choose another directory with --state-dir`
    throw new Error(message, { cause: error })
  }
  taken.add(directory)
  writeFileSync(owner, `${process.pid}\n`, { mode: 0o600 })
  // This also keeps the lock from being collected, which would give it back.
  process.once('exit', () => {
    rmSync(owner, { force: true })
    lock.exec('ROLLBACK')
  })
}

/** Who has only just taken it may not have said so yet. */
function nameOf(owner: string): string {
  try {
    return ` (process ${readFileSync(owner, 'utf8').trim()})`
  } catch {
    return ''
  }
}
