// The configuration: what stands there, what is active, and what may stand there.

import * as z from 'zod'
import { defineMethod } from '../rpc/method.ts'

const issue = z.strictObject({ path: z.string(), message: z.string() })

export const configGet = defineMethod({
  name: 'config.get',
  scope: 'operator.read',
  summary: 'The configuration: what stands in its file and what is active, without secrets. Its hash is what a change must name.',
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
    configRevisionHash: z.string().nullable(),
    issues: z.array(issue),
    warnings: z.array(issue),
    legacyIssues: z.array(issue),
    includedPaths: z.array(z.string()),
    includeProvenance: z.array(z.unknown()),
    agentRosterIncludeOwned: z.boolean(),
    bindingsIncludeOwned: z.boolean(),
    /** Ours: paths of what stands there and waits for a restart, and a change that waits to be confirmed. */
    waitingForRestart: z.array(z.string()),
    unconfirmed: z.strictObject({ hash: z.string(), deadlineMs: z.int() }).optional(),
  }),
  uses: ['config', 'configConfirm'],
  handler(_, { config, configConfirm }) {
    const { path, exists, valid, source, resolved, active, hash, revisionHash, appliedHash, issues, warnings, waiting } = config.snapshot()
    const { pending } = configConfirm
    return {
      path,
      exists,
      valid,
      raw: JSON.stringify(source, null, 2),
      parsed: valid ? source : null,
      sourceConfig: source,
      resolved,
      runtimeConfig: active,
      config: active,
      hash,
      appliedConfigHash: appliedHash,
      configRevisionHash: revisionHash,
      issues: [...issues],
      warnings: [...warnings],
      legacyIssues: [],
      includedPaths: [],
      includeProvenance: [],
      agentRosterIncludeOwned: false,
      bindingsIncludeOwned: false,
      waitingForRestart: [...waiting],
      ...(pending && { unconfirmed: { hash: pending.hash, deadlineMs: pending.deadline } }),
    }
  },
})

export const configHistory = defineMethod({
  name: 'config.history',
  scope: 'operator.read',
  summary: 'Who has changed the configuration, when, and at which paths; the latest first.',
  params: z.strictObject({ limit: z.int().min(1).max(100).default(20) }),
  result: z.strictObject({
    revisions: z.array(
      z.strictObject({
        hash: z.string(),
        ts: z.int(),
        by: z.string(),
        how: z.string(),
        changedPaths: z.array(z.string()),
        note: z.string().nullable(),
      }),
    ),
  }),
  uses: ['configHistory'],
  handler: ({ limit }, { configHistory }) => ({
    revisions: configHistory.list(limit).map(({ at, paths, ...rest }) => ({ ...rest, ts: at, changedPaths: [...paths] })),
  }),
})
