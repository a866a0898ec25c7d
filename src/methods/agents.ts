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
        workspace: text.optional(),
        model: z.strictObject({ primary: text }),
        thinkingLevels: z.array(z.strictObject({ id: text, label: text })),
        thinkingOptions: z.array(text),
        thinkingDefault: text,
      }),
    ),
  }),
  uses: ['agents', 'config', 'models'],
  handler(_, { agents, config, models }) {
    const all = agents.list()
    return {
      defaultId: agents.defaultId(),
      ownership: all.length === 1 ? ('sole' as const) : ('explicit' as const),
      selectionRequired: false,
      mainKey: config.mainKey(),
      scope: config.current.session?.scope ?? ('per-sender' as const),
      agents: all.map(({ id, name, identity, workspace }) => {
        const choice = models.choiceFor(id)
        return {
          id,
          ...(name !== undefined && { name }),
          ...(identity && { identity: pick(identity) }),
          ...(workspace !== undefined && { workspace }),
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
