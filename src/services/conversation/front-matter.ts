// The head of a Markdown file, between two lines of dashes: the part of YAML that such heads are written in. Mappings,
// lists, quoted and plain texts, blocks of text, and values in braces or brackets, which are read as JSON5.

import JSON5 from 'json5'
import { isDangerousKey } from '../../kit/keys.ts'

export interface FrontMatter {
  readonly fields: Readonly<Record<string, unknown>>
  readonly body: string
}

const MAX_HEAD_CHARS = 64 * 1024
const MAX_DEPTH = 16
/** Of a value in braces: it is tried again with each. */
const MAX_FLOW_LINES = 200

/** null: the file has no head, or one that cannot be read. */
export function parseFrontMatter(text: string): FrontMatter | null {
  const found = /^\uFEFF?---[ \t]*\r?\n([\s\S]*?)\r?\n---[ \t]*(?:\r?\n|$)/.exec(text.slice(0, MAX_HEAD_CHARS))
  if (!found) return null
  const lines = found[1]!.split(/\r?\n/).filter((line) => !/^\s*#/.test(line))
  try {
    const { fields } = readMapping({ lines, at: 0 }, 0, 0)
    return { fields, body: text.slice(found[0].length) }
  } catch {
    return null
  }
}

interface Reader {
  readonly lines: readonly string[]
  at: number
}

const indentOf = (line: string): number => line.length - line.trimStart().length
const isBlank = (line: string | undefined): boolean => line !== undefined && line.trim() === ''

function skipBlank(reader: Reader) {
  while (isBlank(reader.lines[reader.at])) reader.at++
}

function readMapping(reader: Reader, indent: number, depth: number): { fields: Record<string, unknown> } {
  if (depth > MAX_DEPTH) throw new Error('too deep')
  const fields: Record<string, unknown> = {}
  for (skipBlank(reader); reader.at < reader.lines.length; skipBlank(reader)) {
    const line = reader.lines[reader.at]!
    if (indentOf(line) < indent) break
    const entry = /^\s*(?:"([^"]+)"|'([^']+)'|([^\s"'#:{[][^:]*?))\s*:(?:\s+(.*))?$/.exec(line)
    if (indentOf(line) > indent || !entry) throw new Error('not a mapping')
    const key = entry[1] ?? entry[2] ?? entry[3]!
    reader.at++
    const value = readValue(reader, (entry[4] ?? '').trim(), indent, depth)
    if (!isDangerousKey(key)) fields[key] = value
  }
  return { fields }
}

function readValue(reader: Reader, given: string, indent: number, depth: number): unknown {
  if (/^[|>][+-]?$/.test(given)) return readBlock(reader, indent, given.startsWith('>'))
  if (given.startsWith('{') || given.startsWith('[')) return readFlow(reader, given)
  if (given !== '') return toScalar(given)
  skipBlank(reader)
  const next = reader.lines[reader.at]
  if (next === undefined) return null
  const inner = indentOf(next)
  const start = next.trim()
  if (start.startsWith('- ') && inner >= indent) return readList(reader, inner, depth)
  if (inner <= indent) return null
  if (start.startsWith('{') || start.startsWith('[')) {
    reader.at++
    return readFlow(reader, start)
  }
  return readMapping(reader, inner, depth + 1).fields
}

/** Lines that stand further in, as they are, or folded into one. */
function readBlock(reader: Reader, indent: number, isFolded: boolean): string {
  const lines: string[] = []
  for (; reader.at < reader.lines.length; reader.at++) {
    const line = reader.lines[reader.at]!
    if (!isBlank(line) && indentOf(line) <= indent) break
    lines.push(line.trim())
  }
  return lines.join(isFolded ? ' ' : '\n').trim()
}

function readList(reader: Reader, indent: number, depth: number): unknown[] {
  const items: unknown[] = []
  for (skipBlank(reader); reader.at < reader.lines.length; skipBlank(reader)) {
    const line = reader.lines[reader.at]!
    const item = /^\s*-\s+(.*)$/.exec(line)
    if (indentOf(line) !== indent || !item) break
    reader.at++
    const given = item[1]!.trim()
    items.push(given.startsWith('{') || given.startsWith('[') ? readFlow(reader, given) : toScalar(given))
  }
  return depth > MAX_DEPTH ? [] : items
}

/** Goes on over lines until the value is whole. */
function readFlow(reader: Reader, given: string): unknown {
  let text = given
  for (let lines = 1; ; lines++) {
    try {
      return JSON5.parse(text)
    } catch (error) {
      const next = reader.lines[reader.at]
      if (next === undefined || lines > MAX_FLOW_LINES) throw error
      text += `\n${next}`
      reader.at++
    }
  }
}

function toScalar(text: string): unknown {
  if (/^"(?:[^"\\]|\\.)*"$/.test(text)) return JSON.parse(text)
  if (/^'(?:[^']|'')*'$/.test(text)) return text.slice(1, -1).replaceAll("''", "'")
  const plain = text.replace(/(?<!\s)\s+#.*$/, '').trim()
  if (plain === 'true' || plain === 'false') return plain === 'true'
  if (plain === 'null' || plain === '~') return null
  return /^-?\d+(?:\.\d+)?$/.test(plain) ? Number(plain) : plain
}
