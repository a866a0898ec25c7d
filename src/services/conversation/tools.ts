// The tools of agents: a registry, the check whether a run may use one, what a person must allow first, and the call
// itself. Every model goes through here, the built-in one too.

import * as z from 'zod'
import { parseJson } from '../../kit/json.ts'
import { messageOf } from '../../kit/log.ts'
import { firstUnits } from '../../kit/text.ts'
import { GatewayError } from '../../protocol/errors.ts'
import { describeIssues } from '../../protocol/issues.ts'
import { authorize, type Principal, type Scope } from '../../protocol/scopes.ts'
import type { ModelTool } from '../../ports/model.ts'
import { splitSessionKey } from '../../protocol/shapes.ts'
import type { ApprovalWish } from './approval-wish.ts'

export interface ToolContext {
  /** On whose behalf: a run never may more than who started it. */
  readonly principal: Principal
  readonly sessionKey: string
  readonly signal: AbortSignal
}

/** Why a call is not carried out though its tool would. */
export type Refusal = 'denied' | 'expired' | 'no-route' | 'withdrawn' | 'changed' | 'policy'

export interface Tool<P extends z.ZodType = z.ZodType> {
  readonly name: string
  readonly description: string
  /** Where lists of tools show it. Absent: with those of the gateway. */
  readonly group?: 'sessions' | 'gateway' | 'automation' | 'nodes' | 'messaging' | 'media'
  readonly scope: Scope
  readonly params: P
  /** What a person must allow before it runs; null or absent: nothing. */
  approval?(params: z.output<P>, context: ToolContext): ApprovalWish | null
  /** What is shown to the model when that was not allowed. Absent: an error that says why. */
  refused?(refusal: Refusal, params: z.output<P>): unknown
  /** What comes back is shown to the model as JSON, or as it is when it is text. */
  run(params: z.output<P>, context: ToolContext): unknown
}

export const defineTool = <P extends z.ZodType>(tool: Tool<P>): Tool => tool as unknown as Tool

/** What was wrong with a call. */
export type ToolProblem = 'unknown' | 'forbidden' | 'invalid' | 'refused' | 'failed'

/** For a model. */
export interface ToolOutcome {
  readonly text: string
  readonly isError: boolean
}

/** For a program. */
export interface ToolResult extends ToolOutcome {
  /** What the tool returned. */
  readonly result?: unknown
  readonly problem?: ToolProblem
}

/** A tool as lists show it. */
export interface ToolEntry {
  readonly name: string
  readonly description: string
  readonly group: NonNullable<Tool['group']>
}

export interface Tools {
  add(tool: Tool): void
  has(name: string): boolean
  /** All of them, or those that a principal may use. */
  list(principal?: Principal): readonly ToolEntry[]
  /** What a model is told of the tools that this principal may use. */
  offeredTo(principal: Principal): readonly ModelTool[]
  /** Calls a tool with the JSON text that a model wrote. Never throws: what goes wrong is an outcome. */
  invoke(name: string, args: string, context: ToolContext): Promise<ToolOutcome>
  /** As `invoke`, with what a program wants to know of it. */
  call(name: string, args: string, context: ToolContext): Promise<ToolResult>
  /** What a person must allow before this call is carried out; null: nothing, or it would fail anyway. */
  wishOf(name: string, args: string, context: ToolContext): ApprovalWish | null
  /** The outcome of a call that was not allowed. */
  refuse(name: string, args: string, refusal: Refusal): ToolResult
}

/** Longer results are cut: they are read by a model, again with every step. */
const MAX_RESULT_CHARS = 64_000

interface Entry {
  readonly tool: Tool
  readonly offer: ModelTool
}

type Prepared = { readonly tool: Tool; readonly params: unknown } | { readonly outcome: ToolResult }

