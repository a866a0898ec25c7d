// Files that are handed to other programs of this machine: kept for an hour, readable by their owner alone.

import { randomUUID } from 'node:crypto'
import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

const KEEP_MS = 60 * 60 * 1000
const MAX_FILES = 100
const ENDING = /^\.[a-z0-9]{1,8}$/

/** `ending` like `.mp3`. Resolves with the path. */
export function createShelf(directory: string): (ending: string, bytes: Uint8Array) => Promise<string> {
  /** What is too old, or too much. */
  async function clear() {
    const names = await readdir(directory)
    const found = await Promise.all(names.map(async (name) => ({ path: join(directory, name), at: (await stat(join(directory, name))).mtimeMs })))
    const sorted = found.toSorted((a, b) => b.at - a.at)
    const gone = sorted.filter(({ at }, index) => index >= MAX_FILES - 1 || at < Date.now() - KEEP_MS)
    await Promise.all(gone.map(({ path }) => rm(path, { force: true })))
  }

  return async (ending, bytes) => {
    if (!ENDING.test(ending)) throw new Error(`"${ending}" is no ending of a file`)
    await mkdir(directory, { recursive: true, mode: 0o700 })
    await clear().catch(() => {}) // another call clears, too
    const path = join(directory, `${randomUUID()}${ending}`)
    await writeFile(path, bytes, { mode: 0o600 })
    return path
  }
}
