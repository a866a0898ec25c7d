// Notices that a file may have changed: written in place, replaced by another of the same name, or reached by a link
// that leads elsewhere now.

import { realpathSync, unwatchFile, watch, watchFile, type FSWatcher } from 'node:fs'
import { basename, dirname } from 'node:path'

/** Where the system says nothing (some network drives do not), it is looked this often. */
const LOOK_MS = 5000

/** Watches the directory: an editor replaces the file, and a watch of the file itself would stay with the old one. */
export function watchPath(path: string, onChange: () => void): () => void {
  const watchers: FSWatcher[] = []
  const real = realOf(path)
  const names = new Set([basename(path), basename(real)])
  /** `..data` is how volumes of Kubernetes change all files at once. */
  const isMeant = (name: string | null) => name === null || names.has(name) || name.startsWith('..')
  for (const directory of new Set([dirname(path), dirname(real)])) {
    const watcher = watch(directory, { persistent: false }, (_, name) => {
      if (isMeant(name)) onChange()
    })
    watcher.on('error', () => watcher.close()) // the directory is gone: the slow look goes on
    watchers.push(watcher)
  }
  const look = () => onChange()
  watchFile(path, { persistent: false, interval: LOOK_MS }, look)
  return () => {
    unwatchFile(path, look)
    for (const watcher of watchers) watcher.close()
  }
}

function realOf(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}
