// Calls of tools from outside a run: once for each idempotency key, also over a restart, never without the approval that
// a run would need, and of those tools alone that are open to it.

import { sha256Hex } from '../../kit/bytes.ts'
import { stableStringify } from '../../kit/json.ts'
import { unavailable } from '../../protocol/errors.ts'
import type { Principal } from '../../protocol/scopes.ts'
import type { Clock } from '../../ports/clock.ts'
import type { ModelTool } from '../../ports/model.ts'
import type { Commit } from '../../store/commit.ts'
import { idempotencyConflict, type Idempotency } from '../../store/idempotency.ts'
import type { Gate } from '../../store/gate.ts'
import type { ConfigService } from '../operations/config.ts'
import type { ApprovalPolicy } from './approval-policy.ts'
import type { ApprovalWish } from './approval-wish.ts'
import type { Approvals } from './approvals.ts'
import { isOpen } from './tool-openness.ts'
import type { ToolContext, ToolImage, ToolProblem, ToolResult, Tools } from './tools.ts'

export interface ToolCall {
  readonly name: string
  readonly args: Readonly<Record<string, unknown>>
  readonly sessionKey: string
  readonly principal: Principal
  readonly signal: AbortSignal
  readonly connection: string | null
  readonly idempotencyKey?: string | undefined
  /** Waits for the approval that is needed, instead of answering that it is. */
  readonly confirm: boolean
  /** Hears pieces of what comes before the end. */
  readonly onProgress?: ((text: string) => void) | undefined
}

type Content = { readonly type: 'text'; readonly text: string } | { readonly type: 'image'; readonly mimeType: string; readonly data: string }

export interface ToolAnswer {
  readonly ok: boolean
  readonly toolName: string
  readonly output?: { readonly content: readonly Content[]; readonly details: unknown }
  readonly source?: 'core' | 'mcp'
  readonly requiresApproval?: true
  readonly approvalId?: string
  readonly error?: { readonly code: string; readonly message: string }
}

export interface ToolCalls {
  invoke(call: ToolCall): Promise<ToolAnswer>
  /** Whether the arguments of a tool have a member of this name. */
  takes(name: string, member: string, signal: AbortSignal): Promise<boolean>
  /** What can be called in a session, as models are told of tools. */
  offeredTo(user: Pick<ToolCall, 'principal' | 'sessionKey' | 'signal'>): Promise<readonly ModelTool[]>
}

const CODES: Readonly<Record<ToolProblem, string>> = {
  unknown: 'not_found',
  forbidden: 'not_found',
  invalid: 'validation_error',
  refused: 'approval_denied',
  failed: 'internal_error',
}

/** Keyed calls that are in the works at once. */
const MAX_RUNNING = 1000

