// How providers of models are reached, and whether they answer.

import * as z from 'zod'
import { defineMethod } from '../rpc/method.ts'
import { PROBE_STATUSES } from '../services/conversation/model-probe.ts'

const text = z.string().min(1)

export const modelsAuthStatus = defineMethod({
  name: 'models.authStatus',
  scope: 'operator.read',
  summary: 'By which credential each provider is reached, without the credential.',
  params: z.strictObject({ refresh: z.boolean().optional(), agentId: z.string().optional() }),
  result: z.strictObject({
    ts: z.int(),
    providers: z.array(
      z.strictObject({
        provider: text,
        authProvider: text,
        displayName: text,
        status: z.enum(['static', 'missing']),
        profiles: z.array(z.never()),
        apiKey: z.strictObject({ source: z.enum(['config', 'env']) }).optional(),
      }),
    ),
    providerCapabilities: z.array(z.strictObject({ provider: text, apiKeySupported: z.boolean(), quickApiKeySetup: z.boolean() })),
  }),
  uses: ['clock', 'modelAuth'],
  handler: (_, { clock, modelAuth }) => ({
    ts: clock.now(),
    providers: modelAuth.providers().map((each) => ({ ...each, profiles: [] })),
    providerCapabilities: modelAuth.capabilities().map((each) => ({ ...each })),
  }),
})

export const modelsAuthLogout = defineMethod({
  name: 'models.authLogout',
  scope: 'operator.admin',
  summary: 'Removes the logins of a provider. Here there are keys of the configuration only, which config.patch removes.',
  params: z.strictObject({ provider: text, profileIds: z.array(text).min(1).optional(), agentId: z.string().optional() }),
  result: z.strictObject({ provider: text, removedProfiles: z.array(text), abortedRunIds: z.array(text) }),
  uses: [],
  handler: ({ provider }) => ({ provider, removedProfiles: [], abortedRunIds: [] }),
})

const DEFAULT_MS = 15_000

const result = { status: z.enum(PROBE_STATUSES), latencyMs: z.int().min(0).optional(), error: z.string().optional() }

export const modelsProbe = defineMethod({
  name: 'models.probe',
  scope: 'operator.admin',
  summary: 'Asks a provider for one short answer, with a time limit.',
  params: z.strictObject({
    provider: text,
    profileId: text.optional(),
    timeoutMs: z.int().min(1).optional(),
    agentId: z.string().optional(),
  }),
  result: z.strictObject({ provider: text, ...result, results: z.array(z.strictObject({ label: text, ...result })) }),
  uses: ['modelProbe'],
  async handler({ provider, timeoutMs = DEFAULT_MS }, { modelProbe, signal }) {
    const { results, ...probed } = await modelProbe.provider(provider, Math.min(timeoutMs, 60_000), signal)
    return { ...probed, results: results.map((each) => ({ ...each })) }
  },
})
