// A completion in the words of OpenAI's chat completions wire.

import type { ModelMessage, ModelPart, ModelRequest, ModelTool } from '../ports/model.ts'

/** Writes requests to a model. Tools are the same values from one request to the next: each is written once, and so are all. */
export function createBodyWriter(model: string): (request: ModelRequest) => string {
  const texts = new WeakMap<ModelTool, string>()
  let last: { readonly tools: readonly ModelTool[]; readonly text: string } = { tools: [], text: '' }

  function toText(tool: ModelTool): string {
    const known = texts.get(tool)
    if (known !== undefined) return known
    const text = JSON.stringify({ type: 'function', function: tool })
    texts.set(tool, text)
    return text
  }

  function toTexts(tools: readonly ModelTool[]): string {
    if (tools.length === last.tools.length && tools.every((tool, at) => tool === last.tools[at])) return last.text
    last = { tools: [...tools], text: tools.map(toText).join(',') }
    return last.text
  }

  return (request) => {
    const text = JSON.stringify(toBody(model, request))
    return request.tools.length === 0 ? text : `${text.slice(0, -1)},"tools":[${toTexts(request.tools)}]}`
  }
}

/** Without the tools themselves. */
function toBody(model: string, { messages, tools, settings, whole }: ModelRequest): Record<string, unknown> {
  return {
    model,
    messages: toMessages(messages),
    ...(!whole && { stream: true, stream_options: { include_usage: true } }),
    tool_choice: tools.length > 0 ? settings.toolChoice : undefined,
    parallel_tool_calls: tools.length > 0 ? settings.parallelToolCalls : undefined,
    temperature: settings.temperature,
    top_p: settings.topP,
    max_tokens: settings.maxTokens,
    max_completion_tokens: settings.maxCompletionTokens,
    stop: settings.stop,
    presence_penalty: settings.presencePenalty,
    frequency_penalty: settings.frequencyPenalty,
    seed: settings.seed,
    response_format: settings.responseFormat,
    reasoning_effort: settings.reasoningEffort,
  }
}

/** What tools show comes behind their results, as if a person showed it: the wire has no other place. */
function toMessages(messages: readonly ModelMessage[]): Record<string, unknown>[] {
  const all: Record<string, unknown>[] = []
  let shown: ModelPart[] = []
  const show = () => {
    if (shown.length > 0) all.push({ role: 'user', content: [{ type: 'text', text: 'This is what the tools show:' }, ...shown.map(toPart)] })
    shown = []
  }
  for (const message of messages) {
    if (message.role !== 'tool') show()
    else shown.push(...(message.parts ?? []))
    all.push(toMessage(message))
  }
  show()
  return all
}

function toMessage(message: ModelMessage): Record<string, unknown> {
  switch (message.role) {
    case 'system':
      return { role: 'system', content: message.text }
    case 'user':
      return { role: 'user', content: typeof message.content === 'string' ? message.content : message.content.map(toPart) }
    case 'assistant': {
      const calls = message.toolCalls.map(({ id, name, arguments: args }) => ({ id, type: 'function', function: { name, arguments: args } }))
      return { role: 'assistant', content: message.text, ...(calls.length > 0 && { tool_calls: calls }) }
    }
    case 'tool':
      return { role: 'tool', tool_call_id: message.toolCallId, content: message.text }
  }
}

function toPart(part: ModelPart): Record<string, unknown> {
  if (part.type === 'text') return { type: 'text', text: part.text }
  if (part.type === 'file') {
    const data = `data:${part.mimeType};base64,${part.base64}`
    return { type: 'file', file: { filename: part.name ?? 'file', file_data: data } }
  }
  const url = part.type === 'image' ? `data:${part.mimeType};base64,${part.base64}` : part.url
  return { type: 'image_url', image_url: { url } }
}
