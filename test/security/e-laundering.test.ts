// Whoever calls is the one who is asked what he may: by whichever way a call comes, it is decided as if he had called the
// method himself.

import { globSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { METHODS } from '../../src/methods/all.gen.ts'
import { authorize, expandScopes, SCOPES, type Principal, type Role, type Scope } from '../../src/protocol/scopes.ts'
import type { Call } from '../../src/rpc/method.ts'
import { createRegistry } from '../../src/rpc/registry.ts'
import type { Services } from '../../src/services/services.ts'
import { handshake, type Client, type Data, type Frame } from '../harness/client.ts'
import { dial, join } from '../harness/peer.ts'
import { toRequest } from '../http/door.ts'
import { script, textIn } from '../suites/target.ts'
import { openScene, type Scene } from './scene.ts'

const subsets = (size: number): Scope[][] => (size === 0 ? [[]] : subsets(size - 1).flatMap((set) => SCOPES.slice(set.length === 0 ? 0 : SCOPES.indexOf(set.at(-1)!) + 1).map((scope) => [...set, scope])))
const ALL_SETS = SCOPES.flatMap((_, size) => subsets(size)).concat([[...SCOPES]])
/** Those of up to two, and all of them. */
const FEW_SETS = [...subsets(0), ...subsets(1), ...subsets(2), [...SCOPES]]
const writes = (set: readonly Scope[]) => expandScopes(set).has('operator.write')

/** A tool beside the method that does the same: with params that do no harm. */
const TWINS: readonly (readonly [tool: string, args: object, method: string, params: object])[] = [
  ['gateway_status', {}, 'status', {}],
  ['gateway_health', {}, 'health', {}],
  ['models_list', {}, 'models.list', {}],
  ['sessions_list', {}, 'sessions.list', {}],
  ['session_status', {}, 'sessions.describe', { key: 'main' }],
  ['sessions_history', { key: 'none' }, 'chat.history', { sessionKey: 'none' }],
  ['sessions_send', { sessionKey: 'none', message: 'x' }, 'sessions.send', { key: 'none', message: '' }],
  ['sessions_spawn', { task: 'x', agentId: 'nobody' }, 'agent', { message: 'x', agentId: 'nobody', idempotencyKey: 'spawn' }],
  ['subagents', { action: 'list' }, 'tasks.list', {}],
  ['subagents', { action: 'cancel', target: 'none' }, 'tasks.cancel', { taskId: 'none' }],
  ['message', { target: 'none', message: 'x' }, 'send', { to: 'none', message: 'x', idempotencyKey: 'send' }],
  ['memory_search', { query: 'x' }, 'memory.search', { query: 'x' }],
  ['memory_get', { path: 'MEMORY.md' }, 'agents.files.get', { agentId: 'main', name: 'MEMORY.md' }],
  ['read', { path: 'none' }, 'agents.workspace.get', { agentId: 'main', path: 'none' }],
  ['ls', {}, 'agents.workspace.list', { agentId: 'main' }],
  ['tts', { text: '' }, 'tts.convert', { text: '' }],
  ['skill_read', { name: 'none' }, 'skills.detail', { slug: 'none' }],
  ['cron', { action: 'list' }, 'cron.list', {}],
  ['cron', { action: 'runs', id: 'none' }, 'cron.runs', { scope: 'job', id: 'none' }],
  ['cron', { action: 'run', id: 'none' }, 'cron.run', { id: 'none' }],
  ['cron', { action: 'remove', id: 'none' }, 'cron.remove', { id: 'none' }],
  ['cron', { action: 'update', id: 'none', patch: { name: 'x' } }, 'cron.update', { id: 'none', patch: { name: 'x' } }],
  ['cron', { action: 'add', job: { name: 'x', schedule: { kind: 'at', at: 'never' }, payload: { kind: 'systemEvent', text: 'x' } } }, 'cron.add', {}],
  ['nodes', { action: 'list' }, 'node.list', {}],
  ['nodes', { action: 'describe', node: 'none' }, 'node.describe', { nodeId: 'none' }],
  ['nodes', { action: 'invoke', node: 'none', command: 'location.get' }, 'node.invoke', { nodeId: 'none', command: 'location.get', idempotencyKey: 'one' }],
  ['nodes', { action: 'invoke', node: 'none', command: 'browser.proxy' }, 'node.invoke', { nodeId: 'none', command: 'browser.proxy', idempotencyKey: 'two' }],
  ['nodes', { action: 'invoke', node: 'none', command: 'browser.proxy' }, 'browser.request', {}],
  ['nodes', { action: 'invoke', node: 'none', command: ' system.run', params: { command: ['id'] } }, 'node.invoke', { nodeId: 'none', command: ' system.run', idempotencyKey: 'three' }],
]
/** They have no method beside them: what they do is done nowhere else. */
const ALONE = ['write', 'edit', 'web_fetch', 'gateway_confirm', 'image_generate', 'exec']
const STEPS = script(...TWINS.map(([name, args]) => ({ tool: { name, arguments: args } })), { text: 'done' })

const OPEN = ['write', 'edit', 'sessions_spawn', 'sessions_send', 'cron', 'nodes']
const CONFIG = {
  agents: { defaults: { model: 'builtin/operator' } },
  gateway: { tools: { allow: OPEN } },
  hooks: { enabled: true, token: 'of the hooks', allowRequestSessionKey: true },
}
const isLacking = (text: string): boolean => /needs the scope|missing scope|not available|unauthorized role/.test(text)
const mayCall = ({ ok, error }: Frame): boolean => ok === true || (error!.details?.code !== 'MISSING_SCOPE' && !isLacking(error!.message))

async function decisionsOf(scene: Scene, scopes: readonly Scope[]): Promise<boolean[]> {
  const client = await scene.join({ scopes })
  return Promise.all(TWINS.map(async ([, , method, params]) => mayCall(await client.request(method, params))))
}

/** What the tools of a run said, in order. */
async function toolResults(client: Client, sessionKey: string): Promise<string[]> {
  const { messages } = await client.call('chat.history', { sessionKey, limit: 500 })
  return messages.filter((message: Data) => message.role === 'toolResult').map(textIn)
}

const fresh = () => `agent:main:${crypto.randomUUID()}`

/** The ways to a tool, each with what came of every twin; null: the way is closed. */
function waysOf(scene: Scene, reader: Client) {
  const { gateway } = scene
  const post = (path: string, body: unknown, token: string, headers = {}) => gateway.fetch(toRequest(path, { body, headers: { authorization: `Bearer ${token}`, ...headers } }), { remoteAddress: '127.0.0.1' })
  const decided = (texts: readonly string[]) => texts.map((text) => !isLacking(text))
  return {
    async run(scopes: readonly Scope[]) {
      const client = await scene.join({ scopes })
      const [sessionKey, idempotencyKey] = [fresh(), crypto.randomUUID()]
      const { ok } = await client.request('chat.send', { sessionKey, message: STEPS, idempotencyKey })
      if (!ok) return null
      await client.ended(idempotencyKey)
      return decided(await toolResults(reader, sessionKey))
    },
    async socket(scopes: readonly Scope[]) {
      const client = await scene.join({ scopes })
      const answers = await Promise.all(TWINS.map(([name, args]) => client.request('tools.invoke', { name, args })))
      return answers.map((frame) => mayCall(frame) && !isLacking(JSON.stringify(frame.payload)))
    },
    async '/v1/chat/completions'(_: readonly Scope[], key: string) {
      const sessionKey = fresh()
      const { status } = await post('/v1/chat/completions', { model: 'openclaw', messages: [{ role: 'user', content: STEPS }] }, key, { 'x-openclaw-session-key': sessionKey })
      return status === 403 ? null : decided(await toolResults(reader, sessionKey))
    },
    async '/v1/responses'(_: readonly Scope[], key: string) {
      const sessionKey = fresh()
      const { status } = await post('/v1/responses', { model: 'openclaw', input: STEPS }, key, { 'x-openclaw-session-key': sessionKey })
      return status === 403 ? null : decided(await toolResults(reader, sessionKey))
    },
    async '/tools/invoke'(_: readonly Scope[], key: string) {
      return Promise.all(
        TWINS.map(async ([name, args]) => {
          const answer = await post('/tools/invoke', { name, args }, key)
          return !isLacking(await answer.text())
        }),
      )
    },
    async '/mcp'(_: readonly Scope[], key: string) {
      return Promise.all(
        TWINS.map(async ([name, args]) => {
          const body = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: args } }
          const answer = await post('/mcp', body, key, { accept: 'application/json, text/event-stream' })
          const text = await answer.text()
          return !isLacking(text) && !/Unknown tool|not found|there is no tool/i.test(text)
        }),
      )
    },
  }
}

