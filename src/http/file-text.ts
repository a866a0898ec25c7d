// The words in a file that came with a request: of plain text and of PDF. What a PDF takes is bounded: its bytes, its
// pages, and the characters that come out.

import { fromBase64 } from '../kit/bytes.ts'
import { invalid } from '../protocol/errors.ts'

export interface SentFile {
  /** A data URL, or base64 alone. */
  readonly data: string
  readonly name: string | null
  /** Where it stands in the request. */
  readonly param: string
}

export const MAX_FILE_BYTES = 5 * 1024 * 1024
const MAX_PAGES = 200
const MAX_CHARS = 200_000

const TEXT_TYPES = /^(?:text\/.*|application\/(?:json|xml|yaml|x-yaml|toml|javascript|typescript|x-sh|sql|.*\+json|.*\+xml))$/
const TEXT_ENDINGS = /\.(?:txt|md|markdown|csv|tsv|json|jsonl|xml|html?|ya?ml|toml|ini|log|sh|sql|[jt]sx?|mjs|cjs|py|rb|go|rs|java|c|h|cc|cpp|cs|php|css)$/i

export async function readFileText({ data, name, param }: SentFile): Promise<string> {
  const url = /^data:([^;,]*)(?:;[^,]*)?;base64,(.*)$/s.exec(data)
  const bytes = fromBase64(url?.[2] ?? data)
  if (!bytes) throw invalid('file_data must be base64, or a data URL with base64 in it', { param })
  if (bytes.byteLength > MAX_FILE_BYTES) throw invalid(`the file has ${bytes.byteLength} bytes, at most ${MAX_FILE_BYTES} are accepted`, { param })
  return textOfFile(bytes, { type: (url?.[1] ?? '').toLowerCase(), name, param })
}

/** `type`: the media type in lower case; empty when nobody knows it. */
export async function textOfFile(bytes: Uint8Array<ArrayBuffer>, { type, name, param }: { type: string; name: string | null; param: string }): Promise<string> {
  const text = isPdf(bytes) ? await readPdf(bytes, param) : readPlain(bytes, type, name, param)
  return text.length > MAX_CHARS ? `${text.slice(0, MAX_CHARS)}\n[the file goes on: it was cut here]` : text
}

const isPdf = (bytes: Uint8Array): boolean => new TextDecoder('latin1').decode(bytes.subarray(0, 5)) === '%PDF-'

async function readPdf(bytes: Uint8Array<ArrayBuffer>, param: string): Promise<string> {
  try {
    const { getDocumentProxy } = await import('unpdf')
    const document = await getDocumentProxy(bytes)
    try {
      return await textOfPages(document)
    } finally {
      await document.loadingTask.destroy()
    }
  } catch {
    throw invalid('the PDF cannot be read: is it whole, and without a password?', { param })
  }
}

interface Pages {
  readonly numPages: number
  getPage(n: number): Promise<{ getTextContent(): Promise<{ items: readonly object[] }> }>
}

async function textOfPages(document: Pages): Promise<string> {
  const pages: string[] = []
  let chars = 0
  for (let n = 1; n <= Math.min(document.numPages, MAX_PAGES) && chars <= MAX_CHARS; n++) {
    const { items } = await (await document.getPage(n)).getTextContent()
    const text = (items as readonly { str?: string; hasEOL?: boolean }[]).map(({ str = '', hasEOL }) => (hasEOL ? `${str}\n` : str)).join('')
    pages.push(text)
    chars += text.length
  }
  return pages.join('\n\n')
}

function readPlain(bytes: Uint8Array, type: string, name: string | null, param: string): string {
  const isText = TEXT_TYPES.test(type) || ((type === '' || type === 'application/octet-stream') && (name === null || TEXT_ENDINGS.test(name)))
  if (!isText) throw invalid(`a file of the type "${(type || name || 'unknown').slice(0, 100)}" cannot be read: send text or PDF`, { param })
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw invalid('the file is no text in UTF-8: send text or PDF', { param })
  }
}
