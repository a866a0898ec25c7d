// Vectors, speech and transcripts behind the AI SDK, where a vendor has them.

import { fromBase64 } from '../kit/bytes.ts'
import { within } from '../ports/clock.ts'
import { ModelError, type EmbeddingModel, type ModelDeps, type ModelSpec, type SpeechModel, type TranscriptionModel } from '../ports/model.ts'
import { toMimeType } from './openai-media.ts'
import { toSdkFailure } from './sdk-failure.ts'
import { loadModels } from './sdk-load.ts'
import type { SdkModels, SdkWire } from './sdk-wire.ts'

export function sdkEmbedding(wire: SdkWire, spec: ModelSpec, deps: ModelDeps): EmbeddingModel {
  return {
    ...named(spec),
    embed: ({ texts, dimensions }, { signal }) =>
      ask(wire, spec, deps, signal, async (models, aborting) => {
        const model = models.embedding?.(spec.model) ?? none(spec, 'embeddings')
        const size = Math.max(1, (await model.maxEmbeddingsPerCall) ?? texts.length)
        const vectors: number[][] = []
        let tokens: number | null = null
        for (let from = 0; from < texts.length; from += size) {
          const providerOptions = dimensions === undefined ? undefined : wire.toDimensions?.(dimensions)
          const answer = await model.doEmbed({ values: texts.slice(from, from + size), abortSignal: aborting, ...(providerOptions && { providerOptions }) })
          vectors.push(...answer.embeddings)
          if (answer.usage) tokens = (tokens ?? 0) + answer.usage.tokens
        }
        return { vectors, tokens }
      }),
  }
}

export function sdkSpeech(wire: SdkWire, spec: ModelSpec, deps: ModelDeps): SpeechModel {
  return {
    ...named(spec),
    speak: ({ text, voice, format, speed, instructions }, { signal }) =>
      ask(wire, spec, deps, signal, async (models, aborting) => {
        const model = models.speech?.(spec.model) ?? none(spec, 'speech')
        const wish = { ...(voice !== undefined && { voice }), ...(format !== undefined && { outputFormat: format }), ...(speed !== undefined && { speed }), ...(instructions !== undefined && { instructions }) }
        const { audio } = await model.doGenerate({ text, ...wish, abortSignal: aborting })
        const bytes = typeof audio === 'string' ? fromBase64(audio) : new Uint8Array(audio)
        if (!bytes || bytes.byteLength === 0) throw new ModelError('server', `${spec.provider} answered without any audio`)
        return { bytes, mimeType: mimeTypeOf(bytes) ?? toMimeType(format ?? 'mp3') }
      }),
  }
}

export function sdkTranscription(wire: SdkWire, spec: ModelSpec, deps: ModelDeps): TranscriptionModel {
  return {
    ...named(spec),
    transcribe: ({ audio, language, prompt, temperature }, { signal }) =>
      ask(wire, spec, deps, signal, async (models, aborting) => {
        const model = models.transcription?.(spec.model) ?? none(spec, 'transcriptions')
        const wish = { ...(language !== undefined && { language }), ...(prompt !== undefined && { prompt }), ...(temperature !== undefined && { temperature }) }
        const providerOptions = { [model.provider.split('.')[0]!]: wish, openai: wish }
        const answer = await model.doGenerate({ audio: audio.bytes, mediaType: audio.mimeType, abortSignal: aborting, providerOptions })
        return {
          text: answer.text,
          language: answer.language ?? null,
          seconds: answer.durationInSeconds ?? null,
          segments: answer.segments.map((segment) => ({ text: segment.text, start: segment.startSecond, end: segment.endSecond })),
        }
      }),
  }
}

const named = ({ provider, model }: ModelSpec) => ({ id: `${provider}/${model}`, provider, model })

function none(spec: ModelSpec, what: string): never {
  throw new ModelError('invalid', `${spec.provider} has no ${what}: name a model of another provider`)
}

async function ask<T>(wire: SdkWire, spec: ModelSpec, deps: ModelDeps, signal: AbortSignal, work: (models: SdkModels, signal: AbortSignal) => Promise<T>): Promise<T> {
  try {
    return await within(deps.clock, spec.timeoutMs, signal, async (aborting) => work(await loadModels(wire, spec, deps, aborting), aborting))
  } catch (error) {
    throw signal.aborted ? signal.reason : toSdkFailure(spec, error, `${spec.provider} cannot be reached`)
  }
}

/** Of the formats that vendors answer with whatever was asked for. */
function mimeTypeOf(bytes: Uint8Array): string | null {
  const head = String.fromCharCode(...bytes.subarray(0, 4))
  if (head === 'RIFF') return 'audio/wav'
  if (head === 'OggS') return 'audio/ogg'
  if (head === 'fLaC') return 'audio/flac'
  return head.startsWith('ID3') ? 'audio/mpeg' : null
}
