// The models that the gateway can use.

import * as z from 'zod'
import { defineMethod } from '../rpc/method.ts'
import { THINKING_LEVELS, type ModelInfo } from '../services/conversation/models.ts'

const level = z.strictObject({ id: z.string(), label: z.string() })

export const modelRow = z.strictObject({
  id: z.string(),
  name: z.string(),
  provider: z.string(),
  contextWindow: z.int().optional(),
  reasoning: z.boolean(),
  tags: z.array(z.string()),
  thinkingLevels: z.array(level),
  thinkingDefault: z.string(),
  available: z.boolean(),
})

export function toModelRow(info: ModelInfo): z.output<typeof modelRow> {
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

export const modelsList = defineMethod({
  name: 'models.list',
  scope: 'operator.read',
  summary: 'The models that are configured or were found, the built-in one included.',
  params: z.strictObject({
    agentId: z.string().min(1).optional(),
    includeProviderCapabilities: z.boolean().optional(),
    preparedOnly: z.boolean().optional(),
    refresh: z.boolean().optional(),
    view: z.enum(['default', 'configured', 'provider-config', 'all']).optional(),
    sessionKey: z.string().min(1).optional(),
  }),
  result: z.strictObject({ models: z.array(modelRow) }),
  uses: ['models'],
  handler: async (_, { models }) => ({ models: (await models.list()).map(toModelRow) }),
})
