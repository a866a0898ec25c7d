// Jobs as people manage them: making, changing, removing, listing. The scheduler runs them.

import { uuid } from '../../kit/ids.ts'
import { stableStringify } from '../../kit/json.ts'
import { GatewayError, invalid } from '../../protocol/errors.ts'
import type { CronAdd, CronListQuery, CronPatch, CronRunsQuery } from '../../protocol/cron-params.ts'
import type { CronRunEntry } from '../../protocol/cron-shapes.ts'
import type { Principal, Scope } from '../../protocol/scopes.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Commit } from '../../store/commit.ts'
import { patchDefinition, settleDefinition, type CronDefinition, type CronRecord } from './cron-job.ts'
import type { CronRuns } from './cron-runs.ts'
import type { CronTable } from './cron-table.ts'
import type { CronTelling } from './cron-telling.ts'
import type { CronTurns } from './cron-turns.ts'
import { revisionOf } from './cron-view.ts'
import { timetableOf } from './schedule.ts'
import type { Ran, RunMode, Scheduler } from './scheduler.ts'

export interface Added {
  readonly job: CronRecord
  readonly created: boolean
  readonly updated: boolean
}

export interface JobPage {
  readonly jobs: readonly CronRecord[]
  readonly total: number
  readonly offset: number
  readonly limit: number
  /** The same as long as no job has changed. */
  readonly revision: string
}

export interface Cron {
  /** Makes a job, or changes the one that was declared under the same key. */
  add(given: CronAdd, caller: Principal): Added
  /** Throws when `expected` is not what the job is now. */
  update(id: string, patch: CronPatch, expected: string | undefined, caller: Principal): CronRecord
  remove(id: string): void
  /** Throws when there is none. */
  get(id: string): CronRecord
  run(id: string, mode: RunMode): Ran
  list(query: CronListQuery): JobPage
  runs(query: CronRunsQuery): { readonly entries: readonly CronRunEntry[]; readonly total: number }
  readonly count: number
  /** How many slots were begun and have not ended. */
  readonly openSlots: number
  /** Where they are kept, for people. */
  readonly place: string
}

const MAX_JOBS = 2000
const MAX_PAGE = 200
const EMPTY_PAGE = 50

