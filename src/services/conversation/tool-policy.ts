// Which tools a run may be offered at all: the profile, and what the configuration allows and denies on top of it, for
// all, for an agent, for a provider or model, for whoever asked, and for sub-agents. Every layer must agree; a denial wins.

import { fitsWildcard } from '../../kit/wildcard.ts'
import { mayUseAgent, type Principal } from '../../protocol/scopes.ts'
import { splitSessionKey } from '../../protocol/shapes.ts'
import type { Config, ToolLists } from '../operations/config-schema.ts'
import type { ConfigService } from '../operations/config.ts'

export const PROFILES = ['minimal', 'coding', 'messaging', 'full'] as const
export type ToolProfile = (typeof PROFILES)[number]

/** What lists of tools are ordered by, and what `group:<name>` in the configuration means. */
export const GROUPS = ['fs', 'runtime', 'sessions', 'memory', 'web', 'messaging', 'automation', 'nodes', 'media', 'gateway', 'mcp'] as const
export type ToolGroup = (typeof GROUPS)[number]

/** A tool as the policy knows it. */
export interface NamedTool {
  readonly name: string
  readonly group: ToolGroup
}

/** Who would use a tool, where and by which model. */
export interface ToolUser {
  readonly principal: Pick<Principal, 'id' | 'key'>
  readonly sessionKey: string
  /** `provider/model`; absent: no model asks. */
  readonly model?: string | undefined
}

/** What holds for one user. */
export interface ToolRules {
  readonly profile: ToolProfile
  permits(tool: NamedTool): boolean
}

export interface ToolPolicy {
  of(user: ToolUser): ToolRules
}

/** What each profile selects. What reads skills and asks people is part of all of them. */
const SELECTED: Readonly<Record<Exclude<ToolProfile, 'full'>, readonly string[]>> = {
  minimal: ['session_status', 'skill_read'],
  coding: ['group:fs', 'group:runtime', 'group:web', 'group:sessions', 'group:memory', 'group:mcp', 'cron', 'image_generate', 'skill_read', 'gateway_confirm'],
  messaging: [
    'group:messaging', 'group:mcp', 'sessions_list', 'sessions_history', 'sessions_send', 'sessions_spawn', 'subagents', 'session_status',
    'skill_read', 'gateway_confirm',
  ], // prettier-ignore
}

/** Other names for the same, as configurations have them. */
const ALIASES: Readonly<Record<string, string>> = { bash: 'exec', automations: 'cron', 'bundle-mcp': 'group:mcp', 'group:plugins': 'group:mcp', 'memory-core': 'group:memory' }

/** A sub-agent works for its parent alone: it speaks to nobody else, and leaves nothing behind that runs by itself. */
const NOT_FOR_SUB_AGENTS: readonly string[] = ['cron', 'sessions_send', 'message']
const NOT_FOR_LEAVES: readonly string[] = ['sessions_spawn', 'subagents']

export const DEFAULT_SPAWN_DEPTH = 5

/** How many sub-agents stand between a session and a person. */
export const depthOf = (sessionKey: string): number => sessionKey.split(':subagent:').length - 1

/** Whether a tool is one that `entries` name: by name, by `*`, or by its group. */
export function isNamed(entries: readonly string[], { name, group }: NamedTool): boolean {
  return entries.some((entry) => {
    const lower = entry.trim().toLowerCase()
    const wanted = ALIASES[lower] ?? lower
    if (wanted === 'group:openclaw') return group !== 'fs' && group !== 'runtime' && group !== 'mcp'
    if (wanted.startsWith('group:')) return wanted === `group:${group}`
    return fitsWildcard(wanted, name.toLowerCase())
  })
}

export const isInProfile = (profile: ToolProfile, tool: NamedTool): boolean => profile === 'full' || isNamed(SELECTED[profile], tool)

/** Combinations of agent, model, sender and depth that are kept. */
const MAX_KEPT = 500

