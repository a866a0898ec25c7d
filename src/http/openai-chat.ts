// POST /v1/chat/completions: the same runs as on the socket, in OpenAI's words, streamed or not.

import { zValidator } from '@hono/zod-validator'
import { Hono, type Context } from 'hono'
import { uuid } from '../kit/ids.ts'
import { traceOf } from '../kit/trace.ts'
import { GatewayError, invalid, type ErrorCode } from '../protocol/errors.ts'
import { describeIssues } from '../protocol/issues.ts'
import { chatRequest, type ChatCompletion, type ChatRequest, type CompletionUsage, type FinishReason } from '../protocol/openai.ts'
import type { Usage } from '../protocol/shapes.ts'
import type { RunResult } from '../services/conversation/run-table.ts'
import type { Run } from '../services/conversation/runs.ts'
import { requireJson } from './body.ts'
import type { HttpDeps, HttpEnv } from './env.ts'
import { methodNotAllowed, toOpenaiError } from './errors.ts'
import { guard } from './guard.ts'
import { toRunRequest } from './openai-request.ts'
import { respond, respondJson } from './respond.ts'
import { createEventStream, SSE_HEADERS, type EventStream } from './sse.ts'

/** How long the status of a streamed answer is held back, so that an early failure can have one of its own. */
const STATUS_WAIT_MS = 10_000

/** When the provider does not say how long it wants to be left alone. */
const RETRY_AFTER_MS = 5000

const validated = zValidator('json', chatRequest, (result) => {
  if (!result.success) throw toInvalid(result.data)
})

export function openaiChat(deps: HttpDeps): Hono<HttpEnv> {
  const { runs, clock } = deps

  async function complete(c: Context<HttpEnv>, request: ChatRequest): Promise<Response> {
    assertChatEnabled(deps)
    const { headers, signal } = c.req.raw
    const asked = await toRunRequest(request, { headers, principal: c.var.principal, signal }, deps)
    const trace = traceOf(headers)
    const { run } = runs.start(trace ? { ...asked, trace } : asked)
    const head = { id: `chatcmpl-${uuid()}`, created: Math.floor(clock.now() / 1000), model: request.model }
    signal.addEventListener('abort', () => run!.abort('disconnect'), { once: true })
    if (signal.aborted) run!.abort('disconnect')
    return request.stream ? stream(c, run!, head, request) : whole(c, await run!.done, head, run!.thoughts)
  }

  async function stream(c: Context<HttpEnv>, run: Run, head: Head, request: ChatRequest): Promise<Response> {
    const events = createEventStream(clock, () => run.abort('disconnect'))
    const early = Promise.withResolvers<RunResult | null>()
    const cancel = clock.after(STATUS_WAIT_MS, () => early.resolve(null))
    const write = chunkWriter(events, head, request.stream_options?.include_usage ?? false)
    run.listen((progress) => {
      early.resolve(null)
      if (progress.type === 'call') write.call(progress)
      else if (progress.type === 'reasoning') write.delta('reasoning_content', progress.text)
      else write.delta(progress.refusal ? 'refusal' : 'content', progress.text)
    })
    void run.done.then((result) => {
      early.resolve(result)
      write.end(result)
    })
    const ended = await early.promise
    cancel()
    if (ended?.state === 'error') throw toHttpError(ended)
    return respond(c, events.body, SSE_HEADERS)
  }

  function whole(c: Context<HttpEnv>, result: RunResult, head: Head, thoughts: string): Response {
    if (result.state === 'error') throw toHttpError(result)
    return respondJson(c, toCompletion(result, head, thoughts))
  }

  const app = new Hono<HttpEnv>()
  app.post('/v1/chat/completions', guard(deps, 'operator.write'), requireJson, validated, (c) =>
    complete(c, c.req.valid('json')),
  )
  app.all('/v1/chat/completions', methodNotAllowed('POST'))
  return app
}

/** Embeddings and audio come with them. */
export function assertChatEnabled({ config }: Pick<HttpDeps, 'config'>): void {
  if (config.current.gateway?.http?.endpoints?.chatCompletions?.enabled !== false) return
  throw new GatewayError('NOT_FOUND', 'chat completions are switched off: see gateway.http.endpoints.chatCompletions.enabled')
}

interface Head {
  readonly id: string
  readonly created: number
  readonly model: string
}

function toCompletion(result: RunResult, { id, created, model }: Head, thoughts: string): ChatCompletion {
  const calls = toToolCalls(result)
  const { refused = false, text } = result
  return {
    id,
    object: 'chat.completion',
    created,
    model,
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: refused || (text === '' && calls.length > 0) ? null : text,
          refusal: refused ? text : null,
          ...(calls.length > 0 && { tool_calls: calls }),
          ...(thoughts !== '' && { reasoning_content: thoughts }),
        },
        logprobs: null,
        finish_reason: toFinishReason(result),
      },
    ],
    usage: toUsage(result.usage),
  }
}

