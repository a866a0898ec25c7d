// The wire of OpenAI's embeddings, speech and transcriptions: what is accepted, and what is answered.

import * as z from 'zod'

const text = z.string()

/** Texts of one request. */
const MAX_TEXTS = 2048

export const embeddingRequest = z.looseObject({
  model: text.min(1),
  input: z.union([text.min(1), z.array(text.min(1)).min(1).max(MAX_TEXTS)], 'must be a text or an array of up to 2048 texts, none of them empty; tokens are not taken'),
  encoding_format: z.enum(['float', 'base64']).nullish(),
  dimensions: z.int().min(1).max(100_000).nullish(),
  user: text.nullish(),
})
export type EmbeddingRequest = z.output<typeof embeddingRequest>

export const embeddingList = z.strictObject({
  object: z.literal('list'),
  data: z.array(
    z.strictObject({
      object: z.literal('embedding'),
      index: z.int(),
      /** Base64: 32-bit floats, little-endian. */
      embedding: z.union([z.array(z.number()), text]),
    }),
  ),
  model: text,
  usage: z.strictObject({ prompt_tokens: z.int(), total_tokens: z.int() }),
})
export type EmbeddingList = z.output<typeof embeddingList>

export const AUDIO_FORMATS = ['mp3', 'opus', 'aac', 'flac', 'wav', 'pcm'] as const

export const speechRequest = z.looseObject({
  model: text.min(1),
  input: text.min(1),
  voice: z.union([text.min(1), z.looseObject({ id: text.min(1) })]).nullish(),
  response_format: z.enum(AUDIO_FORMATS).nullish(),
  speed: z.number().min(0.25).max(4).nullish(),
  instructions: text.max(4096).nullish(),
  stream_format: text.nullish(),
})
export type SpeechRequest = z.output<typeof speechRequest>

export const TRANSCRIPT_FORMATS = ['json', 'text', 'srt', 'verbose_json', 'vtt'] as const

/** The fields of the form beside the file. */
export const transcriptionFields = z.looseObject({
  model: text.min(1).max(300),
  language: text.regex(/^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})?$/, 'must be an ISO 639 code, such as "en"').optional(),
  prompt: text.max(10_000).optional(),
  response_format: z.enum(TRANSCRIPT_FORMATS).default('json'),
  temperature: z.coerce.number().min(0).max(1).optional(),
  stream: z.enum(['true', 'false']).optional(),
})
export type TranscriptionFields = z.output<typeof transcriptionFields>

export const transcription = z.strictObject({ text })

const segment = z.strictObject({
  id: z.int(),
  seek: z.int(),
  start: z.number(),
  end: z.number(),
  text,
  tokens: z.array(z.int()),
  temperature: z.number(),
  avg_logprob: z.number(),
  compression_ratio: z.number(),
  no_speech_prob: z.number(),
})

export const verboseTranscription = z.strictObject({ task: z.literal('transcribe'), language: text, duration: z.number(), text, segments: z.array(segment) })
export type VerboseTranscription = z.output<typeof verboseTranscription>

export const transcriptEvent = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('transcript.text.delta'), delta: text }),
  z.strictObject({ type: z.literal('transcript.text.done'), text }),
])
