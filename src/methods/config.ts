// The configuration.

import * as z from 'zod'
import { defineMethod } from '../rpc/method.ts'

const issue = z.strictObject({ path: z.string(), message: z.string() })

export const configGet = defineMethod({
  name: 'config.get',
  scope: 'operator.read',
  summary: 'The configuration that is active, without its secrets.',
  params: z.strictObject({}),
  result: z.strictObject({
    path: z.string(),
    exists: z.boolean(),
    valid: z.boolean(),
    raw: z.string(),
    parsed: z.unknown(),
    sourceConfig: z.unknown(),
    resolved: z.unknown(),
    runtimeConfig: z.unknown(),
    config: z.unknown(),
    hash: z.string(),
    appliedConfigHash: z.string(),
    configRevisionHash: z.string(),
    issues: z.array(issue),
    warnings: z.array(issue),
    legacyIssues: z.array(issue),
    includedPaths: z.array(z.string()),
    includeProvenance: z.array(z.unknown()),
    agentRosterIncludeOwned: z.boolean(),
    bindingsIncludeOwned: z.boolean(),
  }),
  uses: ['config'],
  handler(_, { config }) {
    const { path, exists, source, resolved, hash, warnings } = config.snapshot()
    return {
      path,
      exists,
      valid: true,
      raw: JSON.stringify(source, null, 2),
      parsed: source,
      sourceConfig: source,
      resolved,
      runtimeConfig: resolved,
      config: resolved,
      hash,
      appliedConfigHash: hash,
      configRevisionHash: hash,
      issues: [],
      warnings: [...warnings],
      legacyIssues: [],
      includedPaths: [],
      includeProvenance: [],
      agentRosterIncludeOwned: false,
      bindingsIncludeOwned: false,
    }
  },
})
