// What a call of a hook does once it is proven: it tells an agent something, or asks for turns of one.

import type { Context } from 'hono'
import * as z from 'zod'
import { orderedUuid } from '../kit/ids.ts'
import { firstUnits } from '../kit/text.ts'
import { invalid } from '../protocol/errors.ts'
import { describeIssues } from '../protocol/issues.ts'
import { callsOf, render, type HookCall } from '../services/automation/hook-mapping.ts'
import type { HookMapping, HooksConfig } from '../services/automation/hook-settings.ts'
import type { HookTurn } from '../services/automation/hook-table.ts'
import type { HookOrigin } from '../services/automation/hooks.ts'
import { MAX_EVENT_CHARS } from '../services/automation/system-events.ts'
import type { HttpDeps, HttpEnv } from './env.ts'
import { respond, respondJson } from './respond.ts'

const MAX_NAME_CHARS = 200

const text = z.string()
const wakeBody = z.looseObject({
  text: text.optional(),
  mode: z.enum(['now', 'next-heartbeat']).default('now'),
  agentId: text.optional(),
  sessionKey: text.max(512).optional(),
})
const agentBody = z.looseObject({
  message: text.optional(),
  name: text.max(MAX_NAME_CHARS).optional(),
  agentId: text.optional(),
  sessionKey: text.max(512).optional(),
  model: text.max(200).optional(),
  thinking: text.max(20).optional(),
  timeoutSeconds: z.number().positive().max(86_400).optional(),
})

type AgentBody = z.output<typeof agentBody>
type Wish = Pick<HookTurn, 'message' | 'name' | 'model' | 'thinking' | 'timeoutSeconds'>

export interface HookActions {
  wake(c: Context<HttpEnv>, body: unknown, hooks: HooksConfig, origin: HookOrigin): Response
  agent(c: Context<HttpEnv>, body: unknown, hooks: HooksConfig, origin: HookOrigin): Response
  mapping(c: Context<HttpEnv>, mapping: HookMapping, call: HookCall, hooks: HooksConfig, origin: HookOrigin): Response
}

