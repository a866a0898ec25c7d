// Workspaces as directories of this machine. Whatever links there are: nothing outside of a workspace is read or
// written through it.

import { constants, watch, type Dirent } from 'node:fs'
import { lstat, mkdir, open, readdir, realpath, rename, stat } from 'node:fs/promises'
import os from 'node:os'
import { basename, dirname, isAbsolute, join, sep } from 'node:path'
import type { Workspace, WorkspaceEntry, Workspaces } from '../../src/index.ts'
import { replaceFile } from './atomic-file.ts'

/** Entries of a directory that are looked at, and those of which size and time are looked up. */
const MAX_ENTRIES = 10_000
const MAX_STATS = 2000

/** No link at the end, and no waiting for the other end of a pipe. Not every system has these. */
const READ_ONLY = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)

export function createWorkspaces(stateDir: string): Workspaces {
  const toRoot = (named: string) => {
    if (named === '~' || named.startsWith('~/')) return join(os.homedir(), named.slice(1))
    return isAbsolute(named) ? named : join(stateDir, named)
  }
  return {
    open: (agentId, isDefault, named) => openWorkspace(toRoot(named ?? (isDefault ? 'workspace' : `workspace-${agentId}`)), stateDir),
  }
}

const isInside = (path: string, root: string): boolean => path === root || path.startsWith(root.endsWith(sep) ? root : root + sep)

export function openWorkspace(root: string, stateDir: string): Workspace {
  /** Where a path really leads; null when there is nothing, or it leads out. */
  async function locate(path: string): Promise<string | null> {
    try {
      const realRoot = await realpath(root)
      const real = await realpath(join(realRoot, path))
      return isInside(real, realRoot) ? real : null
    } catch {
      return null
    }
  }

  /** The directory that a file is to be written into, made if need be. Throws when it lies elsewhere. */
  async function makeParent(path: string): Promise<string> {
    await mkdir(root, { recursive: true, mode: 0o700 })
    let directory = await realpath(root)
    const realRoot = directory
    for (const part of dirname(path).split('/').filter((each) => each !== '.')) {
      await mkdir(join(directory, part), { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'EEXIST') throw error
      })
      directory = await realpath(join(directory, part))
      if (!isInside(directory, realRoot)) throw new Error(`${path} leads out of the workspace`)
    }
    return directory
  }

  /** A link counts as what it leads to, if that lies inside. */
  async function toEntry(directory: string, found: Dirent, realRoot: string, detailed: boolean): Promise<WorkspaceEntry | null> {
    const { name } = found
    const path = found.isSymbolicLink() ? await realpath(join(directory, name)) : join(directory, name)
    if (!isInside(path, realRoot)) return null
    const stats = detailed || found.isSymbolicLink() ? await stat(path) : null
    const kind = (stats ?? found).isDirectory() ? 'directory' : (stats ?? found).isFile() ? 'file' : null
    if (kind === null) return null
    return { name, kind, ...(stats && { ...(kind === 'file' && { size: stats.size }), updatedAtMs: stats.mtimeMs }) }
  }

  return {
    root,
    async read(path, maxBytes) {
      const real = await locate(path)
      if (real === null) return null
      const file = await open(real, READ_ONLY).catch(() => null)
      if (!file) return null
      try {
        const found = await file.stat()
        if (!found.isFile()) return null
        if (found.size > maxBytes) return 'too-large'
        return { bytes: await file.readFile(), updatedAtMs: found.mtimeMs }
      } finally {
        await file.close()
      }
    },
    async write(path, bytes) {
      const target = join(await makeParent(path), basename(path))
      const there = await lstat(target).catch(() => null)
      if (there && !there.isFile()) throw new Error(`${path} is no plain file`)
      await replaceFile(target, bytes, there ? there.mode & 0o777 : 0o600)
      return { bytes, updatedAtMs: (await stat(target)).mtimeMs }
    },
    async list(path) {
      const real = await locate(path)
      if (real === null || !(await stat(real)).isDirectory()) return null
      const realRoot = await realpath(root)
      const found = (await readdir(real, { withFileTypes: true })).toSorted((a, b) => (a.name < b.name ? -1 : 1)).slice(0, MAX_ENTRIES)
      const entries: WorkspaceEntry[] = []
      for (const [index, each] of found.entries()) {
        const entry = await toEntry(real, each, realRoot, index < MAX_STATS).catch(() => null) // it is gone by now, say
        if (entry) entries.push(entry)
      }
      return entries
    },
    async watch(path, onChange) {
      const directory = await makeParent(`${path}/each`)
      const watcher = watch(directory, { persistent: false, recursive: true }, () => onChange())
      watcher.on('error', () => watcher.close()) // the directory is gone
      return () => watcher.close()
    },
    async trash() {
      const real = await realpath(root).catch(() => null)
      if (real === null) return { moved: false }
      const home = await realpath(stateDir)
      const own = join(home, 'edgeclaw')
      if (!isInside(real, home) || real === home || isInside(real, own)) {
        return { reason: 'it lies outside of the state directory: whoever made it decides what becomes of it' }
      }
      const trash = join(home, 'trash')
      await mkdir(trash, { recursive: true, mode: 0o700 })
      await rename(real, join(trash, `${Date.now()}-${basename(real)}`))
      return { moved: true }
    },
  }
}
