// The setup: a conversation of questions and answers, at the end of which the configuration is written. It is kept on
// disk between its steps, so that it outlives the sleep of a gateway, and forgotten half an hour after the last answer.

import * as z from 'zod'
import { uuid } from '../../kit/ids.ts'
import { messageOf } from '../../kit/log.ts'
import { GatewayError, invalid, unavailable } from '../../protocol/errors.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Sql } from '../../ports/sql.ts'
import { createCollection } from '../../store/collection.ts'
import type { Commit } from '../../store/commit.ts'
import type { ModelProbe } from '../conversation/model-probe.ts'
import type { Models } from '../conversation/models.ts'
import { withValueAt, type ConfigObject } from './config-merge.ts'
import type { ConfigWriter } from './config-write.ts'
import type { ConfigService } from './config.ts'
import type { RuntimeConfiguration } from './runtime-settings.ts'
import type { Upkeep } from './upkeep.ts'
import type { Wakeups } from './wakeups.ts'
import { CUSTOM, nextStep, readAnswer, toChosen, type WizardAnswers, type WizardFacts, type WizardStep } from './wizard-steps.ts'

const session = z.strictObject({
  status: z.enum(['running', 'done', 'cancelled', 'error']),
  answers: z.record(z.string(), z.union([z.string(), z.boolean()])),
  probe: z.strictObject({ ok: z.boolean(), says: z.string() }).nullable(),
  workspace: z.string().nullable(),
  modelRef: z.string().nullable(),
  error: z.string().nullable(),
  expiresAt: z.int(),
})
type Session = z.output<typeof session>

export interface WizardState {
  readonly done: boolean
  readonly status: Session['status']
  readonly step: WizardStep | null
  readonly error: string | null
  /** The model that answers from now on. */
  readonly modelRef: string | null
}

export interface Wizard {
  start(options: { readonly workspace?: string | undefined }): { readonly sessionId: string } & WizardState
  /** Answers the step that is asked now, or only asks for it again. Throws WIZARD_NOT_FOUND. */
  next(sessionId: string, answer: { readonly stepId: string; readonly value: unknown } | null, by: string): Promise<WizardState>
  cancel(sessionId: string): WizardState
  status(sessionId: string): WizardState
}

const TTL_MS = 30 * 60 * 1000
/** At once; and of those that have ended, which can still be asked about. */
const MAX_SESSIONS = 8
const MAX_ENDED = 32
const PROBE_MS = 15_000
const WAKEUP = 'wizard'

export interface WizardDeps {
  readonly sql: Sql
  readonly commit: Commit
  readonly clock: Clock
  readonly wakeups: Wakeups
  readonly upkeep: Upkeep
  readonly env: Readonly<Record<string, string | undefined>>
  readonly config: ConfigService
  readonly runtime: RuntimeConfiguration
  readonly writer: ConfigWriter
  readonly models: Models
  readonly probe: ModelProbe
}

