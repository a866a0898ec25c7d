// Sub-agents: runs that an agent starts in sessions of their own, bounded in depth and number. What comes of one is told
// to the session that spawned it, once, also over a restart; it is a task like other work behind people's backs.

import { uuid } from '../../kit/ids.ts'
import { messageOf, type Logger } from '../../kit/log.ts'
import { firstUnits } from '../../kit/text.ts'
import { invalid, unavailable } from '../../protocol/errors.ts'
import type { Principal } from '../../protocol/scopes.ts'
import { splitSessionKey } from '../../protocol/shapes.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Commit } from '../../store/commit.ts'
import type { Agents } from '../conversation/agents.ts'
import type { Models } from '../conversation/models.ts'
import type { RunRequest, RunResult } from '../conversation/run-table.ts'
import type { Run, Runs } from '../conversation/runs.ts'
import type { Sessions } from '../conversation/sessions.ts'
import { DEFAULT_SPAWN_DEPTH, depthOf } from '../conversation/tool-policy.ts'
import type { ConfigService } from '../operations/config.ts'
import type { SubAgent, SubAgentTable } from './sub-agent-table.ts'

export interface SpawnWish {
  readonly parentKey: string
  readonly principal: Principal
  readonly task: string
  readonly label?: string | undefined
  readonly agentId?: string | undefined
  readonly model?: string | undefined
  readonly thinking?: string | undefined
  readonly timeoutMs?: number | undefined
}

export interface ListedSubAgent extends SubAgent {
  /** As a run ends, or that it has not. */
  readonly state: 'working' | RunResult['state'] | 'forgotten'
}

export interface SubAgents {
  /** Throws when it is one too many, or too deep. */
  spawn(wish: SpawnWish): Pick<SubAgent, 'runId' | 'childKey' | 'label'>
  /** Of a session, the latest first. */
  list(parentKey: string): readonly ListedSubAgent[]
  /** Ends one of a session, by its run, session or label; false when it has ended before. */
  cancel(parentKey: string, name: string): Promise<boolean>
  /** Tells what the last process could not tell any more. Call it once runs are taken up again; it may be called again. */
  recover(): void
}

const DEFAULT_CHILDREN = 5
const DEFAULT_CONCURRENT = 8
const MAX_LISTED = 50
const MAX_LABEL_CHARS = 80
const MAX_TOLD_CHARS = 16_000
/** Ends of a parent that end its sub-agents: somebody does not want it to go on. */
const ENDS_ALL: readonly string[] = ['rpc', 'reset', 'disconnect', 'parent-ended']

const INSTRUCTIONS =
  'You are a sub-agent: another agent has given you the task below. Do it, and nothing else. ' +
  'Your last answer is given to that agent; nobody else reads it, and you cannot ask anybody. Say what you found or did, and what you could not do.'

