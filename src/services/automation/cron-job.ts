// What a job is, and the rules by which one is made and changed. Pure: nothing is kept here.

import { GatewayError, invalid } from '../../protocol/errors.ts'
import type { CronAdd, CronPatch } from '../../protocol/cron-params.ts'
import type { CatchUp, CronState } from '../../protocol/cron-shapes.ts'
import type { Scope } from '../../protocol/scopes.ts'
import { settleSchedule, type Schedule } from './schedule.ts'

type Payload = Extract<CronAdd['payload'], { kind: 'systemEvent' | 'agentTurn' }>
type Delivery = NonNullable<CronAdd['delivery']>

/** What people decide about a job. */
export interface CronDefinition {
  readonly name: string
  readonly displayName?: string | undefined
  readonly description?: string | undefined
  readonly owner?: CronAdd['owner']
  /** Absent: the default agent. */
  readonly agentId?: string | undefined
  readonly sessionKey?: string | undefined
  readonly deleteAfterRun?: boolean | undefined
  readonly schedule: Schedule
  readonly sessionTarget: string
  readonly wakeMode: 'next-heartbeat' | 'now'
  readonly payload: Payload
  readonly delivery?: Delivery | undefined
  readonly failureAlert?: CronAdd['failureAlert']
  readonly catchUp?: CatchUp | undefined
}

export interface CronRecord {
  readonly id: string
  readonly declarationKey: string | null
  readonly definition: CronDefinition
  readonly enabled: boolean
  /** The first slot that is not accounted for; null: none is to come. */
  readonly nextAt: number | null
  /** No slot is looked at before the run has ended. */
  readonly held: boolean
  /** The number of the run that is under way. */
  readonly running: number | null
  /** The number of its last row. */
  readonly lastRow: number
  /** Grows with each change that a person makes. */
  readonly version: number
  readonly createdAt: number
  readonly updatedAt: number
  readonly state: Omit<CronState, 'nextRunAtMs' | 'runningAtMs'>
  /** What its runs may: never more than those who decided about it. */
  readonly scopes: readonly Scope[]
}

/** Of each text of a job. */
const MAX_TEXT_CHARS = 100_000
const MAX_NAME_CHARS = 1000

// --- making ---

export function settleDefinition(given: CronAdd, now: number): CronDefinition {
  const { declarationKey: _, enabled: __, agentId, sessionKey, pacing, trigger, schedule, payload, ...rest } = given
  const kept = {
    ...rest,
    ...(agentId && { agentId }),
    ...(sessionKey && { sessionKey }),
    schedule: settleSchedule(withoutProcess(schedule), now),
    payload: ofTurn(payload),
  }
  refuseUnserved(pacing, trigger)
  return checked({ ...withTarget(withDelivery(kept)), ...(schedule.kind === 'at' && { deleteAfterRun: rest.deleteAfterRun ?? true }) })
}

/** `current` without a session is a session of its own. */
const withTarget = (job: CronDefinition): CronDefinition =>
  job.sessionTarget === 'current' && job.sessionKey === undefined ? { ...job, sessionTarget: 'isolated' } : job

/** The answer of an agent is announced unless somebody says otherwise. */
const withDelivery = (job: CronDefinition): CronDefinition =>
  job.delivery === undefined && job.payload.kind === 'agentTurn' ? { ...job, delivery: { mode: 'announce' } } : job

// --- changing ---