export function createToolPolicy(config: Pick<ConfigService, 'current' | 'agents'>): ToolPolicy {
  const kept = new Map<string, ToolRules>()
  let of: Config | null = null

  function rulesOf({ principal, sessionKey, model = '' }: ToolUser): ToolRules {
    if (of !== config.current) kept.clear()
    of = config.current
    const agentId = splitSessionKey(sessionKey)?.agentId ?? ''
    const depth = depthOf(sessionKey)
    const key = JSON.stringify([agentId, model, principal.id, depth])
    const known = kept.get(key)
    if (known) return known
    if (kept.size >= MAX_KEPT) kept.clear()
    const rules = makeRules(config, { agentId, model, depth, sender: principal.id })
    kept.set(key, rules)
    return rules
  }

  return {
    of(user) {
      const rules = rulesOf(user)
      if (!user.principal.key?.agents) return rules
      return { profile: rules.profile, permits: (tool) => isForKey(tool, user) && rules.permits(tool) }
    },
  }
}

/** What reaches other sessions, or the gateway itself. */
const REACHING: readonly ToolGroup[] = ['sessions', 'messaging', 'automation', 'nodes', 'gateway']

/** A key for some agents works in their sessions, and does not look beyond them. */
function isForKey({ group }: NamedTool, { principal, sessionKey }: ToolUser): boolean {
  return !REACHING.includes(group) && mayUseAgent(principal, splitSessionKey(sessionKey)?.agentId ?? '')
}

type Lists = ToolLists | undefined

function makeRules(config: Pick<ConfigService, 'current' | 'agents'>, user: { agentId: string; model: string; sender: string; depth: number }): ToolRules {
  const all = config.current.tools
  const own = config.agents().find(({ id }) => id === user.agentId)?.tools
  const providers: Lists[] = [byProvider(all?.byProvider, user.model), byProvider(own?.byProvider, user.model)]
  const sender = bySender(own?.toolsBySender, user.sender) ?? bySender(all?.toolsBySender, user.sender)
  const base = selected([all, own])
  const provider = selected(providers)
  const layers = [all, own, ...providers, sender].map(listed)
  const checks = [base.check, provider.check, ...layers, ofDepth(config.current, user.depth)]
  return { profile: provider.profile === 'full' ? base.profile : provider.profile, permits: (tool) => checks.every((check) => check(tool)) }
}

type Check = (tool: NamedTool) => boolean

/** The profile of the last that has one, and what all of them select beside it. */
function selected(lists: readonly Lists[]): { profile: ToolProfile; check: Check } {
  const profile = lists.findLast((each) => each?.profile !== undefined)?.profile ?? 'full'
  const beside = lists.flatMap((each) => each?.alsoAllow ?? [])
  return { profile, check: (tool) => isInProfile(profile, tool) || isNamed(beside, tool) }
}

/** An empty list of what is allowed restricts nothing, as in every configuration of OpenClaw. */
const listed =
  (lists: Lists): Check =>
  (tool) => {
    const { allow = [], deny = [] } = lists ?? {}
    return !isNamed(deny, tool) && (allow.length === 0 || isNamed(allow, tool))
  }

/** The rules of the model itself, else those of its provider. */
function byProvider(lists: Readonly<Record<string, ToolLists>> | undefined, model: string): Lists {
  const of = (name: string) => (lists && Object.hasOwn(lists, name) ? lists[name] : undefined)
  return of(model) ?? of(model.split('/')[0] ?? '')
}

function bySender(lists: Readonly<Record<string, ToolLists>> | undefined, sender: string): Lists {
  const of = (name: string) => (lists && Object.hasOwn(lists, name) ? lists[name] : undefined)
  return of(`id:${sender}`) ?? of(sender) ?? of('*')
}

function ofDepth({ tools, agents }: Config, depth: number): Check {
  if (depth === 0) return () => true
  const lists = tools?.subagents?.tools
  const isLeaf = depth >= (agents?.defaults?.subagents?.maxSpawnDepth ?? DEFAULT_SPAWN_DEPTH)
  const given = listed(lists)
  const kept = [...(lists?.alsoAllow ?? []), ...(lists?.allow ?? [])]
  return (tool) => {
    if (isLeaf && isNamed(NOT_FOR_LEAVES, tool)) return false
    return given(tool) && (!isNamed(NOT_FOR_SUB_AGENTS, tool) || isNamed(kept, tool))
  }
}
