// What a wire has beside language. Few use it: what speaks it is loaded when it is first used.

import type { EmbeddingModel, ModelDeps, ModelProvider, ModelSpec, SpeechModel, TranscriptionModel } from '../ports/model.ts'

interface Media {
  readonly embedding: EmbeddingModel
  readonly speech: SpeechModel
  readonly transcription: TranscriptionModel
}

export function mediaOf(load: (spec: ModelSpec, deps: ModelDeps) => Promise<Media>): Required<Pick<ModelProvider, keyof Media>> {
  const named = ({ provider, model }: ModelSpec) => ({ id: `${provider}/${model}`, provider, model })
  return {
    embedding: (spec, deps) => ({ ...named(spec), embed: async (wish, io) => (await load(spec, deps)).embedding.embed(wish, io) }),
    speech: (spec, deps) => ({ ...named(spec), speak: async (wish, io) => (await load(spec, deps)).speech.speak(wish, io) }),
    transcription: (spec, deps) => ({ ...named(spec), transcribe: async (wish, io) => (await load(spec, deps)).transcription.transcribe(wish, io) }),
  }
}
