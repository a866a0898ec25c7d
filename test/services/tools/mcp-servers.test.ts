// The servers of tools that are configured: asked when they are needed, left alone after a failure, in step with the
// configuration.

import { afterEach, beforeEach, expect, it } from 'vitest'
import { createFetch } from '../../../runtimes/node/fetch.ts'
import { createLogger, type LogRecord } from '../../../src/kit/log.ts'
import { configSchema } from '../../../src/services/operations/config-schema.ts'
import { createMcpServers, type McpServers } from '../../../src/services/tools/mcp-servers.ts'
import { fakeClock } from '../../harness/clock.ts'
import { startUpstream, type Upstream } from '../../harness/upstream.ts'
import { OPERATOR } from '../conversation/conversation.ts'

let upstream: Upstream
let opened: McpServers[] = []
beforeEach(async () => {
  upstream = await startUpstream()
})
afterEach(async () => {
  for (const servers of opened) await servers.close()
  opened = []
  await upstream.close()
})

const context = { principal: OPERATOR, sessionKey: 'agent:main:main', signal: new AbortController().signal }
const url = () => upstream.baseUrl.replace('/v1', '/mcp')

function open(servers: Record<string, unknown>, hibernates = false) {
  const logged: LogRecord[] = []
  const clock = fakeClock()
  const config = { current: configSchema.parse({ mcp: { servers } }) }
  const mcp = createMcpServers({ config, clock, log: createLogger('test', (record) => logged.push(record), clock.now), fetch: createFetch(), commands: undefined, place: '/', version: '1', hibernates })
  opened.push(mcp)
  const names = () => mcp.list().map(({ name }) => name)
  const use = (name: string, args = {}) => mcp.list().find((tool) => tool.name === name)!.run(args, context)
  return { mcp, clock, logged, names, use, set: (next: Record<string, unknown>) => void (config.current = configSchema.parse({ mcp: { servers: next } })) }
}

it('asks nobody before it must, and then waits for all', async () => {
  const { mcp, names, use } = open({ 'Outlook Graph': { url: url() }, '1st': { url: url() }, off: { url: url(), enabled: false } })
  expect([mcp.states().map(({ name, state }) => `${name} ${state}`), names()]).toEqual([['Outlook Graph unasked', '1st unasked'], []])
  await mcp.prepare(context.signal)
  expect(mcp.prepare(context.signal)).toBeNull()
  expect(names()).toEqual(expect.arrayContaining(['outlook-graph__echo', 'mcp-1st__echo']))
  expect(names().every((name) => /^[a-zA-Z0-9_-]{1,64}$/.test(name))).toBe(true)
  expect(await use('outlook-graph__echo', { text: 'x' })).toMatchObject({ text: 'you said x' })
})

it('has nothing to do where nothing is configured', () => {
  expect(open({}).mcp.prepare(context.signal)).toBeNull()
})

it('leaves a server alone that failed, and tries it again later', async () => {
  const { mcp, clock, logged, names } = open({ gone: { url: 'http://127.0.0.1:1/mcp' }, there: { url: url() } })
  await mcp.prepare(context.signal)
  expect(names()).toContain('there__echo')
  expect(mcp.states()).toMatchObject([{ name: 'gone', state: 'failed', error: expect.any(String) }, { name: 'there', state: 'ready' }])
  expect(logged).toHaveLength(1)
  expect(mcp.prepare(context.signal), 'it rests').toBeNull()
  await clock.advance(30_000)
  expect(mcp.prepare(context.signal)).not.toBeNull()
})

it('waits no longer than it is told to', async () => {
  const { mcp, clock } = open({ slow: { url: 'http://10.255.255.1/mcp', connectionTimeoutMs: 1000 } })
  const preparing = mcp.prepare(context.signal)
  await clock.advance(1000)
  await preparing
  expect(mcp.states()[0]).toMatchObject({ state: 'failed' })
})

it('keeps those that have not changed, and drops those that have', async () => {
  const { mcp, names, set } = open({ a: { url: url() }, b: { url: url() } })
  await mcp.prepare(context.signal)
  const before = mcp.list().find(({ name }) => name === 'a__echo')
  set({ a: { url: url() }, c: { url: url(), toolFilter: { include: ['e*', 'pixel'], exclude: ['pixel'] } } })
  expect(names().some((name) => name.startsWith('b__'))).toBe(false)
  await mcp.prepare(context.signal)
  expect(mcp.list().find(({ name }) => name === 'a__echo')).toBe(before)
  expect(names().filter((name) => name.startsWith('c__'))).toEqual(['c__echo'])
})

it('gives servers and tools names of their own', async () => {
  const { mcp, names } = open({ 'my server': { url: url() }, 'my.server': { url: url() } })
  upstream.mcp.play.extra.push('do this', 'do:this', 'x'.repeat(100), `${'x'.repeat(100)}y`)
  await mcp.prepare(context.signal)
  expect(new Set(names()).size).toBe(names().length)
  expect(names()).toEqual(expect.arrayContaining(['my-server__do-this', 'my-server__do-this-2', 'my-server-2__echo']))
  expect(names().every((name) => name.length <= 64)).toBe(true)
})

it('asks again when a server says that it has others, or has forgotten the conversation', async () => {
  const { mcp, names, use } = open({ a: { url: url() } })
  await mcp.prepare(context.signal)
  await use('a__grows')
  await expect.poll(() => mcp.prepare(context.signal), { timeout: 5000 }).not.toBeNull()
  await mcp.prepare(context.signal)
  expect(names()).toContain('a__grown-1')
  upstream.mcp.forget()
  expect(await use('a__echo', { text: 'again' })).toMatchObject({ text: 'you said again' })
  expect(upstream.mcp.play.calls.filter((name) => name === 'echo')).toHaveLength(1)
})

it('ends a conversation that nobody uses where the gateway could sleep, and begins anew', async () => {
  const { mcp, clock, use, names } = open({ a: { url: url() } }, true)
  await mcp.prepare(context.signal)
  expect(clock.pending).toBe(1)
  await clock.advance(1000)
  expect(clock.pending).toBe(0)
  expect(mcp.prepare(context.signal), 'what it has is known').toBeNull()
  expect(names()).toContain('a__echo')
  expect(await use('a__echo', { text: 'again' })).toMatchObject({ text: 'you said again' })
})
