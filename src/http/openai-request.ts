// From a chat completions request to a run: who is addressed, in which session, with what conversation.

import { orderedUuid } from '../kit/ids.ts'
import { invalid, GatewayError } from '../protocol/errors.ts'
import type { ChatMessage, ChatRequest, ContentPart } from '../protocol/openai.ts'
import { mayUseAgent, type Principal } from '../protocol/scopes.ts'
import { noUsage, type Message, type UserMessage } from '../protocol/shapes.ts'
import type { ModelMessage, ModelPart, ModelSettings } from '../ports/model.ts'
import type { RunRequest } from '../services/conversation/run-table.ts'
import type { HttpDeps } from './env.ts'
import { checkChoice, toChoice, type Choice } from './openai-choice.ts'
import { readParts } from './openai-parts.ts'

export interface Headers {
  get(name: string): string | null
}

export interface Target {
  readonly agentId: string
  /** A model instead of the agent's own. */
  readonly model?: string
  /** A model was addressed, not an agent. */
  readonly bare?: boolean
}

type Deps = Pick<HttpDeps, 'agents' | 'models' | 'sessions' | 'media' | 'clock' | 'outside'>

export interface Caller {
  readonly headers: Headers
  readonly principal: Principal
  /** Aborts when it goes away. */
  readonly signal: AbortSignal
}

export async function toRunRequest(request: ChatRequest, { headers, principal, signal }: Caller, deps: Deps): Promise<RunRequest> {
  check(request)
  const target = toTarget(request, headers, deps, principal)
  const { sessionKey, stable } = toSession(request, headers, target, deps)
  // A session of its own has its own transcript; a stateless caller brings the whole conversation each time.
  const goesOn = stable && (deps.sessions.get(sessionKey)?.messages ?? 0) > 0
  const messages = await readParts(goesOn ? afterLastAnswer(request.messages) : request.messages, { outside: deps.outside, signal })
  const added = stable ? messages : afterLastAnswer(messages)
  const choice = toChoice(request)
  const instructions = request.messages.flatMap((message) => (isSystem(message) ? [textOf(message.content)] : [])).join('\n\n')
  return {
    ...toHttpRun({ sessionKey, principal, target, instructions, only: choice.only, stream: request.stream }, deps),
    input: await toTranscript(added, deps),
    settings: toSettings(request, target, choice),
    clientTools: choice.tools,
    ...(!stable && { isNew: true, turns: messages.flatMap((message) => toTurn(message)) }),
  }
}

/** What each run of HTTP is, in whatever words it was asked for. `only`: the tools that it may use at most. */
export const toHttpRun = (
  asked: {
    readonly sessionKey: string
    readonly principal: Principal
    readonly target: Target
    readonly instructions: string
    readonly only: readonly string[] | undefined
    readonly stream: boolean | null | undefined
  },
  { clock }: Pick<Deps, 'clock'>,
) => ({
  runId: orderedUuid(clock.now()),
  sessionKey: asked.sessionKey,
  origin: 'http' as const,
  principal: asked.principal,
  hash: '',
  whole: !asked.stream,
  ...(asked.only && { toolsAllow: asked.only }),
  ...(asked.instructions !== '' && { instructions: asked.instructions }),
  ...(asked.target.model !== undefined && { model: asked.target.model }),
  ...(asked.target.bare && { bare: true }),
})

/** Refuses what is not supported, instead of leaving it out. */
function check(request: ChatRequest): void {
  if ((request.n ?? 1) > 1) throw invalid('`n` must be 1: send the request again for another answer', { param: 'n' })
  if (request.logprobs) throw invalid('`logprobs` is not supported: leave it out', { param: 'logprobs' })
  if ((request.top_logprobs ?? 0) > 0) throw invalid('`top_logprobs` is not supported: leave it out', { param: 'top_logprobs' })
  if (request.modalities?.some((modality) => modality !== 'text')) throw invalid('only text is answered: have it spoken by POST /v1/audio/speech', { param: 'modalities' })
  if (request.functions?.length) throw invalid('`functions` is the old form of `tools`: send those', { param: 'functions' })
  if (request.function_call != null) throw invalid('`function_call` is the old form of `tool_choice`: send that', { param: 'function_call' })
  if (request.web_search_options != null) throw invalid('`web_search_options` is not supported: address an agent that has a tool for it', { param: 'web_search_options' })
  checkChoice(request)
  if (!request.messages.some((message) => message.role === 'user')) {
    throw invalid('Missing user message in `messages`.', { param: 'messages' })
  }
}

