// Models behind the AI SDK: its language models, one completion each. The loop, the tools and the attempts are ours. What
// speaks to it is loaded when such a model is first used, and the vendor's library with it.

import type { Model, ModelDeps, ModelEvent, ModelIo, ModelProvider, ModelRequest, ModelSpec } from '../ports/model.ts'
import { mediaOf } from './media.ts'
import type { SdkWire } from './sdk-wire.ts'

/** The wire of one vendor of the AI SDK. */
export function aiSdk(wire: SdkWire): ModelProvider {
  const { api, aliases, can = [], defaultBaseUrl, env } = wire
  const { embedding, speech, transcription } = mediaOf(async (spec, deps) => {
    const { sdkEmbedding, sdkSpeech, sdkTranscription } = await import('./sdk-media.ts')
    return { embedding: sdkEmbedding(wire, spec, deps), speech: sdkSpeech(wire, spec, deps), transcription: sdkTranscription(wire, spec, deps) }
  })
  return {
    api,
    ...(aliases && { aliases }),
    ...(defaultBaseUrl && { defaultBaseUrl }),
    ...(env && { env }),
    model: (spec, deps): Model => ({
      id: `${spec.provider}/${spec.model}`,
      provider: spec.provider,
      model: spec.model,
      api,
      stream: (request, io) => stream(wire, spec, deps, request, io),
    }),
    ...(can.includes('embedding') && { embedding }),
    ...(can.includes('speech') && { speech }),
    ...(can.includes('transcription') && { transcription }),
  }
}

async function* stream(wire: SdkWire, spec: ModelSpec, deps: ModelDeps, request: ModelRequest, io: ModelIo): AsyncGenerator<readonly ModelEvent[]> {
  const { complete } = await import('./sdk-complete.ts')
  yield* complete(wire, spec, deps, request, io)
}
