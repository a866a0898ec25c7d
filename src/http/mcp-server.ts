// One request to the MCP server, by the official library: what tools there are, and the call of one.

import { Server } from '@modelcontextprotocol/sdk/server/index.js'
import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js'
import { CallToolRequestSchema, ListToolsRequestSchema, type CallToolResult, type ListToolsResult } from '@modelcontextprotocol/sdk/types.js'
import type { jsonSchemaValidator } from '@modelcontextprotocol/sdk/validation/types.js'
import type { Principal } from '../protocol/scopes.ts'
import type { ToolAnswer, ToolCalls } from '../services/conversation/tool-calls.ts'

export interface McpCaller {
  readonly sessionKey: string
  readonly principal: Principal
  readonly toolCalls: ToolCalls
  readonly version: string
}

/** Nothing is asked of the client that would have to be checked. */
const unchecked = { getValidator: () => (input: unknown) => ({ valid: true, data: input, errorMessage: undefined }) } as unknown as jsonSchemaValidator

export async function answerMcp(request: Request, { sessionKey, principal, toolCalls, version }: McpCaller): Promise<Response> {
  const server = new Server({ name: 'edgeclaw', version }, { capabilities: { tools: {} }, jsonSchemaValidator: unchecked })
  server.setRequestHandler(ListToolsRequestSchema, async (): Promise<ListToolsResult> => {
    const offered = await toolCalls.offeredTo({ principal, sessionKey, signal: request.signal })
    return { tools: offered.map(({ name, description = '', parameters }) => ({ name, description, inputSchema: parameters as ListToolsResult['tools'][number]['inputSchema'] })) }
  })
  server.setRequestHandler(CallToolRequestSchema, async ({ params: { name, arguments: args = {} } }, { signal }) =>
    toResult(await toolCalls.invoke({ name, args, sessionKey, principal, signal: AbortSignal.any([signal, request.signal]), connection: null, confirm: false })),
  )
  const transport = new WebStandardStreamableHTTPServerTransport({ enableJsonResponse: true })
  await server.connect(transport as unknown as Parameters<typeof server.connect>[0])
  try {
    return await transport.handleRequest(request)
  } finally {
    await server.close()
  }
}

function toResult({ ok, output, error, approvalId }: ToolAnswer): CallToolResult {
  if (!ok || !output) {
    const waits = approvalId === undefined ? '' : ` (approval ${approvalId})`
    return { content: [{ type: 'text', text: `${error?.message ?? 'the tool failed'}${waits}` }], isError: true }
  }
  return { content: output.content.map((part) => ({ ...part })) }
}
