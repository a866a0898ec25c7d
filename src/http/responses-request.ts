// From a request under `/v1/responses` to a run: who is addressed, in which session, with what conversation and tools.

import { orderedUuid } from '../kit/ids.ts'
import { invalid } from '../protocol/errors.ts'
import type { CompactRequest, ResponseRequest, ResponseTool, TextFormat } from '../protocol/responses.ts'
import type { Principal } from '../protocol/scopes.ts'
import type { ModelMessage, ModelSettings, ModelTool } from '../ports/model.ts'
import type { Continued } from '../services/conversation/responses.ts'
import type { StoredItem } from '../services/conversation/responses-table.ts'
import type { RunRequest } from '../services/conversation/run-table.ts'
import type { HttpDeps } from './env.ts'
import { toHttpRun, toTarget, type Headers, type Target } from './openai-request.ts'
import { isSystem, resolveItems, textOf, type ConversationItem } from './responses-input.ts'
import { checkCalls, newestItems, newestTurns, toTranscript, toTurns } from './responses-turns.ts'

type Deps = Pick<HttpDeps, 'agents' | 'models' | 'sessions' | 'media' | 'clock' | 'responses' | 'outside'>

export interface Asker {
  readonly headers: Headers
  readonly principal: Principal
}

/** What a request says, with the conversation that it goes on with. */
export interface Conversation {
  readonly target: Target
  readonly sessionKey: string
  /** The session has a transcript of its own, which is what the model is told. */
  readonly stable: boolean
  /** The new items of this request. */
  readonly input: readonly ConversationItem[]
  /** Those, behind what is continued. */
  readonly items: readonly ConversationItem[]
}

/** `previous`: what is continued, if anything is. Throws when the request cannot be accepted. */
export async function toConversation(
  request: ResponseRequest | CompactRequest,
  { headers, principal }: Asker,
  previous: Continued | null,
  deps: Deps,
): Promise<Conversation> {
  const target = toTarget(request, headers, deps, principal)
  const find = (id: string): StoredItem | null => previous?.items.find((item) => item.id === id) ?? deps.responses.item(id, principal.id)
  const input = await resolveItems(request.input, { find, outside: deps.outside })
  const items = [...((previous?.items ?? []) as readonly ConversationItem[]), ...input]
  const { sessionKey, stable } = toSession(request.user, headers, target, previous, deps)
  const isAsked = !('generate' in request) || request.generate !== false
  if (isAsked && items.every(isSystem)) throw invalid('Missing user message in `input`.', { param: 'input' })
  if (previous || !stable) checkCalls(items)
  return { target, sessionKey, stable, input, items }
}

function toSession(user: string | null | undefined, headers: Headers, { agentId }: Target, previous: Continued | null, { agents, clock }: Deps) {
  const named = headers.get('x-openclaw-session-key')
  if (named !== null) {
    const sessionKey = agents.sessionKey(named, agentId)
    agents.ofSession(sessionKey)
    return { sessionKey, stable: true }
  }
  if (user) return { sessionKey: agents.sessionKey(`openresponses-user:${user}`, agentId), stable: true }
  const goesOn = previous !== null && agents.ofSession(previous.sessionKey) === agentId
  return { sessionKey: goesOn ? previous.sessionKey : agents.sessionKey(`openresponses:${orderedUuid(clock.now())}`, agentId), stable: false }
}

/** Refuses what is not supported, instead of leaving it out. */
export function checkRequest(request: ResponseRequest): void {
  const { tool_choice: choice, tools, input } = request
  if (request.background) throw invalid('background mode is not supported: ask without `background`, streamed if it takes long', { param: 'background' })
  if (request.conversation != null) throw invalid('`conversation` is not supported: continue with previous_response_id', { param: 'conversation' })
  if (request.prompt != null) throw invalid('prompt templates are not kept here: send `instructions` and `input`', { param: 'prompt' })
  if ((request.top_logprobs ?? 0) > 0) throw invalid('`top_logprobs` is not supported: leave it out', { param: 'top_logprobs' })
  if (input == null && request.previous_response_id == null && request.generate !== false) throw invalid('`input` is missing', { param: 'input' })
  const offered = ownTools(tools)
  if (choice === 'required' && offered.length === 0) throw invalid('tool_choice "required" needs tools', { param: 'tool_choice' })
  if (typeof choice !== 'object' || choice === null) return
  const wanted = choice.type === 'allowed_tools' ? choice.tools.flatMap(({ type, name }) => (isOwn(type) ? [name ?? ''] : [])) : [choice.name]
  const unknown = wanted.find((name) => !offered.some((tool) => tool.name === name))
  if (unknown !== undefined) throw invalid(`tool_choice names the function "${unknown.slice(0, 100)}", which is not in tools`, { param: 'tool_choice' })
}

