// POST /tools/invoke: one tool without a run, with the policy, the approvals and the keys that hold for it everywhere.

import { Hono, type Context } from 'hono'
import * as z from 'zod'
import { parseJson } from '../kit/json.ts'
import { GatewayError, invalid } from '../protocol/errors.ts'
import { describeIssues } from '../protocol/issues.ts'
import { mayUseAgent, type Principal } from '../protocol/scopes.ts'
import { splitSessionKey } from '../protocol/shapes.ts'
import type { ToolAnswer } from '../services/conversation/tool-calls.ts'
import { requireJson } from './body.ts'
import type { HttpDeps, HttpEnv } from './env.ts'
import { methodNotAllowed, toGatewayError } from './errors.ts'
import { guard } from './guard.ts'
import { respond, respondJson } from './respond.ts'
import { createEventStream, SSE_HEADERS } from './sse.ts'

const text = z.string().min(1)
const MAX_BODY_BYTES = 2 * 1024 * 1024

export const toolRequest = z.looseObject({
  name: text.optional(),
  tool: text.optional(),
  action: text.optional(),
  args: z.record(z.string(), z.unknown()).default({}),
  sessionKey: z.string().max(512).optional(),
  agentId: text.optional(),
  idempotencyKey: text.max(256).optional(),
})
type ToolRequest = z.output<typeof toolRequest>

/** What went wrong, as this path tells it. */
interface Failure {
  readonly status: number
  readonly error: { readonly type: string; readonly message: string; readonly requiresApproval?: true; readonly approvalId?: string }
}

const failure = (status: number, type: string, message: string): Failure => ({ status, error: { type, message } })

/** Where none is named: the default agent; of a key that may not use that one, the first that it may. */
export const agentFor = (principal: Principal, agents: Pick<HttpDeps['agents'], 'defaultId'>): string =>
  mayUseAgent(principal, agents.defaultId()) ? agents.defaultId() : (principal.key?.agents?.[0] ?? agents.defaultId())

