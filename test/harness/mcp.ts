// A server of tools for the gateway to be a client of: over HTTP beside the upstream, and as a program of its own.

import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Server } from '@modelcontextprotocol/sdk/server/index.js'
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import { CallToolRequestSchema, ListToolsRequestSchema } from '@modelcontextprotocol/sdk/types.js'

const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
const text = (said: string) => ({ content: [{ type: 'text' as const, text: said }] })

export interface McpPlay {
  /** Tools beside those that it always has; it tells when they change. */
  extra: string[]
  /** Calls that it has had, by tool. */
  readonly calls: string[]
  /** What the last request carried. */
  authorization: string | undefined
}

function createServer(play: McpPlay): Server {
  const server = new Server({ name: 'test tools', version: '1.0.0' }, { capabilities: { tools: { listChanged: true } } })
  const object = (properties: Record<string, unknown> = {}, required: string[] = []) => ({ type: 'object' as const, properties, required })
  server.setRequestHandler(ListToolsRequestSchema, () => ({
    tools: [
      { name: 'echo', description: 'Says it again.', inputSchema: object({ text: { type: 'string' } }, ['text']) },
      { name: 'pixel', description: 'Shows a picture.', inputSchema: object() },
      { name: 'fails', description: 'Fails.', inputSchema: object() },
      { name: 'hangs', description: 'Never ends.', inputSchema: object() },
      { name: 'grows', description: 'Has one more tool from now on.', inputSchema: object() },
      ...play.extra.map((name) => ({ name, inputSchema: object() })),
    ],
  }))
  server.setRequestHandler(CallToolRequestSchema, async ({ params: { name, arguments: args = {} } }, { signal }) => {
    play.calls.push(name)
    if (name === 'echo') return text(`you said ${String(args['text'])}`)
    if (name === 'pixel') return { content: [{ type: 'text' as const, text: 'a pixel' }, { type: 'image' as const, data: PIXEL, mimeType: 'image/png' }] }
    if (name === 'fails') return { ...text('it went wrong'), isError: true }
    if (name === 'hangs') return new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('was cancelled'))))
    if (name === 'grows') {
      play.extra.push(`grown-${play.extra.length + 1}`)
      await server.sendToolListChanged()
      return text('grown')
    }
    return text(`${name} was called`)
  })
  return server
}

export const newPlay = (): McpPlay => ({ extra: [], calls: [], authorization: undefined })

export interface McpEndpoint {
  readonly play: McpPlay
  serve(request: IncomingMessage, response: ServerResponse): Promise<void>
  /** It knows nobody any more, as after a restart. */
  forget(): void
}

export function createMcpEndpoint(): McpEndpoint {
  const play = newPlay()
  const sessions = new Map<string, StreamableHTTPServerTransport>()

  async function open(): Promise<StreamableHTTPServerTransport> {
    const transport: StreamableHTTPServerTransport = new StreamableHTTPServerTransport({
      sessionIdGenerator: () => randomUUID(),
      onsessioninitialized: (id) => void sessions.set(id, transport),
    })
    await createServer(play).connect(transport as unknown as Parameters<Server['connect']>[0])
    return transport
  }

  return {
    play,
    async serve(request, response) {
      play.authorization = request.headers.authorization
      const id = request.headers['mcp-session-id'] as string | undefined
      const known = id === undefined ? null : sessions.get(id)
      if (known === undefined) return void response.writeHead(404, { 'content-type': 'application/json' }).end('{"jsonrpc":"2.0","error":{"code":-32001,"message":"Session not found"},"id":null}')
      await (known ?? (await open())).handleRequest(request, response)
    },
    forget() {
      for (const transport of sessions.values()) void transport.close()
      sessions.clear()
    },
  }
}

/** As a program: `node mcp.ts --stdio`. */
if (process.argv.includes('--stdio')) {
  if (process.argv.includes('--noise')) process.stdout.write('this is no message\n')
  const play = newPlay()
  play.extra.push(`secret-${process.env['OPENCLAW_GATEWAY_TOKEN'] === undefined ? 'unseen' : 'seen'}`, `given-${process.env['GIVEN'] ?? 'nothing'}`)
  await createServer(play).connect(new StdioServerTransport())
}
