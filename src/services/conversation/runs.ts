// Runs: accepted durably under their idempotency key, queued per session, carried out by the agent loop, ended with a
// recorded result.

import { createLanes } from '../../kit/async.ts'
import type { Logger } from '../../kit/log.ts'
import { invalid, unavailable } from '../../protocol/errors.ts'
import { chat } from '../../protocol/events.ts'
import { mayUseModel } from '../../protocol/scopes.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Model, ModelMessage } from '../../ports/model.ts'
import type { Commit } from '../../store/commit.ts'
import type { Gate } from '../../store/gate.ts'
import { idempotencyConflict } from '../../store/idempotency.ts'
import type { Bus } from '../bus.ts'
import type { OpenSpan, Tracing } from '../operations/tracing.ts'
import { runAgentLoop, type LoopIo, type LoopOutcome } from './agent-loop.ts'
import type { Activity } from './activity.ts'
import type { Agents } from './agents.ts'
import type { CompactionTable } from './compaction-table.ts'
import type { Media } from './media.ts'
import type { ModelCalls } from './model-calls.ts'
import type { Models } from './models.ts'
import type { ToolAudit } from './audited-runs.ts'
import { createRunCalls } from './run-calls.ts'
import { buildContext } from './run-context.ts'
import { createCourse, type Course, type Progress } from './run-course.ts'
import { AbortReason, createRunEndings, toAssistantMessage, toFailure, toResult, type Ending } from './run-ending.ts'
import { createJoining, mayJoin } from './run-joining.ts'
import { startLimit, type RunLimit } from './run-limit.ts'
import { createRecovery } from './run-recovery.ts'
import { createRunResults } from './run-results.ts'
import type { Suspension, Suspensions } from './run-suspension.ts'
import type { RunOrigin, RunRecord, RunRequest, RunResult, RunTable } from './run-table.ts'
import { createRunWaiting } from './run-waiting.ts'
import { addUsage, noUsage, splitSessionKey, type Usage } from '../../protocol/shapes.ts'
import type { SessionRecord } from './session-table.ts'
import type { SessionOrigin, Sessions } from './sessions.ts'
import type { Tools } from './tools.ts'
import type { Transcripts } from './transcripts.ts'

/** Runs that may wait in one session, and in all of them together. */
const MAX_QUEUED_PER_SESSION = 100
const MAX_QUEUED = 10_000
const DEFAULT_TIMEOUT_MS = 10 * 60 * 1000
const DEFAULT_WIDTH = 64
/** How long a run that nobody can see may stay off the record. */
const OFF_RECORD_MS = 250
/** Tools that one run may call. */
const MAX_TOOL_CALLS = 200

export interface Run {
  readonly id: string
  readonly sessionKey: string
  /** Resolves once the result is durable. Never rejects. */
  readonly done: Promise<RunResult>
  /** What the model has thought so far, where its provider tells. */
  readonly thoughts: string
  /** Hears of everything that is told from now on; of all of it before `done` resolves. */
  listen(listener: (progress: Progress) => void): void
  /** Hears at once what may not be told yet: for what is written with the end of the run. */
  observe(observer: (progress: Progress) => void): void
  abort(reason: string): void
}

export interface Started {
  readonly runId: string
  /** `started`, or what became of the run that had this key before. */
  readonly status: 'started' | 'in_flight' | 'ok' | 'error'
  /** null when it has ended already. */
  readonly run: Run | null
}

export interface Runs {
  /** Accepts a run, or recognises it. Throws when it cannot be accepted. Durable as everything that passes the gate. */
  start(request: RunRequest): Started
  find(runId: string): RunRecord | null
  live(runId: string): Run | null
  /** Running and waiting ones of a session, in order. */
  liveIn(sessionKey: string): readonly Run[]
  /** Ends runs, and resolves with their ids once their ends are durable. */
  abort(runs: readonly Run[], reason: string): Promise<string[]>
  /** Accepted ones that are not in the transcript yet. */
  queuedIn(sessionKey: string, limit: number): readonly RunRecord[]
  /** The text of a running answer so far. */
  textOf(runId: string): string
  /** Resolves when the run has ended; null after `timeoutMs`, also for a run that never came. */
  wait(runId: string, timeoutMs: number): Promise<RunResult | null>
  /** Takes up what the last process left. Call it before anything is accepted, and again when it has thrown: it goes on then. */
  recover(): void
  /** `listener` is called in the transaction in which the input of a run goes into the transcript, before it does. */
  onBegin(listener: (request: RunRequest) => void): void
  /** `listener` is called before a run is accepted, and throws when it may not be. */
  onStart(listener: (request: RunRequest) => void): void
  /** `listener` is called in the transaction that puts a run on record, before it begins. */
  onAccept(listener: (request: RunRequest) => void): void
  /** `listener` is called in the transaction in which a run ends. */
  onEnded(listener: (ending: Ending) => void): void
  /** Ends the runs that somebody has seen something of, so that the process can end. Their records say why. */
  stop(reason: string): Promise<void>
  readonly active: number
  /** How many wait for their turn, how many have it, and how many may. */
  load(): { readonly queued: number; readonly running: number; readonly width: number }
}

