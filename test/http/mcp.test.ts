// /mcp: who gets in, for which agent and session.

import { expect, it } from 'vitest'
import type { Data } from '../harness/client.ts'
import { startGateway, TOKEN } from '../harness/platform.ts'

async function open(config: unknown = {}) {
  const { gateway } = await startGateway({ config })
  return async (body: unknown, more: Record<string, string> = {}, method = 'POST') => {
    const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...more }
    const response = await gateway.fetch(new Request('http://gateway.test/mcp', { method, headers, ...(method === 'POST' && { body: JSON.stringify(body) }) }), { remoteAddress: '127.0.0.1' })
    return { status: response.status, headers: response.headers, body: (await response.json()) as Data }
  }
}

const LIST = { jsonrpc: '2.0', id: 1, method: 'tools/list' }
const namesIn = ({ body }: { body: Data }) => body.result.tools.map((tool: Data) => tool.name)

it('is of the agent and the session that are named', async () => {
  const ask = await open({ agents: { list: [{ id: 'main' }, { id: 'small', tools: { profile: 'minimal' } }] } })
  expect(namesIn(await ask(LIST))).toContain('sessions_list')
  expect(namesIn(await ask(LIST, { 'x-openclaw-agent-id': 'small' }))).toEqual(['skill_read', 'session_status'])
  expect(namesIn(await ask(LIST, { 'x-openclaw-session-key': 'agent:small:any' }))).toHaveLength(2)
  for (const nobody of ['nobody', '', ':']) expect((await ask(LIST, { 'x-openclaw-agent-id': nobody })).status, nobody).toBe(400)
})

it('lets nobody in without a credential, or from another page', async () => {
  const ask = await open()
  expect((await ask(LIST, { authorization: 'Bearer wrong' })).status).toBe(401)
  expect((await ask(LIST, { origin: 'https://evil.example' })).status).toBe(403)
  const get = await ask(null, {}, 'GET')
  expect([get.status, get.headers.get('allow')]).toEqual([405, 'POST'])
})

it('answers what is no message as the protocol says', async () => {
  const ask = await open()
  expect((await ask({ hello: 1 })).status).toBe(400)
  expect((await ask({ ...LIST, method: 'no/such' })).body).toMatchObject({ error: { code: -32601 } })
  expect((await ask(LIST, { accept: 'text/html' })).status).toBe(406)
  expect((await ask(LIST)).headers.get('x-content-type-options')).toBe('nosniff')
})
