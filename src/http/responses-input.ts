// The items of a request under `/v1/responses`: with ids, their files read, their references followed; then as what a
// model is told, and as what goes into the transcript.

import { fromBase64Url, toBase64, toBase64Url, toUtf8 } from '../kit/bytes.ts'
import { parseJson } from '../kit/json.ts'
import { uuid } from '../kit/ids.ts'
import { GatewayError, invalid } from '../protocol/errors.ts'
import type { InputContent, InputItem, InputPart, MessageItem } from '../protocol/responses.ts'
import { MAX_IMAGE_BYTES } from '../protocol/version.ts'
import type { StoredItem } from '../services/conversation/responses-table.ts'
import type { HttpDeps } from './env.ts'
import { MAX_FILE_BYTES, readFileText, textOfFile } from './file-text.ts'

/** An item that has an id, and nothing in it that has to be fetched from elsewhere. */
export type ConversationItem = InputItem & StoredItem

const PREFIXES: Partial<Record<InputItem['type'], string>> = {
  message: 'msg',
  function_call: 'fc',
  function_call_output: 'fco',
  custom_tool_call: 'ctc',
  custom_tool_call_output: 'ctco',
  reasoning: 'rs',
  compaction: 'cmp',
}

export const itemId = (type: InputItem['type']): string => `${PREFIXES[type] ?? 'item'}_${uuid().replaceAll('-', '')}`

export interface Surroundings {
  /** The stored item of an id. */
  find(id: string): StoredItem | null
  /** Where files lie that are named by an address. */
  readonly outside: HttpDeps['outside']
}

/** Links of one request that are followed at most. */
const MAX_LINKS = 20

export async function resolveItems(input: string | readonly InputItem[] | null | undefined, around: Surroundings): Promise<ConversationItem[]> {
  if (input === null || input === undefined) return []
  if (typeof input === 'string') return [{ type: 'message', id: itemId('message'), role: 'user', content: [{ type: 'input_text', text: input }] }]
  const fetched = input.flatMap((item) => ('content' in item ? partsIn(item.content) : 'output' in item ? partsIn(item.output) : [])).filter(isLink)
  if (fetched.length > MAX_LINKS) throw invalid(`the request has ${fetched.length} links, at most ${MAX_LINKS} are followed: send images as data URLs, and files in file_data`, { param: 'input' })
  return Promise.all(input.map((item, index) => resolveItem(item, around, `input[${index}]`)))
}

const isLink = (part: InputPart): boolean =>
  (part.type === 'input_file' && !!part.file_url) || (part.type === 'input_image' && /^https?:/i.test(part.image_url ?? ''))

const partsIn = (content: unknown): readonly InputPart[] => (Array.isArray(content) ? (content as InputPart[]) : [])

async function resolveItem(item: InputItem, around: Surroundings, param: string): Promise<ConversationItem> {
  if (item.type === 'item_reference') return (around.find(item.id) as ConversationItem | null) ?? unknownItem(item.id)
  const id = item.id ?? itemId(item.type)
  if (item.type === 'message') return { ...item, id, content: await resolveContent(item.content, around, `${param}.content`) }
  if (item.type === 'function_call_output' || item.type === 'custom_tool_call_output') {
    return { ...item, id, output: await resolveContent(item.output, around, `${param}.output`) }
  }
  if (item.type === 'compaction') summaryOf(item.encrypted_content) // so that it is refused here
  return { ...item, id } as ConversationItem
}

async function resolveContent(content: InputContent, around: Surroundings, param: string): Promise<InputContent> {
  if (typeof content === 'string') return content
  return Promise.all(content.map((part, index) => resolvePart(part, around, `${param}[${index}]`)))
}

async function resolvePart(part: InputPart, around: Surroundings, param: string): Promise<InputPart> {
  if (part.type === 'input_image') return { ...part, image_url: await readImage(part, around, param) }
  if (part.type !== 'input_file') return part
  if (part.file_id) throw invalid('files are not kept here: send the file itself, in file_data', { param: `${param}.file_id` })
  const text = await readPart(part, around, param)
  return { type: 'input_file', ...(part.filename && { filename: part.filename }), file_data: `data:text/plain;base64,${toBase64(toUtf8(text))}` }
}

