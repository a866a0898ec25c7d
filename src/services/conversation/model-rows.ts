// The models as clients are shown them.

import type { ConfigService } from '../operations/config.ts'
import { LOCAL_SERVERS } from './known-providers.ts'
import { THINKING_LEVELS, type ModelInfo, type Models } from './models.ts'

export const MODEL_INPUTS = ['text', 'image', 'audio', 'video', 'document'] as const
type ModelInput = (typeof MODEL_INPUTS)[number]

export interface ModelRow {
  id: string
  name: string
  provider: string
  contextWindow?: number
  /** Of the details: it runs on the machine of the gateway. */
  local?: boolean
  /** Of the details: what it can be given. */
  input?: ModelInput[]
  reasoning: boolean
  tags: string[]
  thinkingLevels: { id: string; label: string }[]
  thinkingDefault: string
  available: boolean
}

export interface ModelRows {
  /** `agentId`: whose default is marked. `configured`: only those that the configuration names, if it names any. */
  list(wish?: { readonly agentId?: string | undefined; readonly details?: boolean; readonly configured?: boolean }): Promise<ModelRow[]>
}

const BUILTIN = 'builtin'
const LOOPBACK = /^(?:localhost|127(?:\.\d+){3}|\[::1\]|::1)$/

export function createModelRows({ models, config }: { models: Models; config: ConfigService }): ModelRows {
  function isLocal(provider: string): boolean {
    const { baseUrl } = config.providers()[provider] ?? {}
    if (baseUrl !== undefined) return LOOPBACK.test(new URL(baseUrl).hostname)
    return provider === BUILTIN || LOCAL_SERVERS.some(({ id }) => id === provider)
  }

  function inputOf({ provider, model }: ModelInfo): ModelInput[] {
    const named = config.providers()[provider]?.models?.find(({ id }) => id === model)?.input ?? []
    const known = MODEL_INPUTS.filter((input) => named.includes(input))
    return known.length > 0 ? known : ['text']
  }

  return {
    async list({ agentId, details = false, configured = false } = {}) {
      const all = await models.list()
      const chosen = agentId === undefined ? null : models.choiceFor(agentId)
      const named = configured ? all.filter(({ provider }) => config.providers()[provider] !== undefined) : []
      const shown = named.length > 0 ? named : all // a page that hears of none says that nobody can be talked to
      return shown.map((info) => {
        const isDefault = chosen ? info.provider === chosen.provider && info.model === chosen.model : info.isDefault
        return { ...toModelRow({ ...info, isDefault }), ...(details && { local: isLocal(info.provider), input: inputOf(info) }) }
      })
    },
  }
}

function toModelRow(info: ModelInfo): ModelRow {
  const levels = info.reasoning ? THINKING_LEVELS : THINKING_LEVELS.slice(0, 1)
  return {
    id: info.model,
    name: info.name,
    provider: info.provider,
    ...(info.contextWindow !== undefined && { contextWindow: info.contextWindow }),
    reasoning: info.reasoning,
    tags: info.isDefault ? ['default'] : [],
    thinkingLevels: levels.map((id) => ({ id, label: id })),
    thinkingDefault: 'off',
    available: info.available,
  }
}
