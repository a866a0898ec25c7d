// A request under `/v1/responses` as a run: the same on HTTP and on a WebSocket. Its response is stored in the
// transaction in which the run ends.

import { traceOf } from '../kit/trace.ts'
import { orderedUuid } from '../kit/ids.ts'
import { GatewayError } from '../protocol/errors.ts'
import type { ResponseEvent } from '../protocol/responses-events.ts'
import type { ResponseObject } from '../protocol/responses-object.ts'
import type { ResponseRequest } from '../protocol/responses.ts'
import { noUsage } from '../protocol/shapes.ts'
import type { Continued } from '../services/conversation/responses.ts'
import type { RunResult } from '../services/conversation/run-table.ts'
import type { Run } from '../services/conversation/runs.ts'
import type { HttpDeps } from './env.ts'
import { thoughtsOf, toCreated } from './responses-object.ts'
import { checkRequest, ownTools, toConversation, toRunRequest, type Asker, type Conversation } from './responses-request.ts'
import { createResponseWriter, type ResponseWriter } from './responses-writer.ts'

export type ResponseDeps = Pick<HttpDeps, 'agents' | 'models' | 'sessions' | 'media' | 'clock' | 'responses' | 'runs' | 'gate' | 'outside'>

/** What is continued, and whether it is kept longer than the connection. */
export interface Previous {
  readonly continued: Continued
  readonly stored: boolean
}

export interface StartedResponse {
  readonly created: ResponseObject
  /** null: no run was needed. */
  readonly run: Run | null
  readonly writer: ResponseWriter
  /** Never rejects. Nothing of the end has been told yet: that is up to the caller, with `writer.end`. */
  readonly done: Promise<RunResult>
  /** What a later request continues. Call it once done. */
  continued(response: ResponseObject): Continued
}

export const previousNotFound = (id: string): GatewayError =>
  new GatewayError('INVALID_REQUEST', `Previous response with id '${id.slice(0, 200)}' not found.`, {
    param: 'previous_response_id',
    code: 'previous_response_not_found',
  })

/** The stored response that a request continues; null when it continues none. */
export function findPrevious({ previous_response_id: id }: Pick<ResponseRequest, 'previous_response_id'>, owner: string, { responses }: Pick<ResponseDeps, 'responses'>): Previous | null {
  if (id === null || id === undefined) return null
  const continued = responses.continue(id, owner)
  if (!continued) throw previousNotFound(id)
  return { continued, stored: true }
}

/** Throws when the request cannot be accepted. */
export async function startResponse(
  request: ResponseRequest,
  asker: Asker,
  previous: Previous | null,
  emit: (event: ResponseEvent) => void,
  deps: ResponseDeps,
): Promise<StartedResponse> {
  checkRequest(request)
  const conversation = await toConversation(request, asker, previous?.continued ?? null, deps)
  const stored = (request.store ?? true) ? toStored(conversation, previous, asker) : null
  if (request.generate === false) return prepare(request, conversation, stored, emit, deps)
  const runRequest = await toRunRequest(request, conversation, asker.principal, deps)
  const trace = traceOf(asker.headers)
  const { run } = deps.runs.start(trace ? { ...runRequest, trace } : runRequest)
  const created = toCreated(toId(runRequest.runId), request, deps.clock.now())
  const writer = toWriter(request, created, emit)
  run!.observe(writer.note)
  if (request.stream) run!.listen(writer.hear)
  if (stored) deps.responses.expect(run!.id, (result) => (result.state === 'ok' || writer.begun ? stored(writer.final(result)) : null))
  void run!.done.then(() => deps.responses.forget(run!.id))
  return { created, run: run!, writer, done: run!.done, continued: (response) => toContinued(response, conversation) }
}

const toId = (runId: string): string => `resp_${runId.replaceAll('-', '')}`

const toWriter = (request: ResponseRequest, created: ResponseObject, emit: (event: ResponseEvent) => void, silent = false): ResponseWriter => {
  const customTools = new Set(ownTools(request.tools).flatMap((tool) => (tool.type === 'custom' ? [tool.name] : [])))
  return createResponseWriter({ created, thoughts: thoughtsOf(request), customTools, silent, emit })
}

const toContinued = ({ id, output }: ResponseObject, { sessionKey, items }: Conversation): Continued => ({ id, sessionKey, items: [...items, ...output] })

/** What one continues that is stored does not have to be stored again. */
const toStored = ({ sessionKey, input, items }: Conversation, previous: Previous | null, { principal }: Asker) => (response: ResponseObject) => ({
  owner: principal.id,
  sessionKey,
  response,
  previousId: previous?.stored ? previous.continued.id : null,
  input: previous && !previous.stored ? items : input,
})

/** Nothing is asked of a model: the input is there to be continued. */
async function prepare(
  request: ResponseRequest,
  conversation: Conversation,
  stored: ReturnType<typeof toStored> | null,
  emit: (event: ResponseEvent) => void,
  { responses, clock, gate }: ResponseDeps,
): Promise<StartedResponse> {
  const now = clock.now()
  const created = toCreated(toId(orderedUuid(now)), request, now)
  const writer = toWriter(request, created, emit, true)
  const facts = { text: '', stopReason: 'stop', toolCalls: [], usage: noUsage(), provider: '', model: '', startedAt: now, endedAt: now }
  const result: RunResult = { state: 'ok', ...facts }
  const since = gate.mark()
  if (stored) responses.put(stored(writer.final(result)))
  await gate.passed(since)
  return { created, run: null, writer, done: Promise.resolve(result), continued: (response) => toContinued(response, conversation) }
}
