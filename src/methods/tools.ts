// The tools of agents: which there are, which a session can use, and calling one without a run.

import * as z from 'zod'
import { invalid } from '../protocol/errors.ts'
import { splitSessionKey } from '../protocol/shapes.ts'
import { defineMethod } from '../rpc/method.ts'
import type { ToolEntry } from '../services/conversation/tools.ts'
import type { Services } from '../services/services.ts'

const text = z.string().min(1)

const PROFILES = ['minimal', 'coding', 'messaging', 'full'] as const
const profile = z.enum(PROFILES)

/** Groups in the order in which they are shown. */
const GROUPS: readonly (readonly [id: ToolEntry['group'], label: string])[] = [
  ['sessions', 'Sessions'],
  ['messaging', 'Messaging'],
  ['automation', 'Automation'],
  ['nodes', 'Nodes'],
  ['media', 'Media'],
  ['gateway', 'Gateway'],
]

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
        source: z.literal('core'),
        tools: z.array(
          z.strictObject({ id: text, label: text, description: z.string(), source: z.literal('core'), defaultProfiles: z.array(profile) }),
        ),
      }),
    ),
  }),
  uses: ['agents', 'tools'],
  handler({ agentId }, { agents, tools }) {
    const all = tools.list()
    const groups = GROUPS.map(([id, label]) => ({ id, label, source: 'core' as const, tools: all.filter((tool) => tool.group === id).map(toCatalogRow) }))
    return {
      agentId: assertAgent(agents, agentId),
      profiles: PROFILES.map((id) => ({ id, label: capitalized(id) })),
      groups: groups.filter((group) => group.tools.length > 0),
    }
  },
})

/** Every agent may use every tool here, as far as its caller may: that is the profile `full`. */
const toCatalogRow = ({ name, description }: ToolEntry) => ({
  id: name,
  label: name,
  description,
  source: 'core' as const,
  defaultProfiles: ['full' as const],
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
        id: z.literal('core'),
        label: text,
        source: z.literal('core'),
        tools: z.array(
          z.strictObject({ id: text, label: text, description: z.string(), rawDescription: z.string(), source: z.literal('core') }),
        ),
      }),
    ),
  }),
  uses: ['agents', 'sessions', 'tools'],
  handler(params, { agents, sessions, tools, caller }) {
    const session = sessions.get(agents.sessionKey(params.sessionKey, params.agentId))
    if (!session) throw invalid(`unknown session key "${params.sessionKey}"`)
    const rows = tools.list(caller).map(({ name, description }) => ({
      id: name,
      label: labelOf(name),
      description,
      rawDescription: description,
      source: 'core' as const,
    }))
    const groups = rows.length === 0 ? [] : [{ id: 'core' as const, label: 'Built-in tools', source: 'core' as const, tools: rows }]
    return { agentId: session.agentId, profile: 'full', groups }
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
