// The tool with which an agent makes and changes jobs, in the name of whoever it works for.

import * as z from 'zod'
import { splitSessionKey } from '../../protocol/shapes.ts'
import type { Cron } from '../automation/cron.ts'
import type { CronTelling } from '../automation/cron-telling.ts'
import { toFullView } from '../automation/cron-view.ts'
import type { CronRecord } from '../automation/cron-job.ts'
import { defineTool, type Tool } from '../conversation/tools.ts'
import { assertUncounted } from '../identity/key-limits.ts'

const text = z.string().min(1)
const word = z.string().regex(/\S/)
const id = text
const MAX_LISTED = 50

/**
 * A job as an agent makes it. It is less than clients may say (`cron.add`): every turn pays for each word of this with
 * tokens, and the rest is for people.
 */
const jobFields = {
  name: text,
  description: z.string().optional(),
  enabled: z.boolean().optional(),
  schedule: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('at'), at: text }),
    z.strictObject({ kind: z.literal('every'), everyMs: z.number().int().min(1) }),
    z.strictObject({ kind: z.literal('cron'), expr: text, tz: z.string().optional() }),
  ]),
  payload: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('agentTurn'), message: text, model: z.string().optional(), timeoutSeconds: z.number().min(0).optional() }),
    z.strictObject({ kind: z.literal('systemEvent'), text }),
  ]),
  sessionTarget: z.string().regex(/^(?:main|isolated|session:.+)$/).optional(),
  wakeMode: z.enum(['now', 'next-heartbeat']).optional(),
  deleteAfterRun: z.boolean().optional(),
  delivery: z
    .discriminatedUnion('mode', [
      z.strictObject({ mode: z.literal('none') }),
      z.strictObject({ mode: z.literal('announce'), channel: word.optional(), to: word.optional() }),
      z.strictObject({ mode: z.literal('webhook'), to: word }),
    ])
    .optional(),
}
const newJob = z.strictObject({ ...jobFields, agentId: text.optional() })
const jobPatch = z.strictObject(jobFields).partial()

/** An agent's turn has a session of its own; an event is told in the main one. */
const targetOf = ({ kind }: z.output<typeof jobFields.payload>) => (kind === 'agentTurn' ? 'isolated' : 'main')

/** What only changes for the better when nobody but an admin does it. */
const CHANGES: readonly string[] = ['add', 'update', 'remove', 'run']

export function createCronTool({ cron, cronTelling }: { cron: Cron; cronTelling: CronTelling }): Tool {
  const show = (job: CronRecord) => toFullView(job, cronTelling.runningAt(job))

  return defineTool({
    name: 'cron',
    description:
      'Jobs that run at set times: list, add, update, remove, run, runs. A job has a name, a schedule ({kind:"at",at} | {kind:"every",everyMs} | {kind:"cron",expr,tz}), ' +
      'and a payload: {kind:"agentTurn",message} in a session of its own ("isolated"), or {kind:"systemEvent",text} in the main session ("main"). Times are ISO 8601.',
    group: 'automation',
    scope: 'operator.read',
    elevate: ({ action }) => (CHANGES.includes(action) ? 'operator.admin' : null),
    params: z.discriminatedUnion('action', [
      z.strictObject({ action: z.literal('list'), includeDisabled: z.boolean().default(true) }),
      z.strictObject({ action: z.literal('add'), job: newJob }),
      z.strictObject({ action: z.literal('update'), id, patch: jobPatch }),
      z.strictObject({ action: z.literal('remove'), id }),
      z.strictObject({ action: z.literal('run'), id }),
      z.strictObject({ action: z.literal('runs'), id, limit: z.number().int().min(1).max(50).default(10) }),
    ]),
    run(params, { principal, sessionKey }) {
      // A job runs in a name of its own, and nobody would count for the key that made it.
      if (CHANGES.includes(params.action)) assertUncounted(principal)
      switch (params.action) {
        case 'list': {
          const page = cron.list({ includeDisabled: params.includeDisabled, limit: MAX_LISTED })
          return { total: page.total, jobs: page.jobs.map(show) }
        }
        case 'add': {
          const { agentId = splitSessionKey(sessionKey)?.agentId, sessionTarget = targetOf(params.job.payload), wakeMode = 'now', ...rest } = params.job
          const { job } = cron.add({ ...rest, sessionTarget, wakeMode, ...(agentId && { agentId }) }, principal)
          return show(job)
        }
        case 'update':
          return show(cron.update(params.id, params.patch, undefined, principal))
        case 'remove':
          cron.remove(params.id)
          return { removed: true }
        case 'run':
          return cron.run(params.id, 'force')
        case 'runs': {
          const { entries, total } = cron.runs({ scope: 'job', id: params.id, limit: params.limit, offset: 0, sortDir: 'desc' })
          return { total, entries }
        }
      }
    },
  })
}
