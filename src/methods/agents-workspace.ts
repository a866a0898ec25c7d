// Everything that lies in the workspace of an agent, to look at.

import * as z from 'zod'
import { invalid } from '../protocol/errors.ts'
import { defineMethod } from '../rpc/method.ts'
import type { Found } from '../services/conversation/agent-files.ts'
import { parentOf, toWorkspacePath } from '../services/conversation/workspace-path.ts'
import { assertAgent } from './agents-files.ts'

const text = z.string().min(1)
const MAX_LIMIT = 1000
const DEFAULT_LIMIT = 200

const entry = z.strictObject({
  path: text,
  name: text,
  kind: z.enum(['file', 'directory']),
  size: z.int().min(0).optional(),
  updatedAtMs: z.int().min(0).optional(),
})

export const toEntry = ({ path, name, kind, size, updatedAtMs }: Found): z.output<typeof entry> => ({
  path,
  name,
  kind,
  ...(size !== undefined && kind === 'file' && { size }),
  ...(updatedAtMs !== undefined && { updatedAtMs: Math.floor(updatedAtMs) }),
})
export { entry as workspaceEntry }

export const agentsWorkspaceList = defineMethod({
  name: 'agents.workspace.list',
  scope: 'operator.read',
  summary: 'A page of what lies in a directory of a workspace.',
  params: z.strictObject({
    agentId: text,
    path: z.string().optional(),
    offset: z.int().min(0).default(0),
    limit: z.int().min(1).default(DEFAULT_LIMIT),
  }),
  result: z.strictObject({
    agentId: text,
    path: z.string(),
    parentPath: z.string().optional(),
    entries: z.array(entry),
    totalEntries: z.int().min(0),
    offset: z.int().min(0),
  }),
  uses: ['agentFiles', 'agents'],
  async handler({ agentId, path: asked = '', offset, limit }, { agentFiles, agents }) {
    assertAgent(agents, agentId)
    const path = toWorkspacePath(asked)
    const all = await agentFiles.list(agentId, path)
    if (!all && path !== '') throw invalid('workspace directory not found', { details: { type: 'workspace_path_not_found', path } })
    const found = all ?? []
    const parentPath = parentOf(path)
    return {
      agentId,
      path,
      ...(parentPath !== null && { parentPath }),
      entries: found.slice(offset, offset + Math.min(limit, MAX_LIMIT)).map(toEntry),
      totalEntries: found.length,
      offset,
    }
  },
})

export const agentsWorkspaceGet = defineMethod({
  name: 'agents.workspace.get',
  scope: 'operator.read',
  summary: 'A file of a workspace.',
  params: z.strictObject({ agentId: text, path: text }),
  result: z.strictObject({
    agentId: text,
    file: z.strictObject({
      path: text,
      name: text,
      size: z.int().min(0),
      updatedAtMs: z.int().min(0),
      mimeType: text,
      encoding: z.enum(['utf8', 'base64']),
      content: z.string(),
    }),
  }),
  uses: ['agentFiles', 'agents'],
  async handler({ agentId, path: asked }, { agentFiles, agents }) {
    assertAgent(agents, agentId)
    const path = toWorkspacePath(asked)
    const found = path === '' ? null : await agentFiles.read(agentId, path)
    if (!found) throw invalid('workspace file not found', { details: { type: 'workspace_file_not_found', path } })
    const { hash: _, ...file } = found
    return { agentId, file }
  },
})
