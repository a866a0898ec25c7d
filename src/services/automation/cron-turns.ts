// A run of a job as a turn of its agent: started under a key that it alone has, in the name of the job.

import { uuid } from '../../kit/ids.ts'
import { expandScopes, type Principal } from '../../protocol/scopes.ts'
import { MAIN_KEY } from '../../protocol/shapes.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Agents } from '../conversation/agents.ts'
import type { Models } from '../conversation/models.ts'
import type { RunRequest, RunResult } from '../conversation/run-table.ts'
import type { Runs } from '../conversation/runs.ts'
import type { CronDefinition, CronRecord } from './cron-job.ts'
import { SILENT, type Place } from './cron-outcome.ts'
import type { CronSessions } from './cron-sessions.ts'

export interface CronTurn {
  readonly place: Place
  readonly done: Promise<RunResult>
}

export interface CronTurns {
  /** Throws when it cannot begin: the agent is gone, too much is waiting. */
  start(job: CronRecord, runId: string): CronTurn
  /** What the last process left of a run: one that goes on, one that has ended, or null. */
  find(runId: string): { readonly place: Place; readonly result: RunResult } | CronTurn | null
  /** Throws for what no run of this job could do. */
  check(definition: CronDefinition): void
  agentOf(definition: CronDefinition): string
  /** The session to which the text of a job without a turn goes. */
  eventKeyOf(definition: CronDefinition): string
}

export function createCronTurns(deps: {
  agents: Agents
  models: Models
  runs: Runs
  sessions: CronSessions
  clock: Clock
}): CronTurns {
  const { agents, models, runs, sessions, clock } = deps

  const agentOf = ({ agentId }: CronDefinition) => agentId ?? agents.defaultId()

  return {
    agentOf,
    eventKeyOf: (definition) => agents.sessionKey(definition.sessionKey ?? MAIN_KEY, agentOf(definition)),
    start(job, runId) {
      const { payload } = job.definition
      if (payload.kind !== 'agentTurn') throw new Error('a job without a turn was started as one')
      const place = sessions.open(job, uuid())
      const started = runs.start({ ...toRequest(job, payload, runId, clock.now()), sessionKey: place.sessionKey })
      const done = started.run?.done ?? Promise.resolve(runs.find(runId)!.result!)
      return { place, done }
    },
    find(runId) {
      const record = runs.find(runId)
      if (!record) return null
      const place = { sessionKey: record.sessionKey }
      const live = runs.live(runId)
      if (live) return { place, done: live.done }
      return record.result ? { place, result: record.result } : null
    },
    check(definition) {
      const { payload, sessionKey, sessionTarget } = definition
      const agentId = agentOf(definition)
      agents.ofSession(agents.mainSessionKey(agentId))
      if (sessionKey !== undefined) agents.ofSession(agents.sessionKey(sessionKey, agentId))
      if (sessionTarget.startsWith('session:')) agents.ofSession(agents.sessionKey(sessionTarget.slice('session:'.length), agentId))
      if (payload.kind !== 'agentTurn') return
      for (const model of [...(payload.model ? [payload.model] : []), ...(payload.fallbacks ?? [])]) models.assertKnown(model)
    },
  }
}

type TurnPayload = Extract<CronDefinition['payload'], { kind: 'agentTurn' }>

function toRequest(job: CronRecord, payload: TurnPayload, runId: string, now: number): Omit<RunRequest, 'sessionKey'> {
  const { message, model, fallbacks, thinking, timeoutSeconds, toolsAllow } = payload
  const effort = thinking === undefined || thinking === 'off' ? {} : { reasoningEffort: thinking }
  return {
    runId,
    origin: 'cron',
    principal: principalOf(job),
    hash: `${job.id}:${job.version}`,
    input: [{ role: 'user', content: message, timestamp: now, idempotencyKey: `${runId}:user` }],
    settings: effort,
    instructions: instructionsOf(job, now),
    ...(model && { model }),
    ...(fallbacks && { fallbacks }),
    ...(timeoutSeconds && { timeoutMs: Math.ceil(timeoutSeconds * 1000) }),
    ...(toolsAllow && { toolsAllow }),
  }
}

/** A job acts in its own name, and may what those may who decided about it. */
const principalOf = ({ id, scopes }: CronRecord): Principal => ({ id: `cron:${id}`, role: 'operator', scopes: expandScopes(scopes) })

const instructionsOf = ({ definition }: CronRecord, now: number): string =>
  `This is an unattended run of the automation "${definition.displayName ?? definition.name}". It is ${new Date(now).toISOString()}. ` +
  'Nobody is there to answer questions or to approve anything: do what can be done with what you have. Your last message is the ' +
  `result. If something failed, say plainly what. If there is nothing to say, answer exactly ${SILENT}.`
