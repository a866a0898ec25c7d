// The files of the workspace that a session works in.

import * as z from 'zod'
import { invalid, type GatewayError } from '../protocol/errors.ts'
import { defineMethod } from '../rpc/method.ts'
import type { FileText } from '../services/conversation/agent-files.ts'
import { parentOf, toWorkspacePath } from '../services/conversation/workspace-path.ts'
import type { Services } from '../services/services.ts'
import { toEntry, workspaceEntry } from './agents-workspace.ts'

const text = z.string().min(1)
const hash = z.string().regex(/^[a-f0-9]{64}$/)

const file = z.strictObject({
  path: text,
  workspacePath: text,
  name: text,
  kind: z.enum(['modified', 'read']),
  missing: z.literal(false),
  size: z.int().min(0),
  updatedAtMs: z.int().min(0),
  content: z.string().optional(),
  hash,
  mimeType: text.optional(),
  contentEncoding: z.enum(['utf8', 'base64']).optional(),
  previewKind: z.enum(['text', 'unsupported']).optional(),
})

const sessionFile = z.strictObject({ sessionKey: text, root: text, file })

const notFound = (path: string): GatewayError =>
  invalid('session file not found', { details: { type: 'session_file_not_found', path: path.slice(0, 1024) } })

/** The agent of a session that exists, and the path in its one form; else there is no such file. */
function locate(params: { sessionKey: string; agentId?: string | undefined; path: string }, { agents, sessions }: Pick<Services, 'agents' | 'sessions'>) {
  const session = sessions.get(agents.sessionKey(params.sessionKey, params.agentId))
  if (!session || !agents.find(session.agentId)) throw notFound(params.path)
  try {
    return { agentId: session.agentId, path: toWorkspacePath(params.path) }
  } catch {
    throw notFound(params.path)
  }
}

const toFile = ({ path, name, size, updatedAtMs, hash }: FileText, kind: 'modified' | 'read') => ({
  path,
  workspacePath: path,
  name,
  kind,
  missing: false as const,
  size,
  updatedAtMs,
  hash,
})

export const sessionsFilesList = defineMethod({
  name: 'sessions.files.list',
  scope: 'operator.read',
  summary: 'What lies in a directory of the workspace of a session, or has a name with some text in it.',
  params: z.strictObject({ sessionKey: text, agentId: text.optional(), path: z.string().optional(), search: z.string().max(200).optional() }),
  result: z.strictObject({
    sessionKey: text,
    root: text.optional(),
    /** Files that the session has read or changed: nobody keeps account of that here. */
    files: z.array(z.never()),
    browser: z
      .strictObject({
        path: z.string(),
        parentPath: z.string().optional(),
        search: z.string().optional(),
        entries: z.array(workspaceEntry),
        truncated: z.boolean().optional(),
      })
      .optional(),
  }),
  uses: ['agentFiles', 'agents', 'sessions'],
  async handler(params, { agentFiles, agents, sessions }) {
    const sessionKey = agents.sessionKey(params.sessionKey, params.agentId)
    const session = sessions.get(sessionKey)
    if (!session || !agents.find(session.agentId)) return { sessionKey, files: [] }
    const { agentId } = session
    const base = { sessionKey, root: agentFiles.rootOf(agentId), files: [] }
    const search = params.search?.trim() ?? ''
    if (search !== '') {
      const { entries, truncated } = await agentFiles.search(agentId, search)
      return { ...base, browser: { path: '', search, entries: entries.map(toEntry), ...(truncated && { truncated }) } }
    }
    const path = pathOrNull(params.path ?? '')
    const entries = path === null ? null : await agentFiles.list(agentId, path)
    if (path === null || !entries) return base
    const parentPath = parentOf(path)
    return { ...base, browser: { path, ...(parentPath !== null && { parentPath }), entries: entries.slice(0, MAX_SHOWN).map(toEntry), ...(entries.length > MAX_SHOWN && { truncated: true }) } }
  },
})

const MAX_SHOWN = 1000

function pathOrNull(path: string): string | null {
  try {
    return toWorkspacePath(path)
  } catch {
    return null
  }
}

export const sessionsFilesGet = defineMethod({
  name: 'sessions.files.get',
  scope: 'operator.read',
  summary: 'A file of the workspace of a session, with the hash that a change of it must name.',
  params: z.strictObject({ sessionKey: text, path: text, agentId: text.optional() }),
  result: sessionFile,
  uses: ['agentFiles', 'agents', 'sessions'],
  async handler(params, { agentFiles, ...use }) {
    const { agentId, path } = locate(params, use)
    const found = path === '' ? null : await agentFiles.read(agentId, path)
    if (!found) throw notFound(params.path)
    const { content, encoding, mimeType } = found
    const shown = { content, contentEncoding: encoding, mimeType, previewKind: encoding === 'utf8' ? ('text' as const) : ('unsupported' as const) }
    return { sessionKey: params.sessionKey, root: agentFiles.rootOf(agentId), file: { ...toFile(found, 'read'), ...shown } }
  },
})

export const sessionsFilesSet = defineMethod({
  name: 'sessions.files.set',
  scope: 'operator.admin',
  summary: 'Writes over a file of the workspace of a session, if it still is what was read.',
  params: z.strictObject({ sessionKey: text, path: text, agentId: text.optional(), content: z.string().max(1024 * 1024), expectedHash: hash }),
  result: sessionFile,
  uses: ['agentFiles', 'agents', 'sessions'],
  async handler(params, { agentFiles, ...use }) {
    const { agentId, path } = locate(params, use)
    const onConflict = (currentHash: string) =>
      currentHash === ''
        ? notFound(params.path)
        : invalid('session file changed since it was read', { details: { type: 'session_file_conflict', path, currentHash } })
    if (path === '') throw notFound(params.path)
    const written = await agentFiles.write(agentId, path, params.content, { hash: params.expectedHash, onConflict })
    return { sessionKey: params.sessionKey, root: agentFiles.rootOf(agentId), file: toFile(written, 'modified') }
  },
})