interface LiveRun extends Run {
  readonly agentId: string
  readonly request: RunRequest
  readonly signal: AbortSignal
  readonly resolve: (result: RunResult) => void
  readonly course: Course
  phase: 'waiting' | 'running' | 'ended'
  /** It is on record, and its session exists. */
  accepted: boolean
  /** The input is in the transcript. */
  begun: boolean
  model: Model | null
  /** Steps that stand in the transcript, and the tokens that they took. */
  steps: number
  used: Usage
  /** Where in the text the current step begins. */
  stepAt: number
  /** Where the last process left it, waiting for a person. */
  readonly from: Suspension | null
  limit: RunLimit | null
  /** It waits for a person. */
  suspended: boolean
  readonly span: OpenSpan | null
  /** Gives up its place in the queue. */
  leave: () => void
}

export interface RunsDeps {
  readonly table: RunTable
  readonly sessions: Sessions
  readonly transcripts: Transcripts
  readonly compactions: CompactionTable
  readonly agents: Agents
  readonly models: Models
  readonly tools: Tools
  readonly suspensions: Suspensions
  readonly media: Media
  readonly activity: Activity
  readonly bus: Bus
  readonly gate: Gate
  readonly commit: Commit
  readonly clock: Clock
  readonly audit?: ToolAudit
  readonly modelCalls?: ModelCalls
  readonly tracing?: Tracing
  readonly log: Logger
  readonly settings: () => { readonly timeoutSeconds?: number | undefined; readonly maxConcurrent?: number | undefined }
  /** Told how many runs are in the works whenever that changes; those that wait for a person are not. */
  readonly onActivity: (active: number) => void
}

