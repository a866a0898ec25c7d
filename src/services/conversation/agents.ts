// The agents of this gateway: their ids, names and what they are told about themselves.

import { invalid } from '../../protocol/errors.ts'
import { canonicalSessionKey, MAIN_KEY, splitSessionKey } from '../../protocol/shapes.ts'
import type { ConfigService, ConfiguredAgent } from '../operations/config.ts'

export interface AgentIdentity {
  readonly agentId: string
  readonly name: string
  readonly nameSource: 'config' | 'default'
  readonly avatar: string
  readonly emoji?: string
}

export interface Agents {
  list(): readonly ConfiguredAgent[]
  defaultId(): string
  find(agentId: string): ConfiguredAgent | undefined
  identity(agentId: string): AgentIdentity
  /** The system prompt of an agent's turns. */
  instructions(agentId: string): string
  /** What the files of its workspace tell it beside; null when there are none. */
  notes(agentId: string): Promise<string | null>
  mainSessionKey(agentId?: string): string
  /** The canonical key that a request means; `main` is the main session. Throws for what cannot be a key. */
  sessionKey(key: string, agentId?: string): string
  /** The agent of a canonical key. Throws when the configuration has no such agent. */
  ofSession(canonicalKey: string): string
}

export function createAgents(config: ConfigService, notes: Agents['notes'] = () => Promise.resolve(null)): Agents {
  const find = (agentId: string) => config.agents().find((agent) => agent.id === agentId)
  const defaultId = () => config.defaultAgentId()

  const mainSessionKey = (agentId = defaultId()) => `agent:${agentId}:${config.mainKey().toLowerCase()}`

  function identity(agentId: string): AgentIdentity {
    const agent = find(agentId)
    const name = agent?.identity?.name ?? agent?.name
    const emoji = agent?.identity?.emoji
    const avatar = agent?.identity?.avatar ?? emoji ?? (name ?? 'Assistant').slice(0, 1).toUpperCase()
    return {
      agentId,
      name: name ?? 'Assistant',
      nameSource: name === undefined ? 'default' : 'config',
      avatar,
      ...(emoji !== undefined && { emoji }),
    }
  }

  return {
    list: () => config.agents(),
    defaultId,
    find,
    identity,
    instructions: (agentId) =>
      find(agentId)?.systemPrompt ??
      `You are ${identity(agentId).name}, a personal assistant. You run on the edgeclaw gateway; ` +
        'its tools tell you about its sessions and its state. Answer plainly and briefly.',
    notes,
    mainSessionKey,
    sessionKey(key, agentId = defaultId()) {
      const isMain = key.trim().toLowerCase() === MAIN_KEY
      const canonical = canonicalSessionKey(key, agentId)
      if (isMain && canonical !== null) return mainSessionKey(agentId)
      if (canonical === null) throw invalid('invalid session key: use 1 to 512 printable characters, such as "main" or "agent:main:notes"')
      return canonical
    },
    ofSession(canonicalKey) {
      const agentId = splitSessionKey(canonicalKey)?.agentId ?? '' // one that a caller has named may be no name at all
      if (!find(agentId)) throw invalid(`Agent "${agentId}" no longer exists in configuration`)
      return agentId
    },
  }
}
