// By which credential each provider is reached. There are keys only: of the configuration, or of the environment.

import type { ConfigService } from '../operations/config.ts'
import { keyIn, KNOWN_PROVIDERS, LOCAL_SERVERS } from './known-providers.ts'

export interface ProviderAuth {
  readonly provider: string
  readonly authProvider: string
  readonly displayName: string
  /** A key is what it is: it does not expire here, and nobody logs in. */
  readonly status: 'static' | 'missing'
  readonly profiles: readonly never[]
  readonly apiKey?: { readonly source: 'config' | 'env' }
}

export interface ModelAuth {
  providers(): readonly ProviderAuth[]
  capabilities(): readonly { readonly provider: string; readonly apiKeySupported: boolean; readonly quickApiKeySetup: boolean }[]
}

type Env = Readonly<Record<string, string | undefined>>

export function createModelAuth({ config, env }: { config: ConfigService; env: Env }): ModelAuth {
  function sourceOf(provider: string): 'config' | 'env' | null {
    if (config.providers()[provider]?.apiKey) return 'config'
    const known = KNOWN_PROVIDERS.find(({ id }) => id === provider)
    return known && keyIn(env, known) ? 'env' : null
  }

  return {
    providers() {
      const found = KNOWN_PROVIDERS.filter((known) => keyIn(env, known)).map(({ id }) => id)
      return [...new Set([...Object.keys(config.providers()), ...found])].map((provider) => {
        const source = sourceOf(provider)
        const needsKey = KNOWN_PROVIDERS.some(({ id }) => id === provider)
        return {
          provider,
          authProvider: provider,
          displayName: provider,
          status: source === null && needsKey ? ('missing' as const) : ('static' as const),
          profiles: [],
          ...(source !== null && { apiKey: { source } }),
        }
      })
    },
    capabilities: () => [
      ...KNOWN_PROVIDERS.map(({ id }) => ({ provider: id, apiKeySupported: true, quickApiKeySetup: true })),
      ...LOCAL_SERVERS.map(({ id }) => ({ provider: id, apiKeySupported: false, quickApiKeySetup: false })),
    ],
  }
}
