// What agents can do with the tools that come with the gateway, and what programs can over POST /tools/invoke.

import { afterEach, describe, expect, it } from 'vitest'
import type { Client, Data } from '../harness/client.ts'
import { freshKey, script, textIn, type Reach, type Target } from './target.ts'

const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

export function agentToolCases(at: Reach, get: () => Target): void {
  const others: Client[] = []

  afterEach(async () => {
    for (const client of others.splice(0)) {
      client.close()
      await client.closed
    }
  })

  async function approver(): Promise<Client> {
    const { client } = await at.join({ more: { caps: ['approvals'] } })
    others.push(client)
    return client
  }

  /** A run that calls tools, one after the other; resolves with what they answered. */
  async function use(client: Client, calls: readonly (readonly [name: string, args?: unknown])[], sessionKey = freshKey()): Promise<Data[]> {
    const message = script(...calls.flatMap(([name, args]) => [{ tool: { name, arguments: args ?? {} } }, { text: '.' }]), { text: 'done' })
    const idempotencyKey = crypto.randomUUID()
    await client.call('chat.send', { sessionKey, message, idempotencyKey })
    expect(await client.ended(idempotencyKey)).toMatchObject({ state: 'final' })
    const { messages } = await client.call('chat.history', { sessionKey, limit: 200 })
    return messages.filter((message: Data) => message.role === 'toolResult')
  }

  const one = async (client: Client, name: string, args?: unknown, sessionKey?: string): Promise<Data> => (await use(client, [[name, args]], sessionKey)).at(-1)!
  const jsonIn = (result: Data): Data => JSON.parse(textIn(result)) as Data

  it('lists them under their groups, with the profiles that select them', async () => {
    const { client } = await at.join()
    const { groups } = await client.call('tools.catalog', {})
    const tools = groups.flatMap((group: Data) => group.tools.map((tool: Data) => [`${group.id}/${tool.id}`, tool.defaultProfiles] as const))
    const profiles = Object.fromEntries(tools) as Record<string, string[]>
    expect(profiles['fs/read']).toEqual(['coding', 'full'])
    expect(profiles['sessions/session_status']).toEqual(['minimal', 'coding', 'messaging', 'full'])
    expect(profiles['messaging/message']).toEqual(['messaging', 'full'])
    expect(profiles['automation/cron']).toEqual(['coding', 'full'])
    expect(Object.keys(profiles)).toEqual(
      expect.arrayContaining(['fs/write', 'fs/edit', 'fs/ls', 'sessions/sessions_send', 'sessions/sessions_spawn', 'sessions/subagents', 'memory/memory_search', 'web/web_fetch', 'nodes/nodes']),
    )
    expect('runtime/exec' in profiles, 'only a process runs programs').toBe(get().machine)
  })

  it('offers each as an object, whatever shapes its arguments have', async () => {
    const { client } = await at.join()
    const name = `offered-${crypto.randomUUID()}`
    get().upstream.on(name, ({ answer }) => answer('fine'))
    const idempotencyKey = crypto.randomUUID()
    const sessionKey = freshKey()
    await client.call('sessions.patch', { key: sessionKey, model: `mock/${name}` })
    await client.call('chat.send', { sessionKey, message: 'hello', idempotencyKey })
    await client.ended(idempotencyKey)
    const { tools } = get().upstream.requests.findLast((request) => request.model === name)!
    expect(tools.length).toBeGreaterThan(15)
    for (const { function: tool } of tools) expect(tool.parameters.type, tool.name).toBe('object')
    const cron = tools.find((tool: Data) => tool.function.name === 'cron').function.parameters
    expect(cron).toMatchObject({ properties: { action: { enum: ['list', 'add', 'update', 'remove', 'run', 'runs'] } }, required: ['action'] })
  })

  // --- files of the workspace ---

  it('reads, writes, edits and lists files of the workspace', async () => {
    const { client } = await at.join()
    const path = `notes/${crypto.randomUUID()}.md`
    const results = await use(client, [
      ['write', { path, content: 'one\ntwo\nthree\n' }],
      ['read', { path, offset: 2, limit: 1 }],
      ['edit', { path, oldText: 'two', newText: 'zwei' }],
      ['read', { path }],
      ['ls', { path: 'notes' }],
      ['edit', { path, oldText: 'nothing like it', newText: '' }],
      ['read', { path: 'notes/none.md' }],
    ])
    const [written, line, edited, all, listed, missed, none] = results.map(textIn)
    expect([written, line, edited, all]).toEqual([JSON.stringify({ path, bytes: 14 }), 'two\n[2 more lines: go on with offset 3]', JSON.stringify({ path, replaced: 1 }), 'one\nzwei\nthree\n'])
    expect(listed).toContain(`${path.slice(6)} (15 bytes)`)
    expect([missed, none]).toEqual([expect.stringContaining('does not have the old text'), expect.stringContaining('there is no file')])
    expect(results.map((result) => result.isError)).toEqual([false, false, false, false, false, true, true])
  })

  it.each(['../secret', '/etc/passwd', 'a/../../b', '~/x', 'C:\\x', '\\\\host\\share', 'a\u0000b', '..', './..', 'a/./../..', 'a\\b', 'x:y', ' a', `${'a/'.repeat(40)}b`])('lets no path out of the workspace: %j', async (path) => {
    const { client } = await at.join()
    const results = await use(client, [['read', { path }], ['write', { path, content: 'x' }], ['edit', { path, oldText: 'a', newText: 'b' }], ['ls', { path }]])
    for (const result of results) expect(result.isError, textIn(result)).toBe(true)
  })

  // --- sessions ---

  it('speaks to another session, and hears its answer', async () => {
    const { client } = await at.join()
    const other = freshKey()
    await client.call('sessions.create', { key: other })
    const answered = await one(client, 'sessions_send', { sessionKey: other, message: script({ text: 'I am here' }) })
    expect(jsonIn(answered)).toMatchObject({ sessionKey: other, status: 'ok', reply: 'I am here' })
    const asked = await one(client, 'sessions_send', { sessionKey: other, message: script({ text: 'later' }), timeoutSeconds: 0 })
    expect(jsonIn(asked)).toMatchObject({ status: 'accepted' })
    const own = freshKey()
    expect(textIn(await one(client, 'sessions_send', { sessionKey: own, message: 'x' }, own))).toContain('your own session')
    expect(textIn(await one(client, 'sessions_send', { sessionKey: freshKey(), message: 'x' }))).toContain('there is no session')
    expect(jsonIn(await one(client, 'message', { target: other, message: 'a note' }))).toMatchObject({ sent: true, sessionKey: other })
    expect(textIn((await client.call('chat.history', { sessionKey: other })).messages.at(-1))).toBe('a note')
    expect(textIn(await one(client, 'message', { target: other, message: 'x', channel: 'telegram' }))).toContain('no channel "telegram"')
  })

  it('spawns a sub-agent: a task of its own, whose end is told to the session', async () => {
    const { client } = await at.join()
    const key = freshKey()
    const spawned = jsonIn(await one(client, 'sessions_spawn', { task: script({ text: 'the answer is 42' }), label: 'counter' }, key))
    expect(spawned).toMatchObject({ status: 'accepted', label: 'counter', childSessionKey: expect.stringMatching(/^agent:main:subagent:/) })
    await client.ended(`sub-agent:${spawned.runId}`)
    const { messages } = await client.call('chat.history', { sessionKey: key })
    expect(messages.map(textIn).join('\n')).toContain('the answer is 42')
    const { tasks } = await client.call('tasks.list', { sessionKey: spawned.childSessionKey })
    expect(tasks).toMatchObject([{ kind: 'subagent', runtime: 'subagent', status: 'completed', ownerKey: key, runId: spawned.runId }])
    expect((await client.call('sessions.describe', { key: spawned.childSessionKey })).session).toMatchObject({ createdVia: 'spawn' })
    const listed = jsonIn(await one(client, 'subagents', { action: 'list' }, key))
    expect(listed.subagents).toMatchObject([{ label: 'counter', state: 'ok' }])
  })

  it('cancels a sub-agent, as a task and with its parent', async () => {
    const { client } = await at.join()
    const key = freshKey()
    const spawn = async () => jsonIn(await one(client, 'sessions_spawn', { task: script({ hang: true }) }, key))
    const first = await spawn()
    const { tasks } = await client.call('tasks.list', { sessionKey: first.childSessionKey })
    expect(await client.call('tasks.cancel', { taskId: tasks[0].taskId })).toMatchObject({ cancelled: true })
    await client.ended(`sub-agent:${first.runId}`)
    expect((await client.call('chat.history', { sessionKey: key })).messages.map(textIn).join('\n')).toContain('has not finished: rpc')
    const second = await spawn()
    expect(jsonIn(await one(client, 'subagents', { action: 'cancel', target: second.runId }, key))).toEqual({ cancelled: true })
  })

  it('bounds how many sub-agents a session has', async () => {
    const { client } = await at.join()
    const key = freshKey()
    const results = await use(client, Array.from({ length: 6 }, () => ['sessions_spawn', { task: script({ hang: true }) }] as const), key)
    expect(results.filter((result) => result.isError).map(textIn)).toEqual([expect.stringContaining('work already')])
    for (const result of results.filter((each) => !each.isError)) await one(client, 'subagents', { action: 'cancel', target: jsonIn(result).runId }, key)
    expect(textIn(await one(client, 'sessions_spawn', { task: 'x', agentId: 'second' }, key))).toContain('may not spawn')
  })

  // --- jobs, nodes, memory, web ---

  it('makes, changes and removes jobs in the name of whoever it works for', async () => {
    const { client } = await at.join()
    const job = { name: 'remind', schedule: { kind: 'every', everyMs: 3_600_000 }, sessionTarget: 'isolated', wakeMode: 'now', payload: { kind: 'agentTurn', message: 'hello' } }
    const added = jsonIn(await one(client, 'cron', { action: 'add', job }))
    expect(added).toMatchObject({ name: 'remind', agentId: 'main' })
    const changed = jsonIn(await one(client, 'cron', { action: 'update', id: added.id, patch: { enabled: false } }))
    expect(changed).toMatchObject({ enabled: false })
    expect(jsonIn(await one(client, 'cron', { action: 'list' })).jobs.map((each: Data) => each.id)).toContain(added.id)
    const { client: writer } = await at.join({ scopes: ['operator.read', 'operator.write'] })
    expect(textIn(await one(writer, 'cron', { action: 'remove', id: added.id }))).toContain('needs the scope operator.admin')
    expect(jsonIn(await one(client, 'cron', { action: 'remove', id: added.id }))).toEqual({ removed: true })
  })

  it('remembers what stands in its notes, and what was said', async () => {
    const { client } = await at.join()
    const word = `quokka${Math.floor(Number(`0x${crypto.randomUUID().slice(0, 8)}`))}`
    await use(client, [['write', { path: 'memory/2026-11-24.md', content: `# Day\n\nNothing.\n\n## Animals\n\nWe saw a ${word} today.\n` }]])
    const found = jsonIn(await one(client, 'memory_search', { query: word }))
    expect(found.notes[0]).toMatchObject({ path: 'memory/2026-11-24.md', snippet: expect.stringContaining(word) })
    expect(textIn(await one(client, 'memory_get', { path: 'memory/2026-11-24.md', from: found.notes[0].line, lines: 3 }))).toContain(word)
    expect(textIn(await one(client, 'memory_get', { path: 'AGENTS.md' }))).toContain('notes are MEMORY.md')
  })

  it('fetches nothing from inside', async () => {
    const { client } = await at.join()
    for (const url of ['http://127.0.0.1:1/', 'http://169.254.169.254/latest/meta-data', 'http://[::1]/', 'file:///etc/passwd']) {
      expect(await one(client, 'web_fetch', { url }), url).toMatchObject({ isError: true })
    }
  })

  it('looks at nodes, and says what is not there', async () => {
    const { client } = await at.join()
    expect(jsonIn(await one(client, 'nodes', { action: 'list' })).nodes).toBeInstanceOf(Array)
    expect(textIn(await one(client, 'nodes', { action: 'describe', node: 'nowhere' }))).toContain('there is no node "nowhere"')
    expect(textIn(await one(client, 'nodes', { action: 'invoke', node: 'nowhere', command: 'system.run', params: { command: ['id'] } }))).toContain('there is no node')
  })

  // --- programs of the machine ---

  describe('exec', () => {
    it('asks a person, shows what would be run, and runs it once', async () => {
      const { client } = await at.join()
      if (!get().machine) return expect(textIn(await one(client, 'exec', { command: 'true' }))).toContain('there is no tool "exec"')
      const answers = await approver()
      const marker = crypto.randomUUID()
      const running = one(client, 'exec', { argv: ['printf', '%s|%s', marker, '$HOME; id'] })
      const asked = await answers.event('exec.approval.requested', (payload) => JSON.stringify(payload).includes(marker))
      expect(asked.request).toMatchObject({ host: 'gateway', command: `printf '%s|%s' ${marker} '$HOME; id'` })
      await answers.call('exec.approval.resolve', { id: asked.id, decision: 'allow-once' })
      expect(textIn(await running)).toBe(`${marker}|$HOME; id`)
    })

    it('is not done when a person says no, and where nobody can be asked', async () => {
      const { client } = await at.join()
      if (!get().machine) return expect(textIn(await one(client, 'exec', { command: 'true' }))).toContain('there is no tool "exec"')
      const answers = await approver()
      const marker = crypto.randomUUID()
      const running = one(client, 'exec', { command: `echo ${marker}` })
      const asked = await answers.event('exec.approval.requested', (payload) => JSON.stringify(payload).includes(marker))
      await answers.call('exec.approval.resolve', { id: asked.id, decision: 'deny' })
      expect(textIn(await running)).toContain('a person denied it')
      expect(textIn(await one(client, 'exec', { command: 'true', env: { LD_PRELOAD: '/tmp/x.so' } }))).toContain('LD_PRELOAD cannot be set')
      expect(textIn(await one(client, 'exec', { command: 'true', argv: ['true'] }))).toContain('either command or argv')
    })
  })

  // --- POST /tools/invoke ---

  const invoke = async (body: unknown, init: Parameters<Reach['http']>[2] = {}): Promise<Data> => {
    const response = await at.http('/tools/invoke', body, init)
    return { status: response.status, ...((await response.json()) as Data) }
  }

  describe('over HTTP', () => {
    it('calls a tool, by name or tool, with an action beside the arguments', async () => {
      const answer = await invoke({ tool: 'sessions_list', args: { limit: 1 } })
      expect(answer).toMatchObject({ status: 200, ok: true, result: { content: [{ type: 'text' }], details: { sessions: expect.any(Array) } } })
      expect(await invoke({ name: 'sessions_list', tool: 'nope' })).toMatchObject({ status: 200, ok: true })
      expect(await invoke({ tool: 'subagents', action: 'list' })).toMatchObject({ status: 200, result: { details: { subagents: [] } } })
      expect(await invoke({ tool: 'session_status', sessionKey: 'main', action: 'json' })).toMatchObject({ status: 200 })
    })

    it.each([
      [{}, 400, { type: 'invalid_request', message: 'tools.invoke requires name' }],
      [{ tool: 'nope_tool' }, 404, { type: 'not_found', message: 'Tool not available: nope_tool' }],
      [{ tool: 'sessions_list', args: { limit: 'x' } }, 400, { type: 'invalid_request' }],
      [{ tool: 'sessions_list', args: [] }, 400, { type: 'invalid_request' }],
      [{ tool: 'sessions_list', agentId: 'nobody' }, 400, { type: 'invalid_request' }],
      [{ tool: 'sessions_list', agentId: 'second', sessionKey: 'agent:main:main' }, 400, { type: 'invalid_request' }],
      [[], 400, { type: 'invalid_request' }],
      ...['exec', 'shell', 'spawn', 'fs_write', 'fs_delete', 'fs_move', 'apply_patch', 'write', 'edit', 'sessions_spawn', 'sessions_send', 'cron', 'gateway', 'nodes'].map((tool) => [{ tool }, 404, { type: 'not_found', message: `Tool not available: ${tool}` }] as const),
    ] as const)('refuses %j', async (body, status, error) => {
      expect(await invoke(body)).toMatchObject({ status, ok: false, error })
    })

    it('wants a credential, POST, and a body of bounded size', async () => {
      expect((await get().fetch('/tools/invoke', { method: 'POST', body: '{}' })).status).toBe(401)
      expect((await at.http('/tools/invoke')).status).toBe(405)
      expect((await at.http('/tools/invoke', { tool: 'sessions_list', args: { pad: 'x'.repeat(3 * 1024 * 1024) } })).status).toBe(413)
      expect((await invoke(undefined, { method: 'POST', body: '{' })).status).toBe(400)
    })

    it('calls once for each key, in the body or the header', async () => {
      const key = crypto.randomUUID()
      const body = { tool: 'sessions_list', args: { limit: 1 } }
      const headers = { 'idempotency-key': key }
      const answers = await Promise.all([invoke(body, { headers }), invoke({ ...body, idempotencyKey: key }), invoke(body, { headers })])
      expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
      expect(await invoke({ ...body, args: { limit: 2 } }, { headers })).toMatchObject({ status: 409, ok: false, error: { type: 'idempotency_conflict' } })
      expect(await invoke({ ...body, idempotencyKey: 'another' }, { headers })).toMatchObject({ status: 400 })
    })

    it('says that a person must allow it, and does it once one has', async () => {
      const answers = await approver()
      const body = { tool: 'gateway_confirm', args: { text: `By HTTP ${crypto.randomUUID()}` } }
      const asked = await invoke(body)
      expect(asked).toMatchObject({ status: 403, ok: false, error: { type: 'requires_approval', requiresApproval: true, approvalId: expect.any(String) } })
      await answers.call('plugin.approval.resolve', { id: asked.error.approvalId, decision: 'allow-once' })
      expect(await invoke(body)).toMatchObject({ status: 200, result: { details: { decision: 'approved' } } })
    })

    it('gives a key what it is for, and nothing beside that', async () => {
      const { client } = await at.join()
      const made: string[] = []
      const keyOf = async (wish: Data) => {
        const { key, row } = await client.call('keys.create', { name: crypto.randomUUID(), ...wish })
        made.push(row.id)
        return { headers: { authorization: `Bearer ${key}` } }
      }
      const reader = await keyOf({ scopes: ['operator.read'] })
      expect((await at.http('/tools/invoke', { tool: 'sessions_list' }, reader)).status).toBe(403)
      expect((await at.http('/mcp', { jsonrpc: '2.0', id: 1, method: 'tools/list' }, reader)).status).toBe(403)
      const second = await keyOf({ scopes: ['operator.write'], agents: ['second'] })
      expect(await invoke({ tool: 'ls' }, second)).toMatchObject({ status: 200 })
      for (const body of [{ tool: 'ls', agentId: 'main' }, { tool: 'ls', sessionKey: 'agent:main:main' }, { tool: 'sessions_list' }, { tool: 'gateway_status' }]) {
        expect(await invoke(body, second), JSON.stringify(body)).toMatchObject({ status: 404, error: { type: 'not_found' } })
      }
      for (const id of made) await client.call('keys.revoke', { id })
    })

    it('streams when it is asked to', async () => {
      const headers = { accept: 'text/event-stream' }
      const response = await at.http('/tools/invoke', { tool: 'session_status' }, { headers })
      expect(response.headers.get('content-type')).toContain('text/event-stream')
      const told = await response.text()
      expect(told).toMatch(/^event: result\ndata: \{"ok":true,"result":/m)
      const failed = await (await at.http('/tools/invoke', { tool: 'nope_tool' }, { headers })).text()
      expect(failed).toContain('event: error\ndata: {"ok":false,"error":{"type":"not_found","message":"Tool not available: nope_tool"},"status":404}')
    })
  })

  it('shows pictures of the workspace to the model', async () => {
    const { client } = await at.join()
    if (!get().machine) return expect(await one(client, 'read', { path: 'shown.png' })).toMatchObject({ isError: true })
    const answers = await approver()
    const running = one(client, 'exec', { argv: ['sh', '-c', `printf %s ${PNG} | base64 -d > shown.png`] })
    const asked = await answers.event('exec.approval.requested', (payload) => JSON.stringify(payload).includes('shown.png'))
    await answers.call('exec.approval.resolve', { id: asked.id, decision: 'allow-once' })
    await running
    const name = `sees-${crypto.randomUUID()}`
    get().upstream.on(name, ({ attempt, answer }) =>
      attempt === 1 ? answer('', { finish: 'tool_calls', toolCalls: [{ id: 'call_1', type: 'function', function: { name: 'read', arguments: '{"path":"shown.png"}' } }] }) : answer('a pixel'),
    )
    const sessionKey = freshKey()
    await client.call('sessions.patch', { key: sessionKey, model: `mock/${name}` })
    const idempotencyKey = crypto.randomUUID()
    await client.call('chat.send', { sessionKey, message: 'look', idempotencyKey })
    expect(textIn((await client.ended(idempotencyKey)).message)).toBe('a pixel')
    const { messages } = get().upstream.requests.findLast((request) => request.model === name)!
    expect(JSON.stringify(messages)).toContain(`data:image/png;base64,${PNG}`)
  })
}
