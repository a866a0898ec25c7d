// Tools with which an agent remembers: the notes of its workspace (MEMORY.md, memory/*.md), and what was said before.

import * as z from 'zod'
import { firstUnits } from '../../kit/text.ts'
import { invalid } from '../../protocol/errors.ts'
import { splitSessionKey } from '../../protocol/shapes.ts'
import type { AgentFiles } from '../conversation/agent-files.ts'
import type { SessionSearch } from '../conversation/session-search.ts'
import { defineTool, type Tool } from '../conversation/tools.ts'
import { toWorkspacePath } from '../conversation/workspace-path.ts'

const text = z.string().min(1)
const NOTES = 'MEMORY.md'
const FOLDER = 'memory'
const MAX_NOTES = 200
const MAX_SNIPPET_CHARS = 1200
const MAX_TERMS = 16

interface Note {
  readonly path: string
  readonly line: number
  readonly text: string
  readonly score: number
}

export function createMemoryTools({ agentFiles, search }: { agentFiles: AgentFiles; search: SessionSearch }): readonly Tool[] {
  const agentOf = (sessionKey: string) => splitSessionKey(sessionKey)?.agentId ?? 'main'

  async function paths(agentId: string): Promise<readonly string[]> {
    const listed = (await agentFiles.list(agentId, FOLDER)) ?? []
    const notes = listed.filter(({ kind, name }) => kind === 'file' && name.toLowerCase().endsWith('.md')).map(({ path }) => path)
    return [NOTES, ...notes.toReversed().slice(0, MAX_NOTES)] // they are called after days: the latest come first
  }

  async function inNotes(agentId: string, terms: readonly string[]): Promise<Note[]> {
    const found: Note[] = []
    for (const path of await paths(agentId)) {
      const file = await agentFiles.read(agentId, path).catch(() => null)
      if (file?.encoding === 'utf8') found.push(...passagesOf(path, file.content, terms))
    }
    return found.toSorted((a, b) => b.score - a.score)
  }

  const memorySearch = defineTool({
    name: 'memory_search',
    description: 'Looks in your notes (MEMORY.md, memory/*.md) and in earlier conversations for words. Use it before you say that you do not know.',
    group: 'memory',
    scope: 'operator.read',
    params: z.strictObject({ query: text.max(1000), maxResults: z.int().min(1).max(50).default(10) }),
    async run({ query, maxResults }, { sessionKey }) {
      const agentId = agentOf(sessionKey)
      const notes = await inNotes(agentId, termsIn(query))
      const { hits } = search.search({ query, limit: maxResults, agentId })
      return {
        notes: notes.slice(0, maxResults).map(({ path, line, text: snippet }) => ({ path, line, snippet })),
        conversations: hits.map(({ sessionKey: key, role, timestamp, snippet }) => ({ sessionKey: key, role, at: timestamp, snippet })),
      }
    },
  })

  const memoryGet = defineTool({
    name: 'memory_get',
    description: 'Reads lines of your notes.',
    group: 'memory',
    scope: 'operator.read',
    params: z.strictObject({ path: text, from: z.int().min(1).default(1), lines: z.int().min(1).max(2000).default(200) }),
    async run({ path: given, from, lines }, { sessionKey }) {
      const path = toWorkspacePath(given)
      if (path !== NOTES && !path.startsWith(`${FOLDER}/`)) throw invalid(`notes are ${NOTES} and the files in ${FOLDER}/`)
      const file = await agentFiles.read(agentOf(sessionKey), path)
      if (file?.encoding !== 'utf8') throw invalid(`there is no note ${path}`)
      return { path, text: file.content.split('\n').slice(from - 1, from - 1 + lines).join('\n') }
    },
  })

  return [memorySearch, memoryGet]
}

const termsIn = (query: string): readonly string[] => [...new Set(query.toLowerCase().match(/[\p{L}\p{N}]{2,}/gu) ?? [])].slice(0, MAX_TERMS)

/** Paragraphs that have some of the words; the more, and the rarer within the note, the better. */
function passagesOf(path: string, content: string, terms: readonly string[]): Note[] {
  let line = 1
  return content.split(/\n(?=\s*\n|#)/).flatMap((passage) => {
    const at = line + (/^\s*\n/.exec(passage)?.[0].split('\n').length ?? 1) - 1
    line += passage.split('\n').length
    const lower = passage.toLowerCase()
    const score = terms.filter((term) => lower.includes(term)).length
    return score === 0 ? [] : [{ path, line: at, text: firstUnits(passage.trim(), MAX_SNIPPET_CHARS), score }]
  })
}
