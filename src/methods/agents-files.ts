// The files with a meaning that an agent has: what it is, whom it serves, what it remembers.

import * as z from 'zod'
import { invalid } from '../protocol/errors.ts'
import { defineMethod } from '../rpc/method.ts'
import { BOOTSTRAP_FILES, type FileText } from '../services/conversation/agent-files.ts'
import type { Agents } from '../services/conversation/agents.ts'

const text = z.string().min(1)

const file = z.strictObject({
  name: text,
  path: text,
  missing: z.boolean(),
  expectedAbsent: z.boolean().optional(),
  size: z.int().min(0).optional(),
  updatedAtMs: z.int().min(0).optional(),
  content: z.string().optional(),
})

const agentFile = z.strictObject({ agentId: text, workspace: text, file })

export function assertAgent(agents: Agents, agentId: string): void {
  if (!agents.find(agentId)) throw invalid(`agent "${agentId.slice(0, 100)}" not found`)
}

function assertName(name: string): void {
  if (!BOOTSTRAP_FILES.some((each) => each === name)) {
    throw invalid(`unsupported file "${name.slice(0, 100)}"`, { details: { type: 'agent_file_unsupported', supported: [...BOOTSTRAP_FILES] } })
  }
}

const pathOf = (workspace: string, name: string): string => `${workspace}${workspace.includes('/') ? '/' : ':'}${name}`

function toRow(workspace: string, name: string, found: FileText | null, withContent: boolean): z.output<typeof file> {
  const path = pathOf(workspace, name)
  if (!found) return { name, path, missing: true, expectedAbsent: true }
  const { size, updatedAtMs, content } = found
  return { name, path, missing: false, size, updatedAtMs, ...(withContent && { content }) }
}

export const agentsFilesList = defineMethod({
  name: 'agents.files.list',
  scope: 'operator.read',
  summary: 'The files with a meaning that an agent has, or could have.',
  params: z.strictObject({ agentId: text }),
  result: z.strictObject({ agentId: text, workspace: text, files: z.array(file) }),
  uses: ['agentFiles', 'agents'],
  async handler({ agentId }, { agentFiles, agents }) {
    assertAgent(agents, agentId)
    const workspace = agentFiles.rootOf(agentId)
    const entries = new Map((await agentFiles.list(agentId, ''))?.map((entry) => [entry.name, entry]))
    const files = BOOTSTRAP_FILES.map((name) => {
      const path = pathOf(workspace, name)
      const entry = entries.get(name)
      if (entry?.kind !== 'file') return { name, path, missing: true, expectedAbsent: true }
      const { size, updatedAtMs } = entry
      return { name, path, missing: false, ...(size !== undefined && { size }), ...(updatedAtMs !== undefined && { updatedAtMs: Math.floor(updatedAtMs) }) }
    })
    return { agentId, workspace, files }
  },
})

export const agentsFilesGet = defineMethod({
  name: 'agents.files.get',
  scope: 'operator.read',
  summary: 'What stands in one of them.',
  params: z.strictObject({ agentId: text, name: text }),
  result: agentFile,
  uses: ['agentFiles', 'agents'],
  async handler({ agentId, name }, { agentFiles, agents }) {
    assertAgent(agents, agentId)
    assertName(name)
    const workspace = agentFiles.rootOf(agentId)
    return { agentId, workspace, file: toRow(workspace, name, await agentFiles.read(agentId, name), true) }
  },
})

export const agentsFilesSet = defineMethod({
  name: 'agents.files.set',
  scope: 'operator.admin',
  summary: 'Writes one of them. With expectedHash, only over what has that hash.',
  params: z.strictObject({
    agentId: text,
    name: text,
    content: z.string().max(1024 * 1024),
    expectedHash: z
      .string()
      .regex(/^[a-fA-F0-9]{64}$/)
      .optional(),
  }),
  result: agentFile.extend({ ok: z.literal(true) }),
  uses: ['agentFiles', 'agents'],
  async handler({ agentId, name, content, expectedHash }, { agentFiles, agents }) {
    assertAgent(agents, agentId)
    assertName(name)
    const onConflict = (currentHash: string) =>
      invalid(`agent file "${name}" changed since it was read`, { details: { type: 'agent_file_conflict', name, currentHash } })
    const expect = expectedHash === undefined ? undefined : { hash: expectedHash.toLowerCase(), onConflict }
    const written = await agentFiles.write(agentId, name, content, expect)
    const workspace = agentFiles.rootOf(agentId)
    return { ok: true as const, agentId, workspace, file: toRow(workspace, name, written, true) }
  },
})
