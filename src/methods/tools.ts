// The tools of agents: which there are, which a session can use, and calling one without a run.

import * as z from 'zod'
import { invalid } from '../protocol/errors.ts'
import { splitSessionKey } from '../protocol/shapes.ts'
import { defineMethod } from '../rpc/method.ts'
import { modelInSession } from '../services/conversation/session-model.ts'
import { GROUPS, isInProfile, PROFILES, type ToolGroup } from '../services/conversation/tool-policy.ts'
import type { ToolEntry } from '../services/conversation/tools.ts'
import type { Services } from '../services/services.ts'

const text = z.string().min(1)

const profile = z.enum(PROFILES)
/** A tool of this gateway, or one of a server that it is a client of. The catalogue has those as what they are in the configuration. */
const source = z.enum(['core', 'mcp'])
const catalogSource = z.enum(['core', 'plugin'])

const LABELS: Readonly<Record<ToolGroup, string>> = {
  fs: 'Files',
  runtime: 'Runtime',
  sessions: 'Sessions',
  memory: 'Memory',
  web: 'Web',
  messaging: 'Messaging',
  automation: 'Automation',
  nodes: 'Nodes',
  media: 'Media',
  gateway: 'Gateway',
  mcp: 'MCP servers',
}

const sourceOf = (group: ToolGroup) => (group === 'mcp' ? ('mcp' as const) : ('core' as const))
const ownerOf = (group: ToolGroup) => (group === 'mcp' ? { source: 'plugin' as const, pluginId: 'bundle-mcp' } : { source: 'core' as const })

function assertAgent(agents: Services['agents'], agentId: string | undefined): string {
  if (agentId !== undefined && !agents.find(agentId)) throw invalid(`unknown agent id "${agentId}"`)
  return agentId ?? agents.defaultId()
}

export const toolsCatalog = defineMethod({
  name: 'tools.catalog',
  scope: 'operator.read',
  summary: 'The tools of this gateway, in groups.',
  params: z.strictObject({ agentId: text.optional(), includePlugins: z.boolean().optional() }),
  result: z.strictObject({
    agentId: text,
    profiles: z.array(z.strictObject({ id: profile, label: text })),
    groups: z.array(
      z.strictObject({
        id: text,
        label: text,
        source: catalogSource,
        pluginId: text.optional(),
        tools: z.array(
          z.strictObject({ id: text, label: text, description: z.string(), source: catalogSource, pluginId: text.optional(), defaultProfiles: z.array(profile) }),
        ),
      }),
    ),
  }),
  uses: ['agents', 'tools'],
  async handler({ agentId }, { agents, tools, signal }) {
    const owner = assertAgent(agents, agentId)
    await tools.prepare(signal)
    const all = tools.list()
    const groups = GROUPS.map((id) => ({ id, label: LABELS[id], ...ownerOf(id), tools: all.filter((tool) => tool.group === id).map(toCatalogRow) }))
    return {
      agentId: owner,
      profiles: PROFILES.map((id) => ({ id, label: capitalized(id) })),
      groups: groups.filter((group) => group.tools.length > 0),
    }
  },
})

const toCatalogRow = (tool: ToolEntry) => ({
  id: tool.name,
  label: tool.name,
  description: tool.description,
  ...ownerOf(tool.group),
  defaultProfiles: PROFILES.filter((id) => isInProfile(id, tool)),
})

const capitalized = (word: string) => word.slice(0, 1).toUpperCase() + word.slice(1)
const labelOf = (name: string) => name.split('_').map(capitalized).join(' ')

export const toolsEffective = defineMethod({
  name: 'tools.effective',
  scope: 'operator.read',
  summary: 'The tools that a run of the caller in this session could use.',
  params: z.strictObject({ agentId: text.optional(), sessionKey: text }),
  result: z.strictObject({
    agentId: text,
    profile: text,
    groups: z.array(
      z.strictObject({
        id: source,
        label: text,
        source,
        tools: z.array(z.strictObject({ id: text, label: text, description: z.string(), rawDescription: z.string(), source })),
      }),
    ),
  }),
  uses: ['agents', 'models', 'sessions', 'tools', 'toolPolicy'],
  async handler(params, { agents, models, sessions, tools, toolPolicy, caller, signal }) {
    const session = sessions.get(agents.sessionKey(params.sessionKey, params.agentId))
    if (!session) throw invalid(`unknown session key "${params.sessionKey}"`)
    await tools.prepare(signal)
    const user = { principal: caller, sessionKey: session.key, model: modelInSession({ sessions, models, agents }, session.key) }
    const rows = tools.usable(user).map(({ name, description, group }) => ({
      id: name,
      label: labelOf(name),
      description,
      rawDescription: description,
      source: sourceOf(group),
    }))
    const groups = [
      { id: 'core' as const, label: 'Built-in tools', source: 'core' as const, tools: rows.filter((row) => row.source === 'core') },
      { id: 'mcp' as const, label: LABELS.mcp, source: 'mcp' as const, tools: rows.filter((row) => row.source === 'mcp') },
    ]
    return { agentId: session.agentId, profile: toolPolicy.of(user).profile, groups: groups.filter((group) => group.tools.length > 0) }
  },
})

export const toolsInvoke = defineMethod({
  name: 'tools.invoke',
  scope: 'operator.write',
  summary: 'Calls a tool without a run. What goes wrong in it is part of the answer. The same key never runs twice.',
  params: z.strictObject({
    name: text,
    args: z.record(z.string(), z.unknown()).default({}),
    sessionKey: text.optional(),
    agentId: text.optional(),
    /** Waits for the approval that the call needs. */
    confirm: z.boolean().default(false),
    idempotencyKey: text.max(256).optional(),
    conversationReadOrigin: z.literal('direct-operator').optional(),
  }),
  result: z.strictObject({
    ok: z.boolean(),
    toolName: text,
    output: z.unknown().optional(),
    requiresApproval: z.boolean().optional(),
    approvalId: text.optional(),
    source: text.optional(),
    error: z.strictObject({ code: text, message: text }).optional(),
  }),
  uses: ['agents', 'toolCalls'],
  handler(params, { agents, toolCalls, caller, connection, signal }) {
    const { name, args, agentId, confirm, idempotencyKey } = params
    const sessionKey = params.sessionKey === undefined ? agents.mainSessionKey(agentId) : agents.sessionKey(params.sessionKey, agentId)
    const owner = splitSessionKey(sessionKey)?.agentId ?? ''
    if (!agents.find(owner)) return { ok: false, toolName: name, error: { code: 'validation_error', message: `Unknown agent id "${owner}"` } }
    return toolCalls.invoke({ name, args, sessionKey, principal: caller, signal, connection: connection?.id ?? null, confirm, idempotencyKey })
  },
})
