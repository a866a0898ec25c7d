// Vectors, speech and transcripts: on the OpenAI wire, and behind the AI SDK.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createFetch } from '../../runtimes/node/fetch.ts'
import { ModelError, type ModelProvider } from '../../src/ports/model.ts'
import { aiSdk } from '../../src/models/ai-sdk.ts'
import { openaiCompatible } from '../../src/models/openai-compatible.ts'
import { SDK_WIRES } from '../../src/models/sdk-wires.ts'
import type { Data } from '../harness/client.ts'
import { fakeClock } from '../harness/clock.ts'

interface Asked {
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly bytes: Buffer
}

let origin = ''
let asked: Asked[] = []
let reply: (asked: Asked, response: ServerResponse) => void = () => {}
const server = createServer((request, response) => {
  const parts: Buffer[] = []
  request.on('data', (part: Buffer) => parts.push(part))
  request.on('end', () => {
    const one = { path: request.url ?? '', headers: request.headers, bytes: Buffer.concat(parts) }
    asked.push(one)
    reply(one, response)
  })
})
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => {
  server.closeAllConnections()
  return new Promise<void>((resolve) => server.close(() => resolve()))
})

const sdk = (api: string) => aiSdk(SDK_WIRES.find((wire) => wire.api === api)!)
const deps = () => ({ fetch: createFetch(), clock: fakeClock() })
const io = () => ({ signal: new AbortController().signal })
const spec = (path: string) => ({ provider: 'mock', model: 'm', baseUrl: `${origin}${path}`, apiKey: 'sk-secret', headers: {}, timeoutMs: 60_000 })
const json = (body: unknown, status = 200) => (_: Asked, response: ServerResponse) => void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
function answering(answer: typeof reply) {
  asked = []
  reply = answer
}

describe('vectors', () => {
  const rows = (...vectors: readonly (readonly number[])[]) => json({ object: 'list', data: vectors.map((embedding, index) => ({ object: 'embedding', index, embedding })).toReversed(), model: 'm', usage: { prompt_tokens: 7, total_tokens: 7 } })
  const google = json({ embeddings: [{ values: [1, 2] }, { values: [3, 4] }] })
  const bedrock = (one: Asked, response: ServerResponse) => json({ embedding: (JSON.parse(String(one.bytes)) as Data).inputText === 'one' ? [1, 2] : [3, 4], inputTextTokenCount: 3 })(one, response)

  it.each<[string, ModelProvider, string, string, RegExp, typeof reply, string]>([
    ['openai-completions', openaiCompatible, '/v1', 'm', /^\/v1\/embeddings$/, rows([1, 2], [3, 4]), '"dimensions":256'],
    ['openai-responses', sdk('openai-responses'), '/v1', 'm', /^\/v1\/embeddings$/, json({ data: [{ embedding: [1, 2] }, { embedding: [3, 4] }], usage: { prompt_tokens: 7 } }), '"dimensions":256'],
    ['azure-openai-responses', sdk('azure-openai-responses'), '/openai/v1', 'm', /^\/openai\/v1\/embeddings/, json({ data: [{ embedding: [1, 2] }, { embedding: [3, 4] }], usage: { prompt_tokens: 7 } }), '"dimensions":256'],
    ['google-generative-ai', sdk('google-generative-ai'), '/v1beta', 'm', /^\/v1beta\/models\/m:batchEmbedContents$/, google, '"outputDimensionality":256'],
    ['mistral-conversations', sdk('mistral-conversations'), '/v1', 'm', /^\/v1\/embeddings$/, json({ data: [{ embedding: [1, 2] }, { embedding: [3, 4] }], usage: { prompt_tokens: 7 } }), ''],
    ['bedrock-converse-stream', sdk('bedrock-converse-stream'), '', 'amazon.titan-embed-text-v2:0', /^\/model\/amazon\.titan-embed-text-v2%3A0\/invoke$/, bedrock, '"dimensions":256'],
  ])('come through %s in the order of the texts', async (_, provider, path, model, where, answer, says) => {
    answering(answer)
    const { vectors } = await provider.embedding!({ ...spec(path), model }, deps()).embed({ texts: ['one', 'two'], dimensions: 256 }, io())
    expect(vectors).toEqual([[1, 2], [3, 4]])
    expect(asked[0]!.path).toMatch(where)
    expect(String(asked[0]!.bytes)).toContain(says)
  })

  it('may come as base64', async () => {
    answering(json({ data: [{ index: 0, embedding: Buffer.from(new Float32Array([0.5, -1]).buffer).toString('base64') }] }))
    expect(await openaiCompatible.embedding!(spec('/v1'), deps()).embed({ texts: ['x'] }, io())).toEqual({ vectors: [[0.5, -1]], tokens: null })
  })

  it.each([{ data: [] }, { data: [{ embedding: 'x' }] }, { data: null }, { data: [null] }])('are not made up out of %j', async (body) => {
    answering(json(body))
    await expect(openaiCompatible.embedding!(spec('/v1'), deps()).embed({ texts: ['x'] }, io())).rejects.toMatchObject({ kind: 'server' })
  })

  it.each([['openai-completions', openaiCompatible], ['mistral-conversations', sdk('mistral-conversations')]] as const)('fail through %s as models do', async (_, provider) => {
    answering(json({ error: { message: 'sk-secret is wrong' }, object: 'error', message: 'sk-secret is wrong', type: 'x', param: null, code: null }, 401))
    const failed = provider.embedding!(spec('/v1'), deps()).embed({ texts: ['x'] }, io())
    await expect(failed).rejects.toBeInstanceOf(ModelError)
    await expect(failed).rejects.toMatchObject({ kind: 'auth', status: 401, message: expect.stringContaining('[key] is wrong') as string })
  })

  it('end when they are aborted', async () => {
    const begun = Promise.withResolvers<void>()
    const gone = Promise.withResolvers<void>()
    answering((_, response) => {
      response.on('close', () => gone.resolve())
      begun.resolve()
    })
    const aborter = new AbortController()
    const failed = expect(openaiCompatible.embedding!(spec('/v1'), deps()).embed({ texts: ['x'] }, { signal: aborter.signal })).rejects.toThrow('enough')
    await begun.promise
    aborter.abort(new Error('enough'))
    await failed
    await gone.promise
  })
})

