// What wakes an agent: system events and heartbeats.

import { expect, it } from 'vitest'
import type { Client, Data } from '../harness/client.ts'
import { freshKey, script, textIn, type Reach } from './target.ts'

const said = () => `something happened ${crypto.randomUUID()}`
const beat = (client: Client): Promise<Data> => client.event('heartbeat')

async function talk(client: Client, sessionKey: string): Promise<Data[]> {
  const sent = { sessionKey, message: script({ text: 'heard' }), idempotencyKey: freshKey() }
  await client.call('chat.send', sent)
  await client.ended(sent.idempotencyKey)
  return (await client.call('chat.history', { sessionKey })).messages
}

export function heartbeatCases(at: Reach): void {
  it('a system event is heard at the next turn, once', async () => {
    const { client } = await at.join()
    const [sessionKey, text] = [freshKey(), said()]
    expect(await client.call('system-event', { text, sessionKey })).toEqual({ ok: true })
    const messages = await talk(client, sessionKey)
    expect(messages.map(({ role }) => role)).toEqual(['system', 'user', 'assistant'])
    expect(textIn(messages[0])).toContain(text)
    expect(messages[0].__openclaw).toMatchObject({ kind: 'system-event' })
    expect(JSON.stringify(await talk(client, sessionKey)).split(text)).toHaveLength(2)
  })

  it('status tells of events that wait', async () => {
    const { client } = await at.join()
    const [sessionKey, text] = [freshKey(), said()]
    await client.call('system-event', { text, sessionKey })
    await client.call('system-event', { text, sessionKey })
    const waiting = async () => (await client.call('status', {})).queuedSystemEvents.filter((each: string) => each === text).length
    expect(await waiting()).toBe(1)
    await talk(client, sessionKey)
    expect(await waiting()).toBe(0)
  })

  it('system-event accepts what devices say beside, and refuses the rest', async () => {
    const { client } = await at.join()
    const sessionKey = freshKey()
    const facts = { deviceId: 'd', instanceId: 'i', host: 'h', ip: '::1', mode: 'ui', version: '1', platform: 'p', deviceFamily: 'f', modelIdentifier: 'm', lastInputSeconds: 3, reason: 'r', roles: ['a'], scopes: ['b'], tags: ['c'] }
    expect(await client.call('system-event', { text: said(), sessionKey, ...facts })).toEqual({ ok: true })
    const refusal = async (params: unknown) => (await client.request('system-event', params)).error!.message
    expect(await refusal({})).toBe("invalid system-event params: must have required property 'text'")
    expect(await refusal({ text: '  ' })).toBe('text required')
    expect(await refusal({ text: 'x', zork: 1 })).toBe("invalid system-event params: at root: unexpected property 'zork'")
    expect(await refusal({ text: 'x', sessionKey: 'agent:nobody:x' })).toContain('no longer exists')
    expect(await refusal({ text: 'x'.repeat(16_001), sessionKey })).toContain('at most 16000')
  })

  it('wake queues an event, and waits for the next turn', async () => {
    const { client } = await at.join()
    const [sessionKey, text] = [freshKey(), said()]
    expect(await client.call('wake', { mode: 'next-heartbeat', text, sessionKey, anything: 'else' })).toEqual({ ok: true })
    expect(textIn((await talk(client, sessionKey))[0])).toContain(text)
    expect(client.events('heartbeat')).toEqual([])
  })

  it('wake asks the agent at once, and tells what came of it', async () => {
    const { client } = await at.join()
    const [sessionKey, text] = [freshKey('second'), said()]
    expect(await client.call('wake', { mode: 'now', text, sessionKey })).toEqual({ ok: true })
    const told = await beat(client)
    expect(told).toMatchObject({ status: 'ok-token', preview: 'HEARTBEAT_OK', hasMedia: false, ts: expect.any(Number), durationMs: expect.any(Number) })
    const { messages } = await client.call('chat.history', { sessionKey })
    expect(messages.map(textIn)).toEqual([expect.stringContaining(text)])
    expect(client.events('chat')).toEqual([])
    expect(client.events('agent').filter(({ sessionKey: key }) => key === sessionKey).every(({ isHeartbeat }) => isHeartbeat === true)).toBe(true)
    expect((await client.call('last-heartbeat', {})).ts).toBeGreaterThanOrEqual(told.ts)
  })

  it('wake refuses what it cannot do', async () => {
    const { client } = await at.join()
    expect(await client.call('wake', { mode: 'now', text: ' ' })).toEqual({ ok: false })
    const refusal = async (params: unknown) => (await client.request('wake', params)).error!
    expect((await refusal({ mode: 'now' })).message).toBe("invalid wake params: must have required property 'text'")
    expect((await refusal({ mode: 'soon', text: 'x' })).code).toBe('INVALID_REQUEST')
    expect((await refusal({ mode: 'now', text: 'x', agentId: 'nobody' })).message).toContain('unknown agent id "nobody"')
    expect((await refusal({ mode: 'now', text: 'x', sessionKey: 'agent:nobody:x' })).message).toContain('no longer exists')
  })

  it('heartbeats can be switched off: then nothing wakes an agent, and events wait', async () => {
    const { client } = await at.join()
    const [sessionKey, text] = [freshKey(), said()]
    expect(await client.call('set-heartbeats', { enabled: false })).toEqual({ ok: true, enabled: false })
    try {
      const { heartbeat } = await client.call('status', {})
      expect(heartbeat.agents.every(({ enabled }: Data) => enabled === false)).toBe(true)
      expect(await client.call('wake', { mode: 'now', text, sessionKey })).toEqual({ ok: true })
      expect((await client.call('status', {})).queuedSystemEvents).toContain(text)
      expect(client.events('heartbeat')).toEqual([])
    } finally {
      expect(await client.call('set-heartbeats', { enabled: true })).toEqual({ ok: true, enabled: true })
    }
    await talk(client, sessionKey)
    expect((await client.request('set-heartbeats', {})).error!.message).toContain('invalid set-heartbeats params')
    expect((await client.request('set-heartbeats', { enabled: 'yes' })).error!.code).toBe('INVALID_REQUEST')
  })

  it('health and status say how heartbeats are set', async () => {
    const { client } = await at.join()
    const health = await client.call('health', {})
    const main = health.agents.find(({ agentId }: Data) => agentId === 'main').heartbeat
    expect(main).toMatchObject({ enabled: false, every: 'disabled', everyMs: null, target: 'owner', ackMaxChars: 300, prompt: expect.stringContaining('HEARTBEAT_OK') })
    expect(health.heartbeatSeconds).toBe(0)
    expect((await client.call('status', {})).heartbeat).toMatchObject({ defaultAgentId: 'main', agents: [{ agentId: 'main', enabled: false, every: 'disabled', everyMs: null }, { agentId: 'second' }, { agentId: 'fallback' }] })
  })

  it('needs the scopes that are published', async () => {
    const reader = (await at.join({ scopes: ['operator.read'] })).client
    const writer = (await at.join({ scopes: ['operator.write'] })).client
    const missing = async (client: Client, method: string, params: unknown) => (await client.request(method, params)).error?.details.missingScope
    expect(await missing(reader, 'wake', { mode: 'now', text: 'x' })).toBe('operator.write')
    expect(await missing(writer, 'system-event', { text: 'x' })).toBe('operator.admin')
    expect(await missing(writer, 'set-heartbeats', { enabled: true })).toBe('operator.admin')
    expect((await reader.request('last-heartbeat', {})).ok).toBe(true)
    expect((await writer.request('wake', { mode: 'next-heartbeat', text: said(), sessionKey: freshKey() })).ok).toBe(true)
  })
}
