// The methods that tell about the gateway.

import { expect, it } from 'vitest'
import type { Reach, Target } from './target.ts'

export function methodCases(at: Reach, get: () => Target): void {
  it('health', async () => {
    const { client } = await at.join()
    const health = await client.call('health')
    expect(health).toMatchObject({ ok: true, defaultAgentId: 'main', agents: [{ agentId: 'main', isDefault: true }, { agentId: 'second' }, { agentId: 'fallback' }] })
    expect(health.sessions.count).toBeGreaterThanOrEqual(0)
  })

  it('status', async () => {
    const { client, hello } = await at.join()
    const status = await client.call('status', {})
    expect(status).toMatchObject({ runtimeVersion: hello.server.version, sessions: { defaults: { modelProvider: 'builtin', model: 'operator' } } })
    expect(status.connections).toBeGreaterThan(0)
  })

  it('system-presence', async () => {
    const { client, hello } = await at.join()
    const rows = await client.call('system-presence')
    expect(rows[0]).toMatchObject({ mode: 'gateway', version: hello.server.version })
  })

  it('system.info, where the runtime can tell', async () => {
    const { client, hello } = await at.join()
    const { ok, payload, error } = await client.request('system.info', {})
    expect(hello.features.methods.includes('system.info')).toBe(get().machine)
    if (get().machine) {
      expect(payload.cpuCount).toBeGreaterThan(0)
      expect(payload.memoryTotalBytes).toBeGreaterThan(payload.memoryFreeBytes)
    } else {
      expect(ok).toBe(false)
      expect(error).toMatchObject({ code: 'UNAVAILABLE', details: { code: 'ABILITY_MISSING', missing: ['system'] } })
    }
  })

  it('gateway.identity.get: the same for everybody', async () => {
    const [one, two] = await Promise.all([at.join(), at.join()])
    const identity = await one.client.call('gateway.identity.get', {})
    expect(identity.deviceId).toMatch(/^[0-9a-f]{64}$/)
    expect(await two.client.call('gateway.identity.get', {})).toEqual(identity)
  })

  it('logs.tail: from the beginning, from a cursor, and from one that never was', async () => {
    const { client } = await at.join()
    const first = await client.call('logs.tail', {})
    expect(first.lines.length).toBeGreaterThan(0)
    expect(JSON.parse(first.lines[0])).toMatchObject({ level: 'info', subsystem: expect.any(String), time: expect.any(String) })
    const refused = await at.open()
    await refused.request('health')
    const next = await client.call('logs.tail', { cursor: first.cursor })
    expect(next.lines.every((line: string) => !first.lines.includes(line))).toBe(true)
    expect(next.lines.join()).toContain('first request must be connect')
    expect(await client.call('logs.tail', { cursor: 1e12, limit: 1 })).toMatchObject({ reset: true })
  })

  it('config.get: without secrets', async () => {
    const { client } = await at.join()
    const config = await client.call('config.get', {})
    expect(config).toMatchObject({ valid: true, issues: [], config: { agents: { defaults: { model: 'builtin/operator' } } } })
    expect(JSON.stringify(config)).not.toContain('sk-of-the-mock')
    expect(JSON.stringify(config)).not.toContain(get().token)
    expect(config.config.models.providers.mock.apiKey).toBe('__OPENCLAW_REDACTED__')
  })

  it('models.list', async () => {
    const { client } = await at.join()
    const { models } = await client.call('models.list', {})
    expect(models).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ provider: 'mock', id: 'plain', contextWindow: 8000, reasoning: true, thinkingDefault: 'off' }),
        expect.objectContaining({ provider: 'builtin', id: 'operator', tags: ['default'] }),
      ]),
    )
  })

  it('agents.list', async () => {
    const { client } = await at.join()
    expect(await client.call('agents.list', {})).toMatchObject({
      defaultId: 'main',
      ownership: 'explicit',
      mainKey: 'main',
      agents: [
        { id: 'main', model: { primary: 'builtin/operator' } },
        { id: 'second', name: 'Second', identity: { emoji: '🦀' } },
        { id: 'fallback', model: { primary: 'mock/first-choice' } },
      ],
    })
  })

  it('agent.identity.get: by id, by session, by default', async () => {
    const { client } = await at.join()
    const second = { agentId: 'second', name: 'Second', nameSource: 'config', emoji: '🦀', avatar: '🦀' }
    expect(await client.call('agent.identity.get', { agentId: 'second' })).toEqual(second)
    expect(await client.call('agent.identity.get', { sessionKey: 'agent:second:anything' })).toEqual(second)
    expect(await client.call('agent.identity.get', {})).toEqual({ agentId: 'main', name: 'Assistant', nameSource: 'default', avatar: 'A' })
  })

  it('health.subscribe', async () => {
    const { client } = await at.join()
    expect(await client.call('health.subscribe', {})).toEqual({ subscribed: true })
  })

  it('chat.metadata', async () => {
    const { client } = await at.join()
    const { models, commands } = await client.call('chat.metadata', {})
    expect(models.length).toBeGreaterThanOrEqual(2)
    expect(commands).toEqual(expect.arrayContaining([expect.objectContaining({ name: 'stop', textAliases: ['/stop'] })]))
  })
}
