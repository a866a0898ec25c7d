// From a chat completions request to a run: who is addressed, in which session, with what conversation.

import { orderedUuid } from '../kit/ids.ts'
import { invalid, GatewayError } from '../protocol/errors.ts'
import type { ChatMessage, ChatRequest, ContentPart } from '../protocol/openai.ts'
import type { Principal } from '../protocol/scopes.ts'
import { noUsage, type Message, type UserMessage } from '../protocol/shapes.ts'
import type { ModelMessage, ModelPart, ModelSettings, ModelTool } from '../ports/model.ts'
import type { RunRequest } from '../services/conversation/run-table.ts'
import type { HttpDeps } from './env.ts'

interface Headers {
  get(name: string): string | null
}

interface Target {
  readonly agentId: string
  /** A model instead of the agent's own. */
  readonly model?: string
  /** A model was addressed, not an agent. */
  readonly bare?: boolean
}

type Deps = Pick<HttpDeps, 'agents' | 'models' | 'sessions' | 'media' | 'clock'>

export async function toRunRequest(request: ChatRequest, headers: Headers, principal: Principal, deps: Deps): Promise<RunRequest> {
  check(request)
  const target = toTarget(request, headers, deps)
  const { sessionKey, stable } = toSession(request, headers, target, deps)
  const fresh = afterLastAnswer(request.messages)
  // A session of its own has its own transcript; a stateless caller brings the whole conversation each time.
  const isEmpty = stable && (deps.sessions.get(sessionKey)?.messages ?? 0) === 0
  const added = isEmpty ? request.messages : fresh
  const instructions = request.messages.flatMap((message) => (isSystem(message) ? [textOf(message.content)] : [])).join('\n\n')
  return {
    runId: orderedUuid(deps.clock.now()),
    sessionKey,
    origin: 'http',
    principal,
    hash: '',
    input: await toTranscript(added, deps),
    settings: toSettings(request, target),
    clientTools: toTools(request),
    whole: !request.stream,
    ...(instructions !== '' && { instructions }),
    ...(target.model !== undefined && { model: target.model }),
    ...(target.bare && { bare: true }),
    ...(!stable && { isNew: true, turns: request.messages.flatMap((message) => toTurn(message)) }),
  }
}

function check(request: ChatRequest): void {
  if ((request.n ?? 1) > 1) throw invalid('`n` must be 1: send the request again for another answer', { param: 'n' })
  if (request.logprobs) throw invalid('`logprobs` is not supported: leave it out', { param: 'logprobs' })
  if (!request.messages.some((message) => message.role === 'user')) {
    throw invalid('Missing user message in `messages`.', { param: 'messages' })
  }
  const choice = request.tool_choice
  if (typeof choice === 'object' && choice !== null) {
    const { name } = choice.function
    if (!request.tools?.some((tool) => tool.function.name === name)) {
      throw invalid(`tool_choice names the function "${name}", which is not in tools`, { param: 'tool_choice' })
    }
  }
  if (choice === 'required' && !request.tools?.length) throw invalid('tool_choice "required" needs tools', { param: 'tool_choice' })
}

// --- who ---

/** `openclaw`, `openclaw/default`, `openclaw/<agent>`, `openclaw:<agent>`, `agent:<agent>`, or a configured model. */
function toTarget({ model }: ChatRequest, headers: Headers, { agents, models }: Deps): Target {
  const override = headers.get('x-openclaw-model')
  if (override !== null) models.assertKnown(override)
  const named = headers.get('x-openclaw-agent-id')
  const addressed = /^(?:openclaw[/:]|agent:)(.+)$/.exec(model)?.[1] ?? (model === 'openclaw' ? 'default' : null)
  if (addressed === null && named === null) {
    assertModel(model, models)
    return { agentId: agents.defaultId(), model, bare: true }
  }
  const wanted = named ?? addressed!
  const agentId = wanted === 'default' ? agents.defaultId() : wanted
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
  if (part.type === 'text') return { type: 'text', text: part.text }
  if (part.type === 'refusal') return { type: 'text', text: part.refusal }
  const data = /^data:([^;,]+);base64,(.*)$/s.exec(part.image_url.url)
  if (data) return { type: 'image', mimeType: data[1]!, base64: data[2]! }
  if (!/^https?:\/\//.test(part.image_url.url)) throw invalid('image_url.url must be an http(s) or a base64 data URL', { param: 'messages' })
  return { type: 'image-url', url: part.image_url.url }
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
  const urls = content.flatMap((part) => (part.type === 'image_url' ? [part.image_url.url] : []))
  const images = await media.keep(urls.filter((url) => url.startsWith('data:')).map((url) => ({ content: url })))
  const links = urls.filter((url) => !url.startsWith('data:')).map((url) => `[image: ${url}]`)
  const said = [text, ...links].filter((line) => line !== '').join('\n')
  if (images.length === 0) return said
  return [...(said === '' ? [] : [{ type: 'text' as const, text: said }]), ...images]
}

function toTools({ tools, tool_choice: choice }: ChatRequest): ModelTool[] {
  if (choice === 'none') return []
  return (tools ?? []).map(({ function: { name, description, parameters } }) => ({
    name,
    ...(description !== undefined && { description }),
    parameters: parameters ?? { type: 'object', properties: {} },
  }))
}

/** A limit in the words of the caller, who knows the model; for an agent, whose model nobody knows, in those of all servers. */
function toLimit({ max_tokens, max_completion_tokens }: ChatRequest, { bare }: Target): ModelSettings {
  if (bare && max_completion_tokens != null) return { maxCompletionTokens: max_completion_tokens }
  const maxTokens = max_completion_tokens ?? max_tokens
  return maxTokens == null ? {} : { maxTokens }
}

function toSettings(request: ChatRequest, target: Target): ModelSettings {
  const { temperature, top_p, presence_penalty, frequency_penalty, stop, seed, response_format, reasoning_effort } = request
  const choice = request.tools?.length ? request.tool_choice : null
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
    ...(choice != null && choice !== 'none' && { toolChoice: choice }),
    ...(request.parallel_tool_calls != null && request.tools?.length && { parallelToolCalls: request.parallel_tool_calls }),
  }
}