describe('speech', () => {
  const WAV = Buffer.from('RIFF....WAVE')
  const audio = (_: Asked, response: ServerResponse) => void response.writeHead(200, { 'content-type': 'audio/wav' }).end(WAV)

  it.each([['openai-completions', openaiCompatible], ['openai-responses', sdk('openai-responses')]] as const)('comes through %s', async (_, provider) => {
    answering(audio)
    const spoken = await provider.speech!(spec('/v1'), deps()).speak({ text: 'hello', voice: 'ann', format: 'wav', speed: 1.5, instructions: 'Be calm.' }, io())
    expect(Buffer.from(spoken.bytes)).toEqual(WAV)
    expect(spoken.mimeType).toBe('audio/wav')
    expect(asked[0]!.path).toBe('/v1/audio/speech')
    expect(JSON.parse(String(asked[0]!.bytes))).toMatchObject({ model: 'm', input: 'hello', voice: 'ann', response_format: 'wav', speed: 1.5, instructions: 'Be calm.' })
  })

  it('is refused where nothing comes', async () => {
    answering((_, response) => void response.writeHead(200, { 'content-type': 'audio/mpeg' }).end())
    await expect(openaiCompatible.speech!(spec('/v1'), deps()).speak({ text: 'x' }, io())).rejects.toThrow('without any audio')
  })
})

describe('transcripts', () => {
  const SAID = { model: 'm', usage: { prompt_audio_seconds: 2, prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 }, text: 'hello there', language: 'english', duration: 1.5, segments: [{ id: 0, seek: 0, start: 0, end: 1.5, text: 'hello there', tokens: [], temperature: 0, avg_logprob: 0, compression_ratio: 1, no_speech_prob: 0 }] }
  const sound = { bytes: new Uint8Array([82, 73, 70, 70, 1, 2, 3]), mimeType: 'audio/wav' }

  it.each([['openai-completions', openaiCompatible], ['openai-responses', sdk('openai-responses')], ['mistral-conversations', sdk('mistral-conversations')]] as const)('come through %s', async (_, provider) => {
    answering(json(SAID))
    const model = { ...spec('/v1'), model: 'whisper-1' }
    const said = await provider.transcription!(model, deps()).transcribe({ audio: sound, language: 'en' }, io())
    expect(said.text).toBe('hello there')
    expect(said.segments).toEqual([{ text: 'hello there', start: 0, end: 1.5 }])
    expect(asked[0]!.path).toBe('/v1/audio/transcriptions')
    expect(asked[0]!.headers['content-type']).toMatch(/^multipart\/form-data; ?boundary=/)
    expect(asked[0]!.bytes.includes(Buffer.from(sound.bytes))).toBe(true)
    expect(String(asked[0]!.bytes)).toContain('whisper-1')
  })

  it('are refused where the answer is none', async () => {
    answering(json({ nothing: true }))
    await expect(openaiCompatible.transcription!(spec('/v1'), deps()).transcribe({ audio: sound }, io())).rejects.toThrow('no transcript')
  })
})
