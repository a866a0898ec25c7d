// MCP, both ways: servers of tools that the gateway is a client of, and the gateway as one.

import { Client as McpClient } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { afterEach, describe, expect, it } from 'vitest'
import type { Client, Data } from '../harness/client.ts'
import { freshKey, script, textIn, type Reach, type Target } from './target.ts'

export function mcpCases(at: Reach, get: () => Target): void {
  const play = () => get().upstream.mcp.play

  async function use(client: Client, name: string, args: unknown = {}): Promise<Data> {
    const sessionKey = freshKey()
    const idempotencyKey = crypto.randomUUID()
    await client.call('chat.send', { sessionKey, message: script({ tool: { name, arguments: args } }, { text: 'done' }), idempotencyKey })
    expect(await client.ended(idempotencyKey)).toMatchObject({ state: 'final' })
    const { messages } = await client.call('chat.history', { sessionKey })
    return messages.find((message: Data) => message.role === 'toolResult')
  }

  async function names(client: Client): Promise<string[]> {
    const key = freshKey()
    await client.call('sessions.create', { key })
    const { groups } = await client.call('tools.effective', { sessionKey: key })
    return groups.filter((group: Data) => group.id === 'mcp').flatMap((group: Data) => group.tools.map((tool: Data) => tool.id))
  }

  describe('servers of the configuration', () => {
    it('have tools like any other', async () => {
      const { client } = await at.join()
      expect(await names(client)).toEqual(expect.arrayContaining(['test-tools__echo', 'test-tools__pixel']))
      expect(textIn(await use(client, 'test-tools__echo', { text: 'so' }))).toBe('you said so')
      expect(play().authorization).toBe('Bearer of-the-tools')
      expect(await use(client, 'test-tools__fails')).toMatchObject({ isError: true, content: [{ text: 'it went wrong' }] })
      const { groups } = await client.call('tools.catalog', {})
      expect(groups.find((group: Data) => group.id === 'mcp')).toMatchObject({ source: 'plugin', pluginId: 'bundle-mcp' })
      const direct = await client.call('tools.invoke', { name: 'test-tools__echo', args: { text: 'x' } })
      expect(direct).toMatchObject({ ok: true, source: 'mcp', output: { content: [{ type: 'text', text: 'you said x' }] } })
    })

    it('show pictures', async () => {
      const { client } = await at.join()
      const { output } = await client.call('tools.invoke', { name: 'test-tools__pixel' })
      expect(output.content).toMatchObject([{ type: 'text', text: 'a pixel' }, { type: 'image', mimeType: 'image/png' }])
      expect((await use(client, 'test-tools__pixel')).content).toMatchObject([{ type: 'text' }, { type: 'image', mimeType: 'image/png' }])
    })

    it('are not waited for without end', async () => {
      const { client } = await at.join()
      expect(await use(client, 'test-tools__hangs')).toMatchObject({ isError: true })
    })

    it('say when they have others, and what is left out stays out', async () => {
      const { client } = await at.join()
      play().extra.push('hidden')
      const before = play().extra.length
      await use(client, 'test-tools__grows')
      await expect.poll(() => names(client), { timeout: 10_000 }).toContain(`test-tools__grown-${before + 1}`)
      expect(await names(client)).not.toContain('test-tools__hidden')
    })

    it('are connected anew when they have forgotten the conversation', async () => {
      const { client } = await at.join()
      expect(textIn(await use(client, 'test-tools__echo', { text: 'before' }))).toBe('you said before')
      get().upstream.mcp.forget()
      expect(textIn(await use(client, 'test-tools__echo', { text: 'after' }))).toBe('you said after')
    })

    it('may be programs where there are any; they are told no secrets', async () => {
      const { client } = await at.join()
      const all = await names(client)
      expect(all.some((name) => name.startsWith('program__'))).toBe(get().machine)
      if (!get().machine) return
      expect(all).toEqual(expect.arrayContaining(['program__echo', 'program__secret-unseen', 'program__given-this']))
      expect(textIn(await use(client, 'program__echo', { text: 'hi' }))).toBe('you said hi')
    })
  })

  describe('the gateway as a server', () => {
    const open: McpClient[] = []
    afterEach(async () => {
      for (const client of open.splice(0)) await client.close()
    })

    async function connect(headers: Record<string, string> = { authorization: `Bearer ${get().token}` }): Promise<McpClient> {
      const transport = new StreamableHTTPClientTransport(new URL('http://gateway.test/mcp'), {
        fetch: (url, init) => get().fetch(new URL(String(url)).pathname, init as RequestInit),
        requestInit: { headers },
      })
      const client = new McpClient({ name: 'test', version: '1' })
      open.push(client)
      await client.connect(transport as unknown as Parameters<typeof client.connect>[0])
      return client
    }

    it('has the tools that are open to programs, and no others', async () => {
      const client = await connect()
      expect(client.getServerVersion()).toMatchObject({ name: 'edgeclaw' })
      const { tools } = await client.listTools()
      const found = tools.map((tool) => tool.name)
      expect(found).toEqual(expect.arrayContaining(['sessions_list', 'session_status', 'memory_search', 'read', 'web_fetch', 'test-tools__echo']))
      for (const closed of ['exec', 'write', 'edit', 'sessions_spawn', 'sessions_send', 'cron', 'nodes']) expect(found).not.toContain(closed)
      expect(tools.every((tool) => tool.inputSchema.type === 'object')).toBe(true)
    })

    it('calls them', async () => {
      const client = await connect()
      const answer = await client.callTool({ name: 'sessions_list', arguments: { limit: 1 } })
      expect(answer).toMatchObject({ content: [{ type: 'text' }] })
      expect(JSON.parse((answer.content as { text: string }[])[0]!.text)).toHaveProperty('sessions')
      expect(await client.callTool({ name: 'test-tools__pixel' })).toMatchObject({ content: [{ type: 'text' }, { type: 'image', mimeType: 'image/png' }] })
      expect(await client.callTool({ name: 'cron', arguments: { action: 'list' } })).toMatchObject({ isError: true, content: [{ text: 'Tool not available: cron' }] })
      expect(await client.callTool({ name: 'sessions_list', arguments: { limit: 'x' } })).toMatchObject({ isError: true })
    })

    it('asks a person first where one must be asked', async () => {
      const { client: answers } = await at.join({ more: { caps: ['approvals'] } })
      const client = await connect()
      const call = { name: 'gateway_confirm', arguments: { text: `By MCP ${crypto.randomUUID()}` } }
      const asked = await client.callTool(call)
      expect(asked).toMatchObject({ isError: true, content: [{ text: expect.stringContaining('waits for a person') }] })
      const [, id] = /\(approval ([^)]+)\)/.exec((asked.content as { text: string }[])[0]!.text)!
      await answers.call('plugin.approval.resolve', { id, decision: 'allow-once' })
      expect(await client.callTool(call)).toMatchObject({ content: [{ text: '{"decision":"approved"}' }] })
      answers.close()
      await answers.closed
    })

    it('lets nobody in without a credential, and has nothing but POST', async () => {
      await expect(connect({})).rejects.toThrow()
      expect((await get().fetch('/mcp', { method: 'POST', body: '{}' })).status).toBe(401)
      expect((await at.http('/mcp')).status).toBe(405)
      expect((await at.http('/mcp', { jsonrpc: '2.0', id: 1, method: 'tools/list' }, { headers: { accept: 'application/json, text/event-stream' } })).status).toBe(200)
    })
  })
}
