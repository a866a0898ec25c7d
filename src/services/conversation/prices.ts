// What tokens cost: as the configuration says, else as is published by the providers. The list of published prices is
// large, and loaded when somebody asks for a cost. What nobody knows the price of has none; it is never guessed.

import type { ConfigService } from '../operations/config.ts'
import { LOCAL_SERVERS } from './known-providers.ts'

/** USD. */
export interface Cost {
  readonly input: number
  readonly output: number
  readonly cacheRead: number
  readonly cacheWrite: number
  readonly total: number
}

export interface Tokens {
  readonly input: number
  readonly output: number
  readonly cacheRead: number
  readonly cacheWrite: number
}

/** Of `runs` runs of a model together, by the prices of that time; null: nobody knows. */
export type PriceOf = (model: { readonly provider: string; readonly model: string }, tokens: Tokens, runs: number, at: number) => Cost | null

export interface Prices {
  /** Loads the list, once. */
  open(): Promise<PriceOf>
}

type Library = typeof import('@pydantic/genai-prices')

const FREE: Cost = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, total: 0 }

export function createPrices(config: ConfigService, load: () => Promise<Library> = () => import('@pydantic/genai-prices')): Prices {
  let library: Promise<Library | null> | null = null

  /** USD for a million tokens of each kind. */
  function configured(provider: string, model: string) {
    return config.providers()[provider]?.models?.find(({ id }) => id === model)?.cost
  }

  const isFree = (provider: string) => provider === 'builtin' || LOCAL_SERVERS.some(({ id }) => id === provider)

  function published({ findProvider, calcPrice }: Library, provider: string, model: string, tokens: Tokens, at: number): Cost | null {
    const url = config.providers()[provider]?.baseUrl
    const known = findProvider({ providerId: provider }) ?? (url === undefined ? undefined : findProvider({ providerApiUrl: url }))
    if (!known) return null
    const options = { provider: known, timestamp: new Date(at) }
    const { input, output, cacheRead, cacheWrite } = tokens
    const all = calcPrice({ input_tokens: input + cacheRead + cacheWrite, output_tokens: output, cache_read_tokens: cacheRead, cache_write_tokens: cacheWrite }, model, options)
    if (!all) return null
    const part = (counts: Record<string, number>) => Math.min(all.input_price, calcPrice(counts, model, options)?.input_price ?? 0)
    const read = cacheRead === 0 ? 0 : part({ input_tokens: cacheRead, cache_read_tokens: cacheRead })
    const written = cacheWrite === 0 ? 0 : part({ input_tokens: cacheWrite, cache_write_tokens: cacheWrite })
    return toCost(Math.max(0, all.input_price - read - written), all.output_price, read, written)
  }

  return {
    async open() {
      const loaded = await (library ??= load().catch(() => null))
      return ({ provider, model }, tokens, runs, at) => {
        const own = configured(provider, model)
        if (own) return scale(priced(tokens, own), 1e-6)
        if (isFree(provider)) return FREE
        if (loaded === null || runs === 0) return null
        // Prices may grow with the size of a request: what counts is the size of one.
        const each = { input: tokens.input / runs, output: tokens.output / runs, cacheRead: tokens.cacheRead / runs, cacheWrite: tokens.cacheWrite / runs }
        try {
          const cost = published(loaded, provider, model, each, at)
          return cost && scale(cost, runs)
        } catch {
          return null
        }
      }
    },
  }
}

const toCost = (input: number, output: number, cacheRead: number, cacheWrite: number): Cost => ({
  input,
  output,
  cacheRead,
  cacheWrite,
  total: input + output + cacheRead + cacheWrite,
})

const priced = (tokens: Tokens, { input = 0, output = 0, cacheRead = 0, cacheWrite = 0 }: Partial<Record<keyof Tokens, number | undefined>>): Cost =>
  toCost(tokens.input * input, tokens.output * output, tokens.cacheRead * cacheRead, tokens.cacheWrite * cacheWrite)

const scale = (cost: Cost, by: number): Cost => toCost(cost.input * by, cost.output * by, cost.cacheRead * by, cost.cacheWrite * by)
