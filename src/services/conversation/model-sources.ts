// Where the models of a provider are reached, and with what: by configuration, or by what the environment has.

import { invalid } from '../../protocol/errors.ts'
import type { ModelProvider, ModelSpec } from '../../ports/model.ts'
import type { ConfigService } from '../operations/config.ts'
import type { ProviderConfig } from '../operations/config-schema.ts'
import { keyIn, KNOWN_PROVIDERS, LOCAL_SERVERS, OPENAI_WIRE } from './known-providers.ts'

export interface Reached {
  readonly wire: ModelProvider
  readonly spec: ModelSpec
}

type Env = Readonly<Record<string, string | undefined>>

const DEFAULT_TIMEOUT_MS = 120_000
/** What every provider has; the rest of an entry is for the wire. */
const COMMON: readonly string[] = ['baseUrl', 'apiKey', 'api', 'headers', 'timeoutSeconds', 'models']

export const wireOf = (wires: readonly ModelProvider[], api: string): ModelProvider | undefined =>
  wires.find((each) => each.api === api) ?? wires.find((each) => each.aliases?.includes(api))

export const unknownModel = (id: string) =>
  invalid(`model "${id}" is not configured: name it as "provider/model" and add models.providers.<provider> with baseUrl and apiKey`, {
    param: 'model',
    code: 'model_not_found',
  })

/** Throws what to do when the provider means nothing. */
export function createSources(deps: { config: ConfigService; env: Env; wires: readonly ModelProvider[]; loopback: boolean }): (provider: string, model: string) => Reached {
  const { config, env, wires, loopback } = deps

  function optionsOf(configured: ProviderConfig, wire: ModelProvider, ownAddress: boolean): Record<string, unknown> {
    const options: Record<string, unknown> = {}
    if (ownAddress) {
      for (const [name, variables] of Object.entries(wire.env ?? {})) {
        const found = variables.map((each) => env[each]).find(Boolean)
        if (found) options[name] = found
      }
    }
    for (const [name, value] of Object.entries(configured)) if (!COMMON.includes(name)) options[name] = value
    return options
  }

  return (provider, model) => {
    const configured = config.providers()[provider]
    const known = KNOWN_PROVIDERS.find((each) => each.id === provider)
    const server = loopback ? LOCAL_SERVERS.find((each) => each.id === provider) : undefined
    const api = configured?.api ?? known?.api ?? OPENAI_WIRE
    const wire = wireOf(wires, api)
    const knownKey = known && keyIn(env, known)
    if (!configured && !knownKey && !server) throw unknownModel(`${provider}/${model}`)
    if (!wire) {
      const spoken = wires.map((each) => `"${each.api}"`).join(', ')
      throw invalid(`models.providers.${provider}.api "${api}" is not supported: use ${spoken}`)
    }
    // The environment's credentials go to the vendor whom they are of, and not to an address that somebody else wrote.
    const options = optionsOf(configured ?? {}, wire, configured?.baseUrl === undefined)
    const { apiKey: found, ...rest } = options
    const key = configured?.apiKey ?? knownKey ?? (found as string | undefined) ?? null
    const ofWire = configured?.api === undefined ? null : (wire.defaultBaseUrl?.(rest) ?? null)
    const baseUrl = configured?.baseUrl ?? ofWire ?? (known && key ? (wire.defaultBaseUrl?.(rest) ?? known.baseUrl) : null) ?? server?.baseUrl
    if (!baseUrl) throw configured?.api && wire.env ? incomplete(provider, wire) : unknownModel(`${provider}/${model}`)
    const spec = {
      provider,
      model,
      baseUrl: baseUrl.replace(/\/+$/, ''),
      apiKey: key === '' ? null : key,
      headers: configured?.headers ?? {},
      timeoutMs: (configured?.timeoutSeconds ?? 0) * 1000 || DEFAULT_TIMEOUT_MS,
      ...(Object.keys(rest).length > 0 && { options: rest }),
    }
    return { wire, spec }
  }
}

function incomplete(provider: string, wire: ModelProvider) {
  const names = Object.entries(wire.env ?? {}).filter(([name]) => !/key|token/i.test(name))
  const ways = names.map(([name, variables]) => `models.providers.${provider}.${name} (or ${variables[0]})`)
  return invalid(`models.providers.${provider} lacks an address: set ${[...ways, `models.providers.${provider}.baseUrl`].join(' or ')}`, { param: 'model' })
}
