// Which tools a model may call and must, as a request for a chat completion says it.

import { invalid } from '../protocol/errors.ts'
import type { ChatRequest, ToolChoice } from '../protocol/openai.ts'
import type { ModelTool } from '../ports/model.ts'

export interface Choice {
  readonly tools: readonly ModelTool[]
  /** For the model; absent: it decides. */
  readonly choice?: unknown
  /** The gateway's own tools are limited to these. */
  readonly only?: readonly string[]
}

export function toChoice({ tools, tool_choice: wanted }: ChatRequest): Choice {
  const offered = (tools ?? []).map(toModelTool)
  if (wanted === 'none') return { tools: [], only: [] }
  if (wanted === null || wanted === undefined || wanted === 'auto') return { tools: offered }
  if (wanted === 'required' || wanted.type === 'function') return { tools: offered, choice: wanted }
  const only = namesIn(wanted)
  return { tools: offered.filter(({ name }) => only.includes(name)), only, ...(wanted.allowed_tools.mode === 'required' && { choice: 'required' }) }
}

const toModelTool = ({ function: { name, description, parameters, strict } }: NonNullable<ChatRequest['tools']>[number]): ModelTool => ({
  name,
  ...(description !== undefined && { description }),
  parameters: parameters ?? { type: 'object', properties: {} },
  ...(strict != null && { strict }),
})

export function checkChoice({ tools, tool_choice: choice }: ChatRequest): void {
  if (choice === 'required' && !tools?.length) throw invalid('tool_choice "required" needs tools', { param: 'tool_choice' })
  if (typeof choice !== 'object' || choice === null) return
  const unknown = namesIn(choice).find((name) => !tools?.some((tool) => tool.function.name === name))
  if (unknown === undefined) return
  throw invalid(`tool_choice names the function "${unknown.slice(0, 100)}", which is not in tools`, { param: 'tool_choice' })
}

const namesIn = (choice: Exclude<ToolChoice, string>): readonly string[] =>
  choice.type === 'function' ? [choice.function.name] : choice.allowed_tools.tools.map((tool) => tool.function.name)