type FilePart = Extract<InputPart, { type: 'input_file' }>

async function readPart({ filename, file_data: data, file_url: url }: FilePart, { outside }: Surroundings, at: string): Promise<string> {
  const name = filename ?? null
  if (data) return readFileText({ data, name, param: `${at}.file_data` })
  const param = `${at}.file_url`
  if (!url) throw invalid('a file needs file_data, or a file_url', { param: `${at}.file_data` })
  const { type, bytes } = await fetchFrom(url, outside, { maxBytes: MAX_FILE_BYTES }, param)
  return textOfFile(bytes, { type, name, param })
}

async function fetchFrom(url: string, outside: HttpDeps['outside'], wanted: { maxBytes: number; types?: readonly string[] }, param: string) {
  try {
    const fetched = await outside.fetch(url, { ...wanted, signal: new AbortController().signal })
    if (fetched.status === 200) return fetched
    throw invalid(`what lies there could not be had: the answer was ${fetched.status}`)
  } catch (error) {
    throw error instanceof GatewayError ? new GatewayError(error.code, error.message, { ...error.options, param }) : error
  }
}

/** As a data URL. */
async function readImage(part: Extract<InputPart, { type: 'input_image' }>, { outside }: Surroundings, param: string): Promise<string> {
  const url = part.image_url ?? ''
  if (part.file_id) throw invalid('files are not kept here: send the image itself, as a data URL in image_url', { param: `${param}.file_id` })
  if (/^data:[^;,]+;base64,/.test(url)) return url
  if (!/^https?:\/\//i.test(url)) throw invalid('image_url must be an http(s) or a base64 data URL', { param: `${param}.image_url` })
  const { type, bytes } = await fetchFrom(url, outside, { maxBytes: MAX_IMAGE_BYTES, types: ['image/*'] }, `${param}.image_url`)
  return `data:${type};base64,${toBase64(bytes)}`
}

function unknownItem(id: string): never {
  throw new GatewayError('NOT_FOUND', `Item with id '${id}' not found. Items are not kept when \`store\` is false: send the item itself.`, { param: 'input' })
}

// --- what stands in items ---

export const isSystem = (item: ConversationItem): item is MessageItem & StoredItem =>
  item.type === 'message' && (item.role === 'system' || item.role === 'developer')

/** The words of a part; of a file, which has been read, with its name. */
export function textOfPart(part: InputPart): string | null {
  if (part.type === 'input_image') return null
  if (part.type === 'refusal') return part.refusal
  if (part.type !== 'input_file') return part.text
  const bytes = Uint8Array.from(atob(part.file_data?.split(',')[1] ?? ''), (char) => char.charCodeAt(0))
  return `[file${part.filename ? `: ${part.filename}` : ''}]\n${new TextDecoder().decode(bytes)}\n[end of file]`
}

export const textOf = (content: InputContent): string =>
  typeof content === 'string' ? content : content.flatMap((part) => textOfPart(part) ?? []).join('\n')

export const imagesIn = (content: InputContent): readonly string[] =>
  typeof content === 'string' ? [] : content.flatMap((part) => (part.type === 'input_image' && part.image_url ? [part.image_url] : []))

// --- compaction ---

const SEAL = 'edgeclaw1.'

/** A summary for the client to bring back; opaque to it, but no secret from it: it is of its own conversation. */
export const sealSummary = (summary: string): string => SEAL + toBase64Url(toUtf8(JSON.stringify({ summary })))

export function summaryOf(sealed: string): string {
  const bytes = sealed.startsWith(SEAL) ? fromBase64Url(sealed.slice(SEAL.length)) : null
  const parsed = bytes && parseJson(new TextDecoder().decode(bytes))
  const summary = parsed?.ok ? (parsed.value as { summary?: unknown } | null)?.summary : null
  if (typeof summary === 'string') return summary
  throw invalid('this compaction was not made here: send the conversation itself, or what POST /v1/responses/compact of this gateway gave', {
    param: 'input',
  })
}
