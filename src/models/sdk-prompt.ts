// A completion in the words of the AI SDK's language models.

import { parseJson } from '../kit/json.ts'
import { ModelError, type ModelMessage, type ModelPart, type ModelRequest, type ModelSettings, type ModelToolCall } from '../ports/model.ts'
import { readContext } from './sdk-context.ts'
import type { CallOptions as AllOptions, PromptMessage, SdkWire } from './sdk-wire.ts'

type CallOptions = Omit<AllOptions, 'abortSignal' | 'headers'>
type UserPart = Extract<PromptMessage, { role: 'user' }>['content'][number]
type FilePart = Extract<UserPart, { type: 'file' }>
type Assistant = Extract<PromptMessage, { role: 'assistant' }>
type Results = Extract<PromptMessage, { role: 'tool' }>

export function toCallOptions(wire: SdkWire, model: string, request: ModelRequest): CallOptions {
  const { settings } = request
  const { tools, toolChoice } = toTools(request)
  const maxOutputTokens = settings.maxCompletionTokens ?? settings.maxTokens
  const reasoning = wire.mayThink?.(request) === false ? undefined : toReasoning(settings.reasoningEffort)
  const providerOptions = wire.toOptions?.(request, model)
  return {
    prompt: toPrompt(wire, model, request.messages),
    ...(tools.length > 0 && { tools }),
    ...(tools.length > 0 && toolChoice && { toolChoice }),
    ...(maxOutputTokens !== undefined && { maxOutputTokens }),
    ...(settings.temperature !== undefined && { temperature: settings.temperature }),
    ...(settings.topP !== undefined && { topP: settings.topP }),
    ...(settings.stop !== undefined && { stopSequences: [...settings.stop] }),
    ...(settings.presencePenalty !== undefined && { presencePenalty: settings.presencePenalty }),
    ...(settings.frequencyPenalty !== undefined && { frequencyPenalty: settings.frequencyPenalty }),
    ...(settings.seed !== undefined && { seed: settings.seed }),
    ...toFormat(settings),
    ...(reasoning && { reasoning }),
    ...(providerOptions && { providerOptions }),
  }
}

/** System first: most vendors take it nowhere else. The prefix that stays the same and the newest message are marked for the cache. */
export function toPrompt(wire: SdkWire, model: string, messages: readonly ModelMessage[]): PromptMessage[] {
  const systems = messages.filter((message) => message.role === 'system').map(({ text }): PromptMessage => ({ role: 'system', content: text }))
  const prompt: PromptMessage[] = [...systems]
  const toId = wire.toCallId ?? ((id: string) => id)
  for (const message of messages) {
    if (message.role === 'user') prompt.push({ role: 'user', content: toContent(message.content) })
    else if (message.role === 'assistant') {
      const content = [
        ...message.toolCalls.flatMap((call) => readContext(wire.api, call)?.reasoning ?? []),
        ...(message.text === '' ? [] : [{ type: 'text' as const, text: message.text }]),
        ...message.toolCalls.map((call) => toCallPart(wire, call, toId)),
      ]
      if (content.length > 0) prompt.push({ role: 'assistant', content })
    } else if (message.role === 'tool') {
      const last = prompt.at(-1)
      if (last?.role === 'tool') last.content.push(toResult(wire, message, toId))
      else prompt.push({ role: 'tool', content: [toResult(wire, message, toId)] })
    }
  }
  const mark = wire.toCacheMark?.(model)
  if (mark) for (const at of new Set([systems.length - 1, prompt.length - 1])) if (at >= 0) prompt[at] = { ...prompt[at]!, providerOptions: mark }
  return prompt
}

function toCallPart(wire: SdkWire, call: ModelToolCall, toId: (id: string) => string): Assistant['content'][number] {
  const parsed = parseJson(call.arguments)
  const providerOptions = readContext(wire.api, call)?.call
  const input = parsed.ok && typeof parsed.value === 'object' && parsed.value !== null ? parsed.value : {}
  return { type: 'tool-call', toolCallId: toId(call.id), toolName: call.name, input, ...(providerOptions && { providerOptions }) }
}

