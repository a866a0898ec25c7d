// Runs: accepted once, streamed exactly, ended once.

import { expect, it } from 'vitest'
import type { Client, Data } from '../harness/client.ts'
import { freshKey, script, textIn, type Reach } from './target.ts'

interface Sent {
  readonly sessionKey: string
  readonly message: string
  readonly idempotencyKey: string
}

const message = (text: string, more: Partial<Sent> = {}): Sent => ({
  sessionKey: freshKey(),
  message: text,
  idempotencyKey: crypto.randomUUID(),
  ...more,
})

const history = async (client: Client, sessionKey: string): Promise<Data[]> => (await client.call('chat.history', { sessionKey })).messages

const deltasOf = (client: Client, runId: string): string =>
  client
    .events('chat')
    .filter((payload) => payload.runId === runId && payload.state === 'delta')
    .map((payload) => payload.deltaText as string)
    .join('')

export function chatCases(at: Reach): void {
  it('accepts, streams and ends a run; both sides are in the history', async () => {
    const { client } = await at.join()
    const sent = message(script({ text: 'one ' }, { delayMs: 5 }, { text: 'two ' }, { text: 'three', delayMs: 5 }))
    expect(await client.call('chat.send', sent)).toEqual({ runId: sent.idempotencyKey, status: 'started' })
    const final = await client.ended(sent.idempotencyKey)
    expect(final).toMatchObject({ state: 'final', sessionKey: sent.sessionKey, agentId: 'main', stopReason: 'stop' })
    expect(textIn(final.message)).toBe('one two three')
    expect(deltasOf(client, sent.idempotencyKey)).toBe('one two three')
    const [asked, answered] = await history(client, sent.sessionKey)
    expect(asked).toMatchObject({ role: 'user', content: sent.message, idempotencyKey: `${sent.idempotencyKey}:user` })
    expect(answered).toMatchObject({ role: 'assistant', stopReason: 'stop', provider: 'builtin', model: 'operator' })
    expect(textIn(answered)).toBe('one two three')
    expect([asked, answered].map((each) => each.__openclaw.seq)).toEqual([1, 2])
  })

  it('tells the course of a run step by step', async () => {
    const { client } = await at.join()
    const sent = message(script({ text: 'hello' }))
    await client.call('chat.send', sent)
    await client.ended(sent.idempotencyKey)
    const own = client.events('agent').filter((payload) => payload.runId === sent.idempotencyKey)
    const phases = own.filter((payload) => payload.stream === 'lifecycle').map((payload) => payload.data.phase)
    expect(phases).toEqual(['start', 'model', 'end'])
    expect(own.find((payload) => payload.stream === 'assistant').data).toMatchObject({ text: 'hello', delta: 'hello' })
    const numbers = own.map((payload) => payload.seq as number)
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b))
  })

  it('runs the same key once, however often and from wherever it is sent', async () => {
    const [one, two] = [(await at.join()).client, (await at.join()).client]
    const sent = message(script({ text: 'once', delayMs: 50 }))
    const answers = await Promise.all([one.call('chat.send', sent), two.call('chat.send', sent), one.call('chat.send', sent)])
    expect(answers.map((answer) => answer.status).toSorted()).toEqual(['in_flight', 'in_flight', 'started'])
    await one.ended(sent.idempotencyKey)
    expect(await two.call('chat.send', sent)).toEqual({ runId: sent.idempotencyKey, status: 'ok' })
    expect(await history(one, sent.sessionKey)).toHaveLength(2)
  })

  it('refuses the same key for another message', async () => {
    const { client } = await at.join()
    const sent = message(script({ text: 'one' }))
    await client.call('chat.send', sent)
    const { error } = await client.request('chat.send', { ...sent, message: 'another' })
    expect(error).toMatchObject({ code: 'INVALID_REQUEST', details: { code: 'IDEMPOTENCY_CONFLICT', reason: 'chat-request-conflict' } })
  })

  it('keeps what was said when a run is aborted', async () => {
    const { client } = await at.join()
    const sent = message(script({ text: 'kept' }, { hang: true }))
    await client.call('chat.send', sent)
    await client.event('chat', (payload) => payload.runId === sent.idempotencyKey && payload.state === 'delta')
    expect(await client.call('chat.abort', { sessionKey: sent.sessionKey })).toEqual({ ok: true, aborted: true, runIds: [sent.idempotencyKey] })
    const end = await client.ended(sent.idempotencyKey)
    expect(end).toMatchObject({ state: 'aborted', stopReason: 'rpc' })
    expect(textIn(end.message)).toBe('kept')
    const [, kept] = await history(client, sent.sessionKey)
    expect(textIn(kept)).toBe('kept')
    expect(kept.openclawAbort).toMatchObject({ aborted: true, origin: 'rpc', runId: sent.idempotencyKey })
    expect(await client.call('chat.abort', { sessionKey: sent.sessionKey })).toEqual({ ok: true, aborted: false, runIds: [] })
  })

  it('stops by /stop as by chat.abort', async () => {
    const { client } = await at.join()
    const sent = message(script({ text: 'x' }, { hang: true }))
    await client.call('chat.send', sent)
    await client.event('chat', (payload) => payload.runId === sent.idempotencyKey && payload.state === 'delta')
    const stop = { sessionKey: sent.sessionKey, message: '/stop', idempotencyKey: crypto.randomUUID() }
    expect(await client.call('chat.send', stop)).toMatchObject({ ok: true, aborted: true, runIds: [sent.idempotencyKey] })
  })

  it('queues the runs of one session, in order', async () => {
    const { client } = await at.join()
    const sessionKey = freshKey()
    const runs = ['a', 'b', 'c'].map((text) => message(script({ text, delayMs: 400 }), { sessionKey }))
    for (const run of runs) await client.call('chat.send', run)
    const { pendingInputs } = await client.call('chat.history', { sessionKey })
    expect(pendingInputs.items.map((item: Data) => item.runId)).toEqual(runs.slice(1).map((run) => run.idempotencyKey))
    await Promise.all(runs.map((run) => client.ended(run.idempotencyKey)))
    const said = (await history(client, sessionKey)).map((each) => (each.role === 'user' ? 'user' : textIn(each)))
    expect(said).toEqual(['user', 'a', 'user', 'b', 'user', 'c'])
  })

  it('runs different sessions side by side', async () => {
    const { client } = await at.join()
    const held = message(script({ hang: true }))
    await client.call('chat.send', held)
    const free = message(script({ text: 'free' }))
    await client.call('chat.send', free)
    expect(await client.ended(free.idempotencyKey)).toMatchObject({ state: 'final' })
    await client.call('chat.abort', { sessionKey: held.sessionKey })
  })

  it('aborts a run that waits in the queue, without running it', async () => {
    const { client } = await at.join()
    const sessionKey = freshKey()
    const [first, second] = [message(script({ hang: true }), { sessionKey }), message(script({ text: 'never' }), { sessionKey })]
    await client.call('chat.send', first)
    await client.call('chat.send', second)
    expect(await client.call('chat.abort', { sessionKey, runId: second.idempotencyKey })).toMatchObject({ aborted: true, runIds: [second.idempotencyKey] })
    expect(await client.ended(second.idempotencyKey)).toMatchObject({ state: 'aborted' })
    await client.call('chat.abort', { sessionKey })
    expect((await history(client, sessionKey)).filter((each) => each.role === 'assistant')).toEqual([])
  })

  it('tells of a failed run, and keeps what it said', async () => {
    const { client } = await at.join()
    const sent = message(script({ text: 'before' }, { error: { message: 'the provider is on fire', kind: 'rate_limit', status: 429 } }))
    await client.call('chat.send', sent)
    const end = await client.ended(sent.idempotencyKey)
    expect(end).toMatchObject({
      state: 'error',
      errorMessage: 'the provider is on fire',
      errorKind: 'rate_limit',
      errorDetail: { provider: 'builtin', model: 'operator', httpStatus: 429 },
    })
    const [, kept] = await history(client, sent.sessionKey)
    expect(kept).toMatchObject({ role: 'assistant', errorMessage: 'the provider is on fire' })
    expect(textIn(kept)).toBe('before')
    expect(await client.call('chat.send', sent)).toMatchObject({ status: 'error' })
  })

  it('ends a run at its time limit', async () => {
    const { client } = await at.join()
    const sent = message(script({ text: 'slow' }, { hang: true }))
    await client.call('chat.send', { ...sent, timeoutMs: 100 })
    expect(await client.ended(sent.idempotencyKey)).toMatchObject({ state: 'error', stopReason: 'timeout', errorKind: 'timeout' })
  })

  it('goes through the tools of the gateway', async () => {
    const { client } = await at.join({ more: { caps: ['tool-events'] } })
    const sent = message('/tool {"name":"sessions_list","arguments":{"limit":3}}')
    await client.call('chat.send', sent)
    const final = await client.ended(sent.idempotencyKey)
    expect(textIn(final.message)).toMatch(/^There are \d+ sessions\./)
    const tools = client.events('agent').filter((payload) => payload.runId === sent.idempotencyKey && payload.stream === 'tool')
    expect(tools.map((payload) => payload.data)).toMatchObject([
      { phase: 'start', name: 'sessions_list', args: { limit: 3 } },
      { phase: 'result', name: 'sessions_list', isError: false },
    ])
    const roles = (await history(client, sent.sessionKey)).map((each) => each.role)
    expect(roles).toEqual(['user', 'assistant', 'toolResult', 'assistant'])
  })

  it('shows the model what a tool refused', async () => {
    const { client } = await at.join()
    const sent = message('/tool {"name":"sessions_list","arguments":{"limit":"many"}}')
    await client.call('chat.send', sent)
    const final = await client.ended(sent.idempotencyKey)
    expect(textIn(final.message)).toContain('invalid sessions_list arguments: at /limit: must be')
  })

  it('gives a run no tools that its sender may not use', async () => {
    const { client } = await at.join({ scopes: ['operator.read', 'operator.write'] })
    const sent = message(script({ tool: { name: 'no_such_tool' } }, { text: 'done' }))
    await client.call('chat.send', sent)
    await client.ended(sent.idempotencyKey)
    const result = (await history(client, sent.sessionKey)).find((each) => each.role === 'toolResult')
    expect(result.isError).toBe(true)
    expect(textIn(result)).toContain('there is no tool "no_such_tool"')
  })

  it('does not tell tool steps to clients that did not ask for them', async () => {
    const { client } = await at.join()
    const sent = message('status')
    await client.call('chat.send', sent)
    await client.ended(sent.idempotencyKey)
    expect(client.events('agent').filter((payload) => payload.stream === 'tool' || payload.stream === 'item')).toEqual([])
  })

  it('says that the built-in model is none, and how to add one', async () => {
    const { client } = await at.join()
    const sent = message('What is the meaning of life?')
    await client.call('chat.send', sent)
    const { message: said } = await client.ended(sent.idempotencyKey)
    expect(textIn(said)).toContain('not a language model')
    expect(textIn(said)).toContain('OPENAI_API_KEY')
    expect(deltasOf(client, sent.idempotencyKey)).toBe(textIn(said))
  })

  it('refuses what is no message', async () => {
    const { client } = await at.join()
    expect((await client.request('chat.send', message(''))).error!.message).toBe('message or attachment required')
    expect((await client.request('chat.send', message('hi', { sessionKey: 'agent:nobody:x' }))).error!.message).toContain('Agent "nobody" no longer exists')
    expect((await client.request('chat.send', { message: 'hi', idempotencyKey: 'x' })).error).toMatchObject({
      message: 'session mutation target is unavailable',
      details: { code: 'SESSION_MUTATION_TARGET_REQUIRED', method: 'chat.send' },
    })
  })

  it('takes images, and refuses what is none', async () => {
    const { client } = await at.join()
    const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
    const sent = { ...message(script({ text: 'seen' })), attachments: [{ type: 'image', mimeType: 'image/png', content: png }] }
    await client.call('chat.send', sent)
    await client.ended(sent.idempotencyKey)
    const [asked] = await history(client, sent.sessionKey)
    expect(asked.content).toEqual([{ type: 'text', text: sent.message }, { type: 'image', mimeType: 'image/png', mediaId: expect.any(String), sizeBytes: 70 }])
    const text = { ...message('x'), attachments: [{ mimeType: 'text/plain', content: 'aGk=' }] }
    expect((await client.request('chat.send', text)).error!.message).toBe('attachments[0]: type "text/plain" is not supported: send PNG, JPEG, GIF or WebP')
    const broken = { ...message('x'), attachments: [{ mimeType: 'image/png', content: '***' }] }
    expect((await client.request('chat.send', broken)).error!.message).toBe('attachments[0]: content is not valid base64')
  })

  it('pages through a history, newest part first', async () => {
    const { client } = await at.join()
    const sessionKey = freshKey()
    await client.call('sessions.create', { key: sessionKey })
    for (let n = 1; n <= 7; n++) await client.call('chat.inject', { sessionKey, message: `message ${n}` })
    const texts = (page: Data) => page.messages.map(textIn)
    const first = await client.call('chat.history', { sessionKey, limit: 3 })
    expect(texts(first)).toEqual(['message 5', 'message 6', 'message 7'])
    expect(first).toMatchObject({ hasMore: true, totalMessages: 7 })
    const second = await client.call('chat.history', { sessionKey, limit: 3, offset: 3 })
    expect(texts(second)).toEqual(['message 2', 'message 3', 'message 4'])
    const last = await client.call('chat.history', { sessionKey, limit: 3, offset: 6 })
    expect(texts(last)).toEqual(['message 1'])
    expect(last.hasMore).toBe(false)
    expect(await client.call('chat.history', { sessionKey, limit: 3, offset: 7 })).toMatchObject({ messages: [], hasMore: false })
    const short = await client.call('chat.history', { sessionKey, limit: 1, maxChars: 4 })
    expect(textIn(short.messages[0])).toMatch(/^mess/)
    expect(textIn(short.messages[0]).length).toBeLessThan(30)
  })

  it('shows a client that comes later what is running', async () => {
    const { client } = await at.join()
    const sent = message(script({ text: 'so far' }, { hang: true }))
    await client.call('chat.send', sent)
    await client.event('chat', (payload) => payload.runId === sent.idempotencyKey && payload.state === 'delta')
    const { client: later } = await at.join()
    const startup = await later.call('chat.startup', { sessionKey: sent.sessionKey })
    expect(startup.inFlightRun).toEqual({ runId: sent.idempotencyKey, text: 'so far' })
    expect(startup.metadata.models.length).toBeGreaterThan(0)
    expect(startup.sessionInfo).toMatchObject({ hasActiveRun: true, activeRunIds: [sent.idempotencyKey], status: 'running' })
    await later.call('chat.abort', { sessionKey: sent.sessionKey })
  })

  it('answers for a session that does not exist yet', async () => {
    const { client } = await at.join()
    expect(await client.call('chat.history', { sessionKey: freshKey() })).toMatchObject({ messages: [], totalMessages: 0, sessionInfo: { updatedAt: null } })
  })

  it('injects a message, and tells everybody', async () => {
    const { client } = await at.join()
    const sessionKey = freshKey()
    expect((await client.request('chat.inject', { sessionKey, message: 'x' })).error!.message).toBe('session not found')
    await client.call('sessions.create', { key: sessionKey })
    const { messageId } = await client.call('chat.inject', { sessionKey, message: 'by hand', label: 'note' })
    const event = await client.event('chat', (payload) => payload.sessionKey === sessionKey)
    expect(event).toMatchObject({ state: 'final', runId: `inject-${messageId}`, seq: 0 })
    const [injected] = await history(client, sessionKey)
    expect(textIn(injected)).toBe('[note]\n\nby hand')
    expect(injected.__openclaw.id).toBe(messageId)
  })

  it('runs an agent with two answers under one id', async () => {
    const { client } = await at.join()
    const params = { message: script({ text: 'done' }), sessionKey: freshKey(), idempotencyKey: crypto.randomUUID() }
    const accepted = await client.request('agent', params)
    expect(accepted.payload).toMatchObject({ status: 'accepted', runId: params.idempotencyKey, sessionKey: params.sessionKey })
    const second = await client.next((frame) => frame.id === accepted.id && frame !== accepted)
    expect(second.payload).toMatchObject({ status: 'ok', summary: 'completed', result: { payloads: [{ text: 'done', mediaUrl: null }], meta: { aborted: false } } })
    const again = await client.call('agent', params)
    expect(again).toMatchObject({ status: 'ok', runId: params.idempotencyKey })
  })

  it('runs a model without an agent', async () => {
    const { client } = await at.join()
    const ask = { message: 'status', modelRun: true, promptMode: 'none', sessionKey: freshKey(), idempotencyKey: crypto.randomUUID() }
    const accepted = await client.request('agent', ask)
    const second = await client.next((frame) => frame.id === accepted.id && frame !== accepted)
    expect(second.payload.result.payloads[0].text).toContain('not a language model') // it has no tools to look with
    const { sessionKey } = ask
    const late = await client.request('agent', { message: 'x', sessionKey, expectedExistingSessionId: 'another', idempotencyKey: crypto.randomUUID() })
    expect(late.error!.details).toMatchObject({ code: 'SESSION_CHANGED' })
  })

  it('fails the second answer of an agent whose run failed', async () => {
    const { client } = await at.join()
    const accepted = await client.request('agent', {
      message: script({ error: { message: 'no', kind: 'auth' } }),
      sessionKey: freshKey(),
      idempotencyKey: crypto.randomUUID(),
    })
    const second = await client.next((frame) => frame.id === accepted.id && frame !== accepted)
    expect(second.error).toMatchObject({ code: 'UNAVAILABLE', message: 'no' })
    expect((await client.request('agent', { message: 'x', agentId: 'nobody', idempotencyKey: 'x' })).error!.message).toContain('unknown agent id "nobody"')
  })

  it('waits for a run, also for one that is sent only later', async () => {
    const { client } = await at.join()
    const sent = message(script({ text: 'late' }))
    const waiting = client.call('agent.wait', { runId: sent.idempotencyKey, timeoutMs: 10_000 })
    await client.call('chat.send', sent)
    expect(await waiting).toMatchObject({ status: 'ok', terminalReply: { disposition: 'visible', text: 'late' } })
    expect(await client.call('agent.wait', { runId: sent.idempotencyKey })).toMatchObject({ status: 'ok' })
    expect(await client.call('agent.wait', { runId: 'never', timeoutMs: 50 })).toEqual({ runId: 'never', status: 'timeout' })
  })

  it('streams a long answer exactly', async () => {
    const { client } = await at.join()
    const sent = message(script({ text: 'déjà vu 🦀 ', times: 3000 }))
    await client.call('chat.send', sent)
    const { message: said } = await client.ended(sent.idempotencyKey)
    expect(textIn(said)).toBe('déjà vu 🦀 '.repeat(3000))
    expect(deltasOf(client, sent.idempotencyKey)).toBe('déjà vu 🦀 '.repeat(3000))
  })
}
