// Words in files: text and PDF, within bounds, and nothing else.

import { describe, expect, it } from 'vitest'
import { readFileText } from '../../src/http/file-text.ts'

const read = (data: string, name: string | null = null) => readFileText({ data, name, param: 'input[0]' })
const url = (type: string, bytes: string) => `data:${type};base64,${btoa(bytes)}`

function pdf(...pages: readonly string[]): string {
  const kids = pages.map((_, n) => `${4 + n * 2} 0 R`).join(' ')
  const objects = pages.map((text, n) => {
    const stream = `BT /F1 12 Tf 10 50 Td (${text}) Tj ET`
    return `${4 + n * 2} 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 100]/Contents ${5 + n * 2} 0 R/Resources<</Font<</F1 3 0 R>>>>>>endobj
${5 + n * 2} 0 obj<</Length ${stream.length}>>stream\n${stream}\nendstream endobj`
  })
  return `%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[${kids}]/Count ${pages.length}>>endobj\n3 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj\n${objects.join('\n')}\ntrailer<</Root 1 0 R>>\n%%EOF`
}

describe('a file', () => {
  it('of text is its words, whatever says that it is text', async () => {
    expect(await read(url('text/plain', 'plain'))).toBe('plain')
    expect(await read(url('text/csv;charset=utf-8', 'a,b'))).toBe('a,b')
    expect(await read(url('application/json', '{}'))).toBe('{}')
    expect(await read(btoa('bare base64'))).toBe('bare base64')
    expect(await read(url('application/octet-stream', '# head'), 'a.md')).toBe('# head')
  })

  it('of PDF is the words of its pages', async () => {
    expect(await read(url('application/pdf', pdf('first page', 'second page')))).toBe('first page\n\nsecond page')
    expect(await read(btoa(pdf('without a type')), 'x.bin')).toBe('without a type')
  })

  it('is cut where it is too long, and refused where it is too large', async () => {
    const long = await read(url('text/plain', 'x'.repeat(300_000)))
    expect(long.length).toBeLessThan(201_000)
    expect(long).toContain('was cut here')
    await expect(read(url('text/plain', 'x'.repeat(5 * 1024 * 1024 + 1)))).rejects.toThrow('at most 5242880')
    const pages = Array.from({ length: 202 }, (_, n) => `page ${n + 1}.`)
    const many = await read(url('application/pdf', pdf(...pages)))
    expect([many.includes('page 200.'), many.includes('page 201.')]).toEqual([true, false])
  })

  it.each([
    [url('application/zip', 'PK'), null, 'cannot be read'],
    [btoa('MZ'), 'virus.exe', 'cannot be read'],
    ['not base64!', null, 'must be base64'],
    [url('text/plain', '\xff\xfe'), null, 'no text in UTF-8'],
    [url('application/pdf', '%PDF-1.4 broken'), null, 'PDF cannot be read'],
  ])('%s (%s) is refused, with where it stands', async (data, name, reason) => {
    await expect(read(data, name)).rejects.toThrow(reason)
    await expect(read(data, name)).rejects.toMatchObject({ code: 'INVALID_REQUEST', options: { param: 'input[0]' } })
  })
})
