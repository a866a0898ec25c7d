// Runs that work behind people's backs, as tasks: those that a program asked for, and those of jobs. A task is written
// with its run, in the same transactions.

import { uuid } from '../../kit/ids.ts'
import { firstUnits } from '../../kit/text.ts'
import { splitSessionKey, textOf } from '../../protocol/shapes.ts'
import { task as taskEvent, type TaskSummary } from '../../protocol/task-events.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Bus } from '../bus.ts'
import type { RunRequest, RunResult } from './run-table.ts'
import type { Runs } from './runs.ts'
import { toTitle } from './session-text.ts'
import type { Task, TaskFilter, TaskStatus, TaskTable } from './task-table.ts'

export interface Tasks {
  get(id: string): Task | null
  page(filter: TaskFilter, limit: number): readonly Task[]
  /** What its run has said; null while it has not ended, or when that is forgotten. */
  resultOf(task: Task): string | null
  /** Ends its run; resolves, durably, with whether there was something to end. */
  cancel(task: Task): Promise<boolean>
}

const MAX_PROMPT_CHARS = 4000

export function createTasks(deps: { table: TaskTable; runs: Runs; bus: Bus; clock: Clock }): Tasks {
  const { table, runs, bus, clock } = deps

  const tell = (task: Task | null) => task && bus.publish(taskEvent, () => ({ action: 'upserted' as const, task: toSummary(task) }))

  runs.onAccept((request) => {
    const { origin, runId } = request
    if (origin !== 'agent' && origin !== 'cron') return
    const now = clock.now()
    const prompt = request.input.map(textOf).join('\n')
    const task: Task = {
      id: uuid(),
      runId,
      origin: request.spawnedBy === undefined ? origin : 'subagent',
      sourceId: sourceOf(request),
      status: 'queued',
      title: toTitle(prompt),
      prompt: firstUnits(prompt, MAX_PROMPT_CHARS),
      agentId: splitSessionKey(request.sessionKey)!.agentId,
      sessionKey: request.sessionKey,
      createdAt: now,
      updatedAt: now,
      startedAt: null,
      endedAt: null,
      error: null,
    }
    table.insert(task)
    tell(task)
  })
  runs.onBegin(({ origin, runId }) => {
    if (origin !== 'agent' && origin !== 'cron') return
    const now = clock.now()
    tell(table.update(runId, { status: 'running', startedAt: now, updatedAt: now }))
  })
  runs.onEnded(({ request: { origin, runId }, result }) => {
    if (origin !== 'agent' && origin !== 'cron') return
    const { endedAt } = result
    tell(table.update(runId, { status: toStatus(result), endedAt, updatedAt: endedAt, error: result.error?.message ?? null }))
  })

  return {
    get: (id) => table.get(id),
    page: (filter, limit) => table.page(filter, limit),
    resultOf: ({ runId }) => runs.find(runId)?.result?.text ?? null,
    async cancel({ runId }) {
      const run = runs.live(runId)
      return run !== null && (await runs.abort([run], 'rpc')).length > 0
    },
  }
}

/** `cron:<job>:<slot>` is the id of a run of a job. */
const sourceOf = ({ origin, runId, spawnedBy }: RunRequest): string => spawnedBy ?? (origin === 'cron' ? (/^cron:([^:]+):/.exec(runId)?.[1] ?? runId) : runId)

const KINDS = {
  agent: { kind: 'cli', runtime: 'cli' },
  cron: { kind: 'automation_run', runtime: 'cron' },
  subagent: { kind: 'subagent', runtime: 'subagent' },
} as const satisfies Record<Task['origin'], unknown>

function toStatus({ state, stopReason }: RunResult): TaskStatus {
  if (state === 'ok') return 'completed'
  if (state === 'aborted') return 'cancelled'
  return stopReason === 'timeout' ? 'timed_out' : 'failed'
}

export function toSummary(task: Task): TaskSummary {
  const { id, runId, origin, sourceId, status, title, agentId, sessionKey, createdAt, updatedAt, startedAt, endedAt, error } = task
  return {
    id,
    taskId: id,
    ...KINDS[origin],
    status,
    title,
    agentId,
    sessionKey,
    childSessionKey: sessionKey,
    ownerKey: origin === 'subagent' ? sourceId : sessionKey,
    runId,
    sourceId,
    createdAt,
    updatedAt,
    ...(startedAt !== null && { startedAt }),
    ...(endedAt !== null && { endedAt, terminalSummary: error ?? status }),
    ...(error !== null && { error }),
    deliveryStatus: 'not_applicable',
  }
}
