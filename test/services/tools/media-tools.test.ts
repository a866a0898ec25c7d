import { expect, it } from 'vitest'
import { openaiCompatible } from '../../../src/models/openai-compatible.ts'
import type { Fetch } from '../../../src/ports/fetch.ts'
import { createMediaTools } from '../../../src/services/tools/media-tools.ts'
import type { Speech } from '../../../src/services/voice/speech.ts'
import { OPERATOR } from '../conversation/conversation.ts'
import { openBench } from './bench.ts'

const PNG = 'iVBORw0KGgo='
const speech = { active: () => ({ missing: null }), speak: async (text: string) => ({ bytes: new TextEncoder().encode(text), format: 'mp3', provider: 'mock' }) } as unknown as Speech

async function open(given: { speech?: Speech; model?: string; answer?: unknown; status?: number } = {}) {
  const asked: { url: string; body: Record<string, unknown> }[] = []
  const fetch: Fetch = async (url, init) => {
    asked.push({ url, body: JSON.parse(String(init.body)) as Record<string, unknown> })
    const text = JSON.stringify(given.answer ?? { data: [{ b64_json: PNG }] })
    return { status: given.status ?? 200, headers: { get: () => 'application/json' }, body: (async function* () { yield new TextEncoder().encode(text) })(), text: async () => text } // prettier-ignore
  }
  const { model = 'draws/gpt-image-1' } = given
  const config = { ...(model !== '' && { agents: { defaults: { imageGenerationModel: model } } }), models: { providers: { draws: { baseUrl: 'http://draws.test/v1', apiKey: 'k' } } } }
  const bench = await openBench({ config, fetch, providers: [openaiCompatible] })
  bench.add(createMediaTools({ ...bench, speech: given.speech ?? speech }))
  return { ...bench, asked }
}

it('makes a picture, shows it, and keeps it in the workspace', async () => {
  const { use, asked, agentFiles } = await open()
  const { result, images } = await use('image_generate', { prompt: 'a crab', size: '1024x1024' })
  expect(asked).toEqual([{ url: 'http://draws.test/v1/images/generations', body: { model: 'gpt-image-1', prompt: 'a crab', n: 1, size: '1024x1024' } }])
  expect(images).toEqual([{ mimeType: 'image/png', base64: PNG }])
  const { path } = result as { path: string }
  expect(path).toMatch(/^media\/[\w-]+\.png$/)
  expect(await agentFiles.read('main', path)).toMatchObject({ encoding: 'base64', content: PNG })
})

it('is not offered where nothing makes pictures or speaks', async () => {
  const { tools } = await open({ model: '', speech: { active: () => null } as unknown as Speech })
  expect([tools.has('image_generate'), tools.has('tts')]).toEqual([false, false])
})

it('says what the provider says', async () => {
  expect((await (await open({ answer: { data: [] } })).use('image_generate', { prompt: 'x' })).text).toContain('answered without a picture')
  expect(await (await open({ status: 400, answer: { error: { message: 'not that' } } })).use('image_generate', { prompt: 'x' })).toMatchObject({ isError: true, text: expect.stringContaining('not that') })
  expect((await (await open()).use('image_generate', { prompt: 'x', model: 'nobody/x' })).text).toContain('is not configured')
  const principal = { ...OPERATOR, id: 'key:1', key: { id: '1', models: ['other/*'] } }
  expect((await (await open()).use('image_generate', { prompt: 'x' }, { principal })).text).toBe('this key may not use draws/gpt-image-1')
})

it('speaks into a file', async () => {
  const { json, agentFiles } = await open()
  const { path, provider } = await json('tts', { text: 'hello' })
  expect([provider, path]).toEqual(['mock', expect.stringMatching(/^media\/[\w-]+\.mp3$/)])
  expect((await agentFiles.read('main', path))!.content).toBe('hello')
})
