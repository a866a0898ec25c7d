// The commands that messages can hold.

import * as z from 'zod'
import { invalid } from '../protocol/errors.ts'
import { defineMethod } from '../rpc/method.ts'
import type { Command } from '../services/conversation/command-list.ts'

const text = z.string().min(1)
const place = z.enum(['text', 'native', 'both'])

export const commandRow = z.strictObject({
  name: text,
  nativeName: text,
  textAliases: z.array(text),
  description: text,
  category: z.enum(['session', 'options', 'status', 'management']),
  source: z.literal('native'),
  scope: z.literal('both'),
  acceptsArgs: z.boolean(),
  args: z
    .array(
      z.strictObject({
        name: text,
        description: text,
        type: z.literal('string'),
        required: z.boolean().optional(),
        choices: z.array(z.strictObject({ value: text, label: text })).optional(),
      }),
    )
    .optional(),
})

export function toCommandRow({ name, aliases, description, category, acceptsArgs, args }: Command, includeArgs = true): z.output<typeof commandRow> {
  const shown = args.map(({ choices, ...arg }) => ({
    ...arg,
    type: 'string' as const,
    ...(choices && { choices: choices.map((value) => ({ value, label: value })) }),
  }))
  return {
    name,
    nativeName: name,
    textAliases: [name, ...aliases].map((each) => `/${each}`),
    description,
    category,
    source: 'native',
    scope: 'both',
    acceptsArgs,
    ...(includeArgs && shown.length > 0 && { args: shown }),
  }
}

export const commandsList = defineMethod({
  name: 'commands.list',
  scope: 'operator.read',
  summary: 'The commands that a message can hold, such as /stop.',
  params: z.strictObject({
    sessionKey: text.optional(),
    agentId: text.optional(),
    provider: text.optional(),
    /** All of them can be typed and chosen, so each of these is all. */
    scope: place.optional(),
    includeArgs: z.boolean().default(true),
  }),
  result: z.strictObject({ commands: z.array(commandRow) }),
  uses: ['agents', 'commands'],
  handler({ agentId, includeArgs }, { agents, commands }) {
    if (agentId !== undefined && !agents.find(agentId)) throw invalid(`unknown agent id "${agentId}"`)
    return { commands: commands.list.map((command) => toCommandRow(command, includeArgs)) }
  },
})
