// A provider of models on loopback: speaks the chat completions wire, in good weather and in bad. What it does is chosen
// by the model that is asked for.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Data } from './client.ts'
import { createMcpEndpoint, type McpEndpoint } from './mcp.ts'

export interface Exchange {
  /** The body of the request. */
  readonly body: Data
  readonly headers: IncomingMessage['headers']
  /** How often this model has been asked, this time included. */
  readonly attempt: number
  /** Resolves when the caller has gone away before the end. */
  readonly gone: Promise<void>
  /** A whole answer, streamed or not, as the request wishes. */
  answer(text: string, more?: { usage?: Data; finish?: string; toolCalls?: readonly Data[]; reasoning?: string }): void
  fail(status: number, error?: Data, headers?: Record<string, string>): void
  /** Begins a stream; what follows is written as it is. */
  begin(): void
  chunk(delta: Data, finish?: string | null): void
  write(text: string | Uint8Array): void
  end(): void
  /** A whole answer that is no JSON. */
  send(type: string, bytes: Uint8Array): void
  /** Cuts the connection. */
  cut(): void
}

export interface Upstream {
  readonly baseUrl: string
  /** What is done for requests to this model. */
  on(model: string, play: (exchange: Exchange) => void | Promise<void>): void
  readonly requests: readonly Data[]
  /** A server of tools, beside the models. */
  readonly mcp: McpEndpoint
  close(): Promise<void>
}

const USAGE = {
  prompt_tokens: 12,
  completion_tokens: 5,
  total_tokens: 17,
  prompt_tokens_details: { cached_tokens: 4 },
  completion_tokens_details: { reasoning_tokens: 2 },
}

export async function startUpstream(): Promise<Upstream> {
  const plays = new Map<string, (exchange: Exchange) => void | Promise<void>>()
  const attempts = new Map<string, number>()
  const requests: Data[] = []
  const mcp = createMcpEndpoint()

  const server = createServer((request, response) => {
    void serve(request, response).catch((error: unknown) => {
      response.destroy(error as Error)
    })
  })

  async function serve(request: IncomingMessage, response: ServerResponse) {
    if (request.url?.startsWith('/mcp')) return mcp.serve(request, response)
    let text = ''
    for await (const piece of request) text += String(piece)
    const isForm = request.headers['content-type']?.startsWith('multipart/form-data')
    const body = (isForm ? fieldsIn(text) : JSON.parse(text || '{}')) as Data
    requests.push(body)
    const model = (body.model ?? modelIn(request.url ?? '')) as string
    const attempt = (attempts.get(model) ?? 0) + 1
    attempts.set(model, attempt)
    const play = plays.get(model) ?? ((exchange: Exchange) => exchange.answer(`an answer of ${body.model}`))
    await play(createExchange(request, response, body, attempt))
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    on: (model, play) => void plays.set(model, play),
    requests,
    mcp,
    close() {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}

/** The fields of a form, files as far as they are text. */
const fieldsIn = (form: string): Data =>
  Object.fromEntries([...form.matchAll(/name="(\w+)"[^\r]*\r\n(?:[^\r]+\r\n)*\r\n([\s\S]*?)\r\n--/g)].map(([, name, value]) => [name, value]))

/** Some wires name it in the address. */
const modelIn = (path: string): string | undefined => /\/models?\/([^/:?]+)/.exec(path)?.[1]

function createExchange(request: IncomingMessage, response: ServerResponse, body: Data, attempt: number): Exchange {
  const gone = new Promise<void>((resolve) => {
    response.on('close', () => {
      if (!response.writableEnded) resolve()
    })
  })
  const chunk = (delta: Data, finish: string | null = null) =>
    `data: ${JSON.stringify({ id: 'chatcmpl-up', object: 'chat.completion.chunk', created: 1, model: body.model, choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`

  const exchange: Exchange = {
    body,
    headers: request.headers,
    attempt,
    gone,
    answer(text, { usage = USAGE, finish = 'stop', toolCalls, reasoning } = {}) {
      if (!body.stream) {
        const message = { role: 'assistant', content: text, ...(reasoning && { reasoning_content: reasoning }), ...(toolCalls && { tool_calls: toolCalls }) }
        response.setHeader('content-type', 'application/json')
        return void response.end(JSON.stringify({ id: 'chatcmpl-up', choices: [{ index: 0, message, finish_reason: finish }], usage }))
      }
      exchange.begin()
      if (reasoning) exchange.chunk({ reasoning_content: reasoning })
      for (const word of text.split(/(?<= )/)) exchange.chunk({ content: word })
      for (const [index, call] of (toolCalls ?? []).entries()) {
        const { name, arguments: args } = call.function
        exchange.chunk({ tool_calls: [{ index, id: call.id, type: 'function', function: { name, arguments: '' } }] })
        for (const letter of args) exchange.chunk({ tool_calls: [{ index, function: { arguments: letter } }] })
      }
      exchange.chunk({}, finish)
      exchange.write(`data: ${JSON.stringify({ id: 'chatcmpl-up', choices: [], usage })}\n\n`)
      exchange.end()
    },
    fail(status, error = { message: `failed with ${status}` }, headers = {}) {
      response.writeHead(status, { 'content-type': 'application/json', ...headers })
      response.end(JSON.stringify({ error }))
    },
    begin: () => void response.writeHead(200, { 'content-type': 'text/event-stream' }),
    chunk: (delta, finish) => void response.write(chunk(delta, finish)),
    write: (text) => void response.write(text),
    end: () => void response.end('data: [DONE]\n\n'),
    send: (type, bytes) => void response.writeHead(200, { 'content-type': type }).end(bytes),
    cut: () => void response.destroy(),
  }
  return exchange
}
