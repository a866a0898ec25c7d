// POST /tools/invoke: what the configuration opens and closes, for whom, and that a stream ends with its reader.

import { expect, it } from 'vitest'
import { settled } from '../harness/clock.ts'
import type { Data } from '../harness/client.ts'
import { startGateway, testPlatform, TOKEN } from '../harness/platform.ts'
import type { Commands } from '../../src/index.ts'

const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' }
const ended: string[] = []
const commands: Commands = {
  find: () => '/bin/echo',
  resolve: (_, path) => path,
  converse: () => ({ send: () => {}, end: () => {} }),
  async run({ argv }, signal, onOutput) {
    if (argv[0] === 'wait') return new Promise((_, reject) => signal.addEventListener('abort', () => {
      ended.push((signal.reason as Error).message)
      reject(signal.reason as Error)
    })) // prettier-ignore
    onOutput?.('a piece')
    return { exitCode: 0, signal: null, stdout: argv.join(' '), stderr: '', truncated: false }
  },
}

async function open(config: unknown = {}) {
  const host = { ...testPlatform().host, commands }
  const { gateway, clock } = await startGateway({ platform: testPlatform({ host }), config })
  const post = (body: unknown, more: Record<string, string> = {}) =>
    gateway.fetch(new Request('http://gateway.test/tools/invoke', { method: 'POST', headers: { ...headers, ...more }, body: JSON.stringify(body) }), { remoteAddress: '127.0.0.1' })
  const invoke = async (body: unknown, more?: Record<string, string>): Promise<Data> => {
    const response = await post(body, more)
    return { status: response.status, ...((await response.json()) as Data) }
  }
  return { gateway, clock, post, invoke }
}

const TRUSTING = { gateway: { tools: { allow: ['exec', 'cron'] } }, tools: { exec: { security: 'full', ask: 'off' } } }

it('opens and closes what the configuration names', async () => {
  const closed = await open({ gateway: { tools: { deny: ['sessions_*'] } } })
  expect(await closed.invoke({ tool: 'sessions_list' })).toMatchObject({ status: 404, error: { type: 'not_found' } })
  expect(await closed.invoke({ tool: 'exec', args: { command: 'x' } })).toMatchObject({ status: 404 })
  const opened = await open(TRUSTING)
  expect(await opened.invoke({ tool: 'exec', args: { argv: ['echo', 'so'] } })).toMatchObject({ status: 200, result: { content: [{ text: 'echo so' }] } })
  expect(await opened.invoke({ tool: 'cron', action: 'list' })).toMatchObject({ status: 200, result: { details: { total: 0 } } })
})

it('holds the policy of tools, by profile and by agent', async () => {
  const { invoke } = await open({ tools: { profile: 'minimal' }, agents: { list: [{ id: 'main' }, { id: 'free', tools: { profile: 'full' } }] } })
  expect(await invoke({ tool: 'sessions_list' })).toMatchObject({ status: 404 })
  expect(await invoke({ tool: 'session_status' })).toMatchObject({ status: 200 })
  expect(await invoke({ tool: 'sessions_list', agentId: 'free' })).toMatchObject({ status: 200 })
})

it('asks for an approval where exec is open and not trusted, and refuses where nobody can give it', async () => {
  const { invoke } = await open({ gateway: { tools: { allow: ['exec'] } } })
  expect(await invoke({ tool: 'exec', args: { argv: ['rm', 'x'] } })).toMatchObject({ status: 403, error: { type: 'approval_denied', message: expect.stringContaining('nobody is connected') } })
})

it('streams what comes before the end', async () => {
  const { post } = await open(TRUSTING)
  const text = await (await post({ tool: 'exec', args: { argv: ['echo'] } }, { accept: 'text/event-stream' })).text()
  expect(text.split('\n\n').filter(Boolean).map((event) => event.split('\n')[0])).toEqual(['event: progress', 'event: result'])
  expect(text).toContain('data: {"text":"a piece"}')
})

it('stops a tool when the reader of its stream goes away', async () => {
  const { post } = await open(TRUSTING)
  const response = await post({ tool: 'exec', args: { argv: ['wait'] } }, { accept: 'text/event-stream' })
  await settled()
  await response.body!.cancel()
  await expect.poll(() => ended).toEqual(['the caller has gone away'])
})

it('takes bodies of 2 MiB at most', async () => {
  const { invoke } = await open()
  expect(await invoke({ tool: 'sessions_list', args: { pad: 'x'.repeat(2 * 1024 * 1024) } })).toMatchObject({ status: 413, ok: false, error: { type: 'invalid_request', message: expect.stringContaining('too large') } })
})

it('says what it says as other doors do, and shows nothing of what broke', async () => {
  const { post } = await open({ ...TRUSTING })
  const response = await post({ tool: 'exec', args: { argv: ['echo'] }, idempotencyKey: 'x'.repeat(300) })
  expect([response.status, response.headers.get('x-request-id') !== null, response.headers.get('x-content-type-options')]).toEqual([400, true, 'nosniff'])
})
