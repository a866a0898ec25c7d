// The tools of agents: a registry, the check whether a run may use one, and the call itself. Every model goes through
// here, the built-in one too.

import * as z from 'zod'
import { parseJson } from '../../kit/json.ts'
import { messageOf } from '../../kit/log.ts'
import { firstUnits } from '../../kit/text.ts'
import { GatewayError } from '../../protocol/errors.ts'
import { describeIssues } from '../../protocol/issues.ts'
import { authorize, type Principal, type Scope } from '../../protocol/scopes.ts'
import type { ModelTool } from '../../ports/model.ts'

export interface ToolContext {
  /** On whose behalf: a run never may more than who started it. */
  readonly principal: Principal
  readonly sessionKey: string
  readonly signal: AbortSignal
}

export interface Tool<P extends z.ZodType = z.ZodType> {
  readonly name: string
  readonly description: string
  readonly scope: Scope
  readonly params: P
  /** What comes back is shown to the model as JSON, or as it is when it is text. */
  run(params: z.output<P>, context: ToolContext): unknown
}

export const defineTool = <P extends z.ZodType>(tool: Tool<P>): Tool => tool as unknown as Tool

export interface ToolOutcome {
  readonly text: string
  readonly isError: boolean
}

export interface Tools {
  add(tool: Tool): void
  has(name: string): boolean
  /** What a model is told of the tools that this principal may use. */
  offeredTo(principal: Principal): readonly ModelTool[]
  /** Calls a tool with the JSON text that a model wrote. Never throws: what goes wrong is an outcome. */
  invoke(name: string, args: string, context: ToolContext): Promise<ToolOutcome>
}

/** Longer results are cut: they are read by a model, again with every step. */
const MAX_RESULT_CHARS = 64_000

export function createTools(): Tools {
  const tools = new Map<string, { tool: Tool; offer: ModelTool }>()

  const failed = (text: string): ToolOutcome => ({ text, isError: true })

  return {
    add(tool) {
      if (tools.has(tool.name)) throw new Error(`the tool "${tool.name}" is registered twice`)
      const { $schema: _, ...parameters } = z.toJSONSchema(tool.params, { io: 'input' })
      tools.set(tool.name, { tool, offer: { name: tool.name, description: tool.description, parameters } })
    },
    has: (name) => tools.has(name),
    offeredTo: (principal) =>
      [...tools.values()]
        .filter(({ tool }) => authorize(principal, { role: 'operator', scope: tool.scope }) === null)
        .map(({ offer }) => offer),
    async invoke(name, args, context) {
      const tool = tools.get(name)?.tool
      if (!tool) return failed(`there is no tool "${name}"; there are: ${[...tools.keys()].join(', ')}`)
      if (authorize(context.principal, { role: 'operator', scope: tool.scope })) {
        return failed(`"${name}" needs the scope ${tool.scope}, which this run does not have`)
      }
      const parsed = parseJson(args.trim() === '' ? '{}' : args)
      if (!parsed.ok) return failed(`the arguments of "${name}" are not valid JSON`)
      const params = tool.params.safeParse(parsed.value, { reportInput: true })
      if (!params.success) return failed(`invalid ${name} arguments: ${describeIssues(params.error.issues)}`)
      try {
        const result = await tool.run(params.data, context)
        const text = typeof result === 'string' ? result : (JSON.stringify(result) ?? 'null')
        return { text: text.length > MAX_RESULT_CHARS ? `${firstUnits(text, MAX_RESULT_CHARS)}… (cut)` : text, isError: false }
      } catch (error) {
        if (context.signal.aborted) throw error
        return failed(error instanceof GatewayError ? error.message : `"${name}" failed: ${messageOf(error)}`)
      }
    },
  }
}