export function createTools(): Tools {
  const tools = new Map<string, Entry>()

  const may = (principal: Principal, { tool }: Entry) => authorize(principal, { role: 'operator', scope: tool.scope }) === null

  /** The tool and its arguments, or why they do not go together. */
  function prepare(name: string, args: string): Prepared {
    const tool = tools.get(name)?.tool
    if (!tool) return { outcome: failed(`there is no tool "${name}"; there are: ${[...tools.keys()].join(', ')}`, 'unknown') }
    const parsed = parseJson(args.trim() === '' ? '{}' : args)
    if (!parsed.ok) return { outcome: failed(`the arguments of "${name}" are not valid JSON`, 'invalid') }
    const params = tool.params.safeParse(parsed.value, { reportInput: true })
    if (!params.success) return { outcome: failed(`invalid ${name} arguments: ${describeIssues(params.error.issues)}`, 'invalid') }
    return { tool, params: params.data }
  }

  function prepareFor({ principal }: ToolContext, name: string, args: string): Prepared {
    const entry = tools.get(name)
    if (!entry || may(principal, entry)) return prepare(name, args)
    return { outcome: failed(`"${name}" needs the scope ${entry.tool.scope}, which this run does not have`, 'forbidden') }
  }

  async function call(name: string, args: string, context: ToolContext): Promise<ToolResult> {
    const prepared = prepareFor(context, name, args)
    if ('outcome' in prepared) return prepared.outcome
    try {
      const result = await prepared.tool.run(prepared.params, context)
      return { text: toText(result), isError: false, result }
    } catch (error) {
      if (context.signal.aborted) throw error
      return failed(error instanceof GatewayError ? error.message : `"${name}" failed: ${messageOf(error)}`, 'failed')
    }
  }

  return {
    add(tool) {
      if (tools.has(tool.name)) throw new Error(`the tool "${tool.name}" is registered twice`)
      const { $schema: _, ...parameters } = z.toJSONSchema(tool.params, { io: 'input' })
      tools.set(tool.name, { tool, offer: { name: tool.name, description: tool.description, parameters } })
    },
    has: (name) => tools.has(name),
    list: (principal) =>
      [...tools.values()]
        .filter((entry) => principal === undefined || may(principal, entry))
        .map(({ tool: { name, description, group = 'gateway' } }) => ({ name, description, group })),
    offeredTo: (principal) => [...tools.values()].filter((entry) => may(principal, entry)).map(({ offer }) => offer),
    call,
    async invoke(name, args, context) {
      const { text, isError } = await call(name, args, context)
      return { text, isError }
    },
    wishOf(name, args, context) {
      const prepared = prepareFor(context, name, args)
      const wish = 'outcome' in prepared ? null : (prepared.tool.approval?.(prepared.params, context) ?? null)
      if (!wish || 'outcome' in prepared) return null
      const { sessionKey } = context
      const origin = { agentId: splitSessionKey(sessionKey)?.agentId, sessionKey }
      if (wish.kind === 'exec') return { ...wish, ...origin }
      return { ...wish, ...origin, toolName: name, facts: { params: prepared.params, more: wish.facts } }
    },
    refuse(name, args, refusal) {
      const prepared = prepare(name, args)
      if (!('outcome' in prepared) && prepared.tool.refused) {
        const result = prepared.tool.refused(refusal, prepared.params)
        return { text: toText(result), isError: false, result }
      }
      return failed(`"${name}" was not carried out: ${REFUSALS[refusal]}`, 'refused')
    },
  }
}

const REFUSALS: Readonly<Record<Refusal, string>> = {
  denied: 'a person denied it',
  expired: 'nobody answered in time',
  'no-route': 'nobody is connected who could approve it',
  withdrawn: 'the request was withdrawn',
  changed: 'what was approved is not what would be done now: ask again',
  policy: 'the policy of this gateway does not allow it',
}

const failed = (text: string, problem: ToolProblem): ToolResult => ({ text, isError: true, problem })

function toText(result: unknown): string {
  const text = typeof result === 'string' ? result : (JSON.stringify(result) ?? 'null')
  return text.length > MAX_RESULT_CHARS ? `${firstUnits(text, MAX_RESULT_CHARS)}… (cut)` : text
}
