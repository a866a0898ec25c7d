// Transcriptions: the form, its bounds, and each format of what comes out.

import { describe, expect, it } from 'vitest'
import { TOKEN } from '../harness/platform.ts'
import { transcription, verboseTranscription } from '../../src/protocol/openai-media.ts'
import type { Transcription, TranscriptionWish } from '../../src/ports/model.ts'
import { errorOf } from './door.ts'
import { openMedia } from './media-door.ts'

const PATH = '/v1/audio/transcriptions'
const BYTES = new Uint8Array([1, 2, 3])
const PLAIN: Transcription = { text: 'Hello there.', language: null, seconds: null, segments: [] }

async function open(said: Transcription = PLAIN, config = {}) {
  const wishes: TranscriptionWish[] = []
  const transcribe = async (wish: TranscriptionWish) => {
    wishes.push(wish)
    return said
  }
  const door = await openMedia({ transcribe }, config)
  const send = (fields: Record<string, string> = {}, file: File | null = new File([BYTES], 'said.mp3'), headers: Record<string, string> = {}) => {
    const form = new FormData()
    if (file) form.append('file', file)
    for (const [name, value] of Object.entries({ model: 'played/one', ...fields })) form.append(name, value)
    const request = new Request(`http://127.0.0.1:18789${PATH}`, { method: 'POST', body: form, headers: { authorization: `Bearer ${TOKEN}`, ...headers } })
    return door.gateway.fetch(request, { remoteAddress: '127.0.0.1' })
  }
  return { ...door, send, wishes }
}

describe('a transcription', () => {
  it('is made of the recording, as it was asked for', async () => {
    const { send, wishes } = await open()
    const response = await send({ language: 'de', prompt: 'Ada', temperature: '0.5' })
    expect(transcription.parse(await response.json())).toEqual({ text: 'Hello there.' })
    expect(wishes).toEqual([{ audio: { bytes: BYTES, mimeType: 'audio/mpeg' }, language: 'de', prompt: 'Ada', temperature: 0.5 }])
  })

  it.each([
    ['said.wav', '', 'audio/wav'],
    ['said', 'audio/webm', 'audio/webm'],
    ['said.M4A', 'application/octet-stream', 'audio/mp4'],
    ['said.mp4', 'video/mp4', 'video/mp4'],
  ])('knows %s of the type "%s" as %s', async (name, type, expected) => {
    const { send, wishes } = await open()
    expect((await send({}, new File([BYTES], name, { type }))).status).toBe(200)
    expect(wishes[0]!.audio.mimeType).toBe(expected)
  })

  it('has times where the provider tells them, and is one piece where it does not', async () => {
    const timed = { ...PLAIN, language: 'english', seconds: 3725.5, segments: [{ text: ' Hello', start: 0, end: 1.25 }, { text: ' there.', start: 3600, end: 3725.5 }] }
    const known = await open(timed)
    expect(verboseTranscription.parse(await (await known.send({ response_format: 'verbose_json' })).json())).toMatchObject({ duration: 3725.5, language: 'english', segments: [{ id: 0 }, { id: 1, start: 3600 }] })
    expect(await (await known.send({ response_format: 'srt' })).text()).toBe('1\n00:00:00,000 --> 00:00:01,250\nHello\n\n2\n01:00:00,000 --> 01:02:05,500\nthere.\n')
    const unknown = await open()
    const verbose = verboseTranscription.parse(await (await unknown.send({ response_format: 'verbose_json', language: 'de' })).json())
    expect(verbose).toMatchObject({ duration: 0, language: 'de', segments: [{ text: 'Hello there.' }] })
    expect(await (await unknown.send({ response_format: 'vtt' })).text()).toBe('WEBVTT\n\n00:00:00.000 --> 00:00:00.000\nHello there.\n')
  })

  it('is streamed as one piece', async () => {
    const { send } = await open()
    const response = await send({ stream: 'true' })
    expect(response.headers.get('content-type')).toContain('text/event-stream')
    expect(await response.text()).toBe('data: {"type":"transcript.text.delta","delta":"Hello there."}\n\ndata: {"type":"transcript.text.done","text":"Hello there."}\n\ndata: [DONE]\n\n')
  })

  it('is by the configured model where an agent is named', async () => {
    const { send } = await open(PLAIN, { models: { transcription: 'played/two' } })
    expect((await send({ model: 'openclaw' })).status).toBe(200)
  })

  it('counts for the key that asks', async () => {
    const { send, holder, usageOf } = await open()
    const { headers, id } = await holder({ models: ['played/one'] })
    expect((await send({}, undefined, headers)).status).toBe(200)
    expect(await usageOf(id)).toMatchObject({ requests: 1, outputTokens: 3 })
    expect(await errorOf(await send({ model: 'played/two' }, undefined, headers))).toMatchObject({ status: 403 })
  })
})

describe('what is refused', () => {
  it.each([
    [{ response_format: 'pdf' }, 'response_format'],
    [{ temperature: 'hot' }, 'temperature'],
    [{ language: 'a language' }, 'language'],
    [{ model: '' }, 'model'],
  ])('%j', async (fields, param) => {
    const { send } = await open()
    expect(await errorOf(await send(fields))).toMatchObject({ status: 400, param })
  })

  it('is a form without a recording, with an empty one, with too much, and what is no form', async () => {
    const { send, ask } = await open()
    expect(await errorOf(await send({}, null))).toMatchObject({ status: 400, param: 'file' })
    expect(await errorOf(await send({ file: 'text' }, null))).toMatchObject({ status: 400, param: 'file' })
    expect(await errorOf(await send({}, new File([], 'said.mp3')))).toMatchObject({ status: 400, message: 'the file is empty' })
    expect(await errorOf(await send({}, new File([BYTES], 'said.docx')))).toMatchObject({ status: 400, message: expect.stringContaining('no recording') })
    expect(await errorOf(await send(Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`f${n}`, 'x']))))).toMatchObject({ status: 400, message: expect.stringContaining('at most 50') })
    for (const type of ['multipart/form-data', 'multipart/form-data; boundary=nothing']) {
      expect((await errorOf(await ask(PATH, { body: 'no form', headers: { 'content-type': type } }))).status).toBeOneOf([400, 415])
    }
  })

  it('is where no provider can, with what to configure', async () => {
    const { send } = await open()
    expect(await errorOf(await send({ model: 'openclaw' }))).toMatchObject({ status: 503, message: expect.stringContaining('models.transcription') })
    const without = await openMedia()
    const form = new FormData()
    form.append('file', new File([BYTES], 'said.mp3'))
    form.append('model', 'played/one')
    const request = new Request(`http://127.0.0.1:18789${PATH}`, { method: 'POST', body: form, headers: { authorization: `Bearer ${TOKEN}` } })
    expect(await errorOf(await without.gateway.fetch(request, { remoteAddress: '127.0.0.1' }))).toMatchObject({ status: 400, message: expect.stringContaining('has no transcription here') })
  })
})
