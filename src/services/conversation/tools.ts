// The tools of agents: a registry, the check whether a run may use one, what a person must allow first, and the call
// itself. Every model goes through here, the built-in one too.

import type * as z from 'zod'
import { parseJson } from '../../kit/json.ts'
import { messageOf } from '../../kit/log.ts'
import { GatewayError } from '../../protocol/errors.ts'
import { describeIssues } from '../../protocol/issues.ts'
import { authorize, type Principal, type Scope } from '../../protocol/scopes.ts'
import { splitSessionKey } from '../../protocol/shapes.ts'
import type { Clock } from '../../ports/clock.ts'
import type { ModelTool } from '../../ports/model.ts'
import type { ApprovalWish } from './approval-wish.ts'
import type { ToolGroup, ToolPolicy, ToolRules, ToolUser } from './tool-policy.ts'
import { hasMember, toParameters } from './tool-schema.ts'
import { failed, toResult, type ToolOutcome, type ToolResult } from './tool-result.ts'

export { Shown, type ToolImage, type ToolOutcome, type ToolProblem, type ToolResult } from './tool-result.ts'

export interface ToolContext extends ToolUser {
  /** On whose behalf: a run never may more than who started it. */
  readonly principal: Principal
  readonly signal: AbortSignal
  /** The run that calls; absent: a program does. */
  readonly runId?: string
  /** Hears pieces of what comes before the end. */
  readonly onProgress?: ((text: string) => void) | undefined
}

/** Why a call is not carried out though its tool would. */
export type Refusal = 'denied' | 'expired' | 'no-route' | 'withdrawn' | 'changed' | 'policy' | 'too-many'

export interface Tool<P extends z.ZodType = z.ZodType> {
  readonly name: string
  readonly description: string
  /** Where lists of tools show it, and what the policy knows it by. Absent: with those of the gateway. */
  readonly group?: ToolGroup
  readonly scope: Scope
  /** What some calls need beyond that. */
  elevate?(params: z.output<P>): Scope | null
  readonly params: P
  /** The JSON Schema of the arguments, where `params` does not say all of it. */
  readonly parameters?: unknown
  /** Whether it can be used at present. Absent: always. */
  isThere?(): boolean
  /** How long a call may take. */
  readonly timeoutMs?: number
  /** What a person must allow before it runs; null or absent: nothing. */
  approval?(params: z.output<P>, context: ToolContext): ApprovalWish | null
  /** What is shown to the model when that was not allowed. Absent: an error that says why. */
  refused?(refusal: Refusal, params: z.output<P>): unknown
  /** What comes back is shown to the model as JSON, or as it is when it is text; `Shown` has images, too. */
  run(params: z.output<P>, context: ToolContext): unknown
}

export const defineTool = <P extends z.ZodType>(tool: Tool<P>): Tool => tool as unknown as Tool

/** A tool as lists show it. */
export interface ToolEntry {
  readonly name: string
  readonly description: string
  readonly group: ToolGroup
}

/** Where tools come from that are not known before somebody asks. */
export interface ToolSource {
  /** Sees to it that `list` is true, as far as that is possible soon. null: it is. Never rejects. */
  prepare(signal: AbortSignal): Promise<void> | null
  list(): readonly Tool[]
}

export type Caller = Pick<ToolContext, 'principal' | 'sessionKey' | 'model'>

export interface Tools {
  add(tool: Tool): void
  addSource(source: ToolSource): void
  /** Asks the sources for what they have: what is looked up before is what was known last. null: nothing is to wait for. */
  prepare(signal: AbortSignal): Promise<void> | null
  has(name: string): boolean
  /** All of them, or those that a principal has the scopes for. */
  list(principal?: Principal): readonly ToolEntry[]
  /** Those that somebody may use, by scope and policy. */
  usable(user: Caller): readonly ToolEntry[]
  /** The same, as a model is told of it. */
  offeredTo(user: Caller): readonly ModelTool[]
  /** The one of this name, if it may be used. */
  find(name: string, user: Caller): ToolEntry | null
  /** Whether its arguments have a member of this name. */
  takes(name: string, member: string): boolean
  /** Calls a tool with the JSON text that a model wrote. Never throws: what goes wrong is an outcome. */
  invoke(name: string, args: string, context: ToolContext): Promise<ToolOutcome>
  /** As `invoke`, with what a program wants to know of it. */
  call(name: string, args: string, context: ToolContext): Promise<ToolResult>
  /** What a person must allow before this call is carried out; null: nothing, or it would fail anyway. */
  wishOf(name: string, args: string, context: ToolContext): ApprovalWish | null
  /** The outcome of a call that was not allowed. */
  refuse(name: string, args: string, refusal: Refusal): ToolResult
}

