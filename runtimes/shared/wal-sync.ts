// Flushes the write-ahead log of an SQLite database to disk, off the main thread.

import { closeSync, fdatasync, openSync } from 'node:fs'

export interface WalSync {
  /**
   * Resolves when everything that was committed before the call is on disk. Calls during a flush share the next one.
   * After a failed flush all calls reject: what the disk holds is unknown until the next start.
   */
  sync(): Promise<void>
  /** Call it when no flush is under way. */
  close(): void
}

export function createWalSync(databasePath: string): WalSync {
  let file: number | null = null
  let running: Promise<void> | null = null
  let next: Promise<void> | null = null
  let failure: Error | null = null

  function flush(): Promise<void> {
    return new Promise((resolve, reject) => {
      if (failure) return reject(failure)
      file ??= openSync(`${databasePath}-wal`, 'r+')
      fdatasync(file, (error) => {
        failure = error
        if (error) reject(error)
        else resolve()
      })
    })
  }

  function begin(): Promise<void> {
    next = null
    const flushing = flush().finally(() => {
      if (running === flushing) running = null
    })
    return (running = flushing)
  }

  return {
    sync() {
      if (!running) return begin()
      return (next ??= running.then(begin, begin))
    },
    close() {
      if (file !== null) closeSync(file)
      file = null
      failure ??= new Error('the database is closed')
    },
  }
}