const isOwn = (type: string): boolean => type === 'function' || type === 'custom'

/** The tools that the client runs. Those that would run on other servers are not there. */
export const ownTools = (tools: ResponseRequest['tools']): readonly ResponseTool[] =>
  (tools ?? []).filter((tool): tool is ResponseTool => isOwn(tool.type))

export async function toRunRequest(request: ResponseRequest, conversation: Conversation, principal: Principal, deps: Deps): Promise<RunRequest> {
  const { target, sessionKey, stable, items } = conversation
  const continues = request.previous_response_id != null
  const fromTranscript = stable && !continues
  const isEmpty = fromTranscript && (deps.sessions.get(sessionKey)?.messages ?? 0) === 0
  const added = continues ? conversation.input : isEmpty ? items : newestItems(items)
  const instructions = [request.instructions ?? '', ...items.filter(isSystem).map((item) => textOf(item.content))].filter((text) => text !== '').join('\n\n')
  const choice = toChoice(request)
  return {
    ...toHttpRun({ sessionKey, principal, target, instructions, only: choice.only, stream: request.stream }, deps),
    input: await toTranscript(added, deps),
    settings: toSettings(request, target, choice),
    clientTools: choice.tools.map(toModelTool),
    ...(!stable && !continues && { isNew: true }),
    ...(!fromTranscript && { turns: toFitting(request, toTurns(items), target, deps) }),
  }
}

/** With `truncation: auto` the oldest turns are left out when they do not fit; else the model says so. */
function toFitting({ truncation }: ResponseRequest, turns: readonly ModelMessage[], { agentId, model }: Target, { models }: Deps): readonly ModelMessage[] {
  const window = truncation === 'auto' ? models.choiceFor(agentId, model).contextWindow : undefined
  return window === undefined || window === null ? turns : newestTurns(turns, window)
}

interface Choice {
  readonly tools: readonly ResponseTool[]
  /** As chat completions have it; absent: the model decides. */
  readonly choice?: unknown
  /** The gateway's own tools are limited to these. */
  readonly only?: readonly string[]
}

function toChoice({ tools, tool_choice: wanted }: ResponseRequest): Choice {
  const own = ownTools(tools)
  if (wanted === 'none') return { tools: [], only: [] }
  if (wanted === null || wanted === undefined || wanted === 'auto') return { tools: own }
  if (wanted === 'required') return { tools: own, choice: 'required' }
  if (wanted.type !== 'allowed_tools') return { tools: own, choice: { type: 'function', function: { name: wanted.name } } }
  const allowed = wanted.tools.flatMap(({ name }) => (name === undefined ? [] : [name]))
  if (wanted.mode === 'none') return { tools: [], only: [] }
  const left = own.filter(({ name }) => allowed.includes(name))
  return { tools: left, only: allowed, ...(wanted.mode === 'required' && { choice: 'required' }) }
}

const FREE_TEXT = { type: 'object', properties: { input: { type: 'string' } }, required: ['input'] }

function toModelTool(tool: ResponseTool): ModelTool {
  const { name, description, strict } = tool
  const parameters = tool.type === 'custom' ? FREE_TEXT : (tool.parameters ?? { type: 'object', properties: {} })
  return { name, ...(description && { description }), parameters, ...(tool.type === 'function' && typeof strict === 'boolean' && { strict }) }
}

function toSettings(request: ResponseRequest, target: Target, { tools, choice }: Choice): ModelSettings {
  const { temperature, top_p, presence_penalty, frequency_penalty, max_output_tokens: limit, reasoning, text, parallel_tool_calls } = request
  const format = text?.format
  return {
    ...(temperature != null && { temperature }),
    ...(top_p != null && { topP: top_p }),
    // A limit in the words of the caller, who knows the model; for an agent, whose model nobody knows, in those of all servers.
    ...(limit != null && (target.bare ? { maxCompletionTokens: limit } : { maxTokens: limit })),
    ...(presence_penalty != null && { presencePenalty: presence_penalty }),
    ...(frequency_penalty != null && { frequencyPenalty: frequency_penalty }),
    ...(format && format.type !== 'text' && { responseFormat: toResponseFormat(format) }),
    ...(reasoning?.effort != null && { reasoningEffort: reasoning.effort }),
    ...(choice !== undefined && { toolChoice: choice }),
    ...(parallel_tool_calls != null && tools.length > 0 && { parallelToolCalls: parallel_tool_calls }),
  }
}

function toResponseFormat(format: TextFormat): unknown {
  if (format.type !== 'json_schema') return { type: format.type }
  const { name, schema, description, strict } = format
  return { type: 'json_schema', json_schema: { name, schema, ...(description && { description }), ...(strict != null && { strict }) } }
}
