// Tools without a run; commands in messages; single messages.

import { afterEach, expect, it } from 'vitest'
import type { Client, Data } from '../harness/client.ts'
import { freshKey, script, textIn, type Reach } from './target.ts'

export function toolCases(at: Reach): void {
  const approvers: Client[] = []

  afterEach(async () => {
    for (const client of approvers.splice(0)) {
      client.close()
      await client.closed
    }
  })

  async function approver(): Promise<Client> {
    const { client } = await at.join({ more: { caps: ['approvals'] } })
    approvers.push(client)
    return client
  }

  it('lists the tools in groups', async () => {
    const { client } = await at.join()
    const { agentId, profiles, groups } = await client.call('tools.catalog', {})
    expect({ agentId, profiles: profiles.map((profile: Data) => profile.id) }).toEqual({ agentId: 'main', profiles: ['minimal', 'coding', 'messaging', 'full'] })
    const ids = groups.flatMap((group: Data) => group.tools.map((tool: Data) => `${group.id}/${tool.id}`))
    expect(ids).toEqual(expect.arrayContaining(['sessions/sessions_list', 'gateway/gateway_status', 'automation/gateway_confirm']))
    expect((await client.call('tools.catalog', { agentId: 'second' })).agentId).toBe('second')
    expect((await client.request('tools.catalog', { agentId: 'nobody' })).error!.message).toBe('unknown agent id "nobody"')
    expect((await client.request('tools.catalog', { other: 1 })).error!.message).toContain('invalid tools.catalog params')
  })

  it('lists what a session can use, as far as the caller may', async () => {
    const { client } = await at.join()
    const key = freshKey('second')
    await client.call('sessions.create', { key })
    const names = (answer: Data) => answer.groups.flatMap((group: Data) => group.tools.map((tool: Data) => tool.id))
    const all = await client.call('tools.effective', { sessionKey: key })
    expect(all).toMatchObject({ agentId: 'second', profile: 'full', groups: [{ id: 'core', label: 'Built-in tools', source: 'core' }, { id: 'mcp', source: 'mcp' }] })
    expect(names(all)).toContain('gateway_confirm')
    const { client: reader } = await at.join({ scopes: ['operator.read'] })
    const fewer = names(await reader.call('tools.effective', { sessionKey: key }))
    expect(fewer).toContain('sessions_list')
    expect(fewer).not.toContain('gateway_confirm')
    const unknown = await client.request('tools.effective', { sessionKey: 'agent:main:never-there' })
    expect(unknown.error!.message).toBe('unknown session key "agent:main:never-there"')
    expect((await client.request('tools.effective', {})).error!.code).toBe('INVALID_REQUEST')
  })

  it('calls a tool, and answers with what it returned', async () => {
    const { client, hello } = await at.join()
    const answer = await client.call('tools.invoke', { name: 'gateway_status' })
    expect(answer).toMatchObject({ ok: true, toolName: 'gateway_status', source: 'core', output: { details: { runtimeVersion: hello.server.version } } })
    expect(JSON.parse(answer.output.content[0].text)).toEqual(answer.output.details)
    const key = freshKey()
    await client.call('sessions.create', { key, label: `called ${key}` })
    const own = await client.call('tools.invoke', { name: 'session_status', args: {}, sessionKey: key })
    expect(own.output.details).toMatchObject({ key })
  })

  it.each([
    [{ name: 'exec' }, { code: 'not_found', message: 'Tool not available: exec' }],
    [{ name: 'sessions_list', args: { limit: 'x' } }, { code: 'validation_error' }],
    [{ name: 'sessions_list', agentId: 'nobody' }, { code: 'validation_error', message: 'Unknown agent id "nobody"' }],
  ])('says what is wrong with the call %j', async (params, error) => {
    const { client } = await at.join()
    expect(await client.call('tools.invoke', params)).toMatchObject({ ok: false, toolName: params.name, error })
  })

  it('refuses calls that are none, and those who may not call', async () => {
    const { client } = await at.join()
    for (const params of [{}, { name: '' }, { name: 'sessions_list', args: [] }, { name: 'sessions_list', approved: true }]) {
      expect((await client.request('tools.invoke', params)).error!.code, JSON.stringify(params)).toBe('INVALID_REQUEST')
    }
    const { client: reader } = await at.join({ scopes: ['operator.read'] })
    expect((await reader.request('tools.invoke', { name: 'sessions_list' })).error!.details.missingScope).toBe('operator.write')
  })

  it('calls once for each key', async () => {
    const { client } = await at.join()
    const call = { name: 'sessions_list', args: { limit: 1 }, idempotencyKey: crypto.randomUUID() }
    const answers = await Promise.all([client.call('tools.invoke', call), client.call('tools.invoke', call)])
    await client.call('sessions.create', { key: freshKey() })
    answers.push(await client.call('tools.invoke', call))
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
    const other = await client.request('tools.invoke', { ...call, args: { limit: 2 } })
    expect(other.error!.details).toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' })
  })

  it('asks before a tool that needs an approval, and calls it once it has one', async () => {
    const answers = await approver()
    const { client } = await at.join()
    const call = { name: 'gateway_confirm', args: { text: `Really? ${crypto.randomUUID()}` }, idempotencyKey: crypto.randomUUID() }
    const first = await client.call('tools.invoke', call)
    expect(first).toMatchObject({ ok: false, requiresApproval: true, approvalId: expect.stringMatching(/^plugin:/), error: { code: 'requires_approval' } })
    expect(await client.call('tools.invoke', call), 'it still waits').toEqual(first)
    await answers.call('plugin.approval.resolve', { id: first.approvalId, decision: 'allow-once' })
    const done = await client.call('tools.invoke', call)
    expect(done).toMatchObject({ ok: true, output: { details: { decision: 'approved' } } })
    expect(await client.call('tools.invoke', call)).toEqual(done)
    const { idempotencyKey: _, ...unkeyed } = call
    expect(await client.call('tools.invoke', unkeyed), 'it was used up').toMatchObject({ ok: false, requiresApproval: true })
  })

  it('waits for the approval when it is told to', async () => {
    const answers = await approver()
    const { client } = await at.join()
    const text = `Now? ${crypto.randomUUID()}`
    const pending = client.call('tools.invoke', { name: 'gateway_confirm', args: { text }, confirm: true })
    const { id } = await answers.event('plugin.approval.requested', (payload) => payload.request.description === text)
    await answers.call('plugin.approval.resolve', { id, decision: 'deny' })
    expect(await pending).toMatchObject({ ok: true, output: { details: { decision: 'denied' } } })
  })

  // --- commands ---

  it('lists the commands of messages', async () => {
    const { client } = await at.join()
    const { commands } = await client.call('commands.list', {})
    const names = commands.map((command: Data) => command.name)
    expect(names).toEqual(expect.arrayContaining(['help', 'status', 'stop', 'new', 'reset', 'model', 'approve']))
    expect(commands.find((command: Data) => command.name === 'whoami')).toMatchObject({ textAliases: ['/whoami', '/id'], acceptsArgs: false, source: 'native' })
    expect(commands.find((command: Data) => command.name === 'model').args).toMatchObject([{ name: 'model', type: 'string' }])
    const { commands: bare } = await client.call('commands.list', { includeArgs: false, scope: 'native' })
    expect(bare.every((command: Data) => !('args' in command))).toBe(true)
    expect((await client.call('chat.metadata', {})).commands).toEqual(commands)
    expect((await client.request('commands.list', { agentId: 'nobody' })).error!.message).toBe('unknown agent id "nobody"')
    expect((await client.request('commands.list', { x: 1 })).error!.code).toBe('INVALID_REQUEST')
  })

  /** Sends a message, and resolves with the terminal event. */
  async function say(client: Client, sessionKey: string, message: string, more: Record<string, unknown> = {}): Promise<Data> {
    const idempotencyKey = crypto.randomUUID()
    const { runId, status } = await client.call('chat.send', { sessionKey, message, idempotencyKey, ...more })
    expect({ runId, status }).toEqual({ runId: idempotencyKey, status: 'started' })
    return client.ended(runId)
  }

  const spoken = async (client: Client, sessionKey: string): Promise<string[]> =>
    (await client.call('chat.history', { sessionKey })).messages.map((message: Data) => `${message.role}: ${textIn(message)}`)

  it.each([
    ['/help', '/commands'],
    ['/STATUS', 'Model: builtin/operator'],
    ['/whoami', 'operator.admin'],
    ['/id', 'operator.admin'],
    ['/commands', '/reset - Reset the current session.'],
    ['/tools', 'sessions_list'],
    ['/models', 'builtin/operator'],
    ['/name A name', 'Session renamed to "A name".'],
    ['/model', 'Current: builtin/operator'],
    ['/model nobody/nothing', 'nobody'],
    ['/approve nothing allow-once', 'No approval waits'],
  ])('answers %s itself', async (message, part) => {
    const { client } = await at.join()
    const key = freshKey()
    const ended = await say(client, key, message)
    expect(ended).toMatchObject({ state: 'final', message: { model: 'gateway-injected', provider: 'openclaw' } })
    expect(textIn(ended.message)).toContain(part)
    expect(await spoken(client, key)).toEqual([`user: ${message}`, `assistant: ${textIn(ended.message)}`])
  })

  it('answers a command once for each key', async () => {
    const { client } = await at.join()
    const sessionKey = freshKey()
    const sent = { sessionKey, message: '/model mock/plain', idempotencyKey: crypto.randomUUID() }
    expect(await client.call('chat.send', sent)).toMatchObject({ status: 'started' })
    expect(await client.call('chat.send', sent)).toMatchObject({ status: 'ok' })
    expect((await client.request('chat.send', { ...sent, message: '/help' })).error!.details).toMatchObject({ reason: 'chat-request-conflict' })
    expect(await client.call('agent.wait', { runId: sent.idempotencyKey, timeoutMs: 1000 })).toMatchObject({ status: 'ok' })
    expect(await spoken(client, sessionKey)).toHaveLength(2)
    expect((await client.call('sessions.describe', { key: sessionKey })).session).toMatchObject({ modelProvider: 'mock', model: 'plain' })
    expect(textIn((await say(client, sessionKey, '/model default')).message)).toContain('builtin/operator')
  })

  it('starts a conversation anew with /new and /reset, and with a message behind them', async () => {
    const { client } = await at.join()
    const key = freshKey()
    await say(client, key, script({ text: 'before' }))
    await say(client, key, '/new')
    expect(await spoken(client, key)).toEqual(['system: Reset', 'user: /new', 'assistant: ✅ New session started.'])
    await say(client, key, '/reset')
    expect(await spoken(client, key)).toEqual(['system: Reset', 'user: /reset', 'assistant: ✅ Session reset.'])
    await say(client, key, '/new what is the status?')
    const [first, second, third] = await spoken(client, key)
    expect([first, second, third?.startsWith('assistant:')]).toEqual(['system: Reset', 'user: /new what is the status?', true])
  })

  it('ends what is running with /stop and with /new', async () => {
    const { client } = await at.join()
    const key = freshKey()
    const run = async () => {
      const idempotencyKey = crypto.randomUUID()
      await client.call('chat.send', { sessionKey: key, message: script({ text: 'on it' }, { hang: true }), idempotencyKey })
      await client.event('chat', (payload) => payload.runId === idempotencyKey && payload.state === 'delta')
      return idempotencyKey
    }
    const first = await run()
    expect(await client.call('chat.send', { sessionKey: key, message: '/stop', idempotencyKey: 'stop-1' })).toEqual({ ok: true, aborted: true, runIds: [first] })
    const second = await run()
    await say(client, key, '/new')
    expect(await client.ended(second)).toMatchObject({ state: 'aborted' })
  })

  it('resets for nobody who may not', async () => {
    const { client: writer } = await at.join({ scopes: ['operator.read', 'operator.write'] })
    const key = freshKey()
    await say(writer, key, script({ text: 'before' }))
    for (const message of ['/reset', '/new', '/new hello']) expect(textIn((await say(writer, key, message)).message), message).toContain('not authorized')
    expect((await spoken(writer, key))[1]).toBe('assistant: before')
  })

  it('leaves to the agent what is no command', async () => {
    const { client } = await at.join()
    for (const [message, more] of [['/nope', {}], ['/help me please', {}], ['/status', { suppressCommandInterpretation: true }], ['about /help', {}]] as const) {
      const ended = await say(client, freshKey(), message, more)
      expect(ended.message.model, message).not.toBe('gateway-injected')
    }
  })

  it('decides on an approval with /approve', async () => {
    const { client } = await at.join()
    const first = await client.call('tools.invoke', { name: 'gateway_confirm', args: { text: 'no route' } })
    expect(first.output?.details ?? first.requiresApproval).toBeDefined()
    await approver()
    const { approvalId } = await client.call('tools.invoke', { name: 'gateway_confirm', args: { text: `By command ${crypto.randomUUID()}` } })
    expect(textIn((await say(client, freshKey(), `/approve ${approvalId} allow-once`)).message)).toBe('Decided: allow-once.')
    expect((await client.call('approval.get', { id: approvalId })).approval.status).toBe('allowed')
    const { client: writer } = await at.join({ scopes: ['operator.read', 'operator.write'] })
    expect(textIn((await say(writer, freshKey(), `/approve ${approvalId} deny`)).message)).toContain('operator.approvals')
  })

  // --- single messages ---

  it('reads one message, cut where that is asked for', async () => {
    const { client } = await at.join()
    const key = freshKey()
    const said = 'word '.repeat(100).trim()
    await say(client, key, script({ text: said }))
    const { messages } = await client.call('chat.history', { sessionKey: key })
    const { id } = messages[1].__openclaw
    expect(await client.call('chat.message.get', { sessionKey: key, messageId: id })).toEqual({ ok: true, message: messages[1] })
    const short = await client.call('chat.message.get', { sessionKey: key, messageId: id, maxChars: 10 })
    expect(textIn(short.message).length).toBeLessThan(30)
    expect(short.message.__openclaw).toMatchObject({ truncated: true, reason: 'display-cap' })
    const unknown = { ok: false, unavailableReason: 'not_found' }
    expect(await client.call('chat.message.get', { sessionKey: key, messageId: 'none' })).toEqual(unknown)
    expect(await client.call('chat.message.get', { sessionKey: freshKey(), messageId: id })).toEqual(unknown)
    await client.call('sessions.reset', { key })
    expect(await client.call('chat.message.get', { sessionKey: key, messageId: id })).toEqual({ ok: false, unavailableReason: 'not_visible' })
    expect((await client.request('chat.message.get', { sessionKey: key })).error!.code).toBe('INVALID_REQUEST')
  })

  it('makes no titles for calls of tools, and says so', async () => {
    const { client } = await at.join()
    const items = [{ id: '1', name: 'exec', input: '{}' }]
    expect(await client.call('chat.toolTitles', { sessionKey: 'main', items })).toEqual({ titles: {}, disabled: true })
    expect((await client.request('chat.toolTitles', { sessionKey: 'main', items: [] })).error!.code).toBe('INVALID_REQUEST')
  })
}