describe('S26 the principal goes with every call', () => {
  it('S26 decides each method by the scopes and the role of whoever calls, for all sets of scopes', async () => {
    const entered: string[] = []
    const spied = METHODS.map((listed) => ({
      ...listed,
      load: async () => ({ ...(await listed.load()), params: { safeParse: () => ({ success: true, data: {} }) } as never, elevate: () => null, result: { parse: () => 'done' } as never, handler: () => void entered.push(listed.name) }),
    }))
    const registry = createRegistry(spied as never, {} as Services, new Proxy({}, { get: () => () => {} }))
    let decisions = 0
    for (const role of ['operator', 'node'] as Role[]) {
      for (const set of ALL_SETS) {
        const caller: Principal = { id: 'someone', role, scopes: expandScopes(set) }
        const call = { caller, connection: null, signal: new AbortController().signal } as unknown as Call
        entered.length = 0
        await Promise.all(METHODS.map(({ name }) => registry.dispatch(name, {}, call).catch(() => {})))
        const expected = METHODS.filter(({ role: wanted, scope }) => (wanted === 'any' || wanted === role) && (role === 'node' || scope === null || caller.scopes.has(scope)))
        expect(entered.toSorted(), `${role} ${set.join()}`).toEqual(expected.map(({ name }) => name).toSorted())
        decisions += METHODS.length
      }
    }
    expect(ALL_SETS).toHaveLength(256)
    expect(decisions).toBeGreaterThan(80_000)
  })

  it('S26 allows by every way what the method itself allows, and nothing else', async () => {
    const scene = await openScene({ config: CONFIG })
    const admin = await scene.join()
    const { groups } = await admin.call('tools.catalog', {})
    const tools = groups.flatMap((group: Data) => group.tools.map(({ id }: Data) => id)) as string[]
    expect(tools.filter((name) => !ALONE.includes(name) && !TWINS.some(([twin]) => twin === name))).toEqual([])
    const ways = waysOf(scene, admin)
    for (const set of FEW_SETS) {
      const direct = await decisionsOf(scene, set)
      const key = set.length === 0 ? null : ((await admin.call('keys.create', { name: 'one of them', scopes: set })).key as string)
      for (const [way, use] of Object.entries(ways)) {
        if (key === null && way.startsWith('/')) continue
        const found = await use(set, key ?? '')
        if (!writes(set)) expect(found?.some((may) => may) ?? false, `${way} ${set.join()}`).toBe(false)
        if (found === null || !writes(set)) continue
        expect(found, `${way} ${set.join()}`).toHaveLength(TWINS.length)
        const more = TWINS.filter((_, at) => found[at] && !direct[at]).map(([name, args, method]) => [name, args, method])
        expect(more, `${way} with ${set.join()} allows more`).toEqual([])
        const isRun = ['run', '/v1/chat/completions', '/v1/responses'].includes(way)
        if (isRun) expect(found, `${way} ${set.join()}`).toEqual(direct)
      }
    }
  })

  it('S26 lets a hook, a job and a heartbeat do what those may in whose name they are', async () => {
    const scene = await openScene({ config: CONFIG })
    const admin = await scene.join()
    const asWriter = await decisionsOf(scene, ['operator.write'])
    const hooked = await scene.gateway.fetch(toRequest('/hooks/agent', { body: { message: STEPS, sessionKey: 'hook:all' }, headers: { authorization: 'Bearer of the hooks' } }), { remoteAddress: '127.0.0.1' })
    const { runId } = (await hooked.json()) as Data
    expect(await admin.call('agent.wait', { runId, timeoutMs: 5000 })).toMatchObject({ status: 'ok' })
    const byHook = await toolResults(admin, 'agent:main:hook:all')
    expect(byHook.map((text) => !isLacking(text))).toEqual(asWriter)

    const { id } = await admin.call('cron.add', {
      name: 'all',
      schedule: { kind: 'at', at: new Date(scene.clock.now() + 60_000).toISOString() },
      sessionTarget: 'session:of-the-job',
      wakeMode: 'now',
      payload: { kind: 'agentTurn', message: STEPS },
      deleteAfterRun: false,
    })
    // Whoever changes a job makes it no stronger than himself.
    const { client: rest } = await join(scene.gateway, { scopes: ['operator.write'] })
    expect((await rest.request('cron.update', { id, patch: { name: 'mine' } })).error).toMatchObject({ details: { missingScope: 'operator.admin' } })
    await scene.clock.advance(60_001)
    await scene.gateway.wake()
    await admin.event('cron', ({ action, jobId }) => jobId === id && action === 'finished')
    const byJob = await toolResults(admin, 'agent:main:of-the-job')
    expect(byJob.map((text) => !isLacking(text))).toEqual(await decisionsOf(scene, ['operator.admin']))
  })

  it('S26 takes a slash command as the method that it stands for', async () => {
    const scene = await openScene({ config: CONFIG })
    const commands: readonly (readonly [text: string, method: string, params: object])[] = [
      ['/reset', 'sessions.reset', { key: 'none' }],
      ['/new', 'sessions.reset', { key: 'none' }],
      ['/new hello', 'sessions.reset', { key: 'none' }],
      ['/approve none allow-always', 'exec.approval.resolve', { id: 'none', decision: 'deny' }],
      ['/approve: none deny', 'approval.resolve', { id: 'none', kind: 'exec', decision: 'deny' }],
      ['/name x', 'sessions.patch', { key: 'none', label: null }],
      ['/model builtin/operator', 'sessions.patch', { key: 'none', model: null }],
      ['/models', 'models.list', {}],
      ['/status', 'status', {}],
      ['/tools', 'tools.effective', { sessionKey: 'none' }],
      ['/commands', 'commands.list', {}],
      ['/help', 'commands.list', {}],
      ['/whoami', 'users.self', {}],
      ['/stop', 'chat.abort', { sessionKey: 'none' }],
    ]
    const listed = ((await (await scene.join()).call('commands.list', {})).commands as Data[]).map(({ name }) => name as string)
    expect(listed.filter((name) => !commands.some(([text]) => new RegExp(`^/${name}\\b`).test(text)))).toEqual([])
    for (const set of FEW_SETS) {
      const client = await scene.join({ scopes: set })
      for (const [message, method, params] of commands) {
        const sessionKey = fresh()
        const idempotencyKey = crypto.randomUUID()
        const sent = await client.request('chat.send', { sessionKey, message, idempotencyKey })
        const isSent = mayCall(sent)
        expect(isSent).toBe(writes(set))
        if (!isSent || message === '/stop') continue
        const { message: answer } = await client.ended(idempotencyKey)
        const isDone = !/not authorized/.test(textIn(answer))
        expect(isDone, `${message} with ${set.join()}`).toBe(mayCall(await client.request(method, params)))
      }
    }
    // By any other way a text is only a text, whoever sends it.
    const admin = await scene.join()
    const sessionKey = 'agent:main:hook:kept'
    await admin.call('sessions.create', { key: sessionKey })
    await admin.call('chat.inject', { sessionKey, message: 'kept' })
    const others: Readonly<Record<string, () => Promise<unknown>>> = {
      agent: () => admin.call('agent', { message: '/reset', sessionKey, idempotencyKey: crypto.randomUUID() }),
      hook: () => scene.gateway.fetch(toRequest('/hooks/agent', { body: { message: '/reset', sessionKey: 'hook:kept' }, headers: { authorization: 'Bearer of the hooks' } }), { remoteAddress: '127.0.0.1' }).then(async (answer) => admin.call('agent.wait', { runId: ((await answer.json()) as Data).runId, timeoutMs: 5000 })),
      '/v1': () => scene.gateway.fetch(toRequest('/v1/chat/completions', { body: { model: 'openclaw', messages: [{ role: 'user', content: '/reset' }] }, headers: { 'x-openclaw-session-key': sessionKey } }), { remoteAddress: '127.0.0.1' }),
      tool: () => scene.useTool(admin, 'sessions_send', { sessionKey, message: '/reset' }),
    }
    for (const [way, say] of Object.entries(others)) {
      await say()
      const { messages } = await admin.call('chat.history', { sessionKey, limit: 500 })
      expect(textIn(messages[0]), way).toBe('kept')
    }
  })

  it('S26 goes with a key: what acts in a name of its own is not for keys that are limited', async () => {
    const scene = await openScene({ config: { ...CONFIG, agents: { ...CONFIG.agents, list: [{ id: 'main', default: true }, { id: 'second' }] } } })
    const admin = await scene.join()
    const connect = async (limits: object) => {
      const { key } = await admin.call('keys.create', { name: JSON.stringify(limits), scopes: ['operator.admin'], ...limits })
      const { client } = await dial(scene.gateway)
      await handshake(client, { token: key, scopes: ['operator.admin'] })
      return client
    }
    const job = { name: 'x', schedule: { kind: 'every', everyMs: 60_000 }, sessionTarget: 'isolated', wakeMode: 'now', payload: { kind: 'agentTurn', message: 'x' } }
    const { id } = await admin.call('cron.add', job)
    for (const limits of [{ models: ['builtin/*'] }, { budget: { tokens: 1000, period: 'day' } }, { requestsPerMinute: 100 }]) {
      const client = await connect(limits)
      for (const [method, params] of [['cron.add', job], ['cron.update', { id, patch: { name: 'y' } }], ['cron.run', { id, mode: 'force' }]] as const) {
        expect((await client.request(method, params)).error, `${method} ${JSON.stringify(limits)}`).toMatchObject({ code: 'FORBIDDEN', details: { code: 'KEY_LIMITED' } })
      }
      expect(await scene.useTool(client, 'cron', { action: 'add', job: { name: 'x', schedule: job.schedule, payload: job.payload } })).toContain('may not do this')
    }
    await expect(connect({ agents: ['second'] }), 'it has no socket').rejects.toThrow('only is for HTTP')
    expect((await admin.call('cron.list', {})).jobs).toMatchObject([{ name: 'x' }])
  })

  it('S26 knows no client of its own that may everything', () => {
    const root = new URL('../../src/', import.meta.url).pathname
    const makers = (pattern: RegExp) => globSync('**/*.ts', { cwd: root }).filter((path) => pattern.test(readFileSync(root + path, 'utf8')))
    expect(makers(/new Set\(SCOPES\)/).toSorted(), 'only the shared secret is worth all scopes').toEqual(['protocol/scopes.ts', 'services/identity/auth.ts'])
    expect(makers(/expandScopes\(\[[^\]]*admin|scopes: new Set\(\['operator\.admin/)).toEqual([])
    expect(authorize({ id: '', role: 'operator', scopes: new Set() }, { role: 'operator', scope: 'operator.read' })).toEqual({ reason: 'scope', missing: 'operator.read' })
  })
})
