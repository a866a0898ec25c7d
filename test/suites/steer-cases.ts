// Messages for a session in which a run goes on.

import { expect, it } from 'vitest'
import type { Client, Data } from '../harness/client.ts'
import { freshKey, script, textIn, type Reach, type Target } from './target.ts'

const history = async (client: Client, sessionKey: string): Promise<Data[]> => (await client.call('chat.history', { sessionKey })).messages

interface Said {
  readonly sessionKey: string
  readonly message: string
  readonly queueMode?: string
}

async function send(client: Client, said: Said): Promise<string> {
  const idempotencyKey = crypto.randomUUID()
  await client.call('chat.send', { ...said, idempotencyKey })
  return idempotencyKey
}

/** A run that takes a moment, calls a tool, and goes on. */
const twoSteps = (text: string): string => script({ text }, { delayMs: 400 }, { tool: { name: 'gateway_status' } }, { text: ' not steered' })

const rolesOf = (messages: readonly Data[]): string[] => messages.map(({ role }) => role)

export function steerCases(at: Reach, get: () => Target): void {
  it('reaches the run that goes on between two steps, by default', async () => {
    const { client } = await at.join()
    const sessionKey = freshKey()
    const host = await send(client, { sessionKey, message: twoSteps('begun') })
    const joined = await send(client, { sessionKey, message: script({ text: 'turned' }) })
    expect(await client.ended(joined)).toEqual(expect.objectContaining({ state: 'final', stopReason: 'joined', runId: joined }))
    const final = await client.ended(host)
    expect(textIn(final.message)).toBe('begun\n\nturned')
    const messages = await history(client, sessionKey)
    expect(rolesOf(messages)).toEqual(['user', 'assistant', 'toolResult', 'user', 'assistant'])
    expect(messages[3]).toMatchObject({ idempotencyKey: `${joined}:user`, __openclaw: { runId: joined } })
    expect(messages[4].__openclaw.runId).toBe(host)
    expect(await client.call('agent.wait', { runId: joined, timeoutMs: 100 })).toMatchObject({ status: 'ok', terminalReply: { disposition: 'empty' } })
    expect(await client.call('chat.send', { sessionKey, message: script({ text: 'turned' }), idempotencyKey: joined })).toMatchObject({ status: 'ok' })
  })

  it('is answered in its turn when the run has no further step', async () => {
    const { client } = await at.join()
    const sessionKey = freshKey()
    const first = await send(client, { sessionKey, message: script({ text: 'one' }, { delayMs: 200 }) })
    const second = await send(client, { sessionKey, message: script({ text: 'two' }) })
    expect(textIn((await client.ended(second)).message)).toBe('two')
    expect(await client.ended(first)).toMatchObject({ state: 'final', stopReason: 'stop' })
    expect(rolesOf(await history(client, sessionKey))).toEqual(['user', 'assistant', 'user', 'assistant'])
  })

  it('is told to a model behind the results of its tools', async () => {
    const { client } = await at.join()
    const [sessionKey, model] = [freshKey(), `steer-${crypto.randomUUID()}`]
    const requests: Data[] = []
    const steered = Promise.withResolvers<void>()
    get().upstream.on(model, async ({ body, answer }) => {
      requests.push(body)
      if (requests.length > 1) return answer('as you say')
      await steered.promise
      answer('', { finish: 'tool_calls', toolCalls: [{ index: 0, id: 'call_1', type: 'function', function: { name: 'gateway_status', arguments: '{}' } }] })
    })
    await client.call('sessions.create', { key: sessionKey, model: `mock/${model}` })
    const host = await send(client, { sessionKey, message: 'look' })
    await send(client, { sessionKey, message: 'not there, here' })
    steered.resolve()
    await client.ended(host)
    expect(requests[1].messages.slice(1).map(({ role }: Data) => role)).toEqual(['user', 'assistant', 'tool', 'user'])
    expect(requests[1].messages.at(-1).content).toBe('not there, here')
  })

  it('waits for its turn with followup', async () => {
    const { client } = await at.join()
    const sessionKey = freshKey()
    const first = await send(client, { sessionKey, message: twoSteps('begun') })
    const second = await send(client, { sessionKey, message: script({ text: 'after it' }), queueMode: 'followup' })
    expect(textIn((await client.ended(first)).message)).toBe('begun\n\n not steered')
    expect(textIn((await client.ended(second)).message)).toBe('after it')
  })

  it('is answered together with others with collect', async () => {
    const { client } = await at.join()
    const sessionKey = freshKey()
    const first = await send(client, { sessionKey, message: script({ text: 'one' }, { delayMs: 300 }) })
    const collected = [
      await send(client, { sessionKey, message: 'aside', queueMode: 'collect' }),
      await send(client, { sessionKey, message: script({ text: 'to all of it' }), queueMode: 'collect' }),
    ]
    expect(textIn((await client.ended(collected[0]!)).message)).toBe('to all of it')
    expect(await client.ended(collected[1]!)).toMatchObject({ state: 'final', stopReason: 'joined' })
    await client.ended(first)
    expect(rolesOf(await history(client, sessionKey))).toEqual(['user', 'assistant', 'user', 'user', 'assistant'])
  })

  it('ends what goes on with interrupt, and says so', async () => {
    const { client } = await at.join()
    const sessionKey = freshKey()
    const first = await send(client, { sessionKey, message: script({ text: 'for ever' }, { hang: true }) })
    const idempotencyKey = crypto.randomUUID()
    const answer = await client.call('chat.send', { sessionKey, message: script({ text: 'now' }), idempotencyKey, queueMode: 'interrupt' })
    expect(answer).toEqual({ runId: idempotencyKey, status: 'started', interruptedActiveRun: true })
    expect(await client.ended(first)).toMatchObject({ state: 'aborted', stopReason: 'interrupt' })
    expect(textIn((await client.ended(idempotencyKey)).message)).toBe('now')
  })

  it('does not lend the rights of a run to who may less', async () => {
    const admin = (await at.join()).client
    const writer = (await at.join({ scopes: ['operator.read', 'operator.write'] })).client
    const sessionKey = freshKey()
    const host = await send(admin, { sessionKey, message: twoSteps('begun') })
    const other = await send(writer, { sessionKey, message: script({ text: 'on my own' }) })
    expect(textIn((await admin.ended(host)).message)).toBe('begun\n\n not steered')
    expect(textIn((await writer.ended(other)).message)).toBe('on my own')
  })

  it('turns a session to something else with sessions.steer', async () => {
    const { client } = await at.join()
    await client.call('sessions.subscribe', {})
    const key = freshKey()
    const first = await send(client, { sessionKey: key, message: script({ text: 'for ever' }, { hang: true }) })
    const steered = await client.call('sessions.steer', { key, message: script({ text: 'instead' }) })
    expect(steered).toEqual({ runId: expect.any(String), status: 'started', interruptedActiveRun: true })
    expect(await client.ended(first)).toMatchObject({ state: 'aborted' })
    expect(textIn((await client.ended(steered.runId)).message)).toBe('instead')
    expect(await client.event('sessions.changed', (payload) => payload.reason === 'steer')).toMatchObject({ sessionKey: key })
    const idle = await client.call('sessions.steer', { key, message: script({ text: 'again' }), idempotencyKey: crypto.randomUUID() })
    expect(idle).toEqual({ runId: expect.any(String), status: 'started' })
  })

  it('refuses to steer what is not there', async () => {
    const { client } = await at.join()
    const refused = async (params: Data) => (await client.request('sessions.steer', params)).error!
    expect(await refused({ message: 'x' })).toMatchObject({ message: 'session mutation target is unavailable', details: { method: 'sessions.steer' } })
    expect((await refused({ key: 'agent:main:nowhere', message: 'x' })).message).toBe('session not found: agent:main:nowhere')
    expect((await refused({ key: 'x', message: 'x', more: 1 })).message).toContain("unexpected property 'more'")
    const reader = (await at.join({ scopes: ['operator.read'] })).client
    expect((await reader.request('sessions.steer', { key: 'x', message: 'x' })).error!.message).toBe('missing scope: operator.write')
  })
}
