// The agents of the gateway.

import * as z from 'zod'
import { defineMethod } from '../rpc/method.ts'

const text = z.string().min(1)

export const agentsList = defineMethod({
  name: 'agents.list',
  scope: 'operator.read',
  summary: 'The configured agents, and which of them answers where none is named.',
  params: z.strictObject({}),
  result: z.strictObject({
    defaultId: text,
    ownership: z.enum(['sole', 'explicit']),
    selectionRequired: z.boolean(),
    mainKey: text,
    scope: z.enum(['per-sender', 'global']),
    agents: z.array(
      z.strictObject({
        id: text,
        name: text.optional(),
        identity: z.strictObject({ name: text.optional(), emoji: text.optional(), avatar: text.optional() }).optional(),
        workspace: text,
        model: z.strictObject({ primary: text }),
        thinkingLevels: z.array(z.strictObject({ id: text, label: text })),
        thinkingOptions: z.array(text),
        thinkingDefault: text,
      }),
    ),
  }),
  uses: ['agentFiles', 'agents', 'config', 'models'],
  handler(_, { agentFiles, agents, config, models }) {
    const all = agents.list()
    return {
      defaultId: agents.defaultId(),
      ownership: all.length === 1 ? ('sole' as const) : ('explicit' as const),
      selectionRequired: false,
      mainKey: config.mainKey(),
      scope: config.current.session?.scope ?? ('per-sender' as const),
      agents: all.map(({ id, name, identity }) => {
        const choice = models.choiceFor(id)
        return {
          id,
          ...(name !== undefined && { name }),
          ...(identity && { identity: pick(identity) }),
          workspace: agentFiles.rootOf(id),
          model: { primary: `${choice.provider}/${choice.model}` },
          thinkingLevels: [{ id: 'off', label: 'off' }],
          thinkingOptions: ['off'],
          thinkingDefault: 'off',
        }
      }),
    }
  },
})

const pick = ({ name, emoji, avatar }: { name?: string | undefined; emoji?: string | undefined; avatar?: string | undefined }) => ({
  ...(name !== undefined && { name }),
  ...(emoji !== undefined && { emoji }),
  ...(avatar !== undefined && { avatar }),
})

export const agentIdentityGet = defineMethod({
  name: 'agent.identity.get',
  scope: 'operator.read',
  summary: 'The name and the picture of an agent, by its id or by a session of it.',
  params: z.strictObject({ agentId: text.optional(), sessionKey: z.string().optional() }),
  result: z.strictObject({
    agentId: text,
    name: text,
    nameSource: z.enum(['config', 'default']),
    avatar: text,
    emoji: text.optional(),
  }),
  uses: ['agents'],
  handler({ agentId, sessionKey }, { agents }) {
    if (agentId !== undefined) return agents.identity(agentId)
    const key = sessionKey ? agents.sessionKey(sessionKey) : agents.mainSessionKey()
    return agents.identity(agents.ofSession(key))
  },
})

// --- changing ---

const wish = { workspace: text.optional(), emoji: z.string().max(64).optional(), avatar: z.string().max(4096).optional() }

export const agentsCreate = defineMethod({
  name: 'agents.create',
  scope: 'operator.admin',
  summary: 'Adds an agent to the configuration; its id is made of its name.',
  params: z.strictObject({ name: text.max(200), model: text.optional(), ...wish }),
  result: z.strictObject({ ok: z.literal(true), agentId: text, name: text, workspace: text, model: text.optional() }),
  uses: ['agentRoster'],
  async handler(params, { agentRoster, caller }) {
    const { agentId, workspace } = await agentRoster.create(params, caller.id)
    const { name, model } = params
    return { ok: true as const, agentId, name: name.trim(), workspace, ...(model !== undefined && { model }) }
  },
})

export const agentsUpdate = defineMethod({
  name: 'agents.update',
  scope: 'operator.admin',
  summary: 'Changes what the configuration says of an agent.',
  params: z.strictObject({ agentId: text, name: text.max(200).optional(), model: text.nullable().optional(), agentRuntime: text.optional(), ...wish }),
  result: z.strictObject({ ok: z.literal(true), agentId: text }),
  uses: ['agentRoster'],
  async handler({ agentId, ...wanted }, { agentRoster, caller }) {
    await agentRoster.update(agentId, wanted, caller.id)
    return { ok: true as const, agentId }
  },
})

export const agentsDelete = defineMethod({
  name: 'agents.delete',
  scope: 'operator.admin',
  summary: 'Takes an agent out of the configuration, and its files out of the way. Its sessions stay.',
  params: z.strictObject({ agentId: text, deleteFiles: z.boolean().default(true) }),
  result: z.strictObject({
    ok: z.literal(true),
    agentId: text,
    removedBindings: z.int(),
    removed: z.array(z.strictObject({ path: text, method: z.enum(['trash', 'missing']) })),
    failed: z.array(z.strictObject({ path: text, reason: text })),
  }),
  uses: ['agentFiles', 'agentRoster'],
  async handler({ agentId, deleteFiles }, { agentFiles, agentRoster, caller }) {
    const workspace = agentFiles.open(agentId) // as it is configured now
    const { removedBindings } = await agentRoster.remove(agentId, caller.id)
    const trashed = deleteFiles ? await agentFiles.trash(workspace) : null
    const removed = trashed && 'moved' in trashed ? [{ path: workspace.root, method: trashed.moved ? ('trash' as const) : ('missing' as const) }] : []
    const failed = trashed && 'reason' in trashed ? [{ path: workspace.root, reason: trashed.reason }] : []
    return { ok: true as const, agentId, removedBindings, removed, failed }
  },
})