export function invokeTools(deps: HttpDeps): Hono<HttpEnv> {
  const { agents, toolCalls, clock, log } = deps

  async function read(c: Context<HttpEnv>): Promise<ToolRequest> {
    const body = await c.req.text()
    if (body.length > MAX_BODY_BYTES) throw new GatewayError('PAYLOAD_TOO_LARGE', `Payload too large: at most ${MAX_BODY_BYTES} bytes are accepted`)
    const json = parseJson(body)
    if (!json.ok || typeof json.value !== 'object' || json.value === null) throw invalid('the body must be a JSON object')
    const parsed = toolRequest.safeParse(json.value, { reportInput: true })
    if (!parsed.success) throw invalid(describeIssues(parsed.error.issues))
    const inHeader = c.req.header('idempotency-key')
    const { idempotencyKey = inHeader } = parsed.data
    if (inHeader !== undefined && (inHeader !== idempotencyKey || inHeader.length > 256 || inHeader === '')) throw invalid('the idempotency keys of the header and of the body differ, or are none')
    return { ...parsed.data, idempotencyKey }
  }

  /** The session that is meant; a Failure when there can be none. */
  function sessionOf({ sessionKey = '', agentId }: ToolRequest, principal: Principal): string | Failure {
    if (agentId !== undefined && !agents.find(agentId)) return failure(400, 'invalid_request', `Unknown agent id "${agentId.slice(0, 64)}"`)
    const key = sessionKey === '' ? agents.mainSessionKey(agentId ?? agentFor(principal, agents)) : agents.sessionKey(sessionKey, agentId)
    const owner = splitSessionKey(key)?.agentId ?? ''
    if (!agents.find(owner)) return failure(400, 'invalid_request', `Unknown agent id "${owner.slice(0, 64)}"`)
    if (agentId !== undefined && owner !== agentId) return failure(400, 'invalid_request', `agentId "${agentId}" does not match the session key, which is of "${owner}"`)
    return key
  }

  async function invoke(c: Context<HttpEnv>, request: ToolRequest, signal: AbortSignal, onProgress?: (text: string) => void): Promise<ToolAnswer | Failure> {
    const name = request.name ?? request.tool
    if (name === undefined) return failure(400, 'invalid_request', 'tools.invoke requires name')
    const sessionKey = sessionOf(request, c.var.principal)
    if (typeof sessionKey !== 'string') return sessionKey
    const { action, idempotencyKey } = request
    const args = action === undefined || 'action' in request.args || !(await toolCalls.takes(name, 'action', signal)) ? request.args : { ...request.args, action }
    return toolCalls.invoke({ name, args, sessionKey, principal: c.var.principal, signal, connection: null, confirm: false, idempotencyKey, onProgress })
  }

  async function answer(c: Context<HttpEnv>): Promise<Response> {
    try {
      const request = await read(c)
      if (c.req.header('accept')?.includes('text/event-stream')) return stream(c, request)
      const outcome = toOutcome(await invoke(c, request, c.req.raw.signal))
      return respondJson(c, outcome.body, outcome.status)
    } catch (error) {
      const told = toFailure(error)
      return respondJson(c, { ok: false, error: told.error }, told.status)
    }
  }

  /** Pieces as `progress`, and at the end what would have been the answer, as `result` or `error`. */
  function stream(c: Context<HttpEnv>, request: ToolRequest): Response {
    const aborter = new AbortController()
    const events = createEventStream(clock, () => aborter.abort(new Error('the caller has gone away')))
    const write = (event: string, data: unknown) => events.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)
    const told = invoke(c, request, aborter.signal, (piece) => write('progress', { text: piece })).then(toOutcome, (error: unknown) => {
      const { error: shown, status } = toFailure(toGatewayError(c, error, log))
      return { status, body: { ok: false as const, error: shown } }
    })
    void told.then(({ body, status }) => {
      write(body.ok ? 'result' : 'error', body.ok ? body : { ...body, status })
      events.end()
    })
    return respond(c, events.body, SSE_HEADERS)
  }

  const app = new Hono<HttpEnv>()
  app.post('/tools/invoke', guard(deps, 'operator.write'), requireJson, answer)
  app.all('/tools/invoke', methodNotAllowed('POST'))
  return app
}

interface Outcome {
  readonly status: number
  readonly body: { readonly ok: true; readonly result: unknown } | { readonly ok: false; readonly error: Failure['error'] }
}

const KINDS: Readonly<Record<string, readonly [status: number, type: string]>> = {
  not_found: [404, 'not_found'],
  validation_error: [400, 'invalid_request'],
  requires_approval: [403, 'requires_approval'],
  approval_denied: [403, 'approval_denied'],
  interrupted: [409, 'interrupted'],
}

function toOutcome(answer: ToolAnswer | Failure): Outcome {
  if (!('ok' in answer)) return { status: answer.status, body: { ok: false, error: answer.error } }
  if (answer.ok) return { status: 200, body: { ok: true, result: answer.output } }
  const { code = 'internal_error', message = 'the tool failed' } = answer.error ?? {}
  const [status, type] = KINDS[code] ?? [500, 'tool_error']
  const waits = answer.requiresApproval ? { requiresApproval: true as const, ...(answer.approvalId !== undefined && { approvalId: answer.approvalId }) } : {}
  return { status, body: { ok: false, error: { type, message, ...waits } } }
}

/** Anything else is the door's. */
function toFailure(error: unknown): Failure {
  if (!(error instanceof GatewayError)) throw error
  const isConflict = error.options.details?.['code'] === 'IDEMPOTENCY_CONFLICT'
  if (isConflict) return failure(409, 'idempotency_conflict', error.message)
  return failure(error.status, error.status < 500 ? 'invalid_request' : 'unavailable', error.message)
}
