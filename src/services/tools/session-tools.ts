// Tools that speak to other sessions, and those that give work away.

import * as z from 'zod'
import { uuid } from '../../kit/ids.ts'
import { invalid } from '../../protocol/errors.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Agents } from '../conversation/agents.ts'
import type { Inbox } from '../conversation/inbox.ts'
import type { RunResult } from '../conversation/run-table.ts'
import type { Runs } from '../conversation/runs.ts'
import type { SessionSight } from '../conversation/session-sight.ts'
import type { Sessions } from '../conversation/sessions.ts'
import { defineTool, type Tool } from '../conversation/tools.ts'
import type { SubAgents } from './sub-agents.ts'

const text = z.string().min(1)
const DEFAULT_WAIT_SECONDS = 30
const MAX_WAIT_SECONDS = 300
const MAX_TASK_CHARS = 100_000

export interface SessionToolsDeps {
  readonly agents: Agents
  readonly sessions: Sessions
  readonly inbox: Inbox
  readonly runs: Runs
  readonly subAgents: SubAgents
  readonly sight: SessionSight
  readonly clock: Clock
}

export function createSessionTools({ agents, sessions, inbox, runs, subAgents, sight, clock }: SessionToolsDeps): readonly Tool[] {
  /** What a run says, or that it still works. */
  async function answerOf(runId: string, done: Promise<RunResult> | undefined, seconds: number) {
    if (seconds === 0 || !done) return { runId, status: 'accepted' as const }
    const { promise, resolve } = Promise.withResolvers<null>()
    const cancel = clock.after(seconds * 1000, () => resolve(null))
    const result = await Promise.race([done, promise])
    cancel()
    if (!result) return { runId, status: 'timeout' as const, note: 'it still works on it; its answer will stand in sessions_history' }
    if (result.state === 'error') return { runId, status: 'error' as const, error: result.error?.message ?? 'the run failed' }
    return { runId, status: result.state === 'ok' ? ('ok' as const) : ('aborted' as const), reply: result.text }
  }

  const sessionsSend = defineTool({
    name: 'sessions_send',
    description: 'Sends a message to another session, and waits for the answer of its agent. With timeoutSeconds 0 it does not wait.',
    group: 'sessions',
    scope: 'operator.write',
    timeoutMs: (MAX_WAIT_SECONDS + 30) * 1000,
    params: z.strictObject({
      sessionKey: text.optional().describe('The session; or its label.'),
      label: text.optional(),
      message: text.max(MAX_TASK_CHARS),
      timeoutSeconds: z.int().min(0).max(MAX_WAIT_SECONDS).default(DEFAULT_WAIT_SECONDS),
    }),
    async run({ sessionKey: named, label, message, timeoutSeconds }, { principal, sessionKey: own }) {
      const found = named === undefined ? (label === undefined ? null : sessions.findBy('label', label)) : sessions.get(agents.sessionKey(named))
      if (!found || !sight.sees(own, found)) throw invalid(`there is no session "${(named ?? label ?? '').slice(0, 200)}": name one of sessions_list, by sessionKey or label`)
      if (found.key === own) throw invalid('this is your own session: say it, instead of sending it')
      const { runId, run } = await inbox.send({ runId: uuid(), sessionKey: found.key, origin: 'chat', principal, message, queueMode: 'followup' })
      return { sessionKey: found.key, ...(await answerOf(runId, run?.done, timeoutSeconds)) }
    },
  })

  const sessionsSpawn = defineTool({
    name: 'sessions_spawn',
    description:
      'Gives a task to a sub-agent, which works on it in a session of its own while you go on. What it says at the end comes to you as a message: ' +
      'do not wait for it, and do not ask for it again and again.',
    group: 'sessions',
    scope: 'operator.write',
    params: z.strictObject({
      task: text.max(MAX_TASK_CHARS).describe('All that it must know: it sees nothing of this conversation.'),
      label: text.max(80).optional(),
      agentId: text.optional(),
      model: text.optional().describe('provider/model'),
      thinking: text.optional(),
      runTimeoutSeconds: z.int().min(0).max(86_400).optional(),
    }),
    run({ task, label, agentId, model, thinking, runTimeoutSeconds = 0 }, { principal, sessionKey: parentKey }) {
      const timeoutMs = runTimeoutSeconds > 0 ? runTimeoutSeconds * 1000 : undefined
      const spawned = subAgents.spawn({ parentKey, principal, task, label, agentId, model, thinking, timeoutMs })
      return { status: 'accepted', runId: spawned.runId, childSessionKey: spawned.childKey, label: spawned.label }
    },
  })

  const subagents = defineTool({
    name: 'subagents',
    description: 'The sub-agents of this session: lists them, or cancels one by its runId, session key or label.',
    group: 'sessions',
    scope: 'operator.read',
    elevate: ({ action }) => (action === 'cancel' ? 'operator.write' : null),
    params: z.discriminatedUnion('action', [z.strictObject({ action: z.literal('list') }), z.strictObject({ action: z.literal('cancel'), target: text })]),
    async run(params, { sessionKey }) {
      if (params.action === 'cancel') return { cancelled: await subAgents.cancel(sessionKey, params.target) }
      const shown = subAgents.list(sessionKey).map(({ runId, childKey, label, state, createdAt }) => {
        const result = runs.find(runId)?.result
        return { runId, sessionKey: childKey, label, state, startedAt: createdAt, ...(result && { endedAt: result.endedAt }) }
      })
      return { subagents: shown }
    },
  })

  return [sessionsSend, sessionsSpawn, subagents]
}