export function createSubAgents(deps: {
  table: SubAgentTable
  runs: Runs
  sessions: Sessions
  agents: Agents
  models: Models
  config: ConfigService
  commit: Commit
  clock: Clock
  log: Logger
}): SubAgents {
  const { table, runs, sessions, agents, models, config, commit, clock, log } = deps
  /** Those that work, by their run. */
  const working = new Map<string, SubAgent>()

  function limitsOf(agentId: string) {
    return { ...config.current.agents?.defaults?.subagents, ...agents.find(agentId)?.subagents }
  }

  function follow(spawned: SubAgent, run: Run) {
    working.set(spawned.runId, spawned)
    void run.done.then((result) => {
      working.delete(spawned.runId)
      if (result.stopReason !== 'shutdown') tell(spawned, result) // else the next process does
    })
  }

  /** What came of it becomes a message in the session of its parent, under an id of its own: once, whoever repeats it. */
  function tell(spawned: SubAgent, result: RunResult | null) {
    const { runId, parentKey, principal } = spawned
    const isWanted = result?.stopReason !== 'parent-ended'
    const session = sessions.get(parentKey)
    const content = toMessage(spawned, result)
    const input = { role: 'user' as const, content, timestamp: clock.now(), idempotencyKey: `sub-agent:${runId}:user` }
    const request: RunRequest = { runId: `sub-agent:${runId}`, sessionKey: parentKey, origin: 'chat', principal, hash: runId, input: [input], settings: {}, queueMode: 'steer' }
    try {
      commit.tx(() => {
        table.tell(runId, clock.now())
        if (isWanted && session && agents.find(session.agentId)) runs.start(request)
      })
    } catch (error) {
      log.warn(`what came of the sub-agent ${runId} could not be told`, { error: messageOf(error) })
    }
  }

  runs.onEnded(({ request, result }) => {
    if (result.state !== 'aborted' || !ENDS_ALL.includes(result.stopReason)) return
    const orphans = [...working.values()].filter(({ parentKey }) => parentKey === request.sessionKey)
    const live = orphans.flatMap(({ runId }) => runs.live(runId) ?? [])
    if (live.length > 0) clock.turn(() => void runs.abort(live, 'parent-ended'))
  })

  function stateOf({ runId }: SubAgent): ListedSubAgent['state'] {
    if (runs.live(runId)) return 'working'
    return runs.find(runId)?.result?.state ?? 'forgotten'
  }

  function check({ parentKey, agentId: wanted }: SpawnWish): { agentId: string; depth: number } {
    const own = agents.ofSession(parentKey)
    const limits = limitsOf(own)
    const agentId = wanted ?? own
    const allowed = limits.allowAgents ?? [own]
    if (!agents.find(agentId)) throw invalid(`there is no agent "${agentId.slice(0, 64)}"`)
    if (agentId !== own && !allowed.includes('*') && !allowed.includes(agentId)) {
      throw invalid(`"${own}" may not spawn "${agentId}": name it in agents.list[].subagents.allowAgents`)
    }
    const depth = depthOf(parentKey)
    const most = limits.maxSpawnDepth ?? DEFAULT_SPAWN_DEPTH
    if (depth >= most) throw invalid(`sub-agents may be ${most} deep (agents.defaults.subagents.maxSpawnDepth): do the rest yourself`)
    const siblings = [...working.values()].filter((each) => each.parentKey === parentKey).length
    const children = limits.maxChildrenPerAgent ?? DEFAULT_CHILDREN
    if (siblings >= children) throw unavailable(`${siblings} sub-agents of this session work already: wait for one, or cancel it`)
    if (working.size >= (limits.maxConcurrent ?? DEFAULT_CONCURRENT)) throw unavailable('too many sub-agents work at once: wait until one has ended')
    return { agentId, depth }
  }

  return {
    spawn(wish) {
      const { parentKey, principal, task, thinking } = wish
      const { agentId } = check(wish)
      const limits = limitsOf(agents.ofSession(parentKey))
      const chosen = limits.model
      const model = wish.model ?? (typeof chosen === 'string' ? chosen : chosen?.primary)
      if (model !== undefined) models.assertKnown(model)
      const runId = uuid()
      const ancestors = depthOf(parentKey) === 0 ? '' : `:${splitSessionKey(parentKey)!.rest}`
      const childKey = `agent:${agentId}${ancestors}:subagent:${uuid()}`
      const label = firstUnits((wish.label ?? task).trim().replace(/\s+/g, ' '), MAX_LABEL_CHARS)
      const createdAt = clock.now()
      const spawned: SubAgent = { runId, parentKey, childKey, label, principal, createdAt, toldAt: null }
      const seconds = limits.runTimeoutSeconds ?? 0
      const timeoutMs = wish.timeoutMs ?? (seconds > 0 ? seconds * 1000 : undefined)
      const started = commit.tx(() => {
        sessions.create({ key: childKey, parentKey, via: 'spawn' })
        table.insert(spawned)
        return runs.start({
          runId,
          sessionKey: childKey,
          origin: 'agent',
          spawnedBy: parentKey,
          principal,
          hash: runId,
          input: [{ role: 'user', content: task, timestamp: createdAt, idempotencyKey: `${runId}:user` }],
          settings: thinking === undefined || thinking === 'off' ? {} : { reasoningEffort: thinking },
          instructions: INSTRUCTIONS,
          ...(model !== undefined && { model }),
          ...(timeoutMs !== undefined && { timeoutMs }),
        })
      })
      follow(spawned, started.run!)
      return { runId, childKey, label }
    },
    list: (parentKey) => table.of(parentKey, MAX_LISTED).map((each) => ({ ...each, state: stateOf(each) })),
    async cancel(parentKey, name) {
      const found = table.of(parentKey, MAX_LISTED).find((each) => [each.runId, each.childKey, each.label].includes(name))
      if (!found) throw invalid(`this session has no sub-agent "${name.slice(0, 200)}": list them first`)
      const run = runs.live(found.runId)
      return run !== null && (await runs.abort([run], 'rpc')).length > 0
    },
    recover() {
      for (const spawned of table.untold()) {
        if (working.has(spawned.runId)) continue
        const run = runs.live(spawned.runId)
        if (run) follow(spawned, run)
        else tell(spawned, runs.find(spawned.runId)?.result ?? null)
      }
    },
  }
}

function toMessage({ label, childKey }: SubAgent, result: RunResult | null): string {
  const head = `[The sub-agent "${label}" (${childKey}) `
  if (!result) return `${head}is gone, and nothing is known of what it did.]`
  const said = firstUnits(result.text.trim(), MAX_TOLD_CHARS)
  if (result.state === 'ok') return said === '' ? `${head}has finished, and said nothing.]` : `${head}has finished. This is what it says:]\n\n${said}`
  const why = result.error?.message ?? result.stopReason
  return `${head}has not finished: ${why}.]${said === '' ? '' : ` It had said:\n\n${said}`}`
}