export function createToolCalls(deps: {
  tools: Tools
  approvals: Approvals
  policy: ApprovalPolicy
  config: Pick<ConfigService, 'current'>
  /** `provider/model` that would answer in a session. */
  modelOf: (sessionKey: string) => string | undefined
  idempotency: Idempotency
  commit: Commit
  gate: Gate
  clock: Clock
}): ToolCalls {
  const { tools, approvals, policy, config, modelOf, idempotency, commit, gate, clock } = deps
  const running = new Map<string, { readonly hash: string; readonly answer: Promise<ToolAnswer> }>()

  const contextOf = ({ principal, sessionKey, signal, onProgress }: ToolCall): ToolContext => ({ principal, sessionKey, model: modelOf(sessionKey), signal, onProgress })
  const isClosed = (name: string, { principal }: Pick<ToolCall, 'principal'>) => !isOpen(name, principal, config.current.gateway?.tools)

  /** `act` carries the call out, once it may be. */
  async function call(wanted: ToolCall, act: (work: () => Promise<ToolAnswer>) => Promise<ToolAnswer>): Promise<ToolAnswer> {
    await tools.prepare(wanted.signal)
    const args = JSON.stringify(wanted.args)
    if (isClosed(wanted.name, wanted)) return toAnswer(wanted.name, { text: 'closed', isError: true, problem: 'forbidden' })
    const wish = tools.wishOf(wanted.name, args, contextOf(wanted))
    const blocked = wish && (await permit(wanted, args, wish))
    if (blocked) return blocked
    return act(async () => {
      await gate.passed() // a tool may act: that it was allowed is on disk before it does
      const source = tools.find(wanted.name, contextOf(wanted))?.group === 'mcp' ? 'mcp' : 'core'
      return toAnswer(wanted.name, await tools.call(wanted.name, args, contextOf(wanted)), source)
    })
  }

  /** null: the call is allowed, and the approval used up. */
  async function permit(wanted: ToolCall, args: string, wish: ApprovalWish): Promise<ToolAnswer | null> {
    const { name, confirm, connection, principal, signal } = wanted
    const judged = wish.kind === 'exec' && wish.ask != null ? policy.judgeWish(wish) : 'ask'
    if (judged === 'allow') return null
    if (judged === 'deny') return toAnswer(name, tools.refuse(name, args, 'policy'))
    const open = await approvals.openFor(wish)
    let approval = open ?? (await approvals.ask(wish, { connection, principal: principal.id }))
    if (approval.status === 'pending' && !confirm) {
      const error = { code: 'requires_approval', message: `"${name}" waits for a person: call it again once it is approved` }
      return { ok: false, toolName: name, requiresApproval: true, approvalId: approval.id, source: 'core', error }
    }
    if (approval.status === 'pending') approval = await approvals.wait(approval.id, signal)
    if (approval.status === 'allowed' && (await approvals.spend(approval.id, wish))) return null
    const refusal = approval.reason === 'no-route' ? 'no-route' : approval.status === 'expired' ? 'expired' : 'denied'
    return toAnswer(name, tools.refuse(name, args, refusal))
  }

  /** Carries out the call of a key unless that was done before. What waits for a person has not been done. */
  async function once(wanted: ToolCall, key: string): Promise<ToolAnswer> {
    const { name, args, sessionKey, principal } = wanted
    const hash = await sha256Hex(stableStringify({ name, args, sessionKey }))
    const begun = { principal: principal.id, method: 'tools.invoke', key, hash }
    const ended = { ...begun, method: 'tools.invoke result' }
    const at = JSON.stringify([principal.id, key])
    const live = running.get(at)
    if (live && live.hash !== hash) throw idempotencyConflict()
    if (live) return live.answer
    const known = idempotency.find<ToolAnswer>(ended, clock.now())
    if (known) return known
    if (idempotency.find(begun, clock.now()) !== null) return { ok: false, toolName: name, error: INTERRUPTED }
    if (running.size >= MAX_RUNNING) throw unavailable('too many tools are running: call again in a moment', { retryAfterMs: 1000 })
    const answer = call(wanted, async (work) => {
      commit.tx(() => idempotency.once(begun, clock.now(), () => true))
      const told = await work()
      commit.tx(() => idempotency.once(ended, clock.now(), () => told))
      return told
    }).finally(() => void running.delete(at))
    running.set(at, { hash, answer })
    return answer
  }

  return {
    invoke: (wanted) => (wanted.idempotencyKey === undefined ? call(wanted, (work) => work()) : once(wanted, wanted.idempotencyKey)),
    async takes(name, member, signal) {
      await tools.prepare(signal)
      return tools.takes(name, member)
    },
    async offeredTo(user) {
      await tools.prepare(user.signal)
      const { principal, sessionKey } = user
      return tools.offeredTo({ principal, sessionKey, model: modelOf(sessionKey) }).filter(({ name }) => !isClosed(name, user))
    },
  }
}

const INTERRUPTED = {
  code: 'interrupted',
  message: 'a call with this key was begun and did not end: see what it did, and call again with a new key',
}

function toAnswer(toolName: string, { text, isError, result, images = [], problem = 'failed' }: ToolResult, source: ToolAnswer['source'] = 'core'): ToolAnswer {
  if (isError) {
    const code = CODES[problem]
    return { ok: false, toolName, error: { code, message: code === 'not_found' ? `Tool not available: ${toolName}` : text } }
  }
  return { ok: true, toolName, output: { content: [{ type: 'text', text }, ...images.map(toContent)], details: result ?? null }, source }
}

const toContent = ({ mimeType, base64 }: ToolImage): Content => ({ type: 'image', mimeType, data: base64 })
