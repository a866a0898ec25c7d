// The models that the gateway can use.

import * as z from 'zod'
import { invalid } from '../protocol/errors.ts'
import { defineMethod } from '../rpc/method.ts'
import { MODEL_INPUTS } from '../services/conversation/model-rows.ts'

const level = z.strictObject({ id: z.string(), label: z.string() })

export const modelRow = z.strictObject({
  id: z.string(),
  name: z.string(),
  provider: z.string(),
  contextWindow: z.int().optional(),
  local: z.boolean().optional(),
  input: z.array(z.enum(MODEL_INPUTS)).optional(),
  reasoning: z.boolean(),
  tags: z.array(z.string()),
  thinkingLevels: z.array(level),
  thinkingDefault: z.string(),
  available: z.boolean(),
})

export const modelsList = defineMethod({
  name: 'models.list',
  scope: 'operator.read',
  summary: 'The models that are configured or were found, the built-in one included.',
  params: z.strictObject({
    agentId: z.string().min(1).optional(),
    includeProviderCapabilities: z.boolean().optional(),
    includeDetails: z.boolean().optional(),
    preparedOnly: z.boolean().optional(),
    refresh: z.boolean().optional(),
    view: z.enum(['default', 'configured', 'provider-config', 'all']).optional(),
    sessionKey: z.string().min(1).optional(),
  }),
  result: z.strictObject({ models: z.array(modelRow) }),
  uses: ['agents', 'modelRows'],
  async handler({ agentId: named, sessionKey, view, includeDetails = false }, { agents, modelRows }) {
    if (named !== undefined && !agents.find(named)) throw invalid(`unknown agent id "${named.slice(0, 100)}"`)
    const agentId = named ?? (sessionKey === undefined ? undefined : agents.ofSession(agents.sessionKey(sessionKey)))
    const configured = view === 'configured' || view === 'provider-config'
    return { models: await modelRows.list({ agentId, details: includeDetails, configured }) }
  },
})
