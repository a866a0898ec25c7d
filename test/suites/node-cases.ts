// Nodes: approval of what they may do, what they are asked to do and its one outcome, what waits for them, and what they
// tell.

import { expect, it } from 'vitest'
import type { Client, Data } from '../harness/client.ts'
import { approvedNode, connectNode, requestOf } from '../harness/node.ts'
import { freshKey, script, type Reach, type Target } from './target.ts'

const key = (): string => crypto.randomUUID()

export function nodeCases(at: Reach, get: () => Target): void {
  const invoke = (client: Client, nodeId: string, command: string, more: Record<string, unknown> = {}) =>
    client.request('node.invoke', { nodeId, command, params: {}, idempotencyKey: key(), timeoutMs: 10_000, ...more })
  const listed = async (client: Client, nodeId: string): Promise<Data> => {
    const { nodes } = await client.call('node.list', {})
    return nodes.find((row: Data) => row.nodeId === nodeId)
  }

  // --- approval ---

  it('connects a node, and keeps of its commands what its platform may do', async () => {
    const { client: admin } = await at.join()
    const { id, hello } = await connectNode(at, get, {
      caps: ['system', 'file'],
      commands: ['system.run', 'demo.echo', 'camera.snap', 'location.get', 'dir.list'],
      more: { permissions: { camera: true }, pathEnv: '/usr/bin:/bin' },
    })
    expect(hello.auth).toMatchObject({ role: 'node', scopes: [] })
    expect(await listed(admin, id)).toMatchObject({
      displayName: 'A node',
      approvalState: 'pending-approval',
      caps: [],
      commands: [],
      pendingDeclaredCaps: ['file', 'system'],
      pendingDeclaredCommands: ['location.get', 'system.run'],
      pendingDeclaredPermissions: { camera: true },
      pathEnv: '/usr/bin:/bin',
      paired: true,
      connected: true,
      lastSeenReason: 'connect',
    })
  })

  it('tells operators of what a node asks for, silently for one of its own machine', async () => {
    const { client: admin } = await at.join()
    const { id } = await connectNode(at, get, { commands: ['location.get', 'system.run'] })
    const requested = await admin.event('node.pair.requested', (payload) => payload.nodeId === id)
    expect(requested).toMatchObject({ commands: ['location.get', 'system.run'], requiredApproveScopes: ['operator.pairing', 'operator.admin'] })
    expect(requested.silent).toBe(get().local ? true : undefined)
    const { client: reader } = await at.join({ scopes: ['operator.read'] })
    expect(reader.events('node.pair.requested')).toEqual([])
  })

  it('approves, and tells operators and the node', async () => {
    const { client: admin } = await at.join()
    const { id, client } = await connectNode(at, get)
    const { requestId } = await requestOf(admin, id)
    const approved = await admin.call('node.pair.approve', { requestId })
    expect(approved).toMatchObject({ requestId, node: { nodeId: id, commands: ['location.get', 'system.which'] } })
    expect(await listed(admin, id)).toMatchObject({ approvalState: 'approved', caps: ['system'], commands: ['location.get', 'system.which'] })
    expect(await admin.event('node.pair.resolved', (payload) => payload.nodeId === id)).toMatchObject({ requestId, decision: 'approved' })
    const told = await client.next((frame) => frame.event === 'node.pair.resolved')
    expect(told).toMatchObject({ payload: { requestId, decision: 'approved' } })
    expect(told.seq).toBeUndefined()
    const { error } = await admin.request('node.pair.approve', { requestId })
    expect(error).toMatchObject({ code: 'INVALID_REQUEST', message: 'unknown requestId' })
  })

  it('rejects', async () => {
    const { client: admin } = await at.join()
    const { id } = await connectNode(at, get)
    const { requestId } = await requestOf(admin, id)
    expect(await admin.call('node.pair.reject', { requestId })).toEqual({ requestId, nodeId: id })
    expect(await listed(admin, id)).toMatchObject({ approvalState: 'unapproved', commands: [] })
    expect((await admin.request('node.pair.reject', { requestId })).error!.message).toBe('unknown requestId')
    expect((await invoke(admin, id, 'location.get')).error!.details).toMatchObject({ code: 'PAIRING_CHANGED' })
  })

  it.each([
    ['system.run', ['operator.pairing', 'operator.write'], 'operator.admin'],
    ['fs.listDir', ['operator.pairing', 'operator.write'], 'operator.admin'],
    ['terminal.upload', ['operator.pairing', 'operator.write'], 'operator.admin'],
    ['location.get', ['operator.pairing'], 'operator.write'],
  ])('lets nobody approve %s who holds only %s', async (command, scopes, missing) => {
    const { client: admin } = await at.join()
    const { client: other } = await at.join({ scopes })
    const { id } = await connectNode(at, get, { commands: [command] })
    const { requestId } = await requestOf(admin, id)
    const { error } = await other.request('node.pair.approve', { requestId })
    expect(error).toMatchObject({ code: 'FORBIDDEN', details: { missingScope: missing, requiredScopes: ['operator.pairing', missing] } })
    expect(await listed(admin, id)).toMatchObject({ approvalState: 'pending-approval' })
  })

  it('lets operator.write approve what runs nothing', async () => {
    const { client: other } = await at.join({ scopes: ['operator.pairing', 'operator.write'] })
    const { id } = await connectNode(at, get, { commands: ['location.get'] })
    const { requestId } = await requestOf(other, id)
    expect(await other.call('node.pair.approve', { requestId })).toMatchObject({ node: { commands: ['location.get'] } })
  })

  it('needs a new approval for more, and goes on with what was approved', async () => {
    const { admin, id, device, client } = await approvedNode(at, get, { commands: ['location.get'] })
    client.close()
    const again = await connectNode(at, get, { device, commands: ['location.get', 'system.run'] })
    const row = await listed(admin, id)
    expect(row).toMatchObject({ approvalState: 'pending-reapproval', commands: ['location.get'], pendingDeclaredCommands: ['location.get', 'system.run'] })
    expect((await requestOf(admin, id)).silent).toBeUndefined()
    const [answered] = await Promise.all([invoke(admin, id, 'location.get'), again.answer({ ok: true, payload: 1 })])
    expect(answered.payload).toMatchObject({ ok: true, payload: 1 })
    expect((await invoke(admin, id, 'system.run', { params: { command: ['true'] } })).error!.message).toContain('node command not allowed')
  })

  it('needs none for less', async () => {
    const { admin, id, device, client } = await approvedNode(at, get, { commands: ['location.get', 'system.which'] })
    client.close()
    await connectNode(at, get, { device, commands: ['location.get'] })
    expect(await listed(admin, id)).toMatchObject({ approvalState: 'approved', commands: ['location.get'] })
    expect(await requestOf(admin, id)).toBeUndefined()
  })

  it('gives up a request when the node asks for something else', async () => {
    const { client: admin } = await at.join()
    const first = await connectNode(at, get, { commands: ['location.get'] })
    const { requestId } = await requestOf(admin, first.id)
    first.client.close()
    await connectNode(at, get, { device: first.device, commands: ['system.run'] })
    expect(await admin.event('node.pair.resolved', (payload) => payload.requestId === requestId)).toMatchObject({ decision: 'rejected' })
    expect((await requestOf(admin, first.id)).requestId).not.toBe(requestId)
  })

  it('describes and renames', async () => {
    const { admin, id, device, client } = await approvedNode(at, get)
    expect(await admin.call('node.rename', { nodeId: id, displayName: 'Kitchen' })).toEqual({ nodeId: id, displayName: 'Kitchen' })
    client.close()
    await connectNode(at, get, { device })
    expect(await admin.call('node.describe', { nodeId: id })).toMatchObject({ nodeId: id, displayName: 'Kitchen', ts: expect.any(Number) })
    for (const [method, params] of [['node.describe', {}], ['node.rename', { displayName: 'x' }], ['node.pair.remove', {}]] as const) {
      expect((await admin.request(method, { nodeId: 'nobody', ...params })).error).toMatchObject({ code: 'INVALID_REQUEST', message: 'unknown nodeId' })
    }
  })

  it('removes a node, and closes its socket', async () => {
    const { admin, id, client } = await approvedNode(at, get)
    expect(await admin.call('node.pair.remove', { nodeId: id })).toEqual({ nodeId: id })
    expect(await client.closed).toEqual({ code: 4001, reason: 'device removed' })
    expect(await listed(admin, id)).toBeUndefined()
    expect(await admin.event('node.pair.resolved', (payload) => payload.nodeId === id && payload.decision === 'removed')).toMatchObject({ requestId: '' })
  })

  it('lets a node come back by its own token, with what was approved', async () => {
    const { admin, id, device, client, hello } = await approvedNode(at, get)
    client.close()
    const again = await connectNode(at, get, { device, auth: { deviceToken: hello.auth.deviceToken } })
    expect(await listed(admin, id)).toMatchObject({ approvalState: 'approved', connected: true })
    const [answered] = await Promise.all([invoke(admin, id, 'location.get'), again.answer({ ok: true })])
    expect(answered.ok).toBe(true)
  })

  // --- invokes ---

  it('asks a node, and answers what it answered', async () => {
    const { admin, id, client, answer } = await approvedNode(at, get)
    const idempotencyKey = key()
    const [answered, asked] = await Promise.all([
      invoke(admin, id, 'system.which', { params: { bins: ['uname'] }, idempotencyKey }),
      answer({ ok: true, payloadJSON: '{"bins":{"uname":"/bin/uname"}}' }),
    ])
    expect(answered.payload).toEqual({
      ok: true,
      nodeId: id,
      command: 'system.which',
      payload: { bins: { uname: '/bin/uname' } },
      payloadJSON: '{"bins":{"uname":"/bin/uname"}}',
    })
    expect(asked).toMatchObject({ nodeId: id, command: 'system.which', paramsJSON: '{"bins":["uname"]}', idempotencyKey })
    expect(asked.timeoutMs).toBeGreaterThan(5000)
    expect(client.frames.find((frame) => frame.event === 'node.invoke.request')!.seq).toBeUndefined()
  })

  it.each([
    ['a value', { payload: { a: 1 } }, { payload: { a: 1 }, payloadJSON: null }],
    ['text that is no JSON', { payloadJSON: '{no' }, { payloadJSON: '{no' }],
    ['nothing', {}, { payloadJSON: null }],
  ])('takes %s as a result', async (_, given, expected) => {
    const { admin, id, answer } = await approvedNode(at, get)
    const [answered] = await Promise.all([invoke(admin, id, 'location.get', { params: undefined }), answer({ ok: true, ...given })])
    expect(answered.payload).toEqual({ ok: true, nodeId: id, command: 'location.get', ...expected })
  })

  it.each([
    ['an error', { error: { code: 'BOOM', message: 'it broke' } }, 'BOOM: it broke', { code: 'BOOM', message: 'it broke' }],
    ['no more than that it failed', {}, 'node invoke failed', null],
  ])('tells %s of a node', async (_, given, message, nodeError) => {
    const { admin, id, answer } = await approvedNode(at, get)
    const [{ error }] = await Promise.all([invoke(admin, id, 'location.get'), answer({ ok: false, ...given })])
    expect(error).toEqual({ code: 'UNAVAILABLE', message, details: { nodeError, nodeCommandDispatched: true } })
  })

  it('gives up after the time-out, says so to the node, and ignores what comes later', async () => {
    const { admin, id, client } = await approvedNode(at, get)
    const { error } = await invoke(admin, id, 'location.get', { timeoutMs: 150 })
    expect(error).toMatchObject({ code: 'UNAVAILABLE', message: 'TIMEOUT: node invoke timed out', details: { nodeError: { code: 'TIMEOUT' }, nodeCommandDispatched: true } })
    const asked = await client.event('node.invoke.request')
    expect(await client.event('node.invoke.cancel')).toEqual({ invokeId: asked.id, nodeId: id })
    expect(await client.call('node.invoke.result', { id: asked.id, nodeId: id, ok: true })).toEqual({ ok: true, ignored: true })
  })

  it('ends what a node was doing when it goes away', async () => {
    const { admin, id, client } = await approvedNode(at, get)
    const pending = invoke(admin, id, 'location.get', { timeoutMs: 0 })
    await client.event('node.invoke.request')
    client.close()
    const { error } = await pending
    expect(error).toMatchObject({ code: 'UNAVAILABLE', details: { nodeError: { code: 'DISCONNECTED' }, nodeCommandDispatched: true } })
    const row = await listed(admin, id)
    expect(row).toMatchObject({ connected: false, paired: true })
    expect((await invoke(admin, id, 'location.get')).error).toMatchObject({ message: 'node not connected', details: { code: 'NOT_CONNECTED', nodeCommandDispatched: false } })
  })

  it('ends it too when the node is removed', async () => {
    const { admin, id, client } = await approvedNode(at, get)
    const pending = invoke(admin, id, 'location.get')
    await client.event('node.invoke.request')
    await admin.call('node.pair.remove', { nodeId: id })
    expect((await pending).error).toMatchObject({ code: 'UNAVAILABLE', retryable: true, details: { code: 'PAIRING_CHANGED' } })
  })

  it('refuses what a node may not do', async () => {
    const { admin, id } = await approvedNode(at, get)
    const refusal = async (command: string, nodeId = id) => (await invoke(admin, nodeId, command)).error!
    expect(await refusal('nope.cmd')).toMatchObject({
      code: 'INVALID_REQUEST',
      message: 'node command not allowed: "nope.cmd" is not in the allowlist for platform "linux"',
      details: { reason: 'command not allowlisted', command: 'nope.cmd' },
    })
    expect((await refusal('camera.snap')).message).toContain('requires explicit gateway.nodes.commands.allow opt-in')
    expect((await refusal('system.notify')).message).toContain('this node does not have "system.notify"')
    expect((await refusal('system.execApprovals.get')).message).toContain('use exec.approvals.node.*')
    expect((await refusal('location.get', 'nobody')).message).toBe('unknown nodeId')
    expect((await refusal('  ')).message).toBe('nodeId and command required')
  })

  it.each([
    ['operator.read', 'location.get', 'operator.write'],
    ['operator.write', 'system.which', 'operator.admin'],
    ['operator.write', 'system.run', 'operator.admin'],
    ['operator.write', 'browser.proxy', 'operator.admin'],
  ])('does not let %s invoke %s', async (scope, command, missing) => {
    const { id } = await approvedNode(at, get)
    const { client } = await at.join({ scopes: [scope] })
    expect((await invoke(client, id, command)).error).toMatchObject({ code: 'FORBIDDEN', details: { missingScope: missing } })
  })

  it('asks once for one key, and gives the same outcome again', async () => {
    const { admin, id, client, answer } = await approvedNode(at, get)
    const idempotencyKey = key()
    const again = () => invoke(admin, id, 'location.get', { idempotencyKey })
    const [first, second] = await Promise.all([again(), again(), answer({ ok: true, payload: { n: 1 } })])
    expect(first.payload).toMatchObject({ payload: { n: 1 } })
    expect(second.payload).toEqual(first.payload)
    expect((await again()).payload).toEqual(first.payload)
    expect(client.events('node.invoke.request')).toHaveLength(1)
    const { error } = await invoke(admin, id, 'location.get', { idempotencyKey, params: { other: true } })
    expect(error!.details).toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' })
  })

  it('remembers the outcome of a key when the node is gone, failures too', async () => {
    const { admin, id, client, answer } = await approvedNode(at, get)
    const idempotencyKey = key()
    const [first] = await Promise.all([invoke(admin, id, 'location.get', { idempotencyKey }), answer({ ok: false, error: { code: 'BOOM', message: 'x' } })])
    client.close()
    await expect.poll(async () => (await listed(admin, id)).connected).toBe(false)
    expect((await invoke(admin, id, 'location.get', { idempotencyKey })).error).toEqual(first.error)
  })

  it('takes an answer from the node alone that was asked', async () => {
    const { admin, id, client } = await approvedNode(at, get)
    const other = await approvedNode(at, get)
    const pending = invoke(admin, id, 'location.get')
    const asked = await client.event('node.invoke.request')
    expect(await other.client.call('node.invoke.result', { id: asked.id, nodeId: other.id, ok: true, payload: 'forged' })).toEqual({ ok: true, ignored: true })
    const { error } = await other.client.request('node.invoke.result', { id: asked.id, nodeId: id, ok: true, payload: 'forged' })
    expect(error!.message).toBe('nodeId mismatch')
    await client.call('node.invoke.result', { id: asked.id, nodeId: id, ok: true, payload: 'true' })
    expect((await pending).payload.payload).toBe('true')
    expect(await client.call('node.invoke.result', { id: asked.id, nodeId: id, ok: true, payload: 'twice' })).toEqual({ ok: true, ignored: true })
  })

  it('asks again when a node is not ready', async () => {
    const { admin, id, client, answer } = await approvedNode(at, get)
    const pending = invoke(admin, id, 'location.get')
    const notReady = await answer({ ok: false, error: { code: 'NODE_NOT_READY', message: 'later' } })
    const ready = await answer({ ok: true, payload: 'ready' })
    expect((await pending).payload.payload).toBe('ready')
    expect(ready).toMatchObject({ idempotencyKey: notReady.idempotencyKey })
    expect(ready.id).not.toBe(notReady.id)
    expect(client.events('node.invoke.request')).toHaveLength(2)
  })

  it('passes no approval on that a caller claims', async () => {
    const { admin, id, answer, client } = await approvedNode(at, get, { commands: ['system.run', 'location.get'] })
    const claimed = (params: Data) => invoke(admin, id, 'system.run', { params: { command: ['uname'], ...params } })
    expect((await claimed({ approved: true })).error!.details).toEqual({ code: 'MISSING_RUN_ID' })
    expect((await claimed({ approvalDecision: 'allow-always', runId: 'r' })).error!.details).toEqual({ code: 'UNKNOWN_APPROVAL_ID', runId: 'r' })
    const controls = Object.fromEntries(['approvalId', 'approvedBy', 'security', 'ask', 'host', 'elevated', 'sudo', 'policy', 'bogus', '__proto__'].map((name) => [name, 'x']))
    const [, asked] = await Promise.all([claimed({ ...controls, approved: false, cwd: '/' }), answer({ ok: true })])
    expect(JSON.parse(asked.paramsJSON)).toEqual({ command: ['uname'], cwd: '/', runId: expect.any(String) })
    const [, other] = await Promise.all([invoke(admin, id, 'location.get', { params: { approved: true, precise: true } }), answer({ ok: true })])
    expect(JSON.parse(other.paramsJSON)).toEqual({ precise: true })
    expect(client.events('node.invoke.request')).toHaveLength(2)
  })

  it('refuses a command that reads otherwise than it runs', async () => {
    const { admin, id, answer } = await approvedNode(at, get, { commands: ['system.run'] })
    const run = (command: readonly string[], rawCommand: string) => invoke(admin, id, 'system.run', { params: { command, rawCommand } })
    expect((await run(['rm', '-rf', '/'], 'ls')).error!.details).toMatchObject({ code: 'RAW_COMMAND_MISMATCH' })
    for (const [command, raw] of [[['uname', '-a'], 'uname -a'], [['echo', 'a b'], 'echo "a b"'], [['/bin/sh', '-lc', 'ls | wc'], 'ls | wc']] as const) {
      const [answered] = await Promise.all([run(command, raw), answer({ ok: true })])
      expect(answered.ok, raw).toBe(true)
    }
  })

  it('ignores progress that nobody waits for', async () => {
    const { id, client } = await approvedNode(at, get)
    expect(await client.call('node.invoke.progress', { invokeId: 'x', nodeId: id, seq: 0, chunk: 'a' })).toEqual({ ok: true, ignored: true })
    expect((await client.request('node.invoke.progress', { invokeId: 'x', nodeId: 'other', seq: 0, chunk: 'a' })).error!.message).toBe('nodeId mismatch')
  })

  it('speaks protocol 3 with a node', async () => {
    const { admin, id, hello, answer } = await approvedNode(at, get, { protocol: 3 })
    expect(hello.protocol).toBe(3)
    const [answered] = await Promise.all([invoke(admin, id, 'location.get'), answer({ ok: true, payload: 3 })])
    expect(answered.payload.payload).toBe(3)
  })

  it('asks the newest of several connections of a node', async () => {
    const { admin, id, device, client } = await approvedNode(at, get)
    const second = await connectNode(at, get, { device })
    const [answered] = await Promise.all([invoke(admin, id, 'location.get'), second.answer({ ok: true, payload: 'second' })])
    expect(answered.payload.payload).toBe('second')
    second.client.close()
    await expect.poll(async () => (await listed(admin, id)).connected).toBe(true)
    expect(client.events('node.invoke.request')).toEqual([])
  })

  // --- what nodes tell ---

  it('takes the figures of a machine', async () => {
    const { admin, id, client } = await approvedNode(at, get)
    const stats = { cpuCount: 2, loadAverage: [0.1, 0.2, 0.3], memoryTotalBytes: 1000, memoryFreeBytes: 500 }
    const tell = (payload: unknown) => client.call('node.event', { event: 'node.host.stats', payloadJSON: JSON.stringify(payload) })
    expect(await tell(stats)).toEqual({ ok: true, event: 'node.host.stats', handled: true, reason: 'updated' })
    expect(await admin.event('node.hostStats', (payload) => payload.nodeId === id)).toMatchObject({ hostStats: stats })
    expect(await listed(admin, id)).toMatchObject({ hostStats: stats })
    for (const wrong of [{ ...stats, memoryFreeBytes: 2000 }, { ...stats, extra: 1 }, {}]) expect(await tell(wrong)).toMatchObject({ handled: false, reason: 'invalid_payload' })
    expect(await client.call('node.event', { event: 'node.host.stats', payloadJSON: '{no' })).toMatchObject({ handled: false, reason: 'invalid_payload' })
  })

  it('takes signs of life, and when a person was there', async () => {
    const { admin, id, client } = await approvedNode(at, get, { more: { permissions: { accessibility: true } } })
    const tell = (event: string, payload: unknown) => client.call('node.event', { event, payload })
    expect(await tell('node.presence.alive', { trigger: 'background' })).toMatchObject({ handled: true, reason: 'persisted' })
    expect(await tell('node.presence.alive', { trigger: 'background' })).toMatchObject({ handled: true, reason: 'throttled' })
    expect(await listed(admin, id)).toMatchObject({ lastSeenReason: 'background' })
    expect(await tell('node.presence.activity', { idleSeconds: 4 })).toMatchObject({ handled: true, reason: 'updated' })
    expect(await admin.event('node.presence', (payload) => payload.nodeId === id)).toMatchObject({ lastActiveAtMs: expect.any(Number) })
    expect(await listed(admin, id)).toMatchObject({ lastActiveAtMs: expect.any(Number) })
    expect(await tell('node.presence.activity', { action: 'clear' })).toMatchObject({ handled: true, reason: 'cleared' })
    expect(await tell('node.presence.activity', { action: 'clear' })).toMatchObject({ handled: true, reason: 'already_clear' })
    expect(await tell('node.presence.activity', { idleSeconds: -1 })).toMatchObject({ handled: false, reason: 'invalid_payload' })
    const other = await approvedNode(at, get)
    expect(await other.client.call('node.event', { event: 'node.presence.activity', payload: { idleSeconds: 4 } })).toMatchObject({ handled: false, reason: 'permission_required' })
  })

  it('believes of runs only what a node was given', async () => {
    const { admin, id, client } = await approvedNode(at, get, { commands: ['system.run'] })
    const other = await approvedNode(at, get, { commands: ['system.run'] })
    const pending = invoke(admin, id, 'system.run', { params: { command: ['uname'] } })
    const asked = await client.event('node.invoke.request')
    const { runId } = JSON.parse(asked.paramsJSON)
    const tell = (by: Client, event: string, run = runId) => by.call('node.event', { event, payloadJSON: JSON.stringify({ runId: run, sessionKey: 'agent:main:main' }) })
    expect(await tell(other.client, 'exec.finished')).toMatchObject({ handled: false, reason: 'unmatched_exec_event' })
    expect(await tell(client, 'exec.finished', 'made up')).toMatchObject({ handled: false })
    expect(await tell(client, 'exec.started')).toMatchObject({ handled: true })
    expect(await tell(client, 'exec.finished')).toMatchObject({ handled: true })
    expect(await tell(client, 'exec.denied')).toMatchObject({ handled: false })
    await client.call('node.invoke.result', { id: asked.id, nodeId: id, ok: true })
    expect((await pending).ok).toBe(true)
  })

  it('answers events that it does not know', async () => {
    const { client } = await approvedNode(at, get)
    expect(await client.call('node.event', { event: 'nope' })).toEqual({ ok: true, event: 'nope', handled: false, reason: 'unsupported_event' })
    expect((await client.request('node.event', {})).error!.message).toContain("must have required property 'event'")
  })

  it('takes nothing from a node that nobody has approved', async () => {
    const { client } = await connectNode(at, get)
    for (const [method, params] of [
      ['node.event', { event: 'node.host.stats' }],
      ['node.runnerInventory.update', { protocolFeatures: [] }],
      ['node.pending.pull', {}],
      ['node.pending.drain', {}],
      ['node.pending.ack', { ids: ['x'] }],
    ] as const) {
      const { error } = await client.request(method, params)
      expect(error, method).toMatchObject({ code: 'UNAVAILABLE', retryable: true, details: { code: 'PAIRING_CHANGED' } })
      expect(error!.message).toContain('node capability surface is awaiting operator approval')
    }
  })

  it('tells a node of the sessions that it listens to', async () => {
    const { admin, client } = await approvedNode(at, get)
    const sessionKey = freshKey()
    const send = async (text: string) => {
      const { runId } = await admin.call('chat.send', { sessionKey, message: script({ text }), idempotencyKey: key() })
      await admin.ended(runId)
      return runId as string
    }
    await client.call('node.event', { event: 'chat.subscribe', payloadJSON: JSON.stringify({ sessionKey }) })
    const heard = await send('for both')
    expect(await client.ended(heard)).toMatchObject({ state: 'final', sessionKey })
    expect(client.frames.find((frame) => frame.event === 'chat')!.seq).toBeUndefined()
    await client.call('node.event', { event: 'chat.unsubscribe', payload: { sessionKey } })
    const unheard = await send('for one')
    expect(client.events('chat').filter((payload) => payload.runId === unheard)).toEqual([])
    expect(await client.call('node.event', { event: 'chat.subscribe', payload: {} })).toMatchObject({ handled: false, reason: 'invalid_payload' })
  })

  // --- what waits for a node ---

  it('keeps requests for a node until it looks, the most urgent first', async () => {
    const { admin, id, device, client } = await approvedNode(at, get)
    client.close()
    const enqueue = (params: Data) => admin.call('node.pending.enqueue', { nodeId: id, ...params })
    const first = await enqueue({ type: 'status.request' })
    expect(first).toMatchObject({ nodeId: id, revision: 1, queued: { type: 'status.request', priority: 'normal' }, wakeTriggered: false })
    expect(await enqueue({ type: 'status.request' })).toEqual(first)
    const urgent = await enqueue({ type: 'location.request', priority: 'high', expiresInMs: 60_000 })
    const { client: again } = await connectNode(at, get, { device })
    expect(await again.call('node.pending.drain', { maxItems: 1 })).toMatchObject({ items: [{ id: urgent.queued.id, priority: 'high' }], hasMore: true })
    expect(await again.call('node.pending.drain', {})).toMatchObject({ items: [{ id: first.queued.id }], hasMore: false })
    const { items } = await again.call('node.pending.drain', {})
    expect(items).toMatchObject([{ id: 'baseline-status', type: 'status.request', priority: 'default', expiresAtMs: null }])
  })

  it('forgets requests that are too old', async () => {
    const { admin, id, client } = await approvedNode(at, get)
    await admin.call('node.pending.enqueue', { nodeId: id, type: 'location.request', expiresInMs: 1000 })
    await new Promise((resolve) => setTimeout(resolve, 1100))
    const { items } = await client.call('node.pending.drain', {})
    expect(items.map((item: Data) => item.type)).toEqual(['status.request'])
  })

  it('refuses requests for nobody, and of nothing that it knows', async () => {
    const { admin, id, client } = await approvedNode(at, get)
    expect((await admin.request('node.pending.enqueue', { nodeId: 'nobody', type: 'status.request' })).error!.message).toBe('unknown nodeId')
    expect((await admin.request('node.pending.enqueue', { nodeId: id, type: 'other' })).error!.message).toContain('at /type')
    expect((await admin.request('node.pending.enqueue', { nodeId: id, type: 'status.request', expiresInMs: 1 })).error!.message).toContain('at /expiresInMs')
    expect((await client.request('node.pending.drain', { maxItems: 11 })).error!.message).toContain('at /maxItems')
    expect((await client.request('node.pending.ack', { ids: [] })).error!.message).toContain('at /ids')
    expect((await client.request('node.pending.pull', { x: 1 })).error!.message).toContain("unexpected property 'x'")
  })

  it('keeps what an app cannot do in the background until it pulls that', async () => {
    const { admin, id, client, answer } = await approvedNode(at, get, {
      client: { id: 'openclaw-ios', platform: 'iOS 18.2', deviceFamily: 'iPhone' },
      commands: ['talk.ptt.start', 'location.get'],
    })
    const background = { ok: false, error: { code: 'NODE_BACKGROUND_UNAVAILABLE', message: 'in the background' } }
    const [{ error }] = await Promise.all([invoke(admin, id, 'talk.ptt.start', { params: { a: 1 } }), answer(background)])
    expect(error).toMatchObject({ code: 'UNAVAILABLE', details: { code: 'QUEUED_UNTIL_FOREGROUND', command: 'talk.ptt.start' } })
    const { queuedActionId } = error!.details
    const waiting = { id: queuedActionId, command: 'talk.ptt.start', paramsJSON: '{"a":1}' }
    expect(await client.call('node.pending.pull', {})).toMatchObject({ nodeId: id, actions: [waiting] })
    expect(await client.call('node.pending.pull', {})).toMatchObject({ actions: [waiting] })
    expect(await client.call('node.pending.ack', { ids: [queuedActionId] })).toEqual({ nodeId: id, ackedIds: [queuedActionId], remainingCount: 0 })
    expect(await client.call('node.pending.pull', {})).toMatchObject({ actions: [] })
    const [other] = await Promise.all([invoke(admin, id, 'location.get'), answer(background)])
    expect(other.error!.details).toMatchObject({ nodeError: { code: 'NODE_BACKGROUND_UNAVAILABLE' } })
  })

  // --- what nodes bring along ---

  it('keeps the tools of a node whose command was approved', async () => {
    const { admin, id, client } = await approvedNode(at, get)
    const tool = { pluginId: 'p', name: 'which', description: 'finds', command: 'system.which' }
    const { tools } = await client.call('node.pluginTools.update', { tools: [tool, { ...tool, name: 'other', command: 'nope.cmd' }, { pluginId: 'p', name: 'none', description: 'd' }] })
    expect(tools).toEqual([{ ...tool, parameters: { type: 'object', properties: {}, additionalProperties: true } }])
    expect((await listed(admin, id)).nodePluginTools).toEqual(tools)
    expect((await client.request('node.pluginTools.update', { tools: [{ ...tool, name: '1' }] })).error!.message).toContain('at /tools/0/name')
    client.close()
    await expect.poll(async () => (await listed(admin, id)).nodePluginTools).toBeUndefined()
  })

  it('keeps the skills of a node', async () => {
    const { id, client } = await approvedNode(at, get)
    const skill = { name: 'a-b', description: 'd', content: '---\nname: a-b\n---\nx' }
    expect(await client.call('node.skills.update', { skills: [skill, { ...skill, description: 'twice' }] })).toEqual({ nodeId: id, skills: [skill] })
    expect((await client.request('node.skills.update', { skills: [{ ...skill, name: 'A' }] })).error!.message).toContain('at /skills/0/name')
  })

  it('takes what a node can run, names programs, and knows of no surface that nobody offers', async () => {
    const { admin, id, client } = await approvedNode(at, get)
    expect(await client.call('node.runnerInventory.update', { protocolFeatures: ['a'], workerHost: { enabled: false } })).toEqual({ nodeId: id })
    expect(await admin.event('node.runnerInventory.changed', (payload) => payload.nodeId === id)).toEqual({ nodeId: id })
    expect((await client.request('node.runnerInventory.update', {})).error!.code).toBe('INVALID_REQUEST')
    expect((await client.call('skills.bins', {})).bins).toEqual(expect.any(Array))
    expect((await client.request('skills.bins', { x: 1 })).error!.message).toContain("unexpected property 'x'")
    expect((await client.request('node.pluginSurface.refresh', { surface: 'nope' })).error).toMatchObject({ code: 'UNAVAILABLE', message: 'nope plugin surface unavailable' })
    expect(await client.call('node.pluginSurface.refresh', { surface: 'canvas' })).toMatchObject({ surface: 'canvas', pluginSurfaceUrls: { canvas: expect.stringMatching(/^https?:\/\/[^/]+\/canvas-host\/[\w.-]{43,}\/$/) } })
  })

  it('tells nodes and operators apart', async () => {
    const { admin, client } = await approvedNode(at, get)
    for (const [method, params] of [['node.list', {}], ['node.pair.list', {}], ['node.invoke', {}], ['node.pending.enqueue', {}], ['device.pair.list', {}]] as const) {
      expect((await client.request(method, params)).error!.message, method).toBe('unauthorized role: node')
    }
    for (const method of ['node.event', 'node.invoke.result', 'node.invoke.progress', 'node.pending.pull', 'node.skills.update', 'skills.bins']) {
      expect((await admin.request(method, {})).error!.message, method).toBe('unauthorized role: operator')
    }
  })

  it('shows a node in the presence list while it is there', async () => {
    const { client: admin } = await at.join()
    const { id, client } = await connectNode(at, get)
    const shown = async () => (await admin.call('system-presence', {})).some((entry: Data) => entry.deviceId === id)
    expect(await shown()).toBe(true)
    client.close()
    await expect.poll(shown).toBe(false)
  })
}