// --- who ---

/** `openclaw`, `openclaw/default`, `openclaw/<agent>`, `openclaw:<agent>`, `agent:<agent>`, or a configured model. */
export function toTarget(
  { model }: Pick<ChatRequest, 'model'>,
  headers: Headers,
  { agents, models }: Pick<Deps, 'agents' | 'models'>,
  principal: Pick<Principal, 'key'> = {},
): Target {
  /** Of a key that may not use the default one, the first that it may. */
  const defaultId = () => (mayUseAgent(principal, agents.defaultId()) ? agents.defaultId() : (principal.key?.agents?.[0] ?? agents.defaultId()))
  const override = headers.get('x-openclaw-model')
  if (override !== null) models.assertKnown(override)
  const named = headers.get('x-openclaw-agent-id')
  const addressed = /^(?:openclaw[/:]|agent:)(.+)$/.exec(model)?.[1] ?? (model === 'openclaw' ? 'default' : null)
  if (addressed === null && named === null) {
    assertModel(model, models)
    return { agentId: defaultId(), model, bare: true }
  }
  const wanted = named ?? addressed!
  const agentId = wanted === 'default' ? defaultId() : wanted
  if (!agents.find(agentId)) throw unknownModel(`openclaw/${agentId}`)
  return { agentId, ...(override !== null && { model: override }) }
}

function assertModel(model: string, models: Deps['models']): void {
  try {
    models.assertKnown(model)
  } catch (error) {
    const isUnknown = error instanceof GatewayError && error.options.code === 'model_not_found'
    throw isUnknown ? unknownModel(model) : error // another reason is one that the configuration can mend
  }
}

const unknownModel = (model: string): GatewayError =>
  new GatewayError(
    'NOT_FOUND',
    `The model \`${model.slice(0, 200)}\` does not exist. Use \`openclaw\`, \`openclaw/<agentId>\` or a configured \`provider/model\`.`,
    { param: 'model', code: 'model_not_found' },
  )

function toSession({ user }: ChatRequest, headers: Headers, { agentId }: Target, { agents, clock }: Deps): { sessionKey: string; stable: boolean } {
  const named = headers.get('x-openclaw-session-key')
  if (named !== null) {
    const sessionKey = agents.sessionKey(named, agentId)
    agents.ofSession(sessionKey)
    return { sessionKey, stable: true }
  }
  if (user) return { sessionKey: agents.sessionKey(`openai-user:${user}`, agentId), stable: true }
  return { sessionKey: agents.sessionKey(`openai:${orderedUuid(clock.now())}`, agentId), stable: false }
}

// --- what ---

const isSystem = (message: ChatMessage): message is Extract<ChatMessage, { role: 'system' | 'developer' }> =>
  message.role === 'system' || message.role === 'developer'

function afterLastAnswer(messages: readonly ChatMessage[]): readonly ChatMessage[] {
  const last = messages.findLastIndex((message) => message.role === 'assistant')
  const fresh = messages.slice(last + 1).filter((message) => !isSystem(message))
  return fresh.length > 0 ? fresh : messages.slice(messages.findLastIndex((message) => message.role === 'user')).slice(0, 1)
}

const textOf = (content: string | readonly ContentPart[] | null | undefined): string =>
  typeof content === 'string' ? content : (content ?? []).map((part) => (part.type === 'text' ? part.text : '')).join('')

