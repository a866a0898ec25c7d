// The parts of messages: links are followed by the guarded fetch alone, files are read, and each within bounds.

import { describe, expect, it } from 'vitest'
import { readParts } from '../../src/http/openai-parts.ts'
import { chatRequest } from '../../src/protocol/openai.ts'
import { GatewayError } from '../../src/protocol/errors.ts'
import type { Fetched, Wanted } from '../../src/services/network/guarded-fetch.ts'
import type { Data } from '../harness/client.ts'

const image = (url: string) => ({ type: 'image_url', image_url: { url } })
const file = (file_data: string | undefined, more: Data = {}) => ({ type: 'file', file: { file_data, ...more } })

function make(answer: Partial<Fetched> = {}) {
  const asked: { url: string; wanted: Wanted }[] = []
  const outside = {
    check: () => {},
    async fetch(url: string, wanted: Wanted): Promise<Fetched> {
      asked.push({ url, wanted })
      if (url.includes('10.0.0.1')) throw new GatewayError('INVALID_REQUEST', 'the address cannot be used')
      return { url, status: 200, type: 'image/png', bytes: new Uint8Array([1, 2, 3]), ...answer }
    },
  }
  const { signal } = new AbortController()
  const read = async (...content: Data[]): Promise<Data> => {
    const { messages } = chatRequest.parse({ model: 'm', messages: [{ role: 'user', content }] })
    return (await readParts(messages, { outside, signal }))[0]!.content
  }
  return { read, asked, outside, signal }
}

describe('parts', () => {
  it('that are words, or images by their bytes, stay as they are', async () => {
    const { read, asked, outside, signal } = make()
    const parts = [{ type: 'text', text: 'a' }, image('data:image/png;base64,AAAA'), { type: 'refusal', refusal: 'no' }]
    expect(await read(...parts)).toEqual(parts)
    const messages = [{ role: 'user' as const, content: 'plain' }]
    expect(await readParts(messages, { outside, signal })).toBe(messages)
    expect(asked).toEqual([])
  })

  it('behind links are fetched: images only, of a size that is kept', async () => {
    const { read, asked, signal } = make()
    expect(await read(image('https://a.example/b.png'))).toEqual([image('data:image/png;base64,AQID')])
    expect(asked).toMatchObject([{ url: 'https://a.example/b.png', wanted: { types: ['image/*'], signal } }])
    expect(asked[0]!.wanted.maxBytes).toBeGreaterThan(0)
  })

  it('behind links that lead nowhere are refused with what was answered', async () => {
    await expect(make({ status: 404 }).read(image('https://a.example/b.png'))).rejects.toThrow('the image at a.example could not be had: the answer was 404')
    await expect(make({ status: 500 }).read(file('https://a.example/b.pdf'))).rejects.toThrow('the file at a.example could not be had: the answer was 500')
    await expect(make().read(image('http://10.0.0.1/x'))).rejects.toThrow('the address cannot be used')
  })

  it('have no more links and files than are followed and read', async () => {
    const { read, asked } = make()
    await expect(read(...Array.from({ length: 21 }, () => image('https://a.example/')))).rejects.toThrow('at most 20 are followed')
    await expect(read(...Array.from({ length: 21 }, () => file('AAAA')))).rejects.toThrow('at most 20 are read')
    expect(asked).toEqual([])
  })

  it('that are files become their words', async () => {
    const { read } = make()
    expect(await read(file(`data:text/plain;base64,${btoa('some notes')}`, { filename: 'notes.txt' }))).toEqual([{ type: 'text', text: '[file: notes.txt]\nsome notes\n[end of file]' }])
    expect(await read(file(btoa('bare')))).toEqual([{ type: 'text', text: '[file]\nbare\n[end of file]' }])
    const linked = make({ type: 'text/plain', bytes: new TextEncoder().encode('from afar') })
    expect(await linked.read(file('https://a.example/notes.txt'))).toEqual([{ type: 'text', text: '[file]\nfrom afar\n[end of file]' }])
  })

  it.each([
    [file(undefined, { file_id: 'file-1' }), 'files are not kept here'],
    [file(undefined), 'a file needs file_data'],
    [{ type: 'input_audio', input_audio: { data: 'AAAA', format: 'wav' } }, 'audio is not heard here'],
    [image('ftp://a.example/b'), 'must be an http(s) or a base64 data URL'],
    [image('data:image/png,raw'), 'must be an http(s) or a base64 data URL'],
  ])('%j are refused', async (part, message) => {
    await expect(make().read(part)).rejects.toThrow(message)
  })
})
