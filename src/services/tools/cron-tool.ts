// The tool with which an agent makes and changes jobs, in the name of whoever it works for.

import * as z from 'zod'
import { cronAddParams, cronPatch } from '../../protocol/cron-shapes.ts'
import { splitSessionKey } from '../../protocol/shapes.ts'
import type { Cron } from '../automation/cron.ts'
import type { CronTelling } from '../automation/cron-telling.ts'
import { toFullView } from '../automation/cron-view.ts'
import type { CronRecord } from '../automation/cron-job.ts'
import { defineTool, type Tool } from '../conversation/tools.ts'

const id = z.string().min(1)
const MAX_LISTED = 50

/** What only changes for the better when nobody but an admin does it. */
const CHANGES: readonly string[] = ['add', 'update', 'remove', 'run']

export function createCronTool({ cron, cronTelling }: { cron: Cron; cronTelling: CronTelling }): Tool {
  const show = (job: CronRecord) => toFullView(job, cronTelling.runningAt(job))

  return defineTool({
    name: 'cron',
    description:
      'Jobs that run at set times: list, add, update, remove, run, runs. A job has a name, a schedule ({kind:"at",at} | {kind:"every",everyMs} | {kind:"cron",expr,tz}), ' +
      'and a payload: {kind:"agentTurn",message} in a session of its own ("isolated"), or {kind:"systemEvent",text} in the main session ("main").',
    group: 'automation',
    scope: 'operator.read',
    elevate: ({ action }) => (CHANGES.includes(action) ? 'operator.admin' : null),
    params: z.discriminatedUnion('action', [
      z.strictObject({ action: z.literal('list'), includeDisabled: z.boolean().default(true) }),
      z.strictObject({ action: z.literal('add'), job: cronAddParams }),
      z.strictObject({ action: z.literal('update'), id, patch: cronPatch }),
      z.strictObject({ action: z.literal('remove'), id }),
      z.strictObject({ action: z.literal('run'), id }),
      z.strictObject({ action: z.literal('runs'), id, limit: z.int().min(1).max(50).default(10) }),
    ]),
    run(params, { principal, sessionKey }) {
      switch (params.action) {
        case 'list': {
          const page = cron.list({ includeDisabled: params.includeDisabled, limit: MAX_LISTED })
          return { total: page.total, jobs: page.jobs.map(show) }
        }
        case 'add': {
          const agentId = params.job.agentId ?? splitSessionKey(sessionKey)?.agentId
          const { job } = cron.add({ ...params.job, ...(agentId && { agentId }) }, principal)
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