export function createWizard(deps: WizardDeps): Wizard {
  const { sql, commit, clock, wakeups, upkeep, env, config, runtime, writer, models, probe } = deps
  const sessions = createCollection(sql, 'wizard-sessions', session)
  const busy = new Set<string>()

  const all = () => sessions.list({ limit: 100 })

  function forget(now: number) {
    for (const { id, value } of all()) if (value.expiresAt <= now) sessions.delete(id)
    arm()
  }

  function arm() {
    const times = all().map(({ value }) => value.expiresAt)
    wakeups.set(WAKEUP, times.length === 0 ? null : Math.min(...times))
  }

  upkeep.add(forget)
  wakeups.on(WAKEUP, () => commit.tx(() => forget(clock.now())))

  function find(sessionId: string): Session {
    const found = sessions.get(sessionId)?.value
    if (found && found.expiresAt > clock.now()) return found
    throw invalid('wizard not found', { details: { code: 'WIZARD_NOT_FOUND' } })
  }

  function keep(sessionId: string, value: Omit<Session, 'expiresAt'>): Session {
    // What was answered is not needed after the end, and a key must not lie about.
    const answers = value.status === 'running' ? value.answers : {}
    const kept = { ...value, answers, expiresAt: clock.now() + TTL_MS }
    commit.tx(() => {
      sessions.put(sessionId, kept)
      arm()
    })
    return kept
  }

  function factsOf({ probe: result }: Session): WizardFacts {
    const { provider, model } = models.choiceFor(config.defaultAgentId())
    return {
      access: runtime.authMode.name === 'none' ? 'is on this machine, without any secret' : `has its ${runtime.authMode.name}`,
      model: models.configured ? `${provider}/${model}` : null,
      hasVariable: (name) => Boolean(env[name]),
      probe: result,
    }
  }

  const stepOf = (value: Session): WizardStep | null => (value.status === 'running' ? nextStep(value.answers, factsOf(value)) : null)

  const toState = (value: Session, error: string | null = value.error): WizardState => ({
    done: value.status !== 'running',
    status: value.status,
    step: stepOf(value),
    error,
    modelRef: value.modelRef,
  })

  async function advance(sessionId: string, value: Session, by: string): Promise<WizardState> {
    const step = stepOf(value)
    const asked = step?.id === 'finish' && value.probe === null ? await ask(value) : value
    if (find(sessionId).status !== 'running') return toState(find(sessionId)) // cancelled meanwhile
    if (step !== null) return toState(keep(sessionId, asked))
    try {
      const modelRef = await finish(value, by)
      return toState(keep(sessionId, { ...value, status: 'done', modelRef }))
    } catch (error) {
      return toState(keep(sessionId, { ...value, status: 'error', error: error instanceof GatewayError ? error.message : messageOf(error) }))
    }
  }

  /** Asks the provider before the last question. */
  async function ask(value: Session): Promise<Session> {
    const chosen = toChosen(value.answers)!
    const key = chosen.apiKey ?? (chosen.variable === null ? null : (env[chosen.variable] ?? null))
    const { status, latencyMs, error } = await probe.candidate({ ...chosen, apiKey: key }, PROBE_MS)
    const ok = status === 'ok'
    return { ...value, probe: { ok, says: ok ? `has answered in ${latencyMs} ms` : `${status}${error === undefined ? '' : ` (${error})`}` } }
  }

  /** Writes what was chosen; the name of the model, or null when nothing was. */
  async function finish({ answers, workspace }: Session, by: string): Promise<string | null> {
    const chosen = toChosen(answers)
    const modelRef = chosen && answers['finish'] === true ? `${chosen.provider}/${chosen.model}` : null
    if (!chosen && workspace === null) return null
    await writer.change({ by, how: 'wizard' }, (source) => {
      let next: ConfigObject = source
      if (chosen) next = withProvider(next, chosen)
      if (modelRef !== null) next = withValueAt(next, ['agents', 'defaults', 'model'], modelRef)
      return workspace === null ? next : withValueAt(next, ['agents', 'defaults', 'workspace'], workspace)
    })
    return modelRef
  }

  return {
    start({ workspace }) {
      const running = all().filter(({ value }) => value.status === 'running' && value.expiresAt > clock.now())
      if (running.length >= MAX_SESSIONS) {
        throw unavailable('too many setups are under way: cancel one, or try again later', { retryAfterMs: 60_000, details: { code: 'SETUP_ADMISSION_BUSY' } })
      }
      const ended = all().filter(({ value }) => value.status !== 'running')
      if (ended.length >= MAX_ENDED) commit.tx(() => ended.forEach(({ id }) => sessions.delete(id)))
      const sessionId = uuid()
      const value = keep(sessionId, { status: 'running', answers: {}, probe: null, workspace: workspace ?? null, modelRef: null, error: null })
      return { sessionId, ...toState(value) }
    },

    async next(sessionId, answer, by) {
      const value = find(sessionId)
      const step = stepOf(value)
      if (answer === null || value.status !== 'running') return toState(value)
      if (step?.id !== answer.stepId) throw invalid('wizard: no pending step')
      if (busy.has(sessionId)) throw unavailable('the provider is being asked: wait for it', { retryAfterMs: 1000 })
      const read = readAnswer(step, answer.value)
      if (typeof read === 'string') return toState(value, read)
      busy.add(sessionId)
      try {
        return await advance(sessionId, withAnswer(value, step.id, read.value), by)
      } finally {
        busy.delete(sessionId)
      }
    },

    cancel(sessionId) {
      const value = find(sessionId)
      return toState(value.status === 'running' ? keep(sessionId, { ...value, status: 'cancelled', error: 'cancelled' }) : value)
    },

    status: (sessionId) => toState(find(sessionId)),
  }
}

/** What to do about a provider that did not answer sends the conversation back to an earlier question. */
function withAnswer(value: Session, id: string, answer: string | boolean): Session {
  if (id !== 'failed' || answer === 'keep') return { ...value, answers: { ...value.answers, [id]: answer } }
  const forgotten = answer === 'again' ? [] : answer === 'key' ? ['apiKey'] : ['provider', 'baseUrl', 'model', 'apiKey']
  const answers: WizardAnswers = Object.fromEntries(Object.entries(value.answers).filter(([name]) => !forgotten.includes(name)))
  return { ...value, answers: { ...answers }, probe: null }
}

function withProvider(source: ConfigObject, chosen: NonNullable<ReturnType<typeof toChosen>>): ConfigObject {
  const path = ['models', 'providers', chosen.provider]
  let next = source
  if (chosen.provider === CUSTOM) {
    next = withValueAt(next, [...path, 'baseUrl'], chosen.baseUrl)
    next = withValueAt(next, [...path, 'models'], [{ id: chosen.model }])
  }
  return chosen.apiKey === null ? next : withValueAt(next, [...path, 'apiKey'], chosen.apiKey)
}