function toResult(wire: SdkWire, message: Extract<ModelMessage, { role: 'tool' }>, toId: (id: string) => string): Results['content'][number] {
  const { toolCallId, name, text, parts = [] } = message
  const facts = { type: 'tool-result' as const, toolCallId: toId(toolCallId), toolName: name }
  if (parts.length === 0) return { ...facts, output: { type: 'text', value: text } }
  if (wire.textResults) return { ...facts, output: { type: 'text', value: [text, ...parts.map((part) => (part.type === 'text' ? part.text : `(${part.type}: it cannot be shown to this model)`))].join('\n') } }
  const value = parts.map((part) => {
    const made = toPart(part)
    return made.type === 'text' ? { type: 'text' as const, text: made.text } : { type: 'file' as const, data: made.data, mediaType: made.mediaType }
  })
  return { ...facts, output: { type: 'content', value: [...(text === '' ? [] : [{ type: 'text' as const, text }]), ...value] } }
}

const toContent = (content: string | readonly ModelPart[]): UserPart[] =>
  typeof content === 'string' ? [{ type: 'text', text: content }] : content.map(toPart)

function toPart(part: ModelPart): UserPart {
  switch (part.type) {
    case 'text':
      return { type: 'text', text: part.text }
    case 'image':
      return { type: 'file', mediaType: part.mimeType, data: { type: 'data', data: part.base64 } }
    case 'file':
      return { type: 'file', mediaType: part.mimeType, data: { type: 'data', data: part.base64 }, ...(part.name !== undefined && { filename: part.name }) }
    case 'image-url':
      return toImage(part.url)
  }
}

function toImage(url: string): FilePart {
  const inline = /^data:([^;,]+)(?:;[^,]*)?;base64,(.*)$/s.exec(url)
  if (inline) return { type: 'file', mediaType: inline[1]!, data: { type: 'data', data: inline[2]! } }
  const parsed = URL.parse(url)
  if (!parsed || !/^https?:$/.test(parsed.protocol)) throw new ModelError('invalid', 'the address of an image is not http(s) and not a data URL in base64')
  const kind = /\.(png|jpe?g|gif|webp)$/i.exec(parsed.pathname)?.[1]?.toLowerCase() ?? '*'
  return { type: 'file', mediaType: `image/${kind === 'jpg' ? 'jpeg' : kind}`, data: { type: 'url', url: parsed } }
}

interface Choice {
  readonly type?: string
  readonly name?: string
  readonly function?: { readonly name?: string }
  readonly allowed_tools?: { readonly mode?: string; readonly tools?: readonly { readonly name?: string; readonly function?: { readonly name?: string } }[] }
}

/** OpenAI's `tool_choice`, in every form of it. */
function toTools({ tools, settings }: ModelRequest): { tools: NonNullable<CallOptions['tools']>; toolChoice: CallOptions['toolChoice'] } {
  const all = tools.map(({ name, description, parameters }) => ({
    type: 'function' as const,
    name,
    ...(description !== undefined && { description }),
    inputSchema: (parameters ?? { type: 'object', properties: {} }) as object,
  }))
  const choice = settings.toolChoice as string | Choice | undefined
  if (choice === 'auto' || choice === 'none' || choice === 'required') return { tools: all, toolChoice: { type: choice } }
  if (typeof choice !== 'object' || choice === null) return { tools: all, toolChoice: undefined }
  if (choice.allowed_tools) {
    const names = new Set((choice.allowed_tools.tools ?? []).map((tool) => tool.function?.name ?? tool.name))
    return { tools: all.filter(({ name }) => names.has(name)), toolChoice: { type: choice.allowed_tools.mode === 'required' ? 'required' : 'auto' } }
  }
  const toolName = choice.function?.name ?? choice.name
  return { tools: all, toolChoice: toolName === undefined ? undefined : { type: 'tool', toolName } }
}

/** OpenAI's `response_format`. */
function toFormat({ responseFormat }: ModelSettings): Pick<CallOptions, 'responseFormat'> {
  const format = responseFormat as { type?: string; json_schema?: { name?: string; description?: string; schema?: object } } | undefined
  if (format?.type === 'json_object') return { responseFormat: { type: 'json' } }
  if (format?.type !== 'json_schema') return {}
  const { name, description, schema } = format.json_schema ?? {}
  return { responseFormat: { type: 'json', ...(schema && { schema }), ...(name !== undefined && { name }), ...(description !== undefined && { description }) } }
}

function toReasoning(effort: string | undefined): CallOptions['reasoning'] {
  if (effort === 'off' || effort === 'none') return 'none'
  return effort === 'minimal' || effort === 'low' || effort === 'medium' || effort === 'high' || effort === 'xhigh' ? effort : undefined
}
