// Approvals: asking, who is asked, deciding, the first decision, what is shown, what is remembered; and runs that wait.

import { afterEach, expect, it } from 'vitest'
import type { Client, Data } from '../harness/client.ts'
import { approvedNode } from '../harness/node.ts'
import { freshKey, script, textIn, type Reach, type Target } from './target.ts'

const ID = () => `case-${crypto.randomUUID()}`

export function approvalCases(at: Reach, get: () => Target): void {
  const approvers: Client[] = []

  afterEach(async () => {
    for (const client of approvers.splice(0)) {
      client.close()
      await client.closed
    }
  })

  /** A connection that can answer. */
  async function approver(): Promise<Client> {
    const { client } = await at.join({ more: { caps: ['approvals'] } })
    approvers.push(client)
    return client
  }

  /** One that asks, and one that answers. */
  async function both(): Promise<{ asks: Client; answers: Client }> {
    const answers = await approver()
    const { client: asks } = await at.join()
    return { asks, answers }
  }

  const ask = (client: Client, params: Record<string, unknown>) => client.request('exec.approval.request', { timeoutMs: 20_000, ...params })
  const requested = (client: Client, id: string): Promise<Data> => client.event('exec.approval.requested', (payload) => payload.id === id)
  const resolved = (client: Client, id: string): Promise<Data> => client.event('exec.approval.resolved', (payload) => payload.id === id)

  // --- asking ---

  it('asks those who can answer, and hands the decision to whoever asked', async () => {
    const { asks, answers } = await both()
    const id = ID()
    const pending = ask(asks, { id, command: 'ls -la', commandArgv: ['ls', '-la'], cwd: '/tmp', host: 'gateway', env: { B: '2', A: '1' } })
    const { request, createdAtMs, expiresAtMs, approvalKind } = await requested(answers, id)
    expect(request).toMatchObject({ command: 'ls -la', commandArgv: ['ls', '-la'], cwd: '/tmp', host: 'gateway', envKeys: ['A', 'B'] })
    expect({ approvalKind, ms: expiresAtMs - createdAtMs }).toEqual({ approvalKind: 'exec', ms: 20_000 })
    expect(await answers.call('exec.approval.resolve', { id, decision: 'allow-once' })).toEqual({ ok: true })
    expect((await pending).payload).toEqual({ id, decision: 'allow-once', createdAtMs, expiresAtMs })
    expect(await resolved(answers, id)).toMatchObject({ decision: 'allow-once', resolvedBy: 'operator' })
    expect(asks.events('exec.approval.requested'), 'it does not have the capability').toEqual([])
  })

  it('answers twice when that is asked for: stored, and decided', async () => {
    const { asks, answers } = await both()
    const id = ID()
    const first = await ask(asks, { id, command: 'make', twoPhase: true })
    expect(first.payload).toMatchObject({ status: 'accepted', id, deliveryRoute: 'approval-client' })
    await answers.call('exec.approval.resolve', { id, decision: 'deny' })
    const second = await asks.next((frame) => frame.id === first.id && frame.payload?.status === undefined, 'the decision')
    expect(second.payload).toMatchObject({ id, decision: 'deny' })
  })

  it('ends at once when nobody is there who could answer, and remembers that', async () => {
    const { client: asks } = await at.join({ more: { caps: ['approvals'] } })
    approvers.push(asks)
    let waited: Data
    for (let round = 0; round < 20 && waited?.terminalReason !== 'no-route'; round++) {
      const { payload } = await ask(asks, { command: 'ls', timeoutMs: 300 }) // it cannot answer itself; others may be leaving yet
      expect(payload.decision).toBeNull()
      waited = await asks.call('exec.approval.waitDecision', { id: payload.id })
    }
    expect(waited).toMatchObject({ decision: null, terminalReason: 'no-route' })
    const { approval } = await asks.call('approval.get', { id: waited.id })
    expect(approval).toMatchObject({ status: 'denied', decision: 'deny', reason: 'no-route', resolver: { kind: 'system', id: 'no-approval-route' } })
  })

  it('waits without anybody when it is told to', async () => {
    const { client: asks } = await at.join()
    const id = ID()
    const pending = ask(asks, { id, command: 'ls', requireDeliveryRoute: false, suppressDelivery: true, twoPhase: true })
    expect((await pending).payload).toMatchObject({ status: 'accepted' })
    const late = await approver()
    expect((await late.call('exec.approval.list')).map((row: Data) => row.id)).toContain(id)
    expect(await late.call('exec.approval.resolve', { id, decision: 'allow-once' })).toEqual({ ok: true })
  })

  it('ends without a decision when nobody answers in time', async () => {
    const { asks, answers } = await both()
    const id = ID()
    const { payload } = await ask(asks, { id, command: 'sleep', timeoutMs: 150 })
    expect(payload).toMatchObject({ id, decision: null })
    expect(await asks.call('exec.approval.waitDecision', { id })).toMatchObject({ decision: null, terminalReason: 'timeout' })
    expect(await resolved(answers, id)).toMatchObject({ decision: 'deny', resolvedBy: null })
    const late = await answers.request('exec.approval.resolve', { id, decision: 'allow-once' })
    expect(late.error).toMatchObject({ message: 'unknown or expired approval id', details: { reason: 'APPROVAL_NOT_FOUND' } })
    expect((await answers.call('approval.get', { id })).approval).toMatchObject({ status: 'expired', reason: 'timeout' })
  })

  it('lets others wait for a decision that somebody else asked for, also after the fact', async () => {
    const { asks, answers } = await both()
    const id = ID()
    const pending = ask(asks, { id, command: 'ls' })
    await requested(answers, id)
    const waits = answers.call('exec.approval.waitDecision', { id })
    asks.close()
    await pending.catch(() => {})
    await answers.call('exec.approval.resolve', { id, decision: 'allow-once' })
    expect(await waits).toMatchObject({ id, decision: 'allow-once', terminalReason: 'user' })
    expect(await answers.call('exec.approval.waitDecision', { id })).toMatchObject({ decision: 'allow-once', terminalReason: 'user' })
  })

  it.each([
    [{}, 'command is required'],
    [{ command: '   ' }, 'command is required'],
    [{ commandArgv: ['ls'] }, 'command is required'],
    [{ command: 'ls', host: 'node' }, 'nodeId is required for host=node'],
    [{ command: 'ls', host: 'node', nodeId: 'n' }, 'systemRunPlan is required for host=node'],
    [{ command: 'ls', id: '..' }, 'approval id must be 1-128 characters'],
    [{ command: 'ls', id: 'x'.repeat(200) }, 'approval id must be 1-128 characters'],
    [{ command: 'ls', id: 'plugin:mine' }, 'approval ids starting with plugin: are reserved'],
    [{ command: 'ls', timeoutMs: 0 }, 'invalid exec.approval.request params'],
    [{ command: 'ls', approved: true }, 'invalid exec.approval.request params'],
    [{ command: 'x'.repeat(70_000) }, 'can be reviewed'],
  ])('refuses to ask for %j', async (params, message) => {
    const { client } = await at.join()
    const { error } = await client.request('exec.approval.request', params)
    expect(error).toMatchObject({ code: 'INVALID_REQUEST', message: expect.stringContaining(message) })
  })

  it('refuses an id that was used', async () => {
    const { asks, answers } = await both()
    const id = ID()
    void ask(asks, { id, command: 'ls' })
    await requested(answers, id)
    for (const command of ['ls', 'other']) expect((await ask(answers, { id, command })).error!.message).toBe('approval id already pending')
    await answers.call('exec.approval.resolve', { id, decision: 'deny' })
    expect((await ask(answers, { id, command: 'ls' })).ok).toBe(false)
  })

  it('needs the scope of approvals', async () => {
    const { client } = await at.join({ scopes: ['operator.read', 'operator.write'] })
    for (const method of ['exec.approval.request', 'exec.approval.list', 'plugin.approval.list', 'openclaw.approval.list', 'approval.history']) {
      const { error } = await client.request(method, {})
      expect(error, method).toMatchObject({ code: 'FORBIDDEN', details: { missingScope: 'operator.approvals' } })
    }
    expect((await client.request('exec.approvals.get', {})).error!.details.missingScope).toBe('operator.admin')
  })

  // --- deciding ---

  it('keeps the first decision, and tells the others', async () => {
    const { asks, answers } = await both()
    const id = ID()
    const pending = ask(asks, { id, command: 'ls' })
    await requested(answers, id)
    const attempts = Array.from({ length: 40 }, (_, n) =>
      answers.request('approval.resolve', { id, kind: 'exec', decision: n % 2 ? 'deny' : 'allow-once' }),
    )
    const told = (await Promise.all(attempts)).map((frame) => frame.payload)
    expect(told.filter((payload) => payload.applied)).toHaveLength(1)
    const { decision } = told.find((payload) => payload.applied).approval
    expect(new Set(told.map((payload) => payload.approval.decision))).toEqual(new Set([decision]))
    expect((await pending).payload.decision).toBe(decision)
    expect(await answers.call('exec.approval.resolve', { id, decision }), 'the same again').toEqual({ ok: true })
    const other = await answers.request('exec.approval.resolve', { id, decision: decision === 'deny' ? 'allow-once' : 'deny' })
    expect(other.error).toMatchObject({ message: 'approval already resolved', details: { reason: 'APPROVAL_ALREADY_RESOLVED' } })
    expect(answers.events('exec.approval.resolved').filter((payload) => payload.id === id)).toHaveLength(1)
  })

  it('refuses what is no decision, or none for this command, and goes on waiting', async () => {
    const { asks, answers } = await both()
    const id = ID()
    void ask(asks, { id, command: 'ls', ask: 'always' })
    expect((await requested(answers, id)).request.allowedDecisions).toEqual(['allow-once', 'deny'])
    expect((await answers.request('exec.approval.resolve', { id, decision: 'maybe' })).error!.message).toBe('invalid decision')
    const always = await answers.request('exec.approval.resolve', { id, decision: 'allow-always' })
    expect(always.error).toMatchObject({ details: { reason: 'APPROVAL_ALLOW_ALWAYS_UNAVAILABLE' } })
    expect((await answers.request('plugin.approval.resolve', { id, decision: 'deny' })).error!.message).toBe('unknown or expired approval id')
    expect(await answers.call('exec.approval.get', { id })).toMatchObject({ id, commandText: 'ls', allowedDecisions: ['allow-once', 'deny'] })
    await answers.call('exec.approval.resolve', { id, decision: 'deny' })
  })

  it.each([
    ['another kind', { kind: 'plugin', decision: 'allow-once' }],
    ['a kind that is none', { kind: 'moon', decision: 'allow-once' }],
    ['a decision that is none', { kind: 'exec', decision: 'yes' }],
    ['a decision that is not allowed', { kind: 'exec', decision: 'allow-always' }],
  ])('takes a verdict with %s for a no', async (_, verdict) => {
    const { asks, answers } = await both()
    const id = ID()
    const pending = ask(asks, { id, command: 'ls', unavailableDecisions: ['allow-always'] })
    await requested(answers, id)
    const { applied, approval } = await answers.call('approval.resolve', { id, ...verdict })
    expect({ applied, approval }).toMatchObject({ applied: true, approval: { status: 'denied', reason: 'malformed-verdict' } })
    expect((await pending).payload.decision).toBe('deny')
  })

  it('knows nothing of ids that nobody used', async () => {
    const { client } = await at.join()
    const of = async (method: string, params: unknown) => (await client.request(method, params)).error
    expect(await of('exec.approval.get', { id: 'x' })).toMatchObject({ message: 'unknown or expired approval id', details: { reason: 'APPROVAL_NOT_FOUND' } })
    expect(await of('exec.approval.resolve', { id: 'x', decision: 'deny' })).toMatchObject({ message: 'unknown or expired approval id' })
    expect(await of('exec.approval.waitDecision', { id: 'x' })).toMatchObject({ message: 'approval expired or not found' })
    expect(await of('exec.approval.waitDecision', {})).toMatchObject({ message: 'id is required' })
    expect(await of('approval.get', { id: 'x' })).toMatchObject({ message: 'approval not found', details: { reason: 'APPROVAL_NOT_FOUND' } })
    expect(await of('approval.resolve', { id: 'x', kind: 'exec', decision: 'deny' })).toMatchObject({ message: 'approval not found' })
    expect(await of('plugin.approval.waitDecision', { id: 'x' })).toMatchObject({ message: 'approval expired or not found' })
  })

  // --- what is shown ---

  it.each([
    ['a character that turns the direction', 'rm \u202Etxt.exe', 'rm \\u{202E}txt.exe'],
    ['an end of line', 'ls\nrm -rf /', 'ls\\u{A}rm -rf /'],
    ['a character without width', 'l\u200Bs', 'l\\u{200B}s'],
    ['a tag', 'ls\u{E0041}', 'ls\\u{E0041}'],
    ['a letter that looks like nothing', 'ls\u3164', 'ls\\u{3164}'],
    ['a space that is none', 'rm\u00A0-rf', 'rm\\u{A0}-rf'],
    ['a control', 'ls\u0007', 'ls\\u{7}'],
  ])('makes %s visible', async (_, command, shown) => {
    const { asks, answers } = await both()
    const id = ID()
    void ask(asks, { id, command })
    expect((await requested(answers, id)).request.command).toBe(shown)
    expect((await answers.call('exec.approval.get', { id })).commandText).toBe(shown)
    await answers.call('exec.approval.resolve', { id, decision: 'deny' })
  })

  it('shows the arguments that would be run, whatever words come with them', async () => {
    const { asks, answers } = await both()
    const id = ID()
    void ask(asks, { id, command: 'echo hello', commandArgv: ['rm', '-rf', '/my files'] })
    await requested(answers, id)
    const { approval } = await answers.call('approval.get', { id })
    expect(approval.presentation).toMatchObject({ commandText: "rm -rf '/my files'", commandPreview: null })
    await answers.call('exec.approval.resolve', { id, decision: 'deny' })
  })

  it('shows a long command in full', async () => {
    const { asks, answers } = await both()
    const id = ID()
    const command = `${'echo 0123456789; '.repeat(2000)}rm -rf /`
    void ask(asks, { id, command })
    await requested(answers, id)
    expect((await answers.call('exec.approval.get', { id })).commandText).toBe(command)
    await answers.call('exec.approval.resolve', { id, decision: 'deny' })
  })

  it('binds the plan of a node, and shows the names of its environment but no values', async () => {
    const { asks, answers } = await both()
    const id = ID()
    const systemRunPlan = { argv: ['ls', '-la'], cwd: '/tmp', commandText: 'ls -la', agentId: 'main', sessionKey: 'agent:main:plan' }
    void ask(asks, { id, host: 'node', nodeId: 'n1', systemRunPlan, env: { SECRET: 'hunter2' } })
    const { request } = await requested(answers, id)
    expect(request).toMatchObject({ command: 'ls -la', nodeId: 'n1', envKeys: ['SECRET'], sessionKey: 'agent:main:plan', systemRunBinding: { argv: ['ls', '-la'], envHash: expect.stringMatching(/^[0-9a-f]{64}$/) } })
    expect(JSON.stringify(request)).not.toContain('hunter2')
    await answers.call('exec.approval.resolve', { id, decision: 'deny' })
  })

  // --- what is remembered ---

  it('lists what waits, the oldest first, and forgets nothing that was decided', async () => {
    const { asks, answers } = await both()
    const ids = [ID(), ID(), ID()]
    for (const id of ids) {
      void ask(asks, { id, command: `echo ${id}` })
      await requested(answers, id)
    }
    const list: Data[] = await answers.call('exec.approval.list')
    expect(list.map((row) => row.id).filter((id) => ids.includes(id))).toEqual(ids)
    expect(list.find((row) => row.id === ids[0])).toMatchObject({ approvalKind: 'exec', request: { command: `echo ${ids[0]}` } })
    for (const id of ids) await answers.call('exec.approval.resolve', { id, decision: 'deny' })
    expect((await answers.call('exec.approval.list')).filter((row: Data) => ids.includes(row.id))).toEqual([])
    const { items } = await answers.call('approval.history', { limit: 100, kind: 'exec' })
    const mine = (items as Data[]).filter((item) => ids.includes(item.id))
    expect(mine).toHaveLength(3)
    expect(mine[0]).toMatchObject({ status: 'denied', decision: 'deny', reason: 'user', resolver: { kind: 'runtime', id: 'operator' } })
  })

  it('turns the pages of the history', async () => {
    const { asks, answers } = await both()
    for (let n = 0; n < 3; n++) {
      const id = ID()
      void ask(asks, { id, command: 'ls' })
      await requested(answers, id)
      await answers.call('exec.approval.resolve', { id, decision: 'deny' })
    }
    const first = await answers.call('approval.history', { limit: 1 })
    const second = await answers.call('approval.history', { limit: 1, cursor: first.nextCursor })
    expect(second.items[0].id).not.toBe(first.items[0].id)
    expect(second.items[0].resolvedAtMs).toBeLessThanOrEqual(first.items[0].resolvedAtMs)
    expect((await answers.request('approval.history', { cursor: 'x' })).error!.message).toBe('invalid approval.history cursor')
    expect((await answers.request('approval.history', { limit: 101 })).error!.message).toContain('invalid approval.history params')
    expect(await answers.call('approval.history', { kind: 'system-agent' })).toEqual({ items: [] })
  })

  it('does not ask again for what was allowed for good, until that is taken back', async () => {
    const { asks, answers } = await both()
    const command = `echo ${crypto.randomUUID()}`
    const facts = { command, cwd: '/tmp', host: 'gateway', agentId: 'main' }
    const id = ID()
    const pending = ask(asks, { id, ...facts })
    await requested(answers, id)
    await answers.call('exec.approval.resolve', { id, decision: 'allow-always', grantExpiresInDays: 2 })
    expect((await pending).payload.decision).toBe('allow-always')
    const again = await ask(asks, facts)
    expect(again.payload.decision).toBe('allow-always')
    expect(answers.events('exec.approval.requested').filter((payload) => payload.id === again.payload.id)).toEqual([])
    const find = async () => (await answers.call('exec.approval.grants.list', {})).grants.find((grant: Data) => grant.command === command)
    const grant = await find()
    expect(grant).toMatchObject({ mintedByApprovalId: id, agentId: 'main', cwd: '/tmp', useCount: 1, revokedAtMs: null })
    expect(grant.expiresAtMs - grant.createdAtMs).toBe(2 * 24 * 60 * 60 * 1000)

    for (const other of [{ cwd: '/' }, { agentId: 'second' }, { host: 'sandbox' }, { command: `${command} ` }, { env: { A: '1' } }, { ask: 'always' }]) {
      const { payload } = await ask(asks, { ...facts, ...other, timeoutMs: 100 })
      expect(payload.decision, JSON.stringify(other)).toBeNull()
    }
    expect(await answers.call('exec.approval.grants.revoke', { grantId: grant.grantId })).toEqual({ outcome: 'revoked' })
    expect(await answers.call('exec.approval.grants.revoke', { grantId: grant.grantId })).toEqual({ outcome: 'already-revoked' })
    expect(await answers.call('exec.approval.grants.revoke', { grantId: 'none' })).toEqual({ outcome: 'not-found' })
    expect((await ask(asks, { ...facts, timeoutMs: 100 })).payload.decision).toBeNull()
    expect(await find()).toMatchObject({ revokedBy: 'operator', revokedAtMs: expect.any(Number) })
  })

  // --- other kinds ---

  it('asks for other things than commands in the same way, apart from them', async () => {
    const { asks, answers } = await both()
    const pending = asks.request('plugin.approval.request', {
      title: 'Pay\u202E',
      description: 'Two lines\nof text',
      severity: 'critical',
      pluginId: 'shop',
      scope: { kind: 'payment', amount: '10', currency: 'EUR', target: 'a shop' },
      allowedDecisions: ['allow-once', 'deny'],
      timeoutMs: 20_000,
    })
    const { id, request } = await answers.event('plugin.approval.requested', (payload) => payload.request.pluginId === 'shop')
    expect(id).toMatch(/^plugin:/)
    expect(request).toMatchObject({ title: 'Pay\\u{202E}', description: 'Two lines\nof text', severity: 'critical', scope: { kind: 'payment' } })
    expect((await answers.call('exec.approval.list')).some((row: Data) => row.id === id)).toBe(false)
    expect((await answers.call('plugin.approval.list')).find((row: Data) => row.id === id)).toMatchObject({ approvalKind: 'plugin' })
    expect((await answers.request('exec.approval.resolve', { id, decision: 'deny' })).error!.message).toBe('unknown or expired approval id')
    const always = await answers.request('plugin.approval.resolve', { id, decision: 'allow-always' })
    expect(always.error).toMatchObject({ message: 'allow-always is unavailable for this plugin approval', details: { allowedDecisions: ['allow-once', 'deny'] } })
    expect(await answers.call('plugin.approval.resolve', { id, decision: 'allow-once' })).toEqual({ ok: true })
    expect((await pending).payload).toMatchObject({ id, decision: 'allow-once' })
    expect(await asks.call('plugin.approval.waitDecision', { id })).toMatchObject({ decision: 'allow-once', terminalReason: 'user' })
    expect(await answers.event('plugin.approval.resolved', (payload) => payload.id === id)).toMatchObject({ decision: 'allow-once' })
    expect((await answers.call('approval.get', { id })).approval).toMatchObject({ urlPath: `/approve/${encodeURIComponent(id)}`, status: 'allowed' })
  })

  it.each([
    [{ title: 't' }, 'invalid plugin.approval.request params'],
    [{ title: ' ', description: 'd' }, 'title is required'],
    [{ title: 't', description: 'd', timeoutMs: 600_001 }, 'invalid plugin.approval.request params'],
    [{ title: '\u202E'.repeat(80), description: 'd' }, 'shorten it'],
  ])('refuses to ask for %j of another kind', async (params, message) => {
    const { client } = await at.join()
    expect((await client.request('plugin.approval.request', params)).error).toMatchObject({ code: 'INVALID_REQUEST', message: expect.stringContaining(message) })
  })

  it('has no approvals of a setup helper', async () => {
    const { client } = await at.join()
    expect(await client.call('openclaw.approval.list')).toEqual([])
  })

  // --- sessions ---

  it('tells those who follow a session of its approvals, and what waits already', async () => {
    const { asks, answers } = await both()
    const [key, other] = [freshKey(), freshKey()]
    const [mine, before, elsewhere] = [ID(), ID(), ID()]
    void ask(asks, { id: before, command: 'ls', sessionKey: key, agentId: 'main' })
    await requested(answers, before)
    const { client: follows } = await at.join()
    const { approvalReplay } = await follows.call('sessions.messages.subscribe', { key, includeApprovals: true })
    expect(approvalReplay).toMatchObject({ sessionKey: key, truncated: false, approvals: [{ id: before, status: 'pending' }] })
    void ask(asks, { id: elsewhere, command: 'ls', sessionKey: other })
    void ask(asks, { id: mine, command: 'ls', sessionKey: key })
    expect(await follows.event('session.approval', (payload) => payload.approval.id === mine)).toMatchObject({ phase: 'pending', sessionKey: key })
    for (const id of [before, elsewhere, mine]) {
      await requested(answers, id)
      await answers.call('exec.approval.resolve', { id, decision: 'deny' })
    }
    const terminal = await follows.event('session.approval', (payload) => payload.phase === 'terminal' && payload.approval.id === mine)
    expect(terminal.approval).toMatchObject({ status: 'denied', reason: 'user' })
    expect(follows.events('session.approval').some((payload) => payload.approval.id === elsewhere)).toBe(false)
    const { client: reader } = await at.join({ scopes: ['operator.read'] })
    const refused = await reader.request('sessions.messages.subscribe', { key, includeApprovals: true })
    expect(refused.error!.details.missingScope).toBe('operator.approvals')
  })

  it('ends what a session waits for when the session is deleted', async () => {
    const { asks, answers } = await both()
    const key = freshKey()
    await asks.call('sessions.create', { key })
    const id = ID()
    const pending = ask(asks, { id, command: 'ls', sessionKey: key })
    await requested(answers, id)
    await answers.call('sessions.delete', { key })
    expect((await pending).payload.decision).toBeNull()
    expect((await answers.call('approval.get', { id })).approval).toMatchObject({ status: 'cancelled', reason: 'run-aborted' })
  })

  // --- runs that wait ---

  const confirm = (text: string) => script({ tool: { name: 'gateway_confirm', arguments: { text } } }, { text: 'Went on.' })

  /** A run that asks, and the approval that it waits for. */
  async function asking(client: Client, answers: Client, more: Record<string, unknown> = {}): Promise<{ runId: string; sessionKey: string; id: string }> {
    const [runId, sessionKey, text] = [ID(), freshKey(), `Shall I? ${crypto.randomUUID()}`]
    await client.call('chat.send', { sessionKey, message: confirm(text), idempotencyKey: runId, ...more })
    const { id, request } = await answers.event('plugin.approval.requested', (payload) => payload.request.description === text)
    expect(request).toMatchObject({ toolName: 'gateway_confirm', sessionKey, agentId: 'main', runId, allowedDecisions: ['allow-once', 'deny'] })
    return { runId, sessionKey, id }
  }

  const resultIn = async (client: Client, sessionKey: string): Promise<string> => {
    const { messages } = await client.call('chat.history', { sessionKey })
    return textIn(messages.find((message: Data) => message.role === 'toolResult'))
  }

  it.each([
    ['allow-once', 'approved'],
    ['deny', 'denied'],
  ])('goes on with a run after %s', async (decision, told) => {
    const { asks, answers } = await both()
    const { runId, sessionKey, id } = await asking(asks, answers)
    await answers.call('plugin.approval.resolve', { id, decision })
    expect(await asks.ended(runId)).toMatchObject({ state: 'final', message: { content: [{ text: 'Went on.' }] } })
    expect(await resultIn(asks, sessionKey)).toBe(JSON.stringify({ decision: told }))
    expect((await answers.call('approval.get', { id })).approval).toMatchObject({ source: { agentId: 'main', sessionKey } })
  })

  it.each([
    ['chat.abort', (sessionKey: string, runId: string) => ({ sessionKey, runId })],
    ['sessions.abort', (key: string) => ({ key })],
    ['sessions.delete', (key: string) => ({ key })],
    ['sessions.reset', (key: string) => ({ key })],
  ])('withdraws what a run waits for with %s', async (method, params) => {
    const { asks, answers } = await both()
    const { runId, sessionKey, id } = await asking(asks, answers)
    await asks.call(method, params(sessionKey, runId))
    expect(await asks.ended(runId)).toMatchObject({ state: 'aborted' })
    expect(await answers.event('plugin.approval.resolved', (payload) => payload.id === id)).toMatchObject({ decision: 'deny', resolvedBy: null })
    expect((await answers.call('approval.get', { id })).approval).toMatchObject({ status: 'cancelled', reason: 'run-aborted' })
    expect((await answers.request('plugin.approval.resolve', { id, decision: 'allow-once' })).ok).toBe(false)
  })

  it('keeps other messages of the session waiting behind a run that waits, and no other session', async () => {
    const { asks, answers } = await both()
    const { runId, sessionKey, id } = await asking(asks, answers)
    const [next, elsewhere] = [ID(), ID()]
    await asks.call('chat.send', { sessionKey, message: script({ text: 'next' }), idempotencyKey: next })
    await asks.call('chat.send', { sessionKey: freshKey(), message: script({ text: 'free' }), idempotencyKey: elsewhere })
    expect(await asks.ended(elsewhere)).toMatchObject({ state: 'final' })
    expect(await asks.call('agent.wait', { runId: next, timeoutMs: 20 })).toMatchObject({ status: 'timeout' })
    await answers.call('plugin.approval.resolve', { id, decision: 'allow-once' })
    await asks.ended(runId)
    expect(await asks.ended(next)).toMatchObject({ state: 'final' })
  })

  it('asks when the built-in operator is told to, and says what was decided', async () => {
    const { asks, answers } = await both()
    const [runId, text] = [ID(), `Shall I? ${crypto.randomUUID()}`]
    await asks.call('chat.send', { sessionKey: freshKey(), message: `/gateway_confirm ${JSON.stringify({ text })}`, idempotencyKey: runId })
    const { id } = await answers.event('plugin.approval.requested', (payload) => payload.request.description === text)
    await answers.call('approval.resolve', { id, kind: 'plugin', decision: 'deny' })
    expect(textIn((await asks.ended(runId)).message)).toBe('It was not approved: denied.')
  })

  // --- policies ---

  it('keeps a policy, and refuses a change of another one than was seen', async () => {
    const { client } = await at.join()
    const before = await client.call('exec.approvals.get', {})
    expect(before.resolvedDefaults).toMatchObject({ askFallback: 'deny' })
    const base = before.exists ? { baseHash: before.hash } : {}
    const file = {
      version: 1,
      socket: { path: '/x.sock', token: 'a secret' },
      defaults: { security: 'allowlist', ask: 'always', askFallback: 'nonsense' },
      agents: { main: { ask: 'off', allowlist: [{ pattern: 'ls', commandText: 'ls -la' }] }, '*': { security: 'weird' } },
    }
    const set = await client.call('exec.approvals.set', { file, ...base })
    expect(set).toMatchObject({ exists: true, resolvedDefaults: { security: 'allowlist', ask: 'always', askFallback: 'deny' } })
    expect(set.file).toMatchObject({ defaults: { security: 'allowlist', ask: 'always' }, agents: { main: { ask: 'off', allowlist: [{ pattern: 'ls', id: expect.any(String) }] }, '*': {} } })
    expect(JSON.stringify(set)).not.toContain('a secret')
    expect(await client.call('exec.approvals.get', {})).toEqual(set)
    expect((await client.request('exec.approvals.set', { file })).error!.message).toContain('base hash required')
    expect((await client.request('exec.approvals.set', { file, baseHash: 'old' })).error!.message).toContain('changed since last load')
    expect((await client.request('exec.approvals.set', { file: { version: 2 }, baseHash: set.hash })).error!.message).toContain('invalid exec.approvals.set params')
    const dangerous = JSON.parse('{"version":1,"agents":{"constructor":{"ask":"off"}}}') as unknown
    expect((await client.request('exec.approvals.set', { file: dangerous, baseHash: set.hash })).ok).toBe(false)
    await client.call('exec.approvals.set', { file: before.file, baseHash: set.hash })
  })

  it('asks a node for its own policy, and gives it another one', async () => {
    const { admin, id, answer } = await approvedNode(at, get, { commands: ['system.execApprovals.get', 'system.execApprovals.set'] })
    const snapshot = { path: '/node/exec-approvals.json', exists: true, hash: 'h1', file: { version: 1, defaults: { ask: 'always' }, agents: {} } }
    const asked = admin.call('exec.approvals.node.get', { nodeId: id })
    expect(await answer({ ok: true, payload: { ...snapshot, unknown: 1 } })).toMatchObject({ command: 'system.execApprovals.get' })
    expect(await asked).toEqual(snapshot)
    const set = admin.call('exec.approvals.node.set', { nodeId: id, file: { version: 1 }, baseHash: 'h1' })
    const request = await answer({ ok: true, payloadJSON: JSON.stringify({ ...snapshot, hash: 'h2' }) })
    expect(JSON.parse(request.paramsJSON)).toEqual({ file: { version: 1 }, baseHash: 'h1' })
    expect(await set).toMatchObject({ hash: 'h2' })
    const strange = admin.request('exec.approvals.node.get', { nodeId: id })
    await answer({ ok: true, payload: { file: 'nonsense' } })
    expect((await strange).error).toMatchObject({ code: 'UNAVAILABLE', message: expect.stringContaining('not known here') })
    const failed = admin.request('exec.approvals.node.get', { nodeId: id })
    await answer({ ok: false, error: { code: 'BROKEN', message: 'no file' } })
    expect((await failed).error).toMatchObject({ code: 'UNAVAILABLE', message: 'BROKEN: no file' })
  })

  it('lets a node run what was approved for it, exactly so and once', async () => {
    const { admin, id: nodeId, answer } = await approvedNode(at, get, { commands: ['system.run'] })
    const answers = await approver()
    const plan = { argv: ['uname', '-a'], cwd: '/tmp', commandText: 'uname -a', agentId: 'main', sessionKey: 'agent:main:run' }
    const approve = async () => {
      const id = ID()
      const pending = ask(admin, { id, host: 'node', nodeId, systemRunPlan: plan, env: { A: '1' } })
      await requested(answers, id)
      await answers.call('exec.approval.resolve', { id, decision: 'allow-once' })
      await pending
      return id
    }
    const params = { command: ['uname', '-a'], cwd: '/tmp', env: { A: '1' }, agentId: 'main', sessionKey: 'agent:main:run' }
    const run = (runId: string, more: Record<string, unknown> = {}) =>
      admin.request('node.invoke', { nodeId, command: 'system.run', params: { ...params, ...more, approved: true, runId }, idempotencyKey: ID(), timeoutMs: 10_000 })
    const id = await approve()
    for (const change of [{ command: ['uname', '-r'] }, { cwd: '/' }, { env: { A: '2' } }, { env: undefined }, { agentId: 'second' }, { sessionKey: 'agent:main:other' }, { systemRunPlan: { ...plan, argv: ['rm'], commandText: 'rm' } }, { systemRunPlan: { ...plan, cwd: '/' } }]) {
      const { error } = await run(id, change)
      expect(error, JSON.stringify(change)).toMatchObject({ message: 'unknown or expired approval id', details: { code: 'UNKNOWN_APPROVAL_ID' } })
    }
    const done = run(id, { systemRunPlan: plan })
    const request = await answer({ ok: true, payload: { exitCode: 0 } })
    expect(JSON.parse(request.paramsJSON)).toMatchObject({ command: ['uname', '-a'], approved: true, approvalDecision: 'allow-once' })
    expect((await done).ok).toBe(true)
    expect((await run(id)).error!.message).toBe('unknown or expired approval id')
    const again = run(await approve())
    await answer({ ok: true, payload: { exitCode: 0 } }, (asked) => asked.id !== request.id)
    expect((await again).ok).toBe(true)
  })

  it('says that a node is not connected whose policy is asked for', async () => {
    const { client } = await at.join()
    const get = await client.request('exec.approvals.node.get', { nodeId: 'nobody' })
    expect(get.error).toMatchObject({ code: 'UNAVAILABLE', message: expect.stringContaining('node not connected') })
    const set = await client.request('exec.approvals.node.set', { nodeId: 'nobody', file: { version: 1 } })
    expect(set.error).toMatchObject({ code: 'UNAVAILABLE', message: expect.stringContaining('node not connected') })
    expect((await client.request('exec.approvals.node.set', { nodeId: 'nobody' })).error!.code).toBe('INVALID_REQUEST')
    expect((await client.request('exec.approvals.node.get', {})).error!.code).toBe('INVALID_REQUEST')
  })
}
