// The agents of a configuration: ids, names, keys.

import { describe, expect, it } from 'vitest'
import { createConversation } from './conversation.ts'

const agentsOf = async (config: unknown) => (await createConversation({ config })).agents

describe('without a configuration', () => {
  it('has one agent, main', async () => {
    const agents = await agentsOf({})
    expect(agents.list().map((agent) => agent.id)).toEqual(['main'])
    expect(agents.defaultId()).toBe('main')
    expect(agents.mainSessionKey()).toBe('agent:main:main')
    expect(agents.identity('main')).toEqual({ agentId: 'main', name: 'Assistant', nameSource: 'default', avatar: 'A' })
    expect(agents.instructions('main')).toContain('You are Assistant')
  })
})

describe('with agents configured', () => {
  const config = {
    agents: {
      list: [{ id: 'first' }, { id: 'second', default: true, name: 'Zwei', systemPrompt: 'Say two.' }],
      entries: { third: { identity: { name: 'Drei', emoji: '🦀', avatar: 'crab.png' } } },
    },
    session: { mainKey: 'Home' },
  }

  it('takes both forms of the list, and the one that is marked as default', async () => {
    const agents = await agentsOf(config)
    expect(agents.list().map((agent) => agent.id)).toEqual(['first', 'second', 'third'])
    expect(agents.defaultId()).toBe('second')
    expect(agents.mainSessionKey()).toBe('agent:second:home')
    expect(agents.mainSessionKey('third')).toBe('agent:third:home')
  })

  it('takes the first where none is marked', async () => {
    expect((await agentsOf({ agents: { list: [{ id: 'first' }, { id: 'second' }] } })).defaultId()).toBe('first')
  })

  it('names an agent by its identity, else its name', async () => {
    const agents = await agentsOf(config)
    expect(agents.identity('second')).toEqual({ agentId: 'second', name: 'Zwei', nameSource: 'config', avatar: 'Z' })
    expect(agents.identity('third')).toEqual({ agentId: 'third', name: 'Drei', nameSource: 'config', avatar: 'crab.png', emoji: '🦀' })
  })

  it('gives an agent the instructions that are configured, as they are', async () => {
    const agents = await agentsOf(config)
    expect(agents.instructions('second')).toBe('Say two.')
    expect(agents.instructions('third')).toContain('You are Drei')
  })

  it('makes keys canonical, and reads main as the main session of the agent', async () => {
    const agents = await agentsOf(config)
    expect(agents.sessionKey('MAIN ')).toBe('agent:second:home')
    expect(agents.sessionKey('main', 'third')).toBe('agent:third:home')
    expect(agents.sessionKey(' Notes ')).toBe('agent:second:notes')
    expect(agents.sessionKey('notes', 'third')).toBe('agent:third:notes')
    expect(agents.sessionKey('Agent:First:Notes', 'third')).toBe('agent:first:notes')
  })

  it.each(['', '  ', 'agent:', 'agent:first', 'agent:first:', 'a\nb', 'x'.repeat(513)])('refuses %j as a key', async (key) => {
    const agents = await agentsOf(config)
    expect(() => agents.sessionKey(key)).toThrow('invalid session key')
  })

  it('counts the agent into the length of a key', async () => {
    const agents = await agentsOf(config)
    const longest = 'x'.repeat(512 - 'agent:second:'.length)
    expect(agents.sessionKey(longest)).toHaveLength(512)
    expect(() => agents.sessionKey(`${longest}x`)).toThrow('invalid session key')
  })

  it('finds the agent of a session, and says when the configuration has lost it', async () => {
    const agents = await agentsOf(config)
    expect(agents.ofSession('agent:third:notes')).toBe('third')
    expect(() => agents.ofSession('agent:gone:notes')).toThrow('Agent "gone" no longer exists in configuration')
  })
})
