// Whether a provider answers: one short completion, with a time limit. What it says of a failure never has the key in it.

import { ModelError, type Model, type ModelProvider } from '../../ports/model.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Fetch } from '../../ports/platform.ts'
import { messageOf } from '../../kit/log.ts'
import type { ConfigService } from '../operations/config.ts'
import { KNOWN_PROVIDERS, OPENAI_WIRE } from './known-providers.ts'
import { wireOf } from './model-sources.ts'
import type { Models } from './models.ts'

export const PROBE_STATUSES = ['ok', 'auth', 'rate_limit', 'billing', 'timeout', 'format', 'unknown', 'no_model'] as const
export type ProbeStatus = (typeof PROBE_STATUSES)[number]

export interface ProbeTarget {
  readonly label: string
  readonly status: ProbeStatus
  readonly latencyMs?: number
  readonly error?: string
}

export interface Probed {
  readonly provider: string
  readonly status: ProbeStatus
  readonly latencyMs?: number
  readonly error?: string
  readonly results: readonly ProbeTarget[]
}

/** A provider that is not configured yet. */
export interface Candidate {
  readonly provider: string
  readonly model: string
  readonly baseUrl: string
  readonly apiKey: string | null
  readonly api?: string
}

export interface ModelProbe {
  /** Asks a provider as it is configured. */
  provider(provider: string, timeoutMs: number, signal?: AbortSignal): Promise<Probed>
  candidate(candidate: Candidate, timeoutMs: number, signal?: AbortSignal): Promise<ProbeTarget>
}

const MAX_ERROR_CHARS = 300
const QUESTION = { messages: [{ role: 'user', content: 'Answer with the one word OK.' }], tools: [], settings: { maxTokens: 16 }, whole: true } as const

export function createModelProbe(deps: {
  config: ConfigService
  models: Models
  providers: readonly ModelProvider[]
  fetch: Fetch
  clock: Clock
}): ModelProbe {
  const { config, models, providers, clock } = deps

  /** The model of a provider that is asked: the one that would answer, else the first that is known. */
  function modelOf(provider: string): string | null {
    const chosen = models.choiceFor(config.defaultAgentId())
    if (chosen.provider === provider) return chosen.model
    return config.providers()[provider]?.models?.[0]?.id ?? KNOWN_PROVIDERS.find(({ id }) => id === provider)?.model ?? null
  }

  async function ask(model: Model, label: string, secret: string | null, timeoutMs: number, signal?: AbortSignal): Promise<ProbeTarget> {
    const aborter = new AbortController()
    const cancel = clock.after(timeoutMs, () => aborter.abort(new ModelError('timeout', `no answer within ${timeoutMs} ms`)))
    const leave = () => aborter.abort(signal?.reason as Error)
    signal?.addEventListener('abort', leave, { once: true })
    const startedAt = clock.now()
    try {
      for await (const events of model.stream(QUESTION, { signal: aborter.signal })) {
        if (events.some(({ type }) => type === 'text' || type === 'reasoning' || type === 'stop')) break
      }
      return { label, status: 'ok', latencyMs: Math.max(0, clock.now() - startedAt) }
    } catch (error) {
      const said = messageOf(error)
      const hidden = secret ? said.replaceAll(secret, '…') : said
      const timedOut = aborter.signal.aborted && !signal?.aborted
      return { label, status: timedOut ? 'timeout' : statusOf(error), latencyMs: Math.max(0, clock.now() - startedAt), error: hidden.slice(0, MAX_ERROR_CHARS) || 'failed' }
    } finally {
      cancel()
      signal?.removeEventListener('abort', leave)
      aborter.abort(new Error('the probe is over'))
    }
  }

  return {
    async provider(provider, timeoutMs, signal) {
      const model = modelOf(provider)
      const isKnown = config.providers()[provider] !== undefined
      if (model === null) {
        const error = isKnown ? `models.providers.${provider} names no model` : 'No probe targets are available for this provider.'
        return { provider, status: isKnown ? 'no_model' : 'unknown', error, results: [] }
      }
      const id = `${provider}/${model}`
      let candidates: readonly Model[]
      try {
        candidates = await models.candidates(config.defaultAgentId(), id)
      } catch {
        return { provider, status: 'unknown', error: 'No probe targets are available for this provider.', results: [] }
      }
      const secret = config.providers()[provider]?.apiKey ?? null
      const { label, ...result } = await ask(candidates[0]!, `Configured credential · ${id}`, secret, timeoutMs, signal)
      return { provider, ...result, results: [{ label, ...result }] }
    },
    async candidate({ provider, model, baseUrl, apiKey, api = KNOWN_PROVIDERS.find(({ id }) => id === provider)?.api ?? OPENAI_WIRE }, timeoutMs, signal) {
      const label = `${provider}/${model}`
      const factory = wireOf(providers, api)
      if (!factory) return { label, status: 'format', error: `the wire "${api}" is not spoken here` }
      const spec = { provider, model, baseUrl: baseUrl.replace(/\/+$/, ''), apiKey, headers: {}, timeoutMs }
      return ask(factory.model(spec, { fetch: deps.fetch, clock }), label, apiKey, timeoutMs, signal)
    },
  }
}

function statusOf(error: unknown): ProbeStatus {
  if (!(error instanceof ModelError)) return 'unknown'
  const { kind, status, message } = error
  if (status === 402 || /billing|insufficient[_ ](quota|funds|credit)|credit balance/i.test(message)) return 'billing'
  if (kind === 'auth' || kind === 'rate_limit' || kind === 'timeout') return kind
  if (status === 404 || /model.{0,40}(not found|does not exist|unknown)/i.test(message)) return 'no_model'
  return kind === 'invalid' || kind === 'context_length' ? 'format' : 'unknown'
}
