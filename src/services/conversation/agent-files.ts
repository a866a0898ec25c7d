// The files of agents: those that they are told of at the start of every turn, and whatever else lies in their
// workspaces. A workspace is a directory where the machine has one, else a part of the file storage.

import { sha256Hex, toBase64 } from '../../kit/bytes.ts'
import { keepFresh } from '../../kit/fresh.ts'
import { createTurns } from '../../kit/turns.ts'
import { invalid } from '../../protocol/errors.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Host } from '../../ports/host.ts'
import type { Platform } from '../../ports/platform.ts'
import type { Workspace, WorkspaceEntry, WorkspaceFile } from '../../ports/workspace.ts'
import type { ConfigService } from '../operations/config.ts'
import { isWorkspaceName, nameOf } from './workspace-path.ts'
import { createWorkspaceStorage } from './workspace-storage.ts'

/** The files with a meaning, in the order in which they are shown. */
export const BOOTSTRAP_FILES = ['AGENTS.md', 'SOUL.md', 'TOOLS.md', 'IDENTITY.md', 'USER.md', 'HEARTBEAT.md', 'BOOTSTRAP.md', 'MEMORY.md'] as const
/** Those that are part of what an agent is told. */
const TOLD: readonly string[] = ['AGENTS.md', 'SOUL.md', 'IDENTITY.md', 'USER.md', 'TOOLS.md', 'MEMORY.md']
const MAX_TOLD_CHARS = 20_000

export const MAX_FILE_BYTES = 1024 * 1024
/** What an agent is told holds so long, unless it is written here: every turn asks. */
const FRESH_MS = 1000
/** Entries of a directory, and files that a search looks at. */
const MAX_ENTRIES = 10_000
const MAX_SEARCHED = 2000
const MAX_FOUND = 200

export interface FileText {
  readonly path: string
  readonly name: string
  readonly size: number
  readonly updatedAtMs: number
  readonly mimeType: string
  readonly encoding: 'utf8' | 'base64'
  readonly content: string
  readonly hash: string
}

export interface Found extends WorkspaceEntry {
  readonly path: string
}

export interface AgentFiles {
  rootOf(agentId: string): string
  /** The workspace as it is configured now. */
  open(agentId: string): Workspace
  /** null: there is no such file. `path` has passed `toWorkspacePath`. Throws for one that is too large. */
  read(agentId: string, path: string): Promise<FileText | null>
  /** `expectedHash`: of what it replaces. Throws `onConflict(hash)` when something else is there by now. */
  write(agentId: string, path: string, content: string, expect?: { readonly hash: string; readonly onConflict: (hash: string) => Error }): Promise<FileText>
  /** Calls the listener behind every write here. */
  onWritten(listener: (agentId: string, path: string) => void): void
  /** The entries of a directory in order of their names; null when there is no such directory. */
  list(agentId: string, path: string): Promise<readonly Found[] | null>
  /** Files of which the name has the text in it, and whether there are more. */
  search(agentId: string, text: string): Promise<{ readonly entries: readonly Found[]; readonly truncated: boolean }>
  /** What the files say that an agent is told; null when there are none. */
  notes(agentId: string): Promise<string | null>
  /** Takes a workspace out of the way. */
  trash(workspace: Workspace): ReturnType<Workspace['trash']>
}

