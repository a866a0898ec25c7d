// The schemas of answers against what OpenAI publishes: which members each object requires, and that an answer without
// any one of them is none.

import { describe, expect, it } from 'vitest'
import type * as z from 'zod'
import { embeddingList, transcriptEvent, transcription, verboseTranscription } from '../../src/protocol/openai-media.ts'
import { chatChunk, chatCompletion, openaiError, openaiModel, openaiModelList } from '../../src/protocol/openai.ts'
import type { Data } from '../harness/client.ts'

interface Published {
  readonly schema: z.ZodType
  readonly sample: Data
  /** By the path of the object: `''` is the answer itself, `[]` each element of an array. */
  readonly required: Readonly<Record<string, readonly string[]>>
}

const USAGE = {
  prompt_tokens: 1,
  completion_tokens: 2,
  total_tokens: 3,
  prompt_tokens_details: { cached_tokens: 0 },
  completion_tokens_details: { reasoning_tokens: 0 },
}
const USAGE_MEMBERS = ['prompt_tokens', 'completion_tokens', 'total_tokens']
const CALL = { id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } }
const MODEL = { id: 'm', object: 'model', created: 1, owned_by: 'o', permission: [] }
const MODEL_MEMBERS = ['id', 'object', 'created', 'owned_by']
const CHUNK = { id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm' }
const CHUNK_MEMBERS = { '': ['choices', 'created', 'id', 'model', 'object'], 'choices[]': ['delta', 'finish_reason', 'index'] }

const PUBLISHED: Readonly<Record<string, Published>> = {
  CreateChatCompletionResponse: {
    schema: chatCompletion,
    sample: {
      id: 'c',
      object: 'chat.completion',
      created: 1,
      model: 'm',
      choices: [{ index: 0, message: { role: 'assistant', content: null, refusal: null, tool_calls: [CALL], reasoning_content: 'hm' }, logprobs: null, finish_reason: 'tool_calls' }],
      usage: USAGE,
    },
    required: {
      '': ['choices', 'created', 'id', 'model', 'object'],
      'choices[]': ['finish_reason', 'index', 'message', 'logprobs'],
      'choices[].message': ['role', 'content', 'refusal'],
      'choices[].message.tool_calls[]': ['id', 'type', 'function'],
      'choices[].message.tool_calls[].function': ['name', 'arguments'],
      usage: USAGE_MEMBERS,
    },
  },
  'CreateChatCompletionStreamResponse, of words': {
    schema: chatChunk,
    sample: { ...CHUNK, choices: [{ index: 0, delta: { role: 'assistant', content: 'x', refusal: 'x', reasoning_content: 'x' }, logprobs: null, finish_reason: null }], usage: null },
    required: CHUNK_MEMBERS,
  },
  'CreateChatCompletionStreamResponse, of calls': {
    schema: chatChunk,
    sample: { ...CHUNK, choices: [{ index: 0, delta: { tool_calls: [{ index: 0, ...CALL }] }, finish_reason: null }] },
    required: { ...CHUNK_MEMBERS, 'choices[].delta.tool_calls[]': ['index'] },
  },
  'CreateChatCompletionStreamResponse, of usage': {
    schema: chatChunk,
    sample: { ...CHUNK, choices: [], usage: USAGE },
    required: { '': CHUNK_MEMBERS[''], usage: USAGE_MEMBERS },
  },
  ErrorResponse: {
    schema: openaiError,
    sample: { error: { message: 'm', type: 't', param: null, code: null, details: {} } },
    required: { '': ['error'], error: ['type', 'message', 'param', 'code'] },
  },
  Model: { schema: openaiModel, sample: MODEL, required: { '': MODEL_MEMBERS } },
  ListModelsResponse: { schema: openaiModelList, sample: { object: 'list', data: [MODEL] }, required: { '': ['object', 'data'], 'data[]': MODEL_MEMBERS } },
  CreateEmbeddingResponse: {
    schema: embeddingList,
    sample: { object: 'list', data: [{ object: 'embedding', index: 0, embedding: [0.5] }], model: 'm', usage: { prompt_tokens: 1, total_tokens: 1 } },
    required: { '': ['object', 'model', 'data', 'usage'], 'data[]': ['index', 'object', 'embedding'], usage: ['prompt_tokens', 'total_tokens'] },
  },
  CreateTranscriptionResponseJson: { schema: transcription, sample: { text: 'x' }, required: { '': ['text'] } },
  CreateTranscriptionResponseVerboseJson: {
    schema: verboseTranscription,
    sample: {
      task: 'transcribe',
      language: 'english',
      duration: 1,
      text: 'x',
      segments: [{ id: 0, seek: 0, start: 0, end: 1, text: 'x', tokens: [], temperature: 0, avg_logprob: 0, compression_ratio: 0, no_speech_prob: 0 }],
    },
    required: {
      '': ['language', 'duration', 'text'],
      'segments[]': ['id', 'seek', 'start', 'end', 'text', 'tokens', 'temperature', 'avg_logprob', 'compression_ratio', 'no_speech_prob'],
    },
  },
  TranscriptTextDeltaEvent: { schema: transcriptEvent, sample: { type: 'transcript.text.delta', delta: 'x' }, required: { '': ['type', 'delta'] } },
  TranscriptTextDoneEvent: { schema: transcriptEvent, sample: { type: 'transcript.text.done', text: 'x' }, required: { '': ['type', 'text'] } },
}

interface Place {
  readonly path: string
  readonly holder: Data
}

/** All objects in a value, with where they are. */
function objectsIn(value: unknown, path = ''): Place[] {
  if (typeof value !== 'object' || value === null) return []
  if (Array.isArray(value)) return value.flatMap((each) => objectsIn(each, `${path}[]`))
  const inner = Object.entries(value).flatMap(([key, each]) => objectsIn(each, path === '' ? key : `${path}.${key}`))
  return [{ path, holder: value as Data }, ...inner]
}

/** Copies of a value that each lack one member, or have one of no type that OpenAI knows. */
function mutantsOf(sample: Data): { path: string; key: string; without: Data; spoilt: Data }[] {
  const count = objectsIn(sample).length
  return Array.from({ length: count }, (_, n) => n).flatMap((n) =>
    Object.keys(objectsIn(sample)[n]!.holder).map((key) => {
      const [without, spoilt] = [structuredClone(sample), structuredClone(sample)]
      const { path, holder } = objectsIn(without)[n]!
      delete holder[key]
      objectsIn(spoilt)[n]!.holder[key] = { no: 'such thing' }
      return { path, key, without, spoilt }
    }),
  )
}

describe.each(Object.entries(PUBLISHED))('%s', (_, { schema, sample, required }) => {
  it('takes an answer that has all of it', () => {
    expect(schema.parse(sample)).toEqual(sample)
  })

  it('takes no answer that lacks what is required, and knows each of those members', () => {
    const mutants = mutantsOf(sample)
    const killed = mutants.filter(({ without }) => !schema.safeParse(without).success).map(({ path, key }) => `${path} ${key}`)
    const wanted = Object.entries(required).flatMap(([path, keys]) => keys.map((key) => `${path} ${key}`))
    expect(wanted.filter((each) => !mutants.some(({ path, key }) => `${path} ${key}` === each)), 'the sample has all of them').toEqual([])
    expect(wanted.filter((each) => !killed.includes(each))).toEqual([])
  })

  it('takes no answer in which a member is something else', () => {
    const survivors = mutantsOf(sample).filter(({ key, spoilt }) => key !== 'details' && schema.safeParse(spoilt).success)
    expect(survivors.map(({ path, key }) => `${path} ${key}`)).toEqual([])
  })

  it('takes no answer with a member that nobody knows', () => {
    for (const { path } of objectsIn(sample)) {
      if (path.endsWith('details') && path.startsWith('error')) continue
      const more = structuredClone(sample)
      for (const place of objectsIn(more)) if (place.path === path) place.holder['unheard_of'] = 1
      expect(schema.safeParse(more).success, path).toBe(false)
    }
  })
})
