// Which agents there are, and changing that: agents are a part of the configuration, and every change of them is a
// change of it.

import { invalid } from '../../protocol/errors.ts'
import { isObject, withValueAt, type ConfigObject } from '../operations/config-merge.ts'
import type { Authorship } from '../operations/config-adopt.ts'
import type { ConfigWriter } from '../operations/config-write.ts'
import type { ConfigService } from '../operations/config.ts'
import type { AgentFiles } from './agent-files.ts'

export interface AgentWish {
  readonly name?: string | undefined
  readonly workspace?: string | undefined
  /** null takes the agent's own model away. */
  readonly model?: string | null | undefined
  readonly emoji?: string | undefined
  readonly avatar?: string | undefined
}

export interface AgentRoster {
  create(wish: AgentWish & { readonly name: string }, by: string): Promise<{ readonly agentId: string; readonly workspace: string }>
  update(agentId: string, wish: AgentWish, by: string): Promise<void>
  /** Also removes what the configuration says of the agent elsewhere. Sessions stay readable. */
  remove(agentId: string, by: string): Promise<{ readonly removedBindings: number }>
}

const MAX_AGENTS = 500

export function createAgentRoster({ config, writer, files }: { config: ConfigService; writer: ConfigWriter; files: AgentFiles }): AgentRoster {
  const exists = (agentId: string) => config.agents().some(({ id }) => id === agentId)
  const authorship = (by: string, how: string): Authorship => ({ by, how })

  function assertKnown(agentId: string) {
    if (!exists(agentId)) throw invalid(`agent "${agentId}" not found`)
  }

  return {
    async create(wish, by) {
      const agentId = toAgentId(wish.name)
      if (exists(agentId)) throw invalid(`agent "${agentId}" already exists`)
      if (config.agents().length >= MAX_AGENTS) throw invalid(`there are ${MAX_AGENTS} agents already: delete one first`)
      const entry = withWish({ name: wish.name.trim(), identity: { name: wish.name.trim() } }, wish)
      await writer.change(authorship(by, 'agents.create'), (source) => {
        if (idsIn(source).includes(agentId)) throw invalid(`agent "${agentId}" already exists`)
        return withAgent(source, agentId, entry)
      })
      return { agentId, workspace: files.rootOf(agentId) }
    },

    async update(agentId, wish, by) {
      assertKnown(agentId)
      await writer.change(authorship(by, 'agents.update'), (source) => changeAgent(source, agentId, (entry) => withWish(entry, wish)))
    },

    async remove(agentId, by) {
      assertKnown(agentId)
      if (config.agents().length === 1) throw invalid(`Agent "${agentId}" is the only configured agent and cannot be deleted.`)
      let removedBindings = 0
      await writer.change(authorship(by, 'agents.delete'), (source) => {
        const bindings = Array.isArray(source['bindings']) ? (source['bindings'] as unknown[]) : []
        const left = bindings.filter((binding) => !isObject(binding) || binding['agentId'] !== agentId)
        removedBindings = bindings.length - left.length
        const rest = removedBindings > 0 ? withValueAt(source, ['bindings'], left) : source
        return withoutAgent(rest, agentId)
      })
      return { removedBindings }
    },
  }
}

/** `Worker Bee` becomes `worker-bee`. Throws for a name without a letter or a digit. */
export function toAgentId(name: string): string {
  const id = name
    .trim()
    .toLowerCase()
    .replace(/[^a-z0-9_-]+/g, '-')
    .replace(/^[-_]+|[-_]+$/g, '')
    .slice(0, 64)
  if (id === '') throw invalid(`Agent name "${name.slice(0, 100)}" has no valid id characters. Use at least one letter a-z or digit.`)
  return id
}

function withWish(entry: ConfigObject, { name, workspace, model, emoji, avatar }: AgentWish): ConfigObject {
  const identity = {
    ...(isObject(entry['identity']) ? entry['identity'] : {}),
    ...(name !== undefined && { name: name.trim() }),
    ...(emoji !== undefined && { emoji: emoji === '' ? undefined : emoji }),
    ...(avatar !== undefined && { avatar: avatar === '' ? undefined : avatar }),
  }
  const changed: ConfigObject = {
    ...entry,
    ...(name !== undefined && { name: name.trim() }),
    ...(workspace !== undefined && { workspace }),
    ...(model !== undefined && { model: model ?? undefined }),
    ...(Object.keys(identity).length > 0 && { identity }),
  }
  return JSON.parse(JSON.stringify(changed)) as ConfigObject
}

// --- the two forms in which a configuration can have agents: a list, and a map by id ---

const listIn = (source: ConfigObject): readonly ConfigObject[] => {
  const agents = source['agents']
  return isObject(agents) && Array.isArray(agents['list']) ? (agents['list'] as unknown[]).filter(isObject) : []
}

const entriesIn = (source: ConfigObject): ConfigObject => {
  const agents = source['agents']
  return isObject(agents) && isObject(agents['entries']) ? agents['entries'] : {}
}

const idsIn = (source: ConfigObject): readonly unknown[] => [...listIn(source).map((agent) => agent['id']), ...Object.keys(entriesIn(source))]

function withAgent(source: ConfigObject, agentId: string, entry: ConfigObject): ConfigObject {
  const list = listIn(source)
  if (list.length > 0) return withValueAt(source, ['agents', 'list'], [...list, { id: agentId, ...entry }])
  const entries = entriesIn(source)
  // The agent that was there without being named is named now, or it would be gone.
  const before = Object.keys(entries).length === 0 ? { main: {} } : entries
  const explicit = withValueAt(source, ['agents', 'ownership'], 'explicit')
  return withValueAt(explicit, ['agents', 'entries'], { ...before, [agentId]: entry })
}

function changeAgent(source: ConfigObject, agentId: string, work: (entry: ConfigObject) => ConfigObject): ConfigObject {
  const list = listIn(source)
  if (list.some((agent) => agent['id'] === agentId)) {
    return withValueAt(source, ['agents', 'list'], list.map((agent) => (agent['id'] === agentId ? work(agent) : agent)))
  }
  const entry = entriesIn(source)[agentId]
  return withValueAt(source, ['agents', 'entries', agentId], work(isObject(entry) ? entry : {}))
}

function withoutAgent(source: ConfigObject, agentId: string): ConfigObject {
  const list = listIn(source)
  if (list.some((agent) => agent['id'] === agentId)) return withValueAt(source, ['agents', 'list'], list.filter((agent) => agent['id'] !== agentId))
  return withValueAt(source, ['agents', 'entries', agentId], undefined)
}
