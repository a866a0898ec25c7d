// What is done for requests under `/v1/responses`. Loaded when the first one comes: the schemas take time and memory.

import type { Context } from 'hono'
import * as z from 'zod'
import { parseJson } from '../kit/json.ts'
import { GatewayError, invalid } from '../protocol/errors.ts'
import { describeIssues } from '../protocol/issues.ts'
import type { ResponseEvent } from '../protocol/responses-events.ts'
import { compactRequest, inputItem, responseRequest, type ResponseRequest } from '../protocol/responses.ts'
import type { RunResult } from '../services/conversation/run-table.ts'
import type { Run } from '../services/conversation/runs.ts'
import type { HttpDeps, HttpEnv } from './env.ts'
import { toHttpError } from './openai-chat.ts'
import { respond, respondJson } from './respond.ts'
import { compact } from './responses-compact.ts'
import { findPrevious, startResponse, type StartedResponse } from './responses-run.ts'
import { createEventStream, SSE_HEADERS } from './sse.ts'

/** How long the beginning of an answer is held back, so that an early failure can have a status of its own. */
export const STATUS_WAIT_MS = 10_000

export async function createResponse(c: Context<HttpEnv>, deps: HttpDeps): Promise<Response> {
  const request = toRequest(await readBody(c))
  return request.stream ? stream(c, request, deps) : whole(c, request, deps)
}

async function whole(c: Context<HttpEnv>, request: ResponseRequest, deps: HttpDeps): Promise<Response> {
  const { run, writer, done } = await start(c, request, () => {}, deps)
  followCaller(c, run)
  const result = await done
  if (result.state === 'error') throw toHttpError(result)
  return respondJson(c, writer.final(result))
}

async function stream(c: Context<HttpEnv>, request: ResponseRequest, deps: HttpDeps): Promise<Response> {
  const { clock } = deps
  let run: Run | null = null
  const events = createEventStream(clock, () => run?.abort('disconnect'))
  const early = Promise.withResolvers<RunResult | null>()
  /** Each event in one piece: some readers lose one that comes in two. */
  const write = (event: ResponseEvent) => events.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
  const emit = (event: ResponseEvent) => {
    early.resolve(null)
    write(event)
  }
  const started = await start(c, request, emit, deps).catch((error: unknown) => {
    events.end()
    throw error
  })
  run = started.run
  followCaller(c, run)
  const cancel = clock.after(STATUS_WAIT_MS, () => started.writer.begin())
  void started.done.then((result) => {
    early.resolve(result)
    if (result.state === 'error' && !started.writer.begun) return events.end() // it is answered with a status
    started.writer.end(result)
    events.write('data: [DONE]\n\n')
    events.end()
  })
  const ended = await early.promise
  cancel()
  if (ended?.state === 'error' && !started.writer.begun) throw toHttpError(ended)
  return respond(c, events.body, SSE_HEADERS)
}

function start(c: Context<HttpEnv>, request: ResponseRequest, emit: (event: ResponseEvent) => void, deps: HttpDeps): Promise<StartedResponse> {
  const asker = { headers: c.req.raw.headers, principal: c.var.principal }
  return startResponse(request, asker, findPrevious(request, asker.principal.id, deps), emit, deps)
}

/** A run whose caller goes away ends. */
function followCaller(c: Context<HttpEnv>, run: Run | null): void {
  const { signal } = c.req.raw
  signal.addEventListener('abort', () => run?.abort('disconnect'), { once: true })
  if (signal.aborted) run?.abort('disconnect')
}

export async function compactConversation(c: Context<HttpEnv>, deps: HttpDeps): Promise<Response> {
  const request = parse(compactRequest, await readBody(c))
  const asker = { headers: c.req.raw.headers, principal: c.var.principal }
  const previous = findPrevious(request, asker.principal.id, deps)
  return respondJson(c, await compact(request, asker, previous?.continued ?? null, c.req.raw.signal, deps))
}

// --- stored ones ---

const notFound = (id: string): GatewayError => new GatewayError('NOT_FOUND', `Response with id '${id.slice(0, 200)}' not found.`, { param: 'response_id' })

export function readResponse(c: Context<HttpEnv>, id: string, { responses }: HttpDeps): Response {
  const found = responses.get(id, c.var.principal.id)
  if (!found) throw notFound(id)
  return respondJson(c, found)
}

export async function deleteResponse(c: Context<HttpEnv>, id: string, { responses, gate }: HttpDeps): Promise<Response> {
  const since = gate.mark()
  if (!responses.delete(id, c.var.principal.id)) throw notFound(id)
  await gate.passed(since)
  return respondJson(c, { id, object: 'response', deleted: true })
}

const pageQuery = z.object({
  limit: z.coerce.number().int().min(1).max(100).default(20),
  after: z.string().max(200).optional(),
  order: z.enum(['asc', 'desc']).default('desc'),
})

export function listInputItems(c: Context<HttpEnv>, id: string, { responses }: HttpDeps): Response {
  const { limit, after, order } = parse(pageQuery, c.req.query())
  const page = responses.inputItems(id, c.var.principal.id, { limit, after: after ?? null, newestFirst: order === 'desc' })
  if (!page) throw notFound(id)
  const { items, hasMore } = page
  return respondJson(c, { object: 'list', data: items, first_id: items[0]?.id ?? null, last_id: items.at(-1)?.id ?? null, has_more: hasMore })
}

// --- bodies ---

async function readBody(c: Context<HttpEnv>): Promise<unknown> {
  const parsed = parseJson(await c.req.text())
  if (!parsed.ok) throw invalid('the body of the request is no JSON')
  return parsed.value
}

export const toRequest = (body: unknown): ResponseRequest => parse(responseRequest, body)

function parse<Schema extends z.ZodType>(schema: Schema, given: unknown): z.output<Schema> {
  const parsed = schema.safeParse(given, { reportInput: true })
  if (parsed.success) return parsed.data
  const [first] = parsed.error.issues
  const param = first?.path[0] === undefined ? undefined : String(first.path[0])
  throw (param === 'input' ? faultOfItem(given) : null) ?? invalid(`invalid request: ${describeIssues(parsed.error.issues)}`, param === undefined ? {} : { param })
}

/** Of the first item that is wrong, instead of what all kinds of input have against it. */
function faultOfItem(given: unknown): GatewayError | null {
  const { input } = given as { input?: unknown }
  if (!Array.isArray(input)) return null
  for (const [index, item] of input.entries()) {
    const parsed = inputItem.safeParse(item, { reportInput: true })
    if (!parsed.success) return invalid(`invalid request: input[${index}]: ${describeIssues(parsed.error.issues)}`, { param: `input[${index}]` })
  }
  return null
}
