// Tools for the files of the agent's own workspace, and no others: paths are checked, and links that lead out are not
// followed by any workspace.

import * as z from 'zod'
import { fromBase64 } from '../../kit/bytes.ts'
import { invalid } from '../../protocol/errors.ts'
import { splitSessionKey } from '../../protocol/shapes.ts'
import type { AgentFiles, FileText } from '../conversation/agent-files.ts'
import { defineTool, Shown, type Tool } from '../conversation/tools.ts'
import { toWorkspacePath } from '../conversation/workspace-path.ts'

const path = z.string().min(1).describe('Relative to your workspace.')
const MAX_LINES = 2000
const MAX_CHARS = 50_000

export function createFileTools(files: AgentFiles): readonly Tool[] {
  const agentOf = (sessionKey: string) => splitSessionKey(sessionKey)?.agentId ?? 'main'

  async function find(sessionKey: string, given: string): Promise<FileText> {
    const found = await files.read(agentOf(sessionKey), toWorkspacePath(given))
    if (!found) throw invalid(`there is no file "${given.slice(0, 200)}" in your workspace: look with ls`)
    return found
  }

  const read = defineTool({
    name: 'read',
    description: 'Reads a file of your workspace: its text, lines from offset on, or a picture.',
    group: 'fs',
    scope: 'operator.read',
    params: z.strictObject({ path, offset: z.int().min(1).default(1).describe('The first line.'), limit: z.int().min(1).max(MAX_LINES).default(MAX_LINES) }),
    async run({ path: given, offset, limit }, { sessionKey }) {
      const file = await find(sessionKey, given)
      if (file.encoding === 'base64') return showBinary(file)
      const lines = file.content.split('\n')
      const text = lines.slice(offset - 1, offset - 1 + limit).join('\n')
      const shown = text.slice(0, MAX_CHARS)
      const last = offset - 1 + shown.split('\n').length
      return last < lines.length ? `${shown}\n[${lines.length - last} more lines: go on with offset ${last + 1}]` : shown
    },
  })

  const write = defineTool({
    name: 'write',
    description: 'Writes a file of your workspace, in place of what it held before. Directories are made.',
    group: 'fs',
    scope: 'operator.write',
    params: z.strictObject({ path, content: z.string() }),
    async run({ path: given, content }, { sessionKey }) {
      const target = toFile(given)
      const { size } = await files.write(agentOf(sessionKey), target, content)
      return { path: target, bytes: size }
    },
  })

  const edit = defineTool({
    name: 'edit',
    description: 'Replaces a piece of text in a file of your workspace. The old text must stand there exactly once, unless all of them are meant.',
    group: 'fs',
    scope: 'operator.write',
    params: z.strictObject({ path, oldText: z.string().min(1), newText: z.string(), all: z.boolean().default(false) }),
    async run({ path: given, oldText, newText, all }, { sessionKey }) {
      const { content, encoding, hash, path: target } = await find(sessionKey, given)
      if (encoding !== 'utf8') throw invalid(`"${target}" is no text`)
      const pieces = content.split(oldText)
      if (pieces.length === 1) throw invalid(`"${target}" does not have the old text: read it, and repeat it exactly, with its spaces`)
      if (pieces.length > 2 && !all) throw invalid(`"${target}" has the old text ${pieces.length - 1} times: give more of what is around it, or set all`)
      const expect = { hash, onConflict: () => invalid(`"${target}" was changed meanwhile: read it again`) }
      await files.write(agentOf(sessionKey), target, pieces.join(newText), expect)
      return { path: target, replaced: pieces.length - 1 }
    },
  })

  const ls = defineTool({
    name: 'ls',
    description: 'What lies in a directory of your workspace.',
    group: 'fs',
    scope: 'operator.read',
    params: z.strictObject({ path: z.string().default('') }),
    async run({ path: given }, { sessionKey }) {
      const target = toWorkspacePath(given)
      const found = (await files.list(agentOf(sessionKey), target)) ?? (target === '' ? [] : null) // nobody has written anything yet
      if (!found) throw invalid(`there is no directory "${given.slice(0, 200)}" in your workspace`)
      const shown = found.slice(0, 500).map(({ name, kind, size }) => (kind === 'directory' ? `${name}/` : `${name} (${size ?? '?'} bytes)`))
      return shown.length === 0 ? '(empty)' : shown.join('\n') + (found.length > shown.length ? `\n[${found.length - shown.length} more]` : '')
    },
  })

  return [read, write, edit, ls]
}

function toFile(given: string): string {
  const target = toWorkspacePath(given)
  if (target === '') throw invalid('name a file')
  return target
}

/** How files of pictures begin. */
const SIGNATURES: readonly (readonly [type: string, bytes: readonly number[]])[] = [
  ['image/png', [0x89, 0x50, 0x4e, 0x47]],
  ['image/jpeg', [0xff, 0xd8, 0xff]],
  ['image/gif', [0x47, 0x49, 0x46, 0x38]],
  ['image/webp', [0x52, 0x49, 0x46, 0x46]],
]

function showBinary({ path: shown, size, content }: FileText): Shown {
  const bytes = fromBase64(content) ?? new Uint8Array()
  const mimeType = SIGNATURES.find(([, signature]) => signature.every((byte, at) => bytes[at] === byte))?.[0]
  if (mimeType === undefined) throw invalid(`"${shown}" is no text and no picture`)
  return new Shown(`${shown}: a picture (${mimeType}, ${size} bytes)`, { images: [{ mimeType, base64: content }] })
}
