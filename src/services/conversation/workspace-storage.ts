// A workspace in the file storage of the platform: where there are no directories of a machine.

import type { Platform } from '../../ports/platform.ts'
import type { Workspace, WorkspaceEntry, WorkspaceFile } from '../../ports/workspace.ts'
import type { Clock } from '../../ports/clock.ts'

/** Files of one workspace that are looked at. */
const MAX_KEYS = 5000

export function createWorkspaceStorage(files: Platform['files'], agentId: string, clock: Clock): Workspace {
  const base = `workspace:${agentId}`
  const keyOf = (path: string) => `${base}:${path.replaceAll('/', ':')}`

  /** A storage without times of its own gets one beside each file. */
  async function updatedAt(key: string): Promise<number> {
    const { mtime } = await files.getMeta(key)
    return mtime === undefined ? 0 : new Date(mtime).getTime()
  }

  async function read(path: string, maxBytes: number): Promise<WorkspaceFile | 'too-large' | null> {
    const key = keyOf(path)
    if (path === '' || !(await files.hasItem(key))) return null
    const raw: unknown = await files.getItemRaw(key)
    const bytes = toBytes(raw)
    if (bytes === null) return null
    if (bytes.byteLength > maxBytes) return 'too-large'
    return { bytes, updatedAtMs: await updatedAt(key) }
  }

  async function write(path: string, bytes: Uint8Array): Promise<WorkspaceFile> {
    const key = keyOf(path)
    await files.setItemRaw(key, bytes)
    const { mtime } = await files.getMeta(key, { nativeOnly: true })
    if (mtime === undefined) await files.setMeta(key, { mtime: new Date(clock.now()), size: bytes.byteLength })
    return { bytes, updatedAtMs: await updatedAt(key) }
  }

  async function list(path: string): Promise<WorkspaceEntry[] | null> {
    const below = path === '' ? `${base}:` : `${keyOf(path)}:`
    const keys = (await files.getKeys(below)).slice(0, MAX_KEYS)
    if (keys.length === 0) return path === '' ? [] : null
    const entries = new Map<string, WorkspaceEntry>()
    for (const key of keys) {
      const [name, inner] = key.slice(below.length).split(':') as [string, string | undefined]
      if (inner !== undefined) entries.set(name, { name, kind: 'directory' })
      else entries.set(name, await toEntry(name, key))
    }
    return [...entries.values()]
  }

  async function toEntry(name: string, key: string): Promise<WorkspaceEntry> {
    const { size } = await files.getMeta(key)
    const updatedAtMs = await updatedAt(key)
    return { name, kind: 'file', ...(typeof size === 'number' && { size }), ...(updatedAtMs > 0 && { updatedAtMs }) }
  }

  return {
    root: base,
    read,
    write,
    list,
    async trash() {
      const keys = await files.getKeys(`${base}:`)
      for (const key of keys) {
        await files.setItemRaw(`trash:${clock.now()}:${key}`, await files.getItemRaw(key))
        await files.removeItem(key, { removeMeta: true })
      }
      return { moved: keys.length > 0 }
    },
  }
}

const toBytes = (raw: unknown): Uint8Array | null => {
  if (raw instanceof Uint8Array) return raw
  if (raw instanceof ArrayBuffer) return new Uint8Array(raw)
  return typeof raw === 'string' ? new TextEncoder().encode(raw) : null
}
