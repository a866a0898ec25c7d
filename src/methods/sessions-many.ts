// Changing many sessions at once.

import * as z from 'zod'
import { GatewayError, invalid, toShape } from '../protocol/errors.ts'
import { defineMethod } from '../rpc/method.ts'
import { patchSession, patchTarget, sessionPatch } from './sessions-change.ts'

const text = z.string().min(1)
const count = z.int().min(0)

const outcome = z.union([
  z.strictObject({ ok: z.literal(true), key: text, agentId: text.optional() }),
  z.strictObject({
    ok: z.literal(false),
    key: text,
    agentId: text.optional(),
    error: z.strictObject({
      code: text,
      message: text,
      details: z.unknown().optional(),
      retryable: z.boolean().optional(),
      retryAfterMs: count.optional(),
    }),
  }),
])

export const sessionsPatchMany = defineMethod({
  name: 'sessions.patchMany',
  scope: 'operator.write',
  summary: 'Changes many sessions in the same way. Each succeeds or fails by itself.',
  params: z.strictObject({
    targets: z.array(patchTarget.extend({ expectedLifecycleRevision: text.optional() })).min(1).max(100),
    patch: sessionPatch.refine((patch) => Object.keys(patch).length > 0, 'must not have fewer than 1 properties'),
  }),
  result: z.strictObject({ outcomes: z.array(outcome) }),
  uses: ['agents', 'models', 'sessions'],
  handler({ targets, patch }, use) {
    const keys = targets.map(({ key, agentId }) => use.agents.sessionKey(key, agentId))
    if (new Set(keys).size < keys.length) throw invalid('Duplicate target.')
    return {
      outcomes: targets.map(({ expectedLifecycleRevision, ...target }): z.output<typeof outcome> => {
        const { key, agentId } = target
        const facts = { key, ...(agentId !== undefined && { agentId }) }
        try {
          if (expectedLifecycleRevision !== undefined) throw invalid('sessions have no revisions here: use expectedSessionId')
          patchSession(target, patch, use)
          return { ok: true, ...facts }
        } catch (error) {
          if (!(error instanceof GatewayError)) throw error
          return { ok: false, ...facts, error: { ...toShape(error) } }
        }
      }),
    }
  },
})

export const sessionsCleanup = defineMethod({
  name: 'sessions.cleanup',
  scope: 'operator.admin',
  summary: 'Archives sessions that nobody has touched for long; with fixMissing, removes those in which nothing was ever said. enforce: false only tells what would be done.',
  params: z.strictObject({
    agent: text.optional(),
    allAgents: z.boolean().optional(),
    enforce: z.boolean().optional(),
    activeKey: text.optional(),
    fixMissing: z.boolean().optional(),
    /** Sessions have no DM scope here: nothing is to be mended. */
    fixDmScope: z.boolean().optional(),
  }),
  result: z.strictObject({
    agentId: text.optional(),
    storePath: text,
    mode: z.enum(['enforce', 'warn']),
    dryRun: z.boolean(),
    beforeCount: count,
    afterCount: count,
    missing: count,
    dmScopeRetired: count,
    modelRunPruned: count,
    archived: count,
    capArchived: count,
    pruned: count,
    capped: count,
    wouldMutate: z.boolean(),
    applied: z.boolean(),
    appliedCount: count,
    hasMore: z.boolean(),
  }),
  uses: ['agents', 'cleanup', 'config'],
  handler(params, { agents, cleanup, config }) {
    const { agent, allAgents, enforce, activeKey, fixMissing } = params
    if (agent !== undefined && !agents.find(agent)) throw invalid(`Unknown agent id "${agent}".`)
    const settings = config.current.session?.maintenance ?? {}
    const isDone = enforce ?? settings.mode !== 'warn'
    const agentId = allAgents ? undefined : (agent ?? agents.defaultId())
    const keep = activeKey === undefined ? undefined : agents.sessionKey(activeKey, agentId)
    const { more: hasMore, ...cleaned } = cleanup.run({ agentId, enforce: isDone, empty: fixMissing ?? false, keep }, settings)
    const { missing, archived, capArchived, afterCount } = cleaned
    return {
      ...(agentId !== undefined && { agentId }),
      storePath: 'sessions',
      mode: isDone ? ('enforce' as const) : ('warn' as const),
      dryRun: !isDone,
      ...cleaned,
      dmScopeRetired: 0,
      modelRunPruned: 0,
      pruned: 0,
      capped: 0,
      wouldMutate: missing + archived + capArchived > 0,
      applied: isDone,
      appliedCount: isDone ? afterCount : 0,
      hasMore,
    }
  },
})