interface ChunkWriter {
  delta(member: 'content' | 'refusal' | 'reasoning_content', text: string): void
  /** A piece of the arguments of a call. */
  call(piece: { readonly id: string; readonly name: string; readonly text: string }): void
  end(result: RunResult): void
}

/** The chunks of one answer. Their common beginning is encoded once. */
function chunkWriter(events: EventStream, { id, created, model }: Head, includeUsage: boolean): ChunkWriter {
  const head = JSON.stringify({ id, object: 'chat.completion.chunk', created, model }).slice(0, -1)
  const tail = includeUsage ? ',"usage":null}\n\n' : '}\n\n'
  const chunk = (delta: string, finish: FinishReason | null) =>
    `data: ${head},"choices":[{"index":0,"delta":${delta},"finish_reason":${JSON.stringify(finish)}}]${tail}`
  let begun = false
  const begin = () => {
    const role = begun ? '' : chunk('{"role":"assistant","content":""}', null)
    begun = true
    return role
  }

  /** By id: what of each call has been told. Its place here is its index. */
  const told = new Map<string, string>()
  /** First which tool is called, then with what: there are clients that know it in no other order. */
  function toCall(id: string, name: string, args: string): string {
    const isNew = !told.has(id)
    told.set(id, (told.get(id) ?? '') + args)
    const index = [...told.keys()].indexOf(id)
    const head = isNew ? chunk(JSON.stringify({ tool_calls: [{ index, id, type: 'function', function: { name, arguments: '' } }] }), null) : ''
    return args === '' ? head : head + chunk(JSON.stringify({ tool_calls: [{ index, function: { arguments: args } }] }), null)
  }

  return {
    call: ({ id, name, text }) => events.write(begin() + toCall(id, name, text)),
    delta: (member, text) => events.write(begin() + chunk(`{"${member}":${JSON.stringify(text)}}`, null)),
    end(result) {
      if (result.state === 'error') {
        events.write(`data: ${JSON.stringify(toOpenaiError(toHttpError(result)))}\n\ndata: [DONE]\n\n`)
        return events.end()
      }
      const calls = result.toolCalls.map(({ id, name, arguments: args }) => toCall(id, name, restOf(args, told.get(id) ?? '')))
      const usage = `data: ${head},"choices":[],"usage":${JSON.stringify(toUsage(result.usage))}}\n\n`
      const end = chunk('{}', toFinishReason(result))
      events.write(`${begin()}${calls.join('')}${end}${includeUsage ? usage : ''}data: [DONE]\n\n`)
      events.end()
    },
  }
}

/** What has been told cannot be taken back. */
const restOf = (args: string, told: string): string => (args.startsWith(told) ? args.slice(told.length) : '')

const toToolCalls = (result: RunResult) =>
  result.toolCalls.map((call) => ({
    id: call.id,
    type: 'function' as const,
    function: { name: call.name, arguments: call.arguments },
  }))

function toFinishReason(result: RunResult): FinishReason {
  if (result.toolCalls.length > 0) return 'tool_calls'
  return result.stopReason === 'length' || result.stopReason === 'content_filter' ? result.stopReason : 'stop'
}

const toUsage = (usage: Usage): CompletionUsage => {
  const prompt = usage.input + usage.cacheRead + usage.cacheWrite
  return {
    prompt_tokens: prompt,
    completion_tokens: usage.output,
    total_tokens: prompt + usage.output,
    prompt_tokens_details: { cached_tokens: usage.cacheRead },
    completion_tokens_details: { reasoning_tokens: usage.reasoning },
  }
}

/** A failed run in terms of the caller's request: whose fault it was decides the status. */
export function toHttpError({ error }: Pick<RunResult, 'error'>): GatewayError {
  const message = error?.message ?? 'the run failed'
  const of = (code: ErrorCode, openai?: string) => new GatewayError(code, message, openai === undefined ? {} : { code: openai })
  switch (error?.kind) {
    case 'rate_limit':
      return new GatewayError('RATE_LIMITED', message, { retryAfterMs: error.retryAfterMs ?? RETRY_AFTER_MS, code: 'rate_limit_exceeded' })
    case 'context_length':
      return of('INVALID_REQUEST', 'context_length_exceeded')
    case 'invalid':
    case 'refusal':
      return of('INVALID_REQUEST')
    case 'timeout':
      return of('AGENT_TIMEOUT', 'timeout')
    case 'internal':
      return of('INTERNAL')
    case 'auth':
      return new GatewayError('UPSTREAM', message, { code: 'upstream_auth', retryable: false })
    default:
      return of('UPSTREAM', 'upstream_error')
  }
}

function toInvalid(given: unknown): GatewayError {
  const issues = chatRequest.safeParse(given, { reportInput: true }).error?.issues ?? []
  const [first] = issues
  const param = first && first.path.length > 0 ? String(first.path[0]) : undefined
  const message = `invalid request: ${describeIssues(issues)}`
  return invalid(message, param === undefined ? {} : { param })
}
