// The words of an HTML page, in the order in which they stand: no scripts, no styles, links with where they lead. It goes
// through the source once, and understands no more of it than that takes.

export interface PlainText {
  readonly title: string | null
  readonly text: string
}

/** What people do not read: all up to the end of the element is left out. */
const SILENT = ['script', 'style', 'noscript', 'template', 'svg', 'head', 'title', 'iframe', 'object', 'canvas']
/** A line ends where these begin or end. */
const BLOCKS = /^(?:p|div|section|article|header|footer|main|nav|aside|ul|ol|li|table|tr|h[1-6]|blockquote|pre|br|hr|form|fieldset|figure|figcaption|dl|dt|dd|address)$/
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ', ndash: '–', mdash: '—', hellip: '…', copy: '©', laquo: '«', raquo: '»' }

export function toPlainText(html: string, base: string): PlainText {
  const pieces: string[] = []
  let link: string | null = null
  let at = 0
  while (at < html.length) {
    const open = html.indexOf('<', at)
    if (open === -1) {
      pieces.push(decode(html.slice(at)))
      break
    }
    if (open > at) pieces.push(decode(html.slice(at, open)))
    if (html.startsWith('<!--', open)) {
      const end = html.indexOf('-->', open + 4)
      at = end === -1 ? html.length : end + 3
      continue
    }
    if (!/^[/!?a-z]/i.test(html.slice(open + 1, open + 2))) {
      pieces.push('<')
      at = open + 1
      continue
    }
    const close = html.indexOf('>', open)
    const tag = html.slice(open + 1, close === -1 ? html.length : close)
    const name = /^\/?([a-z][a-z0-9]*)/i.exec(tag)?.[1]?.toLowerCase()
    at = close === -1 ? html.length : close + 1
    if (name === undefined) continue
    const isEnd = tag.startsWith('/')
    if (!isEnd && SILENT.includes(name)) at = endOf(html, name, at)
    else if (name === 'a') {
      if (isEnd && link !== null) pieces.push(` (${link})`)
      link = isEnd ? null : toLink(tag, base)
    } else if (name === 'li' && !isEnd) pieces.push('\n- ')
    else if (/^h[1-6]$/.test(name) && !isEnd) pieces.push(`\n\n${'#'.repeat(Number(name[1]))} `)
    else if (name === 'td' || name === 'th') pieces.push(isEnd ? ' | ' : '')
    else if (BLOCKS.test(name)) pieces.push('\n')
  }
  return { title: titleOf(html), text: tidy(pieces.join('')) }
}

function endOf(html: string, name: string, from: number): number {
  const pattern = new RegExp(`</${name}[\\s>]`, 'gi')
  pattern.lastIndex = from
  const found = pattern.exec(html)
  if (!found) return html.length
  const close = html.indexOf('>', found.index)
  return close === -1 ? html.length : close + 1
}

function titleOf(html: string): string | null {
  const open = /<title[^>]{0,200}>/i.exec(html)
  if (!open) return null
  const from = open.index + open[0].length
  const end = html.indexOf('<', from)
  const title = decode(html.slice(from, end === -1 ? from : end)).replace(/\s+/g, ' ').trim()
  return title === '' ? null : title.slice(0, 300)
}

function toLink(tag: string, base: string): string | null {
  const found = /\bhref\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))/i.exec(tag)
  const href = decode(found?.[1] ?? found?.[2] ?? found?.[3] ?? '').trim()
  if (href === '' || href.startsWith('#') || !URL.canParse(href, base)) return null
  const url = new URL(href, base)
  return url.protocol === 'http:' || url.protocol === 'https:' ? url.href : null
}

const decode = (text: string): string =>
  text.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]{2,8}));/gi, (all, decimal?: string, hex?: string, name?: string) => {
    if (name !== undefined) return ENTITIES[name.toLowerCase()] ?? all
    const code = decimal === undefined ? Number.parseInt(hex!, 16) : Number(decimal)
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : ''
  })

const tidy = (text: string): string =>
  text
    .split('\n')
    .map((line) => line.replace(/[ \t\r\f\v\u00a0]+/g, ' ').trim())
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim()
