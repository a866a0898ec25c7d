// One completion behind the AI SDK: as many attempts as it deserves, over a transport that is watched, to its last part.

import { abortable } from '../kit/async.ts'
import { ModelError, type ModelDeps, type ModelEvent, type ModelIo, type ModelRequest, type ModelSpec } from '../ports/model.ts'
import { follow, silenceOf, watchSilence, withAttempts, type Silence } from './attempt.ts'
import { createSdkAnswer } from './sdk-answer.ts'
import { toSdkFailure } from './sdk-failure.ts'
import { loadModels } from './sdk-load.ts'
import { toCallOptions } from './sdk-prompt.ts'
import type { SdkModels, SdkWire, StreamPart } from './sdk-wire.ts'

export async function* complete(wire: SdkWire, spec: ModelSpec, deps: ModelDeps, request: ModelRequest, io: ModelIo): AsyncGenerator<readonly ModelEvent[]> {
  const { signal } = io
  const { upstream, release } = follow(signal)
  const silence = watchSilence(deps.clock, spec, silenceOf(spec, request), upstream)
  let reader: ReadableStreamDefaultReader<StreamPart> | null = null
  let finished = false
  try {
    const models = await loadModels(wire, spec, deps, upstream.signal, silence)
    reader = (await connect(wire, spec, deps, models, request, { ...io, upstream: upstream.signal, silence })).getReader()
    const answer = createSdkAnswer(wire.api, spec)
    for (;;) {
      const { done, value } = await abortable(reader.read(), upstream.signal)
      if (done) break
      const event = answer.add(value)
      if (event) yield [event]
    }
    finished = true
    yield answer.end()
  } catch (error) {
    if (silence.failure) throw silence.failure
    throw signal.aborted ? signal.reason : toSdkFailure(spec, error, `${spec.provider} broke off in the middle of the answer`)
  } finally {
    silence.cancel()
    release()
    if (!finished) {
      upstream.abort() // frees the connection of an answer that nobody reads to its end
      void reader?.cancel().catch(() => {})
    }
  }
}

interface Io extends ModelIo {
  readonly upstream: AbortSignal
  readonly silence: Silence
}

/** The answer's beginning. */
async function connect(wire: SdkWire, spec: ModelSpec, { clock }: ModelDeps, models: SdkModels, request: ModelRequest, io: Io): Promise<ReadableStream<StreamPart>> {
  const model = models.language(spec.model)
  const options = toCallOptions(wire, spec.model, request)
  if (!wire.fetchesImages) assertReachable(spec, options.prompt, await model.supportedUrls)
  const once = async () => (await model.doStream({ ...options, ...(io.headers && { headers: { ...io.headers } }), abortSignal: io.upstream })).stream
  return withAttempts(clock, io, once, (error) => toSdkFailure(spec, error, `${spec.provider} cannot be reached`))
}

/** Addresses that the vendor does not fetch by itself are refused: fetching them is not a model's business. */
function assertReachable(spec: ModelSpec, prompt: ReturnType<typeof toCallOptions>['prompt'], supported: Record<string, RegExp[]>): void {
  const patterns = Object.entries(supported).flatMap(([type, list]) => (/^(image\/.*|\*|\*\/\*)$/.test(type) ? list : []))
  for (const message of prompt) {
    if (message.role !== 'user') continue
    for (const part of message.content) {
      if (part.type !== 'file' || part.data.type !== 'url') continue
      const url = String(part.data.url)
      if (!patterns.some((pattern) => pattern.test(url))) throw new ModelError('invalid', `${spec.provider} does not fetch images: send the image itself instead of its address`)
    }
  }
}
