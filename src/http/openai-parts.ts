// The parts of messages in chat completions: what lies behind a link is fetched, and files are read, so that what is left
// is words, and images by their bytes.

import { toBase64 } from '../kit/bytes.ts'
import { invalid } from '../protocol/errors.ts'
import type { ChatMessage, ContentPart } from '../protocol/openai.ts'
import { MAX_IMAGE_BYTES } from '../protocol/version.ts'
import type { GuardedFetch } from '../services/network/guarded-fetch.ts'
import { readFileText } from './file-text.ts'

interface Ways {
  readonly outside: GuardedFetch
  readonly signal: AbortSignal
}

/** Of one request at most. */
const MAX_LINKS = 20
const MAX_FILES = 20
const MAX_FILE_BYTES = 5 * 1024 * 1024
const FILE_TYPES = ['application/pdf', 'text/*', 'application/json', 'application/octet-stream']

const isLink = (url: string): boolean => /^https?:\/\//i.test(url)

export async function readParts(messages: readonly ChatMessage[], ways: Ways): Promise<readonly ChatMessage[]> {
  if (!messages.some(({ role, content }) => role === 'user' && typeof content === 'object')) return messages
  const parts = messages.flatMap(({ content }) => (typeof content === 'object' && content !== null ? content : []))
  const links = parts.filter((part) => part.type === 'image_url' && isLink(part.image_url.url)).length
  const files = parts.filter(({ type }) => type === 'file').length
  if (links > MAX_LINKS) throw invalid(`the request has ${links} links, at most ${MAX_LINKS} are followed: send images as data URLs`, { param: 'messages' })
  if (files > MAX_FILES) throw invalid(`the request has ${files} files, at most ${MAX_FILES} are read`, { param: 'messages' })
  return Promise.all(messages.map((message, index) => readMessage(message, `messages[${index}]`, ways)))
}

async function readMessage(message: ChatMessage, param: string, ways: Ways): Promise<ChatMessage> {
  if (message.role !== 'user' || typeof message.content === 'string') return message
  return { ...message, content: await Promise.all(message.content.map((part, index) => readPart(part, `${param}.content[${index}]`, ways))) }
}

async function readPart(part: ContentPart, param: string, ways: Ways): Promise<ContentPart> {
  switch (part.type) {
    case 'text':
    case 'refusal':
      return part
    case 'image_url':
      return { type: 'image_url', image_url: { url: await readImage(part.image_url.url, ways) } }
    case 'file':
      return { type: 'text', text: await readFile(part.file, param, ways) }
    case 'input_audio':
      throw invalid('audio is not heard here: have it written down by POST /v1/audio/transcriptions first', { param })
  }
}

/** As a data URL. */
async function readImage(url: string, { outside, signal }: Ways): Promise<string> {
  if (/^data:[^;,]+;base64,/.test(url)) return url
  if (!isLink(url)) throw invalid('image_url.url must be an http(s) or a base64 data URL', { param: 'messages' })
  const { status, type, bytes } = await outside.fetch(url, { maxBytes: MAX_IMAGE_BYTES, types: ['image/*'], signal })
  if (status !== 200) throw invalid(`the image at ${new URL(url).host} could not be had: the answer was ${status}`, { param: 'messages', code: 'invalid_image_url' })
  return `data:${type};base64,${toBase64(bytes)}`
}

async function readFile({ file_data: data, file_id: id, filename }: Extract<ContentPart, { type: 'file' }>['file'], param: string, ways: Ways): Promise<string> {
  if (id) throw invalid('files are not kept here: send the file itself, in file_data', { param: `${param}.file.file_id` })
  if (!data) throw invalid('a file needs file_data', { param: `${param}.file.file_data` })
  const text = await readFileText({ data: isLink(data) ? await fetchFile(data, param, ways) : data, name: filename ?? null, param: `${param}.file.file_data` })
  return `[file${filename ? `: ${filename}` : ''}]\n${text}\n[end of file]`
}

async function fetchFile(url: string, param: string, { outside, signal }: Ways): Promise<string> {
  const { status, type, bytes } = await outside.fetch(url, { maxBytes: MAX_FILE_BYTES, types: FILE_TYPES, signal })
  if (status !== 200) throw invalid(`the file at ${new URL(url).host} could not be had: the answer was ${status}`, { param })
  return `data:${type};base64,${toBase64(bytes)}`
}