export function createRuns(deps: RunsDeps): Runs {
  const { table, sessions, models, tools, suspensions, activity, bus, gate, commit, clock, log } = deps
  const endings = createRunEndings({ table, sessions, commit })
  const callTool = createRunCalls(deps)
  const joining = createJoining(deps)
  /** Runs that wait for a person take no place away from others. */
  let suspended = 0
  const width = () => deps.settings().maxConcurrent ?? DEFAULT_WIDTH
  const lanes = createLanes(() => width() + suspended)
  const live = new Map<string, LiveRun>()
  const starts: ((request: RunRequest) => void)[] = []
  const acceptances: ((request: RunRequest) => void)[] = []
  const beginnings: ((request: RunRequest) => void)[] = []
  const results = createRunResults({ gate, clock, log })
  const waiting = createRunWaiting({ clock, live: (runId) => live.get(runId), resultOf: (runId) => find(runId)?.result ?? null })

  function find(runId: string): RunRecord | null {
    const known = table.get(runId)
    const result = results.unkept(runId)
    return known && result ? { ...known, state: result.state, result } : known
  }

  function start(request: RunRequest): Started {
    const known = request.isNew ? null : find(request.runId)
    if (known) return recognise(known, request)
    if (lanes.depth(request.sessionKey) >= MAX_QUEUED_PER_SESSION || lanes.size >= MAX_QUEUED) {
      throw unavailable('too many messages are waiting: send again in a moment', { retryAfterMs: 1000 })
    }
    for (const listener of starts) listener(request)
    const begins = lanes.isFree(request.sessionKey)
    const accepted = !isUnseen(request)
    if (accepted) accept(request, begins)
    return { runId: request.runId, status: 'started', run: launch(request, accepted && begins, accepted) }
  }

  /** Nobody hears of it yet, and whoever asked repeats what broke off: it is written when something of it was seen, when it lasts or ends. */
  const isUnseen = ({ isNew }: RunRequest) => isNew === true && !bus.isHeard(chat)

  function accept(request: RunRequest, begins: boolean): void {
    writing(request)(() => {
      if (request.isNew) sessions.create({ key: request.sessionKey, via: 'run', isNew: true })
      else sessions.ensure(request.sessionKey, VIA[request.origin] ?? 'operator')
      table.insert(request, begins, clock.now())
      for (const listener of acceptances) listener(request)
      if (begins) enter(request, clock.now())
    })
  }

  /** Puts it on record after all: it lasts, or somebody sees something of it. */
  function acceptNow(run: LiveRun): void {
    if (run.accepted || run.phase === 'ended') return
    accept(run.request, true)
    run.accepted = true
    run.begun = true
  }

  /** An HTTP caller is told nothing before the end, and repeats what broke off: only the end is waited for. */
  const writing = ({ origin }: RunRequest) => (origin === 'http' ? commit.lazily : commit.tx)

  /** The input goes into the transcript. */
  function enter(request: RunRequest, startedAt: number): void {
    const { runId, sessionKey, input } = request
    for (const listener of beginnings) listener(request)
    for (const message of input) sessions.append(sessionKey, message, { runId })
    const changes = { status: 'running' as const, lastRunId: runId, lastError: null, startedAt, endedAt: null }
    sessions.update(sessionKey, changes, { phase: 'start', runId })
  }

  function recognise(known: RunRecord, request: RunRequest): Started {
    if (known.hash !== request.hash) throw idempotencyConflict()
    const status = known.result === null ? 'in_flight' : known.result.state === 'error' ? 'error' : 'ok'
    return { runId: known.id, status, run: live.get(known.id) ?? null }
  }

  /** Its session is made with its record: there is nothing to look up before. */
  const isUnmade = ({ isNew }: RunRequest, accepted: boolean) => isNew === true && !accepted

  const tellActivity = () => deps.onActivity(live.size - suspended)

  function onWait(run: LiveRun, isWaiting: boolean): void {
    run.suspended = isWaiting
    suspended += isWaiting ? 1 : -1
    if (isWaiting) run.limit?.pause()
    else run.limit?.go()
    tellActivity()
    lanes.widened()
  }

  function launch(request: RunRequest, begun: boolean, accepted = true, from: Suspension | null = null): LiveRun {
    const { runId, sessionKey } = request
    const { promise, resolve } = Promise.withResolvers<RunResult>()
    const aborter = new AbortController()
    const agentId = splitSessionKey(sessionKey)!.agentId
    const sessionId = isUnmade(request, accepted) ? undefined : sessions.get(sessionKey)?.sessionId
    const facts = {
      runId,
      sessionKey,
      agentId,
      sessionId,
      replayable: request.origin !== 'http',
      isAside: request.aside !== undefined,
      before: from ?? undefined,
      beforeKept: () => acceptNow(run),
    }
    const course = createCourse(facts, { bus, gate, clock, commit, table })
    const run: LiveRun = {
      id: runId,
      sessionKey,
      agentId,
      request,
      signal: aborter.signal,
      done: promise,
      get thoughts() {
        return course.thoughts
      },
      resolve,
      course,
      phase: 'waiting',
      accepted,
      begun,
      model: null,
      steps: from?.steps ?? 0,
      used: from?.usage ?? noUsage(),
      stepAt: from?.text.length ?? 0,
      leave: () => {},
      from,
      limit: null,
      suspended: false,
      span: deps.tracing?.open('invoke_agent', request.trace ?? null, { 'gen_ai.operation.name': 'invoke_agent', 'gen_ai.agent.id': agentId, 'edgeclaw.run.id': runId }) ?? null,
      listen: (listener) => course.listen(listener),
      observe: (observer) => course.observe(observer),
      abort(reason) {
        aborter.abort(new AbortReason(reason))
        if (run.phase !== 'waiting') return
        run.leave()
        void conclude(run, failed(run, clock.now(), run.signal.reason))
      },
    }
    live.set(runId, run)
    activity.begin(sessionKey, runId)
    tellActivity()
    waiting.arrived(run)
    run.leave = lanes.run(sessionKey, () => carryOut(run))
    return run
  }

  const failed = (run: LiveRun, startedAt: number, error: unknown): RunResult =>
    toFailure(error, run.signal, { text: run.course.text, usage: run.used }, run.model, { startedAt, endedAt: clock.now() }, log, factsOf(run))

  /** From its turn in the queue to its result. Never throws. */
  async function carryOut(run: LiveRun): Promise<void> {
    if (run.phase !== 'waiting') return // ended before its turn came
    run.phase = 'running'
    const startedAt = clock.now()
    run.limit = startLimit(clock, timeoutOf(run.request), () => run.abort('timeout'))
    const cancelAccept = run.accepted ? null : clock.after(OFF_RECORD_MS, () => acceptNow(run))
    let result: RunResult
    let lastUsage = noUsage()
    try {
      begin(run, startedAt)
      if (run.request.queueMode === 'collect') await takeIn(run, 'collect')
      const outcome = await loop(run)
      lastUsage = outcome.usage
      const said = { text: run.course.text, usage: addUsage(run.used, lastUsage) }
      result = toResult(outcome, said, { startedAt, endedAt: clock.now() })
    } catch (error) {
      result = failed(run, startedAt, error)
    }
    run.limit.end()
    cancelAccept?.()
    await conclude(run, result, lastUsage)
  }

  function begin(run: LiveRun, startedAt: number): void {
    if (run.accepted && !run.begun) {
      writing(run.request)(() => {
        sessions.ensure(run.sessionKey, 'operator')
        table.begin(run.id)
        enter(run.request, startedAt)
      })
      run.begun = true
    }
    run.course.lifecycle({ phase: 'start', startedAt })
  }

  /** Messages that wait in its session, and may become part of this run, do. */
  async function takeIn(run: LiveRun, mode: 'steer' | 'collect'): Promise<readonly ModelMessage[]> {
    const others = activity.runsOf(run.sessionKey).flatMap((id) => live.get(id) ?? [])
    const joins = others.filter((each) => each.phase === 'waiting' && each.accepted && !each.begun && mayJoin(each.request, run.request, mode))
    if (joins.length === 0) return []
    for (const each of joins) {
      each.leave()
      each.phase = 'ended'
      activity.end(each.sessionKey, each.id)
    }
    try {
      const { messages, result } = await joining.join(joins.map(({ request }) => request), clock.now())
      for (const each of joins) dismiss(each, result)
      return messages
    } catch (error) {
      await Promise.all(joins.map((each) => conclude(each, failed(each, clock.now(), error))))
      throw error
    }
  }

  async function loop(run: LiveRun): Promise<LoopOutcome> {
    const { request, signal, course } = run
    const session = isUnmade(request, run.accepted) ? null : sessions.get(run.sessionKey)
    if (!session && run.accepted) throw invalid('the session was deleted')
    const candidates = await candidatesOf(run, session)
    const messages = await buildContext(request, run.agentId, session, deps, new Set(run.from?.calls.map((call) => call.id)))
    const preparing = request.bare ? null : tools.prepare(signal)
    if (preparing) await preparing
    signal.throwIfAborted()
    course.status('starting_model')
    const input = {
      models: candidates,
      messages,
      tools: request.bare ? [] : tools.offeredTo(userOf(run, candidates[0])).filter(({ name }) => mayUse(request, name)),
      clientTools: request.clientTools ?? [],
      settings: request.settings,
      whole: request.whole === true && !bus.isHeard(chat),
      from: run.from ?? undefined,
    }
    return runAgentLoop(input, toLoopIo(run))
  }

  const userOf = ({ request: { principal }, sessionKey }: LiveRun, model: Model | undefined) => ({ principal, sessionKey, model: model?.id })

  async function candidatesOf({ agentId, request, signal }: LiveRun, session: SessionRecord | null): Promise<readonly Model[]> {
    const { model, fallbacks, bare = false } = request
    const wanted = { alone: bare, signal }
    const allowed = ({ id }: Model) => mayUseModel(request.principal, id)
    const own = await models.candidates(agentId, model ?? session?.settings.model, wanted)
    if (!fallbacks) return own.filter(allowed)
    const others = await Promise.all(fallbacks.map((id) => models.candidates(agentId, id, wanted)))
    return [own, ...others].map(([first]) => first!).filter(allowed)
  }

  function toLoopIo(run: LiveRun): LoopIo {
    const { id: runId, sessionKey, signal, course } = run
    let calls = 0
    return {
      signal,
      ...(deps.modelCalls && { ask: (model: Model) => deps.modelCalls!.begin(model, run.span?.trace ?? run.request.trace ?? null) }),
      onModel(model) {
        run.model = model
        course.lifecycle({ phase: 'model', provider: model.provider, model: model.model })
      },
      onText: (text, isRefusal) => course.say(text, isRefusal),
      onReasoning: (text) => course.reason(text),
      onCallPiece(piece) {
        if (run.request.clientTools?.some(({ name }) => name === piece.name)) course.call(piece)
      },
      onToolCalls({ api, provider, model }, text, calls, usage) {
        acceptNow(run)
        const said = { text, calls, api, provider, model, usage, stopReason: 'toolUse', timestamp: clock.now() }
        commit.tx(() => {
          sessions.append(sessionKey, toAssistantMessage(said), { runId })
          if (text !== '') course.say('\n\n') // between what was said before the tools and after them; belongs to no message
          course.stepEnded()
        })
        run.steps++
        run.used = addUsage(run.used, usage)
        run.stepAt = course.text.length
      },
      callTool: (_, position) =>
        callTool(
          {
            ...userOf(run, run.model ?? undefined),
            id: runId,
            barOf: (name) => (!mayUse(run.request, name) ? 'policy' : ++calls > MAX_TOOL_CALLS ? 'too-many' : null),
            signal,
            course,
            onWait: (isWaiting) => onWait(run, isWaiting),
          },
          position,
        ),
      joined: () => takeIn(run, 'steer'),
    }
  }

  /** Nothing is told that is not kept: first the record, then the last word. */
  async function conclude(run: LiveRun, result: RunResult, lastUsage = noUsage()): Promise<void> {
    run.phase = 'ended'
    activity.end(run.sessionKey, run.id)
    const rest = result.text.slice(run.stepAt)
    const { request, accepted, begun, course } = run
    const ending = { request, result, rest, lastUsage, accepted, begun, hasOutput: course.ending(), api: run.model?.api ?? 'gateway' }
    const record = (isRepeated: boolean) => {
      endings.record(ending, isRepeated)
      suspensions.end(run.id, 'run-aborted')
    }
    dismiss(run, await results.keep(run.id, result, (isRepeated) => commit.tx(() => record(isRepeated))))
  }

  function dismiss(run: LiveRun, told: RunResult): void {
    run.course.ended(told)
    run.span?.end(told.state === 'ok' ? undefined : (told.error?.kind ?? told.state))
    live.delete(run.id)
    tellActivity()
    const resolve = () => run.resolve(told)
    // The last words may still wait for what others write: the end comes behind them.
    if (run.course.listened) gate.pass(resolve, resolve)
    else resolve()
  }

  async function abortAll(ending: readonly Run[], reason: string): Promise<string[]> {
    for (const run of ending) run.abort(reason)
    await Promise.all(ending.map((run) => run.done))
    return ending.map((run) => run.id)
  }

  const timeoutOf = ({ timeoutMs }: RunRequest): number => {
    const configured = (deps.settings().timeoutSeconds ?? 0) * 1000
    const wanted = timeoutMs || configured || DEFAULT_TIMEOUT_MS
    return Math.min(wanted, 2 ** 31 - 1)
  }

  return {
    start,
    find,
    live: (runId) => live.get(runId) ?? null,
    liveIn: (sessionKey) => activity.runsOf(sessionKey).flatMap((id) => live.get(id) ?? []),
    abort: abortAll,
    queuedIn: (sessionKey, limit) => table.queuedIn(sessionKey, limit),
    textOf: (runId) => live.get(runId)?.course.text ?? '',
    wait: waiting.wait,
    onStart: (listener) => void starts.push(listener),
    onBegin: (listener) => void beginnings.push(listener),
    onAccept: (listener) => void acceptances.push(listener),
    onEnded: endings.onEnded,
    recover: createRecovery({
      ...deps,
      endings,
      isLive: (runId) => live.has(runId) || results.unkept(runId) !== undefined,
      relaunch(record) {
        if (record.attempts > 0) commit.tx(() => table.begin(record.id)) // counts the attempt
        launch(record.request!, record.attempts > 0)
      },
      resume(record, from) {
        commit.tx(() => table.clearOutput(record.id)) // all that it had said stands in the transcript
        launch(record.request!, true, true, from)
      },
    }),
    async stop(reason) {
      // One of which nothing was seen stays as it is on disk: the next process begins it again. So does one that waits
      // for a person: it goes on where it is. (Not so for HTTP.)
      const stays = (run: LiveRun) => run.request.origin !== 'http' && (run.suspended || (run.course.text === '' && run.steps === 0))
      await abortAll([...live.values()].filter((run) => !stays(run)), reason)
    },
    load: () => ({ queued: lanes.size - lanes.running, running: lanes.running, width: width() }),
    get active() {
      return live.size
    },
  }
}

/** How a session came to be that a run made. */
const VIA: Partial<Record<RunOrigin, SessionOrigin>> = { agent: 'run', cron: 'cron', heartbeat: 'internal' }

const mayUse = ({ toolsAllow }: RunRequest, name: string): boolean => !toolsAllow || toolsAllow.includes('*') || toolsAllow.includes(name)

/** By what a line of the log can be found. */
const factsOf = ({ id, request: { trace } }: LiveRun) => ({ run: id, ...(trace && { trace: trace.traceId }) })