export function createAgentFiles(deps: { config: ConfigService; files: Platform['files']; host: Host; clock: Clock }): AgentFiles {
  const { config, files, host, clock } = deps
  const turns = createTurns()
  const listeners: ((agentId: string, path: string) => void)[] = []

  function open(agentId: string): Workspace {
    const agent = config.agents().find(({ id }) => id === agentId)
    const isDefault = agentId === config.defaultAgentId()
    const named = agent?.workspace ?? (isDefault ? config.current.agents?.defaults?.workspace : undefined)
    return host.workspaces?.open(agentId, isDefault, named) ?? createWorkspaceStorage(files, agentId, clock)
  }

  async function read(agentId: string, path: string): Promise<FileText | null> {
    const file = await open(agentId).read(path, MAX_FILE_BYTES)
    if (file === 'too-large') throw invalid(`the file is too large: ${MAX_FILE_BYTES} bytes are the most`, { details: { type: 'workspace_file_too_large', path } })
    return file && toText(path, file)
  }

  async function readNotes(agentId: string): Promise<string | null> {
    const found = await Promise.all(TOLD.map((name) => read(agentId, name).catch(() => null)))
    const texts = found.flatMap((file) => (file && file.encoding === 'utf8' && file.content.trim() !== '' ? [`## ${file.name}\n\n${cut(file.content)}`] : []))
    return texts.length === 0 ? null : `# Your workspace\n\n${texts.join('\n\n')}`
  }

  /** Each run asks for them. */
  const notes = keepFresh({ now: clock.now, ms: FRESH_MS, max: MAX_ENTRIES, look: readNotes })

  async function list(agentId: string, path: string): Promise<Found[] | null> {
    const entries = await open(agentId).list(path)
    if (!entries) return null
    return entries
      .filter(({ name }) => isWorkspaceName(name))
      .slice(0, MAX_ENTRIES)
      .map((entry) => ({ ...entry, path: path === '' ? entry.name : `${path}/${entry.name}` }))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
  }

  return {
    rootOf: (agentId) => open(agentId).root,
    open,
    read,
    write: (agentId, path, content, expect) =>
      turns.take(async () => {
        const bytes = new TextEncoder().encode(content)
        if (bytes.byteLength > MAX_FILE_BYTES) throw invalid(`the file would be too large: ${MAX_FILE_BYTES} bytes are the most`)
        if (expect) {
          const current = await read(agentId, path)
          if (!current || current.hash !== expect.hash) throw expect.onConflict(current?.hash ?? '')
        }
        const written = await open(agentId).write(path, bytes)
        notes.forget(agentId)
        for (const listener of listeners) listener(agentId, path)
        return toText(path, written)
      }),
    onWritten: (listener) => void listeners.push(listener),
    list,
    async search(agentId, text) {
      const wanted = text.toLowerCase()
      const entries: Found[] = []
      const directories = ['']
      let looked = 0
      for (let directory = directories.shift(); directory !== undefined && looked < MAX_SEARCHED; directory = directories.shift()) {
        for (const entry of (await list(agentId, directory)) ?? []) {
          if (++looked > MAX_SEARCHED || entries.length >= MAX_FOUND) return { entries, truncated: true }
          if (entry.kind === 'directory' && !SKIPPED.includes(entry.name)) directories.push(entry.path)
          if (entry.kind === 'file' && entry.name.toLowerCase().includes(wanted)) entries.push(entry)
        }
      }
      return { entries, truncated: directories.length > 0 }
    },
    notes: notes.get,
    trash: (workspace) => turns.take(() => workspace.trash()),
  }
}

/** Never searched: other programs' own. */
const SKIPPED: readonly string[] = ['.git', 'node_modules']

const cut = (text: string): string => (text.length > MAX_TOLD_CHARS ? `${text.slice(0, MAX_TOLD_CHARS)}\n[cut]` : text.trimEnd())

async function toText(path: string, { bytes, updatedAtMs }: WorkspaceFile): Promise<FileText> {
  const text = toUtf8Text(bytes)
  const own = new Uint8Array(bytes)
  return {
    path,
    name: nameOf(path),
    size: bytes.byteLength,
    updatedAtMs: Math.floor(updatedAtMs),
    mimeType: text === null ? 'application/octet-stream' : 'text/plain',
    encoding: text === null ? 'base64' : 'utf8',
    content: text ?? toBase64(bytes),
    hash: await sha256Hex(own),
  }
}

function toUtf8Text(bytes: Uint8Array): string | null {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    return text.includes('\u0000') ? null : text
  } catch {
    return null
  }
}