export function createCron(deps: {
  table: CronTable
  rows: CronRuns
  turns: CronTurns
  scheduler: Scheduler
  telling: CronTelling
  commit: Commit
  clock: Clock
  defaultAgentId: () => string
  place: string
}): Cron {
  const { table, rows, turns, scheduler, telling, commit, clock, defaultAgentId } = deps

  function get(id: string): CronRecord {
    const job = table.get(id)
    if (job) return job
    const message = `Automation not found: ${id.slice(0, 200)}. List automations and retry with a current job id.`
    throw new GatewayError('INVALID_REQUEST', message, { details: { code: 'CRON_JOB_NOT_FOUND', jobId: id } })
  }

  function told(action: 'added' | 'updated' | 'removed', job: CronRecord): CronRecord {
    telling.changed(action, job)
    scheduler.arm()
    return job
  }

  function create(given: CronAdd, definition: CronDefinition, caller: Principal): CronRecord {
    if (table.count() >= MAX_JOBS) throw invalid(`there are ${MAX_JOBS} jobs already: remove some`)
    const now = clock.now()
    const id = uuid()
    const enabled = given.enabled ?? true
    const job: CronRecord = {
      id,
      declarationKey: given.declarationKey ?? null,
      definition,
      enabled,
      nextAt: enabled ? timetableOf(definition.schedule, id).next(now) : null,
      held: false,
      running: null,
      lastRow: 0,
      version: 1,
      createdAt: now,
      updatedAt: now,
      state: {},
      scopes: [...caller.scopes],
    }
    table.put(job)
    return job
  }

  /** What is declared again without a beginning keeps the one that it has. */
  function withAnchor(given: CronAdd, { definition: { schedule } }: CronRecord): CronAdd {
    const wanted = given.schedule
    const keeps = wanted.kind === 'every' && wanted.anchorMs === undefined && schedule.kind === 'every' && schedule.everyMs === wanted.everyMs
    return keeps ? { ...given, schedule: { ...wanted, anchorMs: schedule.anchorMs } } : given
  }

  function declare(known: CronRecord, given: CronAdd, caller: Principal): Added {
    const definition = settled(withAnchor(given, known))
    const enabled = given.enabled ?? known.enabled
    if (enabled === known.enabled && stableStringify(definition) === stableStringify(known.definition)) {
      return { job: known, created: false, updated: false }
    }
    return { job: told('updated', change(known, definition, enabled, caller)), created: false, updated: true }
  }

  function settled(given: CronAdd): CronDefinition {
    const definition = settleDefinition(given, clock.now())
    turns.check(definition)
    return definition
  }

  function change(job: CronRecord, definition: CronDefinition, enabled: boolean, caller: Principal, nextAt?: number): CronRecord {
    const now = clock.now()
    const sameTimes = stableStringify(definition.schedule) === stableStringify(job.definition.schedule) && enabled === job.enabled
    const next = enabled ? (nextAt ?? (sameTimes ? job.nextAt : timetableOf(definition.schedule, job.id).next(now))) : null
    if (enabled && next === null && !sameTimes) throw invalid('the schedule has no upcoming run time: change it to enable the job')
    const after: CronRecord = {
      ...job,
      definition,
      enabled,
      nextAt: next,
      version: job.version + 1,
      updatedAt: now,
      state: sameTimes ? job.state : { ...job.state, scheduleActivatedAtMs: now },
      scopes: job.scopes.filter((scope: Scope) => caller.scopes.has(scope)), // never more than either holds
    }
    commit.tx(() => table.put(after))
    return after
  }

  return {
    get,
    add: (given, caller) =>
      commit.tx(() => {
        const known = given.declarationKey === undefined ? null : table.declared(given.declarationKey)
        if (known) return declare(known, given, caller)
        return { job: told('added', create(given, settled(given), caller)), created: true, updated: false }
      }),
    update: (id, patch, expected, caller) =>
      commit.tx(() => {
        const job = get(id)
        const actual = revisionOf(job)
        if (expected !== undefined && expected !== actual) {
          throw invalid('cron job definition no longer matches the loaded version; review the latest version before retrying', {
            details: { code: 'CRON_JOB_CHANGED', expectedConfigRevision: expected, actualConfigRevision: actual },
          })
        }
        const definition = patchDefinition(job.definition, patch, clock.now())
        turns.check(definition)
        const enabled = patch.enabled ?? job.enabled
        const wanted = patch.state?.nextRunAtMs
        if (wanted !== undefined && !enabled) throw invalid('state.nextRunAtMs cannot be set: the job is disabled')
        return told('updated', change(job, definition, enabled, caller, wanted === undefined ? undefined : Math.max(wanted, clock.now())))
      }),
    remove(id) {
      const job = get(id)
      commit.tx(() => table.delete(id))
      told('removed', job)
    },
    run: (id, mode) => scheduler.run(get(id), mode),
    list(query) {
      const total = table.total(query, defaultAgentId())
      const limit = query.limit ?? Math.min(MAX_PAGE, total || EMPTY_PAGE)
      const offset = Math.min(query.offset ?? 0, total)
      return { jobs: table.page(query, defaultAgentId(), limit, offset), total, limit, offset, revision: table.revision }
    },
    runs(query) {
      const jobId = query.scope === 'all' ? undefined : (query.id ?? query.jobId)
      if (query.scope === 'job' && jobId === undefined) throw invalid('invalid cron.runs params: missing id')
      if (jobId !== undefined && !rows.has(jobId)) get(jobId)
      return rows.page(query, jobId)
    },
    get count() {
      return table.count()
    },
    get openSlots() {
      return rows.open().length
    },
    place: deps.place,
  }
}
