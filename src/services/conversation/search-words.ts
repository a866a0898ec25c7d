// Words of texts and of searches, in one form for both. Pure.

/** Scripts that write no spaces between words: each character is a word of its own. */
const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/gu

/** A text as the index takes it in. */
export const toIndexed = (text: string): string => text.replace(UNSPACED, ' $& ')

/** The words and the "quoted phrases" of a query. */
export function termsOf(query: string): string[] {
  return [...query.matchAll(/"([^"]+)"|[^\s"]+/g)].map((match) => match[1] ?? match[0]).filter((term) => /[\p{L}\p{N}]/u.test(term))
}

/** A query of FTS5 that finds texts with all terms; null when there are none. Nothing of them is syntax. */
export function toMatch(terms: readonly string[]): string | null {
  if (terms.length === 0) return null
  return terms.map((term) => `"${toIndexed(term).replaceAll('"', ' ').trim()}"`).join(' ')
}

const SNIPPET_CHARS = 240
/** Of the snippet that stand before what was found. */
const LEAD_CHARS = 60

/** The part of a text around the first term that is found in it. */
export function snippetOf(text: string, terms: readonly string[]): string {
  const plain = text.trim().replace(/\s+/g, ' ')
  if (plain.length <= SNIPPET_CHARS) return plain
  const folded = fold(plain)
  const found = folded.length === plain.length ? terms.map((term) => folded.indexOf(fold(term))).filter((at) => at >= 0) : []
  const from = Math.max(0, Math.min(...(found.length > 0 ? found : [0])) - LEAD_CHARS)
  const start = from === 0 ? 0 : plain.indexOf(' ', from) + 1 || from
  const cut = plain.slice(start, start + SNIPPET_CHARS)
  return `${start > 0 ? '…' : ''}${cut}${start + SNIPPET_CHARS < plain.length ? '…' : ''}`
}

/** Without case and accents, as the index compares. */
const fold = (text: string): string => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase()