export function createHookActions({ hooks, agents, models, clock }: Pick<HttpDeps, 'hooks' | 'agents' | 'models' | 'clock'>): HookActions {
  /** Who is asked must exist, and be open to hooks. */
  function toAgent(given: string | undefined, { allowedAgentIds }: HooksConfig): string {
    const agentId = given === undefined ? agents.defaultId() : given.trim()
    const isOpen = !allowedAgentIds || allowedAgentIds.includes('*') || allowedAgentIds.includes(agentId)
    if (agentId === '' || !agents.find(agentId)) throw invalid(`unknown agent id "${agentId.slice(0, 100)}"`)
    if (!isOpen) throw invalid(`the agent "${agentId}" takes no hooks: see hooks.allowedAgentIds`)
    return agentId
  }

  /** `chosen`: by the call, and not by whoever wrote the configuration. */
  function toSessionKey(given: string, chosen: boolean, agentId: string, { allowRequestSessionKey, allowedSessionKeyPrefixes = [] }: HooksConfig): string {
    if (chosen && !allowRequestSessionKey) throw invalid('sessionKey is not taken from calls: see hooks.allowRequestSessionKey')
    const prefixes = allowedSessionKeyPrefixes.filter((prefix) => prefix.trim() !== '')
    const isAllowed = prefixes.length === 0 || prefixes.some((prefix) => given.toLowerCase().startsWith(prefix.toLowerCase()))
    if (!isAllowed) throw invalid('sessionKey begins with none of hooks.allowedSessionKeyPrefixes')
    const key = agents.sessionKey(given, agentId)
    if (agents.ofSession(key) !== agentId) throw invalid('sessionKey is one of another agent')
    return key
  }

  const ownSessionKey = (agentId: string, { defaultSessionKey }: HooksConfig): string => agents.sessionKey(defaultSessionKey ?? `hook:${orderedUuid(clock.now())}`, agentId)

  function toTurn(agentId: string, sessionKey: string, wish: Wish): HookTurn {
    if (wish.message.trim() === '') throw invalid('message required')
    if (wish.model !== undefined) models.assertKnown(wish.model)
    return { agentId, sessionKey, ...wish }
  }

  function wake(c: Context<HttpEnv>, said: string, mode: 'now' | 'next-heartbeat', sessionKey: string, origin: HookOrigin): Response {
    if (said.trim() === '') throw invalid('text required')
    hooks.wake({ text: firstUnits(said, MAX_EVENT_CHARS), mode, sessionKey }, origin)
    return respondJson(c, { ok: true, mode, eventOutcome: 'queued' })
  }

  function start(c: Context<HttpEnv>, turns: readonly HookTurn[], origin: HookOrigin): Response {
    const runIds = hooks.turns(turns, origin)
    return respondJson(c, { ok: true, runId: runIds[0], ...(runIds.length > 1 && { runIds, dispatched: runIds.length }) })
  }

  function turnOf(mapping: HookMapping, call: HookCall, hooked: HooksConfig, { hook }: HookOrigin): HookTurn {
    const { sessionKey: template, messageTemplate = '{{message}}', values, model, thinking, timeoutSeconds } = mapping
    const fill = (given: string) => render(given, call, values)
    const agentId = toAgent(mapping.agentId, hooked)
    // A template that begins with words of its own says itself where calls end up.
    const sessionKey = template === undefined ? ownSessionKey(agentId, hooked) : toSessionKey(fill(template), template.trimStart().startsWith('{{'), agentId, hooked)
    const name = firstUnits(fill(mapping.name ?? hook), MAX_NAME_CHARS).trim() || hook
    return toTurn(agentId, sessionKey, { message: fill(messageTemplate), name, model: model && fill(model), thinking: thinking && fill(thinking), timeoutSeconds })
  }

  return {
    wake(c, given, hooked, origin) {
      const { text: said = '', mode, agentId: named, sessionKey } = parse(wakeBody, given)
      if (sessionKey !== undefined && mode !== 'now') throw invalid('sessionKey is taken with the mode "now" only')
      const agentId = toAgent(named, hooked)
      return wake(c, said, mode, sessionKey === undefined ? agents.mainSessionKey(agentId) : toSessionKey(sessionKey, true, agentId, hooked), origin)
    },
    agent(c, given, hooked, origin) {
      const { message = '', name = 'Hook', agentId: named, sessionKey, model, thinking, timeoutSeconds }: AgentBody = parse(agentBody, given)
      if (message.trim() === '') throw invalid('message required')
      const agentId = toAgent(named, hooked)
      const key = sessionKey === undefined ? ownSessionKey(agentId, hooked) : toSessionKey(sessionKey, true, agentId, hooked)
      return start(c, [toTurn(agentId, key, { message, name, model, thinking, timeoutSeconds })], origin)
    },
    mapping(c, mapping, call, hooked, origin) {
      const calls = callsOf(mapping, call)
      if (calls.length === 0) return respond(c, null, {}, 204)
      if (mapping.action !== 'wake') return start(c, calls.map((each) => turnOf(mapping, each, hooked, origin)), origin)
      const { textTemplate = '{{text}}', wakeMode = 'now', values } = mapping
      const sessionKey = agents.mainSessionKey(toAgent(mapping.agentId, hooked))
      return wake(c, calls.map((each) => render(textTemplate, each, values)).join('\n'), wakeMode, sessionKey, origin)
    },
  }
}

function parse<S extends z.ZodType>(shape: S, given: unknown): z.output<S> {
  const parsed = shape.safeParse(given ?? {}, { reportInput: true })
  if (!parsed.success) throw invalid(describeIssues(parsed.error.issues))
  return parsed.data
}
