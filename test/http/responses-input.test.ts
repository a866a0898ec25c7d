// Items with ids, with their files read and their references followed; and the seal of a summary.

import { describe, expect, it } from 'vitest'
import { imagesIn, isSystem, resolveItems, sealSummary, summaryOf, textOf, type ConversationItem } from '../../src/http/responses-input.ts'
import { invalid } from '../../src/protocol/errors.ts'
import type { GuardedFetch } from '../../src/services/network/guarded-fetch.ts'
import { inputItem, type InputItem } from '../../src/protocol/responses.ts'
import type { Data } from '../harness/client.ts'

const items = (...given: readonly unknown[]): InputItem[] => given.map((item) => inputItem.parse(item))
/** A network with one file. */
const outside: GuardedFetch = {
  check: () => {},
  async fetch(url, { maxBytes, types }) {
    if (!url.startsWith('https://files.example/')) throw invalid('no way there')
    expect(maxBytes).toBeGreaterThan(1024 * 1024)
    return { url, status: url.endsWith('/gone') ? 404 : 200, type: types ? 'image/png' : 'text/plain', bytes: new TextEncoder().encode('from afar') }
  },
}
const resolve = (given: readonly unknown[], stored: Record<string, unknown> = {}) => resolveItems(items(...given), { find: (id) => (stored[id] as ConversationItem | undefined) ?? null, outside })

describe('the items of a request', () => {
  it('are one of a person when there is only a text, and none when there is nothing', async () => {
    expect(await resolveItems('hi', { find: () => null, outside })).toMatchObject([{ type: 'message', role: 'user', content: [{ type: 'input_text', text: 'hi' }], id: expect.stringMatching(/^msg_/) }])
    expect(await resolveItems(null, { find: () => null, outside })).toEqual([])
  })

  it('get ids of their kind, unless they have one', async () => {
    const resolved = await resolve([
      { role: 'user', content: 'a' },
      { role: 'user', content: 'b', id: 'mine' },
      { type: 'function_call', call_id: 'c', name: 'f', arguments: '{}' },
      { type: 'function_call_output', call_id: 'c', output: 'x' },
      { type: 'web_search_call' },
    ])
    expect(resolved.map(({ id }) => id.replace(/_[0-9a-f]{32}$/, ''))).toEqual(['msg', 'mine', 'fc', 'fco', 'item'])
  })

  it('are what their references mean', async () => {
    const stored = { type: 'message', id: 'msg_1', role: 'assistant', content: 'before' }
    expect(await resolve([{ type: 'item_reference', id: 'msg_1' }], { msg_1: stored })).toEqual([stored])
    await expect(resolve([{ id: 'msg_2' }])).rejects.toMatchObject({ code: 'NOT_FOUND', options: { param: 'input' } })
  })

  it('have files as words, also when they are read again', async () => {
    const file = { type: 'input_file', filename: 'a.md', file_data: btoa('# Überschrift'.replace('Ü', '\xc3\x9c')) }
    const [first] = await resolve([{ role: 'user', content: [file] }])
    const [second] = await resolve([first])
    expect(second).toEqual(first)
    expect(textOf((first as Data).content)).toBe('[file: a.md]\n# Überschrift\n[end of file]')
    const [output] = await resolve([{ type: 'function_call_output', call_id: 'c', output: [file] }])
    expect(textOf((output as Data).output)).toContain('Überschrift')
  })

  it('have files from elsewhere, a few', async () => {
    const file = { type: 'input_file', file_url: 'https://files.example/notes' }
    const [item] = await resolve([{ role: 'user', content: [file] }])
    expect(textOf((item as Data).content)).toContain('from afar')
    const image = { type: 'input_image', image_url: 'https://files.example/a.png' }
    const [seen] = await resolve([{ role: 'user', content: [image] }])
    expect(imagesIn((seen as Data).content)).toEqual([`data:image/png;base64,${btoa('from afar')}`])
    const many = Array.from({ length: 11 }, () => [file, image]).flat()
    await expect(resolve([{ role: 'user', content: many }])).rejects.toThrow('at most 20 are followed')
    await expect(resolve([{ role: 'user', content: [{ type: 'input_file', file_url: 'http://10.0.0.1/' }] }])).rejects.toMatchObject({ options: { param: 'input[0].content[0].file_url' } })
  })

  it.each([
    [{ type: 'input_image', file_id: 'file_1' }, 'image_url'],
    [{ type: 'input_image' }, 'data URL'],
    [{ type: 'input_image', image_url: 'file:///etc/passwd' }, 'data URL'],
    [{ type: 'input_file', file_id: 'file_1' }, 'file_data'],
    [{ type: 'input_file', file_url: 'http://127.0.0.1/x' }, 'no way there'],
    [{ type: 'input_file', file_url: 'https://files.example/gone' }, 'answer was 404'],
    [{ type: 'input_image', image_url: 'http://169.254.169.254/' }, 'no way there'],
    [{ type: 'input_file' }, 'file_data'],
  ])('%j is refused, with what to send instead', async (part, instead) => {
    await expect(resolve([{ role: 'user', content: [part] }])).rejects.toThrow(instead)
  })
})

describe('what stands in items', () => {
  it('is words, and pictures', () => {
    const content = [{ type: 'input_text' as const, text: 'a' }, { type: 'refusal' as const, refusal: 'b' }, { type: 'input_image' as const, image_url: 'https://x/y.png' }]
    expect([textOf(content), imagesIn(content), textOf('c'), imagesIn('c')]).toEqual(['a\nb', ['https://x/y.png'], 'c', []])
  })

  it('is of the system or not', async () => {
    const resolved = await resolve([{ role: 'system', content: 'x' }, { role: 'developer', content: 'x' }, { role: 'user', content: 'x' }])
    expect(resolved.map(isSystem)).toEqual([true, true, false])
  })
})

describe('a compaction', () => {
  it('comes back as its summary', () => {
    expect(summaryOf(sealSummary('They like tea: “Grüner Tee”.'))).toBe('They like tea: “Grüner Tee”.')
  })

  it.each(['', 'gAAAA of another', 'edgeclaw1.', 'edgeclaw1.!!!', `edgeclaw1.${btoa('{"summary":7}')}`, `edgeclaw1.${btoa('null')}`])('of another is refused: %s', async (sealed) => {
    expect(() => summaryOf(sealed)).toThrow('was not made here')
    await expect(resolve([{ type: 'compaction', encrypted_content: sealed }])).rejects.toMatchObject({ options: { param: 'input' } })
  })
})
