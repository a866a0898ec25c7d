// One request to the MCP server, on tools that a test makes.

import { expect, it } from 'vitest'
import type { ToolAnswer, ToolCall, ToolCalls } from '../../src/services/conversation/tool-calls.ts'
import { answerMcp } from '../../src/http/mcp-server.ts'
import type { Data } from '../harness/client.ts'
import { OPERATOR } from '../services/conversation/conversation.ts'

function open(answer: Partial<ToolAnswer>) {
  const calls: ToolCall[] = []
  const toolCalls: ToolCalls = {
    async invoke(call) {
      calls.push(call)
      return { ok: true, toolName: call.name, ...answer }
    },
    takes: async () => false,
    offeredTo: async () => [{ name: 'one', description: 'First.', parameters: { type: 'object', properties: {} } }, { name: 'two', parameters: { type: 'object' } }],
  }
  const ask = async (method: string, params: unknown = {}): Promise<Data> => {
    const request = new Request('http://gateway.test/mcp', {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
    })
    return ((await (await answerMcp(request, { sessionKey: 'agent:main:main', principal: OPERATOR, toolCalls, version: '9' })).json()) as Data).result
  }
  return { ask, calls }
}

it('says who it is, and what it has', async () => {
  const { ask } = open({})
  expect(await ask('initialize', { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'c', version: '1' } })).toMatchObject({ serverInfo: { name: 'edgeclaw', version: '9' }, capabilities: { tools: {} } })
  expect((await ask('tools/list')).tools).toEqual([
    { name: 'one', description: 'First.', inputSchema: { type: 'object', properties: {} } },
    { name: 'two', description: '', inputSchema: { type: 'object' } },
  ])
})

it('calls in the name of whoever asks, and never waits for a person', async () => {
  const { ask, calls } = open({ output: { content: [{ type: 'text', text: 'fine' }, { type: 'image', mimeType: 'image/png', data: 'AAAA' }], details: null } })
  expect(await ask('tools/call', { name: 'one', arguments: { a: 1 } })).toEqual({ content: [{ type: 'text', text: 'fine' }, { type: 'image', mimeType: 'image/png', data: 'AAAA' }] })
  expect(calls[0]).toMatchObject({ name: 'one', args: { a: 1 }, principal: OPERATOR, sessionKey: 'agent:main:main', confirm: false, connection: null })
})

it('says what went wrong, and which approval is missing', async () => {
  const { ask } = open({ ok: false, requiresApproval: true, approvalId: 'a1', error: { code: 'requires_approval', message: 'wait' } })
  expect(await ask('tools/call', { name: 'one' })).toEqual({ content: [{ type: 'text', text: 'wait (approval a1)' }], isError: true })
})
