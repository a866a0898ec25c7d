// Skills of agents. Those of workspaces lie on disks that not every runtime has; here nodes bring them along.

import { expect, it } from 'vitest'
import type { Client, Data } from '../harness/client.ts'
import { connectNode } from '../harness/node.ts'
import { freshKey, script, textIn, type Reach, type Target } from './target.ts'

const freshName = () => `skill-${crypto.randomUUID().slice(0, 8)}`

export function skillCases(at: Reach, get: () => Target): void {
  const refusal = async (client: Client, method: string, params: unknown): Promise<Data> => (await client.request(method, params)).error

  /** A node that brings this skill. */
  async function bring(name: string, more: Record<string, unknown> = {}) {
    const node = await connectNode(at, get)
    await node.client.call('node.skills.update', { skills: [{ name, description: `What ${name} is for.`, content: `Do as ${name} says.`, ...more }] })
    return node
  }

  const find = async (client: Client, name: string): Promise<Data> => (await client.call('skills.status', {})).skills.find((skill: Data) => skill.name === name)

  it('lists those of connected nodes, and forgets them when they leave', async () => {
    const { client } = await at.join()
    const name = freshName()
    const node = await bring(name)
    expect(await find(client, name)).toMatchObject({
      skillKey: name,
      description: `What ${name} is for.`,
      source: 'openclaw-node',
      baseDir: `node:${node.id}`,
      bundled: false,
      disabled: false,
      eligible: true,
      modelVisible: true,
      requirements: { bins: [], anyBins: [], env: [], config: [], os: [] },
    })
    node.client.close()
    await client.event('skills.changed')
    await expect.poll(() => find(client, name)).toBeUndefined()
  })

  it('tells pages that skills have changed', async () => {
    const { client } = await at.join()
    await bring(freshName())
    expect(await client.event('skills.changed')).toMatchObject({ reason: 'remote-node' })
  })

  it('says whose skills they are', async () => {
    const { client } = await at.join()
    expect(await client.call('skills.status', {})).toMatchObject({ agentId: 'main', workspaceDir: expect.any(String) })
    expect(await client.call('skills.status', { agentId: 'second' })).toMatchObject({ agentId: 'second' })
    expect(await client.call('skills.status', { sessionKey: 'agent:second:x' })).toMatchObject({ agentId: 'second' })
    expect((await refusal(client, 'skills.status', { agentId: 'nobody' })).message).toBe('unknown agent id "nobody"')
    expect((await refusal(client, 'skills.status', { bogus: 1 })).message).toContain("unexpected property 'bogus'")
  })

  it('switches one off and on, and keeps that in the configuration', async () => {
    const { client } = await at.join()
    const name = freshName()
    await bring(name)
    expect(await client.call('skills.update', { skillKey: name, enabled: false })).toEqual({ ok: true, skillKey: name, config: { enabled: false } })
    expect(await find(client, name)).toMatchObject({ disabled: true, eligible: false, modelVisible: false })
    expect((await client.call('config.get', {})).config.skills.entries[name]).toEqual({ enabled: false })
    await client.call('skills.update', { skillKey: name, enabled: true })
    expect(await find(client, name)).toMatchObject({ disabled: false, eligible: true })
  })

  it('keeps keys and variables, and shows none of them', async () => {
    const { client } = await at.join()
    const name = freshName()
    const answer = await client.call('skills.update', { skillKey: name, apiKey: 'sk-of-a-skill', env: { SOME_TOKEN: 'also-secret' } })
    expect(JSON.stringify([answer, await client.call('config.get', {})])).not.toMatch(/sk-of-a-skill|also-secret/)
    expect(answer.config).toMatchObject({ apiKey: '__OPENCLAW_REDACTED__' })
    expect(await client.call('skills.update', { skillKey: name, apiKey: '', env: { SOME_TOKEN: '' } })).toMatchObject({ config: { env: {} } })
    expect((await client.call('config.get', {})).config.skills.entries[name]).not.toHaveProperty('apiKey')
  })

  it('changes nothing that is no skill, and only for admins', async () => {
    const { client } = await at.join()
    for (const skillKey of ['__proto__', 'constructor']) expect((await refusal(client, 'skills.update', { skillKey, enabled: true })).code, skillKey).toBe('INVALID_REQUEST')
    expect((await refusal(client, 'skills.update', {})).code).toBe('INVALID_REQUEST')
    const { client: writer } = await at.join({ scopes: ['operator.write'] })
    expect((await refusal(writer, 'skills.update', { skillKey: 'x', enabled: true })).details).toMatchObject({ missingScope: 'operator.admin' })
    expect((await refusal(writer, 'skills.install', { source: 'clawhub', slug: 'x' })).details).toMatchObject({ missingScope: 'operator.admin' })
  })

  it('lets an agent read the skills that it may use', async () => {
    const { client } = await at.join()
    const name = freshName()
    await bring(name)
    const read = async () => {
      const run = { sessionKey: freshKey(), message: script({ tool: { name: 'skill_read', arguments: { name } } }, { text: 'read' }), idempotencyKey: crypto.randomUUID() }
      await client.call('chat.send', run)
      await client.ended(run.idempotencyKey)
      const { messages } = await client.call('chat.history', { sessionKey: run.sessionKey })
      return textIn(messages.find((message: Data) => message.role === 'toolResult'))
    }
    expect(await read()).toContain(`Do as ${name} says.`)
    await client.call('skills.update', { skillKey: name, enabled: false })
    expect(await read()).toContain(`you have no skill "${name}"`)
  })

  it('tells a model of the skills that its agent has', async () => {
    const { client } = await at.join()
    const name = freshName()
    await bring(name)
    let told = ''
    get().upstream.on('first-choice', (exchange) => {
      told = JSON.stringify(exchange.body.messages)
      exchange.answer('yes')
    })
    const run = { sessionKey: freshKey('fallback'), message: 'hi', idempotencyKey: crypto.randomUUID() }
    await client.call('chat.send', run)
    await client.ended(run.idempotencyKey)
    expect(told).toContain(`- ${name}: What ${name} is for.`)
  })

  it('finds nothing in registries that it cannot reach', async () => {
    const { client } = await at.join()
    expect(await client.call('skills.search', { query: 'mail', limit: 5 })).toEqual({ results: [] })
    expect(await client.call('skills.detail', { slug: 'mail' })).toEqual({ skill: null })
    expect((await refusal(client, 'skills.search', { limit: 101 })).code).toBe('INVALID_REQUEST')
    expect((await refusal(client, 'skills.detail', {})).code).toBe('INVALID_REQUEST')
  })

  it('installs nothing, and says what to do', async () => {
    const { client } = await at.join()
    const said = async (params: unknown) => {
      const { code, message } = await refusal(client, 'skills.install', params)
      return `${code}: ${message}`
    }
    expect(await said({ source: 'clawhub', slug: 'mail' })).toMatch(/^UNAVAILABLE: .*put the folder of the skill/)
    expect(await said({ source: 'upload', uploadId: 'u', slug: 'mail' })).toMatch(/^UNAVAILABLE: /)
    expect(await said({ name: 'nothing', installId: 'brew' })).toBe('UNAVAILABLE: Skill not found: nothing')
    expect(await said({ name: 'nothing' })).toMatch(/^INVALID_REQUEST: /)
  })

  it('updates nothing that came from a registry: nothing has', async () => {
    const { client } = await at.join()
    expect((await refusal(client, 'skills.update', { source: 'clawhub' })).message).toBe('clawhub skills.update requires "slug" or "all"')
    expect(await refusal(client, 'skills.update', { source: 'clawhub', slug: 'x' })).toMatchObject({ code: 'UNAVAILABLE', message: 'Skill "x" is not tracked as a ClawHub install.' })
    expect(await client.call('skills.update', { source: 'clawhub', all: true })).toMatchObject({ ok: true })
  })
}
