// The models of a vendor: its library, loaded when it is first needed, over the platform's transport.

import type { ModelDeps, ModelSpec } from '../ports/model.ts'
import type { Silence } from './attempt.ts'
import { toSdkFetch } from './sdk-fetch.ts'
import type { SdkModels, SdkWire } from './sdk-wire.ts'

/** `silence` is told when something is heard. */
export async function loadModels(wire: SdkWire, spec: ModelSpec, { fetch }: ModelDeps, signal: AbortSignal, silence?: Silence): Promise<SdkModels> {
  const make = await wire.load()
  const settings = {
    baseURL: wire.toBaseUrl?.(spec.baseUrl) ?? spec.baseUrl,
    apiKey: spec.apiKey ?? '',
    headers: { ...spec.headers },
    fetch: toSdkFetch(fetch, signal, () => !signal.aborted && silence?.reset()),
  }
  return make(settings, spec.options ?? {})
}