function toTurn(message: ChatMessage): ModelMessage[] {
  switch (message.role) {
    case 'system':
    case 'developer':
      return [] // these are instructions
    case 'user':
      return [{ role: 'user', content: typeof message.content === 'string' ? message.content : message.content.map(toModelPart) }]
    case 'assistant': {
      const toolCalls = (message.tool_calls ?? []).map((call) => ({ id: call.id, ...call.function }))
      return [{ role: 'assistant', text: textOf(message.content), toolCalls }]
    }
    case 'tool':
      return [{ role: 'tool', toolCallId: message.tool_call_id, name: '', text: textOf(message.content) }]
  }
}

function toModelPart(part: ContentPart): ModelPart {
  if (part.type === 'refusal') return { type: 'text', text: part.refusal }
  if (part.type !== 'image_url') return { type: 'text', text: part.type === 'text' ? part.text : '' } // others have been read
  const { 1: mimeType = '', 2: base64 = '' } = /^data:([^;,]+);base64,(.*)$/s.exec(part.image_url.url) ?? []
  return { type: 'image', mimeType, base64 }
}

async function toTranscript(messages: readonly ChatMessage[], deps: Deps): Promise<Message[]> {
  const result: Message[] = []
  for (const message of messages) {
    if (!isSystem(message)) result.push(await toTranscriptMessage(message, deps))
  }
  return result
}

async function toTranscriptMessage(message: Exclude<ChatMessage, { role: 'system' | 'developer' }>, { media, clock }: Deps): Promise<Message> {
  const timestamp = clock.now()
  if (message.role === 'user') return { role: 'user', content: await toUserContent(message.content, media), timestamp }
  const content = [{ type: 'text' as const, text: textOf(message.content) }]
  if (message.role === 'tool') {
    return { role: 'toolResult', toolCallId: message.tool_call_id, toolName: '', content, isError: false, timestamp }
  }
  const calls = (message.tool_calls ?? []).map((call) => ({
    type: 'toolCall' as const,
    id: call.id,
    name: call.function.name,
    arguments: parseArguments(call.function.arguments),
  }))
  const origin = { api: 'client', provider: 'client', model: 'client', usage: noUsage(), stopReason: 'stop' }
  return { role: 'assistant', content: [...content, ...calls], ...origin, timestamp }
}

function parseArguments(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return { invalidJson: json }
  }
}

async function toUserContent(content: string | readonly ContentPart[], media: Deps['media']): Promise<UserMessage['content']> {
  if (typeof content === 'string') return content
  const text = textOf(content)
  const images = await media.keep(content.flatMap((part) => (part.type === 'image_url' ? [{ content: part.image_url.url }] : [])))
  if (images.length === 0) return text
  return [...(text === '' ? [] : [{ type: 'text' as const, text }]), ...images]
}

/** A limit in the words of the caller, who knows the model; for an agent, whose model nobody knows, in those of all servers. */
function toLimit({ max_tokens, max_completion_tokens }: ChatRequest, { bare }: Target): ModelSettings {
  if (bare && max_completion_tokens != null) return { maxCompletionTokens: max_completion_tokens }
  const maxTokens = max_completion_tokens ?? max_tokens
  return maxTokens == null ? {} : { maxTokens }
}

function toSettings(request: ChatRequest, target: Target, { tools, choice }: Choice): ModelSettings {
  const { temperature, top_p, presence_penalty, frequency_penalty, stop, seed, response_format, reasoning_effort } = request
  return {
    ...(temperature != null && { temperature }),
    ...(top_p != null && { topP: top_p }),
    ...toLimit(request, target),
    ...(presence_penalty != null && { presencePenalty: presence_penalty }),
    ...(frequency_penalty != null && { frequencyPenalty: frequency_penalty }),
    ...(stop != null && { stop: typeof stop === 'string' ? [stop] : stop }),
    ...(seed != null && { seed }),
    ...(response_format != null && { responseFormat: response_format }),
    ...(reasoning_effort != null && { reasoningEffort: reasoning_effort }),
    ...(choice !== undefined && { toolChoice: choice }),
    ...(request.parallel_tool_calls != null && tools.length > 0 && { parallelToolCalls: request.parallel_tool_calls }),
  }
}
