// Restarting the gateway. Callers say more than is looked at: the params are open, as those of the gateway that these
// clients were made for.

import * as z from 'zod'
import { defineMethod } from '../rpc/method.ts'
import type { Preflight } from '../services/operations/restart.ts'
import { restartTicket, toTicket } from './config-write.ts'

const preflight = z.strictObject({
  safe: z.boolean(),
  counts: z.strictObject({
    queueSize: z.int(),
    pendingReplies: z.int(),
    embeddedRuns: z.int(),
    cronRuns: z.int(),
    backgroundExecSessions: z.int(),
    rootRequests: z.int(),
    activeTasks: z.int(),
    totalActive: z.int(),
  }),
  blockers: z.array(z.strictObject({ kind: z.string(), count: z.int(), message: z.string() })),
  summary: z.string(),
})

function toAnswer({ safe, blockers, summary }: Preflight): z.output<typeof preflight> {
  const of = (kind: string) => blockers.filter((each) => each.kind === kind).reduce((sum, { count }) => sum + count, 0)
  return {
    safe,
    counts: {
      queueSize: of('queue'),
      pendingReplies: of('reply'),
      embeddedRuns: of('embedded-run'),
      cronRuns: of('cron-run'),
      backgroundExecSessions: of('background-exec'),
      rootRequests: 0,
      activeTasks: of('task'),
      totalActive: blockers.reduce((sum, { count }) => sum + count, 0),
    },
    blockers: blockers.map((each) => ({ ...each })),
    summary,
  }
}

export const gatewayRestartPreflight = defineMethod({
  name: 'gateway.restart.preflight',
  scope: 'operator.read',
  summary: 'Whether a restart would interrupt anything now.',
  params: z.looseObject({}),
  result: preflight,
  uses: ['restart'],
  handler: (_, { restart }) => toAnswer(restart.preflight()),
})

export const gatewayRestartRequest = defineMethod({
  name: 'gateway.restart.request',
  scope: 'operator.admin',
  needs: ['restart'],
  summary: 'Restarts the gateway as soon as nothing is in the works, or after five minutes.',
  params: z.looseObject({ reason: z.unknown().optional(), restartDelayMs: z.int().min(0).max(60 * 60 * 1000).optional() }),
  result: z.strictObject({ ok: z.literal(true), status: z.enum(['scheduled', 'deferred']), preflight, restart: restartTicket }),
  uses: ['clock', 'restart'],
  handler({ reason, restartDelayMs }, { clock, restart, caller }) {
    const found = restart.preflight()
    const why = typeof reason === 'string' && reason !== '' ? reason.slice(0, 200) : `asked for by ${caller.id}`
    const ticket = restart.request(why, restartDelayMs)
    return { ok: true as const, status: found.safe ? ('scheduled' as const) : ('deferred' as const), preflight: toAnswer(found), restart: toTicket(ticket, clock.now()) }
  },
})