export function patchDefinition(before: CronDefinition, patch: CronPatch, now: number): CronDefinition {
  const { enabled: _, state, pacing, trigger, schedule, payload, delivery, failureAlert, ...rest } = patch
  refuseUnserved(pacing ?? undefined, trigger ?? undefined)
  const strange = Object.keys(state ?? {}).filter((key) => key !== 'nextRunAtMs')
  if (strange.length > 0) throw invalid(`the gateway alone keeps state.${strange[0]}: of the state only nextRunAtMs can be set`)
  const after = merge(before, {
    ...rest,
    ...(schedule && { schedule: settleSchedule(withoutProcess(schedule), now) }),
    ...(payload && { payload: patchPayload(before.payload, payload) }),
    ...(delivery && { delivery: merge(before.delivery ?? { mode: 'announce' as const }, delivery) as Delivery }),
    ...(failureAlert !== undefined && { failureAlert: failureAlert && merge({}, failureAlert) }),
  })
  if (after.sessionTarget === 'main' && delivery === undefined) return checked(merge(after, { delivery: null }))
  return checked(withTarget(withDelivery(after)))
}

function patchPayload(before: Payload, patch: NonNullable<CronPatch['payload']>): Payload {
  const merged = patch.kind === before.kind ? merge(before, patch) : merge({}, patch)
  const payload = ofTurn(merged as CronAdd['payload'])
  const main = payload.kind === 'systemEvent' ? payload.text : payload.message
  if (main === undefined) throw invalid(`at /patch/payload: must have required property '${payload.kind === 'systemEvent' ? 'text' : 'message'}'`)
  return payload
}

/** Members of `patch` replace those of `value`; null takes one away. */
function merge<T extends object>(value: T, patch: object): T {
  const merged = { ...value } as Record<string, unknown>
  for (const [key, member] of Object.entries(patch)) {
    if (member === null) delete merged[key]
    else if (member !== undefined) merged[key] = member
  }
  return merged as T
}

// --- rules ---

const missing = (what: string, needs: string): GatewayError =>
  new GatewayError('UNAVAILABLE', `${what} cannot be served here: it needs ${needs}`, {
    retryable: false,
    details: { code: 'ABILITY_MISSING', missing: [needs] },
  })

function withoutProcess(schedule: CronAdd['schedule']): Schedule {
  if (schedule.kind !== 'on-exit' && schedule.kind !== 'stream') return schedule
  throw missing(`schedule.kind "${schedule.kind}"`, 'processes that the gateway starts and watches')
}

function ofTurn(payload: CronAdd['payload']): Payload {
  if (payload.kind === 'systemEvent' || payload.kind === 'agentTurn') return payload
  throw missing(`payload.kind "${payload.kind}"`, payload.kind === 'command' ? 'processes that the gateway starts' : 'a place to run scripts in')
}

function refuseUnserved(pacing: unknown, trigger: unknown): void {
  if (trigger !== undefined) throw missing('a trigger', 'a place to run scripts in')
  if (pacing !== undefined) throw missing('pacing', 'a tool by which an agent sets the time of its next run')
}

function checked(job: CronDefinition): CronDefinition {
  const { payload, sessionTarget, delivery, name } = job
  const isMain = sessionTarget === 'main'
  if (isMain && payload.kind !== 'systemEvent') throw invalid('main cron jobs require payload.kind="systemEvent"')
  if (!isMain && payload.kind !== 'agentTurn') throw invalid(`${kindOf(sessionTarget)} cron jobs require payload.kind="agentTurn"`)
  if (isMain && delivery && delivery.mode !== 'none') throw invalid('cron channel delivery config is only supported for sessionTarget="isolated"')
  if (delivery?.mode === 'webhook') throw missing('delivery.mode "webhook"', 'outgoing webhooks')
  if (delivery?.mode === 'announce' && delivery.completionDestination) throw missing('delivery.completionDestination', 'outgoing webhooks')
  if (name.trim() === '') throw invalid('name required')
  const chars = payload.kind === 'systemEvent' ? payload.text.length : payload.message.length
  if (name.length > MAX_NAME_CHARS) throw invalid(`name has ${name.length} characters, at most ${MAX_NAME_CHARS} are accepted`)
  if (chars + (job.description?.length ?? 0) > MAX_TEXT_CHARS) throw invalid(`a job can have ${MAX_TEXT_CHARS} characters of text at most`)
  return job
}

const kindOf = (target: string): string => (target.startsWith('session:') ? 'session' : target)