const DEFAULT_TIMEOUT_MS = 2 * 60 * 1000

interface Entry extends ToolEntry {
  readonly tool: Tool
  readonly offer: ModelTool
}

interface Listed {
  readonly tools: readonly Tool[]
  readonly entries: readonly Entry[]
  /** Those that come and go. */
  readonly conditional: readonly Entry[]
}

interface Found extends Pick<Principal, 'role' | 'scopes'> {
  readonly there: readonly Entry[]
  readonly absent: readonly Entry[]
  readonly usable: readonly Entry[]
}

const isSame = <T>(one: readonly T[], other: readonly T[]): boolean => one.length === other.length && one.every((each, at) => each === other[at])

type Prepared = { readonly tool: Tool; readonly params: unknown; readonly wish?: ApprovalWish | null } | { readonly outcome: ToolResult }

export function createTools({ clock, policy }: { clock: Clock; policy: ToolPolicy }): Tools {
  const own = new Map<string, Tool>()
  const sources: ToolSource[] = []
  let listed: Listed = { tools: [], entries: [], conditional: [] }

  /** All that there could be: the same value as long as no source has others. What models are told of a tool is made once. */
  function all(): Listed {
    const tools = [...own.values(), ...sources.flatMap((source) => source.list())]
    if (isSame(tools, listed.tools)) return listed
    const known = new Map(listed.entries.map((entry) => [entry.tool, entry]))
    const entries = tools.map((tool) => known.get(tool) ?? toEntry(tool))
    return (listed = { tools, entries, conditional: entries.filter(({ tool }) => tool.isThere) })
  }

  const entries = (): Entry[] => all().entries.filter(({ tool }) => tool.isThere?.() ?? true)
  const entryOf = (name: string): Entry | undefined => all().entries.find((each) => each.name === name)
  const has = (name: string): boolean => {
    const entry = entryOf(name)
    return entry !== undefined && (entry.tool.isThere?.() ?? true)
  }
  const holds = (principal: Principal, { tool }: Entry) => authorize(principal, { role: 'operator', scope: tool.scope }) === null
  const mayUse = (user: Caller, entry: Entry) => holds(user.principal, entry) && policy.of(user).permits(entry)
  /** What was found last for whoever the same rules hold for: each turn asks, and seldom has anything changed. */
  const found = new WeakMap<ToolRules, Found>()
  function usableBy(user: Caller): readonly Entry[] {
    const rules = policy.of(user)
    const { entries: there, conditional } = all()
    const absent = conditional.filter(({ tool }) => !tool.isThere!())
    const { role, scopes } = user.principal
    const known = found.get(rules)
    if (known && known.role === role && isSame([...known.scopes], [...scopes]) && known.there === there && isSame(known.absent, absent)) return known.usable
    const usable = there.filter((entry) => !absent.includes(entry) && holds(user.principal, entry) && rules.permits(entry))
    found.set(rules, { role, scopes, there, absent, usable })
    return usable
  }

  /** The tool and its arguments, or why they do not go together. */
  function prepare(name: string, args: string): Prepared {
    const tool = entryOf(name)?.tool
    if (!tool || !has(name)) return { outcome: failed(`there is no tool "${name}"; there are: ${entries().map((each) => each.name).join(', ')}`, 'unknown') }
    const parsed = parseJson(args.trim() === '' ? '{}' : args)
    if (!parsed.ok) return { outcome: failed(`the arguments of "${name}" are not valid JSON`, 'invalid') }
    const params = tool.params.safeParse(parsed.value, { reportInput: true })
    if (!params.success) return { outcome: failed(`invalid ${name} arguments: ${describeIssues(params.error.issues)}`, 'invalid') }
    return { tool, params: params.data }
  }

  function prepareFor(context: ToolContext, name: string, args: string): Prepared {
    const entry = entryOf(name)
    if (entry && !holds(context.principal, entry)) return { outcome: lacking(name, entry.tool.scope) }
    if (entry && !policy.of(context).permits(entry)) return { outcome: failed(`"${name}" is not among the tools that this agent may use here`, 'forbidden') }
    const prepared = prepare(name, args)
    if ('outcome' in prepared) return prepared
    const scope = prepared.tool.elevate?.(prepared.params) ?? null
    if (scope !== null && authorize(context.principal, { role: 'operator', scope })) return { outcome: lacking(`${name}" with these arguments`, scope) }
    try {
      return { ...prepared, wish: prepared.tool.approval?.(prepared.params, context) ?? null }
    } catch (error) {
      return { outcome: failed(`invalid ${name} arguments: ${messageOf(error)}`, 'invalid') } // what cannot be asked about is not done
    }
  }

  async function call(name: string, args: string, context: ToolContext): Promise<ToolResult> {
    const prepared = prepareFor(context, name, args)
    if ('outcome' in prepared) return prepared.outcome
    try {
      return toResult(await runWithin(prepared.tool, prepared.params, context))
    } catch (error) {
      if (context.signal.aborted) throw error
      if (!(error instanceof GatewayError)) return failed(`"${name}" failed: ${messageOf(error)}`, 'failed')
      return failed(error.message, error.status < 500 ? 'invalid' : 'failed')
    }
  }

  /** A tool that takes too long is told to stop, and not waited for any more. */
  async function runWithin(tool: Tool, params: unknown, context: ToolContext): Promise<unknown> {
    const ms = tool.timeoutMs ?? DEFAULT_TIMEOUT_MS
    const aborter = new AbortController()
    const follow = () => aborter.abort(context.signal.reason)
    context.signal.addEventListener('abort', follow, { once: true })
    if (context.signal.aborted) follow()
    const late = Promise.withResolvers<never>()
    let cancel = () => {}
    try {
      const result = tool.run(params, { ...context, signal: aborter.signal })
      if (!(result instanceof Promise)) return result
      cancel = clock.after(ms, () => {
        const error = new Error(`it took longer than ${Math.round(ms / 1000)} seconds`)
        aborter.abort(error)
        late.reject(error)
      })
      return await Promise.race([result, late.promise])
    } finally {
      cancel()
      context.signal.removeEventListener('abort', follow)
    }
  }

  return {
    add(tool) {
      if (own.has(tool.name)) throw new Error(`the tool "${tool.name}" is registered twice`)
      own.set(tool.name, tool)
    },
    addSource: (source) => void sources.push(source),
    prepare(signal) {
      const waits = sources.flatMap((source) => source.prepare(signal) ?? [])
      return waits.length === 0 ? null : Promise.all(waits).then(() => {})
    },
    has,
    list: (principal) => entries().filter((entry) => principal === undefined || holds(principal, entry)).map(toListed),
    usable: (user) => usableBy(user).map(toListed),
    offeredTo: (user) => usableBy(user).map(({ offer }) => offer),
    find(name, user) {
      const entry = entryOf(name)
      return entry && has(name) && mayUse(user, entry) ? toListed(entry) : null
    },
    takes: (name, member) => hasMember(entryOf(name)?.offer.parameters, member),
    call,
    async invoke(name, args, context) {
      const { text, isError, images } = await call(name, args, context)
      return { text, isError, ...(images && { images }) }
    },
    wishOf(name, args, context) {
      const prepared = prepareFor(context, name, args)
      if ('outcome' in prepared || !prepared.wish) return null
      const { wish } = prepared
      const { sessionKey } = context
      const origin = { agentId: splitSessionKey(sessionKey)?.agentId, sessionKey }
      if (wish.kind === 'exec') return { ...wish, ...origin }
      return { ...wish, ...origin, toolName: name, facts: { params: prepared.params, more: wish.facts } }
    },
    refuse(name, args, refusal) {
      const prepared = prepare(name, args)
      if (!('outcome' in prepared) && prepared.tool.refused) {
        return toResult(prepared.tool.refused(refusal, prepared.params))
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
  'too-many': 'this run has called as many tools as one may: say what is left to do',
}

const lacking = (what: string, scope: Scope): ToolResult => failed(`"${what}${what.includes('"') ? '' : '"'} needs the scope ${scope}, which this run does not have`, 'forbidden')

const toListed = ({ name, description, group }: Entry): ToolEntry => ({ name, description, group })

function toEntry(tool: Tool): Entry {
  const { name, description, group = 'gateway' } = tool
  let offer: ModelTool | null = null
  return {
    name,
    description,
    group,
    tool,
    get offer() {
      return (offer ??= { name, description, parameters: tool.parameters ?? toParameters(tool.params) })
    },
  }
}
